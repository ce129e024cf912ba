//! libmemcached 1.1.4, which PHP's memcached extension wraps: modulo, unweighted and weighted rings.
//!
//! The options tell the state in which the library is when it is asked, not the calls that led there.

use super::option::{Kind, OptionSpec, Options};
use super::weighted::Scale;
use super::{Dialect, Weights, about, refused, refused_option};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties, push_decimal};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};

pub(super) static DIALECT: Dialect = Dialect {
    name: "libmemcached",
    aliases: &["php-memcached"],
    software: "libmemcached, php-memcached",
    version: "libmemcached 1.1.4, php-memcached 3.2.0",
    verified: "39 recorded files with 18,457 keys; against the library itself 6 distributions x 10 hashes x 3,000 keys, \
               37 further configurations, 75,000 keys over random weights and 39,600 over 2 to 100 equal servers",
    fields: &[],
    weights: |_| Weights::Integers(0, i64::MAX),
    repeats: true,
    options: &[
        OptionSpec {
            name: "distribution",
            kind: Kind::word("modula", &["modula", "ketama", "ketama-spy", "virtual-bucket"]),
            meaning: "the rule from hash to server; `ketama` is CONSISTENT, CONSISTENT_KETAMA and CONSISTENT_WEIGHTED alike",
        },
        OptionSpec {
            name: "weighted",
            kind: Kind::Bool(false),
            meaning: "whether rings have MD5 points in proportion to the weights, not 100 points for each server",
        },
        OptionSpec {
            name: "hash",
            kind: Kind::word("one-at-a-time", HASHES),
            meaning: "the hash function of keys, and of the points of rings that are not weighted",
        },
        OptionSpec {
            name: "point-hash",
            kind: Kind::Word { default: None, words: HASHES },
            meaning: "the hash function of the points where it is not that of the keys",
        },
        OptionSpec {
            name: "sort-hosts",
            kind: Kind::Bool(false),
            meaning: "whether the library sorts its servers by host, then port",
        },
        OptionSpec { name: "prefix", kind: Kind::Text, meaning: "the prefix of keys, of at most 127 bytes" },
        OptionSpec {
            name: "hash-with-prefix",
            kind: Kind::Bool(false),
            meaning: "whether the prefix is hashed with the key",
        },
    ],
    build,
};

/// The words of libmemcached; `hsieh` is not built into Debian's library.
const HASHES: &[&str] = &[
    "one-at-a-time",
    "md5",
    "crc",
    "fnv1-64",
    "fnv1a-64",
    "fnv1-32",
    "fnv1a-32",
    "hsieh",
    "murmur",
    "jenkins",
    "murmur3",
];

// Hash: one function for keys and, on rings that are not weighted, for points.
fn hash_named(word: &str) -> &'static Hash<u32> {
    match word {
        "md5" => &hash::MD5,
        "crc" => &hash::CRC15,
        "fnv1-64" => &hash::FNV1_64,
        "fnv1a-64" => &hash::FNV1A_64,
        "fnv1-32" => &hash::FNV1_32,
        "fnv1a-32" => &hash::FNV1A_32,
        "hsieh" => &hash::HSIEH,
        "murmur" => &hash::MURMUR,
        "jenkins" => &hash::JENKINS,
        "murmur3" => &hash::MURMUR3_LIBMEMCACHED,
        _ => &hash::ONE_AT_A_TIME,
    }
}

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let key = key(options)?;
    let mut hosts = (0..)
        .zip(servers)
        .map(|(index, server)| Host::of(server, index))
        .collect::<Result<Vec<Host<'_>>, Error>>()?;
    if options.bool("sort-hosts") {
        hosts.sort_by_key(|host| (host.host, host.port));
    }
    match options.word("distribution") {
        "ketama" => ring(&hosts, key, false, options),
        "ketama-spy" => ring(&hosts, key, true, options),
        "virtual-bucket" => slots(&hosts, key, hosts.len().next_power_of_two(), options),
        _ => slots(&hosts, key, hosts.len(), options),
    }
}

/// The longest prefix that the library takes, and the longest prefix and key together that it hashes.
const LONGEST_PREFIX: usize = 127;
const LONGEST_PREFIXED: usize = 250;

fn key(options: &Options) -> Result<Key<u32>, Error> {
    let hash = hash_named(options.word("hash"));
    let prefix = options.text("prefix").to_owned();
    if prefix.len() > LONGEST_PREFIX {
        return Err(refused_option(format!("option `prefix` takes at most {LONGEST_PREFIX} bytes")));
    }
    if !options.bool("hash-with-prefix") {
        return Ok(Key::whole(hash));
    }
    Ok(Key::part(hash, format!("libmemcached prefix {prefix:?}"), move |key| {
        if prefix.len() + key.len() > LONGEST_PREFIXED {
            return Prepared::Place(0);
        }
        crate::key::prefixed(prefix.as_bytes(), key)
    }))
}

/// A server as the library holds it.
struct Host<'a> {
    server: &'a Server,
    index: u32,
    host: &'a [u8],
    port: u16,
}

impl<'a> Host<'a> {
    /// A socket has port 0; any other server without a port, or with port 0, has port 11211.
    fn of(server: &'a Server, index: u32) -> Result<Self, Error> {
        let split = HostPort::split(&server.name);
        let port = match split.port {
            Some(_) => split.port_number().and_then(|port| u16::try_from(port).ok()),
            None => Some(0),
        };
        let is_socket = split.host.starts_with(b"/");
        match port {
            Some(0) if !is_socket => Ok(Self { server, index, host: split.host, port: 11211 }),
            Some(port) => Ok(Self { server, index, host: split.host, port }),
            None => Err(refused(server, "its port is greater than 65535")),
        }
    }

    fn weight(&self) -> u64 {
        self.server.weight.as_count().max(1)
    }

    // Label: HOST-k if the port is 11211, else HOST:PORT-k; the spy form is always /HOST:PORT-k. k from 0.
    fn label(&self, is_spy: bool) -> Vec<u8> {
        let mut label = Vec::new();
        if is_spy {
            label.push(b'/');
        }
        label.extend_from_slice(self.host);
        if is_spy || self.port != 11211 {
            label.push(b':');
            push_decimal(&mut label, self.port.into());
        }
        label.push(b'-');
        label
    }
}

/// Points of each server on a ring that is not weighted, one for each label.
const UNWEIGHTED: u64 = 100;

fn ring(hosts: &[Host<'_>], key: Key<u32>, is_spy: bool, options: &Options) -> Result<Rule, Error> {
    // A server that is down was ejected: the ring is built without it.
    let live = || hosts.iter().filter(|host| !host.server.down);
    if live().next().is_none() {
        return Ok(Rule::Nowhere);
    }
    if let [only] = hosts {
        return Ok(Rule::Only(only.index));
    }
    let scale = Scale::of(live().map(Host::weight));
    let point_hash = options.word_if_set("point-hash").map_or(key.hash, hash_named);
    let mut points = Placer::new(options.max_points());
    for host in live() {
        // Points: weighted, four MD5 words of each label, whatever the hash; else 100 hashed labels, whatever the weight.
        let placed = if options.bool("weighted") {
            points.md5_groups(host.index, &host.label(is_spy), scale.groups(host.weight()), 4)
        } else {
            points.labels(host.index, &host.label(is_spy), 0..UNWEIGHTED, point_hash.one)
        };
        placed.map_err(|error| about(host.server, error))?;
    }
    // Order: by value, then by the place of the server in the library's list. Search: the first point at or above.
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild).into())
}

/// `modula` takes the hash modulo the number of servers. `virtual-bucket` without a map takes the hash AND that number
/// less 1, also where it is no power of two: the slots repeat that up to the next power, at which the AND is a remainder.
fn slots(hosts: &[Host<'_>], key: Key<u32>, count: usize, options: &Options) -> Result<Rule, Error> {
    if let [only] = hosts {
        return Ok(Rule::Only(only.index));
    }
    let mut slots = Slots::new(options.max_points());
    for slot in 0..count {
        let bucket = if count == hosts.len() { slot } else { slot & (hosts.len() - 1) };
        if let Some(host) = hosts.get(bucket) {
            slots.push(host.index, 1)?;
        }
    }
    Ok(Engine::slots(key, slots, Next::Ignore).into())
}
