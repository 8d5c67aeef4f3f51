//! What a YAML scalar without quotes is, as `yaml.v3` of Go says it (`resolve.go` there).

use crate::sops::{Plain, number, time};

/// A scalar that has been looked at.
pub(in crate::sops) enum Resolved {
    Null,
    Plain(Plain),
}

/// Gives a plain scalar its type: `true`, not `yes`; `0o7` and `07` and `0b1`; dates; `~`.
///
/// # Errors
/// A sentence if it is a number that SOPS has no type for.
pub(in crate::sops) fn resolve(text: &str) -> Result<Resolved, &'static str> {
    let plain = |plain| Ok(Resolved::Plain(plain));
    let bytes = text.as_bytes();
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Resolved::Null),
        "true" | "True" | "TRUE" => return plain(Plain::bool(true)),
        "false" | "False" | "FALSE" => return plain(Plain::bool(false)),
        ".nan" | ".NaN" | ".NAN" => return plain(Plain::float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return plain(Plain::float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return plain(Plain::float(f64::NEG_INFINITY)),
        _ => {}
    }
    match bytes[0] {
        b'.' => {
            if let Some(number) = parse_go_float(text) {
                return plain(Plain::float(number));
            }
        }
        b'+' | b'-' | b'0'..=b'9' => {
            if let Some(time) = time::of_yaml(text) {
                return plain(Plain::new(crate::sops::Type::Time, time));
            }
            let number = text.replace('_', "");
            match integer(&number) {
                Integer::Fits(found) => return plain(Plain::int(found)),
                // `sops` has no type for it and fails too.
                Integer::Unsigned => return Err("a whole number that does not fit into 64 bits with a sign"),
                Integer::None => {}
            }
            if is_yaml_float(&number)
                && let Some(found) = number::parse_float(&number)
            {
                return plain(Plain::float(found));
            }
        }
        _ => {}
    }
    plain(Plain::str(text))
}

enum Integer {
    Fits(i64),
    Unsigned,
    None,
}

/// Reads an integer as `strconv.ParseInt(…, 0, 64)` and `ParseUint` do, then YAML's own prefixes.
fn integer(text: &str) -> Integer {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    };
    // Underscores are gone by now, so that the prefix alone decides.
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Integer::None;
    }
    match i64::from_str_radix(&format!("{sign}{digits}"), radix) {
        Ok(number) => Integer::Fits(number),
        // `ParseUint` takes no sign at all.
        Err(_) if !text.starts_with(['+', '-']) && u64::from_str_radix(digits, radix).is_ok() => {
            Integer::Unsigned
        }
        Err(_) => Integer::None,
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_yaml_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => are_digits(fraction),
        Some((whole, fraction)) => are_digits(whole) && (fraction.is_empty() || are_digits(fraction)),
        None => are_digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| are_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

/// `strconv.ParseFloat` of a text that begins with a dot: no underscores, which only a base prefix allows.
fn parse_go_float(text: &str) -> Option<f64> {
    number::parse_float(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match resolve(text) {
            Ok(Resolved::Null) => "null".to_owned(),
            Ok(Resolved::Plain(plain)) => {
                format!("{} {}", plain.r#type.name(), plain.text().expect("UTF-8"))
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn scalars_are_what_go_says() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("nUll", "str nUll"),
            ("TRUE", "bool True"),
            ("yes", "str yes"),
            ("on", "str on"),
            ("0x1F", "int 31"),
            ("0o17", "int 15"),
            ("017", "int 15"),
            ("089", "float 89"),
            ("0b101", "int 5"),
            ("-0b11", "int -3"),
            ("+7", "int 7"),
            ("-0", "int 0"),
            ("1_000", "int 1000"),
            ("_1", "str _1"),
            ("9223372036854775807", "int 9223372036854775807"),
            ("9223372036854775808", "error: a whole number that does not fit into 64 bits with a sign"),
            ("99999999999999999999", "float 100000000000000000000"),
            ("1.50", "float 1.5"),
            ("1e3", "float 1000"),
            ("1.", "float 1"),
            (".5", "float 0.5"),
            (".", "str ."),
            ("1e999", "str 1e999"),
            ("-.INF", "float -Inf"),
            (".nan", "float NaN"),
            ("2026-11-21", "time 2026-11-21T00:00:00Z"),
            ("2026-13-21", "str 2026-13-21"),
            ("12:30:45", "str 12:30:45"),
            ("0x", "str 0x"),
            ("1.2.3", "str 1.2.3"),
            ("-", "str -"),
            ("<<", "str <<"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
