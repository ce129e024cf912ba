//! Server lists in the configuration files of other software: the same fleet read from them, and written to them.
//!
//! Each format is a pair of pure functions, text to list and list to text, in a file of its own. A reader takes what
//! decides where keys go, passes over what is known not to, and refuses the rest. A writer refuses a list that its
//! software could not be given, and tells what it had to leave out.

mod haproxy;
mod libmemcached;
mod nginx;
mod own;
mod twemproxy;
mod words;
mod yaml;

use super::{ServerList, classic, toml};
use crate::dialect::{Dialect, refused};
use crate::error::{Error, ErrorKind, unknown};
use crate::server::Server;

/// A form in which a server list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// This library's own: dialect, options and all fields of a server.
    Toml,
    /// The list of the 2007 library.
    Classic,
    /// A pool in the YAML file of twemproxy.
    Twemproxy,
    /// An `upstream` block of nginx.
    Nginx,
    /// A `backend` or `listen` section of HAProxy.
    Haproxy,
    /// A configuration string of libmemcached.
    Libmemcached,
}

/// A list as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: Vec<u8>,
    /// What the format could not say, in sentences.
    pub left_out: Vec<String>,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 6] =
        [Self::Toml, Self::Classic, Self::Twemproxy, Self::Nginx, Self::Haproxy, Self::Libmemcached];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Toml => "toml",
            Self::Classic => "classic",
            Self::Twemproxy => "twemproxy",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Libmemcached => "libmemcached",
        }
    }

    /// The format of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Option`]; the text lists the names.
    pub fn named(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::new(ErrorKind::Option, unknown("format", name, Self::ALL.map(Self::name))))
    }

    /// The format of a text, by what stands in it; classic where nothing speaks for another.
    ///
    /// TOML is known by its first line (see [`ServerList::parse`]), a configuration string by its first two characters,
    /// `--`; an upstream block by a line that starts with `upstream`, a section of HAProxy by a line that starts with
    /// `backend` or `listen` together with one that starts with `server`, a pool by the line `servers:`.
    pub fn of(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if toml::is_toml(text) {
            return Self::Toml;
        }
        let first = |words: &[&[u8]]| {
            let mut lines = text.split(|&byte| byte == b'\n');
            lines.any(|line| {
                line.split(u8::is_ascii_whitespace)
                    .find(|w| !w.is_empty())
                    .is_some_and(|w| words.contains(&w))
            })
        };
        if text.trim_ascii_start().starts_with(b"--") {
            Self::Libmemcached
        } else if first(&[b"upstream"]) {
            Self::Nginx
        } else if first(&[b"backend", b"listen"]) && first(&[b"server"]) {
            Self::Haproxy
        } else if first(&[b"servers:"]) {
            Self::Twemproxy
        } else {
            Self::Classic
        }
    }

    /// The dialect of the software that reads this format; None where the text itself names one.
    pub fn dialect(self) -> Result<Option<&'static Dialect>, Error> {
        match self {
            Self::Toml => Ok(None),
            Self::Classic => Dialect::named("libketama").map(Some),
            other => Dialect::named(other.name()).map(Some),
        }
    }

    /// Reads a list. `file` names the text in errors; `pool` is the pool, upstream or backend that is wanted, which
    /// need not be said where there is one only.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`], [`ErrorKind::Option`] or [`ErrorKind::Server`], with the place, for what the software
    /// would refuse, for what decides where keys go and no dialect knows, and if `pool` is not there.
    pub fn parse(self, text: &[u8], file: &str, pool: Option<&str>) -> Result<ServerList, Error> {
        let parse = match self {
            Self::Toml => return toml::parse(text, file),
            Self::Classic => {
                let servers = classic::parse(text, file, None)?;
                return Ok(ServerList::new(Dialect::named("libketama")?, servers));
            }
            Self::Twemproxy => twemproxy::parse,
            Self::Nginx => nginx::parse,
            Self::Haproxy => haproxy::parse,
            Self::Libmemcached => libmemcached::parse,
        };
        let read = |text: &[u8]| {
            let text = std::str::from_utf8(text)
                .map_err(|_| Error::new(ErrorKind::Syntax, "the text is not UTF-8"))?;
            let list = parse(text.strip_prefix('\u{feff}').unwrap_or(text), pool)?;
            list.dialect.check(&list.servers, &list.options)?;
            Ok(list)
        };
        read(text).map_err(|error: Error| error.in_file(file))
    }

    /// Writes a list, which is of this format's dialect.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] or [`ErrorKind::Server`] for a list that the software could not be given.
    pub fn write(self, list: &ServerList) -> Result<Written, Error> {
        if let Some(dialect) = self.dialect()?
            && dialect.name != list.dialect.name
        {
            let message = format!("{} holds lists of {dialect}, not of {}", self.name(), list.dialect);
            return Err(Error::new(ErrorKind::Option, message));
        }
        let write = match self {
            Self::Toml => return own::toml(list),
            Self::Classic => own::classic,
            Self::Twemproxy => twemproxy::write,
            Self::Nginx => nginx::write,
            Self::Haproxy => haproxy::write,
            Self::Libmemcached => libmemcached::write,
        };
        let mut written = write(list)?;
        written.left_out.extend(beside_the_fleet(list));
        Ok(written)
    }
}

/// What only this library's own form can say.
fn beside_the_fleet(list: &ServerList) -> Vec<String> {
    let mut left_out = Vec::new();
    if list.replicas.is_some() {
        left_out.push("`replicas` is left out".to_owned());
    }
    if list.segment.is_some() {
        left_out.push("`segment` is left out".to_owned());
    }
    if list.options.is_set("max-points") {
        left_out.push("option `max-points` is left out".to_owned());
    }
    if list.servers.iter().any(|server| server.fields.zone.is_some()) {
        left_out.push("`zone` of servers is left out".to_owned());
    }
    left_out
}

/// A sentence for each server that is down, for formats that cannot say so.
fn downs(list: &ServerList) -> Vec<String> {
    let down = list.servers.iter().filter(|server| server.down);
    down.map(|server| format!("server `{}`: that it is down is left out", server.name_lossy())).collect()
}

/// A server's name or another of its texts, which has to be UTF-8 here.
fn utf8<'a>(server: &Server, bytes: &'a [u8]) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|_| refused(server, "it has bytes that are not UTF-8"))
}

/// The pool of this name, or the only one.
fn choose<T>(what: &str, found: Vec<(String, T)>, pool: Option<&str>) -> Result<(String, T), Error> {
    let refuse = |message| Err(Error::new(ErrorKind::Syntax, message));
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let known = || names.iter().map(String::as_str);
    let mut wanted = found.into_iter().filter(|(name, _)| pool.is_none_or(|pool| pool == name));
    match (wanted.next(), wanted.next(), pool) {
        (Some(only), None, _) => Ok(only),
        (None, _, Some(pool)) => refuse(unknown(what, pool, known())),
        (None, ..) => refuse(format!("there is no {what} in it")),
        (Some(_), Some(_), Some(pool)) => refuse(format!("{what} `{pool}` is there twice")),
        (Some(_), Some(_), None) => {
            let names: Vec<&str> = known().collect();
            refuse(format!("there are several {what}s; name one of: {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests;
