//! Rings for the tests of dialects.

use super::Dialect;
use crate::error::Error;
use crate::ring::Ring;
use crate::server::Server;
use crate::server_list::ServerList;

/// Servers of weight 1 with these names.
pub(super) fn servers(names: &[&str]) -> Vec<Server> {
    names.iter().map(|&name| Server::new(name, 1)).collect()
}

/// Servers with these weights.
pub(super) fn weighing(weights: &[i64]) -> Vec<Server> {
    (1..)
        .zip(weights)
        .map(|(number, &weight)| Server::new(format!("10.0.0.{number}:11211"), weight))
        .collect()
}

/// The ring of these servers; options as on a command line.
pub(super) fn ring(
    dialect: &'static Dialect,
    options: &[(&str, &str)],
    servers: Vec<Server>,
) -> Result<Ring, Error> {
    let mut list = ServerList::new(dialect, servers);
    for (name, value) in options {
        list.options.set_text(name, value)?;
    }
    Ring::build(list)
}

/// A number of keys that differ.
pub(super) fn keys() -> impl Iterator<Item = Vec<u8>> {
    (0..400).map(|number| format!("key-{number}").into_bytes())
}

/// The list of all servers for a key.
pub(super) fn list(ring: &Ring, key: &[u8]) -> Vec<u32> {
    let mut out = vec![0; ring.servers().len()];
    let count = ring.lookup_n(key, &mut out);
    out.truncate(count);
    out
}

/// In the ketama family two servers have a point at 970865382, and this key lies between it and the point before.
pub(super) fn assert_earlier_owns_common_point(dialect: &'static Dialect) {
    for names in [["cache-224:11211", "cache-738:11211"], ["cache-738:11211", "cache-224:11211"]] {
        let ring = ring(dialect, &[], servers(&names)).unwrap();
        let position = ring.position(b"tie-95").unwrap();
        assert_eq!(ring.point(position), Some((970_865_382, 0)));
        assert_eq!(ring.lookup(b"tie-95"), Some(0));
    }
}
