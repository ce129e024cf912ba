//! Tests of the segment as its users meet it.

mod damage;
mod figures;
mod follow;
mod foreign;
mod format;
mod hostile;
mod models;
#[cfg(feature = "cli")]
mod recorded;
#[cfg(feature = "capi")]
mod roll;
mod share;
mod soak;
mod stalled;

use crate::{Dialect, Ring, Server, ServerList};

/// A ring of `count` servers of different weights.
fn ring_of(dialect: &str, count: usize) -> Ring {
    Ring::build(list_of(dialect, "10.0", count)).unwrap()
}

/// A list of `count` servers whose names begin with `prefix`.
fn list_of(dialect: &str, prefix: &str, count: usize) -> ServerList {
    let server = |index: usize| {
        let name = format!("{prefix}.{}.{}:11211", index / 250, index % 250);
        Server::new(name, 1 + (index % 3) as i64)
    };
    ServerList::new(Dialect::named(dialect).unwrap(), (0..count).map(server).collect())
}

/// That both rings give the same answers for some keys, by index.
fn assert_same_answers(one: &Ring, other: &Ring) {
    assert_eq!(one.servers(), other.servers());
    assert_eq!(one.point_count(), other.point_count());
    for number in 0..2_000 {
        let key = format!("key-{number}");
        assert_eq!(one.lookup(key.as_bytes()), other.lookup(key.as_bytes()), "{key}");
        let (mut list, mut other_list) = ([0; 4], [0; 4]);
        one.lookup_n(key.as_bytes(), &mut list);
        other.lookup_n(key.as_bytes(), &mut other_list);
        assert_eq!(list, other_list, "{key}");
    }
}
