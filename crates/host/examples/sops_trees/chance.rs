//! Chance that a seed repeats (`SplitMix64`).

/// A source of numbers.
pub(crate) struct Chance(u64);

impl Chance {
    /// The source of one file: other files have other numbers.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// Any 64 bits, of which small numbers are a good part.
    pub(crate) fn bits(&mut self) -> u64 {
        let bits = self.next();
        bits >> (self.next() % 64)
    }

    /// One of some.
    pub(crate) fn pick<'of, T>(&mut self, of: &'of [T]) -> &'of T {
        &of[self.below(of.len())]
    }
}
