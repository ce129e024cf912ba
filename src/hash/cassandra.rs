//! Cassandra's Murmur3Partitioner: MurmurHash3 x64_128 as Java first wrote it down.

/// Cassandra's token of a key: the first half of MurmurHash3 x64_128 with seed 0, as a signed number.
///
/// It departs from the published function in the bytes after the last whole block of 16, which Java
/// reads as signed. -2^63 is kept for the empty key; a hash of that value becomes 2^63 - 1.
#[must_use]
pub fn token(key: &[u8]) -> i64 {
    if key.is_empty() {
        return i64::MIN;
    }
    match x64_128_signed_tail(key).cast_signed() {
        i64::MIN => i64::MAX,
        token => token,
    }
}

/// First half of x64_128 with seed 0 and signed tail bytes.
fn x64_128_signed_tail(message: &[u8]) -> u64 {
    let (blocks, tail) = message.as_chunks::<16>();
    let (mut h1, mut h2) = (0u64, 0u64);
    for block in blocks {
        let words = u128::from_le_bytes(*block);
        h1 ^= scramble_low(words as u64);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= scramble_high((words >> 64) as u64);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let (low, high) = tail.split_at(tail.len().min(8));
    h1 ^= scramble_low(signed_word(low)) ^ message.len() as u64;
    h2 ^= scramble_high(signed_word(high)) ^ message.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    mix(h1).wrapping_add(mix(h2))
}

/// Up to eight signed bytes, each widened to 64 bits and shifted to its place, joined by xor.
fn signed_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| (word << 8) ^ i64::from(byte.cast_signed()).cast_unsigned())
}

const C1: u64 = 0x87c3_7b91_1142_53d5;
const C2: u64 = 0x4cf5_ad43_2745_937f;

fn scramble_low(word: u64) -> u64 {
    word.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn scramble_high(word: u64) -> u64 {
    word.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    //! Table made with the hash of the Cassandra driver for Python 3.30.1; a standard MurmurHash3 differs
    //! where a byte of the tail is 0x80 or above. The empty key has no hash but a place by decree: -2^63.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    #[rustfmt::skip]
    fn every_length_but_0_agrees_with_the_driver() {
        agree(|key| token(key).cast_unsigned(), &[
            0x8000000000000000, 0x7e516d869d783efa, 0x98aed5578cf8bde2, 0x5b0a48a5ce6f7bab,
            0x61ddf9b63f7242fe, 0x7bf21dab57723c1c, 0xd53bff0c3e141ac3, 0x4a6ede17034335b6,
            0xc3ac044f73f1c8e0, 0xad53378de84caa25, 0x6c117e86c90a5680, 0xaad2c5f95dd3bf0f,
            0x04ad791720dc8b4d, 0x2c1bb707cc808798, 0x9f335961d07902f9, 0x0723c43b02914d4c,
            0x8c1c46baf3784566, 0xcf28aeff30836b80, 0x7189c56878b8346a, 0x6ee5f58cdf2250e0,
            0x59a131deb3e4d9fb, 0xbaa6094d6c3ef0b9, 0xbc15dd6fc793c40b, 0x5a32df49b7ffd0ec,
            0x87c32dbb6a90e569, 0xcfb77872944f7fb7, 0x9ec7e3ef35c9a6a7, 0x5f6f9e7f370857ca,
            0x22ad47d67938909e, 0x5561084fe7c36d0a, 0xa379f0447ab1c3bf, 0x7e0fb06674d5e009,
            0xd4abd57649b4d215, 0xfd2ee095a73e04ba, 0x57d4ae877ea635a0, 0xa65be0af70d5d24f,
            0x7c6d2478b2a6e390, 0xc70bee1441eeea2e, 0x523c4f0ea57a1859, 0xbec1769be1fc3a41,
            0xcf1814b13a25121e,
        ]);
    }

    #[test]
    fn the_least_hash_becomes_the_greatest_token() {
        // Found by running MurmurHash3 backwards; mmh3 and the driver give -2^63.
        let key = 0x8e10_35b6_0c6d_8c53_5072_815d_3695_03c1_u128.to_le_bytes();
        assert_eq!(x64_128_signed_tail(&key), 1 << 63);
        assert_eq!(token(&key), i64::MAX);
    }
}
