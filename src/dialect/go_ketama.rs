//! go-ketama: dgryski/go-ketama, the Go translation of Perl's Algorithm::ConsistentHash::Ketama.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, groups, refused};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "go-ketama",
    aliases: &[],
    software: "dgryski/go-ketama",
    version: "source of April 2020",
    verified: "11 recorded files, 3,816 keys; 168,000 keys against the package with both hash functions; \
               130 random lists with 19,054 keys",
    fields: &[],
    weights: |_| Weights::Integers(0, i64::MAX),
    repeats: false,
    options: &[OptionSpec {
        name: "hash-function",
        kind: Kind::int(1, 1, 2),
        meaning: "HashFunc1 or HashFunc2: a key whose hash is 0 goes to the last point with 1, to the first with 2",
    }],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    let total = total_weight(servers)?;
    for (server, index) in servers.iter().zip(0..) {
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: four little-endian words of each group's digest.
        points.md5_groups(index, &label, groups::f32k(weight(server), total, servers.len()), 4)?;
    }
    // Hash: the first of these words. Order: `sort.Sort` is not stable; the earlier server is taken.
    // Search: HashFunc1 copies the index of the Perl module that runs below 0 for hash 0; HashFunc2 is `sort.Search`.
    let search =
        if options.int("hash-function") == 2 { Search::AtOrAbove } else { Search::AtOrAboveZeroLast };
    Ok(Engine::ring(Key::whole(&hash::MD5), points, Ties::First, search, Next::Ignore)?.into())
}

/// Weight 0 counts as 1.
fn weight(server: &Server) -> u64 {
    server.weight.as_integer().map_or(1, |weight| weight.unsigned_abs().max(1))
}

/// The sum, which the package keeps in a signed 64-bit number.
fn total_weight(servers: &[Server]) -> Result<u64, Error> {
    let mut total = 0_u64;
    for server in servers {
        total = total.saturating_add(weight(server));
        if total > i64::MAX as u64 {
            return Err(refused(server, "the sum of the weights exceeds 2^63 - 1"));
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_earlier_owns_common_point, keys, ring, weighing};
    use super::*;

    #[test]
    fn a_common_point_belongs_to_the_earlier_server() {
        assert_earlier_owns_common_point(&DIALECT);
    }

    #[test]
    fn weight_0_counts_as_1() {
        let zero = ring(&DIALECT, &[], weighing(&[0, 3, 0])).unwrap();
        let one = ring(&DIALECT, &[], weighing(&[1, 3, 1])).unwrap();
        assert!(keys().all(|key| zero.lookup(&key) == one.lookup(&key)));
    }

    #[test]
    fn hash_0_gets_the_last_point_from_function_1_and_the_first_from_function_2() {
        let position = |options: &[(&str, &str)]| {
            let ring = ring(&DIALECT, options, weighing(&[1; 5])).unwrap();
            (ring.position(b"k01718590547").unwrap(), ring.point_count() - 1)
        };
        assert_eq!(position(&[]), (799, 799));
        assert_eq!(position(&[("hash-function", "2")]), (0, 799));
    }

    #[test]
    fn negative_weights_and_sums_that_wrap_are_refused() {
        assert!(ring(&DIALECT, &[], weighing(&[1, -1])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX, 0])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX])).is_ok());
    }
}
