//! `ketama diff`: what moves from one list to another.

use super::keys::both_from_stdin;
use super::list::{Reading, is_stdin};
use super::moves::MovesArguments;
use super::{Exit, Failure, Streams, json};
use clap::Args;
use std::path::PathBuf;

/// Print which part of the keys has another server under a new list
///
/// Exact where the rules of both rings tell, on the premise that the hash spreads keys evenly; else counted with
/// made-up keys. With --keys or --sample, these are counted besides. `least` is half the sum of the differences of
/// shares, which any ring would have to move; what moved beyond that was needless. Exit code 1: more moves than
/// --max-moved allows.
#[derive(Args)]
pub(super) struct Diff {
    /// The list as it is; - for standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The list as it is to be; - for standard input
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    moves: MovesArguments,
    /// Print an object: {"old", "new", "exact", "counted"}, of which the last two have shares from 0 to 1
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if is_stdin(&self.old) && is_stdin(&self.new) {
            let message = "the two lists cannot both come from standard input";
            return Err(crate::Error::new(crate::ErrorKind::Io, message).into());
        }
        if self.moves.keys.are_stdin() && (is_stdin(&self.old) || is_stdin(&self.new)) {
            return Err(both_from_stdin().into());
        }
        let old = self.reading.source(&self.old, streams)?.ring()?;
        let new = self.reading.source(&self.new, streams)?.ring()?;
        let comparison = self.moves.compare(old, new, streams)?;
        if self.json {
            json::write(streams.stdout, &comparison.report())?;
        } else {
            comparison.print(streams.stdout)?;
        }
        self.moves.judge(&comparison, streams)
    }
}
