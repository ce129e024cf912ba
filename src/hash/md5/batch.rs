//! Many messages over the lanes of one kernel: what is hashed together, and in which order.
//!
//! Messages hashed together must have the same number of blocks. In a batch of short keys all have
//! one; otherwise the messages of a chunk are sorted by their number of blocks first. Nothing is
//! allocated.

use super::block;
use super::kernel::{Form, Kernel};
use super::short::SHORT;
use super::{Answer, scalar};

/// Messages sorted together. A mixed chunk wastes at most one partly filled call for each number of
/// blocks that occurs in it, so a larger chunk wastes less.
const CHUNK: usize = 512;

/// Messages of a mixed chunk handed to the kernel in one call: a multiple of every kernel's width.
const PICKED: usize = 192;

/// Messages of more blocks than this are sorted as if they had this many: a key of 1,000 bytes has 16.
const MOST_BLOCKS: usize = 16;

/// Hashes `messages` into `out`, as many as the shorter of the two holds.
pub(super) fn hash_many<A: Answer>(kernel: impl Kernel, messages: &[&[u8]], out: &mut [A]) {
    let n = messages.len().min(out.len());
    for (messages, out) in messages[..n].chunks(CHUNK).zip(out[..n].chunks_mut(CHUNK)) {
        match common_form(messages) {
            Some(form) => hash_equal(kernel, messages, form, out),
            None => hash_mixed(kernel, messages, out),
        }
    }
}

/// The form that all these messages have, if there is one.
fn common_form(messages: &[&[u8]]) -> Option<Form> {
    let lengths = || messages.iter().map(|message| message.len());
    let (shortest, longest) = (lengths().min()?, lengths().max()?);
    let blocks = block::count(longest);
    match longest {
        0..=SHORT => Some(Form::Short),
        _ => (block::count(shortest) == blocks).then_some(Form::Blocks(blocks)),
    }
}

/// Hashes messages that all have this form.
fn hash_equal<K: Kernel, A: Answer>(kernel: K, messages: &[&[u8]], form: Form, out: &mut [A]) {
    // The wide form pays off once more than half of its lanes have work.
    let rest = messages.len() % K::WIDE;
    let rest = if rest > K::WIDE / 2 { 0 } else { rest };
    let (wide, narrow) = messages.split_at(messages.len() - rest);
    let (out_wide, out_narrow) = out.split_at_mut(wide.len());
    if !wide.is_empty() {
        kernel.hash_wide(wide, form, out_wide);
    }
    match (narrow, out_narrow) {
        ([], _) => {}
        ([message], [out]) => *out = scalar::hash(message),
        (narrow, out) => kernel.hash_narrow(narrow, form, out),
    }
}

/// Hashes at most [`CHUNK`] messages of any lengths.
fn hash_mixed<A: Answer>(kernel: impl Kernel, messages: &[&[u8]], out: &mut [A]) {
    let blocks = |i: usize| block::count(messages[i].len());
    let mut order = [0; CHUNK];
    let order = &mut order[..messages.len()];
    sort_by_blocks(messages, order);
    for equal in order.chunk_by(|&i, &j| blocks(i) == blocks(j)) {
        for picked in equal.chunks(PICKED) {
            let mut group = [&[][..]; PICKED];
            for (slot, &i) in group.iter_mut().zip(picked) {
                *slot = messages[i];
            }
            let mut answers = [A::default(); PICKED];
            let n = picked.len();
            hash_equal(kernel, &group[..n], Form::Blocks(blocks(picked[0])), &mut answers[..n]);
            for (answer, &i) in answers.iter().zip(picked) {
                out[i] = *answer;
            }
        }
    }
}

/// Fills `order` with the indices of `messages` by ascending number of blocks, by counting: for this
/// many and this few values several times faster than the standard library's sorts.
fn sort_by_blocks(messages: &[&[u8]], order: &mut [usize]) {
    let place = |message: &[u8]| block::count(message.len()).min(MOST_BLOCKS);
    // First how many messages come at each place, one further on; then where each place starts.
    let mut starts = [0; MOST_BLOCKS + 2];
    for message in messages {
        starts[place(message) + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    for (i, message) in messages.iter().enumerate() {
        let next = &mut starts[place(message)];
        order[*next] = i;
        *next += 1;
    }
}
