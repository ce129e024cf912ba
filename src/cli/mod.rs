//! The command `ketama`: one file for each subcommand, all over the public interface of the library.
//!
//! A subcommand is a struct of arguments with `run`, which reads and writes the [`Streams`] and gives an exit code. What
//! several of them need, such as reading a list, has a file of its own.

mod bench;
mod check;
mod compare;
mod convert;
pub(crate) mod detect;
mod dialects;
mod diff;
mod edit;
mod excerpt;
mod generate;
mod json;
mod keys;
mod list;
mod lookup;
mod moves;
mod plan;
mod plot;
mod points;
mod progress;
pub(crate) mod selftest;
mod shared;
mod stats;
mod table;
mod verify;

use crate::error::{Error, ErrorKind};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, BufRead, Write};

/// What a run of the command reads and writes beside files.
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn BufRead,
    /// Standard output: answers.
    pub stdout: &'a mut dyn Write,
    /// Standard error: what went wrong.
    pub stderr: &'a mut dyn Write,
}

/// Where does this key live? Consistent hashing for libketama and every other dialect of the field.
#[derive(Parser)]
#[command(name = "ketama", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Lookup(lookup::Lookup),
    Check(check::Check),
    Points(points::Points),
    Stats(stats::Stats),
    Diff(diff::Diff),
    Plan(plan::Plan),
    Verify(verify::Verify),
    Detect(detect::Detect),
    Compare(compare::Compare),
    Convert(convert::Convert),
    Plot(plot::Plot),
    #[command(flatten)]
    Shared(shared::Command),
    Dialects(dialects::List),
    Selftest(selftest::Selftest),
    Bench(bench::Bench),
    Man(generate::Man),
    Completions(generate::Completions),
}

impl Command {
    fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        match self {
            Self::Lookup(lookup) => lookup.run(streams),
            Self::Check(check) => check.run(streams),
            Self::Points(points) => points.run(streams),
            Self::Stats(stats) => stats.run(streams),
            Self::Diff(diff) => diff.run(streams),
            Self::Plan(plan) => plan.run(streams),
            Self::Verify(verify) => verify.run(streams),
            Self::Detect(detect) => detect.run(streams),
            Self::Compare(compare) => compare.run(streams),
            Self::Convert(convert) => convert.run(streams),
            Self::Plot(plot) => plot.run(streams),
            Self::Shared(shared) => shared.run(streams),
            Self::Dialects(list) => list.run(streams),
            Self::Selftest(selftest) => selftest.run(streams),
            Self::Bench(bench) => bench.run(streams),
            Self::Man(man) => man.run(streams),
            Self::Completions(completions) => completions.run(streams),
        }
    }
}

/// How a run ended, by its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Done; where something was compared or checked, it was as it should be.
    Good = 0,
    /// Something that was compared differs, or is beyond what was allowed.
    Different = 1,
    /// The arguments or a file could not be used.
    Bad = 2,
}

/// Why a run broke off.
#[derive(Debug)]
enum Failure {
    /// Nobody reads the output any more, which is no error.
    Closed,
    /// This is wrong.
    Error(Error),
    /// This is wrong, and here it stands.
    Shown {
        error: Error,
        /// The line of the text; empty where none is known.
        excerpt: String,
    },
}

impl Failure {
    /// What is wrong, in words; None if it is only that nobody reads.
    fn reason(&self) -> Option<String> {
        match self {
            Self::Closed => None,
            Self::Error(error) | Self::Shown { error, .. } => Some(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// A failed write.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Error(Error::new(ErrorKind::Io, format!("cannot write: {error}")))
    }
}

/// Runs the command with its arguments, of which the first is its own name, and gives its exit code: 0 if all is well,
/// 1 if something that was compared differs or is beyond what was allowed, 2 if the arguments or a file cannot be used.
///
/// A reader of the output that goes away ends the run early with 0.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams) -> u8 {
    let exit = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.command.run(streams),
        Err(usage) => tell(&usage, streams),
    };
    let flushed = exit.and_then(|exit| Ok(streams.stdout.flush().map(|()| exit)?));
    let exit = flushed.unwrap_or_else(|failure| match failure {
        Failure::Closed => Exit::Good,
        _ => {
            explain(streams, &failure);
            Exit::Bad
        }
    });
    exit as u8
}

/// Says on standard error why something was not done. If that fails too, the exit code alone has to tell.
fn explain(streams: &mut Streams, failure: &Failure) {
    match failure {
        Failure::Closed => {}
        Failure::Error(error) => complain(streams, error),
        Failure::Shown { error, excerpt } => {
            complain(streams, error);
            let _ = streams.stderr.write_all(excerpt.as_bytes());
        }
    }
}

/// Shows the help that was asked for, or what is wrong with the arguments.
fn tell(usage: &clap::Error, streams: &mut Streams) -> Result<Exit, Failure> {
    let text = usage.render().to_string();
    if usage.use_stderr() {
        streams.stderr.write_all(text.as_bytes())?;
        return Ok(Exit::Bad);
    }
    streams.stdout.write_all(text.as_bytes())?;
    Ok(Exit::Good)
}

/// Says on standard error what is wrong.
fn complain(streams: &mut Streams, error: &Error) {
    let _ = writeln!(streams.stderr, "ketama: {error}");
}

/// The bytes of a file.
fn read_file(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| cannot_read(&error, &path.display().to_string()))
}

fn cannot_read(error: &io::Error, file: &str) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read: {error}")).in_file(file)
}

/// Makes or replaces a file.
fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot write: {error}")).in_file(path.display().to_string())
    })
}
