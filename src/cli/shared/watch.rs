//! `ketama watch`: follow a list, validate what it becomes, publish it, and tell.

use super::Publishing;
use super::follow::Follow;
use super::tell::Change;
use crate::cli::list::{ListArguments, Source};
use crate::cli::moves::{Comparison, MovesArguments};
use crate::cli::{Exit, Failure, Streams, complain, explain, json};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use crate::segment;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// Follow a list: validate it after each change, publish it, and run a command
///
/// Edits in place, renames, swapped symbolic links, and lists that are deleted and come back are all noticed. A list that
/// is broken, missing, without a server, or beyond --max-moved is told on standard error and changes nothing. SIGTERM,
/// SIGINT and SIGHUP end it with 0.
#[derive(Args)]
pub(in crate::cli) struct Watch {
    #[command(flatten)]
    list: ListArguments,
    /// Put each good ring in place as this segment
    #[arg(long, value_name = "SEGMENT")]
    publish: Option<PathBuf>,
    /// Run CMD by sh at the start and after each change, with KETAMA_LIST, _SEGMENT, _GENERATION, _FINGERPRINT,
    /// _OLD_FINGERPRINT, _DIALECT, _SERVERS, _MOVED, _LEAST, _ADDED, _REMOVED and _CHANGED in its environment and the
    /// object of --json on its standard input
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
    #[command(flatten)]
    moves: MovesArguments,
    /// Do it once, with the list as it is, and end: 1 if too much would move or CMD fails, 2 if the list is bad
    #[arg(long)]
    once: bool,
    /// Look at the list every so many seconds in any case [default: 30, or 1 where files cannot be watched]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    interval: Option<Duration>,
    /// Print an object for each change, one a line: {"list", "segment", "generation", "fingerprint", "dialect",
    /// "servers", "points", "change": what diff --json has, null at the start}
    #[arg(long)]
    json: bool,
}

fn seconds(written: &str) -> Result<Duration, String> {
    let seconds = written.parse::<f64>().ok().filter(|seconds| (0.01..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "seconds are wanted, from 0.01 to 86400".to_owned())
}

impl Watch {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let refuse = |message| Err(Error::new(ErrorKind::Io, message).into());
        if self.list.is_stdin() {
            return refuse("standard input cannot be followed; give the list as a file");
        }
        if self.moves.keys.are_stdin() {
            return refuse("keys that are counted after each change cannot come from standard input");
        }
        let mut session = Session::new(self);
        if self.once {
            return session.look(None, streams);
        }
        let cannot = |error| Error::new(ErrorKind::Io, format!("signals cannot be caught: {error}"));
        let mut follow = Follow::new(self.list.file(), self.interval).map_err(cannot)?;
        loop {
            session.look(Some(&mut follow), streams)?;
            streams.stdout.flush()?;
            if !follow.changed() {
                return Ok(Exit::Good);
            }
        }
    }
}

/// What has been seen of a list so far.
struct Session<'a> {
    arguments: &'a Watch,
    /// The ring in use.
    ring: Option<Ring>,
    /// It was told.
    is_told: bool,
    /// The text that was dealt with last.
    text: Option<Vec<u8>>,
    /// What is wrong with the list, as long as it is.
    complaint: Option<String>,
    rings: u64,
}

/// Why a list does not come into use.
enum Refused {
    /// It never will.
    List(Failure, Exit),
    /// It may, if it is tried again.
    Now(Failure),
}

impl<'a> Session<'a> {
    /// Begins with the ring that is published already, if there is one.
    fn new(arguments: &'a Watch) -> Self {
        let published = arguments.publish.as_ref().and_then(|path| segment::attach(path).ok());
        let ring = published.map(|opened| opened.ring().clone());
        Self { arguments, ring, is_told: false, text: None, complaint: None, rings: 0 }
    }

    /// Looks at the list, and does what is to be done. Fails only if nobody can be told.
    fn look(&mut self, follow: Option<&mut Follow>, streams: &mut Streams) -> Result<Exit, Failure> {
        let source = match self.arguments.list.source(streams) {
            Ok(source) => source,
            Err(failure) => return self.complain(failure, Exit::Bad, streams),
        };
        if self.text.as_ref() == Some(&source.text) {
            return Ok(Exit::Good);
        }
        match self.take(&source, streams) {
            Ok(taken) => {
                self.text = Some(source.text);
                if self.complaint.take().is_some() && taken.is_none() {
                    writeln!(streams.stdout, "{}: good again, and as it was", source.name)?;
                }
                taken.map_or(Ok(Exit::Good), |comparison| self.tell(&comparison, follow, streams))
            }
            Err(Refused::List(failure, exit)) => {
                self.text = Some(source.text);
                self.complain(failure, exit, streams)
            }
            Err(Refused::Now(failure)) => self.complain(failure, Exit::Bad, streams),
        }
    }

    /// Builds the ring of a list and brings it into use. None if that is told already; else what moves, if anything was
    /// there before.
    fn take(
        &mut self,
        source: &Source,
        streams: &mut Streams,
    ) -> Result<Option<Option<Comparison>>, Refused> {
        let bad = |failure| Refused::List(failure, Exit::Bad);
        let ring = source.ring().map_err(bad)?;
        if ring.server_count() == 0 {
            let error = Error::new(ErrorKind::Server, "the list has no server").in_file(&source.name);
            return Err(bad(error.into()));
        }
        let is_same = self.ring.as_ref().is_some_and(|old| is_same(old, &ring));
        if is_same && self.is_told {
            return Ok(None);
        }
        let arguments = self.arguments;
        let mut comparison = None;
        if let Some(old) = self.ring.clone() {
            let compared = arguments.moves.compare(old, ring.clone(), streams).map_err(Refused::Now)?;
            if let Some(reason) = arguments.moves.excess(&compared) {
                let error = Error::new(ErrorKind::Limit, reason).in_file(&source.name);
                return Err(Refused::List(error.into(), Exit::Different));
            }
            comparison = Some(compared);
        }
        if let Some(path) = arguments.publish.as_ref().filter(|_| !is_same) {
            let state = arguments.list.state(source);
            let published = arguments.publishing.publish(&ring, state, path);
            published.map_err(|error| Refused::Now(error.into()))?;
        }
        (self.ring, self.is_told, self.rings) = (Some(ring), true, self.rings + 1);
        Ok(Some(comparison))
    }

    /// Tells of the ring in use, in a line and to the command.
    fn tell(
        &self,
        moved: &Option<Comparison>,
        follow: Option<&mut Follow>,
        streams: &mut Streams,
    ) -> Result<Exit, Failure> {
        let Some(ring) = &self.ring else { return Ok(Exit::Good) };
        let (list, segment) = (self.arguments.list.file(), self.arguments.publish.as_deref());
        let published = segment.and_then(segment::generation).map(|generation| generation.done);
        let generation = published.unwrap_or(self.rings);
        let change = Change { list, ring, moved: moved.as_ref(), segment, generation };
        if self.arguments.json {
            json::write_line(streams.stdout, &change.report())?;
        } else {
            writeln!(streams.stdout, "{}", change.line())?;
        }
        streams.stdout.flush()?;
        let Some(command) = &self.arguments.exec else { return Ok(Exit::Good) };
        let ended = run(&change, command, follow);
        let failed = match ended {
            Ok(status) if status.success() => return Ok(Exit::Good),
            Ok(status) => format!("`{command}` failed: {status}"),
            Err(error) => format!("`{command}` cannot be run: {error}"),
        };
        complain(streams, &Error::new(ErrorKind::Io, failed));
        Ok(Exit::Different)
    }

    /// Says what is wrong with the list, unless it was said already.
    fn complain(&mut self, failure: Failure, exit: Exit, streams: &mut Streams) -> Result<Exit, Failure> {
        let Some(reason) = failure.reason() else { return Err(failure) };
        if self.complaint.as_ref() != Some(&reason) {
            explain(streams, &failure);
            self.complaint = Some(reason);
        }
        Ok(exit)
    }
}

/// Whether two lists mean the same in every respect.
fn is_same(old: &Ring, new: &Ring) -> bool {
    let said = |ring: &Ring| {
        let list = ring.list();
        let options: Vec<_> =
            list.options.set_values().map(|(name, value)| (name, value.to_string())).collect();
        let servers = list.servers.iter().map(|server| crate::Server { line: 0, ..server.clone() });
        (list.dialect.name, list.replicas, options, servers.collect::<Vec<_>>())
    };
    said(old) == said(new)
}

/// Runs the command to its end.
fn run(
    change: &Change,
    command: &str,
    follow: Option<&mut Follow>,
) -> std::io::Result<std::process::ExitStatus> {
    let mut child = change.command(command).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let mut text = Vec::new();
        json::write_line(&mut text, &change.report())?;
        // Apart, for the command may not read; then writing fails when it ends.
        std::thread::spawn(move || stdin.write_all(&text));
    }
    match follow {
        Some(follow) => follow.ended(&mut child),
        None => child.wait(),
    }
}
