//! twemproxy (nutcracker) 0.5.0: the weighted ring and the weighted remainder.

use super::option::{Kind, OptionSpec, Options};
use super::weighted::Scale;
use super::{Dialect, Field, Weights, about, refused, refused_option};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::health::Settings;
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};
use std::borrow::Cow;
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "twemproxy",
    aliases: &["nutcracker"],
    software: "twemproxy (nutcracker)",
    version: "0.5.0",
    verified: "27 recorded files with 13,551 keys; against nutcracker itself 35 pools x 2,200 keys with all hashes, \
               40 random pools x 300 keys, pools after an ejection and a return",
    fields: &[Field::Label],
    // nutcracker refuses a weight of 2^31.
    weights: |_| Weights::Integers(1, i32::MAX as i64),
    repeats: false,
    options: &[
        OptionSpec {
            name: "distribution",
            kind: Kind::word("ketama", &["ketama", "modula"]),
            meaning: "the rule from hash to server: a ring or a remainder",
        },
        OptionSpec {
            name: "hash",
            kind: Kind::word("fnv1a-64", HASHES),
            meaning: "the hash function of keys; `crc32` has 15 bits here, `crc32a` is the one of zlib",
        },
        OptionSpec {
            name: "hash-tag",
            kind: Kind::Text,
            meaning: "two characters between which the hashed part of a key stands",
        },
    ],
    // Health: with auto_eject_hosts, server_failure_limit and server_retry_timeout at their defaults; without it, the
    // proxy's default, `failures` is 0.
    health: Settings { failures: 2, retry: Some(Duration::from_secs(30)), ..Settings::NEVER },
    build,
};

const HASHES: &[&str] = &[
    "one-at-a-time",
    "md5",
    "crc16",
    "crc32",
    "crc32a",
    "fnv1-64",
    "fnv1a-64",
    "fnv1-32",
    "fnv1a-32",
    "hsieh",
    "murmur",
    "jenkins",
];

// Hash: of keys only; points are always MD5 words.
fn hash_named(word: &str) -> &'static Hash<u32> {
    match word {
        "one-at-a-time" => &hash::ONE_AT_A_TIME,
        "md5" => &hash::MD5,
        "crc16" => &hash::CRC16_TWEMPROXY,
        "crc32" => &hash::CRC15,
        "crc32a" => &hash::CRC32,
        "fnv1-64" => &hash::FNV1_64,
        "fnv1-32" => &hash::FNV1_32,
        "fnv1a-32" => &hash::FNV1A_32,
        "hsieh" => &hash::HSIEH,
        "murmur" => &hash::MURMUR,
        "jenkins" => &hash::JENKINS,
        _ => &hash::FNV1A_64,
    }
}

/// A server with its name on the ring and its index in the list as given.
struct Member<'a> {
    server: &'a Server,
    name: Cow<'a, [u8]>,
    index: u32,
}

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let key = key(options)?;
    let mut members = sorted(servers)?;
    // A server that is down was ejected: everything is computed without it.
    members.retain(|member| !member.server.down);
    match (&*members, options.word("distribution")) {
        ([], _) => Ok(Rule::Nowhere),
        ([only], _) => Ok(Rule::Only(only.index)),
        (members, "modula") => modula(members, key, options),
        (members, _) => ring(members, key, options),
    }
}

/// The servers in the order in which a pool holds them: by the length of their names on the ring, then by the bytes.
fn sorted(servers: &[Server]) -> Result<Vec<Member<'_>>, Error> {
    let mut members: Vec<Member<'_>> =
        (0..).zip(servers).map(|(index, server)| Member { server, name: ring_name(server), index }).collect();
    members.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    for pair in members.windows(2) {
        if let [first, second] = pair
            && first.name == second.name
        {
            let name = String::from_utf8_lossy(&first.name);
            let message =
                format!("it is called `{name}` on the ring, as server `{}` is", first.server.name_lossy());
            return Err(refused(second.server, message));
        }
    }
    Ok(members)
}

// Label: NAME-k, k from 0. NAME is the name after the server line; without one it is the host if the port is 11211 as a
// number, else host and port as written, and the path and a colon for a socket.
fn ring_name(server: &Server) -> Cow<'_, [u8]> {
    if let Some(label) = &server.fields.label {
        return label.into();
    }
    let split = HostPort::split(&server.name);
    if split.host.starts_with(b"/") {
        return [split.host, b":"].concat().into();
    }
    if split.port_number() == Some(11211) { split.host.into() } else { (*server.name).into() }
}

fn ring(members: &[Member<'_>], key: Key<u32>, options: &Options) -> Result<Rule, Error> {
    let scale = Scale::of(members.iter().map(|member| member.server.weight.as_count()));
    let mut points = Placer::new(options.max_points());
    for Member { server, name, index } in members {
        // Points: four MD5 words of each label.
        let groups = scale.groups(server.weight.as_count());
        points
            .md5_groups(*index, &[name, b"-".as_slice()].concat(), groups, 4)
            .map_err(|e| about(server, e))?;
    }
    // Order: equal points stay in the order of the pool. Search: the first point at or above the key's hash.
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild)?.into())
}

/// Each server as many times as it weighs, in the order of the pool.
fn modula(members: &[Member<'_>], key: Key<u32>, options: &Options) -> Result<Rule, Error> {
    let mut slots = Slots::new(options.max_points());
    for Member { server, index, .. } in members {
        slots.push(*index, server.weight.as_count()).map_err(|error| about(server, error))?;
    }
    Ok(Engine::slots(key, slots, Next::Rebuild).into())
}

fn key(options: &Options) -> Result<Key<u32>, Error> {
    let hash = hash_named(options.word("hash"));
    let tag = match *options.text("hash-tag").as_bytes() {
        [] => None,
        [open, close] => Some((open, close)),
        _ => return Err(refused_option("option `hash-tag` takes exactly two characters of one byte each")),
    };
    let part = format!("twemproxy hash-tag {:?}", options.text("hash-tag"));
    Ok(Key::part(hash, part, move |key| {
        let part = tag.map_or(key, |(open, close)| tagged(key, open, close));
        // The empty key, which redis allows, is not hashed.
        if part.is_empty() { Prepared::Place(0) } else { Prepared::Bytes(part.into()) }
    }))
}

/// What stands between the first `open` and the first `close` after it; the whole key where nothing does.
fn tagged(key: &[u8], open: u8, close: u8) -> &[u8] {
    let rest = key.iter().position(|&byte| byte == open).and_then(|at| key.get(at + 1..));
    let tag =
        rest.and_then(|rest| rest.iter().position(|&byte| byte == close).and_then(|end| rest.get(..end)));
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, list, ring, servers, weighing};
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn only_the_first_tag_counts_and_only_if_it_is_closed_and_not_empty() {
        for (key, part) in [
            ("user:{42}:name", "42"),
            ("{42}", "42"),
            ("{}{42}", "{}{42}"),
            ("a}b{42}", "42"),
            ("{a{b}c}", "a{b"),
            ("{42", "{42"),
            ("42}", "42}"),
            ("}{", "}{"),
            ("", ""),
            ("{", "{"),
        ] {
            assert_eq!(tagged(key.as_bytes(), b'{', b'}'), part.as_bytes(), "{key}");
        }
        for (key, part) in [("a|b|c|", "b"), ("a||b|c", "a||b|c"), ("a|b", "a|b"), ("|b|", "b")] {
            assert_eq!(tagged(key.as_bytes(), b'|', b'|'), part.as_bytes(), "{key}");
        }
    }

    #[test]
    fn names_on_the_ring_leave_out_port_11211_however_it_is_written() {
        for (name, on_ring) in [
            ("10.0.0.1:11211", "10.0.0.1"),
            ("10.0.0.1:011211", "10.0.0.1"),
            ("10.0.0.1:011212", "10.0.0.1:011212"),
            ("cache:0", "cache:0"),
            ("/path/sock", "/path/sock:"),
            ("/path/sock:11211", "/path/sock:11211:"),
        ] {
            assert_eq!(*ring_name(&Server::new(name, 1)), *on_ring.as_bytes());
        }
        let mut server = Server::new("/path/sock", 1);
        server.fields.label = Some(b"alpha".to_vec());
        assert_eq!(*ring_name(&server), *b"alpha");
    }

    #[test]
    fn equal_names_on_the_ring_are_refused() {
        let mut list = servers(&["10.0.0.1:11211", "10.0.0.2:11211"]);
        list[1].fields.label = Some(b"10.0.0.1".to_vec());
        let error = ring(&DIALECT, &[], list.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        let text = error.to_string();
        assert!(text.contains("`10.0.0.1:11211`") && text.contains("`10.0.0.2:11211`"), "{text}");
        list[0].down = true;
        assert!(ring(&DIALECT, &[], list).is_err(), "the configuration is refused whoever is down");
        assert!(ring(&DIALECT, &[], servers(&["10.0.0.1:11211", "10.0.0.1:011211"])).is_err());
    }

    #[test]
    fn modula_repeats_servers_by_weight_in_the_order_of_the_pool() {
        let mut list = servers(&["127.0.9.11:11211", "127.0.9.8:11211", "127.0.9.2:11211"]);
        list[0].weight = 3.into();
        list[2].weight = 2.into();
        let options = [("distribution", "modula"), ("hash", "crc32a")];
        let up = ring(&DIALECT, &options, list).unwrap();
        let down = up.with_down(&[false, true, false]).unwrap();
        for key in keys() {
            let hash = hash::crc32::crc32(&key) as usize;
            assert_eq!(up.lookup(&key), Some([2, 2, 1, 0, 0, 0][hash % 6]));
            assert_eq!(down.lookup(&key), Some([2, 2, 0, 0, 0][hash % 5]));
        }
    }

    #[test]
    fn the_empty_key_has_hash_0_whatever_the_function() {
        for hash in HASHES {
            let modula = [("distribution", "modula"), ("hash", *hash)];
            let ring = ring(&DIALECT, &modula, weighing(&[1; 7])).unwrap();
            assert_eq!(ring.place(b""), Some(0), "{hash}");
            assert_eq!(ring.lookup(b""), Some(0), "{hash}");
        }
    }

    #[test]
    fn a_hash_tag_has_two_characters() {
        for (tag, accepted) in [("", true), ("{}", true), ("||", true), ("{", false), ("{{}", false)] {
            let built = ring(&DIALECT, &[("hash-tag", tag)], weighing(&[1, 1]));
            assert_eq!(built.is_ok(), accepted, "{tag}");
        }
    }

    #[test]
    fn pools_without_a_live_server_answer_nothing() {
        for servers in [weighing(&[1]), weighing(&[1, 2, 3])] {
            let up = ring(&DIALECT, &[], servers).unwrap();
            assert!(up.lookup(b"key").is_some());
            let down = up.with_down(&vec![true; up.servers().len()]).unwrap();
            assert_eq!(down.lookup(b"key"), None);
            assert!(list(&down, b"key").is_empty());
        }
    }

    #[test]
    fn weights_that_need_too_many_slots_are_refused_with_their_server() {
        let error =
            ring(&DIALECT, &[("distribution", "modula")], weighing(&[1, i32::MAX.into()])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("10.0.0.2:11211"), "{error}");
        assert!(ring(&DIALECT, &[], weighing(&[0])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[1 << 31])).is_err());
    }
}
