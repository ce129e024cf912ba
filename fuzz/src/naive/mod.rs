//! The rules written down a second time, the obvious way, to compare with. Not for use: all of it is slow.

pub mod ketama;
pub mod list;
pub mod rules;
pub mod walk;

/// CRC-32 as in zlib, bit by bit.
pub fn crc32(text: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in text {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}
