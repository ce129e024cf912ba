//! HAProxy's hash functions besides CRC-32, all over unsigned bytes, and its `avalanche`.

/// h * 65599 + byte, from 0.
#[must_use]
pub fn sdbm(message: &[u8]) -> u32 {
    fold(message, 0, 65599)
}

/// h * 33 + byte, from 5381.
#[must_use]
pub fn djb2(message: &[u8]) -> u32 {
    fold(message, 5381, 33)
}

fn fold(message: &[u8], start: u32, factor: u32) -> u32 {
    message.iter().fold(start, |hash, &byte| hash.wrapping_mul(factor).wrapping_add(u32::from(byte)))
}

/// HAProxy's own function: two words that change places, turned by amounts which depend on them.
#[must_use]
pub fn wt6(message: &[u8]) -> u32 {
    let (mut h0, mut h1) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut turn0, mut turn1) = (6, 18);
    for &byte in message {
        h0 = !(h0 ^ u32::from(byte));
        h1 = !h1.wrapping_add(u32::from(byte));
        (h0, h1) = (h1.rotate_left(turn0), h0.rotate_left(turn1));
        let turns = ((h0 >> 16) ^ h1) & 0xffff;
        (turn0, turn1) = (turns & 31, turns >> 11);
    }
    h0 ^ h1
}

/// HAProxy's full avalanche of a 32-bit number: the option `avalanche`, and the places of its servers.
#[must_use]
pub fn full_hash(number: u32) -> u32 {
    let mut a = number;
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

#[cfg(test)]
mod tests {
    //! Tables made with the C functions of HAProxy 2.6.12.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn sdbm_agrees_with_haproxy() {
        agree(
            sdbm,
            &[
                0x00000000, 0x000000a5, 0x00ca31e5, 0x76048ed4, 0xdefbd9ca, 0xd8b84603, 0x6cc976af,
                0x83d56932, 0x05f88894, 0xdaa67861, 0x96dcce79, 0x7929b190, 0x60954b5e, 0xa7eb55bf,
                0xb63dfb43, 0xb163e5ee, 0x03da6028, 0x1b8f611d, 0x8cba3a0d, 0x2610864c, 0x03c209f2,
                0xce9dd67b, 0x912b8dd7, 0xeb57d3aa, 0x4617c6bc, 0x9091f8d9, 0x2ef4b5a1, 0xa0894a08,
                0x901b9a86, 0x00594637, 0x2980f16b, 0xac6a2e66, 0x3dd7c050, 0x963cbf95, 0x84ab4335,
                0x6eb4fdc4, 0x435bbb1a, 0x485fe5f3, 0x8d84e5ff, 0x89e67a22, 0x56cec8e4,
            ],
        );
    }

    #[test]
    fn djb2_agrees_with_haproxy() {
        agree(
            djb2,
            &[
                0x00001505, 0x0002b64a, 0x0059847e, 0x0b8ab721, 0x7c6a26b3, 0x0c5d33b4, 0xf10500a4,
                0x8accf303, 0x88de5451, 0x1955170e, 0x53ee48ba, 0x7072e1d5, 0xd803dedf, 0x5fd95c58,
                0xab25dcc0, 0x58c7e597, 0x3b90865d, 0xf3b3e692, 0x1fa87bb6, 0x4385de49, 0xf01f87cb,
                0x612b73bc, 0xaf42489c, 0x2d5e0aeb, 0x9117c529, 0x8ef7c4d6, 0xf8974072, 0xc66c4b7d,
                0x1271de77, 0x0b7d3be0, 0xa9d3a538, 0xb4da5eff, 0x62a594b5, 0x61f975da, 0xd99d94ee,
                0x2ff5a671, 0xdffec6e3, 0xced4d3c4, 0x6e19d094, 0x5cb921d3, 0x823cb501,
            ],
        );
    }

    #[test]
    fn wt6_agrees_with_haproxy() {
        agree(
            wt6,
            &[
                0xf99a0360, 0x725be325, 0xfdb9f38a, 0xcb49076a, 0x09bc1721, 0xdc3e5fcc, 0x3889a68f,
                0x5cde7810, 0x992ff8d9, 0x6a71325e, 0x583f269c, 0x560ea0be, 0x3bb35264, 0x45b07f5c,
                0xc2a43c12, 0xdf4a1bf0, 0x0af407b3, 0x18dd65a2, 0x84e9bb7c, 0x7cfc1053, 0xaa808134,
                0xcbe97e5a, 0x4629d322, 0xdda9e21c, 0xf0b3eb2d, 0xb624234d, 0xad76db06, 0x39b220ee,
                0x05a39d66, 0x3930c3ed, 0xae8a08dc, 0x566ad0d1, 0x3d02c3fe, 0xf4d96f84, 0x17863455,
                0x324e3d66, 0x946ff258, 0x4fd0eaa4, 0xd2ff0c64, 0xd8e37227, 0xb2a22656,
            ],
        );
    }

    #[test]
    fn full_hash_agrees_with_haproxy() {
        for (number, expected) in [
            (0x00000000, 0xab4ed927),
            (0x00000001, 0x348681b6),
            (0x00000002, 0xe267b84c),
            (0x00001000, 0x49c2008b),
            (0x7fffffff, 0xab5744b1),
            (0x80000000, 0xfe7b3c12),
            (0xdeadbeef, 0xfff0eada),
            (0xffffffff, 0x7e64c182),
        ] {
            assert_eq!(full_hash(number), expected, "{number:#x}");
        }
    }
}
