//! libmemcached 1.1.4, which PHP's memcached extension wraps: modulo, unweighted and weighted rings.
//!
//! The options tell the state in which the library is when it is asked, not the calls that led there.

use super::option::{Kind, OptionSpec, Options};
use super::weighted::Scale;
use super::{Dialect, Weights, about, refused, refused_option};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::health::{After, Settings};
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties, push_decimal};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "libmemcached",
    aliases: &["php-memcached"],
    software: "libmemcached, php-memcached",
    version: "libmemcached 1.1.4, php-memcached 3.2.0",
    verified: "39 recorded files with 18,457 keys; against the library itself 6 distributions x 10 hashes x 3,000 keys, \
               37 further configurations, 75,000 keys over random weights and 39,600 over 2 to 100 equal servers",
    fields: &[],
    weights: |_| Weights::Integers(0, u32::MAX as i64),
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
    // Health: with AUTO_EJECT_HOSTS (REMOVE_FAILED_SERVERS); without it, the library's default, `failures` is 0. After a failed
    // connect the server's calls fail for RETRY_TIMEOUT; SERVER_FAILURE_LIMIT of them eject it for that time, and then it
    // stays "marked dead". With DEAD_TIMEOUT: `retry` is that, `after` is `Once`. The library ejects at the next use, not
    // at the failure, leaves resting servers out of every ring that it happens to build, and does not count failures of
    // one call twice: none of these is modelled.
    health: Settings {
        failures: 5,
        retry: Some(Duration::from_secs(2)),
        after: After::Refused,
        rest: Duration::from_secs(2),
        keeps_last_ring: true,
        ..Settings::NEVER
    },
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
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild)?.into())
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

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, ring, servers, weighing};
    use super::*;
    use crate::hash::hsieh::hsieh;

    fn labels(name: &str) -> Option<(String, String)> {
        let server = Server::new(name, 1);
        let host = Host::of(&server, 0).ok()?;
        let text = |is_spy| String::from_utf8(host.label(is_spy)).unwrap();
        Some((text(false), text(true)))
    }

    #[test]
    fn port_11211_is_the_default_and_is_left_out_of_labels_but_for_the_spy_form() {
        for (name, label, spy) in [
            ("10.0.0.1:11211", "10.0.0.1-", "/10.0.0.1:11211-"),
            ("10.0.0.1", "10.0.0.1-", "/10.0.0.1:11211-"),
            ("10.0.0.1:0", "10.0.0.1-", "/10.0.0.1:11211-"),
            ("10.0.0.1:011212", "10.0.0.1:11212-", "/10.0.0.1:11212-"),
            ("Cache.Example:80", "Cache.Example:80-", "/Cache.Example:80-"),
            ("[::1]:11211", "[::1]-", "/[::1]:11211-"),
            ("/path/sock", "/path/sock:0-", "//path/sock:0-"),
        ] {
            assert_eq!(labels(name), Some((label.to_owned(), spy.to_owned())), "{name}");
        }
        assert_eq!(labels("10.0.0.1:65536"), None);
        assert_eq!(labels("10.0.0.1:99999999999999999999"), None);
    }

    #[test]
    fn weight_0_counts_as_1() {
        let options = [("distribution", "ketama"), ("weighted", "true")];
        let zero = ring(&DIALECT, &options, weighing(&[0, 1, 3])).unwrap();
        let one = ring(&DIALECT, &options, weighing(&[1, 1, 3])).unwrap();
        assert!(keys().all(|key| zero.lookup(&key) == one.lookup(&key)));
    }

    #[test]
    fn hsieh_is_accepted_though_debian_leaves_it_out() {
        let ring = ring(&DIALECT, &[("hash", "hsieh")], weighing(&[1; 7])).unwrap();
        assert!(keys().all(|key| ring.lookup(&key) == Some(hsieh(&key) % 7)));
    }

    #[test]
    fn virtual_buckets_are_the_bits_of_the_number_less_1() {
        for count in [2, 3, 6, 8, 11] {
            let options = [("distribution", "virtual-bucket"), ("hash", "fnv1a-32")];
            let ring = ring(&DIALECT, &options, weighing(&vec![1; count as usize])).unwrap();
            let bucket = |key: &[u8]| hash::fnv::fnv1a_32(key) & (count - 1);
            assert!(keys().all(|key| ring.lookup(&key) == Some(bucket(&key))), "{count}");
        }
    }

    #[test]
    fn point_hash_does_not_count_on_weighted_rings() {
        let build = |options: &[(&str, &str)]| {
            let options = [&[("distribution", "ketama"), ("hash", "murmur")], options].concat();
            ring(&DIALECT, &options, weighing(&[1, 2, 3])).unwrap()
        };
        let plain = build(&[("weighted", "true")]);
        let other = build(&[("weighted", "true"), ("point-hash", "crc")]);
        assert!(keys().all(|key| plain.lookup(&key) == other.lookup(&key)));
        assert_eq!(build(&[("point-hash", "murmur")]).fingerprint(), build(&[]).fingerprint());
        assert_ne!(build(&[("point-hash", "crc")]).fingerprint(), build(&[]).fingerprint());
    }

    #[test]
    fn more_than_250_bytes_hash_to_0_only_where_the_prefix_is_hashed() {
        let options = [("hash", "md5"), ("hash-with-prefix", "true"), ("prefix", "12345")];
        let fits = |options: &[(&str, &str)], length: usize| {
            let ring = ring(&DIALECT, options, weighing(&[1; 5])).unwrap();
            (b'a'..=b'z').any(|byte| ring.lookup(&vec![byte; length]) != Some(0))
        };
        assert!(fits(&options, 245));
        assert!(!fits(&options, 246));
        assert!(fits(&options[..2], 250));
        assert!(!fits(&options[..2], 251));
        assert!(fits(&options[..1], 251));
    }

    #[test]
    fn a_prefix_is_hashed_only_on_request_and_has_at_most_127_bytes() {
        let with = |options: &[(&str, &str)]| ring(&DIALECT, options, weighing(&[1; 5]));
        let plain = with(&[]).unwrap();
        let unused = with(&[("prefix", "app:")]).unwrap();
        let hashed = with(&[("prefix", "app:"), ("hash-with-prefix", "true")]).unwrap();
        for key in keys() {
            assert_eq!(unused.lookup(&key), plain.lookup(&key));
            assert_eq!(hashed.lookup(&key), plain.lookup(&[b"app:", &*key].concat()));
        }
        assert!(with(&[("prefix", &"x".repeat(127))]).is_ok());
        assert!(with(&[("prefix", &"x".repeat(128))]).is_err());
    }

    #[test]
    fn sorting_goes_by_host_and_then_by_port_as_a_number() {
        let names = ["b:2", "b:11212", "/a", "B", "a:80", "a:9"];
        let ring = ring(&DIALECT, &[("sort-hosts", "true"), ("hash", "md5")], servers(&names)).unwrap();
        for key in keys() {
            let position = hash::md5::first_word(&key) as usize % names.len();
            let sorted = ["/a", "B", "a:9", "a:80", "b:2", "b:11212"][position];
            assert_eq!(ring.lookup(&key), ring.index_of(sorted.as_bytes()));
        }
    }

    #[test]
    fn a_single_server_answers_unless_it_was_ejected_from_a_ring() {
        for (distribution, answer) in
            [("modula", Some(0)), ("virtual-bucket", Some(0)), ("ketama", None), ("ketama-spy", None)]
        {
            let up = ring(&DIALECT, &[("distribution", distribution)], weighing(&[1])).unwrap();
            assert_eq!(up.lookup(b""), Some(0));
            let down = up.with_down(&[true]).unwrap();
            assert_eq!(down.lookup(b"key"), answer, "{distribution}");
            assert_eq!(down.with_down(&[false]).unwrap().lookup(b"key"), Some(0));
        }
    }

    #[test]
    fn ejected_servers_leave_the_ring_of_the_others() {
        let options = [("distribution", "ketama"), ("weighted", "true"), ("hash", "md5")];
        let whole = ring(&DIALECT, &options, weighing(&[1, 5, 9, 2])).unwrap();
        let some = whole.with_down(&[false, true, false, false]).unwrap();
        let mut servers = weighing(&[1, 5, 9, 2]);
        servers.remove(1);
        let without = ring(&DIALECT, &options, servers).unwrap();
        for key in keys() {
            let name = |ring: &crate::Ring| {
                ring.lookup(&key).map(|index| ring.servers()[index as usize].name.clone())
            };
            assert_eq!(name(&some), name(&without));
        }
        assert_eq!(whole.with_down(&[true; 4]).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn names_may_be_repeated() {
        let ring = ring(&DIALECT, &[], servers(&["a", "a", "b"])).unwrap();
        assert_eq!(ring.servers().len(), 3);
    }
}
