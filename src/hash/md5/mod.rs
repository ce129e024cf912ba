//! MD5.
use md5::{Digest, Md5};

/// The digest.
pub fn digest(message: &[u8]) -> [u8; 16] {
    Md5::digest(message).into()
}
/// The digest as four little-endian words.
pub fn words(message: &[u8]) -> [u32; 4] {
    let digest = digest(message);
    std::array::from_fn(|i| u32::from_le_bytes(digest[4 * i..4 * i + 4].try_into().unwrap()))
}
/// Word 0.
pub fn first_word(message: &[u8]) -> u32 {
    words(message)[0]
}
/// Many digests.
pub fn words_many(messages: &[&[u8]], out: &mut [[u32; 4]]) {
    for (message, out) in messages.iter().zip(out) {
        *out = words(message);
    }
}
/// Many first words.
pub fn first_word_many(messages: &[&[u8]], out: &mut [u32]) {
    for (message, out) in messages.iter().zip(out) {
        *out = first_word(message);
    }
}
