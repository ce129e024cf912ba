//! `ketama lookup`: the server for each key.

use super::list::ListArguments;
use super::{Exit, Failure, Streams, cannot_read};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use clap::Args;
use std::ffi::OsString;
use std::io::Write;

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
    /// Keys, byte for byte; write -- before a key that starts with -
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
}

impl Lookup {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if self.list.is_stdin() && self.keys.is_empty() {
            let message = "the list and the keys cannot both come from standard input";
            return Err(Error::new(ErrorKind::Io, message).into());
        }
        let ring = self.list.ring(streams)?;
        let replicas = self.replicas.or(ring.list().replicas);
        for key in &self.keys {
            print(&ring, replicas, key.as_encoded_bytes(), streams.stdout)?;
        }
        if !self.keys.is_empty() {
            return Ok(Exit::Good);
        }
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = streams.stdin.read_until(b'\n', &mut line);
            if read.map_err(|error| cannot_read(&error, "standard input"))? == 0 {
                return Ok(Exit::Good);
            }
            print(&ring, replicas, line.strip_suffix(b"\n").unwrap_or(&line), streams.stdout)?;
        }
    }
}

/// One line: the key and its servers.
fn print(ring: &Ring, replicas: Option<u32>, key: &[u8], out: &mut dyn Write) -> Result<(), Failure> {
    let mut servers = Vec::new();
    match replicas {
        None => servers.extend(ring.lookup(key)),
        Some(replicas) => ring.walk(key, &mut |server| {
            servers.push(server);
            servers.len() < replicas as usize
        }),
    }
    out.write_all(key)?;
    for &server in &servers {
        out.write_all(b"\t")?;
        out.write_all(&ring.servers()[server as usize].name)?;
    }
    out.write_all(if servers.is_empty() { b"\t-\n" } else { b"\n" })?;
    Ok(())
}
