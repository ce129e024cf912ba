//! xmemcached (Java): five locators.

use super::option::{Kind, OptionSpec};
use super::spymemcached::numbered;
use super::{Dialect, Field, Options, Weights, about, address};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::health::Settings;
use crate::key::{Key, joined};
use crate::memory;
use crate::point::{Placer, Point, Slots, Ties};
use crate::rule::{Candidate, Engine, Map, Next, Rehash, Rule, Scores};
use crate::search::{Points, Search};
use crate::server::Server;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) static DIALECT: Dialect = Dialect {
    name: "xmemcached",
    aliases: &[],
    software: "xmemcached",
    version: "2.4.9-1-g5d09c5d1, Java 17",
    verified: "21 recorded files with 10,080 keys (locators ketama and libmemcached); its classes run on 72,000 keys \
               with ketama, 2,500 with closed sessions, 24,000 each with libmemcached, election, array and php at \
               weight 1",
    fields: &[Field::Label],
    weights: |options| {
        if options.word("locator") == "ketama" { Weights::Integers(0, i64::MAX) } else { Weights::Ignored }
    },
    repeats: false,
    options: &[
        OptionSpec {
            name: "locator",
            kind: Kind::word("array", &["array", "ketama", "libmemcached", "election", "php"]),
            meaning: "how servers are chosen: remainder, one of two rings, greatest score, or PHP's remainder",
        },
        OptionSpec {
            name: "mode",
            kind: Kind::word("default", &["default", "nginx", "gwhalin"]),
            meaning: "locator ketama: what is hashed of a server",
        },
        OptionSpec {
            name: "hash",
            kind: Kind::word("native", &["native", "crc32"]),
            meaning: "locators array and php: String.hashCode or a CRC-32 cut to 15 bits",
        },
    ],
    // Health: a server is passed over while its connection is lost; `Fleet::succeeded` tells of a new connection.
    health: Settings { failures: 1, successes: 1, ..Settings::NEVER },
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    match options.word("locator") {
        "ketama" => ketama(servers, options),
        "libmemcached" => libmemcached(servers, options),
        "election" => election(servers),
        locator => remainder(servers, options, locator == "php"),
    }
}

/// Locator `ketama`.
fn ketama(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mode = options.word("mode");
    let labels: Vec<_> = servers.iter().map(|server| ketama_label(server, mode)).collect::<Result<_, _>>()?;
    let mut points = Placer::new(options.max_points());
    for (index, (server, label)) in (0..).zip(servers.iter().zip(&labels)) {
        // Label: TEXT-k, k from 0.
        let prefix = [label, &b"-"[..]].concat();
        // Points: 40 groups of four little-endian words for each unit of weight, however many servers there are.
        let groups = server.weight.as_count().saturating_mul(40);
        points.md5_groups(index, &prefix, groups, 4).map_err(|error| about(server, error))?;
    }
    // Hash: the first of these words. Search: the first point at or above the key's hash.
    let points = one_owner_each(&points.sorted(Ties::Keep)?, &labels)?;
    Ok(Rule::Narrow(Engine {
        key: Key::whole(&hash::MD5),
        map: Map::Points(Arc::new(Points::new(points)?), Search::AtOrAbove),
        next: Next::Rehash(Rehash {
            tries: u32::try_from(servers.len()).unwrap_or(u32::MAX).saturating_add(1),
            place: |key, number, before| before.wrapping_add(numbered(number.into(), key)),
            last_resort: true,
            lists: false,
        }),
    }))
}

fn ketama_label<'a>(server: &'a Server, mode: &str) -> Result<Cow<'a, [u8]>, Error> {
    match mode {
        "nginx" => address::resolved(server, |name| address::without_default_port(name).into()),
        "gwhalin" => Ok(server.label_or_name().into()),
        _ => socket_address(server),
    }
}

/// What Java writes for a socket address that was not looked up by name.
fn socket_address(server: &Server) -> Result<Cow<'_, [u8]>, Error> {
    address::resolved(server, |name| [b"/", name].concat().into())
}

/// Order: the software keeps all owners of a point, sorts them by their label, and takes number `point mod count`.
fn one_owner_each(points: &[Point<u32>], labels: &[Cow<'_, [u8]>]) -> Result<Vec<Point<u32>>, Error> {
    let choose = |equal: &[Point<u32>]| match equal {
        [only] => *only,
        _ => {
            let mut sorted = equal.to_vec();
            sorted.sort_by_key(|point| &labels[point.server as usize]);
            sorted[equal[0].value as usize % equal.len()]
        }
    };
    let mut chosen = Vec::new();
    memory::reserve(&mut chosen, points.len(), format_args!("{} points", points.len()))?;
    chosen.extend(points.chunk_by(|a, b| a.value == b.value).map(choose));
    Ok(chosen)
}

/// Locator `libmemcached`.
fn libmemcached(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        // Label: TEXT-i, i from 0; TEXT is the host, with its port unless that is 11211.
        let text =
            server.fields.label.as_deref().unwrap_or_else(|| address::without_default_port(&server.name));
        let prefix = [text, b"-"].concat();
        // Points: 100 for each server, whatever its weight. Hash: one-at-a-time for points and keys.
        points
            .labels(index, &prefix, 0..100, hash::ONE_AT_A_TIME.one)
            .map_err(|error| about(server, error))?;
    }
    // Order: the software picks one of equal points at random; here the earlier server has it. Search: as above.
    let key = Key::whole(&hash::ONE_AT_A_TIME);
    Ok(Engine::ring(key, points, Ties::First, Search::AtOrAbove, Next::Ignore)?.into())
}

/// Locator `election`: rendezvous hashing; of equal scores the first one stays.
fn election(servers: &[Server]) -> Result<Rule, Error> {
    let candidate = |(server, index)| {
        let text = socket_address(server)?.into();
        Ok(Candidate { server: index, text, digest: 0 })
    };
    Ok(Rule::Scores(Scores {
        name: "xmemcached election".to_owned(),
        prepare: None,
        digest: None,
        score: |key, _, candidate| joined(&candidate.text, key, hash::MD5.one).into(),
        candidates: servers.iter().zip(0..).map(candidate).collect::<Result<_, Error>>()?,
    }))
}

/// Locators `array` and `php`: the hash, or bits 16 to 30 of it, modulo the number of servers.
fn remainder(servers: &[Server], options: &Options, php: bool) -> Result<Rule, Error> {
    let hash = match (options.word("hash"), php) {
        ("native", false) => &hash::JAVA_STRING,
        ("native", true) => &hash::JAVA_STRING_15,
        (_, false) => &hash::CRC15,
        (_, true) => &ZERO,
    };
    let slots = Slots::one_each(servers.len() as u32, options.max_points())?;
    Ok(Engine::slots(Key::whole(hash), slots, Next::Ignore).into())
}

/// Bits 16 to 30 of a hash of 15 bits, so all keys go to the first server.
static ZERO: Hash<u32> =
    Hash { name: "zero", range: 1, one: |_| 0, many: |_, _, out| out.fill(0), kernel: true };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::md5;
    use crate::{Ring, ServerList};

    fn list(servers: Vec<Server>, options: &[(&str, &str)]) -> ServerList {
        let mut list = ServerList::new(&DIALECT, servers);
        for (name, value) in options {
            list.options.set_text(name, value).unwrap();
        }
        list
    }

    fn servers(count: usize) -> Vec<Server> {
        (1..=count).map(|i| Server::new(format!("10.30.0.{i}:11212"), 1)).collect()
    }

    #[test]
    fn array_divides_javas_hash_of_the_characters() {
        let ring = Ring::build(list(servers(7), &[])).unwrap();
        // String.hashCode of OpenJDK 17, as unsigned numbers.
        for (key, hash) in
            [("hello", 99_162_322_u32), ("polygenelubricants", 1 << 31), ("\u{1d11e}", 1_772_394)]
        {
            assert_eq!(ring.lookup(key.as_bytes()), Some(hash % 7), "{key}");
        }
    }

    #[test]
    fn array_with_crc32_divides_fifteen_bits() {
        let ring = Ring::build(list(servers(7), &[("hash", "crc32")])).unwrap();
        // The check value of CRC-32 is 0xcbf43926.
        assert_eq!(ring.lookup(b"123456789"), Some(0x4bf4 % 7));
    }

    #[test]
    fn php_divides_the_upper_bits_and_sends_all_keys_of_crc32_to_the_first_server() {
        let native = Ring::build(list(servers(7), &[("locator", "php")])).unwrap();
        assert_eq!(native.lookup(b"hello"), Some(((99_162_322 >> 16) & 0x7fff) % 7));
        assert_eq!(native.lookup(b"polygenelubricants"), Some(0));
        let crc = Ring::build(list(servers(7), &[("locator", "php"), ("hash", "crc32")])).unwrap();
        assert!((0..100).all(|number| crc.lookup(format!("{number}").as_bytes()) == Some(0)));
        assert_eq!(crc.shares(), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let mut list = [0; 7];
        assert_eq!(crc.lookup_n(b"key", &mut list), 7);
    }

    #[test]
    fn election_takes_the_greatest_hash_of_address_and_key() {
        let ring = Ring::build(list(servers(6), &[("locator", "election")])).unwrap();
        for number in 0..200 {
            let key = format!("key-{number}");
            let score = |i: &u32| md5::first_word(format!("/10.30.0.{}:11212{key}", i + 1).as_bytes());
            let mut order: Vec<u32> = (0..6).collect();
            order.sort_by_key(|i| std::cmp::Reverse(score(i)));
            let mut out = [0; 6];
            assert_eq!(ring.lookup_n(key.as_bytes(), &mut out), 6);
            assert_eq!(out[..], order);
            assert_eq!(ring.lookup(key.as_bytes()), Some(order[0]));
        }
    }

    #[test]
    fn of_equal_scores_the_first_server_wins() {
        let mut servers = servers(3);
        for server in &mut servers {
            server.fields.label = Some(b"same".to_vec());
        }
        let ring = Ring::build(list(servers, &[("locator", "election")])).unwrap();
        assert_eq!(ring.lookup(b"key"), Some(0));
    }

    #[test]
    fn the_owner_of_equal_points_follows_from_their_value() {
        let labels = [b"c".as_slice(), b"a", b"b"].map(Cow::Borrowed);
        let points: Vec<_> = [(9, 0), (9, 1), (9, 2), (10, 0), (10, 2), (11, 0), (12, 0), (12, 1), (12, 2)]
            .map(|(value, server)| Point::new(value, server))
            .to_vec();
        let owners: Vec<_> = one_owner_each(&points, &labels)
            .unwrap()
            .iter()
            .map(|point| (point.value, point.server))
            .collect();
        // 9 mod 3 = 0: "a"; 10 mod 2 = 0: "b" of "b" and "c"; 12 mod 3 = 0: "a".
        assert_eq!(owners, [(9, 1), (10, 2), (11, 0), (12, 1)]);
        let owners = one_owner_each(
            &[(10, 0), (10, 1), (10, 2)].map(|(value, server)| Point::new(value, server)),
            &labels,
        );
        // 10 mod 3 = 1: "b".
        assert_eq!(owners.unwrap(), [Point::new(10, 2)]);
    }

    #[test]
    fn with_all_sessions_closed_the_last_try_answers() {
        let ring = Ring::build(list(servers(4), &[("locator", "ketama")])).unwrap();
        let closed = ring.with_down(&[true; 4]).unwrap();
        for number in 0..200 {
            let key = format!("key-{number}");
            let mut place = md5::first_word(key.as_bytes());
            for number in 1..=4 {
                place = place.wrapping_add(md5::first_word(format!("{number}{key}").as_bytes()));
            }
            let Rule::Narrow(engine) = ring.rule() else { panic!("not a ring of 32 bits") };
            let last = engine.index(place).and_then(|index| engine.server(index));
            assert_eq!(closed.lookup(key.as_bytes()), last);
        }
    }

    #[test]
    fn only_hashed_addresses_need_a_label() {
        let host = || vec![Server::new("cache.example.net:11211", 1)];
        let built = |options: &[(&str, &str)]| Ring::build(list(host(), options)).is_ok();
        assert!(built(&[]));
        assert!(built(&[("locator", "php")]));
        assert!(built(&[("locator", "libmemcached")]));
        assert!(built(&[("locator", "ketama"), ("mode", "gwhalin")]));
        assert!(!built(&[("locator", "ketama")]));
        assert!(!built(&[("locator", "ketama"), ("mode", "nginx")]));
        assert!(!built(&[("locator", "election")]));
    }

    #[test]
    fn absurd_weights_are_refused_and_0_gives_no_points() {
        let weights = |first: i64| {
            let mut servers = servers(2);
            servers[0].weight = first.into();
            Ring::build(list(servers, &[("locator", "ketama")]))
        };
        assert!(weights(i64::MAX).is_err());
        assert!(weights(-1).is_err());
        let ring = weights(0).unwrap();
        assert!((0..100).all(|number| ring.lookup(format!("{number}").as_bytes()) == Some(1)));
    }
}
