//! An `upstream` block of nginx: its `hash` line and its servers.

use super::words::{Cut, Word, words};
use super::{Written, choose, utf8};
use crate::dialect::option::Value;
use crate::dialect::{Dialect, refused};
use crate::error::{Error, unknown};
use crate::server::Server;
use crate::server_list::ServerList;
use std::fmt::Write;

const CUT: Cut = Cut { marks: "{};", comments_anywhere: false, single_quotes_escape: true };

/// Directives of an upstream that leave keys where they are.
const IDLE: [&str; 8] = [
    "zone",
    "state",
    "resolver",
    "resolver_timeout",
    "keepalive",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
];

/// Parameters of a server that leave keys where they are while it is up.
const IDLE_PARAMETERS: [&str; 7] =
    ["max_conns", "max_fails", "fail_timeout", "route", "service", "slow_start", "resolve"];

pub(super) fn parse(text: &str, pool: Option<&str>) -> Result<ServerList, Error> {
    let words = words(text, &CUT)?;
    let (_, block) = choose("upstream", upstreams(&words)?, pool)?;
    let mut list = ServerList::new(Dialect::named("nginx")?, Vec::new());
    let mut is_hashed = false;
    for line in block.split(|word| word.is(";")) {
        let Some((first, arguments)) = line.split_first() else { continue };
        match first.text.as_str() {
            "server" => list.servers.push(server(first, arguments)?),
            "hash" if is_hashed => return Err(first.error("a second `hash` line")),
            "hash" => {
                is_hashed = true;
                let is_consistent = match arguments {
                    [_key] => false,
                    [_key, consistent] if consistent.text == "consistent" => true,
                    _ => return Err(first.error("`hash` takes a key and perhaps `consistent`")),
                };
                if is_consistent {
                    list.options.set("consistent", Value::Bool(true))?;
                }
            }
            known if IDLE.contains(&known) => {}
            other => {
                let known = ["hash", "server"].into_iter().chain(IDLE);
                return Err(first.error(unknown("directive of an upstream with `hash`", other, known)));
            }
        }
    }
    match block.first() {
        Some(first) if !is_hashed => {
            Err(first.error("this upstream has no `hash` line: keys have no place in it"))
        }
        _ => Ok(list),
    }
}

/// The upstreams of a file, each with the words between its braces.
fn upstreams(words: &[Word]) -> Result<Vec<(String, &[Word])>, Error> {
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let starts =
            index.checked_sub(1).and_then(|before| words.get(before)).is_none_or(|word| word.is_mark);
        if !starts || word.is_mark || word.text != "upstream" {
            continue;
        }
        let (Some(name), Some(brace)) = (words.get(index + 1), words.get(index + 2)) else {
            return Err(word.error("`upstream` takes a name and a block"));
        };
        if !brace.is("{") {
            return Err(brace.error("a `{` is wanted here"));
        }
        let rest = words.get(index + 3..).unwrap_or_default();
        let Some(end) = rest.iter().position(|word| word.is("{") || word.is("}")) else {
            return Err(brace.error("this `{` is not closed"));
        };
        let block = rest.get(..end).unwrap_or_default();
        match rest.get(end) {
            Some(word) if word.is("{") => return Err(word.error("no block is known inside an upstream")),
            _ if block.last().is_some_and(|last| !last.is(";")) => {
                return Err(rest.get(end).unwrap_or(brace).error("a `;` is wanted before this"));
            }
            _ => found.push((name.text.clone(), block)),
        }
    }
    Ok(found)
}

/// `server NAME weight=N down ...`.
fn server(directive: &Word, arguments: &[Word]) -> Result<Server, Error> {
    let Some((name, parameters)) = arguments.split_first() else {
        return Err(directive.error("`server` takes a name"));
    };
    let mut server = Server { line: name.place.line, ..Server::new(name.text.as_bytes(), 1) };
    for parameter in parameters {
        let (word, value) = parameter.text.split_once('=').unwrap_or((&parameter.text, ""));
        match word {
            "weight" => {
                let weight = value.parse::<u32>().ok().filter(|&weight| weight > 0);
                let weight = weight.ok_or_else(|| parameter.error("`weight` takes an integer above 0"))?;
                server.weight = i64::from(weight).into();
            }
            "down" => server.down = true,
            "backup" => return Err(parameter.error("nginx takes no `backup` beside `hash`")),
            known if IDLE_PARAMETERS.contains(&known) => {}
            _ => {
                let known = ["weight", "down"].into_iter().chain(IDLE_PARAMETERS);
                return Err(parameter.error(unknown("parameter of a server", word, known)));
            }
        }
    }
    Ok(server)
}

pub(super) fn write(list: &ServerList) -> Result<Written, Error> {
    let consistent = if list.options.bool("consistent") { " consistent" } else { "" };
    let mut text = format!(
        "upstream fleet {{\n    # A server list does not say what the key is; $request_uri is one of many.\n    \
         hash $request_uri{consistent};\n"
    );
    for server in &list.servers {
        let name = utf8(server, &server.name)?;
        if name.chars().any(|c| c.is_whitespace() || c.is_control() || "{};\"'\\#$".contains(c)) {
            return Err(refused(server, "nginx has no such names"));
        }
        if name.starts_with('/') {
            return Err(refused(server, "a socket is written `unix:/...` in nginx"));
        }
        let _ = write!(text, "    server {name}");
        if server.weight != Server::default().weight {
            let _ = write!(text, " weight={}", server.weight);
        }
        text.push_str(if server.down { " down;\n" } else { ";\n" });
    }
    text.push_str("}\n");
    Ok(Written { text: text.into_bytes(), left_out: Vec::new() })
}
