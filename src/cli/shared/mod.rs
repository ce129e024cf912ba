//! The commands that work with segments, the rings that processes share, and that follow a list through its changes.

mod attach;
mod clean;
mod find;
mod follow;
mod publish;
mod status;
mod system_v;
mod tell;
mod watch;

use super::table::count;
use super::{Exit, Failure, Streams};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::segment::source::Source as State;
use crate::segment::{self, Policy};
use clap::{Args, Subcommand};
use std::path::Path;
use std::time::Duration;

#[derive(Subcommand)]
pub(super) enum Command {
    Publish(publish::Publish),
    Attach(attach::Attach),
    Status(status::Status),
    Clean(clean::Clean),
    Watch(watch::Watch),
}

impl Command {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        match self {
            Self::Publish(publish) => publish.run(streams),
            Self::Attach(attach) => attach.run(streams),
            Self::Status(status) => status.run(streams),
            Self::Clean(clean) => clean.run(streams),
            Self::Watch(watch) => watch.run(streams),
        }
    }
}

/// How segments are made.
#[derive(Args)]
struct Publishing {
    /// Let the group of the directory's files read the segment too (mode 0640); its readers trust it if root publishes it
    #[arg(long)]
    group: bool,
}

impl Publishing {
    /// Puts the ring of a list in place.
    fn publish(&self, ring: &Ring, state: Option<State>, segment: &Path) -> Result<(), Error> {
        /// Longer than rings of a hundred thousand servers take to be written.
        const WAIT: Duration = Duration::from_secs(10);
        if ring.server_count() == 0 {
            return Err(Error::new(ErrorKind::Server, "a list without a server is not published"));
        }
        let folder = segment.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            let message = "there is no such directory to publish in";
            return Err(Error::new(ErrorKind::Io, message).in_file(folder.to_string_lossy()));
        }
        segment::publish_from(ring, state, segment, &Policy { group: self.group, wait: WAIT })
    }
}

/// A ring in a few words.
fn summary(ring: &Ring) -> String {
    let (servers, points) = (count(ring.server_count(), "server"), count(ring.point_count(), "point"));
    format!("{}, {servers}, {points}, fingerprint {:016x}", ring.dialect(), ring.fingerprint())
}
