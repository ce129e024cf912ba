//! What a change of a list is told as: a line, an object, and what a command is given.

use super::summary;
use crate::cli::moves::{self, Comparison};
use crate::cli::table::{percent, text};
use crate::ring::Ring;
use serde::Serialize;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Command;

/// A ring that has come into use.
pub(super) struct Change<'a> {
    pub list: &'a Path,
    pub ring: &'a Ring,
    /// What has moved, if there was a ring before.
    pub moved: Option<&'a Comparison>,
    /// The segment as which it was published.
    pub segment: Option<&'a Path>,
    /// The segment's generation, or the number of rings so far.
    pub generation: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    list: String,
    segment: Option<String>,
    generation: u64,
    fingerprint: String,
    dialect: &'static str,
    servers: usize,
    points: usize,
    change: Option<moves::Report<'a>>,
}

/// Names of servers that only the new list has, that only the old one had, and of which the two say something else.
#[derive(Default)]
struct Edits {
    added: Vec<Vec<u8>>,
    removed: Vec<Vec<u8>>,
    changed: Vec<Vec<u8>>,
}

impl Change<'_> {
    /// In a line.
    pub fn line(&self) -> String {
        let mut line = format!("{}: {}", self.list.display(), summary(self.ring));
        if let Some(segment) = self.segment {
            let _ = write!(line, "; {}, generation {}", segment.display(), self.generation);
        }
        if let Some(moves) = self.moved.and_then(Comparison::moves) {
            let _ = write!(line, "; moved {}, least {}", percent(moves.moved()), percent(moves.least()));
        }
        let Edits { added, removed, changed } = self.edits();
        for (what, names) in [("added", added), ("removed", removed), ("changed", changed)] {
            if !names.is_empty() {
                let names: Vec<String> = names.iter().map(|name| text(name)).collect();
                let _ = write!(line, "; {what} {}", names.join(" "));
            }
        }
        line
    }

    /// As an object.
    pub fn report(&self) -> impl Serialize {
        Report {
            list: self.list.display().to_string(),
            segment: self.segment.map(|segment| segment.display().to_string()),
            generation: self.generation,
            fingerprint: format!("{:016x}", self.ring.fingerprint()),
            dialect: self.ring.dialect().name,
            servers: self.ring.server_count(),
            points: self.ring.point_count(),
            change: self.moved.map(Comparison::report),
        }
    }

    /// The shell command that is told of it, with the facts in its environment.
    pub fn command(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command);
        let moves = self.moved.and_then(Comparison::moves);
        let Edits { added, removed, changed } = self.edits();
        let names = |names: Vec<Vec<u8>>| self.moved.map(|_| OsString::from_vec(names.join(&b'\n')));
        let path = |path: &Path| path.as_os_str().to_owned();
        let old = self.moved.map(|moved| format!("{:016x}", moved.old.fingerprint()).into());
        let share = |share: f64| OsString::from(format!("{:.6}", share.max(0.0)));
        let facts: [(&str, Option<OsString>); 12] = [
            ("LIST", Some(path(self.list))),
            ("SEGMENT", self.segment.map(path)),
            ("GENERATION", Some(self.generation.to_string().into())),
            ("FINGERPRINT", Some(format!("{:016x}", self.ring.fingerprint()).into())),
            ("OLD_FINGERPRINT", old),
            ("DIALECT", Some(self.ring.dialect().name.into())),
            ("SERVERS", Some(self.ring.server_count().to_string().into())),
            ("MOVED", moves.map(|moves| share(moves.moved()))),
            ("LEAST", moves.map(|moves| share(moves.least()))),
            ("ADDED", names(added)),
            ("REMOVED", names(removed)),
            ("CHANGED", names(changed)),
        ];
        for (name, fact) in facts {
            let name = format!("KETAMA_{name}");
            // What is not known is not there, whatever this process was started with.
            match fact {
                Some(fact) => shell.env::<&OsStr, OsString>(name.as_ref(), fact),
                None => shell.env_remove(name),
            };
        }
        shell
    }

    fn edits(&self) -> Edits {
        let Some((moved, moves)) = self.moved.and_then(|moved| Some((moved, moved.moves()?))) else {
            return Edits::default();
        };
        let mut edits = Edits::default();
        for (index, name) in moves.names().iter().enumerate() {
            let list = match (moved.old.index_of(name), moved.new.index_of(name)) {
                _ if moves.is_unchanged(index) => continue,
                (None, _) => &mut edits.added,
                (_, None) => &mut edits.removed,
                _ => &mut edits.changed,
            };
            list.push(name.clone());
        }
        edits
    }
}
