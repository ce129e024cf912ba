//! spymemcached's KetamaNodeLocator with its hash KETAMA_HASH (Java).

use super::option::{Kind, OptionSpec};
use super::{Dialect, Field, Options, Weights, about, address, weighted::Scale};
use crate::error::{Error, ErrorKind};
use crate::hash;
use crate::health::Settings;
use crate::key::{Key, joined};
use crate::point::{Placer, Ties, push_decimal};
use crate::rule::{Engine, Next, Rehash, Rule};
use crate::search::Search;
use crate::server::Server;
use std::borrow::Cow;

pub(super) static DIALECT: Dialect = Dialect {
    name: "spymemcached",
    aliases: &[],
    software: "spymemcached, KetamaNodeLocator",
    version: "2.11.4-18-gfd1447f3, Java 17",
    verified: "18 recorded files with 8,330 keys; its classes run on 48,000 keys unweighted, 84,000 weighted, 24,000 \
               retry sequences and 2,000 keys beyond ASCII",
    fields: &[Field::Label],
    weights: |options| {
        if options.bool("weighted") { Weights::Integers(0, i64::MAX) } else { Weights::Ignored }
    },
    repeats: false,
    options: &[
        OptionSpec {
            name: "format",
            kind: Kind::word("spymemcached", &["spymemcached", "libmemcached"]),
            meaning: "what is hashed of a server: its socket address, or host and port without port 11211",
        },
        OptionSpec {
            name: "weighted",
            kind: Kind::Bool(false),
            meaning: "points in proportion to the weights instead of 160 for each server",
        },
    ],
    // Health: a server is passed over while its connection is lost; `Fleet::succeeded` tells of a new connection.
    health: Settings { failures: 1, successes: 1, ..Settings::NEVER },
    build,
};

/// Groups of a server in a ring without weights.
const GROUPS: u64 = 40;

/// How often a key is placed, the first time included.
const TRIES: u32 = 7;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let weighted = options.bool("weighted");
    let libmemcached = options.word("format") == "libmemcached";
    let scale = Scale::of(servers.iter().map(|server| server.weight.as_count()));
    if weighted && servers.iter().all(|server| server.weight.as_count() == 0) {
        return Err(Error::new(ErrorKind::Server, "the weights add up to 0"));
    }
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        // Label: TEXT-k, k from 0; TEXT is the label of the server, or what the format makes of its name.
        let label = label(server, libmemcached)?;
        let prefix = [&*label, b"-"].concat();
        // Points: four little-endian words of each group's digest.
        let groups = if weighted { scale.groups(server.weight.as_count()) } else { GROUPS };
        points.md5_groups(index, &prefix, groups, 4).map_err(|error| about(server, error))?;
    }
    // Hash: the first of these words. Order: a map from point to server, in which the last server put stays.
    // Search: the first point at or above the key's hash.
    let next = Next::Rehash(Rehash { tries: TRIES, place, last_resort: false, lists: true });
    Ok(Engine::ring(Key::whole(&hash::MD5), points, Ties::Last, Search::AtOrAbove, next)?.into())
}

fn label(server: &Server, libmemcached: bool) -> Result<Cow<'_, [u8]>, Error> {
    match &server.fields.label {
        Some(label) => Ok(Cow::Borrowed(label)),
        None if libmemcached => Ok(Cow::Borrowed(address::without_default_port(&server.name))),
        None => address::resolved(server, Cow::Borrowed),
    }
}

/// The place of try `number`: the one before plus the hash of the key behind the number of earlier retries.
fn place(key: &[u8], number: u32, before: u32) -> u32 {
    before.wrapping_add(numbered(u64::from(number) - 1, key))
}

/// MD5 of `decimal(number) ++ key`: the software adds it as a signed number, which is the same modulo 2^32.
pub(super) fn numbered(number: u64, key: &[u8]) -> u32 {
    let mut digits = Vec::with_capacity(20);
    push_decimal(&mut digits, number);
    joined(&digits, key, hash::MD5.one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::option::Value;
    use crate::{Ring, ServerList};

    fn list(servers: Vec<Server>, options: &[(&str, &str)]) -> ServerList {
        let mut list = ServerList::new(&DIALECT, servers);
        for (name, value) in options {
            list.options.set_text(name, value).unwrap();
        }
        list
    }

    fn five() -> Vec<Server> {
        (1..=5).map(|i| Server::new(format!("10.30.0.{i}:11212"), 1)).collect()
    }

    #[test]
    fn the_first_try_that_meets_a_server_that_is_up_answers() {
        let ring = Ring::build(list(five(), &[])).unwrap();
        for number in 0..300 {
            let key = format!("key:{number}");
            let mut tries = [0; 7];
            assert_eq!(ring.lookup_n(key.as_bytes(), &mut tries), 7);
            for alive in 0..5 {
                let down: Vec<bool> = (0..5).map(|server| server != alive).collect();
                let expected = tries.contains(&alive).then_some(alive);
                assert_eq!(ring.with_down(&down).unwrap().lookup(key.as_bytes()), expected, "{key}");
            }
        }
    }

    #[test]
    fn seven_tries_that_meet_only_dead_servers_give_no_answer() {
        let ring = Ring::build(list(five(), &[])).unwrap();
        assert_eq!(ring.with_down(&[true; 5]).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn a_host_name_needs_a_label_only_in_the_own_format() {
        let host = || vec![Server::new("cache.example.net:11211", 1)];
        assert_eq!(Ring::build(list(host(), &[])).unwrap_err().kind(), ErrorKind::Server);
        assert!(Ring::build(list(host(), &[("format", "libmemcached")])).is_ok());
    }

    #[test]
    fn weights_count_only_where_the_ring_is_weighted() {
        let weights = [Server::new("10.0.0.1:1", 0), Server::new("10.0.0.2:1", 0.5)];
        assert!(Ring::build(list(weights.to_vec(), &[])).is_ok());
        assert!(Ring::build(list(weights.to_vec(), &[("weighted", "true")])).is_err());
        let zero = vec![Server::new("10.0.0.1:1", 0)];
        assert!(Ring::build(list(zero, &[("weighted", "true")])).is_err());
        let absurd = (1..5).map(|i| Server::new(format!("10.0.0.{i}:1"), i64::MAX)).collect();
        assert!(Ring::build(list(absurd, &[("weighted", "true")])).is_ok());
        let mut limited = list(five(), &[]);
        limited.options.set("max-points", Value::Int(799)).unwrap();
        assert_eq!(Ring::build(limited).unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn of_equal_points_the_last_server_owns_all() {
        let mut servers = five();
        for server in &mut servers {
            server.fields.label = Some(b"same".to_vec());
        }
        let ring = Ring::build(list(servers, &[])).unwrap();
        assert!((0..50).all(|number| ring.lookup(format!("{number}").as_bytes()) == Some(4)));
    }
}
