//! steady: this project's own dialect, in which a server's points depend on its own label and weight alone.
//!
//! `steady.md` beside this file is its specification, with the reasons and the figures.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, refused};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

/// Points per unit of weight.
const POINTS: OptionSpec =
    OptionSpec { name: "points", kind: Kind::int(512, 1, 65_536), meaning: "points of a server of weight 1" };

pub(super) static DIALECT: Dialect = Dialect {
    name: "steady",
    aliases: &[],
    software: "this library",
    version: "1",
    verified: "11,765 answers of an implementation in Python, made from steady.md",
    fields: &[Field::Label],
    weights: |_| Weights::AtLeast(0.0),
    repeats: false,
    options: &[POINTS],
    health: Settings::GENERAL,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let per_unit = options.int(POINTS.name) as f64;
    let mut points = Placer::new(options.max_points());
    let mut text = Vec::new();
    for (index, server) in by_label(servers)? {
        if server.down {
            continue;
        }
        // Label: LABEL-k, k from 0, where LABEL is the server's label or else its name. Of two labels that differ, none
        // gives a text that the other gives too: k has no `-` in it.
        text.clear();
        text.extend_from_slice(server.label_or_name());
        text.push(b'-');
        // Points: one for each text, so those of a lesser weight are the first ones of a greater weight.
        points.labels(index, &text, 0..count(server.weight.as_f64(), per_unit), hash::XXH3_LOW.one)?;
    }
    // Hash: XXH3-64, its lower half, for points and keys alike.
    let key = Key::whole(&hash::XXH3_LOW);
    // Order: points were placed in the order of labels, and the sort is stable: of equal points the one with the smaller
    // label comes first, wherever its server stands in the list.
    // Search: the first point at or above the key's place, or else the first of all.
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Rebuild)?.into())
}

/// The servers with their indices, in ascending order of their labels; two equal labels are an error.
fn by_label(servers: &[Server]) -> Result<Vec<(u32, &Server)>, Error> {
    let mut sorted: Vec<(u32, &Server)> = (0..).zip(servers).collect();
    sorted.sort_by_key(|(_, server)| server.label_or_name());
    // Names are never empty, and an empty label is the smallest.
    if let Some((_, server)) = sorted.first().filter(|(_, server)| server.label_or_name().is_empty()) {
        return Err(refused(server, "its label is empty"));
    }
    for (earlier, later) in sorted.iter().zip(sorted.iter().skip(1)) {
        if earlier.1.label_or_name() == later.1.label_or_name() {
            let other = earlier.1.name_lossy();
            return Err(refused(later.1, format!("it has the same label as server `{other}`")));
        }
    }
    Ok(sorted)
}

/// Number of points of a server: the nearest integer to `per_unit * weight`, but at least 1 unless the weight is 0.
///
/// Doubles: the product rounds once (not at all if `per_unit` is a power of two), the sum once.
fn count(weight: f64, per_unit: f64) -> u64 {
    if weight == 0.0 {
        return 0;
    }
    // Beyond 2^64 the conversion stops at the greatest number, which is more points than any ring may have.
    ((per_unit * weight + 0.5).floor() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::option::Value;
    use crate::error::ErrorKind;
    use crate::ring::Ring;
    use crate::server::OptionalFields;
    use crate::server::Weight;
    use crate::server_list::ServerList;

    fn built(servers: Vec<Server>, points: i64) -> Result<Ring, Error> {
        let mut list = ServerList::new(&DIALECT, servers);
        list.options.set(POINTS.name, Value::Int(points))?;
        Ring::build(list)
    }

    fn ring(servers: &[(&str, f64)], points: i64) -> Ring {
        built(servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect(), points).unwrap()
    }

    fn refusal(servers: Vec<Server>) -> String {
        built(servers, 512).unwrap_err().to_string()
    }

    fn labelled(name: &str, label: &str) -> Server {
        let fields = OptionalFields { label: Some(label.into()), ..Default::default() };
        Server { fields: fields.into(), ..Server::new(name, 1) }
    }

    /// Ten servers, weights from 0.3 to 3.
    fn fleet() -> Vec<(&'static str, f64)> {
        let names =
            ["a", "b", "db1", "db2", "10.0.0.1:11211", "10.0.0.2:11211", "c-1", "c-11", "x.example", "é"];
        names.into_iter().zip((1..=10).map(|i| f64::from(i) * 0.3)).collect()
    }

    fn keys() -> impl Iterator<Item = Vec<u8>> {
        (0..10_000).map(|number| format!("key-{number}").into_bytes())
    }

    /// The name of the server for a key.
    fn owner<'a>(ring: &'a Ring, key: &[u8]) -> &'a [u8] {
        &ring.servers()[ring.lookup(key).unwrap() as usize].name
    }

    /// The names of all servers for a key, first choice first.
    fn order(ring: &Ring, key: &[u8]) -> Vec<Vec<u8>> {
        let mut found = vec![0; ring.servers().len()];
        let count = ring.lookup_n(key, &mut found);
        found[..count].iter().map(|&index| ring.servers()[index as usize].name.to_vec()).collect()
    }

    /// Asserts that `name`, which gained weight from `old` to `new`, is where every moved key went (and where every key
    /// came from that moves when the weight is taken away again); returns how many moved.
    fn moved(old: &Ring, new: &Ring, name: &str) -> usize {
        let moved = keys().filter(|key| owner(old, key) != owner(new, key));
        moved.inspect(|key| assert_eq!(owner(new, key), name.as_bytes())).count()
    }

    fn shuffled<T: Clone>(items: &[T], mut seed: u64) -> Vec<T> {
        let mut items = items.to_vec();
        for last in (1..items.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            items.swap(last, (seed >> 33) as usize % (last + 1));
        }
        items
    }

    #[test]
    fn the_order_of_the_list_does_not_matter() {
        // With one point each for a weight of 1, these two meet at place 814325060.
        let tied = [("cache-40707", 1.0), ("cache-123175", 1.0)];
        for (servers, points) in [(fleet(), 512), ([&fleet()[..], &tied].concat(), 1)] {
            let expected = ring(&servers, points);
            for seed in 0..5 {
                let other = ring(&shuffled(&servers, seed), points);
                for key in keys().step_by(20) {
                    assert_eq!(order(&other, &key), order(&expected, &key));
                }
            }
        }
    }

    #[test]
    fn equal_points_belong_to_the_smaller_label() {
        assert_eq!((hash::XXH3_LOW.one)(b"cache-40707-0"), (hash::XXH3_LOW.one)(b"cache-123175-0"));
        for names in [["cache-40707", "cache-123175"], ["cache-123175", "cache-40707"]] {
            let ring = ring(&names.map(|name| (name, 1.0)), 1);
            for key in keys().take(100) {
                assert_eq!(order(&ring, &key), [&b"cache-123175"[..], b"cache-40707"]);
            }
        }
    }

    #[test]
    fn a_new_server_takes_its_share_and_nothing_else_moves() {
        let old = ring(&fleet(), 512);
        let new = ring(&[&fleet()[..], &[("new", 1.5)]].concat(), 512);
        let share = 10_000.0 * 1.5 / 18.0;
        let count = moved(&old, &new, "new");
        assert!((0.8 * share..1.2 * share).contains(&(count as f64)), "{count}");
    }

    #[test]
    fn a_changed_weight_moves_keys_of_that_server_alone() {
        let old = ring(&fleet(), 512);
        for (index, (name, weight)) in fleet().into_iter().enumerate() {
            for factor in [1.01, 4.0] {
                let mut servers = fleet();
                servers[index].1 = weight * factor;
                let new = ring(&servers, 512);
                assert!(moved(&old, &new, name) > 0 || factor < 1.1, "{name}");
            }
        }
    }

    #[test]
    fn points_of_a_lesser_weight_are_among_those_of_a_greater_one() {
        let points = |weight: f64| {
            let ring = ring(&[("cache-a", weight)], 512);
            let Rule::Narrow(Engine { map: crate::rule::Map::Points(points, _), .. }) = ring.rule() else {
                panic!("not a ring of points");
            };
            points.iter().map(|point| point.value).collect::<Vec<_>>()
        };
        let weights = [1e-9, 0.01, 0.5, 0.501, 1.0, 1.004, 7.77];
        assert_eq!(weights.map(|weight| points(weight).len()), [1, 5, 256, 257, 512, 514, 3978]);
        for pair in weights.windows(2) {
            let greater = points(pair[1]);
            assert!(points(pair[0]).iter().all(|value| greater.contains(value)), "{pair:?}");
        }
    }

    #[test]
    fn halves_are_rounded_up_and_only_weight_0_gives_no_points() {
        assert_eq!([0.0, -0.0].map(|weight| count(weight, 512.0)), [0, 0]);
        assert_eq!([1e-300, 0.000_976_562_5].map(|weight| count(weight, 512.0)), [1, 1]);
        assert_eq!([1.5, 2.5, 3.5, 2.499_999_999_999_999_6].map(|half| count(half, 1.0)), [2, 3, 4, 2]);
        assert_eq!([0.07, 1.005].map(|weight| count(weight, 100.0)), [7, 100]);
        assert_eq!(count(f64::MAX, 512.0), u64::MAX);
    }

    #[test]
    fn lists_keep_their_order_when_a_server_is_down_or_weightless() {
        let full = ring(&fleet(), 512);
        for index in 0..fleet().len() {
            let down: Vec<bool> = (0..fleet().len()).map(|other| other == index).collect();
            let without = full.with_down(&down).unwrap();
            let mut weightless = fleet();
            weightless[index].1 = 0.0;
            let weightless = ring(&weightless, 512);
            for key in keys().step_by(50) {
                let mut expected = order(&full, &key);
                expected.retain(|other| other != fleet()[index].0.as_bytes());
                assert_eq!(order(&without, &key), expected);
                assert_eq!(owner(&without, &key), expected[0]);
                assert_eq!(order(&weightless, &key), expected);
            }
        }
    }

    #[test]
    fn labels_take_the_place_of_names() {
        let named = ring(&[("a", 1.0), ("b", 1.0), ("c", 1.0)], 512);
        let servers = vec![labelled("1", "a"), labelled("c", "b"), labelled("b", "c")];
        let labelled = built(servers, 512).unwrap();
        for key in keys().take(1000) {
            assert_eq!(labelled.lookup(&key), named.lookup(&key));
        }
    }

    #[test]
    fn equal_or_empty_labels_and_bad_weights_are_refused() {
        let twice = refusal(vec![Server::new("a", 1), labelled("b", "c"), labelled("d", "a")]);
        assert_eq!(twice, "server `d`: it has the same label as server `a`");
        assert_eq!(refusal(vec![labelled("a", "")]), "server `a`: its label is empty");
        assert_eq!(
            refusal(vec![Server::new("a", 1), Server::new("a", 1)]),
            "server `a`: this name occurs twice in the list"
        );
        for weight in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(refusal(vec![Server::new("a", weight)]).contains("numbers of at least 0"), "{weight}");
        }
    }

    #[test]
    fn more_points_than_the_limit_are_refused_before_they_are_placed() {
        for weight in [Weight::Integer(1_000_000), Weight::Integer(i64::MAX), Weight::Fraction(f64::MAX)] {
            let error = built(vec![Server::new("a", weight)], 512).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Limit);
        }
        assert!(built(vec![Server::new("a", 600)], 1).is_ok());
    }

    #[test]
    fn equal_servers_have_nearly_equal_shares() {
        let names: Vec<String> = (1..=50).map(|number| format!("10.0.0.{number}:11211")).collect();
        let servers: Vec<_> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
        let ring = ring(&servers, 512);
        let mut counts = [0_u32; 50];
        for number in 0..500_000 {
            counts[ring.lookup(format!("user:{number}").as_bytes()).unwrap() as usize] += 1;
        }
        // Expected: 10,000 each with a deviation of 4.5 %; 4 of these on either side.
        assert!(counts.iter().all(|count| (8_200..11_800).contains(count)), "{counts:?}");
    }
}
