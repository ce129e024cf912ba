//! CRC-32 as zlib computes it (reflected polynomial 0xedb88320), whole, continued or cut to 15 bits.

/// CRC-32 of a message; 0 for the empty one.
#[must_use]
pub fn crc32(message: &[u8]) -> u32 {
    crc32fast::hash(message)
}

/// CRC-32 of what gave `crc` followed by `bytes`: `extend(crc32(a), b)` is the CRC-32 of a and b
/// joined. nginx and Cache::Memcached::Fast chain their points in this way.
#[must_use]
pub fn extend(crc: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(bytes);
    hasher.finalize()
}

/// Row `n`, entry `b`: what byte `b` leaves in the sum once `n` more bytes have followed it.
static BYTES: [[u32; 256]; 4] = {
    let mut rows = [[0_u32; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        rows[0][byte] = sum;
        byte += 1;
    }
    let mut row = 1;
    while row < 4 {
        let mut byte = 0;
        while byte < 256 {
            let sum = rows[row - 1][byte];
            rows[row][byte] = (sum >> 8) ^ rows[0][(sum & 0xff) as usize];
            byte += 1;
        }
        row += 1;
    }
    rows
};

/// [`extend`] by the four bytes of a number, the least significant first: several times faster than a call for a text
/// of any length, and nginx places each point behind the one before it, so that nothing hides the wait.
#[must_use]
pub fn extend_word(crc: u32, word: u32) -> u32 {
    let [b0, b1, b2, b3] = (!crc ^ word).to_le_bytes().map(usize::from);
    !(BYTES[3][b0] ^ BYTES[2][b1] ^ BYTES[1][b2] ^ BYTES[0][b3])
}

/// Bits 16 to 30 of the CRC-32, a number below 32768.
#[must_use]
pub fn crc15(message: &[u8]) -> u32 {
    (crc32(message) >> 16) & 0x7fff
}

#[cfg(test)]
mod tests {
    //! Tables made with zlib.
    use super::*;
    use crate::hash::tests::{agree, message};

    #[test]
    fn crc32_gives_the_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn crc32_agrees_with_zlib() {
        agree(
            crc32,
            &[
                0x00000000, 0x74beb8ea, 0xdb1d1062, 0x3195ddf7, 0x5571b4b0, 0x7d3b5a86, 0x761d1245,
                0x8473fdf6, 0xee1f220b, 0x5facffce, 0xe6714d89, 0x60a18bd9, 0x4bc9bf55, 0xfeaf9509,
                0x9d13bbb0, 0x40f0a606, 0x3c8db7a7, 0x8d601d9d, 0x5406b6ad, 0x1907e108, 0xa63b883e,
                0x8fd01fe5, 0x5b142a4c, 0xff9883d8, 0xbf340bb9, 0x9a87b3e2, 0xa893f95f, 0xfe7f99b0,
                0x363e5102, 0xb97658a4, 0xd98249eb, 0x5d37a3db, 0xde813bfe, 0x63c05b0c, 0x390f599b,
                0x83db367c, 0x2876634f, 0xd8f745d2, 0xa71dd4b0, 0xf3a5f109, 0xffba80b9,
            ],
        );
    }

    #[test]
    fn extending_is_hashing_the_joined_message() {
        let message = message(40);
        for middle in 0..=40 {
            let (start, end) = message.split_at(middle);
            assert_eq!(extend(crc32(start), end), 0xffba_80b9, "{middle}");
        }
    }

    #[test]
    fn extending_by_a_word_is_extending_by_its_bytes() {
        let mut word = 1_u32;
        for _ in 0..10_000 {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let crc = word.rotate_left(11) ^ 0x5bd1_e995;
            assert_eq!(extend_word(crc, word), extend(crc, &word.to_le_bytes()), "{crc:x} {word:x}");
        }
        assert_eq!(extend_word(0, 0x6463_6261), crc32(b"abcd"));
    }

    #[test]
    fn crc15_is_the_middle_of_crc32() {
        assert_eq!(crc15(b""), 0);
        assert_eq!(crc15(b"123456789"), 0x4bf4);
        // 0x8473fdf6: bit 31 is cut off.
        assert_eq!(crc15(&message(7)), 0x0473);
    }
}
