//! A configuration string of libmemcached: `--DISTRIBUTION=consistent --SERVER=HOST:PORT/?WEIGHT ...`.
//!
//! The library applies the options one after another, and places points anew only at some of them: their order decides
//! where keys go. Seen with libmemcached 1.1.4: servers with weights above 1 that follow the distribution make it
//! weighted, those that precede it do not; `--HASH` behind the last server leaves unweighted points where the default
//! hash put them; words in any case; exactly one blank between two options; names of fewer than three characters and
//! IPv6 addresses are refused; what stands behind the path of a socket is part of its name.

use super::{Written, downs, utf8};
use crate::dialect::option::{Value, canonical_word};
use crate::dialect::{Dialect, refused, refused_option};
use crate::error::{Error, ErrorKind, unknown};
use crate::server::{HostPort, Server};
use crate::server_list::ServerList;
use crate::server_list::lines::Lines;
use std::fmt::Write;

/// Options that leave keys where they are.
const IDLE: [&str; 25] = [
    "BINARY-PROTOCOL",
    "BUFFER-REQUESTS",
    "CONNECT-TIMEOUT",
    "FETCH-VERSION",
    "IO-BYTES-WATERMARK",
    "IO-KEY-PREFETCH",
    "IO-MSG-WATERMARK",
    "NOREPLY",
    "NUMBER-OF-REPLICAS",
    "POLL-TIMEOUT",
    "POOL-MAX",
    "POOL-MIN",
    "RANDOMIZE-REPLICA-READ",
    "RCV-TIMEOUT",
    "REMOVE-FAILED-SERVERS",
    "RETRY-TIMEOUT",
    "SND-TIMEOUT",
    "SOCKET-RECV-SIZE",
    "SOCKET-SEND-SIZE",
    "SUPPORT-CAS",
    "TCP-KEEPALIVE",
    "TCP-KEEPIDLE",
    "TCP-NODELAY",
    "USE-UDP",
    "VERIFY-KEY",
];
const KNOWN: [&str; 7] =
    ["SERVER", "SOCKET", "DISTRIBUTION", "HASH", "SORT-HOSTS", "NAMESPACE", "HASH-WITH-NAMESPACE"];

/// The hash functions that `--HASH` knows.
const HASHES: [&str; 8] = ["MD5", "CRC", "FNV1_64", "FNV1A_64", "FNV1_32", "FNV1A_32", "MURMUR", "JENKINS"];

const DEFAULT_HASH: &str = "one-at-a-time";

/// What the library holds while it goes through the string.
#[derive(Default)]
struct State {
    servers: Vec<Server>,
    /// The line of the option that is applied.
    line: u32,
    is_consistent: bool,
    is_weighted: bool,
    sorts: bool,
    hash: Option<String>,
    /// The hash at the time when points were placed last.
    point_hash: Option<String>,
    seen: Vec<&'static str>,
    namespace: Option<String>,
    hashes_namespace: bool,
}

pub(super) fn parse(text: &str, _pool: Option<&str>) -> Result<ServerList, Error> {
    let mut state = State::default();
    // A file ends in a newline, of which the program that hands the string to the library knows nothing.
    let lines = Lines::of(text.as_bytes());
    let mut at = text.len() - text.trim_start().len();
    for option in options(text.trim()) {
        let place = lines.place(at);
        state.line = place.line;
        let apply = if option.is_empty() {
            Err(Error::new(ErrorKind::Syntax, "libmemcached takes exactly one blank between two options"))
        } else {
            state.apply(option)
        };
        apply.map_err(|error| place.mark(error))?;
        at += option.len() + 1;
    }
    state.list()
}

/// What stands between blanks that are not quoted.
fn options(text: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |character| {
        is_quoted ^= character == '"';
        !is_quoted && character == ' '
    })
}

impl State {
    fn apply(&mut self, option: &str) -> Result<(), Error> {
        let syntax = |message: String| Error::new(ErrorKind::Syntax, message);
        let body = option
            .strip_prefix("--")
            .ok_or_else(|| syntax(format!("`{option}` does not start with `--`")))?;
        let (name, value) = body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)));
        let known = KNOWN.iter().chain(&IDLE).copied();
        let name = known
            .clone()
            .find(|known| known.eq_ignore_ascii_case(name))
            .ok_or_else(|| syntax(unknown("option of a configuration string", name, known)))?;
        if ["DISTRIBUTION", "HASH", "NAMESPACE"].contains(&name) && self.seen.contains(&name) {
            return Err(syntax(format!("--{name} can be given once only")));
        }
        self.seen.push(name);
        let value = || value.ok_or_else(|| syntax(format!("--{name} takes a value")));
        match name {
            "SERVER" => self.add(server(value()?)?),
            "SOCKET" => self.add(Server::new(unquoted(value()?)?, 1)),
            "DISTRIBUTION" => self.distribute(value()?)?,
            "HASH" => {
                let word = value()?;
                if !HASHES.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                    return Err(syntax(unknown("hash of a configuration string", word, HASHES)));
                }
                self.hash = Some(canonical_word(word));
            }
            "SORT-HOSTS" => {
                self.sorts = true;
                self.place();
            }
            "NAMESPACE" => self.namespace = Some(unquoted(value()?)?.to_owned()),
            "HASH-WITH-NAMESPACE" => self.hashes_namespace = true,
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, server: Server) {
        self.is_weighted |= self.is_consistent && server.weight.as_count() > 1;
        self.servers.push(Server { line: self.line, ..server });
        self.place();
    }

    /// `consistent`, `modula` or `random`; a hash behind a comma is kept by the library and used for nothing.
    fn distribute(&mut self, value: &str) -> Result<(), Error> {
        let word = value.split(',').next().unwrap_or(value);
        match canonical_word(word).as_str() {
            "consistent" => self.is_consistent = true,
            "modula" => self.is_consistent = false,
            "random" => return Err(refused_option("the distribution `random` has no place for a key")),
            _ => {
                return Err(refused_option(unknown(
                    "distribution",
                    word,
                    ["consistent", "modula", "random"],
                )));
            }
        }
        self.is_weighted = false;
        self.place();
        Ok(())
    }

    fn place(&mut self) {
        self.point_hash.clone_from(&self.hash);
    }

    fn list(self) -> Result<ServerList, Error> {
        if self.servers.is_empty() {
            return Err(Error::new(ErrorKind::Syntax, "there is no --SERVER in it"));
        }
        let mut list = ServerList::new(Dialect::named("libmemcached")?, self.servers);
        let mut set = |name, value| list.options.set(name, value);
        if self.is_consistent {
            set("distribution", Value::Text("ketama".to_owned()))?;
        }
        if self.is_weighted {
            set("weighted", Value::Bool(true))?;
        }
        if self.is_consistent && !self.is_weighted && self.point_hash != self.hash {
            let hash = self.point_hash.unwrap_or_else(|| DEFAULT_HASH.to_owned());
            set("point-hash", Value::Text(hash))?;
        }
        if let Some(hash) = self.hash {
            set("hash", Value::Text(hash))?;
        }
        if self.sorts {
            set("sort-hosts", Value::Bool(true))?;
        }
        if let Some(namespace) = self.namespace {
            set("prefix", Value::Text(namespace))?;
        }
        if self.hashes_namespace {
            set("hash-with-prefix", Value::Bool(true))?;
        }
        Ok(list)
    }
}

/// `HOST`, `HOST:PORT`, each perhaps with `/?WEIGHT`.
fn server(value: &str) -> Result<Server, Error> {
    let refuse = |what: &str| Error::new(ErrorKind::Server, format!("{what} in `--SERVER={value}`"));
    let (name, weight) = value.split_once("/?").unwrap_or((value, "1"));
    let weight = weight.parse::<u32>().map_err(|_| refuse("the weight is no integer of 32 bits"))?;
    let split = HostPort::split(name.as_bytes());
    if !is_host(split.host) {
        return Err(refuse("libmemcached takes no such host"));
    }
    if split.port.is_some() && split.port_number().is_none_or(|port| port > 65_535) {
        return Err(refuse("the port is greater than 65535"));
    }
    Ok(Server::new(name, i64::from(weight)))
}

/// Numbers with dots between, or at least three characters of which the first is a letter and the last no mark.
fn is_host(host: &[u8]) -> bool {
    let is_address = host.contains(&b'.') && host.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let is_name = host.first().is_some_and(u8::is_ascii_alphabetic)
        && host.last().is_some_and(u8::is_ascii_alphanumeric)
        && host.len() > 2
        && host.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    is_address || is_name
}

fn unquoted(value: &str) -> Result<&str, Error> {
    let inner =
        value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).filter(|text| !text.is_empty());
    inner.ok_or_else(|| {
        Error::new(ErrorKind::Syntax, format!("a text in double quotes is wanted, not `{value}`"))
    })
}

pub(super) fn write(list: &ServerList) -> Result<Written, Error> {
    let options = &list.options;
    let hash = options.word("hash");
    let point_hash = options.word_if_set("point-hash").unwrap_or(hash);
    let is_consistent = match options.word("distribution") {
        "ketama" => true,
        "modula" => false,
        other => {
            return Err(refused_option(format!("no configuration string has the distribution `{other}`")));
        }
    };
    let is_weighted = is_consistent && options.bool("weighted");
    let is_late = is_consistent && !is_weighted && point_hash != hash;
    if is_late && point_hash != DEFAULT_HASH {
        let message = format!("no configuration string has the hash `{hash}` and points of `{point_hash}`");
        return Err(refused_option(message));
    }
    let hash = if hash == DEFAULT_HASH { String::new() } else { format!("--HASH={}", hash_word(hash)?) };
    let mut left_out = downs(list);
    let scale = if is_weighted { scale(list, &mut left_out) } else { 1 };
    let servers =
        list.servers.iter().map(|server| write_server(server, scale)).collect::<Result<Vec<_>, _>>()?;
    let mut parts = Vec::new();
    if !is_late {
        parts.push(hash.clone());
    }
    let distribution = if is_consistent { "--DISTRIBUTION=consistent" } else { "--DISTRIBUTION=modula" };
    // Before the servers their weights count, behind them they do not.
    if is_weighted {
        parts.push(distribution.to_owned());
    }
    parts.extend(servers);
    if !is_weighted {
        parts.push(distribution.to_owned());
    }
    // It places the points anew, with the hash that is set by then.
    if options.bool("sort-hosts") {
        parts.push("--SORT-HOSTS".to_owned());
    }
    if is_late {
        parts.push(hash);
    }
    parts.extend(namespace(list)?);
    parts.retain(|part| !part.is_empty());
    let mut text = parts.join(" ");
    text.push('\n');
    Ok(Written { text: text.into_bytes(), left_out })
}

fn hash_word(hash: &str) -> Result<String, Error> {
    let word = hash.to_ascii_uppercase().replace('-', "_");
    if HASHES.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(refused_option(format!("no configuration string has the hash `{hash}`")))
}

/// Only a weight above 1 makes the library weigh: equal weights of 1 are doubled, which leaves every point in its place.
fn scale(list: &ServerList, left_out: &mut Vec<String>) -> i64 {
    if list.servers.iter().any(|server| server.weight.as_count() > 1) {
        return 1;
    }
    left_out.push("all weights are doubled: libmemcached weighs only if one is above 1".to_owned());
    2
}

fn write_server(server: &Server, scale: i64) -> Result<String, Error> {
    let name = utf8(server, &server.name)?;
    let weight = server.weight.as_integer().unwrap_or(1).max(1).saturating_mul(scale);
    if name.starts_with('/') {
        if weight != 1 || name.contains(['"', '\n']) {
            return Err(refused(
                server,
                "a configuration string has no weight for a socket, and no quotes in its path",
            ));
        }
        return Ok(format!("--SOCKET=\"{name}\""));
    }
    let text = if weight == 1 { format!("--SERVER={name}") } else { format!("--SERVER={name}/?{weight}") };
    match self::server(text.trim_start_matches("--SERVER=")) {
        Ok(_) => Ok(text),
        Err(error) => Err(refused(server, error.message())),
    }
}

/// The namespace, and whether it is hashed.
fn namespace(list: &ServerList) -> Result<Vec<String>, Error> {
    let mut parts = Vec::new();
    let prefix = list.options.text("prefix");
    if !prefix.is_empty() {
        if !prefix.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
            return Err(refused_option("libmemcached takes no such prefix in a configuration string"));
        }
        let mut part = String::new();
        let _ = write!(part, "--NAMESPACE=\"{prefix}\"");
        parts.push(part);
    }
    if list.options.bool("hash-with-prefix") {
        parts.push("--HASH-WITH-NAMESPACE".to_owned());
    }
    Ok(parts)
}
