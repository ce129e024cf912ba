//! hash-ring: the Python package hash_ring, a relative of ketama with three points per group.

use super::option::Options;
use super::{Dialect, Weights, groups, refused};
use crate::error::{Error, ErrorKind};
use crate::hash;
use crate::health::{After, Settings};
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;
use std::collections::HashMap;
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "hash-ring",
    aliases: &[],
    software: "hash_ring",
    version: "1.0 to 1.3.1 under CPython 2.7.18",
    verified: "16 recorded files, 3,793 keys; 24,000 keys against each of five versions, 60,000 more against 1.3.1; \
               388 random lists with 56,068 keys",
    fields: &[],
    weights: |_| Weights::AtLeast(f64::MIN),
    repeats: true,
    options: &[],
    // Health: that of python-memcached (dead_retry), on which the package's MemcacheRing is built.
    health: Settings {
        failures: 1,
        retry: Some(Duration::from_secs(30)),
        after: After::Once,
        ..Settings::NEVER
    },
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let owners = owners(servers)?;
    let mut points = Placer::new(options.max_points());
    for ((server, groups), owner) in servers.iter().zip(groups(servers)?).zip(owners) {
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: the first three little-endian words of each group's digest, never the fourth.
        points.md5_groups(owner, &label, groups, 3)?;
    }
    // Hash: the first of these words. Order: a dictionary from point to server, so the last one owns a common point.
    // Search: `bisect`, which is the first point above. The next server that is up serves for one that is down.
    let next = Next::Points { tries: None };
    Ok(Engine::ring(Key::whole(&hash::MD5), points, Ties::Last, Search::Above, next)?.into())
}

/// The index under which each server answers: of repeated names the first. The package has one weight for each name.
fn owners(servers: &[Server]) -> Result<Vec<u32>, Error> {
    let mut first = HashMap::new();
    let mut owners = Vec::with_capacity(servers.len());
    for (server, index) in servers.iter().zip(0..) {
        let &mut (owner, weight) = first.entry(&server.name).or_insert((index, server.weight));
        if weight != server.weight {
            let message = format!("the weight {} differs from the {weight} of the same name", server.weight);
            return Err(refused(server, message));
        }
        owners.push(owner);
    }
    Ok(owners)
}

/// Groups of each server. Python 2 divides integers as integers, and everything as doubles once a fraction is written;
/// every repetition of a name counts.
fn groups(servers: &[Server]) -> Result<Vec<u64>, Error> {
    let n = servers.len();
    let integers: Option<Vec<i64>> = servers.iter().map(|server| server.weight.as_integer()).collect();
    if let Some(weights) = integers {
        let total = weights.iter().map(|&weight| i128::from(weight)).sum();
        if total == 0 {
            return Err(no_total());
        }
        return Ok(weights.iter().map(|&weight| groups::int(40, weight, total, n)).collect());
    }
    let total = servers.iter().fold(0.0, |sum, server| sum + server.weight.as_f64());
    if total == 0.0 {
        return Err(no_total());
    }
    let groups = |server: &Server| {
        let factor = (40 * n) as f64 * server.weight.as_f64() / total;
        // Python's `int` refuses infinities and NaN; negative numbers give an empty range.
        if factor.is_finite() {
            Ok(factor.floor() as u64)
        } else {
            Err(refused(server, "its weight is too great to be shared out in double precision"))
        }
    };
    servers.iter().map(groups).collect()
}

fn no_total() -> Error {
    Error::new(ErrorKind::Server, "the weights add up to 0: hash_ring divides by their sum")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers, weighing};
    use super::*;
    use crate::server::Weight;

    fn fractions(weights: &[f64]) -> Vec<Server> {
        weights.iter().map(|&weight| Server::new(format!("{weight}"), weight)).collect()
    }

    #[test]
    fn key_hashes_are_those_of_gen_key() {
        let ring = ring(&DIALECT, &[], servers(&["a"])).unwrap();
        for (key, hash) in [("", 3_649_838_548), ("a", 3_111_502_092), ("my_key", 1_793_382_046)] {
            assert_eq!(ring.place(key.as_bytes()), Some(hash));
        }
    }

    #[test]
    fn weights_that_add_up_to_0_are_refused() {
        for weights in [&[0, 0][..], &[5, -5], &[i64::MAX, -i64::MAX]] {
            assert_eq!(groups(&weighing(weights)).unwrap_err().kind(), ErrorKind::Server);
        }
        assert!(groups(&fractions(&[0.0, 0.0])).is_err());
        assert!(groups(&fractions(&[2.5, -2.5])).is_err());
    }

    #[test]
    fn fractions_are_summed_and_divided_as_doubles() {
        // 0.1 + 0.2 + 0.3 is 0.6000000000000001, and CPython 2.7 gives 19, 39 and 59 groups: 12.0, 24.0 and 36.0 by it.
        assert_eq!(groups(&fractions(&[0.1, 0.2, 0.3])).unwrap(), [19, 39, 59]);
        assert_eq!(groups(&weighing(&[1, 2, 3])).unwrap(), [20, 40, 60]);
        let mixed =
            [Server::new("a", 1), Server::new("b", 1.0), Server::new("c", 0.5), Server::new("d", -0.5)];
        assert_eq!(groups(&mixed).unwrap(), [80, 80, 40, 0]);
    }

    #[test]
    fn absurd_weights_are_errors() {
        assert!(groups(&fractions(&[f64::MAX, f64::MAX])).is_err());
        assert!(groups(&fractions(&[f64::MAX, 1.0])).is_err());
        let limit = ring(&DIALECT, &[], weighing(&[i64::MAX, 1 - i64::MAX])).unwrap_err();
        assert_eq!(limit.kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_repeated_name_answers_as_its_first_occurrence_and_has_one_weight() {
        let mut list = servers(&["a", "b", "a"]);
        let repeated = ring(&DIALECT, &[], list.clone()).unwrap();
        assert!(keys().all(|key| repeated.lookup(&key) < Some(2)));
        list[2].weight = Weight::Integer(2);
        let message = ring(&DIALECT, &[], list).unwrap_err().to_string();
        assert_eq!(message, "server `a`: the weight 2 differs from the 1 of the same name");
    }
}
