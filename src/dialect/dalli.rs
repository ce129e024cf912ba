//! Dalli (Ruby).

use super::option::{Kind, OptionSpec};
use super::{Dialect, Options, Weights, about};
use crate::error::{Error, ErrorKind};
use crate::hash;
use crate::health::{After, Settings};
use crate::key::{Key, joined};
use crate::point::{Placer, Ties, push_decimal};
use crate::rule::{Engine, Next, Rehash, Rule};
use crate::search::Search;
use crate::server::Server;
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "dalli",
    aliases: &[],
    software: "Dalli",
    version: "3.0.6",
    verified: "6 recorded files with 3,000 keys; the gem run on 84,000 keys, 2,500 with dead servers, 2,000 beyond \
               ASCII; namespaces were read only, keys of more than 250 characters are hashed whole here",
    fields: &[],
    weights: |_| Weights::Integers(0, i64::MAX),
    repeats: false,
    options: &[OptionSpec {
        name: "namespace",
        kind: Kind::Text,
        meaning: "hashed before every key, with a colon between",
    }],
    // Health: socket_max_failures and down_retry_delay of 3.0.6 (60 s in 2.7).
    health: Settings {
        failures: 2,
        retry: Some(Duration::from_secs(30)),
        after: After::Once,
        ..Settings::NEVER
    },
    build,
};

/// Points of a server of average weight.
const POINTS: u128 = 160;

/// How often a key is hashed, the first time included.
const TRIES: u32 = 20;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    if let [only] = servers {
        return Ok(if only.down { Rule::Nowhere } else { Rule::Only(0) });
    }
    let total: u128 = servers.iter().map(|server| u128::from(server.weight.as_count())).sum();
    if total == 0 {
        return Err(Error::new(ErrorKind::Server, "the weights add up to 0"));
    }
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        // Label: NAME:i, i from 0. Hash: the first four bytes of SHA-1, the first one highest.
        let prefix = [&*server.name, b":"].concat();
        let count = count(server.weight.as_count(), total, servers.len());
        let hash = hash::SHA1_BIG_ENDIAN.one;
        points.labels(index, &prefix, 0..count, hash).map_err(|error| about(server, error))?;
    }
    // Order: unstable in the software; here the earlier server has an equal point.
    // Search: the last point at or below the CRC-32 of the key.
    let next = Next::Rehash(Rehash { tries: TRIES, place, last_resort: false, lists: false });
    let namespace = options.text("namespace");
    let prefix = if namespace.is_empty() { String::new() } else { format!("{namespace}:") };
    let key = Key::prefixed(&hash::CRC32, prefix);
    Ok(Engine::ring(key, points, Ties::First, Search::AtOrBelow, next)?.into())
}

/// Points: `((servers * 160 * weight) / Float(total)).floor`; Ruby's integers do not overflow.
fn count(weight: u64, total: u128, servers: usize) -> u64 {
    let product = servers as u128 * POINTS * u128::from(weight);
    (product as f64 / total as f64) as u64
}

/// The place of try `number`: the key behind the number of earlier retries.
fn place(key: &[u8], number: u32, _: u32) -> u32 {
    let mut digits = Vec::with_capacity(10);
    push_decimal(&mut digits, u64::from(number) - 1);
    joined(&digits, key, hash::CRC32.one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ring, ServerList};

    fn list(weights: &[i64]) -> ServerList {
        let servers =
            weights.iter().zip(1..).map(|(&w, i)| Server::new(format!("10.0.0.{i}:1"), w)).collect();
        ServerList::new(&DIALECT, servers)
    }

    #[test]
    fn one_server_takes_every_key_while_it_is_up() {
        let ring = Ring::build(list(&[0])).unwrap();
        assert_eq!(ring.lookup(b"key"), Some(0));
        let down = ring.with_down(&[true]).unwrap();
        assert_eq!(down.lookup(b"key"), None);
        assert_eq!(down.with_down(&[false]).unwrap().lookup(b"key"), Some(0));
    }

    #[test]
    fn points_are_the_floor_of_a_quotient_of_doubles() {
        // Ruby: ((n * 160 * w) / Float(t)).floor.
        assert_eq!(count(600, 2450, 5), 195);
        assert_eq!(count(1, 3, 3), 160);
        assert_eq!(count(0, 3, 3), 0);
        assert_eq!(count(u64::MAX, u128::from(u64::MAX) * 2, 2), 160);
    }

    #[test]
    fn the_namespace_is_hashed_with_a_colon_in_retries_too() {
        let plain = Ring::build(list(&[1, 2, 1, 1])).unwrap();
        let mut named = list(&[1, 2, 1, 1]);
        named.options.set_text("namespace", "app").unwrap();
        let named = Ring::build(named).unwrap();
        let down = [false, true, false, true];
        let (plain_down, named_down) = (plain.with_down(&down).unwrap(), named.with_down(&down).unwrap());
        for number in 0..300 {
            let (short, long) = (format!("key-{number}"), format!("app:key-{number}"));
            assert_eq!(named.lookup(short.as_bytes()), plain.lookup(long.as_bytes()));
            assert_eq!(named_down.lookup(short.as_bytes()), plain_down.lookup(long.as_bytes()));
        }
    }

    #[test]
    fn a_living_server_is_looked_for_twenty_times() {
        let ring = Ring::build(list(&[1, 9])).unwrap();
        let down = ring.with_down(&[false, true]).unwrap();
        let Rule::Narrow(engine) = ring.rule() else { panic!("not a ring of 32 bits") };
        for number in 0..1000 {
            let key = format!("key-{number}");
            let texts = std::iter::once(key.clone()).chain((0..19).map(|number| format!("{number}{key}")));
            let mut tries = texts.map(|text| engine.index(hash::crc32::crc32(text.as_bytes())));
            let found = tries.any(|index| index.and_then(|index| engine.server(index)) == Some(0));
            assert_eq!(down.lookup(key.as_bytes()), found.then_some(0), "{key}");
        }
    }

    #[test]
    fn lists_go_downwards_from_the_key() {
        let ring = Ring::build(list(&[1, 1, 1])).unwrap();
        let Rule::Narrow(engine) = ring.rule() else { panic!("not a ring of 32 bits") };
        for number in 0..200 {
            let key = format!("key-{number}");
            let mut expected = Vec::new();
            let mut index = engine.index(hash::crc32::crc32(key.as_bytes())).unwrap();
            while expected.len() < 3 {
                let server = engine.server(index).unwrap();
                if !expected.contains(&server) {
                    expected.push(server);
                }
                index = index.checked_sub(1).unwrap_or(engine.len() - 1);
            }
            let mut out = [0; 3];
            assert_eq!(ring.lookup_n(key.as_bytes(), &mut out), 3);
            assert_eq!(out[..], expected);
        }
    }

    #[test]
    fn absurd_weights_are_shares_like_others() {
        assert!(Ring::build(list(&[i64::MAX, i64::MAX, i64::MAX])).is_ok());
        assert!(Ring::build(list(&[0, 0])).is_err());
        assert!(Ring::build(list(&[1, -1])).is_err());
    }
}
