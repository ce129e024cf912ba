//! `ketama publish`: a ring for many processes.

use super::{Publishing, summary};
use crate::cli::list::ListArguments;
use crate::cli::{Exit, Failure, Streams, json};
use crate::segment::generation;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Put the ring of a list in place as a segment, for all processes that attach it
///
/// Readers have the old ring until they have the new one. Beside SEGMENT lie SEGMENT.lock and SEGMENT.control. A list
/// that is broken, or has no server, leaves the segment as it is.
#[derive(Args)]
pub(in crate::cli) struct Publish {
    #[command(flatten)]
    list: ListArguments,
    /// Where to; the directory must exist, best on a memory file system such as /dev/shm or /run
    #[arg(value_name = "SEGMENT")]
    segment: PathBuf,
    #[command(flatten)]
    publishing: Publishing,
    /// Print an object: {"segment", "fingerprint", "generation", "dialect", "servers", "points"}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    segment: String,
    fingerprint: String,
    generation: u64,
    dialect: &'static str,
    servers: usize,
    points: usize,
}

impl Publish {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let source = self.list.source(streams)?;
        let ring = source.ring()?;
        self.publishing.publish(&ring, self.list.state(&source), &self.segment)?;
        let generation = generation(&self.segment).map_or(0, |generation| generation.done);
        let segment = self.segment.display().to_string();
        if self.json {
            let report = Report {
                segment,
                fingerprint: format!("{:016x}", ring.fingerprint()),
                generation,
                dialect: ring.dialect().name,
                servers: ring.server_count(),
                points: ring.point_count(),
            };
            json::write(streams.stdout, &report)?;
        } else {
            writeln!(streams.stdout, "{segment}: {}, generation {generation}", summary(&ring))?;
        }
        Ok(Exit::Good)
    }
}
