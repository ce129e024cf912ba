//! `ketama lookup`: the server for each key.

use super::keys::{Clock, Visit, both_from_stdin, each_line};
use super::list::ListArguments;
use super::progress::Progress;
use super::{Exit, Failure, Streams, json};
use crate::dialect::refused;
use crate::error::Error;
use crate::ring::{NO_SERVER, Ring};
use crate::server::Server;
use clap::Args;
use json::Text;
use serde::Serialize;
use std::ffi::OsString;
use std::io::IsTerminal;

/// Print the server for each key: KEY, a tab, the name of the server
///
/// Several servers, which --replicas or the list asks for, follow one another with tabs between. Where there is no
/// server, `-` stands for it. Without KEY, keys are read from standard input, one a line, every byte but the newline.
#[derive(Args)]
pub(super) struct Lookup {
    #[command(flatten)]
    list: ListArguments,
    /// How many servers to print for a key, first choice first
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replicas: Option<u32>,
    /// Take this server for down; may stand several times
    #[arg(long, value_name = "SERVER")]
    down: Vec<OsString>,
    /// Print the place of the key behind it: its hash as the dialect computes it, - where nothing is hashed
    #[arg(long)]
    hash: bool,
    /// Print an object for each key, one a line: {"key", "place" with --hash, "server" or "servers"}
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    clock: Clock,
    /// Keys, byte for byte; write -- before a key that starts with -
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
}

/// The answer for a key as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    key: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Option<Text<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    servers: Option<Vec<Text<'a>>>,
}

impl Lookup {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if self.list.is_stdin() && self.keys.is_empty() {
            return Err(both_from_stdin().into());
        }
        let ring = self.with_down(self.list.ring(streams)?)?;
        let mut printer = Printer::of(self, &ring);
        let mut text = Vec::new();
        let mut print = |keys: &[&[u8]]| {
            text.clear();
            printer.append(keys, &mut text)?;
            Ok(streams.stdout.write_all(&text)?)
        };
        if self.keys.is_empty() {
            let at_terminal = std::io::stdout().is_terminal();
            let progress = if at_terminal { Progress::hidden() } else { Progress::open() };
            let stdin = &mut *streams.stdin;
            let read = |visit: Visit| each_line(stdin, "standard input", &progress, visit);
            self.clock.measure(streams.stderr, &mut print, read)?;
        } else {
            print(&self.keys.iter().map(|key| key.as_encoded_bytes()).collect::<Vec<_>>())?;
        }
        Ok(Exit::Good)
    }

    /// The ring with the servers of `--down` down.
    fn with_down(&self, ring: Ring) -> Result<Ring, Error> {
        if self.down.is_empty() {
            return Ok(ring);
        }
        let mut down: Vec<bool> = ring.servers().iter().map(|server| server.down).collect();
        for name in &self.down {
            let name = name.as_encoded_bytes();
            if ring.index_of(name).is_none() {
                return Err(refused(&Server::new(name, 1), "no such server in the list"));
            }
            for (server, down) in ring.servers().iter().zip(&mut down) {
                *down |= server.name == *name;
            }
        }
        ring.with_down(&down)
    }
}

/// Writes answers in the form that is wanted.
struct Printer<'a> {
    ring: &'a Ring,
    replicas: Option<u32>,
    hash: bool,
    json: bool,
    answers: Vec<u32>,
    /// What ends the line of a key for each server: a tab, its name, a newline.
    ends: Vec<Vec<u8>>,
}

impl<'a> Printer<'a> {
    fn of(lookup: &Lookup, ring: &'a Ring) -> Self {
        let end = |server: &Server| [b"\t", &server.name[..], b"\n"].concat();
        Self {
            ring,
            replicas: lookup.replicas.or(ring.list().replicas),
            hash: lookup.hash,
            json: lookup.json,
            answers: Vec::new(),
            ends: ring.servers().iter().map(end).collect(),
        }
    }

    /// Appends a line for each key.
    fn append(&mut self, keys: &[&[u8]], text: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some(replicas) = self.replicas {
            for key in keys {
                let mut servers = Vec::new();
                self.ring.walk(key, &mut |server| {
                    servers.push(server);
                    servers.len() < replicas as usize
                });
                self.append_one(key, &servers, text)?;
            }
            return Ok(());
        }
        let mut answers = std::mem::take(&mut self.answers);
        answers.resize(keys.len(), NO_SERVER);
        self.ring.lookup_many(keys, &mut answers);
        for (key, server) in keys.iter().zip(&answers) {
            if self.hash || self.json {
                let servers = if *server == NO_SERVER { &[][..] } else { std::slice::from_ref(server) };
                self.append_one(key, servers, text)?;
            } else {
                text.extend_from_slice(key);
                text.extend_from_slice(self.ends.get(*server as usize).map_or(b"\t-\n", |end| end));
            }
        }
        self.answers = answers;
        Ok(())
    }

    /// Appends the line of one key.
    fn append_one(&self, key: &[u8], servers: &[u32], text: &mut Vec<u8>) -> Result<(), Failure> {
        let place = self.hash.then(|| self.ring.place(key).map(|place| place.to_string()));
        let mut names = servers.iter().map(|&server| &self.ring.servers()[server as usize].name[..]);
        if self.json {
            let (server, servers) = match self.replicas {
                None => (Some(names.next().map(Text)), None),
                Some(_) => (None, Some(names.map(Text).collect())),
            };
            return Ok(json::write_line(text, &Answer { key: Text(key), place, server, servers })?);
        }
        text.extend_from_slice(key);
        if let Some(place) = place {
            text.push(b'\t');
            text.extend_from_slice(place.as_deref().unwrap_or("-").as_bytes());
        }
        for name in names {
            text.push(b'\t');
            text.extend_from_slice(name);
        }
        text.extend_from_slice(if servers.is_empty() { b"\t-\n" } else { b"\n" });
        Ok(())
    }
}
