//! When a secret stops being usable: a day or an instant.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// A day, from 00:00 UTC of which a secret is unusable, or an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    text: String,
    instant: Timestamp,
}

/// A text that is neither a day nor an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no date: write a day as 2027-01-31, or an instant as 2027-01-31T12:00:00Z")]
pub struct ExpiryError {
    text: String,
}

impl Expiry {
    /// Reads `2027-01-31`, or an instant with its offset (RFC 3339).
    ///
    /// ```
    /// use redeem_host::vault::Expiry;
    ///
    /// let expiry = Expiry::parse("2027-01-31")?;
    /// assert_eq!(expiry.instant(), "2027-01-31T00:00:00Z".parse()?);
    /// assert!(expiry.is_past("2027-01-31T00:00:00Z".parse()?), "unusable from that day on");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, ExpiryError> {
        let error = || ExpiryError { text: text.chars().take(40).collect() };
        let is_day = text.len() == 10;
        let instant = if is_day {
            let day: Date = text.parse().map_err(|_| error())?;
            // The last two days of all are past the last instant; they are written to say "never".
            day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |day| day.timestamp())
        } else {
            // The reader of instants takes more than RFC 3339 does: names of zones, weeks, a sign for the year.
            let plain = |c: char| c.is_ascii_digit() || "-:.+TtZz ".contains(c);
            if !text.chars().all(plain) || !text.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(error());
            }
            text.parse().map_err(|_| error())?
        };
        Ok(Self { text: text.to_owned(), instant })
    }

    /// The first instant at which the secret is unusable.
    pub fn instant(&self) -> Timestamp {
        self.instant
    }

    /// Whether the secret is unusable at `now`.
    pub fn is_past(&self, now: Timestamp) -> bool {
        now >= self.instant
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_read_and_nothing_else() {
        for (text, instant) in [
            ("2027-01-31", Some("2027-01-31T00:00:00Z")),
            ("2027-01-31T12:30:00Z", Some("2027-01-31T12:30:00Z")),
            ("2027-01-31T12:30:00+02:00", Some("2027-01-31T10:30:00Z")),
            ("2027-02-29", None),
            ("9999-12-31", Some("9999-12-30T22:00:00.999999999Z")),
            ("2027-01-31T12:30:00", None),
            ("2027-1-31", None),
            ("31.01.2027", None),
            ("2027-01-31T12:30:00Z[Europe/Berlin]", None),
            ("2027-W05-7", None),
            ("never", None),
            ("", None),
        ] {
            let read = Expiry::parse(text).ok().map(|expiry| expiry.instant());
            assert_eq!(read, instant.map(|text| text.parse().expect("an instant")), "{text}");
        }
    }

    #[test]
    fn a_secret_is_usable_until_the_day_begins() {
        let expiry = Expiry::parse("2027-01-31").expect("a day");
        assert!(!expiry.is_past("2027-01-30T23:59:59Z".parse().expect("an instant")));
        assert!(expiry.is_past("2027-01-31T00:00:00Z".parse().expect("an instant")));
    }
}
