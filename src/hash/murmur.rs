//! Appleby's MurmurHash2: the 32-bit one of libmemcached and twemproxy, the 64-bit one of libstdc++.

/// MurmurHash2 with 0xdeadbeef times the length as seed; 0 for the empty message.
#[must_use]
pub fn murmur(message: &[u8]) -> u32 {
    const MULTIPLIER: u32 = 0x5bd1_e995;
    // C computes the length in 32 bits as well.
    let length = message.len() as u32;
    let mut hash = length.wrapping_mul(0xdead_beef) ^ length;
    let (blocks, tail) = message.as_chunks::<4>();
    for block in blocks {
        let mut word = u32::from_le_bytes(*block).wrapping_mul(MULTIPLIER);
        word ^= word >> 24;
        hash = hash.wrapping_mul(MULTIPLIER) ^ word.wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        hash = (hash ^ little_endian(tail) as u32).wrapping_mul(MULTIPLIER);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 15)
}

/// MurmurHash64A with seed 0xc70f6907, which is `std::hash<std::string>` of libstdc++ on 64 bits.
#[must_use]
pub fn murmur64a(message: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
    const SEED: u64 = 0xc70f_6907;
    let mut hash = SEED ^ (message.len() as u64).wrapping_mul(MULTIPLIER);
    let (blocks, tail) = message.as_chunks::<8>();
    for block in blocks {
        let mut word = u64::from_le_bytes(*block).wrapping_mul(MULTIPLIER);
        word ^= word >> 47;
        hash = (hash ^ word.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        hash = (hash ^ little_endian(tail)).wrapping_mul(MULTIPLIER);
    }
    hash ^= hash >> 47;
    hash = hash.wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 47)
}

/// Up to eight bytes as one number, the first byte lowest.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    //! Tables made with libmemcached 1.1.4 and with std::hash of libstdc++ 12.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn murmur_agrees_with_libmemcached() {
        agree(
            murmur,
            &[
                0x00000000, 0xf6ee6aa4, 0x8b95e211, 0xc15b48fd, 0x64431a66, 0x7f6fe6dd, 0x6e9f804f,
                0x585efd8b, 0xc1b9c375, 0x28957e2c, 0x2939447d, 0x70b6fcb8, 0x9b5ab410, 0x04a2876c,
                0x1ac135eb, 0x2e4302f1, 0x7f94b0c6, 0xa99b1e7a, 0x04053fcb, 0x868dc51a, 0x400ea629,
                0xeac08600, 0x9e04bab5, 0x9149de4d, 0x1a72eb53, 0xcfd0bec4, 0x0b2c07be, 0xbb26ef0c,
                0x558b1bef, 0x44aa2a79, 0xb2ffa193, 0xaee4d5d8, 0x27196d12, 0x49074259, 0x36c38174,
                0xe2eaa2eb, 0xbc8c04a5, 0x04e79bc4, 0x00aa7b86, 0xf503f25e, 0xfa0889cf,
            ],
        );
    }

    #[test]
    #[rustfmt::skip]
    fn murmur64a_agrees_with_libstdcxx() {
        agree(murmur64a, &[
            0x553e93901e462a6e, 0x630c0c7baaf8ed4a, 0x5dfe54f4b30edb6b, 0x2d0cd834d6fcbfe3,
            0x0bf8671f912fa668, 0xca8edba6fc53da47, 0x1ee8ae529f6c1218, 0xd162c1e273fc133c,
            0xec996cb8367cdc34, 0x95c62f1a7434b35e, 0x0826f048736cf2ba, 0x86c2e9bd2b1397a6,
            0xc994944c80fe2142, 0x474eda2311773213, 0x323ae36724001acb, 0x1cff7c452f856f6b,
            0x96299733d04e00a4, 0x1ddb12a5088141de, 0x70906bb62dff8fa0, 0xdac726728921a3e6,
            0x98cb0a2c0eb68bec, 0xba67e22849358726, 0x4b996e4bd0215e94, 0x05d5f8d783c9abb1,
            0xccb0f38bb339bb66, 0x8e3505b59c243fc3, 0xb88990e463556531, 0x2acce7e50381d491,
            0xe5a0e759a3102b6f, 0xe10be0d6c1773e73, 0xb344b0f6f1fc1b0c, 0xdeea2179c5b41165,
            0x73e8d77176071f38, 0xb97412dca1db69b9, 0x01b39cdbe76bed66, 0x13bbc0903e7b3a6e,
            0xd4e855c7fa51c86f, 0x39881c1a0442ebeb, 0xfa6629e8cd9adde4, 0xafdd8a29cb6910f6,
            0x4be70abc34f34193,
        ]);
    }
}
