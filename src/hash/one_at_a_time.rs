//! Jenkins' one-at-a-time over signed bytes: the default of libmemcached.

use super::signed;

/// One-at-a-time of a message; 0 for the empty one.
#[must_use]
pub fn one_at_a_time(message: &[u8]) -> u32 {
    let mut hash = message.iter().fold(0u32, |hash, &byte| {
        let hash = hash.wrapping_add(signed(byte));
        let hash = hash.wrapping_add(hash << 10);
        hash ^ (hash >> 6)
    });
    hash = hash.wrapping_add(hash << 3);
    hash ^= hash >> 11;
    hash.wrapping_add(hash << 15)
}

#[cfg(test)]
mod tests {
    //! Table made with libmemcached 1.1.4.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn every_length_agrees_with_libmemcached() {
        agree(
            one_at_a_time,
            &[
                0x00000000, 0x788138d4, 0xdb91f4c0, 0x5940a2eb, 0x7ca75cf8, 0x6551233d, 0x382aa749,
                0x7d114a2e, 0xa7394205, 0xbc1e35ee, 0x2450b2ed, 0x94b98d7d, 0x2511c880, 0xbf4f6695,
                0x68e0f117, 0x390f1f96, 0x3dd30a35, 0x4d93c0f9, 0x331d3359, 0x812416c9, 0x2d9e04ae,
                0x13461ab2, 0x3736982f, 0x8b08bdbd, 0x63efb72e, 0x239f9452, 0x6eed069c, 0x40b164c6,
                0x5ea5fd8c, 0xbf6e5da1, 0xc3b9f77e, 0x4168734d, 0x6ee409c9, 0xf4b947bb, 0xfaf69c7e,
                0xb7c41a30, 0x270a5842, 0x2786adb6, 0xe1f67260, 0x0ce80b3a, 0x6f51fe58,
            ],
        );
    }
}
