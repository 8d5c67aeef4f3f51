//! Numbers and truth values as Go's `strconv` reads and writes them.

/// Writes a float as `strconv.FormatFloat(x, 'f', -1, 64)`: the shortest digits that read back, without an exponent.
pub(super) fn float_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        number.to_string()
    }
}

/// Writes a finite float as `strconv.FormatFloat(x, 'g', -1, 64)`: shortest digits, with an exponent of
/// at least two digits where it is below -4 or not below 6. `sign` is `e`, or `E` for `G`.
pub(super) fn float_general(number: f64, sign: char) -> String {
    let scientific = format!("{number:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let (minus, digits) = if exponent < 0 { ('-', -exponent) } else { ('+', exponent) };
            format!("{mantissa}{sign}{minus}{digits:02}")
        }
        _ => number.to_string(),
    }
}

/// Reads a float as `strconv.ParseFloat` does, hexadecimal ones excepted. An overflow is an error there.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        // Go knows no signed `nan`.
        return text.parse().ok().filter(|number: &f64| !number.is_nan() || unsigned.len() == text.len());
    }
    let is_decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    let has_digit =
        unsigned.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|b| b.is_ascii_digit());
    if !has_digit || !unsigned.bytes().all(is_decimal) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Reads `strconv.Atoi`'s decimal integers.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Reads what `strconv.ParseBool` does.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_the_shortest_digits_and_never_an_exponent() {
        for (number, text) in [
            (1.0, "1"),
            (0.1, "0.1"),
            (1e21, "1000000000000000000000"),
            (1.5e-7, "0.00000015"),
            (-0.0, "-0"),
            (123_456_789.125, "123456789.125"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(float_text(number), text);
        }
    }

    #[test]
    fn what_go_does_not_read_is_not_read() {
        for text in ["", ".", "e5", "1e999", "0x1p-2", "1_0", " 1", "-nan", "1e", "--1"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
        for text in ["1.", ".5", "+1e5", "-0", "Inf", "+infinity"] {
            assert!(parse_float(text).is_some(), "{text}");
        }
        assert_eq!(parse_int("9223372036854775808"), None);
        assert_eq!(parse_bool("tRUE"), None);
    }
}
