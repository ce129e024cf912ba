//! uhashring: the Python package of that name, with its own ring of 128 bits (`meta`) and its ketama ring.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, groups, up};
use crate::error::{Error, ErrorKind};
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "uhashring",
    aliases: &[],
    software: "uhashring",
    version: "2.5",
    verified: "21 recorded files, 6,965 keys; 98,000 keys against the package's ketama ring, 32,500 against its own; \
               297 random lists with 42,741 keys",
    fields: &[Field::Vnodes],
    weights: |_| Weights::Integers(0, i64::MAX),
    repeats: false,
    options: &[
        OptionSpec {
            name: "mode",
            kind: Kind::word("meta", &["meta", "ketama"]),
            meaning: "`meta`: the package's default ring; `ketama`: hash_fn=\"ketama\"",
        },
        OptionSpec {
            name: "vnodes",
            kind: Kind::Int { default: None, least: 1, most: u32::MAX as i64 },
            meaning: "`meta`: points per unit of weight (160 if absent); `ketama`: groups of a server of average weight \
                      (40 if absent)",
        },
        OptionSpec {
            name: "replicas",
            kind: Kind::int(4, 1, 4),
            meaning: "`ketama`: words taken from each digest",
        },
    ],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    // A server that is down was removed.
    let servers = up(servers);
    if servers.is_empty() {
        return Ok(Rule::Nowhere);
    }
    if options.word("mode") == "ketama" { ketama(&servers, options) } else { meta(&servers, options) }
}

fn meta(servers: &[(&Server, u32)], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for &(server, index) in servers {
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: vnodes * weight, no total.
        let count = u64::from(vnodes(server, options, 160)).saturating_mul(weight(server).unsigned_abs());
        // Hash: the whole of MD5 as a big-endian number.
        points.labels(index, &label, 0..count, hash::MD5_128.one)?;
    }
    // Order: a dictionary from point to server, so the last one owns a common point. Search: `bisect`, which is the
    // first point above.
    Ok(Engine::ring(Key::whole(&hash::MD5_128), points, Ties::Last, Search::Above, Next::Rebuild)?.into())
}

fn ketama(servers: &[(&Server, u32)], options: &Options) -> Result<Rule, Error> {
    let total = servers.iter().map(|(server, _)| i128::from(weight(server))).sum();
    if total == 0 {
        let message = "all weights are 0: uhashring divides by their sum in mode `ketama`";
        return Err(Error::new(ErrorKind::Server, message));
    }
    let mut points = Placer::new(options.max_points());
    let words = options.int("replicas") as usize;
    for &(server, index) in servers {
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: the first little-endian words of each group's digest.
        let groups = groups::int(vnodes(server, options, 40), weight(server), total, servers.len());
        points.md5_groups(index, &label, groups, words)?;
    }
    // Hash: the first of these words. Order and search as in `meta`.
    Ok(Engine::ring(Key::whole(&hash::MD5), points, Ties::Last, Search::Above, Next::Rebuild)?.into())
}

fn weight(server: &Server) -> i64 {
    server.weight.as_integer().unwrap_or(0)
}

/// The server's own number, else the option's, else the mode's.
fn vnodes(server: &Server, options: &Options, default: u32) -> u32 {
    let option = || options.int_if_set("vnodes").and_then(|vnodes| u32::try_from(vnodes).ok());
    server.fields.vnodes.or_else(option).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ring, servers, weighing};
    use super::*;

    const KETAMA: (&str, &str) = ("mode", "ketama");

    #[test]
    fn all_weights_0_are_an_error_in_one_mode_and_an_empty_ring_in_the_other() {
        assert_eq!(ring(&DIALECT, &[KETAMA], weighing(&[0, 0])).unwrap_err().kind(), ErrorKind::Server);
        assert_eq!(ring(&DIALECT, &[], weighing(&[0, 0])).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn without_a_server_that_is_up_there_is_no_answer() {
        let mut list = servers(&["a", "b"]);
        list.iter_mut().for_each(|server| server.down = true);
        assert_eq!(ring(&DIALECT, &[KETAMA], list.clone()).unwrap().lookup(b"key"), None);
        assert_eq!(ring(&DIALECT, &[], list).unwrap().lookup(b"key"), None);
    }

    #[test]
    fn points_are_vnodes_by_weight_or_words_by_share() {
        let count = |options: &[(&str, &str)], weights| {
            ring(&DIALECT, options, weighing(weights)).unwrap().point_count()
        };
        assert_eq!(count(&[], &[1, 3]), 640);
        assert_eq!(count(&[("vnodes", "7"), ("replicas", "1")], &[1, 3]), 28);
        assert_eq!(count(&[KETAMA], &[1, 3]), 320);
        // 7 * 3 / 4 is cut to 5 groups, 21 * 3 / 4 to 15.
        assert_eq!(count(&[KETAMA, ("vnodes", "7"), ("replicas", "3")], &[1, 2, 1]), 3 * (5 + 10 + 5));
    }

    #[test]
    fn the_key_hash_of_the_own_ring_is_the_whole_digest() {
        // RFC 1321: MD5 ("a") = 0cc175b9c0f1b6a831c399e269772661.
        let ring = ring(&DIALECT, &[], servers(&["a"])).unwrap();
        assert_eq!(ring.place(b"a"), Some(0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661));
    }

    #[test]
    fn absurd_numbers_of_points_are_errors() {
        let limit = |options: &[(&str, &str)]| {
            ring(&DIALECT, options, weighing(&[i64::MAX, i64::MAX])).unwrap_err().kind()
        };
        assert_eq!(limit(&[]), ErrorKind::Limit);
        assert_eq!(limit(&[KETAMA, ("vnodes", "4294967295")]), ErrorKind::Limit);
    }
}
