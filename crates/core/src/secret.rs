//! A secret's value, which nothing prints and which is wiped when it is dropped.

use std::fmt;

use redeem_syntax::Name;
use zeroize::Zeroizing;

/// One value of a secret: bytes, usually text.
///
/// It has no `Display`, is not serialisable, and its `Debug` shows nothing of it, its length included.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: Zeroizing<Vec<u8>>,
    is_fake: bool,
}

impl Secret {
    /// Takes a value over. The caller's other copies are the caller's to wipe.
    pub fn new(value: Vec<u8>) -> Self {
        Self { value: Zeroizing::new(value), is_fake: false }
    }

    /// A made-up value for a name, `fake-NAME`, which no filter and no place refuses.
    pub fn fake(name: &Name) -> Self {
        Self { is_fake: true, ..Self::new(format!("fake-{name}").into_bytes()) }
    }

    /// Whether the value is made up.
    pub fn is_fake(&self) -> bool {
        self.is_fake
    }

    /// The value itself: the only way out, for encoders and for commands whose job is to show it.
    pub fn expose(&self) -> &[u8] {
        &self.value
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_value_nor_length() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), format!("{:?}", Secret::from("x")));
    }
}
