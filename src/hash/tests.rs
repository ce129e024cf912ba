//! What all hash functions share: the messages that the tables of known values stand for, and the
//! checks of the table of rows.
use super::*;

/// The test message of a length: byte `i` is 37 * length + 101 * i + 128, modulo 256. Low and high
/// bytes alternate, so each place of a tail sees both.
pub fn message(length: usize) -> Vec<u8> {
    (0..length).map(|i| (37 * length + 101 * i + 128) as u8).collect()
}

/// Checks a function against the results that another implementation gave for the messages of
/// lengths 0 to 40.
#[track_caller]
pub fn agree<T: PartialEq + std::fmt::LowerHex>(hash: impl Fn(&[u8]) -> T, expected: &[T; 41]) {
    for (length, expected) in expected.iter().enumerate() {
        let result = hash(&message(length));
        assert!(result == *expected, "length {length}: {result:#x}, not {expected:#x}");
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = ROWS_32.iter().map(|row| row.name).collect();
    names.extend(ROWS_64.iter().map(|row| row.name));
    names.extend(ROWS_128.iter().map(|row| row.name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_batch_gives_what_its_messages_give_one_by_one() {
    let messages: Vec<_> = (0..=40).map(message).collect();
    let messages: Vec<_> = messages.iter().map(Vec::as_slice).collect();
    fn check<T: Copy + Default + PartialEq + std::fmt::Debug>(row: &Hash<T>, messages: &[&[u8]]) {
        let expected: Vec<_> = messages.iter().map(|message| (row.one)(message)).collect();
        for backend in md5::Backend::available() {
            let mut out = vec![T::default(); messages.len()];
            (row.many)(backend, messages, &mut out);
            assert_eq!(out, expected, "{} by {backend}", row.name);
        }
    }
    ROWS_32.iter().for_each(|row| check(row, &messages));
    ROWS_64.iter().for_each(|row| check(row, &messages));
    ROWS_128.iter().for_each(|row| check(row, &messages));
}

#[test]
fn results_stay_below_the_range() {
    for row in ROWS_32.iter().filter(|row| row.range != 0) {
        for number in 0u32..100_000 {
            assert!(u64::from((row.one)(&number.to_le_bytes())) < row.range, "{}", row.name);
        }
    }
}

/// Results for one key, made with the software that each file's tests name.
#[test]
fn each_row_calls_the_function_of_its_name() {
    const KEY: &[u8] = b"12345@\xff";
    let rows = [
        ("md5", 0x08819c28),
        ("crc32", 0xbcd9fd6d),
        ("crc32-signed", 0x3cd9fd6d),
        ("crc15", 0x00003cd9),
        ("crc16-twemproxy", 0x543e7c6d),
        ("one-at-a-time", 0x14eda884),
        ("fnv1-64", 0xfb936c35),
        ("fnv1a-64", 0x86f4c7d5),
        ("fnv1-32", 0x4023eab5),
        ("fnv1a-32", 0x53269015),
        ("fnv1a-32-unsigned", 0x1ada1d15),
        ("hsieh", 0x86299a9e),
        ("murmur", 0xa2c15efd),
        ("jenkins", 0x492d43c7),
        ("murmur3-libmemcached", 0xba7d452d),
        ("murmur3-x86-32", 0x3ff2c881),
        ("sdbm", 0x68b53f72),
        ("djb2", 0x37ff7de3),
        ("wt6", 0x7ea234b3),
        ("sdbm-avalanche", 0x7672b20f),
        ("djb2-avalanche", 0x31fbed7d),
        ("wt6-avalanche", 0xc296d97a),
        ("crc32-avalanche", 0x9eccea6e),
        ("decimal", 0x00003039),
        ("decimal-avalanche", 0xf6523c53),
        ("sha1", 0xf51aaf78),
        ("sha1-big-endian", 0x78af1af5),
        ("sha256", 0x25d978f7),
        ("sha256-last", 0x3ee1e45a),
        ("sha512", 0x3f0ecc35),
        ("xxh3-low", 0xf67a33b4),
        ("java-string", 0x784bc730),
        ("java-string-15", 0x0000784b),
    ];
    for row in ROWS_32 {
        assert!(rows.contains(&(row.name, (row.one)(KEY))), "{}", row.name);
    }
    let rows = [
        ("xxh64", 0x56a885d33f2feb6b),
        ("xxh3", 0x7d2d6f3cf67a33b4),
        ("md5-wide", 0x0881_9c28),
        ("murmur64a", 0xc1fb70f6507445de),
        ("murmur3-cassandra", 0x502e1da99a4e529b),
    ];
    for row in ROWS_64 {
        assert!(rows.contains(&(row.name, (row.one)(KEY))), "{}", row.name);
    }
    let rows = [("md5-128", 0x289c8108e4bff54c72ff906fdac13360)];
    for row in ROWS_128 {
        assert!(rows.contains(&(row.name, (row.one)(KEY))), "{}", row.name);
    }
}
