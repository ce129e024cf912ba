//! Appleby's MurmurHash3 in its x86_32 form.

/// MurmurHash3 x86_32.
#[must_use]
pub fn x86_32(message: &[u8], seed: u32) -> u32 {
    let (blocks, tail) = message.as_chunks::<4>();
    let mut hash = seed;
    for block in blocks {
        hash ^= scramble(u32::from_le_bytes(*block));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = tail.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
    hash ^= scramble(last);
    hash ^= message.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// x86_32 with 0xdeadbeef times the length as seed, which is libmemcached's `murmur3`.
#[must_use]
pub fn libmemcached(message: &[u8]) -> u32 {
    x86_32(message, (message.len() as u32).wrapping_mul(0xdead_beef))
}

fn scramble(word: u32) -> u32 {
    word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593)
}

#[cfg(test)]
mod tests {
    //! Tables made with libmemcached 1.1.4 and the Python package mmh3.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn libmemcached_agrees_with_libmemcached() {
        agree(
            libmemcached,
            &[
                0x00000000, 0xc9335a00, 0xa3492c3d, 0xf357fbd9, 0x39630c5c, 0x0fc3702b, 0x134e1eb1,
                0x302a7578, 0x2df0bf9b, 0xc384cb94, 0x364d20c9, 0xb59cbe08, 0xe302f260, 0x4d0be179,
                0x678c2a39, 0xd0c0609b, 0x9dcef0d2, 0xadd3aef0, 0xa46f91bd, 0x49c548a8, 0x9af1b793,
                0xc9dfbdd0, 0x7051b105, 0xcca4e03d, 0xc05230fd, 0x32de2a57, 0xcab29d21, 0x2f6e322e,
                0x47b169bb, 0xe4cde9f1, 0x6bb990b2, 0x4412599a, 0x98c64d79, 0x0933c6f8, 0x04d0f1c2,
                0x3a73f65e, 0x9413cd69, 0x10929f04, 0x74a417b2, 0xeff95b66, 0x525374a0,
            ],
        );
    }

    #[test]
    fn x86_32_agrees_with_mmh3() {
        agree(
            |message| x86_32(message, 0),
            &[
                0x00000000, 0x21aa1d86, 0x165dc0c3, 0xf9719566, 0xd57c0c0c, 0x9dc161ed, 0x3325f4ba,
                0x093fe64e, 0xa5267ebe, 0x07f541c5, 0xc522cb5f, 0x049027d4, 0xfcbf6827, 0x97ee7dc0,
                0xa1050bdb, 0x1a806f4b, 0xef246712, 0x4c83cd40, 0x992afa42, 0xcb785362, 0xc0f42029,
                0xf204c90e, 0x3f530eb8, 0xb6d17939, 0x5d75bf09, 0xb28a31fb, 0xa4cfed7c, 0x9f903380,
                0x85ce2ed5, 0x365e49b5, 0x07d6d8ef, 0xe4b070ab, 0xe952e39c, 0x3969df71, 0x2c3eceff,
                0x43aef9eb, 0x747e8f18, 0x0620a571, 0x47cfda4e, 0x991ebc39, 0x99ac0ecf,
            ],
        );
    }
}
