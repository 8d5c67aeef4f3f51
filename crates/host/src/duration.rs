//! Stretches of time as people write them: `12h`, `14d`, `2w`.

use std::time::Duration;

/// The units and their seconds.
const UNITS: &[(char, u64)] = &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// Reads a whole number with a unit: `s`, `m` (minutes), `h`, `d` or `w`.
///
/// ```
/// assert_eq!(redeem_host::duration::parse("14d").map(|time| time.as_secs()), Ok(1_209_600));
/// assert!(redeem_host::duration::parse("14").is_err());
/// ```
///
/// # Errors
/// A sentence that says how it is written.
pub fn parse(text: &str) -> Result<Duration, String> {
    let read = || {
        let unit = text.chars().next_back()?;
        let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
        let number = &text[..text.len() - unit.len_utf8()];
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| is_number)?;
        number.checked_mul(*seconds).map(Duration::from_secs)
    };
    read().ok_or_else(|| "expected a number with a unit, such as 12h, 14d or 2w".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_have_units() {
        for (text, seconds) in [("7d", 604_800), ("30m", 1800), ("2w", 1_209_600), ("0s", 0)] {
            assert_eq!(parse(text).map(|time| time.as_secs()), Ok(seconds), "{text}");
        }
        assert!(
            ["", "7", "d", "7y", "ä", "7ä", "-1d", "+1d", "99999999999999999999w"]
                .map(parse)
                .iter()
                .all(Result::is_err)
        );
    }
}
