//! Dialects: the exact rules by which pieces of software map keys to servers, one file and one table row each.

pub mod option;

mod address;
mod cache_memcached_fast;
mod cassandra;
mod dalli;
mod envoy;
mod go_ketama;
mod go_redis;
mod goketama;
mod gomemcache;
mod groups;
mod haproxy;
mod hash_ring;
mod hashring_js;
mod jump;
mod libketama;
mod libmemcached;
mod memcached_js;
mod memcached_proxy;
mod nginx;
mod perl_ketama;
mod pymemcache;
mod python_memcached;
mod ring_redis;
mod set_consistenthash;
mod spymemcached;
mod stathat;
mod steady;
mod twemproxy;
mod uhashring;
mod varnish;
mod weighted;
mod xmemcached;

#[cfg(test)]
mod testing;

use crate::error::{Error, ErrorKind, unknown};
use crate::health::Settings;
use crate::memory;
use crate::rule::Rule;
use crate::server::{OptionalFields, Server, Weight};
use option::{OptionSpec, Options, canonical_word};
use std::fmt;

/// Every dialect, in the order in which they are listed for people.
pub static DIALECTS: &[&Dialect] = &[
    &libketama::DIALECT,
    &libmemcached::DIALECT,
    &twemproxy::DIALECT,
    &nginx::DIALECT,
    &haproxy::DIALECT,
    &varnish::DIALECT,
    &memcached_proxy::DIALECT,
    &hash_ring::DIALECT,
    &ring_redis::DIALECT,
    &set_consistenthash::DIALECT,
    &uhashring::DIALECT,
    &hashring_js::DIALECT,
    &memcached_js::DIALECT,
    &perl_ketama::DIALECT,
    &go_ketama::DIALECT,
    &goketama::DIALECT,
    &spymemcached::DIALECT,
    &xmemcached::DIALECT,
    &cache_memcached_fast::DIALECT,
    &python_memcached::DIALECT,
    &pymemcache::DIALECT,
    &dalli::DIALECT,
    &stathat::DIALECT,
    &go_redis::DIALECT,
    &gomemcache::DIALECT,
    &jump::DIALECT,
    &envoy::DIALECT,
    &cassandra::DIALECT,
    &steady::DIALECT,
];

/// One dialect: what it is called, what it reads from a server list, and how it builds its rule.
pub struct Dialect {
    /// Its name: lower-case words joined by `-`.
    pub name: &'static str,
    /// Other names under which it is found.
    pub aliases: &'static [&'static str],
    /// The software whose answers it gives.
    pub software: &'static str,
    /// The versions that were run.
    pub version: &'static str,
    /// How it was verified, and on how many keys.
    pub verified: &'static str,
    /// Server fields beside name, weight, down and zone.
    pub fields: &'static [Field],
    /// Which weights it takes, given the options.
    pub weights: fn(&Options) -> Weights,
    /// Whether a name may occur more than once.
    pub repeats: bool,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// When its software gives a server up and when it tries it again, with the software's default numbers; where it has
    /// no such rule, or none is recorded, [`Settings::NEVER`].
    pub health: Settings,
    /// Builds the rule for a list of at least one server, whose fields were checked.
    pub build: fn(&[Server], &Options) -> Result<Rule, Error>,
}

/// A server field that only some dialects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `label`
    Label,
    /// `id`
    Id,
    /// `guid`
    Guid,
    /// `host`
    Host,
    /// `port`
    Port,
    /// `backup`
    Backup,
    /// `vnodes`
    Vnodes,
    /// `tokens`
    Tokens,
}

/// Which weights a dialect takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weights {
    /// Any finite number, without effect.
    Ignored,
    /// Integers from the first to the second number.
    Integers(i64, i64),
    /// Finite numbers of at least this.
    AtLeast(f64),
    /// Finite numbers greater than this.
    Above(f64),
}

impl Dialect {
    /// The dialect of this name or alias, without regard to ASCII case and with `_` read as `-`.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDialect`]; the text lists the known names.
    pub fn named(name: &str) -> Result<&'static Self, Error> {
        let canonical = canonical_word(name);
        let found = DIALECTS
            .iter()
            .find(|dialect| dialect.name == canonical || dialect.aliases.contains(&&*canonical));
        found.copied().ok_or_else(|| {
            let names = DIALECTS.iter().map(|dialect| dialect.name);
            Error::new(ErrorKind::UnknownDialect, unknown("dialect", name, names))
        })
    }

    /// No option set.
    pub fn default_options(&self) -> Options {
        Options::new(self.options)
    }

    /// Checks what can be checked of a list without placing a point: names, weights, fields.
    pub(crate) fn check(&self, servers: &[Server], options: &Options) -> Result<(), Error> {
        let weights = (self.weights)(options);
        let mut names = std::collections::HashMap::new();
        let count = if self.repeats { 0 } else { servers.len() };
        names.try_reserve(count).map_err(|_| memory::none(format_args!("{count} names")))?;
        for server in servers {
            self.check_server(server, weights).map_err(|message| refused(server, message))?;
            if !self.repeats && names.insert(&server.name, ()).is_some() {
                return Err(refused(server, "this name occurs twice in the list".to_owned()));
            }
        }
        if u32::try_from(servers.len()).is_err() {
            return Err(Error::new(ErrorKind::Limit, "more than 2^32 - 1 servers"));
        }
        Ok(())
    }

    /// The server without the fields that this dialect does not have; with its address for a name if that was one.
    pub(crate) fn only_its_fields(&self, server: &Server) -> Server {
        let has = |field| self.fields.contains(&field);
        let (mut kept, mut fields) = (server.clone(), OptionalFields::clone(&server.fields));
        if let Some(host) = fields.host.take_if(|_| !has(Field::Host)) {
            kept.name = match (fields.port, host.contains(&b':')) {
                (Some(port), true) => [b"[", &host[..], b"]:", port.to_string().as_bytes()].concat().into(),
                (Some(port), false) => [&host[..], b":", port.to_string().as_bytes()].concat().into(),
                (None, _) => host.into(),
            };
        }
        fields.label.take_if(|_| !has(Field::Label));
        fields.id.take_if(|_| !has(Field::Id));
        fields.guid.take_if(|_| !has(Field::Guid));
        fields.port.take_if(|_| !has(Field::Port));
        fields.vnodes.take_if(|_| !has(Field::Vnodes));
        fields.tokens.take_if(|_| !has(Field::Tokens));
        kept.backup &= has(Field::Backup);
        kept.fields = fields.into();
        kept
    }

    fn check_server(&self, server: &Server, weights: Weights) -> Result<(), String> {
        if server.name.is_empty() {
            return Err("its name is empty".to_owned());
        }
        // Most servers have nothing to ask for one by one.
        let has_fields = server.backup || !server.fields.is_empty();
        if has_fields && let Some(field) = Field::all_set(server).find(|field| !self.fields.contains(field)) {
            let known = ["name", "weight", "down", "zone"]
                .into_iter()
                .chain(self.fields.iter().map(|field| field.name()));
            return Err(unknown(&format!("field of {}", self.name), field.name(), known));
        }
        weights
            .check(server.weight)
            .map_err(|taken| format!("weight {} cannot be used: {} takes {taken}", server.weight, self.name))
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.name).finish()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An error about options that do not go together, or about a text that an option cannot have.
pub(crate) fn refused_option(message: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Option, message.to_string())
}

/// An error about one server, with its line where it has one.
pub(crate) fn refused(server: &Server, message: impl fmt::Display) -> Error {
    about(server, Error::new(ErrorKind::Server, message.to_string()))
}

/// The same error, with the server that it is about.
pub(crate) fn about(server: &Server, error: Error) -> Error {
    let message = format!("server `{}`: {}", server.name_lossy(), error.message());
    let error = Error::new(error.kind(), message);
    if server.line > 0 { error.at_line(server.line) } else { error }
}

/// The servers that are up, with their indices in the list.
pub(crate) fn up(servers: &[Server]) -> Vec<(&Server, u32)> {
    servers.iter().zip(0..).filter(|(server, _)| !server.down).collect()
}

impl Field {
    /// The name under which it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Id => "id",
            Self::Guid => "guid",
            Self::Host => "host",
            Self::Port => "port",
            Self::Backup => "backup",
            Self::Vnodes => "vnodes",
            Self::Tokens => "tokens",
        }
    }

    /// The fields that are set in a server.
    fn all_set(server: &Server) -> impl Iterator<Item = Self> + use<> {
        let fields: &OptionalFields = &server.fields;
        [
            (Self::Label, fields.label.is_some()),
            (Self::Id, fields.id.is_some()),
            (Self::Guid, fields.guid.is_some()),
            (Self::Host, fields.host.is_some()),
            (Self::Port, fields.port.is_some()),
            (Self::Backup, server.backup),
            (Self::Vnodes, fields.vnodes.is_some()),
            (Self::Tokens, fields.tokens.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, set)| set.then_some(field))
    }
}

impl Weights {
    /// Accepts a weight, or says in words which weights are taken.
    fn check(self, weight: Weight) -> Result<(), String> {
        let number = weight.as_f64();
        let accepted = number.is_finite()
            && match self {
                Self::Ignored => true,
                Self::Integers(least, most) => {
                    weight.as_integer().is_some_and(|weight| (least..=most).contains(&weight))
                }
                Self::AtLeast(least) => number >= least,
                Self::Above(limit) => number > limit,
            };
        if accepted { Ok(()) } else { Err(self.to_string()) }
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored | Self::AtLeast(f64::MIN) => f.write_str("finite numbers"),
            Self::Integers(i64::MIN, _) => f.write_str("integers"),
            Self::Integers(least, i64::MAX) => write!(f, "integers of at least {least}"),
            Self::Integers(least, most) => write!(f, "integers from {least} to {most}"),
            Self::AtLeast(least) => write!(f, "numbers of at least {least}"),
            Self::Above(limit) => write!(f, "numbers greater than {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_about_a_server_has_its_line_if_it_has_one() {
        let text = |line| {
            let server = Server { line, ..Server::new("a", 1) };
            about(&server, Error::new(ErrorKind::Server, "no")).in_file("F").to_string()
        };
        assert_eq!(
            (text(3), text(0)),
            ("server `a`: no (line 3 in F)".into(), "server `a`: no (in F)".into())
        );
    }

    #[test]
    fn a_server_keeps_the_fields_of_a_dialect_and_no_other() {
        let fields = OptionalFields {
            label: Some(b"l".to_vec()),
            id: Some(1),
            guid: Some(b"g".to_vec()),
            host: Some(b"h".to_vec()),
            port: Some(2),
            vnodes: Some(3),
            tokens: Some(vec![4]),
            zone: None,
        };
        let server = Server { backup: true, fields: fields.into(), ..Server::new("a", 1) };
        assert_eq!(Field::all_set(&server).count(), 8);
        for &dialect in DIALECTS {
            let kept = dialect.only_its_fields(&server);
            for field in Field::all_set(&server) {
                let is_kept = Field::all_set(&kept).any(|kept| kept == field);
                assert_eq!(is_kept, dialect.fields.contains(&field), "{dialect} {}", field.name());
            }
            let name: &[u8] = if dialect.fields.contains(&Field::Host) { b"a" } else { b"h:2" };
            assert_eq!(*kept.name, *name, "{dialect}");
        }
    }
}
