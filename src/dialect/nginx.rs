//! nginx 1.22.1, `hash KEY` and `hash KEY consistent` of an upstream.
//!
//! Where nginx falls back to round robin the answer depends on what it did before: here there is none.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, about};
use crate::error::Error;
use crate::hash::{self, Hash, crc32};
use crate::key::{Key, Prepared};
use crate::point::{Placer, Slots, Ties, push_decimal};
use crate::rule::{Engine, Next, Rehash, Rule};
use crate::search::Search;
use crate::server::{HostPort, Server};

pub(super) static DIALECT: Dialect = Dialect {
    name: "nginx",
    aliases: &[],
    software: "nginx upstream `hash`",
    version: "1.22.1",
    verified: "20 recorded files with 8,830 keys; against nginx itself 12 upstreams x 2,200 keys, 4 upstreams x 2,200 keys \
               with a dead peer, and 12 keys for each number of tries from 17 to 24",
    fields: &[],
    weights: |_| Weights::Integers(1, i64::MAX),
    repeats: false,
    options: &[OptionSpec {
        name: "consistent",
        kind: Kind::Bool(false),
        meaning: "whether the line is `hash KEY consistent`, a ring, and not `hash KEY`, a remainder",
    }],
    build,
};

/// More tries than this, the first one not counted, and nginx falls back to round robin.
const RETRIES: u32 = 20;

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    match servers {
        [only] if only.down => Ok(Rule::Nowhere),
        [_] => Ok(Rule::Only(0)),
        _ if options.bool("consistent") => consistent(servers, options),
        _ => modulo(servers, options),
    }
}

/// Round robin takes the empty key.
fn key(hash: &'static Hash<u32>) -> Key<u32> {
    Key::part(hash, "nginx: not the empty key", |key| {
        if key.is_empty() { Prepared::Nowhere } else { Prepared::Bytes(key.into()) }
    })
}

fn consistent(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for (index, server) in (0..).zip(servers) {
        // Points: 160 for each unit of weight.
        let count = server.weight.as_count().saturating_mul(160);
        points.reserve(count).map_err(|error| about(server, error))?;
        // Label: host, a zero byte, port as written, and the point before it in four bytes, 0 before the first.
        let (host, port) = host_and_port(&server.name);
        let start = crc32::crc32(&[host, b"\0", port].concat());
        let mut point = 0_u32;
        for _ in 0..count {
            // Hash: CRC-32, of keys too.
            point = crc32::extend(start, &point.to_le_bytes());
            points.push(point, index)?;
        }
    }
    // Order: of equal points only the first stays, also when its server is down.
    // Search: the first point at or above the key's hash, then point by point; each point passed over counts as a try.
    let next = Next::Points { tries: Some(RETRIES) };
    Ok(Engine::ring(key(&hash::CRC32), points, Ties::First, Search::AtOrAbove, next).into())
}

/// A socket's path without `unix:`, in whatever case that is written, has no port.
fn host_and_port(name: &[u8]) -> (&[u8], &[u8]) {
    match name.split_at_checked(5) {
        Some((scheme, path)) if scheme.eq_ignore_ascii_case(b"unix:") => (path, b""),
        _ => {
            let split = HostPort::split(name);
            (split.host, split.port.unwrap_or(b""))
        }
    }
}

/// Each server as many slots as it weighs, also when it is down; a try that meets such a server adds to the place.
fn modulo(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut slots = Slots::new(options.max_points());
    for (index, server) in (0..).zip(servers) {
        slots.push(index, server.weight.as_count()).map_err(|error| about(server, error))?;
    }
    let next = Next::Rehash(Rehash { tries: RETRIES + 1, place: rehashed, last_resort: false, lists: false });
    Ok(Engine::slots(key(&hash::CRC15), slots, next).into())
}

/// The sum of all tries so far: 21 of 15 bits do not overflow.
fn rehashed(key: &[u8], number: u32, sum: u32) -> u32 {
    let mut numbered = Vec::with_capacity(key.len() + 2);
    push_decimal(&mut numbered, number.into());
    numbered.extend_from_slice(key);
    sum.wrapping_add(crc32::crc15(&numbered))
}
