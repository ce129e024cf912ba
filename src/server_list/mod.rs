//! Server lists: which servers, in which order, under which dialect and options.

pub mod classic;
#[cfg(feature = "cli")]
pub mod foreign;
pub(crate) mod lines;
pub(crate) mod read;
pub mod surprise;
pub mod toml;
pub(crate) mod tree;

use crate::dialect::Dialect;
use crate::dialect::option::Options;
use crate::error::Error;
use crate::memory;
use crate::server::Server;

/// A server list: the dialect, its options, and the servers in the order of the software's own configuration.
#[derive(Clone, Debug)]
pub struct ServerList {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// The options that were set.
    pub options: Options,
    /// The servers; their order matters in many dialects.
    pub servers: Vec<Server>,
    /// How many servers a look-up gives when the caller does not say; None: one.
    pub replicas: Option<u32>,
    /// The path of the shared segment that holds the ring for other processes, where the list names one.
    pub segment: Option<String>,
}

impl ServerList {
    /// A list under a dialect with no option set.
    pub fn new(dialect: &'static Dialect, servers: Vec<Server>) -> Self {
        Self { dialect, options: dialect.default_options(), servers, replicas: None, segment: None }
    }

    /// The same servers under another dialect, without the fields that it does not have.
    ///
    /// Where the address stands in a field of its own (haproxy) and the other dialect has no such field, the address
    /// takes the place of the name, for that is what the other dialect's software would be given.
    #[must_use]
    pub fn under(&self, dialect: &'static Dialect, options: Options) -> Self {
        let servers = self.servers.iter().map(|server| dialect.only_its_fields(server)).collect();
        Self { dialect, options, servers, ..self.clone() }
    }

    /// A copy, with room for one server more.
    pub(crate) fn copy(&self) -> Result<Self, Error> {
        let mut servers = Vec::new();
        memory::reserve(
            &mut servers,
            self.servers.len() + 1,
            format_args!("{} servers", self.servers.len()),
        )?;
        servers.extend_from_slice(&self.servers);
        let (options, segment) = (self.options.clone(), self.segment.clone());
        Ok(Self { dialect: self.dialect, options, servers, replicas: self.replicas, segment })
    }

    /// Reads a server list in either form: TOML, or the classic form, which is that of the dialect libketama.
    ///
    /// The first line that is neither blank nor a comment decides: it is TOML if it starts with a field name of a list
    /// (`dialect`, `options`, `servers`, `replicas`, `note`, `segment`) and `=`, or is a header `[options]` or
    /// `[[servers]]`; else the list is a classic one. `file` names the text in errors.
    ///
    /// # Errors
    /// As [`toml::parse`] and [`classic::parse`]. An empty text is a classic list without a server.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, Error> {
        if !Self::is_classic(text) {
            return toml::parse(text, file);
        }
        Ok(Self::new(Dialect::named("libketama")?, classic::parse(text, file, None)?))
    }

    /// Whether [`ServerList::parse`] takes a text for a classic list.
    pub fn is_classic(text: &[u8]) -> bool {
        !toml::is_toml(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_room_for_one_server_more() {
        for count in [1, 4, 9] {
            let servers = vec![Server::new("a", 1); count];
            let copy = ServerList::new(Dialect::named("libketama").unwrap(), servers).copy().unwrap();
            assert!(copy.servers.len() == count && copy.servers.capacity() > count, "{count}");
        }
    }

    #[test]
    fn either_form_is_read_as_what_it_is() {
        let classic = b"10.0.0.1:11211 600\n10.0.0.2:11211 300\n";
        let own = b"dialect = 'libketama'\nservers = [{ name = '10.0.0.1:11211', weight = 600 }]\n";
        assert!(ServerList::is_classic(classic) && !ServerList::is_classic(own));
        let read = |text| ServerList::parse(text, "F").unwrap();
        let names = |list: &ServerList| -> Vec<Vec<u8>> {
            list.servers.iter().map(|server| server.name.to_vec()).collect()
        };
        assert_eq!(read(classic).dialect.name, "libketama");
        assert_eq!(names(&read(classic)), [b"10.0.0.1:11211", b"10.0.0.2:11211"]);
        assert_eq!(names(&read(own)), [b"10.0.0.1:11211"]);
    }
}
