//! CRC-16 (polynomial 0x1021, start 0) as twemproxy computes it: in 32 bits that are never masked.

/// What 16 shifts add for each value of the upper byte.
static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// The low half is CRC-16/XMODEM. The high half holds what was shifted out of it, and twemproxy
/// looks up all 32 bits.
#[must_use]
pub fn crc16_twemproxy(message: &[u8]) -> u32 {
    message.iter().fold(0u32, |crc, &byte| {
        let [_, _, upper, _] = crc.to_be_bytes();
        (crc << 8) ^ u32::from(TABLE[usize::from(upper ^ byte)])
    })
}

#[cfg(test)]
mod tests {
    //! Table made with hash_crc16 of twemproxy 0.5.0.
    use super::*;
    use crate::hash::tests::agree;

    #[test]
    fn the_low_half_gives_the_published_check_value_of_xmodem() {
        assert_eq!(crc16_twemproxy(b"123456789") & 0xffff, 0x31c3);
    }

    #[test]
    fn all_32_bits_agree_with_twemproxy() {
        agree(
            crc16_twemproxy,
            &[
                0x00000000, 0x0000e54f, 0x00782c12, 0x0c1a7889, 0x2007d940, 0x50041365, 0x677fb96a,
                0x88c1bf62, 0x674672cf, 0x2c349e6d, 0x3077a908, 0xd7475d0a, 0xa4978284, 0x5ae9c39b,
                0x99963072, 0xee7258a7, 0xc9e5ed3b, 0xf5eda0e2, 0xb39b4e71, 0xa4c68756, 0x00c8cc09,
                0x319d951f, 0xe8ae16dc, 0x2be59822, 0x6f61a8ec, 0x20284776, 0xc47c05c5, 0x34469bc1,
                0xc89263cb, 0xc7ea7c12, 0xfe1c569e, 0xb58eff1a, 0xc881f737, 0x760344e8, 0x1bcc9589,
                0xa3eed6d6, 0xd4dacddc, 0xd16ee2c5, 0xfc4de837, 0x4ee0946d, 0xa93872da,
            ],
        );
    }
}
