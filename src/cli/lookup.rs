//! `ketama lookup`: the server for each key.

use super::keys::{both_from_stdin, each_line};
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
        let (mut text, mut answers) = (Vec::new(), Vec::new());
        let mut print = |keys: &[&[u8]]| {
            text.clear();
            self.append(&ring, keys, &mut answers, &mut text)?;
            Ok(streams.stdout.write_all(&text)?)
        };
        if self.keys.is_empty() {
            let at_terminal = std::io::stdout().is_terminal();
            let progress = if at_terminal { Progress::hidden() } else { Progress::open() };
            each_line(streams.stdin, "standard input", &progress, &mut print)?;
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
                *down |= server.name == name;
            }
        }
        ring.with_down(&down)
    }

    /// Appends a line for each key.
    fn append(
        &self,
        ring: &Ring,
        keys: &[&[u8]],
        answers: &mut Vec<u32>,
        text: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let replicas = self.replicas.or(ring.list().replicas);
        if replicas.is_none() {
            answers.resize(keys.len(), NO_SERVER);
            ring.lookup_many(keys, answers);
        }
        for (index, key) in keys.iter().enumerate() {
            let mut several = Vec::new();
            if let Some(replicas) = replicas {
                ring.walk(key, &mut |server| {
                    several.push(server);
                    several.len() < replicas as usize
                });
            }
            let one = answers.get(index).filter(|server| **server != NO_SERVER);
            let servers =
                if replicas.is_some() { &several[..] } else { one.map_or(&[][..], std::slice::from_ref) };
            let place = self.hash.then(|| ring.place(key).map(|place| place.to_string()));
            if self.json {
                json::write_line(text, &answer(ring, key, place, servers, replicas.is_some()))?;
            } else {
                append_line(ring, key, place, servers, text);
            }
        }
        Ok(())
    }
}

/// The key, its place if that is wanted, and its servers.
fn append_line(ring: &Ring, key: &[u8], place: Option<Option<String>>, servers: &[u32], text: &mut Vec<u8>) {
    text.extend_from_slice(key);
    if let Some(place) = place {
        text.push(b'\t');
        text.extend_from_slice(place.as_deref().unwrap_or("-").as_bytes());
    }
    for &server in servers {
        text.push(b'\t');
        text.extend_from_slice(&ring.servers()[server as usize].name);
    }
    text.extend_from_slice(if servers.is_empty() { b"\t-\n" } else { b"\n" });
}

fn answer<'a>(
    ring: &'a Ring,
    key: &'a [u8],
    place: Option<Option<String>>,
    servers: &[u32],
    list: bool,
) -> Answer<'a> {
    let mut names = servers.iter().map(|&server| Text(&ring.servers()[server as usize].name));
    let (server, servers) = if list { (None, Some(names.collect())) } else { (Some(names.next()), None) };
    Answer { key: Text(key), place, server, servers }
}
