//! A pool in the YAML file of twemproxy (nutcracker): `servers: [HOST:PORT:WEIGHT NAME, ...]`, its hash and its tag.
//!
//! Names and words are case-sensitive there, as they are here.

use super::super::tree::{Entry, Item, Place, Tree};
use super::own::quoted;
use super::{Written, choose, downs, utf8, yaml};
use crate::dialect::option::Value;
use crate::dialect::{Dialect, refused};
use crate::error::{Error, ErrorKind, unknown};
use crate::server::{HostPort, OptionalFields, Server};
use crate::server_list::ServerList;
use std::fmt::Write;

/// The directives of a pool; all but the first four leave keys where they are.
const DIRECTIVES: [&str; 19] = [
    "servers",
    "distribution",
    "hash",
    "hash_tag",
    "listen",
    "timeout",
    "backlog",
    "client_connections",
    "tcpkeepalive",
    "reuseport",
    "redis",
    "redis_auth",
    "redis_db",
    "preconnect",
    "auto_eject_hosts",
    "server_connections",
    "server_retry_timeout",
    "server_failure_limit",
    "server_fail_limit",
];

pub(super) fn parse(text: &str, pool: Option<&str>) -> Result<ServerList, Error> {
    let root = yaml::parse(text)?;
    let Tree::Table(pools) = root.value else {
        return Err(root.place.error(ErrorKind::Syntax, "a table of pools is wanted here"));
    };
    let pools = pools.into_iter().map(|entry| (entry.name, entry.item)).collect();
    let (_, pool) = choose("pool", pools, pool)?;
    let Tree::Table(directives) = &pool.value else {
        return Err(pool.place.error(ErrorKind::Syntax, "a table of directives is wanted here"));
    };
    read(directives, &pool.place)
}

fn read(directives: &[Entry], place: &Place) -> Result<ServerList, Error> {
    let mut list = ServerList::new(Dialect::named("twemproxy")?, Vec::new());
    let mut seen = Vec::new();
    for Entry { name, place, item } in directives {
        let syntax = |message: String| place.error(ErrorKind::Syntax, message);
        if !DIRECTIVES.contains(&name.as_str()) {
            return Err(syntax(unknown("directive of a pool", name, DIRECTIVES)));
        }
        if seen.contains(&name) {
            return Err(syntax(format!("`{name}` is written twice")));
        }
        seen.push(name);
        match (name.as_str(), &item.value) {
            ("servers", Tree::List(items)) => {
                list.servers = items.iter().map(server).collect::<Result<_, _>>()?;
            }
            ("servers", _) => return Err(syntax("`servers` takes a list".to_owned())),
            ("distribution" | "hash" | "hash_tag", Tree::Text(text)) => {
                option(&mut list, name, text).map_err(|error| item.place.mark(error))?;
            }
            (_, Tree::Text(_)) => {}
            _ => return Err(syntax(format!("`{name}` takes one value"))),
        }
    }
    if list.servers.is_empty() {
        return Err(place.error(ErrorKind::Syntax, "the pool has no servers"));
    }
    Ok(list)
}

fn option(list: &mut ServerList, name: &str, text: &str) -> Result<(), Error> {
    if name == "hash_tag" {
        if text.chars().count() != 2 {
            return Err(Error::new(ErrorKind::Syntax, "`hash_tag` takes two characters"));
        }
        return list.options.set(name, Value::Text(text.to_owned()));
    }
    // Written with `_` in the file, with `-` in the option.
    if text.contains('-') || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let message = format!("twemproxy knows no {name} `{text}`: its words are in lower case, with `_`");
        return Err(Error::new(ErrorKind::Syntax, message));
    }
    if text == "random" {
        return Err(Error::new(ErrorKind::Option, "the distribution `random` has no place for a key"));
    }
    list.options.set(name, Value::Text(text.to_owned()))
}

/// `HOST:PORT:WEIGHT` or `/PATH:WEIGHT`, and perhaps a blank and a name.
fn server(item: &Item) -> Result<Server, Error> {
    let refuse =
        |what: &str| item.place.error(ErrorKind::Server, format!("{what} in the server {}", item.value));
    let Tree::Text(line) = &item.value else {
        return Err(item.place.error(ErrorKind::Syntax, "a server is one text"));
    };
    let (address, label) = match line.split_once(' ') {
        Some((address, label)) if !label.is_empty() && !label.contains(' ') => (address, Some(label)),
        Some(_) => return Err(refuse("there is more than one blank, or one at the end,")),
        None => (line.as_str(), None),
    };
    let (name, weight) = address.rsplit_once(':').ok_or_else(|| refuse("there is no weight"))?;
    let weight = weight.parse::<u32>().ok().filter(|&weight| weight > 0);
    let weight = weight.ok_or_else(|| refuse("the weight is no integer above 0"))?;
    let split = HostPort::split(name.as_bytes());
    if !name.starts_with('/') && !split.port_number().is_some_and(|port| (1..=65_535).contains(&port)) {
        return Err(refuse("there is no port from 1 to 65535"));
    }
    let label = label.map(|label| label.as_bytes().to_vec());
    let mut server = Server::new(name, i64::from(weight));
    server.line = item.place.line;
    server.fields = OptionalFields { label, ..Default::default() }.into();
    Ok(server)
}

pub(super) fn write(list: &ServerList) -> Result<Written, Error> {
    let mut text = String::from("fleet:\n  listen: 127.0.0.1:22121\n");
    let options = &list.options;
    let words = [("hash", options.word("hash")), ("distribution", options.word("distribution"))];
    for (name, word) in words {
        let _ = writeln!(text, "  {name}: {}", word.replace('-', "_"));
    }
    if !options.text("hash-tag").is_empty() {
        let _ = writeln!(text, "  hash_tag: {}", quoted(options.text("hash-tag")));
    }
    text.push_str("  servers:\n");
    for server in &list.servers {
        let name = utf8(server, &server.name)?;
        let label = server.fields.label.as_deref().map(|label| utf8(server, label)).transpose()?;
        let line =
            [format!("{name}:{}", server.weight), label.map_or(String::new(), |label| format!(" {label}"))]
                .concat();
        let item = Item { value: Tree::Text(line.clone()), place: Place::at(0, 0) };
        // A label that is read otherwise takes a part of the name or is refused.
        if !self::server(&item).is_ok_and(|read| read.name == server.name) {
            return Err(refused(server, format!("twemproxy could not read it as `{line}`")));
        }
        // Plain scalars are what people write; what YAML might read otherwise is quoted.
        let plain = line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .:_/-".contains(&byte))
            && line.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/');
        let _ = writeln!(text, "   - {}", if plain { line } else { quoted(&line) });
    }
    Ok(Written { text: text.into_bytes(), left_out: downs(list) })
}
