//! set-consistenthash: Perl's Set::ConsistentHash, a circle of SHA-1 points read off into 1024 buckets.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, refused_option, up};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::{Key, Prepared};
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::{Points, Search};
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "set-consistenthash",
    aliases: &[],
    software: "Set::ConsistentHash",
    version: "0.92 under Perl 5.36",
    verified: "9 recorded files, 3,243 keys; 30,000 keys against the module; \
               111 random lists with 16,041 keys",
    fields: &[],
    weights: |_| Weights::AtLeast(f64::MIN),
    repeats: false,
    options: &[OptionSpec {
        name: "hash",
        kind: Kind::Word { default: None, words: &["crc32", "crc15", "none"] },
        meaning: "required: the caller's hash function; none: the key is a decimal number",
    }],
    health: Settings::NEVER,
    build,
};

const BUCKETS: u32 = 1024;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let key = key(options)?;
    // The buckets count against the limit like points.
    Placer::<u32>::new(options.max_points()).reserve(u64::from(BUCKETS))?;
    let mut points = Placer::new(options.max_points());
    // A server that is down was removed by the caller.
    for (server, index) in up(servers) {
        // Label: NAME-k, k from 1.
        let label = [&server.name[..], b"-"].concat();
        // Points: a hundred times the weight.
        let count = point_count(server.weight.as_f64());
        // Hash: the first four bytes of SHA-1 as a native number, little-endian on x86.
        points.labels(index, &label, 1..count.saturating_add(1), hash::SHA1.one)?;
    }
    // Order: Perl keeps points in a hash with a random order; of equal ones the earlier server is taken.
    // Search: each bucket has the first point at or above its place; keys go to buckets by their remainder.
    let points = Points::new(points.sorted(Ties::First)?)?;
    let slots = points.slots(BUCKETS, Search::AtOrAbove);
    if slots.is_empty() {
        return Ok(Rule::Nowhere);
    }
    // `target_of_point` asks the circle itself.
    Ok(Engine::buckets(key, slots, points, Next::Rebuild).into())
}

/// Perl cuts `weight * 100`, a product of doubles: weight 0.29 has 28 points. Negative weights have none.
fn point_count(weight: f64) -> u64 {
    (weight * 100.0) as u64
}

fn key(options: &Options) -> Result<Key<u32>, Error> {
    match options.word_if_set("hash") {
        Some("crc32") => Ok(Key::whole(&hash::CRC32)),
        Some("crc15") => Ok(Key::whole(&hash::CRC15)),
        Some(_) => Ok(Key::part(&hash::DECIMAL, "Perl number", |key| Prepared::Place(perl_bucket(key)))),
        None => Err(refused_option("set-consistenthash needs the option `hash`: crc32, crc15 or none")),
    }
}

/// Perl's `$key % 1024` for a text: what stands at its start is the number, 0 if that is none; a fraction is cut off,
/// and the result is never negative. Integers are exact in 64 bits, greater ones are rounded to doubles first.
fn perl_bucket(key: &[u8]) -> u32 {
    let (negative, number) = numeric_prefix(key);
    let exact = number.parse::<u64>().ok().filter(|&magnitude| !negative || magnitude <= 1 << 63);
    let remainder = match exact {
        Some(magnitude) => (magnitude % u64::from(BUCKETS)) as u32,
        None => (number.parse::<f64>().unwrap_or(0.0).trunc() % f64::from(BUCKETS)) as u32,
    };
    if negative { (BUCKETS - remainder) % BUCKETS } else { remainder }
}

/// The sign and the longest unsigned decimal number at the start of a text, after white space; empty if there is none.
fn numeric_prefix(text: &[u8]) -> (bool, &str) {
    let text = text.trim_ascii_start();
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let digits =
        |start: usize| start + text.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if text.get(end) == Some(&b'.') && (end > 0 || digits(1) > 1) {
        end = digits(end + 1);
    }
    if end > 0 && matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        if digits(exponent) > exponent {
            end = digits(exponent);
        }
    }
    (negative, std::str::from_utf8(&text[..end]).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers};
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_hundred_times_the_weight_is_cut_as_a_double() {
        for (weight, points) in
            [(0.29, 28), (0.005, 0), (0.5, 50), (3.0, 300), (-1.0, 0), (f64::MAX, u64::MAX)]
        {
            assert_eq!(point_count(weight), points, "{weight}");
        }
    }

    #[test]
    fn the_hash_function_has_to_be_named() {
        let message = ring(&DIALECT, &[], servers(&["a"])).unwrap_err();
        assert_eq!(message.kind(), ErrorKind::Option);
        assert_eq!(message.to_string(), "set-consistenthash needs the option `hash`: crc32, crc15 or none");
        assert!(ring(&DIALECT, &[("hash", "crc32")], servers(&["a"])).is_ok());
    }

    #[test]
    fn a_place_belongs_to_the_first_point_at_or_above_it_not_to_its_bucket() {
        let servers = [("a", 1.0), ("b", 0.37), ("c", 2.5)];
        let list = servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect();
        let ring = ring(&DIALECT, &[("hash", "crc32")], list).unwrap();
        let mut naive: Vec<(u32, u32)> = Vec::new();
        for (&(name, weight), index) in servers.iter().zip(0..) {
            let points =
                (1..=(weight * 100.0) as u32).map(|t| (hash::SHA1.one)(format!("{name}-{t}").as_bytes()));
            naive.extend(points.map(|point| (point, index)));
        }
        naive.sort_unstable();
        let mut unlike_its_bucket = 0;
        for place in naive.iter().flat_map(|&(point, _)| [point, point.wrapping_add(1)]).chain([0, u32::MAX])
        {
            let owner = naive.iter().find(|(point, _)| *point >= place).unwrap_or(&naive[0]).1;
            assert_eq!(ring.lookup_place(place.into()), Some(owner), "{place}");
            unlike_its_bucket += usize::from(ring.point((place >> 22) as usize).unwrap().1 != owner);
        }
        assert!(unlike_its_bucket > 0);
    }

    /// Seen with Perl: of a double 2^53 + 1 would be left 0.
    #[test]
    fn integers_of_64_bits_are_exact() {
        assert_eq!(["1e3", "2500.9", "-2500.9"].map(|key| perl_bucket(key.as_bytes())), [1000, 452, 572]);
        assert_eq!(
            ["9007199254740993", "-9007199254740993"].map(|key| perl_bucket(key.as_bytes())),
            [1, 1023]
        );
        assert_eq!(
            ["-1", "-1024", "18446744073709551615"].map(|key| perl_bucket(key.as_bytes())),
            [1023, 0, 1023]
        );
    }

    #[test]
    fn numbers_are_read_as_perl_reads_them() {
        let read = |text: &str| {
            let (negative, number) = numeric_prefix(text.as_bytes());
            (negative, number.to_owned())
        };
        assert_eq!(read(" \t-12.5e+3x"), (true, "12.5e+3".to_owned()));
        assert_eq!(read("1e"), (false, "1".to_owned()));
        assert_eq!(read("+.5."), (false, ".5".to_owned()));
        assert_eq!(read(".e1"), (false, String::new()));
        assert_eq!(read("e1"), (false, String::new()));
        assert_eq!(read("--1"), (true, String::new()));
        assert_eq!(read(""), (false, String::new()));
    }

    #[test]
    fn buckets_and_points_count_against_the_limit() {
        let build = |limit: &str, weight: f64| {
            let options = [("hash", "crc32"), ("max-points", limit)];
            ring(&DIALECT, &options, vec![Server::new("a", weight)]).map_err(|error| error.kind())
        };
        assert_eq!(build("1023", 1.0).unwrap_err(), ErrorKind::Limit);
        assert_eq!(build("1024", 10.25).unwrap_err(), ErrorKind::Limit);
        assert!(build("1024", 10.24).is_ok());
        assert_eq!(build("1024", f64::MAX).unwrap_err(), ErrorKind::Limit);
    }

    #[test]
    fn a_server_that_is_down_loses_its_buckets_and_no_other_bucket_moves() {
        let mut list = servers(&["a", "b", "c"]);
        let options = [("hash", "crc32")];
        let all = ring(&DIALECT, &options, list.clone()).unwrap();
        list[2].down = true;
        let two = ring(&DIALECT, &options, list).unwrap();
        for key in keys() {
            assert!(all.lookup(&key) == Some(2) || all.lookup(&key) == two.lookup(&key));
            assert_ne!(two.lookup(&key), Some(2));
        }
    }
}
