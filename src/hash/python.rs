//! The hash of a `str` in CPython 2 on 64 bits, without hash randomisation (its default).

/// The hash as an unsigned number, which is how CPython seeds its generator from a text.
/// 0 for the empty text; never 2^64 - 1, the value -1 that CPython keeps for errors.
#[must_use]
pub fn string_hash(text: &[u8]) -> u64 {
    let Some(&first) = text.first() else { return 0 };
    let hash =
        text.iter().fold(u64::from(first) << 7, |hash, &byte| hash.wrapping_mul(1_000_003) ^ u64::from(byte))
            ^ text.len() as u64;
    if hash == u64::MAX { u64::MAX - 1 } else { hash }
}

#[cfg(test)]
mod tests {
    //! Values made with CPython 2.7.18 on x86-64.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    #[rustfmt::skip]
    fn every_length_agrees_with_cpython() {
        agree(string_hash, &[
            0x0000000000000000, 0x00000004eada9724, 0x005bdc094a3155f3, 0x691af748d2bd70f1,
            0x811f917bade5ebf4, 0x3e45a1367eb7197c, 0x88e3b11993e3514b, 0x2228215f04780265,
            0x6734eea7928f28b8, 0xea42e97769ef8784, 0xca0cab8467ba9f9b, 0x6cdd8f0681674f89,
            0x57c33f7d5e85e2dc, 0x5f20d0dcffc9b15c, 0x69849f7fb83e2313, 0x4202448757ee0c7d,
            0xcc150734f7b46f90, 0x43d2d51673fa6284, 0x64f027db6fb2ee63, 0x2bda3b4ddb70f441,
            0xd29beca75e63dfa4, 0x1129f602437f3b9c, 0xc5690ceb27f6a1fb, 0x3cc6ccfda675e035,
            0x80c51308b21f99c8, 0xd19ad6f52304b364, 0x92019ded32f08a0b, 0xcd8c077da9049ed9,
            0x68e59e80477a2dcc, 0xf3768aacaa62733c, 0xf5f90242115f32e3, 0x9b96c67b98fb440d,
            0x61088442aab041a0, 0x51b4919de70b7664, 0xb732234acd56be13, 0x0e90507b9a26e891,
            0x84f84d1695caf754, 0x2b81aba5781b21bc, 0x6e72a7739ebb75eb, 0x76158197dfeb0685,
            0x4554e63d948ae818,
        ]);
    }

    #[test]
    fn minus_one_becomes_minus_two() {
        // A text whose raw hash is 2^64 - 1, found by lattice reduction.
        let text = b"\x61\x06\x1f\x00\x1f\x06\x03\x00\x00\x02\x02\x03\x07\x00\x05\x0d\x04\x01\x01\x0f\x00\x3e\x01\x01";
        assert_eq!(string_hash(text), u64::MAX - 1);
    }
}
