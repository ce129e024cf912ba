//! A `backend` or `listen` section of HAProxy: its `balance` and `hash-type` lines and its servers.
//!
//! Sections take over what the `defaults` section before them says, or the one that they name with `from`.

use super::words::{Cut, Word, words};
use super::{Written, choose, utf8};
use crate::dialect::option::Value;
use crate::dialect::{Dialect, refused, refused_option};
use crate::error::{Error, unknown};
use crate::server::{HostPort, Server};
use crate::server_list::ServerList;
use std::fmt::Write;

const CUT: Cut = Cut { marks: "\n", comments_anywhere: true, single_quotes_escape: false };

const SECTIONS: [&str; 20] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "userlist",
    "peers",
    "mailers",
    "resolvers",
    "program",
    "cache",
    "http-errors",
    "ring",
    "fcgi-app",
    "crt-list",
    "log-forward",
    "crt-store",
    "log-profile",
    "acme",
    "traces",
];

/// The ways to balance that hash something; the others have no place for a key.
const HASHING: [&str; 6] = ["source", "uri", "url_param", "hdr", "rdp-cookie", "hash"];

/// Keywords of a server whose argument might be one of the words that are looked for.
const WITH_ARGUMENT: [&str; 10] = [
    "cookie",
    "sni",
    "check-sni",
    "track",
    "namespace",
    "observe",
    "proto",
    "on-error",
    "agent-send",
    "alpn",
];

/// What a section says of the placing of keys.
#[derive(Clone, Default)]
struct Section {
    balance: Option<Word>,
    hash_type: Vec<Word>,
    factor: Option<i64>,
    all_backups: bool,
    /// What `default-server` lines say.
    template: Server,
    hash_key: Option<String>,
    servers: Vec<(Server, Option<String>, Word)>,
}

pub(super) fn parse(text: &str, pool: Option<&str>) -> Result<ServerList, Error> {
    let words = words(text, &CUT)?;
    let mut found: Vec<(String, Section)> = Vec::new();
    let mut defaults: Vec<(String, Section)> = vec![(String::new(), Section::default())];
    let mut is_inside = None;
    for line in words.split(|word| word.is("\n")) {
        let Some((first, rest)) = line.split_first() else { continue };
        if SECTIONS.contains(&first.text.as_str()) {
            is_inside = match first.text.as_str() {
                "defaults" => {
                    let name = rest.first().map_or(String::new(), |name| name.text.clone());
                    defaults.push((name, inherited(&defaults, rest)?.unwrap_or_default()));
                    Some(false)
                }
                "backend" | "listen" => {
                    let name = rest.first().ok_or_else(|| first.error("this section has no name"))?;
                    let last = defaults.last().map(|(_, section)| section.clone()).unwrap_or_default();
                    found.push((name.text.clone(), inherited(&defaults, rest)?.unwrap_or(last)));
                    Some(true)
                }
                _ => None,
            };
            continue;
        }
        let section = match is_inside {
            Some(true) => found.last_mut(),
            Some(false) => defaults.last_mut(),
            None => None,
        };
        if let Some((_, section)) = section {
            section.read(first, rest)?;
        }
    }
    let (name, section) = choose("backend", found, pool)?;
    section.list(&name)
}

/// The defaults that a section header names behind `from`.
fn inherited(defaults: &[(String, Section)], header: &[Word]) -> Result<Option<Section>, Error> {
    let Some(from) = header.iter().position(|word| word.text == "from") else { return Ok(None) };
    let Some(name) = header.get(from + 1) else { return Ok(None) };
    match defaults.iter().find(|(other, _)| *other == name.text) {
        Some((_, section)) => Ok(Some(section.clone())),
        None => Err(name.error(unknown(
            "defaults section",
            &name.text,
            defaults.iter().skip(1).map(|(n, _)| &**n),
        ))),
    }
}

impl Section {
    fn read(&mut self, first: &Word, rest: &[Word]) -> Result<(), Error> {
        let text = |index: usize| rest.get(index).map_or("", |word| word.text.as_str());
        match first.text.as_str() {
            "balance" => self.balance = rest.first().cloned(),
            "hash-type" => self.hash_type = rest.to_vec(),
            "hash-balance-factor" => {
                let factor =
                    text(0).parse().map_err(|_| first.error("`hash-balance-factor` takes an integer"))?;
                self.factor = Some(factor);
            }
            "option" if text(0) == "allbackups" => self.all_backups = true,
            "no" if (text(0), text(1)) == ("option", "allbackups") => self.all_backups = false,
            "default-server" => {
                let (mut server, mut hash_key) = (self.template.clone(), self.hash_key.clone());
                keywords(&mut server, &mut hash_key, rest)?;
                (self.template, self.hash_key) = (server, hash_key);
            }
            "server" => {
                let [name, address, keys @ ..] = rest else {
                    return Err(first.error("`server` takes a name and an address"));
                };
                let (mut server, mut hash_key) = (self.template.clone(), self.hash_key.clone());
                server.name = name.text.as_str().into();
                server.line = name.place.line;
                (server.fields.host, server.fields.port) = split(address)?;
                keywords(&mut server, &mut hash_key, keys)?;
                self.servers.push((server, hash_key, name.clone()));
            }
            "server-template" => return Err(first.error("`server-template` is no list of servers")),
            _ => {}
        }
        Ok(())
    }

    fn list(self, name: &str) -> Result<ServerList, Error> {
        let mut list = ServerList::new(Dialect::named("haproxy")?, Vec::new());
        let Some(balance) = &self.balance else {
            return Err(refused_option(format!(
                "backend `{name}` has no `balance` line: keys have no place in it"
            )));
        };
        let method = balance.text.split('(').next().unwrap_or_default();
        if !HASHING.contains(&method) {
            return Err(balance.error(format!("`balance {method}` has no place for a key")));
        }
        self.set_hash(&mut list)?;
        if let Some(factor) = self.factor.filter(|&factor| factor != 0) {
            list.options.set("hash-balance-factor", Value::Int(factor))?;
        }
        if self.all_backups {
            list.options.set("allbackups", Value::Bool(true))?;
        }
        let mut hash_keys = self.servers.iter().map(|(_, key, _)| key.as_deref().unwrap_or("id"));
        let hash_key = hash_keys.next().unwrap_or("id").to_owned();
        if let Some((.., word)) =
            self.servers.iter().find(|(_, k, _)| k.as_deref().unwrap_or("id") != hash_key)
        {
            return Err(word.error("this server has another `hash-key` than the first one"));
        }
        if hash_key != "id" {
            list.options.set("hash-key", Value::Text(hash_key))?;
        }
        list.servers = self.servers.into_iter().map(|(server, ..)| server).collect();
        Ok(list)
    }

    /// `hash-type METHOD FUNCTION avalanche`, each but the first optional.
    fn set_hash(&self, list: &mut ServerList) -> Result<(), Error> {
        let words: Vec<&str> = self.hash_type.iter().map(|word| word.text.as_str()).collect();
        let mut set = |name, value: &str| list.options.set_text(name, value);
        let result = match words[..] {
            [] => Ok(()),
            [method] => set("hash-type", method),
            [method, function] => set("hash-type", method)
                .and_then(|()| set("hash-function", function))
                // Once the function is named, hashes are mixed only where that is written.
                .and_then(|()| if method == "consistent" { set("avalanche", "false") } else { Ok(()) }),
            [method, function, "avalanche"] => set("hash-type", method)
                .and_then(|()| set("hash-function", function))
                .and_then(|()| set("avalanche", "true")),
            _ => Err(refused_option("`hash-type` takes a method, a function and perhaps `avalanche`")),
        };
        result.map_err(|error| self.hash_type.first().map_or(error.clone(), |word| word.place.mark(error)))
    }
}

/// Host and port of `HOST:PORT`, `[IPV6]:PORT` or `IPV6:PORT`; a word such as `unix@/path` is a host without a port.
fn split(address: &Word) -> Result<(Option<Vec<u8>>, Option<u16>), Error> {
    let text = address.text.as_str();
    if text.contains('$') {
        return Err(address.error("variables of the environment are not read"));
    }
    let text = ["ipv4@", "ipv6@"].iter().find_map(|family| text.strip_prefix(family)).unwrap_or(text);
    let split = HostPort::split(text.as_bytes());
    let port = match split.port_number().map(u16::try_from) {
        Some(Ok(port)) => Some(port),
        Some(Err(_)) => return Err(address.error("the port is greater than 65535")),
        None => None,
    };
    let host = split.host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(split.host);
    Ok((Some(host.to_vec()), port))
}

/// The keywords behind a server's address, as far as they decide on keys.
fn keywords(server: &mut Server, hash_key: &mut Option<String>, words: &[Word]) -> Result<(), Error> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut argument =
            || words.next().ok_or_else(|| word.error(format!("`{}` takes a value", word.text)));
        let number = |argument: &Word| {
            argument
                .text
                .parse::<u32>()
                .map_err(|_| argument.error(format!("`{}` takes an integer", word.text)))
        };
        match word.text.as_str() {
            "weight" => server.weight = i64::from(number(argument()?)?).into(),
            "id" => {
                let argument = argument()?;
                let id = number(argument)?;
                if id == 0 {
                    return Err(argument.error("`id` takes an integer above 0"));
                }
                server.fields.id = Some(id);
            }
            "guid" => server.fields.guid = Some(argument()?.text.as_bytes().to_vec()),
            "hash-key" => *hash_key = Some(argument()?.text.clone()),
            "backup" => server.backup = true,
            "no-backup" => server.backup = false,
            "disabled" => server.down = true,
            "enabled" => server.down = false,
            other if WITH_ARGUMENT.contains(&other) => drop(argument()?),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn write(list: &ServerList) -> Result<Written, Error> {
    let options = &list.options;
    let (method, function) = (options.word("hash-type"), options.word("hash-function"));
    let is_default = method == "consistent" && function == "sdbm";
    let avalanche = if options.bool_if_set("avalanche").unwrap_or(is_default) { " avalanche" } else { "" };
    let mut text = format!(
        "backend fleet\n    # A server list does not say what the key is; the URI is one of many.\n    balance uri\n    \
         hash-type {method} {function}{avalanche}\n"
    );
    let factor = options.int("hash-balance-factor");
    if factor != 0 {
        let _ = writeln!(text, "    hash-balance-factor {factor}");
    }
    if options.bool("allbackups") {
        text.push_str("    option allbackups\n");
    }
    let hash_key = options.word("hash-key");
    let mut left_out = Vec::new();
    if hash_key == "hashed-id" {
        left_out.push(
            "option `hash-key = \"hashed-id\"` is left out: it is the version of HAProxy that decides".into(),
        );
    }
    for server in &list.servers {
        let name = utf8(server, &server.name)?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:_-".contains(&byte)) {
            return Err(refused(server, "names in HAProxy have letters, digits and `.:_-` only"));
        }
        let _ = write!(text, "    server {name} {} weight {}", address(server, name)?, server.weight);
        if let Some(id) = server.fields.id {
            let _ = write!(text, " id {id}");
        }
        if let Some(guid) = &server.fields.guid {
            let guid = utf8(server, guid)?;
            as_word(guid).ok_or_else(|| refused(server, "its `guid` is no word of HAProxy's"))?;
            let _ = write!(text, " guid {guid}");
        }
        if !["id", "hashed-id"].contains(&hash_key) {
            let _ = write!(text, " hash-key {hash_key}");
        }
        text.push_str(if server.backup { " backup" } else { "" });
        text.push_str(if server.down { " disabled\n" } else { "\n" });
    }
    Ok(Written { text: text.into_bytes(), left_out })
}

/// The address to connect to: that of the fields, else the name if it has the form of one.
fn address(server: &Server, name: &str) -> Result<String, Error> {
    let Some(host) = &server.fields.host else {
        return match HostPort::split(&server.name) {
            HostPort { port: Some(_), .. } => Ok(name.to_owned()),
            _ => Err(refused(
                server,
                "HAProxy needs an address: the server has no `host`, and its name has no port",
            )),
        };
    };
    let host = utf8(server, host)?;
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let address = server.fields.port.map_or(bracketed.clone(), |port| format!("{bracketed}:{port}"));
    match as_word(&address).map(|word| split(&word)) {
        Some(Ok((Some(read), port))) if read == host.as_bytes() && port == server.fields.port => Ok(address),
        _ => Err(refused(server, "HAProxy would read its `host` otherwise")),
    }
}

/// The word that HAProxy reads where this text stands; None if it does not read the text as it is.
fn as_word(text: &str) -> Option<Word> {
    words(text, &CUT).ok()?.pop_if(|word| word.text == text)
}
