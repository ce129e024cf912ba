//! Fowler, Noll and Vo's hashes, as libmemcached and twemproxy compute them and as published.
//!
//! The "64-bit" ones return 32 bits. The low half of a 64-bit product depends on nothing but the
//! low halves of its factors, so offset and prime are cut to 32 bits here.

use super::signed;

const OFFSET_32: u32 = 0x811c_9dc5;
const PRIME_32: u32 = 0x0100_0193;
/// Low half of 0xcbf29ce484222325.
const OFFSET_64: u32 = 0x8422_2325;
/// Low half of 0x100000001b3.
const PRIME_64: u32 = 0x1b3;

/// 32-bit FNV-1 over signed bytes.
#[must_use]
pub fn fnv1_32(message: &[u8]) -> u32 {
    multiply_first(message, OFFSET_32, PRIME_32)
}

/// 32-bit FNV-1a over signed bytes.
#[must_use]
pub fn fnv1a_32(message: &[u8]) -> u32 {
    xor_first(message, OFFSET_32, PRIME_32, signed)
}

/// 32-bit FNV-1a over unsigned bytes, as published.
#[must_use]
pub fn fnv1a_32_unsigned(message: &[u8]) -> u32 {
    xor_first(message, OFFSET_32, PRIME_32, u32::from)
}

/// Low half of the 64-bit FNV-1 over signed bytes.
#[must_use]
pub fn fnv1_64(message: &[u8]) -> u32 {
    multiply_first(message, OFFSET_64, PRIME_64)
}

/// Low half of the 64-bit FNV-1a over signed bytes.
#[must_use]
pub fn fnv1a_64(message: &[u8]) -> u32 {
    xor_first(message, OFFSET_64, PRIME_64, signed)
}

fn multiply_first(message: &[u8], offset: u32, prime: u32) -> u32 {
    message.iter().fold(offset, |hash, &byte| hash.wrapping_mul(prime) ^ signed(byte))
}

fn xor_first(message: &[u8], offset: u32, prime: u32, widen: impl Fn(u8) -> u32) -> u32 {
    message.iter().fold(offset, |hash, &byte| (hash ^ widen(byte)).wrapping_mul(prime))
}

#[cfg(test)]
mod tests {
    //! Tables made with libmemcached 1.1.4, the unsigned one with the published loop in Python.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn fnv1_32_agrees_with_libmemcached() {
        agree(
            fnv1_32,
            &[
                0x811c9dc5, 0xfaf3a2ba, 0xe2895560, 0x5c8c4375, 0xd2d5d691, 0xca36a23a, 0x418cd840,
                0x0045edb9, 0xdaa36c95, 0x56fedb2a, 0xfc507d60, 0x89dcf6fd, 0xc3e20951, 0xc595454a,
                0xd1456870, 0xa49ec391, 0x78460b65, 0xa05911da, 0xce600a40, 0x96e94585, 0xbe22a351,
                0xa63f817a, 0xa4c77bc0, 0xa64a6fa9, 0x19bb6115, 0xe203a7ca, 0x925ac1c0, 0x6c751acd,
                0x508825f1, 0x74655f0a, 0x2f116510, 0xe0972a01, 0xd231dbc5, 0xbfe4edba, 0x1e20e9a0,
                0xa4659a15, 0x43b955d1, 0x05d7bbba, 0x844ed340, 0x7ec25b59, 0xa0fffa95,
            ],
        );
    }

    #[test]
    fn fnv1a_32_agrees_with_libmemcached() {
        agree(
            fnv1a_32,
            &[
                0x811c9dc5, 0x1ff3dd20, 0x7b1c7f36, 0x34964245, 0x6bc51c49, 0x21651030, 0xf4459966,
                0x2f6ddd11, 0x21dc33ed, 0xb49307d8, 0x6445695e, 0x4befdf55, 0xb0efb901, 0xfe1cf6c8,
                0x84019b3e, 0x6fe76181, 0xb52d96d5, 0x54de8230, 0xb47b27f6, 0x83c35475, 0x862f7619,
                0x8bc60180, 0x8f8841e6, 0xf45fa561, 0x7eab425d, 0x2d428448, 0x6c227b1e, 0x35544205,
                0xb5d228b1, 0x89858cb8, 0x610d3e7e, 0x81177411, 0xc51502a5, 0x1926af00, 0x496123f6,
                0x8ce57ae5, 0x2b432ea9, 0xbcd647d0, 0x3c88d5a6, 0x7a99c871, 0xbedb4c4d,
            ],
        );
    }

    #[test]
    fn fnv1_64_agrees_with_libmemcached() {
        agree(
            fnv1_64,
            &[
                0x84222325, 0x79fe487a, 0x4b147b80, 0x6be387b5, 0xc580c331, 0xed6bb8ba, 0x6645f2e0,
                0x88920f39, 0x3a5bd535, 0x573ea0aa, 0x8f1e2600, 0xabea173d, 0x55311b71, 0x0fa7680a,
                0x75c72150, 0x3b70ab11, 0x65d16545, 0x5d28ff5a, 0x82e68de0, 0xb8976745, 0xe7aca371,
                0x62f0ab7a, 0x28875960, 0x49592fe9, 0x1e09b3b5, 0x63a1f8ca, 0x69955ce0, 0xeaf4220d,
                0x725e8591, 0x9ce3d58a, 0x2a502370, 0x94c65581, 0x98d02d25, 0xd4259a3a, 0x849646c0,
                0x4a43e195, 0xdcb1ed31, 0xe922cdba, 0xe182f1a0, 0x4cd6aed9, 0x62b61535,
            ],
        );
    }

    #[test]
    fn fnv1a_64_agrees_with_libmemcached() {
        agree(
            fnv1a_64,
            &[
                0x84222325, 0x79fdad80, 0x4b4e72f6, 0xbef7a9c5, 0x83727629, 0xc3d9bc90, 0xa2bfed66,
                0x82b269d1, 0x096b7a4d, 0xf881a5f8, 0xff636a5e, 0xccb6d2d5, 0x6452efe1, 0x352ea1a8,
                0x28638cbe, 0x0d283641, 0x0d1834b5, 0x0f66ead0, 0x50d404b6, 0x6f11a775, 0xa92dacf9,
                0x45d54520, 0x92ff7166, 0x51c3f221, 0x0d0c117d, 0x371eb428, 0xc005135e, 0xc2eef505,
                0x7a33aa51, 0xb34cc7d8, 0xfc452c7e, 0xec9760d1, 0x9f0a0f85, 0xc68a46e0, 0x86a33536,
                0x976a79e5, 0x5b8d48c9, 0x7de115f0, 0xa9f6cce6, 0x24c91a71, 0x63bb01ad,
            ],
        );
    }

    #[test]
    fn unsigned_fnv1a_32_is_the_published_one() {
        agree(
            fnv1a_32_unsigned,
            &[
                0x811c9dc5, 0xa00bbe20, 0x20b3b236, 0x066fe645, 0xdbc6a549, 0xeca26630, 0xc0e6aa66,
                0xabd48d11, 0x178b9eed, 0x5340d5d8, 0xd1926a5e, 0xfaf3e955, 0x9afb1b01, 0x24977bc8,
                0xd692e63e, 0xb97f1981, 0x4ea068d5, 0x03f2cf30, 0x22956cf6, 0x5111f975, 0x2aee8719,
                0xbd00e380, 0x26dd62e6, 0x89d09061, 0x7134205d, 0x215aa748, 0xcf22b01e, 0xe77a3105,
                0x618c51b1, 0xa46350b8, 0xb5f96e7e, 0x57da3c11, 0xcc284da5, 0xa72ea000, 0x0f94eef6,
                0xf8943ce5, 0xcf62aea9, 0x4a23e6d0, 0xf94b7ea6, 0x3377a771, 0x05b8464d,
            ],
        );
    }

    #[test]
    fn unsigned_fnv1a_32_gives_the_published_value_of_foobar() {
        assert_eq!(fnv1a_32_unsigned(b"foobar"), 0xbf9c_f968);
    }
}
