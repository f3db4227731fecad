//! Chance that can be repeated, identifiers that cannot, and the time.

use jiff::Timestamp;
use uuid::Uuid;

/// A small generator (splitmix64): the same seed and the same order of calls give the same outcomes.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The generator of the `number`-th call under this seed.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let mut chance = Self(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        chance.next();
        chance
    }

    /// A seed for another generator that goes with this one.
    pub(crate) fn seed(&mut self) -> u64 {
        self.next()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn share(&mut self) -> f64 {
        // The upper 32 bits fit a float exactly.
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
    }

    /// Whether something of this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// An index below `length`; 0 if the length is 0.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        if length == 0 {
            return 0;
        }
        usize::try_from(self.next() % u64::try_from(length).unwrap_or(u64::MAX)).unwrap_or(0)
    }

    /// One of the items.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Changes the order for certain: a list of two or more never keeps the order it had.
    pub(crate) fn disorder<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            // An index strictly below gives a permutation without fixed points (Sattolo's algorithm).
            let other = self.below(index);
            items.swap(index, other);
        }
    }
}

/// An identifier that no other run of the stand-ins gives: the databases of the product outlive us.
pub(crate) fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(random_bytes()).into_uuid()
}

/// A Twilio identifier: two letters and 32 hexadecimal digits.
pub(crate) fn new_sid(prefix: &str) -> String {
    format!("{prefix}{}", new_id().simple())
}

fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    // Only fails on a system without any source of randomness; identifiers would repeat, nothing worse.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// The time, in whole milliseconds as the providers write it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the stand-ins read the clock; they do not share the product's"
)]
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// ISO 8601 with milliseconds, as Vapi writes instants.
pub(crate) fn iso(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// RFC 2822, as Twilio writes instants.
pub(crate) fn rfc2822(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance() {
        let draw = |seed, number| {
            let mut chance = Chance::of(seed, number);
            [chance.next(), chance.next()]
        };
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }

    #[test]
    fn disorder_moves_everything() {
        for seed in 0..50 {
            let mut items = [0, 1, 2, 3, 4];
            Chance::of(seed, 0).disorder(&mut items);
            assert!(items.iter().enumerate().all(|(place, item)| place != *item));
        }
    }
}
