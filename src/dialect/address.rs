//! Labels that clients in Java make of a server's address.

use super::refused;
use crate::error::Error;
use crate::server::{HostPort, Server};
use std::borrow::Cow;
use std::net::Ipv4Addr;

/// The host alone if the port is 11211, else the whole name.
pub(super) fn without_default_port(name: &[u8]) -> &[u8] {
    let split = HostPort::split(name);
    if split.port_number() == Some(11211) { split.host } else { name }
}

/// The label of a server where the software hashes the address that the name resolves to.
///
/// Only for an IPv4 address in the usual form does `derive` know it from the name; any other name needs a `label`.
pub(super) fn resolved<'a>(
    server: &'a Server,
    derive: impl FnOnce(&'a [u8]) -> Cow<'a, [u8]>,
) -> Result<Cow<'a, [u8]>, Error> {
    if let Some(label) = &server.fields.label {
        return Ok(Cow::Borrowed(label));
    }
    let host = std::str::from_utf8(HostPort::split(&server.name).host).ok();
    if host.is_some_and(|host| host.parse::<Ipv4Addr>().is_ok()) {
        return Ok(derive(&server.name));
    }
    let message = "it needs a `label`: the software hashes the address that it resolves to, in its own form, and only \
                   an IPv4 address shows that form";
    Err(refused(server, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_11211_is_left_out_however_it_is_written() {
        for (name, label) in [
            ("10.0.0.1:11211", "10.0.0.1"),
            ("10.0.0.1:11212", "10.0.0.1:11212"),
            ("cache:011211", "cache"),
            ("cache", "cache"),
            ("[::1]:11211", "[::1]"),
            ("/tmp/socket:11211", "/tmp/socket:11211"),
        ] {
            assert_eq!(without_default_port(name.as_bytes()), label.as_bytes());
        }
    }

    #[test]
    fn names_other_than_ipv4_addresses_need_a_label() {
        fn label(server: &Server) -> Option<Vec<u8>> {
            resolved(server, Cow::Borrowed).map(Cow::into_owned).ok()
        }
        for name in ["10.0.0.1:11211", "10.0.0.1"] {
            assert_eq!(label(&Server::new(name, 1)).unwrap(), name.as_bytes());
        }
        for name in ["cache:11211", "[::1]:11211", "10.0.0.01:11211", "10.1:11211", "/tmp/socket", "\u{e9}:1"]
        {
            let mut server = Server::new(name, 1);
            assert_eq!(label(&server), None, "{name}");
            server.fields.label = Some(b"anything".to_vec());
            assert_eq!(label(&server).unwrap(), b"anything", "{name}");
        }
    }
}
