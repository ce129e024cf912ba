//! The number from which the points of a server are counted: made of its id, its address or its guid.

use crate::dialect::refused;
use crate::error::Error;
use crate::hash::haproxy::full_hash;
use crate::hash::xxhash::xxh32;
use crate::server::{HostPort, Server};
use std::collections::HashSet;
use std::net::IpAddr;

/// The base of each server, by the word of `hash-key`.
pub(super) fn bases(servers: &[Server], ids: &[u32], hash_key: &str) -> Result<Vec<u32>, Error> {
    servers.iter().zip(ids).map(|(server, &id)| base(server, id, hash_key)).collect()
}

fn base(server: &Server, id: u32, hash_key: &str) -> Result<u32, Error> {
    Ok(match hash_key {
        "hashed-id" => full_hash(id),
        // HAProxy hashes the id in network order, read as a number of this (little-endian) machine.
        "id32" => full_hash(id.swap_bytes()),
        "addr" => of_address(address(server)?, 0),
        "addr-port" => of_address(address(server)?, full_hash(port(server)?.into())),
        "guid" => server.fields.guid.as_ref().map_or(id.wrapping_mul(4096), |guid| xxh32(guid, 0)),
        _ => id.wrapping_mul(4096),
    })
}

/// The id of each server: its own, or the least one that is free and beyond those given to servers before it.
pub(super) fn ids(servers: &[Server]) -> Result<Vec<u32>, Error> {
    let mut taken = HashSet::new();
    for (server, id) in servers.iter().filter_map(|server| server.fields.id.map(|id| (server, id))) {
        if id == 0 || !taken.insert(id) {
            return Err(refused(server, "`id` is an integer of at least 1 that no other server has"));
        }
    }
    let mut next = 1;
    let mut id = |server: &Server| {
        let id = server.fields.id.unwrap_or_else(|| {
            while taken.contains(&next) {
                next += 1;
            }
            next
        });
        next += 1;
        id
    };
    Ok(servers.iter().map(&mut id).collect())
}

/// An IPv4 address is hashed as HAProxy holds it in memory, an IPv6 address as 16 bytes; `seed` tells ports apart.
fn of_address(address: IpAddr, seed: u32) -> u32 {
    match address {
        IpAddr::V4(address) => full_hash(seed.wrapping_add(u32::from_le_bytes(address.octets()))),
        IpAddr::V6(address) => xxh32(&address.octets(), seed),
    }
}

fn address(server: &Server) -> Result<IpAddr, Error> {
    let found = match &server.fields.host {
        Some(host) => numeric(host),
        None => in_name(&server.name).map(|(address, _)| address),
    };
    found
        .ok_or_else(|| refused(server, "`hash-key` needs its numeric address, in `host` or else in the name"))
}

fn port(server: &Server) -> Result<u16, Error> {
    let in_name = || in_name(&server.name).and_then(|(_, port)| port);
    server
        .fields
        .port
        .or_else(in_name)
        .ok_or_else(|| refused(server, "`hash-key` needs its port, in `port` or else in the name"))
}

/// The address and the port that a name shows; None where it is no numeric address.
fn in_name(name: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    if let Some(address) = numeric(name) {
        return Some((address, None));
    }
    let split = HostPort::split(name);
    let port = split.port_number().and_then(|port| u16::try_from(port).ok());
    numeric(split.host).map(|address| (address, port))
}

/// An address in digits, an IPv6 address in brackets or not.
fn numeric(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse().ok().filter(IpAddr::is_ipv6),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::OptionalFields;

    fn server(name: &str) -> Server {
        Server::new(name, 1)
    }

    fn numbered(ids: &[Option<u32>]) -> Vec<Server> {
        let fields = |&id| OptionalFields { id, ..Default::default() }.into();
        ids.iter().map(|id| Server { fields: fields(id), ..server("s") }).collect()
    }

    #[test]
    fn servers_without_an_id_get_the_next_free_one() {
        for (given, expected) in [
            (vec![None, None, None], vec![1, 2, 3]),
            // An explicit id moves the counter on by one, wherever it lies itself.
            (vec![Some(7), None, Some(2), None, Some(1000), None], vec![7, 3, 2, 5, 1000, 8]),
            // Ids further down are not free.
            (vec![None, Some(1), None, Some(3), None, Some(2), None], vec![4, 1, 6, 3, 8, 2, 10]),
            (vec![Some(u32::MAX), None], vec![u32::MAX, 2]),
        ] {
            assert_eq!(ids(&numbered(&given)).unwrap(), expected, "{given:?}");
        }
    }

    #[test]
    fn an_id_is_above_0_and_of_one_server_only() {
        assert!(ids(&numbered(&[Some(0)])).is_err());
        assert!(ids(&numbered(&[Some(5), None, Some(5)])).is_err());
    }

    #[test]
    fn addresses_are_taken_from_the_name_where_they_are_not_given() {
        let mut given = server("s1");
        given.fields.host = Some(b"10.1.2.3".to_vec());
        given.fields.port = Some(8080);
        let base = |server: &Server, hash_key| base(server, 1, hash_key).unwrap();
        let (addr, addr_port) = (base(&given, "addr"), base(&given, "addr-port"));
        assert_eq!(addr, full_hash(0x0302_010a));
        assert_eq!(addr_port, full_hash(full_hash(8080).wrapping_add(0x0302_010a)));
        assert_eq!(base(&server("10.1.2.3"), "addr"), addr);
        assert_eq!(base(&server("10.1.2.3:9"), "addr"), addr);
        assert_eq!(base(&server("10.1.2.3:8080"), "addr-port"), addr_port);
        let six = base(&server("2001:db8::1"), "addr");
        assert_eq!(base(&server("[2001:db8::1]"), "addr"), six);
        assert_eq!(base(&server("[2001:db8::1]:80"), "addr"), six);
        assert_ne!(base(&server("[2001:db8::1]:80"), "addr-port"), six);
    }

    #[test]
    fn what_shows_no_address_or_port_is_refused() {
        for (name, hash_key) in [
            ("s1", "addr"),
            ("cache.example:80", "addr"),
            ("10.1.2", "addr"),
            ("[10.1.2.3]", "addr"),
            ("/path/sock", "addr"),
            ("10.1.2.3", "addr-port"),
            ("2001:db8::1", "addr-port"),
            ("10.1.2.3:65536", "addr-port"),
            ("s1:80", "addr-port"),
        ] {
            assert!(base(&server(name), 1, hash_key).is_err(), "{name} {hash_key}");
        }
        let mut server = server("10.1.2.3:80");
        server.fields.host = Some(b"cache.example".to_vec());
        assert!(base(&server, 1, "addr").is_err());
    }

    #[test]
    fn a_server_without_a_guid_has_the_base_of_its_id() {
        let mut server = server("s");
        assert_eq!(base(&server, 1_048_577, "guid").unwrap(), base(&server, 1, "id").unwrap());
        server.fields.guid = Some(b"g-1".to_vec());
        assert_eq!(base(&server, 1, "guid").unwrap(), xxh32(b"g-1", 0));
        assert_eq!(base(&server, 0x0102_0304, "id32").unwrap(), full_hash(0x0403_0201));
        assert_eq!(base(&server, 7, "hashed-id").unwrap(), full_hash(7));
    }
}
