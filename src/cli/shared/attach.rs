//! `ketama attach`: what a process that attaches a segment gets.

use super::find::starts_as_segment;
use super::summary;
use crate::cli::json::{self, Text};
use crate::cli::table::count;
use crate::cli::{Exit, Failure, Streams};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::segment;
use clap::Args;
use serde::Serialize;
use std::ffi::OsString;
use std::path::PathBuf;

/// Attach a segment as a program does, and verify it against the list that it holds
///
/// The file is mapped and checked: owner, format, checksum, order of the points. Then the ring is built anew from the list
/// in the segment, and all points are compared. With KEY, prints the server for each, looked up in the mapped ring.
/// Segments are lists too: `ketama points SEGMENT`, `ketama stats SEGMENT` and so on. Exit code 1: the points are not
/// those of the list; 2: it cannot be attached.
#[derive(Args)]
pub(in crate::cli) struct Attach {
    /// The segment
    #[arg(value_name = "SEGMENT")]
    segment: PathBuf,
    /// Print an object: {"segment", "dialect", "servers", "points", "fingerprint", "faults", "answers": [{"key", "server"}]}
    #[arg(long)]
    json: bool,
    /// Keys, byte for byte
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
}

#[derive(Serialize)]
struct Report<'a> {
    segment: String,
    dialect: &'static str,
    servers: usize,
    points: usize,
    fingerprint: String,
    faults: Vec<String>,
    answers: Vec<Answer<'a>>,
}

#[derive(Serialize)]
struct Answer<'a> {
    key: Text<'a>,
    server: Option<Text<'a>>,
}

impl Attach {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let path = self.segment.display().to_string();
        let opened = segment::attach(&self.segment).map_err(|error| {
            // A list was meant, or a file of something else.
            let is_other = error.kind() == ErrorKind::Segment && !starts_as_segment(&self.segment);
            let message = "it is not a segment; `ketama publish` makes one of a list";
            if is_other { Error::new(ErrorKind::Segment, message).in_file(&path) } else { error }
        })?;
        let ring = opened.ring();
        let published = opened.segment().map_or(0, |segment| segment.fingerprint());
        let faults = faults(ring, published).map_err(|error| error.in_file(&path))?;
        let answers = self.keys.iter().map(|key| key.as_encoded_bytes()).map(|key| {
            let server = ring.lookup(key).and_then(|server| ring.servers().get(server as usize));
            Answer { key: Text(key), server: server.map(|server| Text(&server.name)) }
        });
        let report = Report {
            segment: path,
            dialect: ring.dialect().name,
            servers: ring.server_count(),
            points: ring.point_count(),
            fingerprint: format!("{:016x}", ring.fingerprint()),
            answers: answers.collect(),
            faults,
        };
        if self.json {
            json::write(streams.stdout, &report)?;
        } else {
            report.print(ring, streams)?;
        }
        Ok(if report.faults.is_empty() { Exit::Good } else { Exit::Different })
    }
}

impl Report<'_> {
    fn print(&self, ring: &Ring, streams: &mut Streams) -> Result<(), Failure> {
        let out = &mut streams.stdout;
        for Answer { key, server } in &self.answers {
            out.write_all(key.0)?;
            out.write_all(b"\t")?;
            out.write_all(server.as_ref().map_or(b"-", |server| server.0))?;
            out.write_all(b"\n")?;
        }
        if self.answers.is_empty() {
            let verdict = if self.faults.is_empty() { "good" } else { "not that of its list" };
            writeln!(out, "{}: {}: {verdict}", self.segment, summary(ring))?;
        }
        for fault in &self.faults {
            writeln!(streams.stderr, "ketama: {fault} (in {})", self.segment)?;
        }
        Ok(())
    }
}

/// In what a mapped ring differs from one that is built from its list.
fn faults(ring: &Ring, published: u64) -> Result<Vec<String>, Error> {
    let built = Ring::build(ring.list().clone())
        .map_err(|error| Error::new(ErrorKind::Segment, format!("its list makes no ring: {error}")))?;
    let mut faults = Vec::new();
    if ring.point_count() != built.point_count() {
        let (points, expected) = (count(ring.point_count(), "point"), built.point_count());
        faults.push(format!("it has {points}, and its list makes {expected}"));
    } else if let Some(index) =
        (0..built.point_count()).find(|&index| ring.point(index) != built.point(index))
    {
        faults.push(format!("point {index} is not that of its list"));
    }
    // 0: the publisher did not compute it.
    if published != 0 && published != built.fingerprint() {
        let expected = built.fingerprint();
        faults.push(format!("its fingerprint is {published:016x}, and that of its list {expected:016x}"));
    }
    Ok(faults)
}
