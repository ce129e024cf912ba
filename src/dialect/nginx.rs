//! nginx 1.22.1, `hash KEY` and `hash KEY consistent` of an upstream.
//!
//! Where nginx falls back to round robin the answer depends on what it did before: here there is none.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, about};
use crate::error::Error;
use crate::hash::{self, Hash, crc32};
use crate::health::{After, Settings};
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties, push_decimal};
use crate::rule::{Engine, Next, Rehash, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "nginx",
    aliases: &[],
    software: "nginx upstream `hash`",
    version: "1.22.1",
    verified: "20 recorded files with 8,830 keys; against nginx itself 12 upstreams x 2,200 keys, 4 upstreams x 2,200 keys \
               with a dead peer, and 12 keys for each number of tries from 17 to 24",
    fields: &[],
    weights: |_| Weights::Integers(1, i64::MAX),
    repeats: false,
    options: &[OptionSpec {
        name: "consistent",
        kind: Kind::Bool(false),
        meaning: "whether the line is `hash KEY consistent`, a ring, and not `hash KEY`, a remainder",
    }],
    // Health: max_fails and fail_timeout, counted by nginx in whole seconds, which is not modelled; max_fails=0 is
    // `failures: 0`. A server that nginx takes by round robin after too many tries is not seen here.
    health: Settings {
        failures: 1,
        retry: Some(Duration::from_secs(10)),
        after: After::Trial,
        spares_single: true,
        ..Settings::NEVER
    },
    build,
};

/// More tries than this, the first one not counted, and nginx falls back to round robin.
const RETRIES: u32 = 20;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    match servers {
        [only] if only.down => Ok(Rule::Nowhere),
        [_] => Ok(Rule::Only(0)),
        _ if options.bool("consistent") => consistent(servers, options),
        _ => modulo(servers, options),
    }
}

/// Round robin takes the empty key.
fn key(hash: &'static Hash<u32>) -> Key<u32> {
    Key::part(hash, "nginx: not the empty key", |key| {
        if key.is_empty() { Prepared::Nowhere } else { Prepared::Bytes(key.into()) }
    })
}

fn consistent(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for (index, server) in (0..).zip(servers) {
        // Points: 160 for each unit of weight.
        let count = server.weight.as_count().saturating_mul(160);
        // Label: host, a zero byte, port as written, and the point before it in four bytes, 0 before the first.
        let (host, port) = host_and_port(&server.name);
        let start = crc32::crc32(&[host, b"\0", port].concat());
        // Hash: CRC-32, of keys too.
        points.crc32_chain(index, start, count).map_err(|error| about(server, error))?;
    }
    // Order: of equal points only the first stays, also when its server is down.
    // Search: the first point at or above the key's hash, then point by point; each point passed over counts as a try.
    let next = Next::Points { tries: Some(RETRIES) };
    Ok(Engine::ring(key(&hash::CRC32), points, Ties::First, Search::AtOrAbove, next)?.into())
}

/// A socket's path without `unix:`, in whatever case that is written, has no port.
fn host_and_port(name: &[u8]) -> (&[u8], &[u8]) {
    match name.split_at_checked(5) {
        Some((scheme, path)) if scheme.eq_ignore_ascii_case(b"unix:") => (path, b""),
        _ => {
            let split = HostPort::split(name);
            (split.host, split.port.unwrap_or(b""))
        }
    }
}

/// Each server as many slots as it weighs, also when it is down; a try that meets such a server adds to the place.
fn modulo(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut slots = Slots::new(options.max_points());
    for (index, server) in (0..).zip(servers) {
        slots.push(index, server.weight.as_count()).map_err(|error| about(server, error))?;
    }
    let next = Next::Rehash(Rehash { tries: RETRIES + 1, place: rehashed, last_resort: false, lists: false });
    Ok(Engine::slots(key(&hash::CRC15), slots, next).into())
}

/// The sum of all tries so far: 21 of 15 bits do not overflow.
fn rehashed(key: &[u8], number: u32, sum: u32) -> u32 {
    let mut numbered = Vec::with_capacity(key.len() + 2);
    push_decimal(&mut numbered, number.into());
    numbered.extend_from_slice(key);
    sum.wrapping_add(crc32::crc15(&numbered))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, list, ring, servers, weighing};
    use super::*;
    use crate::error::ErrorKind;

    const CONSISTENT: &[(&str, &str)] = &[("consistent", "true")];

    #[test]
    fn a_port_is_hashed_only_if_it_is_written() {
        for (name, host, port) in [
            ("127.0.0.2:80", "127.0.0.2", "80"),
            ("127.0.0.2", "127.0.0.2", ""),
            ("[::1]:8080", "[::1]", "8080"),
            ("[::1]", "[::1]", ""),
            ("backend.example:080", "backend.example", "080"),
            ("unix:/run/a.sock", "/run/a.sock", ""),
            ("UNix:/run/a:1", "/run/a:1", ""),
            ("unix", "unix", ""),
        ] {
            assert_eq!(host_and_port(name.as_bytes()), (host.as_bytes(), port.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_greater_weight_only_appends_points() {
        let points = |weights: &[i64]| -> Vec<_> {
            let ring = ring(&DIALECT, CONSISTENT, weighing(weights)).unwrap();
            (0..ring.point_count()).filter_map(|index| ring.point(index)).collect()
        };
        let (before, after) = (points(&[1, 2]), points(&[3, 2]));
        assert_eq!((before.len(), after.len()), (480, 800));
        assert!(before.iter().all(|point| after.contains(point)));
    }

    #[test]
    fn places_of_the_remainder_rule_are_the_sums_of_all_tries() {
        let ring = ring(&DIALECT, &[], weighing(&[2, 3, 1, 4])).unwrap();
        let down = ring.with_down(&[true, false, true, true]).unwrap();
        for key in keys() {
            let mut sum = 0;
            let naive = (0..=20).find_map(|number| {
                let prefix = if number == 0 { String::new() } else { number.to_string() };
                sum += hash::crc32::crc15(&[prefix.as_bytes(), &key].concat());
                ([0, 0, 1, 1, 1, 2, 3, 3, 3, 3][sum as usize % 10] == 1).then_some(1)
            });
            assert_eq!(down.lookup(&key), naive);
        }
    }

    #[test]
    fn the_21st_point_still_answers_and_the_22nd_does_not() {
        let ring = ring(&DIALECT, CONSISTENT, weighing(&[55, 1])).unwrap();
        let down = ring.with_down(&[true, false]).unwrap();
        let (mut found, mut lost) = (false, false);
        let mut key = b"10.0.0.1\x0011211\0\0\0\0".to_vec();
        for _ in 0..55 * 160 {
            // The label of a point, taken as a key, lies on that point.
            let index = ring.position(&key).unwrap();
            let owner = |step: usize| ring.point((index + step) % ring.point_count()).unwrap().1;
            let skipped = (0..).take_while(|&step| owner(step) == 0).count();
            assert_eq!(down.lookup(&key), (skipped <= 20).then_some(1));
            found |= skipped == 20;
            lost |= skipped == 21;
            let point = crc32::crc32(&key);
            key.truncate(key.len() - 4);
            key.extend_from_slice(&point.to_le_bytes());
        }
        assert!(found && lost);
    }

    #[test]
    fn lists_are_complete_also_after_more_than_20_tries() {
        for options in [CONSISTENT, &[]] {
            let ring = ring(&DIALECT, options, weighing(&[100, 1, 1])).unwrap();
            let down = ring.with_down(&[true, false, false]).unwrap();
            let nowhere: Vec<_> = keys().filter(|key| down.lookup(key).is_none()).collect();
            assert!(!nowhere.is_empty());
            for key in nowhere {
                let mut servers = list(&down, &key);
                servers.sort_unstable();
                assert_eq!(servers, [1, 2]);
            }
        }
    }

    #[test]
    fn a_single_server_takes_every_key_and_no_key_while_it_is_down() {
        for options in [CONSISTENT, &[]] {
            let up = ring(&DIALECT, options, servers(&["a"])).unwrap();
            assert_eq!((up.lookup(b""), up.lookup(b"key")), (Some(0), Some(0)));
            let down = up.with_down(&[true]).unwrap();
            assert_eq!((down.lookup(b""), down.lookup(b"key")), (None, None));
            let two = ring(&DIALECT, options, servers(&["a", "b"])).unwrap();
            assert_eq!(two.lookup(b""), None);
            assert!(two.lookup(b"key").is_some());
        }
    }

    #[test]
    fn weights_that_need_too_many_points_are_refused_with_their_server() {
        let error = ring(&DIALECT, CONSISTENT, weighing(&[1, 1_000_000])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("10.0.0.2:11211"), "{error}");
        assert!(ring(&DIALECT, CONSISTENT, weighing(&[1, i64::MAX])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX, i64::MAX])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[0, 1])).is_err());
    }
}
