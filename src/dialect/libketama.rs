//! libketama: the 2007 library, RJ/ketama at 18cf9a7, as it computes on x86-64.
//!
//! Verified against the library itself: 31 server files with every point, 46,000 keys.

use super::{Dialect, Weights, groups};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "libketama",
    aliases: &[],
    software: "libketama",
    version: "RJ/ketama 18cf9a7 (2014), x86-64",
    verified: "31 server files point by point, 31,000 recorded keys and 31 runs of 1,000,000 keys",
    fields: &[],
    weights: |_| Weights::Integers(i64::MIN, i64::MAX),
    repeats: true,
    options: &[],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &super::Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    let total = total_weight(servers)?;
    // Label: ADDRESS-k, k from 0.
    let mut label = Vec::new();
    for (server, index) in points.asked(servers).iter().zip(0..) {
        label.clear();
        label.extend_from_slice(&server.name);
        label.push(b'-');
        // Points: four little-endian words of each group's digest.
        points.md5_groups(index, &label, groups::f32k(unsigned(server), total, servers.len()), 4)?;
    }
    // Hash: the first of these words. Order: glibc's merge sort is stable, so equal points keep the order of the file.
    // Search: `ketama_get_server` finds the first point at or above the key's hash; past the last point, and for hash 0,
    // it leaves its loop through `lowp > highp` and returns record 0, which is what the wrap gives.
    let key = Key::whole(&hash::MD5);
    Ok(Engine::ring(key, points, Ties::Keep, Search::AtOrAbove, Next::Ignore)?.into())
}

/// The weight as the reference holds it: the result of `strtol` in an `unsigned long` of 64 bits.
fn unsigned(server: &Server) -> u64 {
    server.weight.as_integer().unwrap_or(0) as u64
}

/// The sum of the weights in an `unsigned long`. Where it wraps, the reference writes past its array on the stack; where
/// it is 0 it converts an infinity to an integer, which is undefined.
fn total_weight(servers: &[Server]) -> Result<u64, Error> {
    let mut total = 0_u64;
    for server in servers {
        if unsigned(server) == 0 {
            return Err(super::refused(server, "weight 0 cannot be used"));
        }
        total = total.checked_add(unsigned(server)).ok_or_else(|| {
            let message =
                "the sum of the weights exceeds 2^64 - 1 (a negative weight counts as 2^64 less its amount)";
            super::refused(server, message)
        })?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_wraps_is_an_error() {
        let list = |weights: &[i64]| -> Vec<Server> {
            weights.iter().map(|&weight| Server::new("a", weight)).collect()
        };
        assert!(total_weight(&list(&[-1, -1])).is_err());
        assert!(total_weight(&list(&[5, -5])).is_err());
        assert!(total_weight(&list(&[i64::MAX, i64::MAX, i64::MAX])).is_err());
        assert_eq!(total_weight(&list(&[600, -1000])).unwrap(), u64::MAX - 399);
    }
}
