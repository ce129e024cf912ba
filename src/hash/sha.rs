//! SHA digests as little-endian 32-bit words: word `i` is made of the bytes `4i` to `4i + 3`.

use sha1::Digest;

/// SHA-1.
#[must_use]
pub fn sha1_words(message: &[u8]) -> [u32; 5] {
    words(&sha1::Sha1::digest(message))
}

/// SHA-256.
#[must_use]
pub fn sha256_words(message: &[u8]) -> [u32; 8] {
    words(&sha2::Sha256::digest(message))
}

/// SHA-512.
#[must_use]
pub fn sha512_words(message: &[u8]) -> [u32; 16] {
    words(&sha2::Sha512::digest(message))
}

fn words<const N: usize>(digest: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(digest.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    //! Values made with hashlib of Python 3.11.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn sha1_agrees_with_hashlib() {
        agree(
            |message| sha1_words(message)[4],
            &[
                0x0907d8af, 0xb8e5cf0b, 0x910f10a7, 0xb902339b, 0x07be409c, 0x68bf7c2c, 0xe29bbb00,
                0xab3520ed, 0x8394957f, 0x2671b0a7, 0x57ac219d, 0x798a20b7, 0xb2626694, 0xb2271416,
                0xb7c3436e, 0x24365e50, 0xece859b5, 0x81b82c16, 0x24ec617f, 0x0e15ec1b, 0xef55f786,
                0xc0fb9754, 0x213fb604, 0xa67c3dc8, 0x57c5edae, 0x7fa87ca2, 0xc3f5fc55, 0x54c6fd08,
                0xa114aeca, 0xaf2272d0, 0xfa7b6a8a, 0x54ab81f0, 0x8da4df75, 0xae190f3a, 0x89edc752,
                0x16b19820, 0xba680c4d, 0x5c178e80, 0xed6c820d, 0xdf635fc5, 0x78677a10,
            ],
        );
    }

    #[test]
    fn sha256_agrees_with_hashlib() {
        agree(
            |message| sha256_words(message)[7],
            &[
                0x55b85278, 0x32eab843, 0xb7cd6693, 0x0ab446d3, 0xa8558046, 0xbaa43574, 0xfbc0c565,
                0x0958689c, 0x18cc0dcb, 0xffee9319, 0x6504f53b, 0x9ff6456f, 0xe13c57bf, 0xc5c3ca95,
                0xe6ad3d5f, 0x2a2d740c, 0x28b6705a, 0xcee0fdc2, 0xcb608b99, 0x09c74c0d, 0x713e6923,
                0xba6bfc42, 0xb6d1273d, 0x07c351b6, 0x700aa4b3, 0x572b52f4, 0x0782dde2, 0xdd1c6a54,
                0xfc72fe53, 0xfbbbdf9f, 0x60a6f1d9, 0xb7e6c65f, 0x0bd4dc92, 0xfe880f1f, 0x7871dafc,
                0x3e2653b1, 0xdbbd6e88, 0x31610899, 0xb2336289, 0x3ab13e45, 0xd6a1d0d6,
            ],
        );
    }

    #[test]
    fn sha512_agrees_with_hashlib() {
        agree(
            |message| sha512_words(message)[15],
            &[
                0x3eda27f9, 0x3739616a, 0xd197b595, 0x708b178e, 0x658daf6c, 0x29bcd736, 0xd9298c68,
                0x29642142, 0x62d8e34f, 0x15f705fd, 0x15fec4a1, 0xb0895e31, 0x2ac27291, 0x89e2a118,
                0xd5b14e9d, 0xcf5462b6, 0x3c0ffe97, 0x4d2a4c32, 0xf79db3b4, 0xcf87aad8, 0x0949dc17,
                0x24597819, 0xb89d93c0, 0xb146c5f2, 0x81340be2, 0x8d522e62, 0x1db087dc, 0xdac03cb5,
                0x72ca6563, 0xea4054a4, 0x72e5760f, 0xd9b6af47, 0x8808a45b, 0x8768b227, 0x0ce4569d,
                0xfcabd4cb, 0x84365f44, 0xb966fa9d, 0x2f31b57f, 0x3d9e74c9, 0xf82c5ef6,
            ],
        );
    }

    #[test]
    fn words_stand_in_the_order_of_the_digest() {
        // The published digests of "abc": a9993e36..., ba7816bf..., ddaf35a1...
        assert_eq!(sha1_words(b"abc"), [0x363e99a9, 0x6a810647, 0x71253eba, 0x6cc25078, 0x9dd8d09c]);
        assert_eq!(
            sha256_words(b"abc"),
            [0xbf1678ba, 0xeacf018f, 0xde404141, 0x2322ae5d, 0xa36103b0, 0x9c7a1796, 0x61ff10b4, 0xad1500f2]
        );
        assert_eq!(
            sha512_words(b"abc"),
            [
                0xa135afdd, 0xba7a6193, 0x497341cc, 0x314120ae, 0x4efae612, 0xa27ea989, 0xe6ee9e0a,
                0x9ad3554b, 0x2a999221, 0xa8c14f27, 0x233cba36, 0xbdebfea3, 0x23444d45, 0x0ee83c64,
                0x4fc99a2a, 0x9fa44ca5
            ]
        );
    }
}
