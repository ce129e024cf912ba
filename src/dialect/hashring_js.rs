//! hashring-js: the npm package hashring, a ketama ring in JavaScript with any digest of the platform.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, groups, refused_option, up};
use crate::error::Error;
use crate::hash::{self, Hash, sha};
use crate::key::Key;
use crate::point::{Placer, Ties, push_decimal};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "hashring-js",
    aliases: &["npm-hashring"],
    software: "hashring (npm)",
    version: "3.2.0",
    verified: "21 recorded files, 5,268 keys; 104,000 keys and 2,500 lists against the package; \
               174 random lists with 25,245 keys",
    fields: &[Field::Vnodes],
    weights: |_| Weights::AtLeast(0.0),
    repeats: false,
    options: &[
        OptionSpec {
            name: "compatibility",
            kind: Kind::word("none", &["none", "ketama", "hash-ring"]),
            meaning: "ketama: 4 words of each digest; hash-ring: 3; `replicas` has no effect then",
        },
        OptionSpec {
            name: "vnode-count",
            kind: Kind::int(40, 1, u32::MAX as i64),
            meaning: "groups of a server of average weight",
        },
        OptionSpec {
            name: "replicas",
            kind: Kind::int(4, i64::MIN, 16),
            meaning: "words taken from each digest; 0 and less count as 1; at most 4 for md5, 5 for sha1, 8 for sha256, \
                      16 for sha512",
        },
        ALGORITHM,
        OptionSpec {
            name: "default-port",
            kind: Kind::int(0, 0, 65_535),
            meaning: "this port is left out of labels; 0: none is",
        },
    ],
    health: crate::health::Settings::NEVER,
    build,
};

/// The option `algorithm`.
pub(super) const ALGORITHM: OptionSpec = OptionSpec {
    name: "algorithm",
    kind: Kind::word("md5", &["md5", "sha1", "sha256", "sha512"]),
    meaning: "digest of points and keys",
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let algorithm = Algorithm::named(options.word("algorithm"));
    let words = match options.word("compatibility") {
        "ketama" => 4,
        "hash-ring" => 3,
        _ => options.int("replicas").max(1) as usize,
    };
    if words > algorithm.words {
        let message = format!(
            "option `replicas` is {words}, but a digest of {} has {} words",
            algorithm.name, algorithm.words
        );
        return Err(refused_option(message));
    }
    let settings = Settings {
        algorithm,
        words,
        vnodes: options.int("vnode-count") as u64,
        default_port: options.int("default-port") as f64,
    };
    ring(servers, options.max_points(), &settings)
}

/// A digest.
pub(super) struct Algorithm {
    name: &'static str,
    /// Number of its 32-bit words.
    words: usize,
    /// The first word, for keys.
    key: &'static Hash<u32>,
    /// Places the points of groups.
    groups: Groups,
}

/// As [`Placer::md5_groups`]: points, server, prefix, number of groups, words taken from each digest.
type Groups = fn(&mut Placer<u32>, u32, &[u8], u64, usize) -> Result<(), Error>;

static ALGORITHMS: [Algorithm; 4] = [
    Algorithm { name: "md5", words: 4, key: &hash::MD5, groups: Placer::md5_groups },
    Algorithm {
        name: "sha1",
        words: 5,
        key: &hash::SHA1,
        groups: |points, server, prefix, groups, words| {
            sha_groups(points, server, prefix, groups, words, sha::sha1_words)
        },
    },
    Algorithm {
        name: "sha256",
        words: 8,
        key: &hash::SHA256,
        groups: |points, server, prefix, groups, words| {
            sha_groups(points, server, prefix, groups, words, sha::sha256_words)
        },
    },
    Algorithm {
        name: "sha512",
        words: 16,
        key: &hash::SHA512,
        groups: |points, server, prefix, groups, words| {
            sha_groups(points, server, prefix, groups, words, sha::sha512_words)
        },
    },
];

impl Algorithm {
    /// The algorithm of this name; MD5 for every other word.
    pub(super) fn named(name: &str) -> &'static Self {
        ALGORITHMS.iter().find(|algorithm| algorithm.name == name).unwrap_or(&ALGORITHMS[0])
    }
}

/// As [`Placer::md5_groups`], with another digest.
fn sha_groups<const N: usize>(
    points: &mut Placer<u32>,
    server: u32,
    prefix: &[u8],
    groups: u64,
    words: usize,
    digest: fn(&[u8]) -> [u32; N],
) -> Result<(), Error> {
    points.reserve(groups.saturating_mul(words as u64))?;
    let mut label = prefix.to_vec();
    for number in 0..groups {
        label.truncate(prefix.len());
        push_decimal(&mut label, number);
        for &word in digest(&label).iter().take(words) {
            points.push(word, server)?;
        }
    }
    Ok(())
}

/// What the ring is built by.
pub(super) struct Settings {
    /// The digest.
    pub algorithm: &'static Algorithm,
    /// Words taken from each digest, at most those it has.
    pub words: usize,
    /// Groups of a server of average weight.
    pub vnodes: u64,
    /// The port that is left out of labels; 0 for none.
    pub default_port: f64,
}

/// The ring of the servers that are up: the others were removed.
pub(super) fn ring(servers: &[Server], max_points: usize, settings: &Settings) -> Result<Rule, Error> {
    let servers = up(servers);
    let total = servers.iter().fold(0.0, |sum, (server, _)| sum + weight(server));
    let mut points = Placer::new(max_points);
    for &(server, index) in &servers {
        // Label: NAME-k or HOST-k, k from 0.
        let label = [host_or_name(&server.name, settings.default_port), b"-"].concat();
        // Points: the first little-endian words of each group's digest. A server's own number of groups counts only if
        // it differs from the common one.
        let own = server.fields.vnodes.map(u64::from).filter(|&own| own != settings.vnodes);
        let groups =
            own.unwrap_or_else(|| groups::f64(settings.vnodes as f64, weight(server), total, servers.len()));
        (settings.algorithm.groups)(&mut points, index, &label, groups, settings.words)?;
    }
    // Hash: the first of these words. Order: equal points stay in the order of the list, and the first one counts.
    // Search: the first point at or above; hash 0 leaves the loop of the package with index 0, which is the same.
    let key = Key::whole(settings.algorithm.key);
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild)?.into())
}

/// Weight 0 counts as 1.
fn weight(server: &Server) -> f64 {
    let weight = server.weight.as_f64();
    if weight == 0.0 { 1.0 } else { weight }
}

/// The host if the port is the default one, else the whole name. The package splits at every `:`, so the port is what
/// stands between the first and the second, read as JavaScript's `Number` reads it; an IPv6 address has none there.
fn host_or_name(name: &[u8], default_port: f64) -> &[u8] {
    let mut parts = name.split(|&byte| byte == b':');
    match (parts.next(), parts.next().and_then(number)) {
        (Some(host), Some(port)) if default_port != 0.0 && port == default_port => host,
        _ => name,
    }
}

/// A decimal number with white space around it.
fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ring, servers};
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn more_words_than_a_digest_has_are_refused() {
        let build = |options: &[(&str, &str)]| {
            ring(&DIALECT, options, servers(&["a"])).map(|_| ()).map_err(|error| error.to_string())
        };
        for (algorithm, words) in [("md5", 4), ("sha1", 5), ("sha256", 8), ("sha512", 16)] {
            let replicas = words.to_string();
            assert_eq!(build(&[("algorithm", algorithm), ("replicas", &replicas)]), Ok(()));
        }
        assert_eq!(
            build(&[("algorithm", "sha1"), ("replicas", "6")]).unwrap_err(),
            "option `replicas` is 6, but a digest of sha1 has 5 words"
        );
        assert_eq!(build(&[("compatibility", "ketama"), ("replicas", "6")]), Ok(()));
    }

    #[test]
    fn the_default_port_is_compared_as_a_number_between_two_colons() {
        let host = |name: &'static str| host_or_name(name.as_bytes(), 11_211.0);
        for name in ["h:11211", "h:011211", "h: 11211 ", "h:11211:x", "h:11211.0"] {
            assert_eq!(host(name), b"h", "{name}");
        }
        for name in ["h", "h:", "h:1", "h:1:11211", "[::1]:11211", "h:x"] {
            assert_eq!(host(name), name.as_bytes(), "{name}");
        }
        assert_eq!(host_or_name(b"h:0", 0.0), b"h:0");
    }

    #[test]
    fn weight_0_counts_as_1() {
        assert_eq!([0.0, -0.0, 0.5].map(|number| weight(&Server::new("a", number))), [1.0, 1.0, 0.5]);
        assert_eq!(weight(&Server::new("a", 0)), 1.0);
    }

    #[test]
    fn absurd_weights_and_counts_overflow_nowhere() {
        let weights = |weight: f64| vec![Server::new("a", weight), Server::new("b", weight)];
        assert_eq!(ring(&DIALECT, &[], weights(f64::MAX)).unwrap().point_count(), 0);
        assert_eq!(ring(&DIALECT, &[], weights(1e-320)).unwrap().point_count(), 320);
        let limit = ring(&DIALECT, &[("vnode-count", "4294967295")], weights(1.0)).unwrap_err();
        assert_eq!(limit.kind(), ErrorKind::Limit);
        let limit = ring(&DIALECT, &[("vnode-count", "4294967295"), ("algorithm", "sha1")], weights(1.0));
        assert_eq!(limit.unwrap_err().kind(), ErrorKind::Limit);
    }
}
