//! Varnish 7.1.1, the shard director: a ring without wrap, and alternatives further up.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, about};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;
use std::collections::HashSet;

pub(super) static DIALECT: Dialect = Dialect {
    name: "varnish",
    aliases: &["varnish-shard"],
    software: "Varnish directors.shard",
    version: "7.1.1",
    verified: "17 recorded files with 5,821 keys and 750 integer keys; against varnishd itself 6 directors x 2,100 keys, \
               926 integer keys, 2,000 URLs and 6,050 answers with alternatives and sick backends",
    fields: &[Field::Label],
    weights: |_| Weights::AtLeast(1.0),
    repeats: false,
    options: &[
        OptionSpec {
            name: "replicas",
            kind: Kind::int(67, 1, u32::MAX as i64),
            meaning: "points for each unit of weight",
        },
        OptionSpec {
            name: "alt",
            kind: Kind::int(0, 0, u32::MAX as i64),
            meaning: "how many different servers are passed over, sick or not",
        },
    ],
    // Health: told from outside, by `Fleet::set_down`; probes count in their own way.
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    // A second server with the same ident is left out altogether.
    let mut idents = HashSet::new();
    for (index, server) in (0..).zip(servers) {
        // Label: IDENT and k, k from 0, with nothing between: many servers share points.
        let ident = server.label_or_name();
        if !idents.insert(ident) {
            continue;
        }
        // Points: the product is one of doubles.
        let count = (options.int("replicas") as f64 * server.weight.as_f64()).floor() as u64;
        points.labels(index, ident, 0..count, hash::SHA256_LAST.one).map_err(|error| about(server, error))?;
    }
    // Hash: the last four bytes of SHA-256, or an integer of 32 bits given in their place.
    let key = Key::whole(&hash::SHA256_LAST).or_integer(|number| number as u32);
    // Order: equal points in the order of the servers.
    // Search: the first point at or above, above the last point the last; the walk to alternatives does wrap.
    let next = Next::Alternate { alt: u32::try_from(options.int("alt")).unwrap_or(u32::MAX) };
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAboveNoWrap, next)?.into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{keys, list, ring, servers};
    use super::*;

    fn weighing(weights: &[f64]) -> Vec<Server> {
        (0..).zip(weights).map(|(index, &weight)| Server::new(format!("b{index}"), weight)).collect()
    }

    #[test]
    fn points_are_the_product_rounded_down() {
        let points = |replicas, weights: &[f64]| {
            ring(&DIALECT, &[("replicas", replicas)], weighing(weights)).unwrap().point_count()
        };
        assert_eq!(points("67", &[1.0, 1.5]), 67 + 100);
        // As doubles 1.15 * 100 is 114.99999999999999.
        assert_eq!(points("100", &[1.15]), 114);
        assert_eq!(points("3", &[1.3, 2.6]), 3 + 7);
    }

    #[test]
    fn a_weight_below_1_is_refused_and_a_great_one_takes_no_memory() {
        assert!(ring(&DIALECT, &[], weighing(&[0.99])).is_err());
        assert!(ring(&DIALECT, &[], weighing(&[f64::NAN])).is_err());
        let error = ring(&DIALECT, &[], weighing(&[1.0, 1e300])).unwrap_err();
        assert!(error.to_string().contains("`b1`"), "{error}");
    }

    #[test]
    fn above_the_last_point_the_last_point_answers() {
        let ring = ring(&DIALECT, &[], servers(&["a", "b", "c"])).unwrap();
        let (value, last) = ring.point(ring.point_count() - 1).unwrap();
        let (_, first) = ring.point(0).unwrap();
        assert_ne!(first, last);
        assert!(value < u128::from(u32::MAX));
        assert_eq!(ring.lookup_integer(u64::from(u32::MAX)).unwrap(), Some(last));
        assert_eq!(ring.lookup_integer(0).unwrap(), Some(first));
    }

    #[test]
    fn a_second_server_with_the_same_ident_takes_part_in_nothing() {
        let mut servers = servers(&["a", "b", "c", "d"]);
        servers[1].fields.label = Some(b"a".to_vec());
        servers[3].fields.label = Some(b"c".to_vec());
        let full = ring(&DIALECT, &[("alt", "9")], servers.clone()).unwrap();
        let cut = ring(&DIALECT, &[("alt", "1")], servers.clone()).unwrap();
        let first = ring(&DIALECT, &[], servers).unwrap();
        for key in keys() {
            let both = list(&first, &key);
            assert!(both == [0, 2] || both == [2, 0]);
            assert_eq!(full.lookup(&key), Some(both[1]));
            assert_eq!(cut.lookup(&key), Some(both[1]));
        }
    }

    #[test]
    fn a_list_starts_at_the_alternative() {
        let names = ["a", "b", "c", "d"];
        let whole = ring(&DIALECT, &[], servers(&names)).unwrap();
        let rest = ring(&DIALECT, &[("alt", "2")], servers(&names)).unwrap();
        for key in keys() {
            assert_eq!(list(&rest, &key), list(&whole, &key)[2..]);
            assert_eq!(rest.lookup(&key), Some(list(&whole, &key)[2]));
        }
    }

    #[test]
    fn going_back_passes_over_the_position_before_the_alternative() {
        let names = ["a", "b", "c", "d", "e"];
        let whole = ring(&DIALECT, &[], servers(&names)).unwrap();
        for alt in 0..5 {
            let text = alt.to_string();
            let up = ring(&DIALECT, &[("alt", &text)], servers(&names)).unwrap();
            for sick in 0..32_u32 {
                let is_sick: Vec<bool> = (0..5).map(|index| sick >> index & 1 == 1).collect();
                let ring = up.with_down(&is_sick).unwrap();
                for key in keys().take(20) {
                    let order = list(&whole, &key);
                    let healthy = |position: &usize| !is_sick[order[*position] as usize];
                    let onward = (alt..5).find(healthy);
                    let back = (0..5).rev().find(|position| position + 1 < alt && healthy(position));
                    let expected = onward.or(back).map(|position| order[position]);
                    assert_eq!(ring.lookup(&key), expected, "alt {alt}, sick {sick:05b}");
                }
            }
        }
    }
}
