//! CPython's random numbers: the Mersenne Twister MT19937, seeded and read as the module `random` does.
//!
//! ring_redis places its points with one such generator per server, seeded by the server's name.

use rand_mt::Mt;

use super::python;

/// A generator of doubles, the `random.Random` of CPython.
#[derive(Debug)]
pub struct Random(Mt);

impl Random {
    /// Seeds from a number as `random.Random(seed)` does: MT19937's `init_by_array` over its 32-bit
    /// words, low word first, without a high word of zero.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let words = [seed as u32, (seed >> 32) as u32];
        let length = if words[1] == 0 { 1 } else { 2 };
        Self(Mt::new_with_key(words.into_iter().take(length)))
    }

    /// Seeds from a text as CPython 2 does: by its hash, see [`python::string_hash`].
    #[must_use]
    pub fn from_text(text: &[u8]) -> Self {
        Self::new(python::string_hash(text))
    }

    /// The next number, `0 <= number < 1`, a multiple of 2^-53.
    pub fn random(&mut self) -> f64 {
        self.fraction() as f64 / (1u64 << 53) as f64
    }

    /// The next number as C's `%.53f` prints it: `0.` and 53 digits, which is the exact value.
    pub fn random_text(&mut self) -> [u8; 55] {
        let mut text = [b'0'; 55];
        text[1] = b'.';
        let mut fraction = u128::from(self.fraction());
        // 19 digits at a time: 10^19 * 2^53 still fits 128 bits.
        for digits in text[2..].chunks_mut(19) {
            let scaled = fraction * 10u128.pow(digits.len() as u32);
            fraction = scaled & ((1 << 53) - 1);
            let mut number = (scaled >> 53) as u64;
            for digit in digits.iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        text
    }

    /// The 53 bits of the next number.
    fn fraction(&mut self) -> u64 {
        let high = u64::from(self.0.next_u32() >> 5);
        let low = u64::from(self.0.next_u32() >> 6);
        (high << 26) | low
    }
}

#[cfg(test)]
mod tests {
    //! Values made with the module random of CPython 2.7.18; doubles by their bits.
    use super::*;

    #[test]
    fn texts_seed_as_in_cpython() {
        for (text, first, number_702) in [
            ("", 0x3feb0580f98a7dbe, 0x3fc6311d63baa17c),
            ("a", 0x3feb916956292fea, 0x3fec1f44c7dc685a),
            ("node0", 0x3fb60fe054fa9f50, 0x3fdebf68b491af8a),
            ("127.0.0.1:6379", 0x3feeb19d1357a3f8, 0x3fedb3f2a2c42642),
            ("caf\u{e9}", 0x3fdf078c54800980, 0x3fc0eba020fd3c14),
        ] {
            let mut random = Random::from_text(text.as_bytes());
            assert_eq!(random.random().to_bits(), first, "{text:?}");
            let mut others = std::iter::repeat_with(|| random.random());
            assert_eq!(others.nth(700).map(f64::to_bits), Some(number_702), "{text:?}");
        }
    }

    #[test]
    fn numbers_seed_as_in_cpython() {
        for (seed, first) in [
            (0u64, 0x3feb0580f98a7dbe),
            (5u64, 0x3fe3eecf89059360),
            (4294967295u64, 0x3fe454d9227a7013),
            (4294967296u64, 0x3fbced31cb3df170),
            (9223372036854788153u64, 0x3fd3816dd31bbbe8),
            (18446744073709551614u64, 0x3fc0cb013be2b120),
        ] {
            assert_eq!(Random::new(seed).random().to_bits(), first, "{seed}");
        }
    }

    #[test]
    fn numbers_print_with_all_their_digits() {
        let mut random = Random::from_text(b"node0");
        for expected in [
            b"0.08617975306208092156623479240806773304939270019531250",
            b"0.53690960605932880334023593604797497391700744628906250",
            b"0.84294634664640211152430993024609051644802093505859375",
        ] {
            assert_eq!(&random.random_text(), expected);
        }
    }

    #[test]
    fn the_printed_number_is_the_number() {
        let mut numbers = Random::new(7);
        let mut texts = Random::new(7);
        for _ in 0..1000 {
            let expected = format!("{:.53}", numbers.random());
            assert_eq!(texts.random_text(), expected.as_bytes());
        }
    }
}
