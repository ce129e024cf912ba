//! Envoy: the load balancing policies ring hash and Maglev.

use super::option::{Kind, OptionSpec};
use super::{Dialect, Field, Options, Weights, about, refused};
use crate::error::{Error, ErrorKind};
use crate::hash::{self, Hash, xxhash::xxh64};
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties, reserve};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "envoy",
    aliases: &[],
    software: "Envoy",
    version: "1.40.0",
    verified: "14 recorded files with 7,000 keys; the proxy run on 35,000 requests with ring hash and 25,000 with Maglev",
    fields: &[Field::Label],
    weights: |_| Weights::Integers(1, i64::MAX),
    repeats: false,
    options: &[
        OptionSpec {
            name: "policy",
            kind: Kind::word("ring-hash", &["ring-hash", "maglev"]),
            meaning: "a ring of points or a table of slots",
        },
        OptionSpec {
            name: "hash-function",
            kind: Kind::word("xx-hash", &["xx-hash", "murmur-hash-2"]),
            meaning: "ring-hash: the hash of the points; keys are always hashed by XXH64",
        },
        OptionSpec {
            name: "minimum-ring-size",
            kind: Kind::int(1024, 1, i64::MAX),
            meaning: "ring-hash: the least number of points",
        },
        OptionSpec {
            name: "maximum-ring-size",
            kind: Kind::int(8_388_608, 1, i64::MAX),
            meaning: "ring-hash: the greatest number of points",
        },
        OptionSpec {
            name: "table-size",
            kind: Kind::int(65_537, 2, u32::MAX as i64),
            meaning: "maglev: the number of slots, a prime",
        },
    ],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    if let Some(down) = servers.iter().find(|server| server.down) {
        return Err(refused(down, "no rule is known for an Envoy host that is down"));
    }
    if options.word("policy") == "maglev" { maglev(servers, options) } else { ring_hash(servers, options) }
}

/// Each server's part of the total weight, as doubles.
fn shares(servers: &[Server]) -> Vec<f64> {
    let total: u128 = servers.iter().map(|server| u128::from(server.weight.as_count())).sum();
    servers.iter().map(|server| server.weight.as_count() as f64 / total as f64).collect()
}

fn ring_hash(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let shares = shares(servers);
    let scale = scale(&shares, options)?;
    let hash: &Hash<u64> =
        if options.word("hash-function") == "xx-hash" { &hash::XXH64 } else { &hash::MURMUR64A };
    let mut points = Placer::new(options.max_points());
    points.reserve(scale.ceil() as u64)?;
    // Points: as many as the running sum of the scaled shares has reached by the end of each server.
    let (mut target, mut current) = (0.0, 0.0);
    for ((server, share), index) in servers.iter().zip(shares).zip(0..) {
        target += scale * share;
        let mut count = 0;
        while current < target {
            count += 1;
            current += 1.0;
        }
        // Label: TEXT_i, i from 0 for each server. Hash: 64 bits, seed 0 (XXH64) or 0xc70f6907 (murmur).
        let prefix = [server.label_or_name(), b"_"].concat();
        points.labels(index, &prefix, 0..count, hash.one).map_err(|error| about(server, error))?;
    }
    // Order: unstable in the software; here the earlier server has an equal point.
    // Search: the first point at or above the key's hash. Rebuild: so that a host that goes down is refused.
    Ok(Engine::ring(Key::whole(&hash::XXH64), points, Ties::First, Search::AtOrAbove, Next::Rebuild)?.into())
}

/// Points in all: so many that the lightest server has a whole number of them, between the limits.
fn scale(shares: &[f64], options: &Options) -> Result<f64, Error> {
    let (least, most) = (options.int("minimum-ring-size"), options.int("maximum-ring-size"));
    if least > most {
        let message = format!("option `minimum-ring-size` is {least}, above `maximum-ring-size`, {most}");
        return Err(Error::new(ErrorKind::Option, message));
    }
    let lightest = shares.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(((lightest * least as f64).ceil() / lightest).min(most as f64))
}

fn maglev(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let size = options.int("table-size").cast_unsigned();
    if !is_prime(size) {
        let message = format!("option `table-size` takes a prime, not `{size}`");
        return Err(Error::new(ErrorKind::Option, message));
    }
    let mut table = Vec::new();
    reserve(&mut table, size, options.max_points(), "slots")?;
    table.resize(size as usize, FREE);
    fill(&mut table, size, servers);
    Ok(Engine::slots(Key::whole(&hash::XXH64), table, Next::Rebuild).into())
}

/// One server on its way through the table.
struct Walker<'a> {
    label: &'a [u8],
    server: u32,
    share: f64,
    /// Below this the server's part of the rounds so far earns it no slot.
    target: f64,
    /// The next slot to look at, and how far it is from there to the one after.
    slot: u64,
    skip: u64,
}

/// A slot that nobody has taken yet; no server has this index.
const FREE: u32 = u32::MAX;

/// Gives each slot an owner: in rounds, each server takes the next free slot of its own permutation of the table.
fn fill(table: &mut [u32], size: u64, servers: &[Server]) {
    let walkers = servers.iter().zip(shares(servers)).zip(0..);
    let mut walkers: Vec<Walker<'_>> = walkers
        .map(|((server, share), index)| {
            let label = server.label_or_name();
            let (slot, skip) = (xxh64(label, 0) % size, xxh64(label, 1) % (size - 1) + 1);
            Walker { label, server: index, share, target: 0.0, slot, skip }
        })
        .collect();
    walkers.sort_by_key(|walker| walker.label);
    let greatest = walkers.iter().map(|walker| walker.share).fold(0.0, f64::max);
    let mut left = size;
    let mut round = 0.0;
    while left > 0 {
        round += 1.0;
        for walker in &mut walkers {
            if left == 0 {
                break;
            }
            if round * walker.share < walker.target {
                continue;
            }
            walker.target += greatest;
            // The table's size is a prime, so the permutation meets every slot, and some slot is free.
            while table[walker.slot as usize] != FREE {
                walker.slot = (walker.slot + walker.skip) % size;
            }
            table[walker.slot as usize] = walker.server;
            walker.slot = (walker.slot + walker.skip) % size;
            left -= 1;
        }
    }
}

/// By trial division: the number has at most 32 bits.
fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Map;
    use crate::{Ring, ServerList};

    fn build(servers: &[(&str, i64)], options: &[(&str, &str)]) -> Result<Ring, Error> {
        let servers = servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect();
        let mut list = ServerList::new(&DIALECT, servers);
        for (name, value) in options {
            list.options.set_text(name, value)?;
        }
        Ring::build(list)
    }

    fn owners(ring: &Ring) -> Vec<u32> {
        let Rule::Wide(engine) = ring.rule() else { panic!("no 64 bits") };
        match &engine.map {
            Map::Points(points, _) => points.iter().map(|point| point.server).collect(),
            Map::Slots(slots) => slots.to_vec(),
            Map::Buckets(..) | Map::Jump(_) => panic!("neither points nor slots"),
        }
    }

    fn counts(ring: &Ring) -> Vec<usize> {
        let owners = owners(ring);
        (0..ring.servers().len() as u32).map(|i| owners.iter().filter(|&&owner| owner == i).count()).collect()
    }

    #[test]
    fn the_ring_grows_until_the_lightest_server_has_whole_points() {
        let count =
            |servers: &[(&str, i64)], options: &[(&str, &str)]| counts(&build(servers, options).unwrap());
        assert_eq!(count(&[("a", 1)], &[]), [1024]);
        // ceil(1024 / 3) = 342 for each of three.
        assert_eq!(count(&[("a", 1), ("b", 1), ("c", 1)], &[]), [342, 342, 342]);
        // ceil(64 / 4) = 16 for each unit of weight.
        assert_eq!(count(&[("a", 1), ("b", 2), ("c", 1)], &[("minimum-ring-size", "64")]), [16, 32, 16]);
        // ceil(1 / 2) = 1.
        assert_eq!(count(&[("a", 1), ("b", 1)], &[("minimum-ring-size", "1")]), [1, 1]);
    }

    #[test]
    fn the_greatest_size_cuts_the_ring_and_light_servers_may_get_nothing() {
        let options = [("minimum-ring-size", "4"), ("maximum-ring-size", "10")];
        let ring = build(&[("a", 1), ("b", 98), ("c", 1)], &options).unwrap();
        // Running sums 0.1, 9.9, 10: the first point of each is placed as soon as the sum passes a whole number.
        assert_eq!(counts(&ring), [1, 9, 0]);
    }

    #[test]
    fn the_least_size_may_not_exceed_the_greatest() {
        let servers = [("a", 1)];
        let error = |options: &[(&str, &str)]| build(&servers, options).unwrap_err().kind();
        assert_eq!(error(&[("maximum-ring-size", "1023")]), ErrorKind::Option);
        assert_eq!(error(&[("minimum-ring-size", "8388609")]), ErrorKind::Option);
        assert!(build(&servers, &[("maximum-ring-size", "1024")]).is_ok());
        assert!(build(&servers, &[("maximum-ring-size", "1"), ("policy", "maglev")]).is_ok());
    }

    #[test]
    fn a_table_size_that_is_no_prime_is_refused() {
        let error = |size| build(&[("a", 1)], &[("policy", "maglev"), ("table-size", size)]).map(|_| ());
        for size in ["65536", "4", "9", "4294967295", "1", "0"] {
            assert_eq!(error(size).unwrap_err().kind(), ErrorKind::Option, "{size}");
        }
        for size in ["2", "3", "251", "65537"] {
            assert!(error(size).is_ok(), "{size}");
        }
        assert_eq!(error("4294967291").unwrap_err().kind(), ErrorKind::Limit);
        assert!(build(&[("a", 1)], &[("table-size", "4")]).is_ok());
    }

    #[test]
    fn maglev_takes_servers_in_the_byte_order_of_their_labels() {
        let options = [("policy", "maglev"), ("table-size", "23")];
        let names = ["127.0.0.1:1", "127.0.0.10:1", "127.0.0.2:1"];
        // The specification's rule written in Python and run; with the first two servers swapped slots differ.
        let expected = [1, 0, 1, 1, 0, 0, 0, 2, 2, 2, 0, 0, 2, 0, 1, 1, 0, 1, 2, 2, 2, 1, 1];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let ring = build(&order.map(|i: usize| (names[i], 1)), &options).unwrap();
            let owners: Vec<usize> = owners(&ring).iter().map(|&owner| order[owner as usize]).collect();
            assert_eq!(owners, expected);
        }
        let weighted = build(&[(names[0], 1), (names[1], 2), (names[2], 5)], &options).unwrap();
        let expected = [1, 0, 1, 1, 0, 2, 2, 2, 2, 2, 2, 2, 2, 0, 2, 2, 1, 1, 2, 2, 2, 2, 1];
        assert_eq!(owners(&weighted), expected);
    }

    #[test]
    fn maglev_gives_slots_by_weight() {
        let options = [("policy", "maglev")];
        let ring = build(&[("a", 1), ("b", 2), ("c", 5)], &options).unwrap();
        let counts = counts(&ring);
        assert_eq!(counts.iter().sum::<usize>(), 65_537);
        for (count, weight) in counts.iter().zip([1, 2, 5]) {
            assert!(count.abs_diff(65_537 * weight / 8) <= 3, "{counts:?}");
        }
    }

    #[test]
    fn more_servers_than_slots_fill_the_table_once() {
        let ring =
            build(&[("a", 1), ("b", 1), ("c", 1)], &[("policy", "maglev"), ("table-size", "2")]).unwrap();
        assert_eq!(counts(&ring).iter().sum::<usize>(), 2);
    }

    #[test]
    fn a_host_that_is_down_is_refused_also_later() {
        for policy in ["ring-hash", "maglev"] {
            let ring = build(&[("a", 1), ("b", 1)], &[("policy", policy)]).unwrap();
            assert_eq!(ring.with_down(&[false, true]).unwrap_err().kind(), ErrorKind::Server);
            assert!(ring.with_down(&[false, false]).is_ok());
        }
    }

    #[test]
    fn absurd_sizes_and_weights_end_in_an_error_or_a_ring() {
        let absurd = [("a", 1), ("b", i64::MAX), ("c", i64::MAX)];
        let huge =
            [("minimum-ring-size", "9223372036854775807"), ("maximum-ring-size", "9223372036854775807")];
        assert_eq!(build(&absurd, &huge).unwrap_err().kind(), ErrorKind::Limit);
        let small = build(&absurd, &[("maximum-ring-size", "1024")]).unwrap();
        assert_eq!(counts(&small), [1, 511, 512]);
        assert!(build(&absurd, &[("policy", "maglev")]).is_ok());
        assert_eq!(build(&[("a", 0)], &[]).unwrap_err().kind(), ErrorKind::Server);
    }
}
