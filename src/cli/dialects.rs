//! `ketama dialects`: what is built in.

use super::{Exit, Failure, Streams, json, table};
use crate::dialect::option::{Kind, OptionSpec};
use crate::dialect::{DIALECTS, Dialect};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// Print the dialects that are built in; with a DIALECT all that is known of it
#[derive(Args)]
pub(super) struct List {
    /// Names or aliases of dialects
    #[arg(value_name = "DIALECT")]
    names: Vec<String>,
    /// Print an array: [{"name", "aliases", "software", "version", "verified", "fields", "options": [{"name", "takes",
    /// "default", "meaning"}]}]
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct DialectReport {
    name: &'static str,
    aliases: &'static [&'static str],
    software: &'static str,
    version: &'static str,
    verified: &'static str,
    fields: Vec<&'static str>,
    options: Vec<OptionReport>,
}

#[derive(Serialize)]
struct OptionReport {
    name: &'static str,
    takes: String,
    default: Option<String>,
    meaning: &'static str,
}

impl List {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let named = self.names.iter().map(|name| Dialect::named(name)).collect::<Result<Vec<_>, _>>()?;
        let dialects = if named.is_empty() { DIALECTS } else { &named };
        if self.json {
            let reports: Vec<DialectReport> = dialects.iter().map(|dialect| report(dialect)).collect();
            json::write(streams.stdout, &reports)?;
        } else if named.is_empty() {
            print_all(streams.stdout)?;
        } else {
            for (index, dialect) in named.iter().enumerate() {
                if index > 0 {
                    writeln!(streams.stdout)?;
                }
                print(dialect, streams.stdout)?;
            }
        }
        Ok(Exit::Good)
    }
}

fn print_all(out: &mut dyn Write) -> Result<(), Failure> {
    let mut rows = vec![["dialect", "aliases", "options", "software"].map(str::to_owned).to_vec()];
    for dialect in DIALECTS {
        let aliases = if dialect.aliases.is_empty() { "-".to_owned() } else { dialect.aliases.join(" ") };
        let software = format!("{} {}", dialect.software, dialect.version);
        rows.push(vec![dialect.name.to_owned(), aliases, dialect.options.len().to_string(), software]);
    }
    table::write(out, "llrl", &rows)?;
    Ok(())
}

fn print(dialect: &Dialect, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "{}", dialect.name)?;
    let DialectReport { aliases, software, version, verified, fields, options, .. } = report(dialect);
    let list = |words: &[&str]| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    let rows = [
        ["  aliases", &list(aliases)],
        ["  software", software],
        ["  version", version],
        ["  verified", verified],
        ["  own fields", &list(&fields)],
    ];
    table::write(out, "ll", &rows.map(|row| row.map(str::to_owned).to_vec()))?;
    for option in options {
        let default = option.default.map_or("no default".to_owned(), |default| match default.as_str() {
            "" => "empty if absent".to_owned(),
            default => format!("{default} if absent"),
        });
        writeln!(out, "  --option {}={}", option.name, option.takes)?;
        writeln!(out, "      {} ({default})", option.meaning)?;
    }
    Ok(())
}

fn report(dialect: &Dialect) -> DialectReport {
    DialectReport {
        name: dialect.name,
        aliases: dialect.aliases,
        software: dialect.software,
        version: dialect.version,
        verified: dialect.verified,
        fields: dialect.fields.iter().map(|field| field.name()).collect(),
        options: dialect.options.iter().map(option).collect(),
    }
}

fn option(spec: &OptionSpec) -> OptionReport {
    let (takes, default) = match spec.kind {
        Kind::Bool(default) => ("true|false".to_owned(), Some(default.to_string())),
        Kind::Int { default, least, most } => {
            let least = if least == i64::MIN { String::new() } else { least.to_string() };
            let most = if most == i64::MAX { String::new() } else { most.to_string() };
            (format!("{least}..{most}"), default.map(|default| default.to_string()))
        }
        Kind::Word { default, words } => (words.join("|"), default.map(str::to_owned)),
        Kind::Text => ("TEXT".to_owned(), Some(String::new())),
    };
    OptionReport { name: spec.name, takes, default, meaning: spec.meaning }
}
