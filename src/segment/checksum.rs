//! The checksum of a segment: a digest of the digests of its pieces, so that several threads can compute it.

use super::layout::COVERED;
use std::hash::Hasher;
use std::ops::Range;
use twox_hash::XxHash3_64;

/// A piece ends at each multiple of so many bytes, and at the end of the file.
pub const PIECE: usize = 1 << 19;

/// Where the pieces of a file of `size` bytes lie. The first one begins behind the checksum.
pub fn pieces(size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..size).step_by(PIECE).map(move |start| start.max(COVERED)..size.min(start + PIECE))
}

/// The checksum, from the digests of all pieces in their order.
pub fn of_digests(digests: impl IntoIterator<Item = u64>) -> u64 {
    let mut whole = XxHash3_64::new();
    digests.into_iter().for_each(|digest| whole.write(&digest.to_ne_bytes()));
    whole.finish()
}

/// The checksum that stands in the header of a segment of these bytes.
#[cfg(any(test, feature = "cli"))]
pub fn of(bytes: &[u8]) -> u64 {
    of_digests(pieces(bytes.len()).map(|piece| XxHash3_64::oneshot(&bytes[piece])))
}

/// The checksum of bytes that come one after the other, from the first one that it covers.
pub struct Running {
    digests: Vec<u64>,
    piece: XxHash3_64,
    /// How many bytes of the file the piece still takes.
    room: usize,
}

impl Running {
    /// Nothing has come yet.
    pub fn new() -> Self {
        Self { digests: Vec::new(), piece: XxHash3_64::new(), room: PIECE - COVERED }
    }

    /// Takes the next bytes.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.room == 0 {
                self.digests.push(std::mem::take(&mut self.piece).finish());
                self.room = PIECE;
            }
            let (taken, rest) = bytes.split_at(bytes.len().min(self.room));
            self.piece.write(taken);
            self.room -= taken.len();
            bytes = rest;
        }
    }

    /// The checksum of all that came.
    pub fn finish(self) -> u64 {
        of_digests(self.digests.into_iter().chain([self.piece.finish()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_whether_the_bytes_come_at_once_or_not() {
        for size in [COVERED + 1, 256, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let bytes: Vec<u8> = (0..size).map(|index| (index.wrapping_mul(index) / 8) as u8).collect();
            for step in [1 << 10, PIECE - 3, size] {
                let mut running = Running::new();
                bytes[COVERED..].chunks(step).for_each(|bytes| running.write(bytes));
                assert_eq!(running.finish(), of(&bytes), "{size} bytes by {step}");
            }
        }
    }
}
