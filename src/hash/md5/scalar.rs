//! One message at a time: the single look-up, and what every processor can run.
//!
//! A single MD5 is bound by the latency of its 64 dependent steps, so what counts here is the
//! number of operations between the newest register and the next one, not their total.

use super::Answer;
use super::block::{self, BLOCK, Part};
use super::consts::{INITIAL, K};

/// Hashes one message of any length.
#[inline]
pub(super) fn hash<A: Answer>(message: &[u8]) -> A {
    let last = block::count(message.len()) - 1;
    let mut state = INITIAL;
    for index in 0..last {
        state = compress::<[u32; 4]>(state, Part::new(message, index, false));
    }
    A::from_words(compress::<A>(state, Part::new(message, last, true)))
}

/// The state after one block, as far as `A` needs it.
#[inline]
fn compress<A: Answer>(state: [u32; 4], part: Part) -> [u32; 4] {
    let mut block = [0; BLOCK];
    part.write(&mut block);
    let (bytes, _) = block.as_chunks::<4>();
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u32::from_le_bytes(*bytes);
    }
    compress!(state.map(|word| [word]), [words], whole: A::WHOLE).map(|[word]| word)
}

#[inline(always)]
fn splat(x: u32) -> u32 {
    x
}

#[inline(always)]
fn add(x: u32, y: u32) -> u32 {
    x.wrapping_add(y)
}

#[inline(always)]
fn rotate<const LEFT: u32, const RIGHT: u32>(x: u32) -> u32 {
    x.rotate_left(LEFT)
}

#[inline(always)]
fn f(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    add(sum, d ^ (b & (c ^ d)))
}

/// G's two halves share no bit, so they may be added one after the other; `b`, the newest, comes last.
#[inline(always)]
fn g(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    add(add(sum, !d & c), d & b)
}

#[inline(always)]
fn h(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    add(sum, b ^ (c ^ d))
}

#[inline(always)]
fn i(sum: u32, b: u32, c: u32, d: u32) -> u32 {
    add(sum, c ^ (b | !d))
}
