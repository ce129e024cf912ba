//! goketama: rckclmbr/goketama, a ketama ring in Go, with and without weights.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, groups, refused};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "goketama",
    aliases: &[],
    software: "rckclmbr/goketama",
    version: "source of November 2018",
    verified: "14 recorded files, 5,733 keys; 84,000 keys against the package with weights, 30,000 without; \
               123 random lists with 18,219 keys",
    fields: &[],
    weights: |options| {
        if options.bool("weighted") { Weights::Integers(0, i64::MAX) } else { Weights::Ignored }
    },
    repeats: false,
    options: &[
        OptionSpec {
            name: "weighted",
            kind: Kind::Bool(true),
            meaning: "points by weight; false: 100 points per server, which is also what all weights 0 give",
        },
        OptionSpec {
            name: "hash",
            kind: Kind::word("md5", &["md5", "crc32"]),
            meaning: "hash of points and keys where there are no weights; with weights it is always MD5",
        },
    ],
    health: Settings::NEVER,
    build,
};

/// Points of each server where there are no weights.
const UNWEIGHTED: u64 = 100;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let total = if options.bool("weighted") { total_weight(servers)? } else { 0 };
    // Hash: first little-endian word of MD5, or without weights what the caller passes as a 32-bit hash.
    let hash: &'static Hash<u32> =
        if total == 0 && options.word("hash") == "crc32" { &hash::CRC32 } else { &hash::MD5 };
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: four words of each group's digest; without weights one hash of each label.
        if total > 0 {
            let groups = groups::f64(40.0, weight(server) as f64, total as f64, servers.len());
            points.md5_groups(index, &label, groups, 4)?;
        } else {
            points.labels(index, &label, 0..UNWEIGHTED, hash.one)?;
        }
    }
    // Order: `sort.Sort` is not stable; the earlier server is taken. Search: `sort.Search` with >=, wrapping.
    Ok(Engine::ring(Key::whole(hash), points, Ties::First, Search::AtOrAbove, Next::Ignore)?.into())
}

fn weight(server: &Server) -> u64 {
    server.weight.as_integer().map_or(0, i64::unsigned_abs)
}

/// The sum, which the package keeps in an unsigned 64-bit number.
fn total_weight(servers: &[Server]) -> Result<u64, Error> {
    let mut total = 0_u64;
    for server in servers {
        total = total
            .checked_add(weight(server))
            .ok_or_else(|| refused(server, "the sum of the weights exceeds 2^64 - 1"))?;
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
    fn all_weights_0_are_no_weights() {
        for hash in ["md5", "crc32"] {
            let zero = ring(&DIALECT, &[("hash", hash)], weighing(&[0, 0, 0])).unwrap();
            let options = [("hash", hash), ("weighted", "false")];
            let unweighted = ring(&DIALECT, &options, weighing(&[5, -3, 9])).unwrap();
            assert_eq!(unweighted.point_count(), 300);
            assert!(keys().all(|key| zero.lookup(&key) == unweighted.lookup(&key)));
        }
    }

    #[test]
    fn the_hash_option_has_no_effect_where_there_are_weights() {
        let plain = ring(&DIALECT, &[], weighing(&[1, 2, 0])).unwrap();
        let crc32 = ring(&DIALECT, &[("hash", "crc32")], weighing(&[1, 2, 0])).unwrap();
        assert!(keys().all(|key| plain.lookup(&key) == crc32.lookup(&key)));
    }

    #[test]
    fn negative_weights_and_sums_that_wrap_are_refused() {
        assert!(ring(&DIALECT, &[], weighing(&[1, -1])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX; 3])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[i64::MAX; 2])).is_ok());
    }
}
