//! `ketama clean`: what publishers and processes that died have left, shown first, removed if it is asked for.

use super::find::{Places, files};
#[cfg(target_os = "linux")]
use super::system_v;
use crate::cli::table::count;
use crate::cli::{Exit, Failure, Streams, complain, json};
use crate::error::{Error, ErrorKind};
use crate::segment::{beside, leftovers, remove_leftovers};
use clap::Args;
use serde::Serialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Show what dead publishers and the 2007 library have left, and remove it with --yes
///
/// Beside segments: files that were not put in place by publishers that died, which the next publisher would remove too.
/// In the kernel: System V memory and semaphores of the 2007 library that no process has attached, known by their key,
/// size, modes and content. Everything else, and whatever is in use, is left alone. Exit code 2: something could not be
/// removed.
#[derive(Args)]
pub(in crate::cli) struct Clean {
    #[command(flatten)]
    places: Places,
    /// Remove what is shown
    #[arg(long)]
    yes: bool,
    /// Leave what the 2007 library left alone, and do not show it
    #[arg(long)]
    keep_system_v: bool,
    /// Print an object: {"found": [{"what", "removed", "in_use", "fault"}]}
    #[arg(long)]
    json: bool,
}

/// Something that was left.
#[derive(Serialize)]
struct Found {
    what: String,
    removed: bool,
    in_use: bool,
    fault: Option<String>,
}

impl Clean {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let mut found = Vec::new();
        for segment in self.segments()? {
            found.extend(if self.yes { removed(&segment) } else { shown(&segment) });
        }
        #[cfg(target_os = "linux")]
        if !self.keep_system_v {
            found.extend(system_v::left().iter().map(|left| {
                let in_use = left.attached > 0;
                let (removed, fault) = outcome(self.yes && !in_use, || left.remove());
                Found { what: left.describe(), removed, in_use, fault }
            }));
        }
        if self.json {
            json::write(streams.stdout, &HashMap::from([("found", &found)]))?;
        } else {
            self.print(&found, streams)?;
        }
        let faults = found.iter().filter_map(|found| Some((found.fault.as_ref()?, &found.what)));
        let mut exit = Exit::Good;
        for (fault, what) in faults {
            complain(streams, &Error::new(ErrorKind::Io, format!("cannot remove {what}: {fault}")));
            exit = Exit::Bad;
        }
        Ok(exit)
    }

    /// Where publishers may have left something: beside each segment, or where one was to be.
    fn segments(&self) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for path in self.places.named() {
            if !path.is_dir() {
                // A publisher may have died before the first segment was in place.
                if !path.exists() && !beside(&path, ".lock").exists() {
                    let message = "there is no such segment or directory";
                    return Err(Error::new(ErrorKind::Io, message).in_file(path.to_string_lossy()));
                }
                found.push(path);
                continue;
            }
            let lock = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "lock");
            found.extend(files(&path)?.iter().filter(|file| lock(file)).map(|file| file.with_extension("")));
        }
        Ok(found)
    }

    fn print(&self, found: &[Found], streams: &mut Streams) -> Result<(), Failure> {
        for Found { what, removed, in_use, .. } in found {
            let state = match (removed, in_use) {
                (true, _) => "removed: ",
                (false, true) => "in use, left alone: ",
                (false, false) => "",
            };
            writeln!(streams.stdout, "{state}{what}")?;
        }
        let left = found.iter().filter(|found| !found.in_use).count();
        let removed = found.iter().filter(|found| found.removed).count();
        match (left, self.yes) {
            (0, _) => writeln!(streams.stdout, "nothing is left over")?,
            (_, true) => writeln!(streams.stdout, "{removed} of {left} removed")?,
            (_, false) => {
                writeln!(streams.stdout, "{} found, nothing removed; --yes removes", count(left, "thing"))?
            }
        }
        Ok(())
    }
}

fn outcome(wanted: bool, remove: impl FnOnce() -> std::io::Result<()>) -> (bool, Option<String>) {
    match wanted.then(remove) {
        None => (false, None),
        Some(Ok(())) => (true, None),
        Some(Err(error)) => (false, Some(error.to_string())),
    }
}

fn describe(path: &Path) -> String {
    format!("{}: not put in place by a publisher that died", path.display())
}

fn shown(segment: &Path) -> Vec<Found> {
    let found = |path: &PathBuf| Found { what: describe(path), removed: false, in_use: false, fault: None };
    leftovers(segment).iter().map(found).collect()
}

fn removed(segment: &Path) -> Vec<Found> {
    let gone = |(path, result): (PathBuf, std::io::Result<()>)| {
        let (removed, fault) = outcome(true, || result);
        Found { what: describe(&path), removed, in_use: false, fault }
    };
    remove_leftovers(segment).into_iter().map(gone).collect()
}
