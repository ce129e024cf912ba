//! Cache::Memcached::Fast (Perl): a ring of chained CRC-32, or slots without `ketama_points`.

use super::option::{Kind, OptionSpec};
use super::{Dialect, Options, Weights, about};
use crate::error::Error;
use crate::hash::{self, Hash, crc32};
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Slots, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cache-memcached-fast",
    aliases: &[],
    software: "Cache::Memcached::Fast",
    version: "0.28",
    verified: "13 recorded files with 6,500 keys; its source run on 36,000 keys with rings and 30,000 with slots, the \
               module on 10,000 with servers",
    fields: &[],
    weights: |options| {
        if options.int("ketama-points") > 0 { Weights::Above(0.0) } else { Weights::Integers(1, i64::MAX) }
    },
    repeats: false,
    options: &[
        OptionSpec {
            name: "ketama-points",
            kind: Kind::int(0, 0, i64::MAX),
            meaning: "points for each unit of weight; 0: no ring, each server counts as often as it weighs",
        },
        OptionSpec {
            name: "namespace",
            kind: Kind::Text,
            meaning: "prefix of all keys, hashed only with `hash-namespace`",
        },
        OptionSpec {
            name: "hash-namespace",
            kind: Kind::Bool(false),
            meaning: "hash the namespace with the key",
        },
    ],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let ketama_points = options.int("ketama-points");
    if servers.len() == 1 {
        return Ok(Rule::Only(0));
    }
    if ketama_points == 0 {
        let mut slots = Slots::new(options.max_points());
        for (server, index) in servers.iter().zip(0..) {
            slots.push(index, server.weight.as_count()).map_err(|error| about(server, error))?;
        }
        return Ok(Engine::slots(key(&hash::CRC15, options), slots, Next::Ignore).into());
    }
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        place(&mut points, index, server, ketama_points).map_err(|error| about(server, error))?;
    }
    // Search: the first point at or above the key's hash. Order: the server added first has an equal point.
    let key = key(&hash::CRC32, options);
    Ok(Engine::ring(key, points, Ties::First, Search::AtOrAbove, Next::Ignore)?.into())
}

/// Places the points of one server.
fn place(points: &mut Placer<u32>, index: u32, server: &Server, ketama_points: i64) -> Result<(), Error> {
    // Label: host, a zero byte, port; what follows the last colon is the port, whatever it is.
    let name = &server.name;
    let colon = name.iter().rposition(|&byte| byte == b':');
    let (host, port) = colon.map_or((&name[..], &[][..]), |colon| (&name[..colon], &name[colon + 1..]));
    // Hash: CRC-32 of the label, continued for each point over the point before (0 at first), little-endian.
    let base = crc32::crc32(&[host, b"\0", port].concat());
    // Points: as many as the product rounds to, halves up. The conversion saturates: too many are refused.
    let count = (ketama_points as f64 * server.weight.as_f64() + 0.5) as u64;
    points.crc32_chain(index, base, count)
}

/// The key, behind the namespace where that is hashed.
fn key(hash: &'static Hash<u32>, options: &Options) -> Key<u32> {
    let prefix = if options.bool("hash-namespace") { options.text("namespace") } else { "" };
    Key::prefixed(hash, prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::server::Weight;
    use crate::{Ring, ServerList};

    fn build(servers: &[(&str, Weight)], options: &[(&str, &str)]) -> Result<Ring, Error> {
        let servers = servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect();
        let mut list = ServerList::new(&DIALECT, servers);
        for (name, value) in options {
            list.options.set_text(name, value).unwrap();
        }
        Ring::build(list)
    }

    /// Values of the points of one server among two.
    fn points(name: &str, weight: Weight, ketama_points: &str) -> Vec<u32> {
        let ring = build(&[(name, weight), ("z", Weight::from(1))], &[("ketama-points", ketama_points)]);
        let Rule::Narrow(Engine { map: crate::rule::Map::Points(points, _), .. }) =
            ring.unwrap().rule().clone()
        else {
            panic!("not a ring of 32 bits")
        };
        points.iter().filter(|point| point.server == 0).map(|point| point.value).collect()
    }

    #[test]
    fn fractions_of_points_are_rounded_halves_up() {
        for (weight, count) in [(0.04, 0), (0.05, 1), (0.14, 1), (0.15, 2), (1.0, 10), (2.34, 23), (2.35, 24)]
        {
            assert_eq!(points("a:1", Weight::Fraction(weight), "10").len(), count, "{weight}");
        }
    }

    #[test]
    fn points_are_chained_from_host_and_port() {
        // zlib: crc32(point before, crc32(label)) from four zero bytes on.
        for (name, values) in [
            ("h:p", [0x0922_ce05, 0x8c90_e76b, 0xdce7_3d33]),
            ("h", [0x5565_2c94, 0x559b_df7a, 0x5e86_e8cb]),
            ("a:b:x", [0x2c1f_322a, 0x6c97_383e, 0x7b75_24e7]),
            ("/tmp/s:1", [0x3ead_4dcf, 0x8750_d425, 0xeaa6_c4f8]),
        ] {
            assert_eq!(points(name, Weight::from(1), "3"), values, "{name}");
        }
    }

    #[test]
    fn one_server_takes_every_key_whatever_its_weight() {
        let ring = build(&[("a", Weight::Fraction(1e-9))], &[("ketama-points", "1")]).unwrap();
        assert_eq!(ring.lookup(b"key"), Some(0));
    }

    #[test]
    fn slots_take_integers_and_rings_fractions() {
        let servers = [("a", Weight::from(1.5)), ("b", Weight::from(1))];
        assert_eq!(build(&servers, &[]).unwrap_err().kind(), ErrorKind::Server);
        assert!(build(&servers, &[("ketama-points", "10")]).is_ok());
        assert!(build(&[("a", Weight::from(0))], &[("ketama-points", "10")]).is_err());
        assert!(build(&[("a", Weight::from(0))], &[]).is_err());
    }

    #[test]
    fn absurd_counts_are_refused() {
        let huge = [("a", Weight::from(i64::MAX)), ("b", Weight::from(i64::MAX))];
        assert_eq!(build(&huge, &[]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(build(&huge, &[("ketama-points", "9")]).unwrap_err().kind(), ErrorKind::Limit);
        let vast = [("a", Weight::from(1e300)), ("b", Weight::from(1))];
        assert_eq!(build(&vast, &[("ketama-points", "9")]).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_namespace_that_is_not_hashed_changes_nothing() {
        let servers = ["a", "b", "c", "d", "e"].map(|name| (name, Weight::from(1)));
        for points in ["0", "40"] {
            let plain = build(&servers, &[("ketama-points", points)]).unwrap();
            let unhashed = build(&servers, &[("ketama-points", points), ("namespace", "n:")]).unwrap();
            let both = [("ketama-points", points), ("namespace", "n:"), ("hash-namespace", "true")];
            let hashed = build(&servers, &both).unwrap();
            for number in 0..100 {
                let key = format!("{number}");
                assert_eq!(unhashed.lookup(key.as_bytes()), plain.lookup(key.as_bytes()));
                assert_eq!(hashed.lookup(key.as_bytes()), plain.lookup(format!("n:{key}").as_bytes()));
            }
        }
    }
}
