//! Varnish 7.1.1, the shard director: a ring without wrap, and alternatives further up.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Field, Weights, about};
use crate::error::Error;
use crate::hash;
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
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAboveNoWrap, next).into())
}
