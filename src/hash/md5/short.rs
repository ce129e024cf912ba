//! Short messages: what is left of a block that is mostly zeros.
//!
//! Keys are short. Of a block with at most 27 bytes of message, words 0 to 6 hold the message and its marker, word 14 the
//! length in bits, and the others are 0. So only eight words are loaded and turned into columns, and half of the steps
//! have nothing to add.

use super::block::copy;

/// Longest message that fits a row.
pub(super) const SHORT: usize = 27;

/// Eight words: 0 to 6 of the block, then its word 14. Aligned, so that a row lies in one cache line.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(super) struct Row([u8; 32]);

/// Row `n` is what a message of `n` bytes is written over: the marker byte, zeros, and the length in bits.
static PADDING: [Row; SHORT + 1] = {
    let mut rows = [const { Row([0; 32]) }; SHORT + 1];
    let mut n = 0;
    while n <= SHORT {
        rows[n].0[n] = 0x80;
        rows[n].0[28] = 8 * n as u8;
        n += 1;
    }
    rows
};

impl Row {
    /// No message.
    pub(super) const EMPTY: Self = Self([0; 32]);

    /// What `message`, which has at most [`SHORT`] bytes, is written over.
    #[inline]
    pub(super) fn padding(message: &[u8]) -> &'static Self {
        &PADDING[message.len().min(SHORT)]
    }

    /// The row of `message`, which has at most [`SHORT`] bytes.
    #[inline]
    pub(super) fn write(&mut self, message: &[u8]) {
        *self = *Self::padding(message);
        copy(message, &Self::padding(message).0, &mut self.0);
    }
}

/// The block of which these are the words of a row.
#[inline]
pub(super) fn widened<V: Copy>([w0, w1, w2, w3, w4, w5, w6, w14]: [V; 8], zero: V) -> [V; 16] {
    [w0, w1, w2, w3, w4, w5, w6, zero, zero, zero, zero, zero, zero, zero, w14, zero]
}
