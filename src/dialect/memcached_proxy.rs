//! The proxy built into memcached 1.6.18: `ring_hash` and `jump_hash` of its pools.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, about, refused, refused_option};
use crate::error::Error;
use crate::hash::{self, Hash, xxhash};
use crate::health::Settings;
use crate::key::{Key, Prepared};
use crate::point::{Place, Placer, Slots, Ties};
use crate::rule::{Engine, Map, Next, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};

pub(super) static DIALECT: Dialect = Dialect {
    name: "memcached-proxy",
    aliases: &[],
    software: "memcached built-in proxy",
    version: "1.6.18",
    verified: "12 recorded files with 5,920 keys; against memcached itself 10 pools x 2,100 keys",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[
        OptionSpec {
            name: "dist",
            kind: Kind::word("jump-hash", &["jump-hash", "ring-hash"]),
            meaning: "the rule from hash to server",
        },
        OptionSpec {
            name: "omode",
            kind: Kind::Word { default: None, words: &["ketama", "twemproxy", "evcache"] },
            meaning: "the form of the labels of `ring-hash`, which requires it",
        },
        OptionSpec {
            name: "obuckets",
            kind: Kind::int(160, 4, u32::MAX as i64),
            meaning: "points of each server with `ring-hash`, a multiple of 4",
        },
        OptionSpec {
            name: "hash",
            kind: Kind::word("xxh3", &["xxh3", "md5"]),
            meaning: "the hash function of keys",
        },
        OptionSpec {
            name: "seed",
            kind: Kind::Text,
            meaning: "the text that seeds `xxh3`; empty for seed 0",
        },
        OptionSpec {
            name: "filter",
            kind: Kind::word("none", &["none", "tags", "stop"]),
            meaning: "which part of a key is hashed: all, what stands between two tags, or what precedes a text",
        },
        OptionSpec {
            name: "filter-conf",
            kind: Kind::Text,
            meaning: "the two tags of `tags`, or the text of `stop`, of at least two characters",
        },
    ],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let filter = Filter::read(options)?;
    if options.int("obuckets") % 4 != 0 {
        return Err(refused_option("option `obuckets` takes a multiple of 4"));
    }
    // Hash: 64 bits for jump hash, their low half on the ring.
    if options.word("dist") == "ring-hash" {
        return ring(servers, key(&hash::MD5, &hash::XXH3_LOW, filter, options), options);
    }
    let key = key(&hash::MD5_WIDE, &hash::XXH3, filter, options);
    let mut list = Slots::new(options.max_points());
    for (index, _) in (0..).zip(servers) {
        list.push(index, 1)?;
    }
    Ok(Engine { key, map: Map::Jump(list.into()), next: Next::Ignore }.into())
}

fn ring(servers: &[Server], key: Key<u32>, options: &Options) -> Result<Rule, Error> {
    let Some(mode) = options.word_if_set("omode") else {
        return Err(refused_option(
            "`dist` `ring-hash` requires the option `omode`: ketama, twemproxy or evcache",
        ));
    };
    let mut points = Placer::new(options.max_points());
    for (index, server) in (0..).zip(servers) {
        // Points: four MD5 words of each label, the same number for each server.
        let groups = options.int("obuckets") as u64 / 4;
        points.md5_groups(index, &label(server, mode)?, groups, 4).map_err(|error| about(server, error))?;
    }
    // Order: equal points in the order of the servers. Search: the first point at or above.
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Ignore)?.into())
}

// Label: ADDRESS:PORT-k, k from 0; `twemproxy` leaves out the port 11211, `evcache` puts ADDRESS/ before.
fn label(server: &Server, mode: &str) -> Result<Vec<u8>, Error> {
    let HostPort { host, port: Some(port) } = HostPort::split(&server.name) else {
        return Err(refused(server, "its name has no port, which `ring-hash` hashes"));
    };
    Ok(match mode {
        "twemproxy" if port == b"11211" => [host, b"-"].concat(),
        "evcache" => [host, b"/", host, b":", port, b"-"].concat(),
        _ => [host, b":", port, b"-"].concat(),
    })
}

fn key<T: Place>(md5: &'static Hash<T>, xxh3: &'static Hash<T>, filter: Filter, options: &Options) -> Key<T> {
    let is_md5 = options.word("hash") == "md5";
    let name = filter.name();
    match (options.text("seed"), filter) {
        (seed, filter) if !is_md5 && !seed.is_empty() => {
            let seed = xxhash::xxh3(seed.as_bytes(), 0);
            Key::part(xxh3, format!("{name}, seed {seed}"), move |key| {
                Prepared::Place(T::cut(xxhash::xxh3(filter.part(key), seed).into()))
            })
        }
        (_, Filter::Whole) => Key::whole(if is_md5 { md5 } else { xxh3 }),
        (_, filter) => Key::part(if is_md5 { md5 } else { xxh3 }, name, move |key| {
            Prepared::Bytes(filter.part(key).into())
        }),
    }
}

/// Which part of a key is hashed.
#[derive(Debug)]
enum Filter {
    Whole,
    Tags(u8, u8),
    Stop(String),
}

impl Filter {
    fn read(options: &Options) -> Result<Self, Error> {
        let conf = options.text("filter-conf");
        match (options.word("filter"), conf.as_bytes()) {
            // With two equal tags the software's answers differ from run to run.
            ("tags", &[open, close]) if open != close => Ok(Self::Tags(open, close)),
            ("tags", _) => {
                let message =
                    "`filter` `tags` takes in `filter-conf` two different characters of one byte each";
                Err(refused_option(message))
            }
            ("stop", [_, _, ..]) => Ok(Self::Stop(conf.to_owned())),
            ("stop", _) => {
                Err(refused_option("`filter` `stop` takes in `filter-conf` at least two characters"))
            }
            _ => Ok(Self::Whole),
        }
    }

    /// Words that tell it from every other.
    fn name(&self) -> String {
        format!("memcached-proxy filter {self:?}")
    }

    fn part<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Whole => key,
            Self::Tags(open, close) => between(key, *open, *close).unwrap_or(key),
            Self::Stop(stop) => {
                let end = key.windows(stop.len()).position(|window| window == stop.as_bytes());
                end.and_then(|end| key.get(..end)).unwrap_or(key)
            }
        }
    }
}

/// What stands between the first `open` and the first `close` after it, be it nothing.
fn between(key: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    let rest = key.get(key.iter().position(|&byte| byte == open)? + 1..)?;
    rest.get(..rest.iter().position(|&byte| byte == close)?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers, weighing};
    use super::*;

    const RING: &[(&str, &str)] = &[("dist", "ring-hash"), ("omode", "ketama")];

    fn filter(word: &str, conf: &str) -> Result<Filter, Error> {
        let mut options = DIALECT.default_options();
        options.set_text("filter", word).unwrap();
        options.set_text("filter-conf", conf).unwrap();
        Filter::read(&options)
    }

    #[test]
    fn an_empty_pair_of_tags_hashes_the_empty_text() {
        let filter = filter("tags", "{}").unwrap();
        for (key, part) in [
            ("user:{42}:name", "42"),
            ("{}{42}", ""),
            ("a}b{42}c}", "42"),
            ("{42", "{42"),
            ("42}", "42}"),
            ("}{", "}{"),
        ] {
            assert_eq!(filter.part(key.as_bytes()), part.as_bytes(), "{key}");
        }
    }

    #[test]
    fn a_stop_text_cuts_the_key_at_its_first_occurrence() {
        let filter = filter("stop", "|#|").unwrap();
        for (key, part) in [
            ("a|#|b|#|c", "a"),
            ("|#|b", ""),
            ("a|#", "a|#"),
            ("a||#|b", "a|"),
            ("a|#|", "a"),
            ("", ""),
            ("|", "|"),
        ] {
            assert_eq!(filter.part(key.as_bytes()), part.as_bytes(), "{key}");
        }
    }

    #[test]
    fn the_filter_is_a_part_of_the_fingerprint() {
        let fingerprint = |conf| {
            let options = [RING, &[("filter", "stop"), ("filter-conf", conf)]].concat();
            ring(&DIALECT, &options, weighing(&[1; 3])).unwrap().fingerprint()
        };
        assert_ne!(fingerprint("|#|"), fingerprint("|/|"));
        assert_eq!(fingerprint("|#|"), fingerprint("|#|"));
    }

    #[test]
    fn filters_refuse_texts_that_the_software_cannot_use() {
        for (word, conf, accepted) in [
            ("none", "", true),
            ("none", "x", true),
            ("tags", "{}", true),
            ("tags", "||", false),
            ("tags", "{", false),
            ("tags", "{}}", false),
            ("tags", "", false),
            ("stop", "ab", true),
            ("stop", "aa", true),
            ("stop", "a", false),
            ("stop", "", false),
        ] {
            assert_eq!(filter(word, conf).is_ok(), accepted, "{word} {conf}");
        }
    }

    #[test]
    fn labels_have_the_form_of_their_mode() {
        for (name, mode, expected) in [
            ("10.0.0.1:11211", "ketama", "10.0.0.1:11211-"),
            ("10.0.0.1:11211", "twemproxy", "10.0.0.1-"),
            ("10.0.0.1:011211", "twemproxy", "10.0.0.1:011211-"),
            ("10.0.0.1:11212", "twemproxy", "10.0.0.1:11212-"),
            ("10.0.0.1:11211", "evcache", "10.0.0.1/10.0.0.1:11211-"),
        ] {
            assert_eq!(label(&Server::new(name, 1), mode).unwrap(), expected.as_bytes());
        }
        assert!(label(&Server::new("10.0.0.1", 1), "ketama").is_err());
    }

    #[test]
    fn options_of_the_ring_are_checked() {
        let build = |options: &[(&str, &str)]| ring(&DIALECT, options, weighing(&[1, 1]));
        assert!(build(RING).is_ok());
        let error = build(&RING[..1]).unwrap_err();
        assert!(error.to_string().contains("omode"), "{error}");
        for (obuckets, points) in [("4", Some(8)), ("160", Some(320)), ("62", None), ("0", None)] {
            let built = build(&[RING, &[("obuckets", obuckets)]].concat());
            assert_eq!(built.ok().map(|ring| ring.point_count()), points, "{obuckets}");
        }
        let error = build(&[RING, &[("obuckets", "4294967292")]].concat()).unwrap_err();
        assert!(error.to_string().contains("`10.0.0.1:11211`"), "{error}");
    }

    #[test]
    fn the_ring_is_searched_for_the_low_half_of_the_seeded_hash_of_the_filtered_key() {
        let options = [RING, &[("seed", "abc"), ("filter", "tags"), ("filter-conf", "{}")]].concat();
        let seeded = ring(&DIALECT, &options, weighing(&[1; 5])).unwrap();
        let seed = xxhash::xxh3(b"abc", 0);
        for key in keys() {
            let place = xxhash::xxh3(&key, seed) & 0xffff_ffff;
            let tagged = [b"x{", &*key, b"}y"].concat();
            assert_eq!(seeded.place(&tagged), Some(u128::from(place)));
            assert_eq!(seeded.lookup(&tagged), seeded.lookup(&key));
        }
        let unseeded = ring(&DIALECT, &[("seed", "")], weighing(&[1; 5])).unwrap();
        assert_eq!(unseeded.place(b"key"), Some(u128::from(xxhash::xxh3(b"key", 0))));
        let md5 = ring(&DIALECT, &[("hash", "md5"), ("seed", "abc")], weighing(&[1; 5])).unwrap();
        assert_eq!(md5.place(b"key"), Some(u128::from(hash::md5::first_word(b"key"))));
    }

    #[test]
    fn weights_and_dead_servers_change_nothing() {
        for options in [RING, &[]] {
            let plain = ring(&DIALECT, options, weighing(&[1, 1, 1])).unwrap();
            let other = ring(&DIALECT, options, weighing(&[0, 7, -1])).unwrap();
            let other = other.with_down(&[true, true, false]).unwrap();
            assert!(keys().all(|key| plain.lookup(&key) == other.lookup(&key)));
        }
    }

    #[test]
    fn jump_hash_needs_no_ports() {
        let ring = ring(&DIALECT, &[], servers(&["a", "b", "c"])).unwrap();
        assert!(keys().all(|key| ring.lookup(&key).is_some()));
    }
}
