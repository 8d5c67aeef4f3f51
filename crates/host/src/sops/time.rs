//! Points in time as Go reads and writes them.

/// Brings an RFC 3339 time into the form of Go's `Time.MarshalText`: nanoseconds without trailing zeros, `Z` for UTC.
pub(super) fn canonical(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = read_date(date, true)?;
    let (time, zone) = read_time(rest.strip_prefix('T')?, true)?;
    Some(format!("{date}T{time}{}", read_zone(zone)?))
}

/// An RFC 3339 time cut to seconds, as `Time.Format(time.RFC3339)` writes it: what the MAC is bound to.
pub(super) fn seconds(text: &str) -> Option<String> {
    let text = canonical(text)?;
    let zone = text[19..].find(['Z', '+', '-'])? + 19;
    Some(format!("{}{}", &text[..19], &text[zone..]))
}

/// Reads a plain YAML scalar that is a time for `yaml.v3` (`parseTimestamp` in its `resolve.go`).
pub(super) fn of_yaml(text: &str) -> Option<String> {
    // All of them begin with a year of four digits and a hyphen.
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let date_end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let date = read_date(&text[..date_end], false)?;
    let rest = &text[date_end..];
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let (time, zone) = read_time(&rest[1..], false)?;
    if rest.starts_with(' ') {
        return zone.is_empty().then(|| format!("{date}T{time}Z"));
    }
    Some(format!("{date}T{time}{}", read_zone(zone)?))
}

/// Reads a number of one or two digits, or of exactly two.
fn two_digits(text: &str, is_strict: bool) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (is_strict && digits != 2) {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn read_date(text: &str, is_strict: bool) -> Option<String> {
    let year = text.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (month, rest) = two_digits(text[4..].strip_prefix('-')?, is_strict)?;
    let (day, rest) = two_digits(rest.strip_prefix('-')?, is_strict)?;
    let number: u32 = year.parse().ok()?;
    let is_leap = (number.is_multiple_of(4) && !number.is_multiple_of(100)) || number.is_multiple_of(400);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (rest.is_empty() && (1..=days).contains(&day)).then(|| format!("{year}-{month:02}-{day:02}"))
}

/// Reads a clock time with its fraction, and gives what stands behind it.
fn read_time(text: &str, is_strict: bool) -> Option<(String, &str)> {
    let (hour, rest) = two_digits(text, is_strict)?;
    let (minute, rest) = two_digits(rest.strip_prefix(':')?, is_strict)?;
    let (second, rest) = two_digits(rest.strip_prefix(':')?, is_strict)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    // Go takes a comma too, outside of its strict reading of RFC 3339.
    let separators: &[char] = if is_strict { &['.'] } else { &['.', ','] };
    let Some(fraction) = rest.strip_prefix(separators) else { return Some((time, rest)) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let kept = fraction[..digits.min(9)].trim_end_matches('0');
    if !kept.is_empty() {
        time.push('.');
        time.push_str(kept);
    }
    Some((time, &fraction[digits..]))
}

fn read_zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some(text.to_owned());
    }
    let (hours, rest) = two_digits(text.strip_prefix(['+', '-'])?, true)?;
    let (minutes, rest) = two_digits(rest.strip_prefix(':')?, true)?;
    if !rest.is_empty() || hours > 23 || minutes > 59 {
        return None;
    }
    Some(if hours == 0 && minutes == 0 { "Z".to_owned() } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        for (text, expected) in [
            ("2026-11-21T09:00:00Z", Some("2026-11-21T09:00:00Z")),
            ("2026-11-21T09:00:00.120+00:00", Some("2026-11-21T09:00:00.12Z")),
            ("2026-11-21T09:00:00.000+02:00", Some("2026-11-21T09:00:00+02:00")),
            ("2026-02-29T09:00:00Z", None),
            ("2026-2-3T09:00:00Z", None),
            ("2026-11-21", None),
            ("2026-11-21T09:00:00Zx", None),
            ("2026-11-21T24:00:00Z", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
        assert_eq!(seconds("2026-11-21T09:00:00.5+02:00").as_deref(), Some("2026-11-21T09:00:00+02:00"));
        assert_eq!(seconds("ñ026-11-21T09:00:00Z"), None);
    }

    #[test]
    fn yaml_has_shorter_forms() {
        for (text, expected) in [
            ("2026-11-21", Some("2026-11-21T00:00:00Z")),
            ("2026-1-2", Some("2026-01-02T00:00:00Z")),
            ("2026-1-2t3:4:5.5Z", Some("2026-01-02T03:04:05.5Z")),
            ("2001-12-14 21:59:43.10", Some("2001-12-14T21:59:43.1Z")),
            ("2001-12-14 21:59:43.10 -5", None),
            ("2001-12-14T21:59:43", None),
            ("2001-13-14", None),
            ("200-12-14", None),
        ] {
            assert_eq!(of_yaml(text).as_deref(), expected, "{text}");
        }
    }
}
