//! `ketama compare`: how many keys two clients of one fleet place differently, and which.

use super::json::Text;
use super::keys::both_from_stdin;
use super::list::{Form, is_stdin, name, text};
use super::moves::{MovesArguments, Report};
use super::{Exit, Failure, Streams, json};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::server_list::ServerList;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Compare where two clients of the same servers place keys
///
/// Exact where both hash keys alike, else counted on keys. The first keys that differ are shown. Exit code 0: no key
/// differs; 1: some do; 2: the arguments or a file cannot be used.
#[derive(Args)]
pub(super) struct Compare {
    /// Server list in any format that is read; - for standard input
    #[arg(value_name = "LIST")]
    file: PathBuf,
    /// A dialect, perhaps with options: libmemcached:distribution=ketama,hash=md5. Given twice, or once to compare with
    /// the list as it is written
    #[arg(long = "dialect", value_name = "DIALECT[:NAME=VALUE,...]", required = true)]
    dialects: Vec<String>,
    /// Set this option in both dialects, as far as they have it
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// How many keys that differ to show
    #[arg(long, value_name = "N", default_value_t = 5)]
    show: usize,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    moves: MovesArguments,
    /// Print an object: {"comparison": as that of diff, "keys": [{"key", "first", "second"}]}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct CompareReport<'a> {
    comparison: Report<'a>,
    keys: Vec<KeyReport<'a>>,
}

#[derive(Serialize)]
struct KeyReport<'a> {
    key: &'a str,
    first: Option<Text<'a>>,
    second: Option<Text<'a>>,
}

/// How many keys are tried for some that differ.
const TRIED: u32 = 100_000;

impl Compare {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if is_stdin(&self.file) && self.moves.keys.are_stdin() {
            return Err(both_from_stdin().into());
        }
        let text = text(&self.file, streams)?;
        let list =
            self.form.parse(&text, &name(&self.file)).map_err(|error| Failure::in_text(error, &text))?;
        let (mut first, mut second) = self.both(&list)?;
        share_names(&mut first, &mut second);
        let build = |list: ServerList| Ring::build(list).map_err(|error| error.in_file(name(&self.file)));
        let comparison = self.moves.compare(build(first)?, build(second)?, streams)?;
        let keys = differing(&comparison.old, &comparison.new, self.show);
        if self.json {
            let report = CompareReport {
                comparison: comparison.report(),
                keys: keys.iter().map(Differing::report).collect(),
            };
            json::write(streams.stdout, &report)?;
        } else {
            comparison.print(streams.stdout)?;
            print(&keys, streams)?;
        }
        let moved = comparison.moves().map_or(0.0, crate::ring::diff::Moves::moved);
        let judged = self.moves.judge(&comparison, streams)?;
        Ok(judged.max(if moved > 0.0 { Exit::Different } else { Exit::Good }))
    }

    /// The list under both dialects.
    fn both(&self, list: &ServerList) -> Result<(ServerList, ServerList), Error> {
        let (first, second) = match &self.dialects[..] {
            [only] => (list.clone(), self.under(list, only)?),
            [first, second] => (self.under(list, first)?, self.under(list, second)?),
            more => {
                let message = format!("two dialects are compared, not {}", more.len());
                return Err(Error::new(ErrorKind::UnknownDialect, message));
            }
        };
        for option in &self.options {
            let (name, _) = split(option)?;
            if !first.options.is_known(name) && !second.options.is_known(name) {
                let message =
                    format!("neither {} nor {} has the option `{name}`", first.dialect, second.dialect);
                return Err(Error::new(ErrorKind::Option, message));
            }
        }
        Ok((first, second))
    }

    /// The list under a dialect as the arguments name it.
    fn under(&self, list: &ServerList, written: &str) -> Result<ServerList, Error> {
        let (name, own) = written.split_once(':').unwrap_or((written, ""));
        let dialect = Dialect::named(name)?;
        let mut options = dialect.default_options();
        for option in own.split(',').filter(|option| !option.is_empty()) {
            let (name, value) = split(option)?;
            options.set_text(name, value)?;
        }
        for option in &self.options {
            let (name, value) = split(option)?;
            if options.is_known(name) {
                options.set_text(name, value)?;
            }
        }
        if dialect.name == list.dialect.name {
            for (name, value) in list.options.set_values() {
                if !options.is_set(name) {
                    options.set(name, value.clone())?;
                }
            }
        }
        Ok(list.under(dialect, options))
    }
}

/// NAME=VALUE
fn split(option: &str) -> Result<(&str, &str), Error> {
    option.split_once('=').ok_or_else(|| {
        Error::new(ErrorKind::Option, format!("an option is written NAME=VALUE, not `{option}`"))
    })
}

/// Gives the servers of both lists the same names where one software knows them by names of their own, which it does not
/// hash, and the other by their addresses.
fn share_names(first: &mut ServerList, second: &mut ServerList) {
    let (own, other) = match (has_addresses(first), has_addresses(second)) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => return,
    };
    for (own, other) in own.servers.iter_mut().zip(&other.servers) {
        own.name.clone_from(&other.name);
    }
}

fn has_addresses(list: &ServerList) -> bool {
    list.servers.iter().any(|server| server.fields.host.is_some())
}

/// A key with two answers.
struct Differing {
    key: String,
    first: Option<Vec<u8>>,
    second: Option<Vec<u8>>,
}

impl Differing {
    fn report(&self) -> KeyReport<'_> {
        KeyReport {
            key: &self.key,
            first: self.first.as_deref().map(Text),
            second: self.second.as_deref().map(Text),
        }
    }
}

/// The first keys, of made-up ones, that the rings place differently.
fn differing(first: &Ring, second: &Ring, most: usize) -> Vec<Differing> {
    let name = |ring: &Ring, key: &str| {
        let server = ring.lookup(key.as_bytes())?;
        ring.servers().get(server as usize).map(|server| server.name.to_vec())
    };
    let keys = (0..TRIED).map(|number| number.wrapping_mul(0x9e37_79b9).to_string());
    let answered = keys.map(|key| Differing { first: name(first, &key), second: name(second, &key), key });
    answered.filter(|answered| answered.first != answered.second).take(most).collect()
}

fn print(keys: &[Differing], streams: &mut Streams) -> Result<(), Failure> {
    match keys.len() {
        0 => writeln!(streams.stdout, "\nNo key of {TRIED} differs.")?,
        _ => writeln!(streams.stdout, "\nThe first keys that differ:")?,
    }
    let name = |name: &Option<Vec<u8>>| name.as_deref().map_or("-".to_owned(), super::table::text);
    for Differing { key, first, second } in keys {
        writeln!(streams.stdout, "{key}\t{}\t{}", name(first), name(second))?;
    }
    Ok(())
}
