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
use crate::health::Settings;
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
    // Health: reports are results of health checks, with `fall` and `rise` at their defaults.
    health: Settings { failures: 3, successes: 2, ..Settings::NEVER },
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    if (1..=100).contains(&options.int("hash-balance-factor")) {
        return Err(refused_option("option `hash-balance-factor` takes 0 or an integer greater than 100"));
    }
    let is_consistent = options.word("hash-type") == "consistent";
    // What is wrong with a server is wrong also while it is not used.
    let ids = base::ids(servers)?;
    let bases =
        if is_consistent { base::bases(servers, &ids, options.word("hash-key"))? } else { Vec::new() };
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
    Ok(Engine::ring(key(options), points, Ties::Keep, Search::Nearest, Next::Rebuild)?.into())
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

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, list, ring, servers, weighing};
    use super::*;
    use crate::hash::haproxy::sdbm;

    const CONSISTENT: &[(&str, &str)] = &[("hash-type", "consistent")];

    fn with(options: &[(&str, &str)]) -> Result<crate::Ring, Error> {
        ring(&DIALECT, options, weighing(&[1, 5, 2, 3]))
    }

    #[test]
    fn avalanche_is_on_by_default_only_for_consistent_sdbm() {
        for kind in ["consistent", "map-based"] {
            for function in ["sdbm", "djb2", "wt6", "crc32", "none"] {
                let options = [("hash-type", kind), ("hash-function", function)];
                let absent = with(&options).unwrap();
                let default = if (kind, function) == ("consistent", "sdbm") { "true" } else { "false" };
                let written = with(&[&options[..], &[("avalanche", default)]].concat()).unwrap();
                assert_eq!(absent.place(b"42"), written.place(b"42"), "{kind} {function}");
            }
        }
        let place = |options: &[(&str, &str)]| with(options).unwrap().place(b"key");
        assert_eq!(place(CONSISTENT), Some(full_hash(sdbm(b"key")).into()));
        assert_eq!(place(&[("avalanche", "false")]), Some(sdbm(b"key").into()));
        let named = [CONSISTENT, &[("avalanche", "false")]].concat();
        assert_eq!(place(&named), Some(sdbm(b"key").into()));
    }

    #[test]
    fn an_integer_takes_the_place_of_the_hash_before_the_avalanche() {
        for kind in ["consistent", "map-based"] {
            for avalanche in ["true", "false"] {
                let options = [("hash-type", kind), ("avalanche", avalanche)];
                let numbers = with(&[&options[..], &[("hash-function", "none")]].concat()).unwrap();
                let ring = with(&[&options[..], &[("hash-function", "wt6")]].concat()).unwrap();
                for number in (0..1_u64 << 32).step_by(23_456_789) {
                    let answer = ring.lookup_integer(number).unwrap();
                    assert_eq!(answer, numbers.lookup(number.to_string().as_bytes()), "{number}");
                }
            }
        }
    }

    #[test]
    fn a_balance_factor_changes_no_plain_look_up() {
        let plain = with(CONSISTENT).unwrap();
        for (factor, accepted) in
            [("0", true), ("1", false), ("100", false), ("101", true), ("150", true), ("-1", false)]
        {
            let bounded = with(&[CONSISTENT, &[("hash-balance-factor", factor)]].concat());
            assert_eq!(bounded.is_ok(), accepted, "{factor}");
            if let Ok(bounded) = bounded {
                assert!(keys().all(|key| bounded.lookup(&key) == plain.lookup(&key)));
            }
        }
    }

    #[test]
    fn backups_come_in_only_when_no_active_server_is_usable() {
        let mut servers = weighing(&[2, 0, 0, 4, 3]);
        for (server, backup) in servers.iter_mut().zip([false, false, true, true, true]) {
            server.backup = backup;
        }
        assert_eq!(usable(&servers, true), [0]);
        servers[0].down = true;
        assert_eq!(usable(&servers, true), [3, 4]);
        assert_eq!(usable(&servers, false), [3]);
        servers[3].down = true;
        assert_eq!(usable(&servers, false), [4]);
        servers[4].weight = 0.into();
        assert!(usable(&servers, true).is_empty());
    }

    #[test]
    fn states_change_as_if_the_ring_were_built_anew() {
        for options in [CONSISTENT, &[]] {
            let mut servers = weighing(&[2, 3, 1]);
            servers[2].backup = true;
            let up = ring(&DIALECT, options, servers).unwrap();
            assert!(keys().all(|key| up.lookup(&key) != Some(2)));
            let backup = up.with_down(&[true, true, false]).unwrap();
            assert!(keys().all(|key| backup.lookup(&key) == Some(2)));
            let none = backup.with_down(&[true; 3]).unwrap();
            assert_eq!(none.lookup(b"key"), None);
            assert_eq!(none.lookup_integer(7).unwrap(), None);
            let again = none.with_down(&[false; 3]).unwrap();
            assert!(keys().all(|key| again.lookup(&key) == up.lookup(&key)));
        }
    }

    #[test]
    fn a_dead_server_leaves_the_points_of_the_others() {
        let up = with(CONSISTENT).unwrap();
        let down = up.with_down(&[false, true, false, false]).unwrap();
        let points = |ring: &crate::Ring| -> Vec<_> {
            (0..ring.point_count()).filter_map(|index| ring.point(index)).collect()
        };
        let rest: Vec<_> = points(&up).into_iter().filter(|&(_, server)| server != 1).collect();
        assert_eq!(points(&down), rest);
        assert_eq!(rest.len(), 6 * 16);
    }

    #[test]
    fn lists_go_upwards_from_the_chosen_point() {
        let ring = with(CONSISTENT).unwrap();
        for key in keys() {
            let start = ring.position(&key).unwrap();
            let mut naive = Vec::new();
            for step in 0..ring.point_count() {
                let (_, server) = ring.point((start + step) % ring.point_count()).unwrap();
                if !naive.contains(&server) {
                    naive.push(server);
                }
            }
            assert_eq!(list(&ring, &key), naive);
        }
    }

    #[test]
    fn a_server_without_an_address_is_refused_also_while_it_is_not_used() {
        let mut servers = servers(&["10.0.0.1", "cache"]);
        servers[1].down = true;
        let options = [CONSISTENT, &[("hash-key", "addr")]].concat();
        assert!(ring(&DIALECT, &options, servers.clone()).is_err());
        // The table is made of no addresses.
        assert!(ring(&DIALECT, &options[1..], servers).is_ok());
    }

    #[test]
    fn weights_go_from_0_to_256() {
        assert!(ring(&DIALECT, &[], weighing(&[0, 256])).is_ok());
        assert!(ring(&DIALECT, &[], weighing(&[1, 257])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[1, -1])).is_err());
    }
}
