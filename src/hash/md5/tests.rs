//! Every backend against the `md-5` crate, at every boundary of block, lane, group and chunk.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::*;

/// Short rows end at 27 bytes, blocks at 55, 64, 119, 128, 183 and 192; 250 is memcached's longest key.
const LENGTHS: [std::ops::RangeInclusive<usize>; 4] =
    if cfg!(miri) { FEW_LENGTHS } else { [0..=130, 191..=193, 250..=250, 1000..=1000] };
/// On both sides of the ends of words and blocks, for Miri, under which a thousand digests take a second.
const FEW_LENGTHS: [std::ops::RangeInclusive<usize>; 4] = [0..=1, 31..=32, 55..=56, 64..=64];

/// What the messages are cut from: the bytes of an xorshift generator with a fixed seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 32) as u8).collect()
    }
}

/// The backends of this processor; the others are named as skipped.
fn backends() -> Vec<Backend> {
    let available: Vec<_> = Backend::available().collect();
    for backend in Backend::ALL.into_iter().filter(|backend| !available.contains(backend)) {
        crate::tests::skipped(format_args!("the MD5 kernel {backend}"), "this processor does not run it");
    }
    available
}

/// The digest's words by the other implementation.
fn expected(message: &[u8]) -> [u32; 4] {
    let digest: [u8; 16] = Md5::digest(message).into();
    std::array::from_fn(|i| u32::from_le_bytes(digest[4 * i..][..4].try_into().unwrap()))
}

/// Both batch functions of `backend` give `expected` for `messages`.
fn check(backend: Backend, messages: &[&[u8]], expected: &[[u32; 4]]) {
    check_words(backend, messages, expected);
    check_first_words(backend, messages, expected);
}

fn check_words(backend: Backend, messages: &[&[u8]], expected: &[[u32; 4]]) {
    let mut words = vec![[0; 4]; messages.len()];
    words_many_with(backend, messages, &mut words);
    assert!(words == expected, "{backend}: words of messages of {:?} bytes", lengths(messages));
}

fn check_first_words(backend: Backend, messages: &[&[u8]], expected: &[[u32; 4]]) {
    let mut first = vec![0; messages.len()];
    first_word_many_with(backend, messages, &mut first);
    let equal = first.iter().eq(expected.iter().map(|words| &words[0]));
    assert!(equal, "{backend}: first words of messages of {:?} bytes", lengths(messages));
}

fn lengths(messages: &[&[u8]]) -> Vec<usize> {
    messages.iter().map(|message| message.len()).collect()
}

#[test]
fn digests_are_those_of_rfc_1321() {
    let suite = [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f",
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
    ];
    for (message, digest_in_hex) in suite {
        let mut hex = String::new();
        for byte in digest(message.as_bytes()) {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(hex, digest_in_hex, "{message:?}");
    }
}

#[test]
fn words_and_first_word_are_the_digest_at_every_length() {
    let bytes = Random(1).bytes(1000);
    for len in LENGTHS.into_iter().flatten() {
        let message = &bytes[..len];
        assert_eq!(words(message), expected(message), "{len} bytes");
        assert_eq!(first_word(message), expected(message)[0], "{len} bytes");
        assert_eq!(digest(message), <[u8; 16]>::from(Md5::digest(message)), "{len} bytes");
    }
}

/// Lanes: 4, 8, 16; lanes times groups: 12, 16, 24, 32.
#[test]
fn every_backend_agrees_at_every_count_and_length() {
    let backends = backends();
    let bytes = Random(2).bytes(1200);
    let mut counts = vec![0, 1, 2];
    for lanes in [4, 8, 12, 16, 24, 32] {
        counts.extend([lanes / 2 + 1, lanes - 1, lanes, lanes + 1, 2 * lanes + 1, 3 * lanes + 1]);
    }
    counts.sort_unstable();
    counts.dedup();
    for len in LENGTHS.into_iter().flatten() {
        // All different: each starts one byte further on.
        let messages: Vec<&[u8]> = (0..*counts.last().unwrap()).map(|i| &bytes[i..i + len]).collect();
        let expected: Vec<_> = messages.iter().map(|message| expected(message)).collect();
        for (&backend, &n) in backends.iter().flat_map(|b| counts.iter().map(move |n| (b, n))) {
            check(backend, &messages[..n], &expected[..n]);
        }
    }
}

/// Chunks of 512 messages are sorted by their number of blocks; more than 16 blocks share a place.
#[test]
fn every_backend_keeps_the_order_of_messages_of_mixed_lengths() {
    let backends = backends();
    let mut random = Random(3);
    let bytes = random.bytes(4096);
    for longest in [60, 130, 300, 3000] {
        for n in [2, 3, 17, 63, 64, 65, 200, 511, 512, 513, 1100] {
            let messages: Vec<&[u8]> = (0..n)
                .map(|_| {
                    let (start, len) = (random.below(1000), random.below(longest + 1));
                    &bytes[start..start + len]
                })
                .collect();
            let expected: Vec<_> = messages.iter().map(|message| expected(message)).collect();
            for &backend in &backends {
                check(backend, &messages, &expected);
            }
        }
    }
}

#[test]
fn every_backend_agrees_on_a_million_random_keys() {
    let backends = backends();
    let mut random = Random(4);
    let bytes = random.bytes(1 << 16);
    for batch in 0..1000 {
        // Mostly short keys and keys of one block, as in practice; every tenth batch goes beyond. Each batch tries
        // one of the two functions, to save time.
        let longest = match batch % 20 {
            0..2 => 250,
            2..10 => 27,
            _ => 55,
        };
        let messages: Vec<&[u8]> = (0..1000)
            .map(|_| {
                let (start, len) = (random.below(bytes.len() - longest), random.below(longest + 1));
                &bytes[start..start + len]
            })
            .collect();
        let expected: Vec<_> = messages.iter().map(|message| expected(message)).collect();
        let check = if batch % 2 == 0 { check_words } else { check_first_words };
        for &backend in &backends {
            check(backend, &messages, &expected);
        }
    }
}

#[test]
fn what_one_slice_has_in_excess_is_left_alone() {
    let messages = [&b"a"[..], b"b", b"c"];
    for backend in backends() {
        let mut out = [7; 5];
        first_word_many_with(backend, &messages, &mut out);
        assert_eq!(out, [first_word(b"a"), first_word(b"b"), first_word(b"c"), 7, 7], "{backend}");
        let mut out = [[7; 4]; 2];
        words_many_with(backend, &messages, &mut out);
        assert_eq!(out, [words(b"a"), words(b"b")], "{backend}");
        words_many_with(backend, &[], &mut out);
        words_many_with(backend, &messages, &mut []);
    }
    let mut out = [7; 4];
    first_word_many(&messages, &mut out);
    assert_eq!(out, [first_word(b"a"), first_word(b"b"), first_word(b"c"), 7]);
}

#[test]
fn a_backend_that_is_not_available_answers_all_the_same() {
    let mut out = [0; 100];
    for backend in Backend::ALL {
        out.fill(0);
        first_word_many_with(backend, &[&b"key"[..]; 100], &mut out);
        assert_eq!(out, [expected(b"key")[0]; 100], "{backend}");
    }
}

#[test]
fn the_detected_backend_is_the_last_of_the_available_ones() {
    let available = backends();
    assert_eq!(available.first(), Some(&Backend::Scalar));
    assert_eq!(available.last(), Some(&Backend::detect()));
    #[cfg(target_arch = "x86_64")]
    assert!(available.contains(&Backend::Sse2), "part of the architecture");
    #[cfg(target_arch = "x86_64")]
    assert_eq!(available.contains(&Backend::Avx2), std::is_x86_feature_detected!("avx2"));
    #[cfg(not(target_arch = "aarch64"))]
    assert!(!available.contains(&Backend::Neon), "part of another architecture");
    let names = Backend::ALL.map(|backend| backend.to_string());
    assert_eq!(names, ["scalar", "sse2", "avx2", "avx512", "neon"]);
}

/// Messages before a page that must not be touched.
#[cfg(unix)]
#[expect(unsafe_code, reason = "maps the two pages")]
mod guard_page {
    use std::{ptr, slice};

    use super::*;

    /// The bytes of a page that is followed by one that cannot be read; never unmapped.
    fn page_before_a_guard_page() -> &'static mut [u8] {
        // SAFETY: the call has no preconditions.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the system's choice touches no existing memory.
        let pages = unsafe {
            libc::mmap(ptr::null_mut(), 2 * size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        assert_ne!(pages, libc::MAP_FAILED);
        // SAFETY: the mapping is two pages long, so the second one starts within it.
        let guard = unsafe { pages.byte_add(size) };
        // SAFETY: the second page of the mapping above, to which nothing refers.
        assert_eq!(unsafe { libc::mprotect(guard, size, libc::PROT_NONE) }, 0);
        // SAFETY: the first page stays readable, writable and mapped, and nothing else refers to it.
        unsafe { slice::from_raw_parts_mut(pages.cast(), size) }
    }

    #[test]
    fn no_byte_beyond_a_message_is_read() {
        let page = page_before_a_guard_page();
        page.copy_from_slice(&Random(5).bytes(page.len()));
        let page = &*page;
        for len in LENGTHS.into_iter().flatten() {
            let message = &page[page.len() - len..];
            let expected = expected(message);
            assert_eq!(words(message), expected, "{len} bytes");
            assert_eq!(first_word(message), expected[0], "{len} bytes");
            for backend in backends() {
                check(backend, &[message; 70], &[expected; 70]);
            }
        }
    }
}
