//! stathat: stathat.com/c/consistent, a ring in Go that hashes the number before the name.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, up};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties, push_decimal};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "stathat",
    aliases: &["stathat-consistent"],
    software: "stathat/consistent",
    version: "1.0.0",
    verified: "12 recorded files, 3,756 keys; 38,000 keys against the package; \
               147 random lists with 21,588 keys",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[
        OptionSpec {
            name: "hash",
            kind: Kind::word("crc32", &["crc32", "fnv1a-32"]),
            meaning: "hash of points and keys; fnv1a-32 is what UseFnv selects",
        },
        OptionSpec {
            name: "replicas",
            kind: Kind::int(20, 1, u32::MAX as i64),
            meaning: "points per server: NumberOfReplicas",
        },
    ],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    // Hash: CRC-32, or the standard FNV-1a over unsigned bytes.
    let hash: &'static Hash<u32> =
        if options.word("hash") == "fnv1a-32" { &hash::FNV1A_32_UNSIGNED } else { &hash::CRC32 };
    // Points: so many per server, without regard to weights. A server that is down was removed.
    let replicas = options.int("replicas").unsigned_abs();
    let mut points = Placer::new(options.max_points());
    let mut label = Vec::new();
    for (server, index) in up(servers) {
        points.reserve(replicas)?;
        for number in 0..replicas {
            // Label: kNAME, k from 0, nothing between: `1` + `0:80` and `10` + `:80` are the same point.
            label.clear();
            push_decimal(&mut label, number);
            label.extend_from_slice(&server.name);
            points.push((hash.one)(&label), index)?;
        }
    }
    // Order: a map from point to server, so the server that was added last owns a common point.
    // Search: the first point above the key's hash.
    Ok(Engine::ring(Key::whole(hash), points, Ties::Last, Search::Above, Next::Rebuild)?.into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ring, servers};
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn the_number_stands_before_the_name_and_fnv_takes_unsigned_bytes() {
        let point = |hash: &str, name: &str| {
            let options = [("hash", hash), ("replicas", "1")];
            ring(&DIALECT, &options, servers(&[name])).unwrap().point(0)
        };
        // CRC-32 of "0:80"; FNV-1a 32 of "0" and the bytes c3 a9: both by Go's hash package.
        assert_eq!(point("crc32", ":80"), Some((3386231724, 0)));
        assert_eq!(point("fnv1a-32", "\u{e9}"), Some((3427636823, 0)));
    }

    #[test]
    fn two_servers_with_one_label_share_a_point() {
        let ring = ring(&DIALECT, &[], servers(&["0:80", ":80"])).unwrap();
        assert_eq!(ring.point_count(), 39);
    }

    #[test]
    fn absurd_numbers_of_points_are_errors() {
        let limit = ring(&DIALECT, &[("replicas", "4294967295")], servers(&["a"])).unwrap_err();
        assert_eq!(limit.kind(), ErrorKind::Limit);
    }
}
