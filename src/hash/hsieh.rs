//! Hsieh's SuperFastHash as libmemcached and twemproxy have it: it starts from 0, where the original
//! starts from the length, and reads a last odd third byte as signed.

use super::signed;

/// SuperFastHash from 0; 0 for the empty message.
#[must_use]
pub fn hsieh(message: &[u8]) -> u32 {
    let (blocks, tail) = message.as_chunks::<4>();
    let mut hash = 0u32;
    for &[a, b, c, d] in blocks {
        hash = hash.wrapping_add(pair(a, b));
        hash = (hash << 16) ^ (pair(c, d) << 11) ^ hash;
        hash = hash.wrapping_add(hash >> 11);
    }
    finish(match *tail {
        [a, b, c] => {
            hash = hash.wrapping_add(pair(a, b));
            hash ^= hash << 16;
            hash ^= signed(c) << 18;
            hash.wrapping_add(hash >> 11)
        }
        [a, b] => {
            hash = hash.wrapping_add(pair(a, b));
            hash ^= hash << 11;
            hash.wrapping_add(hash >> 17)
        }
        [a] => {
            hash = hash.wrapping_add(u32::from(a));
            hash ^= hash << 10;
            hash.wrapping_add(hash >> 1)
        }
        _ => hash,
    })
}

fn pair(low: u8, high: u8) -> u32 {
    u32::from(u16::from_le_bytes([low, high]))
}

fn finish(mut hash: u32) -> u32 {
    hash ^= hash << 3;
    hash = hash.wrapping_add(hash >> 5);
    hash ^= hash << 4;
    hash = hash.wrapping_add(hash >> 17);
    hash ^= hash << 25;
    hash.wrapping_add(hash >> 6)
}

#[cfg(test)]
mod tests {
    //! Table made with hash_hsieh of twemproxy 0.5.0.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn every_length_agrees_with_twemproxy() {
        agree(
            hsieh,
            &[
                0x00000000, 0x124738f8, 0xca5078d8, 0xe2a5da4e, 0x59024100, 0xb2b945a3, 0x7eae3492,
                0xd334f4a7, 0x6dcf49b8, 0x999b5945, 0xc40e269b, 0xc318b451, 0xe0725c84, 0xa84d802a,
                0xeb041db0, 0x95ce76d9, 0x9844404d, 0xad658761, 0xec0335cf, 0x0765c14d, 0x934f3647,
                0xd4ebfd6c, 0x02f536ec, 0x0436e418, 0xae575fe0, 0x8becb582, 0x1ee762a9, 0x9f647d64,
                0xd6e80c91, 0x5097cc31, 0x3e1b8c40, 0x391b4c41, 0x931cd51b, 0xf459e658, 0xd60a3565,
                0xfb3c3cd0, 0x08c91cf6, 0xe4e77fb6, 0xb7617b1b, 0xfb98e231, 0x64925c05,
            ],
        );
    }
}
