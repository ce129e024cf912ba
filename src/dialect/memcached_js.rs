//! memcached-js: the npm package memcached, which builds its ring with the package hashring.

use super::hashring_js::{ALGORITHM, Algorithm, Settings, ring};
use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights};
use crate::error::Error;
use crate::rule::Rule;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "memcached-js",
    aliases: &["npm-memcached"],
    software: "memcached (npm)",
    version: "2.2.2 with hashring 3.2.0",
    verified: "8 recorded files, 2,734 keys; 24,000 keys against the package; \
               126 random lists with 18,432 keys",
    fields: &[],
    weights: |_| Weights::AtLeast(0.0),
    repeats: false,
    options: &[
        OptionSpec {
            name: "compatibility",
            kind: Kind::word("ketama", &["ketama", "hash-ring"]),
            meaning: "ketama: 4 words of each digest, port 11211 left out of labels; hash-ring: 3 words, every port kept",
        },
        ALGORITHM,
    ],
    // Health: the package counts failures within five minutes and removes a server for good, or pings it after hours; not
    // modelled.
    health: crate::health::Settings::NEVER,
    build,
};

// Label, hash, points, order and search are those of hashring-js with these settings.
fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let ketama = options.word("compatibility") == "ketama";
    let settings = Settings {
        algorithm: Algorithm::named(options.word("algorithm")),
        words: if ketama { 4 } else { 3 },
        vnodes: 40,
        default_port: if ketama { 11_211.0 } else { 0.0 },
    };
    ring(servers, options.max_points(), &settings)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers};
    use super::*;

    #[test]
    fn port_11211_is_no_part_of_a_label_unless_the_ring_is_that_of_hash_ring() {
        let build = |options: &[(&str, &str)], names| ring(&DIALECT, options, servers(names)).unwrap();
        let same = |options: &[(&str, &str)]| {
            let (with, without) = (build(options, &["a:11211", "b:11211"]), build(options, &["a", "b"]));
            keys().all(|key| with.lookup(&key) == without.lookup(&key))
        };
        assert!(same(&[]));
        assert!(!same(&[("compatibility", "hash_ring")]));
    }
}
