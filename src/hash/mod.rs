//! The hash functions that dialects name: key bytes in, a place on the circle out.

pub mod md5;

/// A hash function as dialects name it.
pub struct Hash<T: 'static> {
    /// Canonical name, unique among all functions of this crate.
    pub name: &'static str,
    /// Number of different values: results lie in `0..range`; 0 stands for the full width of `T`.
    pub range: u64,
    /// One message.
    pub one: fn(&[u8]) -> T,
    /// Many messages; `out` has the length of `messages`.
    pub many: fn(&[&[u8]], &mut [T]),
}

/// MD5, the first four bytes as a little-endian number: libketama's key hash.
pub static MD5: Hash<u32> = Hash { name: "md5", range: 0, one: md5::first_word, many: md5::first_word_many };
