//! Lists of servers that lie in different zones where they can.

use crate::ring::Ring;
use crate::server::Server;
use std::collections::HashSet;

impl Ring {
    /// Writes the servers for a key into `out`, spread over zones; returns how many were written.
    ///
    /// The servers come in the order of [`Ring::lookup_n`], each once; but first those whose zone is not yet in the list,
    /// and only when every zone is in it those that were passed over, in the same order (Cassandra's rack-aware
    /// placement). So the first server is that of [`Ring::lookup`], and a list as long as there are zones has one server
    /// of each. A server without a zone counts as a zone of its own: if no server has a zone, the list is that of
    /// `lookup_n`.
    pub fn lookup_n_zones(&self, key: &[u8], out: &mut [u32]) -> usize {
        spread(self.servers(), &mut |visit| self.walk(key, visit), out)
    }
}

/// Calls the function that it is given with one server after the other, until that returns false.
pub(crate) type Walk<'a> = dyn FnMut(&mut dyn FnMut(u32) -> bool) + 'a;

/// Fills `out` from a walk: the first server of each zone, then the others, both in the order of the walk.
///
/// Those passed over may well be met before the last zone is: as all that follow that one are taken in the order of the
/// walk, it makes no difference whether they wait for it or for the end of the walk.
pub(crate) fn spread(servers: &[Server], walk: &mut Walk<'_>, out: &mut [u32]) -> usize {
    if out.is_empty() {
        return 0;
    }
    let mut count = 0;
    let mut zones = HashSet::new();
    let mut seen = HashSet::new();
    let mut passed_over = Vec::new();
    walk(&mut |server| {
        // Where there is no memory to remember a server, the list ends before it.
        let room =
            [seen.try_reserve(1).is_ok(), zones.try_reserve(1).is_ok(), passed_over.try_reserve(1).is_ok()];
        if room.contains(&false) {
            return false;
        }
        if !seen.insert(server) {
            return true;
        }
        let zone = servers.get(server as usize).and_then(|server| server.fields.zone.as_ref());
        if zone.is_some_and(|zone| !zones.insert(zone)) {
            passed_over.push(server);
            return true;
        }
        out[count] = server;
        count += 1;
        count < out.len()
    });
    for (place, server) in out[count..].iter_mut().zip(passed_over) {
        *place = server;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, ServerList};

    fn ring(zones: &[&str]) -> Ring {
        let servers = (0..).zip(zones).map(|(index, zone): (u32, _)| {
            let mut server = Server::new(format!("10.0.0.{index}:11211"), 1);
            server.fields.zone = (!zone.is_empty()).then(|| zone.as_bytes().to_vec());
            server
        });
        Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers.collect())).unwrap()
    }

    fn lists(ring: &Ring, length: usize) -> Vec<(Vec<u32>, Vec<u32>)> {
        let list = |key: &str| {
            let (mut plain, mut zoned) = (vec![0; ring.servers().len()], vec![0; length]);
            let count = ring.lookup_n(key.as_bytes(), &mut plain);
            plain.truncate(count);
            let count = ring.lookup_n_zones(key.as_bytes(), &mut zoned);
            zoned.truncate(count);
            (plain, zoned)
        };
        (0..300).map(|number| list(&format!("key-{number}"))).collect()
    }

    /// Cassandra's way, step by step: those passed over are taken as soon as every zone is there.
    fn cassandra(plain: &[u32], zones: &[&str], length: usize) -> Vec<u32> {
        let all: HashSet<&str> = zones.iter().copied().collect();
        let (mut list, mut skipped, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for &server in plain {
            let zone = zones[server as usize];
            if seen.len() == all.len() {
                list.push(server);
            } else if seen.contains(zone) {
                skipped.push(server);
            } else {
                list.push(server);
                seen.insert(zone);
                if seen.len() == all.len() {
                    list.append(&mut skipped);
                }
            }
        }
        list.append(&mut skipped);
        list.truncate(length);
        list
    }

    #[test]
    fn lists_are_those_of_the_step_by_step_rule() {
        let zones = ["a", "a", "b", "a", "c", "b", "a", "c", "d"];
        let ring = ring(&zones);
        for length in 0..=10 {
            for (plain, zoned) in lists(&ring, length) {
                assert_eq!(zoned, cassandra(&plain, &zones, length));
            }
        }
    }

    #[test]
    fn as_many_zones_as_there_are_come_first() {
        let zones = ["a", "a", "a", "a", "a", "b", "c"];
        for (plain, zoned) in lists(&ring(&zones), 3) {
            let met: HashSet<&str> = zoned.iter().map(|&server| zones[server as usize]).collect();
            assert_eq!(met.len(), 3);
            assert_eq!(zoned[0], plain[0]);
        }
    }

    #[test]
    fn without_zones_the_list_is_the_plain_one() {
        for (plain, zoned) in lists(&ring(&["", "", "", "", ""]), 5) {
            assert_eq!(plain, zoned);
        }
    }

    #[test]
    fn a_server_without_a_zone_is_a_zone_of_its_own() {
        let zones = ["", "a", "a", "", "a"];
        for (_, zoned) in lists(&ring(&zones), 3) {
            let of_a = zoned.iter().filter(|&&server| zones[server as usize] == "a").count();
            assert_eq!(of_a, 1);
        }
    }

    #[test]
    fn servers_that_are_down_do_not_stand_for_their_zone() {
        let ring = ring(&["a", "b", "c", "c"]).with_down(&[false, true, false, false]).unwrap();
        for (_, zoned) in lists(&ring, 4) {
            assert_eq!(zoned.len(), 3);
            assert!(!zoned.contains(&1));
            assert!(zoned[..2].contains(&0));
        }
    }
}
