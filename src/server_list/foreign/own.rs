//! The two forms of this library, written: TOML, which can say everything, and the classic list.

use super::{Written, downs, utf8};
use crate::dialect::option::Value;
use crate::dialect::refused;
use crate::error::Error;
use crate::server::Server;
use crate::server_list::{ServerList, classic};
use std::fmt::Write;

/// The list in TOML.
pub(super) fn toml(list: &ServerList) -> Result<Written, Error> {
    let mut text = String::new();
    field(&mut text, "dialect", quoted(list.dialect.name));
    if let Some(replicas) = list.replicas {
        field(&mut text, "replicas", replicas);
    }
    if let Some(segment) = &list.segment {
        field(&mut text, "segment", quoted(segment));
    }
    let mut options = list.options.set_values().peekable();
    if options.peek().is_some() {
        text.push_str("\n[options]\n");
    }
    for (name, value) in options {
        match value {
            Value::Text(value) => field(&mut text, name, quoted(value)),
            value => field(&mut text, name, value),
        }
    }
    if list.servers.is_empty() {
        text.insert_str(text.find("\n[options]").unwrap_or(text.len()), "servers = []\n");
    }
    for server in &list.servers {
        text.push_str("\n[[servers]]\n");
        write_server(&mut text, server)?;
    }
    Ok(Written { text: text.into_bytes(), left_out: Vec::new() })
}

fn write_server(text: &mut String, server: &Server) -> Result<(), Error> {
    field(text, "name", quoted(utf8(server, &server.name)?));
    if server.weight != Server::default().weight {
        field(text, "weight", server.weight);
    }
    if server.down {
        field(text, "down", true);
    }
    let texts = [
        ("label", &server.fields.label),
        ("guid", &server.fields.guid),
        ("host", &server.fields.host),
        ("zone", &server.fields.zone),
    ];
    for (name, bytes) in texts {
        if let Some(bytes) = bytes {
            field(text, name, quoted(utf8(server, bytes)?));
        }
    }
    let numbers = [
        ("id", server.fields.id),
        ("port", server.fields.port.map(u32::from)),
        ("vnodes", server.fields.vnodes),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            field(text, name, number);
        }
    }
    if server.backup {
        field(text, "backup", true);
    }
    if let Some(tokens) = &server.fields.tokens {
        let tokens: Vec<String> = tokens.iter().map(i64::to_string).collect();
        field(text, "tokens", format_args!("[{}]", tokens.join(", ")));
    }
    Ok(())
}

fn field(text: &mut String, name: &str, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name} = {value}");
}

/// A basic string of TOML, which is a double-quoted scalar of YAML too.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\x1f' | '\x7f' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

/// The list as the 2007 library reads it: each line is read again, for that reader has its oddities.
pub(super) fn classic(list: &ServerList) -> Result<Written, Error> {
    let mut text = Vec::new();
    for server in &list.servers {
        let line = [&server.name, format!("\t{}\n", server.weight).as_bytes()].concat();
        let read = classic::parse(&line, "", None).unwrap_or_default();
        if !matches!(&read[..], [read] if read.name == server.name && read.weight == server.weight) {
            let line = String::from_utf8_lossy(&line);
            return Err(refused(
                server,
                format!("the classic list cannot hold the line `{}`", line.trim_end()),
            ));
        }
        text.extend(line);
    }
    Ok(Written { text, left_out: downs(list) })
}
