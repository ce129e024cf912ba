//! MD5: one message at once, or many at once over vector lanes. Not for secrets: MD5 places points
//! and keys on a circle here.

#[macro_use]
mod compress;
#[cfg(any(
    target_arch = "x86",
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
#[macro_use]
mod kernel;

mod backend;
#[cfg(any(
    target_arch = "x86",
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
mod batch;
mod block;
mod consts;
mod scalar;
#[cfg(any(
    target_arch = "x86",
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
mod short;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "calls behind feature detection, masked loads, vectors as arrays")]
mod x16_avx512;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
#[expect(unsafe_code, reason = "calls behind feature detection, vectors as arrays")]
mod x4_neon;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "calls behind feature detection, vectors as arrays")]
mod x4_sse2;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "calls behind feature detection, vectors as arrays")]
mod x8_avx2;

#[cfg(test)]
mod tests;

pub use backend::Backend;

/// What a caller wants of a digest: all four words, or the first one alone, which costs three steps less.
trait Answer: Copy + Default {
    /// Whether more than word 0 is wanted.
    const WHOLE: bool;

    /// Takes what is wanted; without [`WHOLE`](Self::WHOLE) only word 0 is valid.
    fn from_words(words: [u32; 4]) -> Self;
}

impl Answer for [u32; 4] {
    const WHOLE: bool = true;

    #[inline]
    fn from_words(words: [u32; 4]) -> Self {
        words
    }
}

impl Answer for u32 {
    const WHOLE: bool = false;

    #[inline]
    fn from_words([first, ..]: [u32; 4]) -> Self {
        first
    }
}

/// The MD5 digest of a message of any length.
#[must_use]
pub fn digest(message: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(words(message)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// The digest as four numbers: word `i` is its bytes `4 * i ..= 4 * i + 3`, the least significant first.
#[must_use]
pub fn words(message: &[u8]) -> [u32; 4] {
    scalar::hash(message)
}

/// Word 0 of [`words`], slightly sooner: libketama's hash of a key.
#[must_use]
pub fn first_word(message: &[u8]) -> u32 {
    scalar::hash(message)
}

/// [`words`] of every message, by the fastest backend of this processor.
///
/// `out[i]` belongs to `messages[i]`. If one slice is longer than the other, its excess is left alone.
pub fn words_many(messages: &[&[u8]], out: &mut [[u32; 4]]) {
    words_many_with(Backend::detect(), messages, out);
}

/// [`first_word`] of every message, by the fastest backend of this processor.
///
/// `out[i]` belongs to `messages[i]`. If one slice is longer than the other, its excess is left alone.
pub fn first_word_many(messages: &[&[u8]], out: &mut [u32]) {
    first_word_many_with(Backend::detect(), messages, out);
}

/// [`words_many`] by a given backend; [`Backend::Scalar`] takes the place of one that this processor does not run.
pub fn words_many_with(backend: Backend, messages: &[&[u8]], out: &mut [[u32; 4]]) {
    backend.hash_many(messages, out);
}

/// [`first_word_many`] by a given backend; [`Backend::Scalar`] takes the place of one that this processor does not run.
pub fn first_word_many_with(backend: Backend, messages: &[&[u8]], out: &mut [u32]) {
    backend.hash_many(messages, out);
}
