//! What the vector kernels have in common: the interface to `batch.rs`, and the walk over blocks.

use super::Answer;
use super::block::{BLOCK, Part};
use super::short::Row;

/// One instruction set's way to hash several messages at once. A value of it proves that this
/// processor has the instructions.
pub(super) trait Kernel: Copy {
    /// Messages that [`hash_wide`](Self::hash_wide) steps together.
    const WIDE: usize;

    /// Hashes messages that all have this form, [`WIDE`](Self::WIDE) at a time.
    fn hash_wide<A: Answer>(self, messages: &[&[u8]], form: Form, out: &mut [A]);

    /// The same with one vector's lanes at a time: sooner done when there are few messages.
    fn hash_narrow<A: Answer>(self, messages: &[&[u8]], form: Form, out: &mut [A]);
}

/// What messages that are hashed together have in common.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// At most [`SHORT`](super::short::SHORT) bytes each.
    Short,
    /// So many blocks each.
    Blocks(usize),
}

/// Writes block number `index` of every message; blocks without a message keep what they hold.
///
/// All are written before the caller loads the first: a vector load directly after the narrower
/// stores that it spans would wait until they have left the processor's store queue.
#[inline]
pub(super) fn write_all(messages: &[&[u8]], index: usize, last: bool, blocks: &mut [[u8; BLOCK]]) {
    for (block, message) in blocks.iter_mut().zip(messages) {
        Part::new(message, index, last).write(block);
    }
}

/// Writes the row of every short message, all of them before the caller loads the first: see [`write_all`].
#[inline]
pub(super) fn write_short(messages: &[&[u8]], rows: &mut [Row]) {
    for (row, message) in rows.iter_mut().zip(messages) {
        row.write(message);
    }
}

/// Makes the module's [`Kernel`] out of its vectors: `Vector`, `LANES`, `GROUPS`, `load`, `to_array` and
/// the arithmetic that `compress!` asks for. A macro for the same reason as `compress!`. `$detect` must
/// be true only if the processor has `$features`.
macro_rules! kernel {
    ($name:ident, enable: $features:literal, detect: $detect:expr) => {
        /// Proof that this processor has the instructions: only `new` makes one.
        #[derive(Clone, Copy)]
        pub(super) struct $name(());

        impl $name {
            /// `None` if this processor lacks the instructions; always the same within a process.
            pub(super) fn new() -> Option<Self> {
                $detect.then_some(Self(()))
            }
        }

        impl Kernel for $name {
            const WIDE: usize = LANES * GROUPS;

            fn hash_wide<A: Answer>(self, messages: &[&[u8]], form: Form, out: &mut [A]) {
                // SAFETY: `self` was made by `new`, which found the features that `hash` enables.
                unsafe { hash_form::<A, GROUPS>(messages, form, out) }
            }

            fn hash_narrow<A: Answer>(self, messages: &[&[u8]], form: Form, out: &mut [A]) {
                // SAFETY: `self` was made by `new`, which found the features that `hash` enables.
                unsafe { hash_form::<A, 1>(messages, form, out) }
            }
        }

        #[target_feature(enable = $features)]
        fn hash_form<A: Answer, const GROUPS: usize>(messages: &[&[u8]], form: Form, out: &mut [A]) {
            match form {
                Form::Short => hash_short::<A, GROUPS>(messages, out),
                Form::Blocks(blocks) => hash::<A, GROUPS>(messages, blocks, out),
            }
        }

        /// Hashes messages of at most `SHORT` bytes each, `LANES * GROUPS` at a time.
        #[target_feature(enable = $features)]
        fn hash_short<A: Answer, const GROUPS: usize>(messages: &[&[u8]], out: &mut [A]) {
            let mut rows = [[splat(0); 8]; GROUPS];
            let at_once = LANES * GROUPS;
            for (messages, out) in messages.chunks(at_once).zip(out.chunks_mut(at_once)) {
                for (messages, rows) in messages.chunks(LANES).zip(&mut rows) {
                    load_short(messages, rows);
                }
                give_out(&step_short::<A, GROUPS>(&rows), out);
            }
        }

        /// The state after the block of each short message. The zeros are known here, and no step adds them.
        #[inline(never)]
        #[target_feature(enable = $features)]
        fn step_short<A: Answer, const GROUPS: usize>(rows: &[[Vector; 8]; GROUPS]) -> [[Vector; GROUPS]; 4] {
            let words = rows.map(|row| widened(row, splat(0)));
            compress!(INITIAL.map(|word| [splat(word); GROUPS]), words, whole: A::WHOLE)
        }

        /// Tells the lanes' answers.
        #[inline]
        #[target_feature(enable = $features)]
        fn give_out<A: Answer, const GROUPS: usize>(state: &[[Vector; GROUPS]; 4], out: &mut [A]) {
            for (group, out) in out.chunks_mut(LANES).enumerate() {
                let [a, b, c, d] = state.each_ref().map(|word| to_array(word[group]));
                for (lane, out) in out.iter_mut().enumerate() {
                    *out = A::from_words([a[lane], b[lane], c[lane], d[lane]]);
                }
            }
        }

        /// Hashes messages of `blocks` blocks each, `LANES * GROUPS` at a time. Lanes without a message
        /// hash whatever `words` holds.
        #[target_feature(enable = $features)]
        fn hash<A: Answer, const GROUPS: usize>(messages: &[&[u8]], blocks: usize, out: &mut [A]) {
            let mut words = [[splat(0); 16]; GROUPS];
            let at_once = LANES * GROUPS;
            for (messages, out) in messages.chunks(at_once).zip(out.chunks_mut(at_once)) {
                let mut state = INITIAL.map(|word| [splat(word); GROUPS]);
                for index in 0..blocks {
                    let last = index + 1 == blocks;
                    for (messages, words) in messages.chunks(LANES).zip(&mut words) {
                        load(messages, index, last, words);
                    }
                    // Only one of the two forms in one batch, lest they crowd the instruction cache.
                    state = if blocks == 1 {
                        step_block::<A, GROUPS>(state, &words)
                    } else {
                        step_block::<[u32; 4], GROUPS>(state, &words)
                    };
                }
                give_out(&state, out);
            }
        }

        /// The state after one block. Never inlined: within `hash` the compiler steps one group
        /// after the other, at half the speed.
        #[inline(never)]
        #[target_feature(enable = $features)]
        fn step_block<A: Answer, const GROUPS: usize>(
            state: [[Vector; GROUPS]; 4],
            words: &[[Vector; 16]; GROUPS],
        ) -> [[Vector; GROUPS]; 4] {
            compress!(state, words, whole: A::WHOLE)
        }
    };
}

/// How a module's vectors get words of messages where there are no masked loads: blocks and rows are written to memory,
/// and `transpose` turns `LANES` vectors of them into columns at a time. A macro for the same reason as `compress!`.
macro_rules! columns {
    (enable: $features:literal) => {
        /// Block number `index` of up to `LANES` messages, word by word; lanes without a message are worthless.
        #[inline]
        #[target_feature(enable = $features)]
        fn load(messages: &[&[u8]], index: usize, last: bool, words: &mut [Vector; 16]) {
            let mut rows = [[0; BLOCK]; LANES];
            write_all(messages, index, last, &mut rows);
            let rows = rows.each_ref().map(|row| from_bytes(row));
            for (part, words) in words.chunks_exact_mut(LANES).enumerate() {
                words.copy_from_slice(&transpose(rows.map(|row| row[part])));
            }
        }

        /// Up to `LANES` short messages, word by word; lanes without a message are worthless.
        #[inline]
        #[target_feature(enable = $features)]
        fn load_short(messages: &[&[u8]], words: &mut [Vector; 8]) {
            let mut rows = [Row::EMPTY; LANES];
            write_short(messages, &mut rows);
            let rows = rows.each_ref().map(|row| from_row(row));
            for (part, words) in words.chunks_exact_mut(LANES).enumerate() {
                words.copy_from_slice(&transpose(rows.map(|row| row[part])));
            }
        }

        #[inline]
        #[target_feature(enable = $features)]
        fn from_bytes(block: &[u8; BLOCK]) -> [Vector; 16 / LANES] {
            // SAFETY: both types are 64 bytes without padding, valid for every bit pattern.
            unsafe { std::mem::transmute(*block) }
        }

        #[inline]
        #[target_feature(enable = $features)]
        fn from_row(row: &Row) -> [Vector; 8 / LANES] {
            // SAFETY: both types are 32 bytes without padding, valid for every bit pattern.
            unsafe { std::mem::transmute(*row) }
        }
    };
}
