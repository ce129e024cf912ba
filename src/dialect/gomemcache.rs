//! gomemcache (Go), its ServerList.

use super::{Dialect, Options, Weights};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::Slots;
use crate::rule::{Engine, Next, Rule};
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "gomemcache",
    aliases: &[],
    software: "bradfitz/gomemcache",
    version: "source of April 2025",
    verified: "4 recorded files with 2,000 keys; the package run on 18,000 keys",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    // Label: none, no server is hashed. Points: none, but one slot for each server. Order: list order.
    // Hash: CRC-32. Search: the hash modulo the number of servers.
    let slots = Slots::one_each(servers.len() as u32, options.max_points())?;
    Ok(Engine::slots(Key::whole(&hash::CRC32), slots, Next::Ignore).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ring, ServerList};

    #[test]
    fn all_32_bits_of_the_hash_are_divided() {
        let servers = (0..7).map(|i| Server::new(format!("s{i}"), 0.5)).collect();
        let ring = Ring::build(ServerList::new(&DIALECT, servers)).unwrap();
        // The check value of CRC-32.
        assert_eq!(ring.lookup(b"123456789"), Some(0xcbf4_3926 % 7));
        assert_eq!(ring.with_down(&[true; 7]).unwrap().lookup(b"123456789"), Some(0xcbf4_3926 % 7));
    }
}
