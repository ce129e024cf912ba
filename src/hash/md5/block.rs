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
        copy(self.bytes, self.padding, block);
        if let Some(bits) = self.bits {
            block[BLOCK - 8..].copy_from_slice(&bits.to_le_bytes());
        }
    }
}

/// Copies `from` to the start of `to`, in pieces of fixed sizes and an eighth byte at the most from where one ends: several
/// times faster than a call of `memcpy`. No word of `to` is written by two pieces: the processor could not hand it to a
/// load before both have left its store queue, and so would begin no hash before the one before it has ended.
#[inline]
pub(super) fn copy<const N: usize>(from: &[u8], padding: &[u8; N], to: &mut [u8; N]) {
    let mut done = 0;
    copy_piece::<64>(from, to, &mut done);
    copy_piece::<32>(from, to, &mut done);
    copy_piece::<16>(from, to, &mut done);
    copy_piece::<8>(from, to, &mut done);
    if let (Some(padding), Some(to)) = (padding[done..].first_chunk(), to[done..].first_chunk_mut()) {
        *to = (u64::from_le_bytes(*padding) | rest(from)).to_le_bytes();
    }
}

/// Copies `N` bytes if the size of `from` has that bit.
#[inline]
fn copy_piece<const N: usize>(from: &[u8], to: &mut [u8], done: &mut usize) {
    if from.len() & N == 0 {
        return;
    }
    if let (Some(from), Some(to)) = (from[*done..].first_chunk::<N>(), to[*done..].first_chunk_mut::<N>()) {
        *to = *from;
        *done += N;
    }
}

/// The last `from.len() % 8` bytes as a little-endian number, read together with bytes before them where there are any.
#[inline]
fn rest(from: &[u8]) -> u64 {
    let bits = from.len() % 8 * 8;
    if let Some(last) = from.last_chunk() {
        return u64::from_le_bytes(*last) >> (56 - bits) >> 8;
    }
    if let (Some(first), Some(last)) = (from.first_chunk(), from.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (bits - 32);
    }
    match *from {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from_le_bytes([a, b, 0, 0, 0, 0, 0, 0]),
        [a, b, c, ..] => u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]),
    }
}
