//! HAProxy 2.6 to 3.5: `hash-type consistent` and `hash-type map-based`.
//!
//! A key is what `balance` picks from the request: the value of a header, the path, a parameter.

mod base;
mod map;

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, about, refused_option};
use crate::error::Error;
use crate::hash::haproxy::full_hash;
use crate::hash::{self, Hash};
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "haproxy",
    aliases: &[],
    software: "HAProxy",
    version: "2.6.12, 3.0.0, 3.5-dev5",
    verified: "37 recorded files with 16,138 keys; against haproxy itself 28 backends x 2,100 keys with every function and \
               both types, 9 backends x 2,000 keys with other forms of `balance`, 7 states set at run time, and every \
               `hash-key` in the versions that have it",
    fields: &[Field::Id, Field::Guid, Field::Host, Field::Port, Field::Backup],
    weights: |_| Weights::Integers(0, 256),
    repeats: false,
    options: &[
        OptionSpec {
            name: "hash-type",
            kind: Kind::word("map-based", &["map-based", "consistent"]),
            meaning: "a table rebuilt at every change, or a ring",
        },
        OptionSpec {
            name: "hash-function",
            kind: Kind::word("sdbm", &["sdbm", "djb2", "wt6", "crc32", "none"]),
            meaning: "the hash function of keys; with `none` the key is a decimal number",
        },
        OptionSpec {
            name: "avalanche",
            kind: Kind::Bool(false),
            meaning: "whether hashes of keys are mixed once more; when absent, true with `consistent` and `sdbm`",
        },
        OptionSpec {
            name: "hash-key",
            kind: Kind::word("id", &["id", "hashed-id", "id32", "addr", "addr-port", "guid"]),
            meaning: "what the points of a server are made of; `hashed-id` is what 3.0.0 did for `id`",
        },
        OptionSpec {
            name: "allbackups",
            kind: Kind::Bool(false),
            meaning: "whether all backup servers come in when no other is usable, not the first alone",
        },
        OptionSpec {
            name: "hash-balance-factor",
            kind: Kind::int(0, 0, u32::MAX as i64),
            meaning: "the greatest load of a server in percent of the average, above 100; 0 for no bound",
        },
    ],
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    if (1..=100).contains(&options.int("hash-balance-factor")) {
        return Err(refused_option("option `hash-balance-factor` takes 0 or an integer greater than 100"));
    }
    let is_consistent = options.word("hash-type") == "consistent";
    // What is wrong with a server is wrong also while it is not used.
    let bases = if is_consistent { base::bases(servers, options.word("hash-key"))? } else { Vec::new() };
    match &*usable(servers, options.bool("allbackups")) {
        [] => Ok(Rule::Nowhere),
        [only] => Ok(Rule::Only(*only)),
        usable if is_consistent => consistent(servers, usable, &bases, options),
        usable => map_based(servers, usable, options),
    }
}

/// The servers that take part: those up with a weight above 0, backups only if there is no other.
fn usable(servers: &[Server], all_backups: bool) -> Vec<u32> {
    let indices = |backup: bool| {
        let usable =
            move |server: &Server| server.backup == backup && !server.down && server.weight.as_count() > 0;
        (0..).zip(servers).filter(move |(_, server)| usable(server)).map(|(index, _)| index)
    };
    let active: Vec<u32> = indices(false).collect();
    if !active.is_empty() {
        return active;
    }
    indices(true).take(if all_backups { servers.len() } else { 1 }).collect()
}

fn consistent(servers: &[Server], usable: &[u32], bases: &[u32], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for &index in usable {
        let (Some(server), Some(&base)) = (servers.get(index as usize), bases.get(index as usize)) else {
            continue;
        };
        // Points: 16 for each unit of weight. Label: no text, but the numbers that follow the server's base.
        for number in 0..server.weight.as_count() * 16 {
            let point = full_hash(base.wrapping_add(number as u32));
            points.push(point, index).map_err(|error| about(server, error))?;
        }
    }
    // Order: equal points in the order of the servers. Search: the nearest point on either side.
    Ok(Engine::ring(key(options), points, Ties::Keep, Search::Nearest, Next::Rebuild).into())
}

fn map_based(servers: &[Server], usable: &[u32], options: &Options) -> Result<Rule, Error> {
    let entries = map::entries(servers, usable, options.max_points())?;
    Ok(Engine::slots(key(options), entries, Next::Rebuild).into())
}

// Hash: of keys, or of an integer in its place (an IPv4 address), which only the avalanche changes.
fn key(options: &Options) -> Key<u32> {
    let is_default = options.word("hash-type") == "consistent" && options.word("hash-function") == "sdbm";
    let avalanche = options.bool_if_set("avalanche").unwrap_or(is_default);
    let integer: fn(u64) -> u32 =
        if avalanche { |number| full_hash(number as u32) } else { |number| number as u32 };
    Key::whole(hash_named(options.word("hash-function"), avalanche)).or_integer(integer)
}

fn hash_named(word: &str, avalanche: bool) -> &'static Hash<u32> {
    match (word, avalanche) {
        ("djb2", false) => &hash::DJB2,
        ("djb2", true) => &hash::DJB2_AVALANCHE,
        ("wt6", false) => &hash::WT6,
        ("wt6", true) => &hash::WT6_AVALANCHE,
        ("crc32", false) => &hash::CRC32,
        ("crc32", true) => &hash::CRC32_AVALANCHE,
        ("none", false) => &hash::DECIMAL,
        ("none", true) => &hash::DECIMAL_AVALANCHE,
        (_, false) => &hash::SDBM,
        (_, true) => &hash::SDBM_AVALANCHE,
    }
}
