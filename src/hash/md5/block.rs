//! How a message is cut into blocks of 64 bytes and padded (RFC 1321, 3.1 and 3.2).

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;

/// Longest message that fits one block: the marker byte and the 8 bytes of length follow it.
pub(super) const ONE_BLOCK: usize = BLOCK - 9;

/// The number of blocks of a message of `len` bytes, its padding included; at least 1.
pub(super) fn count(len: usize) -> usize {
    len / BLOCK + 1 + usize::from(len % BLOCK > ONE_BLOCK)
}

/// Row `n` is a block with the marker byte 0x80 at `n` and nothing else, the last row without any.
static MARKED: [[u8; BLOCK]; BLOCK + 1] = {
    let mut rows = [[0; BLOCK]; BLOCK + 1];
    let mut n = 0;
    while n < BLOCK {
        rows[n][n] = 0x80;
        n += 1;
    }
    rows
};

/// What one block of a message is made of.
#[derive(Clone, Copy)]
pub(super) struct Part<'m> {
    /// The message's bytes in this block, at most [`BLOCK`].
    pub(super) bytes: &'m [u8],
    /// The block that they are written over: the marker, if it belongs here, and zeros.
    pub(super) padding: &'static [u8; BLOCK],
    /// The message's length in bits, which ends its last block.
    pub(super) bits: Option<u64>,
}

impl<'m> Part<'m> {
    /// Block number `index` of `message`, which is or is not the last one.
    #[inline]
    pub(super) fn new(message: &'m [u8], index: usize, last: bool) -> Self {
        let (bytes, marker) = match message.get(index * BLOCK..) {
            Some(rest) => (&rest[..rest.len().min(BLOCK)], rest.len().min(BLOCK)),
            None => (&message[..0], BLOCK),
        };
        Self { bytes, padding: &MARKED[marker], bits: last.then_some((message.len() as u64) << 3) }
    }

    /// Writes the block as it is hashed.
    #[inline]
    pub(super) fn write(self, block: &mut [u8; BLOCK]) {
        *block = *self.padding;
        copy(self.bytes, block);
        if let Some(bits) = self.bits {
            block[BLOCK - 8..].copy_from_slice(&bits.to_le_bytes());
        }
    }
}

/// Copies `from` to the start of `to`. For lengths that are not known beforehand two overlapping
/// pieces of a fixed size are several times faster than a call of `memcpy`.
#[inline]
fn copy(from: &[u8], to: &mut [u8; BLOCK]) {
    let done = copy_ends::<32>(from, to)
        || copy_ends::<16>(from, to)
        || copy_ends::<8>(from, to)
        || copy_ends::<4>(from, to)
        || copy_ends::<2>(from, to)
        || copy_ends::<1>(from, to);
    debug_assert!(done || from.is_empty());
}

/// Copies the first and the last `N` bytes of `from`, all of it if it has `N` to `2 * N` bytes; false if it has fewer.
#[inline]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8; BLOCK]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    to[..N].copy_from_slice(first);
    to[from.len() - N..from.len()].copy_from_slice(last);
    true
}
