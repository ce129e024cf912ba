//! `ketama points`: the ring, point by point.

use super::json::Text;
use super::list::ListArguments;
use super::{Exit, Failure, Streams, json};
use crate::ring::Ring;
use clap::Args;
use serde::{Serialize, Serializer};

/// Print the ring in ring order: the place of each point, a tab, the name of its server
///
/// A table has a line for each slot, with its number. Rules that have neither points nor slots (jump consistent hash,
/// rendezvous hashing, a single server that gets every key) print nothing and say so on standard error.
#[derive(Args)]
pub(super) struct Points {
    #[command(flatten)]
    list: ListArguments,
    /// Print an object: {"dialect", "points": [{"place", "server"}]}, places as decimal text
    #[arg(long)]
    json: bool,
}

/// The ring as JSON, written as it is walked.
#[derive(Serialize)]
struct Report<'a> {
    dialect: &'a str,
    #[serde(serialize_with = "points")]
    points: &'a Ring,
}

#[derive(Serialize)]
struct Point<'a> {
    place: String,
    server: Text<'a>,
}

impl Points {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let ring = self.list.ring(streams)?;
        if ring.point_count() == 0 {
            let dialect = ring.dialect();
            writeln!(streams.stderr, "ketama: {dialect} with these options and servers has no points")?;
        }
        if self.json {
            json::write(streams.stdout, &Report { dialect: ring.dialect().name, points: &ring })?;
            return Ok(Exit::Good);
        }
        for (place, server) in all(&ring) {
            write!(streams.stdout, "{place}\t")?;
            streams.stdout.write_all(server)?;
            streams.stdout.write_all(b"\n")?;
        }
        Ok(Exit::Good)
    }
}

/// Places and the names of their servers.
fn all(ring: &Ring) -> impl Iterator<Item = (u128, &[u8])> {
    let point =
        |index| ring.point(index).map(|(place, server)| (place, &ring.servers()[server as usize].name[..]));
    (0..ring.point_count()).filter_map(point)
}

fn points<S: Serializer>(ring: &Ring, serializer: S) -> Result<S::Ok, S::Error> {
    serializer
        .collect_seq(all(ring).map(|(place, name)| Point { place: place.to_string(), server: Text(name) }))
}
