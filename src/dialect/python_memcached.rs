//! python-memcached (Python).

use super::{Dialect, Options, Weights, about};
use crate::error::Error;
use crate::hash::{self, crc32::crc15};
use crate::health::{After, Settings};
use crate::key::Key;
use crate::point::{Slots, push_decimal};
use crate::rule::{Engine, Next, Rehash, Rule};
use crate::server::Server;
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "python-memcached",
    aliases: &[],
    software: "python-memcached",
    version: "1.62",
    verified: "6 recorded files with 3,000 keys; the package run on 24,000 keys, 2,500 of others with dead servers",
    fields: &[],
    weights: |_| Weights::Integers(0, i64::MAX),
    repeats: false,
    options: &[],
    // Health: dead_retry.
    health: Settings {
        failures: 1,
        retry: Some(Duration::from_secs(30)),
        after: After::Once,
        ..Settings::NEVER
    },
    build,
};

/// How often a key is hashed, the first time included.
const TRIES: u32 = 10;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    // Label: none, no server is hashed. Points: none, but slots: each server as often as it weighs. Order: list order.
    let mut slots = Slots::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        slots.push(index, server.weight.as_count()).map_err(|error| about(server, error))?;
    }
    // Hash: CRC-32 cut to 15 bits. Search: the hash modulo the number of slots.
    let next = Next::Rehash(Rehash { tries: TRIES, place, last_resort: false, lists: false });
    Ok(Engine::slots(Key::whole(&hash::CRC15), slots, next).into())
}

/// The hash of try `number`: that of the hash before and the number of earlier retries, both in decimal digits. The
/// key does not enter again.
fn place(_: &[u8], number: u32, before: u32) -> u32 {
    let mut text = Vec::with_capacity(12);
    push_decimal(&mut text, before.into());
    push_decimal(&mut text, u64::from(number) - 1);
    crc15(&text)
}

#[cfg(test)]
mod tests {
    //! Answers of python-memcached 1.62 whose connections were replaced by a list of dead servers.
    use super::*;
    use crate::error::ErrorKind;
    use crate::{Ring, ServerList};

    fn ring(weights: &[i64]) -> Result<Ring, Error> {
        let servers =
            weights.iter().zip(1..).map(|(&w, i)| Server::new(format!("10.0.0.{i}:1"), w)).collect();
        Ring::build(ServerList::new(&DIALECT, servers))
    }

    #[test]
    fn a_server_has_as_many_slots_as_it_weighs() {
        let ring = ring(&[0, 3, 1]).unwrap();
        for (number, server) in [2, 1, 1, 1, 1, 1, 1, 2].into_iter().enumerate() {
            assert_eq!(ring.lookup(format!("key-{number}").as_bytes()), Some(server), "{number}");
        }
    }

    #[test]
    fn after_ten_tries_there_is_no_answer() {
        let ring = ring(&[0, 3, 1]).unwrap().with_down(&[false, true, false]).unwrap();
        for number in 0..24 {
            let expected = (![5, 13, 17].contains(&number)).then_some(2);
            assert_eq!(ring.lookup(format!("key-{number}").as_bytes()), expected, "{number}");
        }
        assert_eq!(ring.with_down(&[false, true, true]).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn without_weight_there_is_no_answer() {
        assert_eq!(ring(&[0]).unwrap().lookup(b"key"), None);
        assert_eq!(ring(&[0]).unwrap().with_down(&[true]).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn absurd_weights_are_refused() {
        assert_eq!(ring(&[i64::MAX, i64::MAX, 2]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(ring(&[1, -1]).unwrap_err().kind(), ErrorKind::Server);
    }
}
