//! ring-redis: the Python package ring_redis, whose points come from a random generator seeded by the server's name.
//!
//! As it computes under CPython 2.7 on 64 bits: a fresh generator per server, CRC-32 taken as a signed number.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, refused};
use crate::error::Error;
use crate::hash::{self, mersenne};
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "ring-redis",
    aliases: &[],
    software: "ring_redis",
    version: "0.9.0 under CPython 2.7.18, 64 bits",
    verified: "10 recorded files, 3,722 keys; 30,000 keys against the package and 7,500 with ejected servers; \
               60 random lists with 8,577 keys",
    fields: &[],
    weights: |_| Weights::Above(0.0),
    repeats: false,
    options: &[OptionSpec {
        name: "prefix",
        kind: Kind::Text,
        meaning: "put before every key and hashed with it",
    }],
    // Health: the first connection error ejects; retry_ratio of the commands go to the ring of all nodes first.
    health: Settings { failures: 1, successes: 1, explore: 0.01, ..Settings::NEVER },
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    let total = total_capacity(servers);
    for (server, index) in servers.iter().zip(0..) {
        let slices = slices(server, total, servers.len())?;
        // A server that is down keeps its part of the whole, and all other points stay.
        if server.down {
            continue;
        }
        points.reserve(slices)?;
        // Label: the k-th random number of the server's own generator, with 53 decimals.
        let mut random = mersenne::Random::from_text(&server.name);
        for _ in 0..slices {
            // Hash: CRC-32 as a signed number.
            points.push((hash::CRC32_SIGNED.one)(&random.random_text()), index)?;
        }
    }
    let key = Key::prefixed(&hash::CRC32_SIGNED, options.text("prefix").to_owned());
    // Order: signed numbers, which this hash maps to unsigned ones; equal points in the order of a dictionary, for which
    // the earlier server is taken. Search: the last point at or below the key's hash, below all points the last one.
    Ok(Engine::ring(key, points, Ties::First, Search::AtOrBelow, Next::Rebuild)?.into())
}

/// The sum as Python's `sum` gives it: exact as long as all are integers, then converted once.
fn total_capacity(servers: &[Server]) -> f64 {
    let integers: Option<i128> =
        servers.iter().map(|server| server.weight.as_integer().map(i128::from)).sum();
    integers.map_or_else(
        || servers.iter().fold(0.0, |sum, server| sum + server.weight.as_f64()),
        |sum| sum as f64,
    )
}

/// Points: `max(2000, 200 * n)` in all, shared out by capacity, each share rounded up unless it exceeds an integer by
/// no more than 1e-8.
fn slices(server: &Server, total: f64, servers: usize) -> Result<u64, Error> {
    let base = f64::max(2000.0, 200.0 * servers as f64);
    let share = server.weight.as_f64() * base / total;
    if share.is_finite() {
        Ok(((share + 1.0) - 1e-8) as u64)
    } else {
        Err(refused(server, "its weight is too great to be shared out in double precision"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers, weighing};
    use super::*;
    use crate::error::ErrorKind;

    fn all_slices(servers: &[Server]) -> Vec<u64> {
        let total = total_capacity(servers);
        servers.iter().map(|server| slices(server, total, servers.len()).unwrap()).collect()
    }

    #[test]
    fn shares_are_rounded_up_unless_they_are_whole() {
        assert_eq!(all_slices(&weighing(&[1, 2, 1])), [500, 1000, 500]);
        assert_eq!(all_slices(&weighing(&[7, 7, 7])), [667, 667, 667]);
        assert_eq!(all_slices(&weighing(&[3; 11])), [200; 11]);
        let small = [Server::new("a", 1e-12), Server::new("b", 1e-8), Server::new("c", 1)];
        assert_eq!(all_slices(&small), [0, 1, 2000]);
    }

    #[test]
    fn an_ejected_server_takes_only_its_own_points_away() {
        let mut list = servers(&["a", "b", "c"]);
        let all = ring(&DIALECT, &[], list.clone()).unwrap();
        list[1].down = true;
        let two = ring(&DIALECT, &[], list).unwrap();
        assert_eq!((all.point_count(), two.point_count()), (2001, 1334));
        for key in keys() {
            let answer = all.lookup(&key);
            assert!(answer == Some(1) || answer == two.lookup(&key));
            assert_ne!(two.lookup(&key), Some(1));
        }
    }

    #[test]
    fn the_first_point_is_the_crc_of_the_first_random_number_printed() {
        // The first random number for `node0` is 0.08617975306208092; its 55 characters by CPython's `%.53f`.
        let text = b"0.08617975306208092156623479240806773304939270019531250";
        let value = u128::from((hash::CRC32_SIGNED.one)(text));
        let ring = ring(&DIALECT, &[], servers(&["node0"])).unwrap();
        assert!((0..ring.point_count()).any(|index| ring.point(index) == Some((value, 0))));
    }

    #[test]
    fn capacities_are_greater_than_0_and_finite_in_sum() {
        assert_eq!(ring(&DIALECT, &[], weighing(&[1, 0])).unwrap_err().kind(), ErrorKind::Server);
        assert!(ring(&DIALECT, &[], vec![Server::new("a", f64::MAX)]).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX, i64::MAX, 1])).is_ok());
    }
}
