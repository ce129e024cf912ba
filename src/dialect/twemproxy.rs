//! twemproxy (nutcracker) 0.5.0: the weighted ring and the weighted remainder.

use super::option::{Kind, OptionSpec, Options};
use super::weighted::Scale;
use super::{Dialect, Field, Weights, about, refused, refused_option};
use crate::error::Error;
use crate::hash::{self, Hash};
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};
use std::borrow::Cow;

pub(super) static DIALECT: Dialect = Dialect {
    name: "twemproxy",
    aliases: &["nutcracker"],
    software: "twemproxy (nutcracker)",
    version: "0.5.0",
    verified: "27 recorded files with 13,551 keys; against nutcracker itself 35 pools x 2,200 keys with all hashes, \
               40 random pools x 300 keys, pools after an ejection and a return",
    fields: &[Field::Label],
    weights: |_| Weights::Integers(1, i64::MAX),
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
    if let Some(label) = &server.label {
        return label.into();
    }
    let split = HostPort::split(&server.name);
    if split.host.starts_with(b"/") {
        return [split.host, b":"].concat().into();
    }
    if split.port_number() == Some(11211) { split.host.into() } else { server.name.as_slice().into() }
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
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild).into())
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
