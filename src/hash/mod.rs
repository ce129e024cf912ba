//! The hash functions that dialects name: key bytes in, a place on the circle out.
//!
//! One algorithm per file; the table below gives each its canonical name. A dialect's own word may
//! mean another function here (twemproxy says `crc32` to [`CRC15`]): the translation is the
//! dialect's affair, the name in a row is unambiguous.
//!
//! "Signed bytes" in a row: the C original reads `char`, which is signed on x86, so a byte of 0x80
//! and above enters the sum as 0xffffff80 and above. These functions do the same on any processor.
pub mod cassandra;
pub mod crc16;
pub mod crc32;
pub mod decimal;
pub mod fnv;
pub mod haproxy;
pub mod hsieh;
pub mod java;
pub mod jenkins;
pub mod md5;
pub mod mersenne;
pub mod murmur;
pub mod murmur3;
pub mod one_at_a_time;
pub mod python;
pub mod sha;
pub mod xxhash;

#[cfg(test)]
mod tests;

use md5::Backend;

/// A hash function as dialects name it.
#[derive(Debug)]
pub struct Hash<T: 'static> {
    /// Canonical name, unique among all functions of this crate.
    pub name: &'static str,
    /// Number of different values: results lie in `0..range`; 0 stands for the full width of `T`.
    pub range: u64,
    /// Hashes one message.
    pub one: fn(&[u8]) -> T,
    /// Hashes many messages, by this backend where the function has kernels: result `i` belongs to
    /// message `i`. Both slices have the same length; what one of them has in excess is left alone.
    pub many: fn(Backend, &[&[u8]], &mut [T]),
    /// Whether there is a kernel for batches.
    pub kernel: bool,
}

/// Writes the table: `DOC NAME = "name", range, function;`, with a fourth part where there is a
/// kernel for batches. Without it a batch is hashed one message after another.
macro_rules! rows {
    ($(#[$about:meta])* $list:ident of $width:ty {
        $($(#[$doc:meta])* $row:ident = $name:literal, $range:literal, $one:expr $(, $many:expr)?;)*
    }) => {
        $($(#[$doc])* pub static $row: Hash<$width> = Hash {
            name: $name,
            range: $range,
            one: $one,
            many: rows!(@many $one $(, $many)?),
            kernel: rows!(@kernel $($many)?),
        };)*
        $(#[$about])* pub static $list: &[&Hash<$width>] = &[$(&$row),*];
    };
    (@many $one:expr) => { |_, messages, out| each(messages, out, $one) };
    (@many $one:expr, $many:expr) => { $many };
    (@kernel) => { false };
    (@kernel $many:expr) => { true };
}

rows! {
    /// All rows with 32-bit results.
    ROWS_32 of u32 {
        /// MD5, the first four bytes as a little-endian number: libketama's key hash.
        MD5 = "md5", 0, md5::first_word, md5::first_word_many_with;
        /// CRC-32 as in zlib: nginx, haproxy, twemproxy (`crc32a`), Dalli keys, stathat and others.
        CRC32 = "crc32", 0, crc32::crc32;
        /// [`CRC32`] as a signed number, moved to unsigned order: ring_redis.
        CRC32_SIGNED = "crc32-signed", 0, |key| crc32::crc32(key) ^ 0x8000_0000;
        /// Bits 16 to 30 of CRC-32: libmemcached (`crc`), twemproxy (`crc32`), python-memcached,
        /// the modulo rule of nginx.
        CRC15 = "crc15", 32768, crc32::crc15;
        /// [`CRC32`] followed by [`haproxy::full_hash`].
        CRC32_AVALANCHE = "crc32-avalanche", 0, |key| haproxy::full_hash(crc32::crc32(key));
        /// twemproxy's CRC-16, whose upper half is never cleared.
        CRC16_TWEMPROXY = "crc16-twemproxy", 0, crc16::crc16_twemproxy;
        /// Jenkins' one-at-a-time, signed bytes: libmemcached's default.
        ONE_AT_A_TIME = "one-at-a-time", 0, one_at_a_time::one_at_a_time;
        /// Low half of the 64-bit FNV-1, signed bytes: libmemcached, twemproxy.
        FNV1_64 = "fnv1-64", 0, fnv::fnv1_64;
        /// Low half of the 64-bit FNV-1a, signed bytes: libmemcached, twemproxy's default.
        FNV1A_64 = "fnv1a-64", 0, fnv::fnv1a_64;
        /// 32-bit FNV-1, signed bytes: libmemcached, twemproxy.
        FNV1_32 = "fnv1-32", 0, fnv::fnv1_32;
        /// 32-bit FNV-1a, signed bytes: libmemcached, twemproxy.
        FNV1A_32 = "fnv1a-32", 0, fnv::fnv1a_32;
        /// 32-bit FNV-1a as published, unsigned bytes: stathat.
        FNV1A_32_UNSIGNED = "fnv1a-32-unsigned", 0, fnv::fnv1a_32_unsigned;
        /// Hsieh's SuperFastHash from 0 instead of the length: libmemcached, twemproxy.
        HSIEH = "hsieh", 0, hsieh::hsieh;
        /// MurmurHash2, seeded by the length: libmemcached, twemproxy.
        MURMUR = "murmur", 0, murmur::murmur;
        /// MurmurHash3 x86_32, seeded by the length: libmemcached.
        MURMUR3_LIBMEMCACHED = "murmur3-libmemcached", 0, murmur3::libmemcached;
        /// MurmurHash3 x86_32, seed 0: pymemcache.
        MURMUR3_X86_32 = "murmur3-x86-32", 0, |key| murmur3::x86_32(key, 0);
        /// Jenkins' lookup3, initial value 13: libmemcached, twemproxy.
        JENKINS = "jenkins", 0, jenkins::jenkins;
        /// haproxy's default.
        SDBM = "sdbm", 0, haproxy::sdbm;
        /// [`SDBM`] followed by [`haproxy::full_hash`].
        SDBM_AVALANCHE = "sdbm-avalanche", 0, |key| haproxy::full_hash(haproxy::sdbm(key));
        /// Bernstein's h * 33 + byte: haproxy.
        DJB2 = "djb2", 0, haproxy::djb2;
        /// [`DJB2`] followed by [`haproxy::full_hash`].
        DJB2_AVALANCHE = "djb2-avalanche", 0, |key| haproxy::full_hash(haproxy::djb2(key));
        /// haproxy's own function.
        WT6 = "wt6", 0, haproxy::wt6;
        /// [`WT6`] followed by [`haproxy::full_hash`].
        WT6_AVALANCHE = "wt6-avalanche", 0, |key| haproxy::full_hash(haproxy::wt6(key));
        /// The key is a decimal number: haproxy and Set::ConsistentHash (`none`).
        DECIMAL = "decimal", 0, decimal::decimal;
        /// [`DECIMAL`] followed by [`haproxy::full_hash`].
        DECIMAL_AVALANCHE = "decimal-avalanche", 0, |key| haproxy::full_hash(decimal::decimal(key));
        /// First four bytes of SHA-1, little-endian: hashring (npm), Set::ConsistentHash points.
        SHA1 = "sha1", 0, |key| sha::sha1_words(key)[0];
        /// First four bytes of SHA-1, big-endian: Dalli's points.
        SHA1_BIG_ENDIAN = "sha1-big-endian", 0, |key| sha::sha1_words(key)[0].swap_bytes();
        /// First four bytes of SHA-256, little-endian: hashring (npm).
        SHA256 = "sha256", 0, |key| sha::sha256_words(key)[0];
        /// Last four bytes of SHA-256, little-endian: Varnish.
        SHA256_LAST = "sha256-last", 0, |key| sha::sha256_words(key)[7];
        /// First four bytes of SHA-512, little-endian: hashring (npm).
        SHA512 = "sha512", 0, |key| sha::sha512_words(key)[0];
        /// Low half of XXH3 with seed 0: memcached's proxy, ring_hash.
        XXH3_LOW = "xxh3-low", 0, |key| xxhash::xxh3(key, 0) as u32;
        /// `String.hashCode` of Java: xmemcached (`native`).
        JAVA_STRING = "java-string", 0, java::string_hash;
        /// Bits 16 to 30 of [`JAVA_STRING`]: xmemcached (locator `php`).
        JAVA_STRING_15 = "java-string-15", 32768, |key| (java::string_hash(key) >> 16) & 0x7fff;
    }
}

rows! {
    /// All rows with 64-bit results.
    ROWS_64 of u64 {
        /// XXH64 with seed 0: Envoy, go-redis, jump.
        XXH64 = "xxh64", 0, |key| xxhash::xxh64(key, 0);
        /// XXH3 with seed 0: memcached's proxy, jump.
        XXH3 = "xxh3", 0, |key| xxhash::xxh3(key, 0);
        /// [`MD5`], widened: jump hash of memcached's proxy.
        MD5_WIDE = "md5-wide", 0, |key| u64::from(md5::first_word(key));
        /// MurmurHash64A as `std::hash` of libstdc++ uses it: Envoy's points.
        MURMUR64A = "murmur64a", 0, murmur::murmur64a;
        /// Cassandra's token, the bits of a signed number. Signed and unsigned order are the same
        /// circle cut open at different places, so a ring that wraps may compare either.
        MURMUR3_CASSANDRA = "murmur3-cassandra", 0, |key| cassandra::token(key).cast_unsigned();
    }
}

rows! {
    /// All rows with 128-bit results.
    ROWS_128 of u128 {
        /// The whole of MD5 as a big-endian number: uhashring's own ring.
        MD5_128 = "md5-128", 0, |key| u128::from_be_bytes(md5::digest(key));
    }
}

/// Hashes messages one after another.
fn each<T>(messages: &[&[u8]], out: &mut [T], one: impl Fn(&[u8]) -> T) {
    for (result, message) in out.iter_mut().zip(messages) {
        *result = one(message);
    }
}

/// A byte as C's signed `char` widens it: 0x80 becomes 0xffffff80.
fn signed(byte: u8) -> u32 {
    i32::from(byte.cast_signed()).cast_unsigned()
}
