//! `ketama check`: is a list good, and what will surprise its user?

use super::excerpt::{line, mark};
use super::list::{Reading, name, text};
use super::table::count;
use super::{Exit, Failure, Streams, json};
use crate::dialect::Weights;
use crate::error::Error;
use crate::ring::Ring;
use crate::ring::spread::Spread;
use crate::segment::is_segment;
use crate::server::Server;
use crate::server_list::foreign::Format;
use crate::server_list::surprise::surprises;
use clap::Args;
use memchr::memmem;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A share below the first or above the second part of what a weight asks for is a warning: far outside of what chance
/// does to a server with 160 points, whose load differs from 1 by 0.08 on average.
const LOADS: [f64; 2] = [0.5, 1.5];

/// Say whether lists are good, and what will surprise their users
///
/// Prints each finding with its place and its line, and a summary for each list. Exit code 0: good, perhaps with
/// warnings; 1: warnings, with --strict; 2: errors. Fit for the check command of a configuration manager.
#[derive(Args)]
pub(super) struct Check {
    /// Server lists, TOML or classic; - for standard input
    #[arg(value_name = "LIST", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Exit with 1 if there are warnings
    #[arg(long)]
    strict: bool,
    /// Print an object: {"lists": [{"file", "findings": [{"severity", "line", "column", "reason"}], "ring"}]}
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Warning,
    Error,
}

#[derive(Serialize)]
struct Finding {
    severity: Severity,
    line: Option<u32>,
    column: Option<usize>,
    reason: String,
    /// The line with a mark.
    #[serde(skip)]
    excerpt: String,
}

#[derive(Serialize)]
struct Report {
    file: String,
    findings: Vec<Finding>,
    /// None where there are errors.
    ring: Option<RingReport>,
}

#[derive(Serialize)]
struct RingReport {
    dialect: &'static str,
    servers: usize,
    points: usize,
    /// Bytes.
    memory: usize,
    greatest_load: Option<f64>,
    fingerprint: String,
}

impl Check {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let mut reports = Vec::new();
        for file in &self.files {
            let report = self.check(file, streams);
            if !self.json {
                report.print(streams.stdout)?;
            }
            reports.push(report);
        }
        if self.json {
            json::write(streams.stdout, &HashMap::from([("lists", &reports)]))?;
        }
        let worst = reports.iter().flat_map(|report| &report.findings).map(|finding| finding.severity).max();
        Ok(match worst {
            Some(Severity::Error) => Exit::Bad,
            Some(Severity::Warning) if self.strict => Exit::Different,
            _ => Exit::Good,
        })
    }

    fn check(&self, file: &Path, streams: &mut Streams) -> Report {
        let file_name = name(file);
        let mut report = Report { file: file_name, findings: Vec::new(), ring: None };
        let text = match text(file, streams) {
            Ok(text) => text,
            Err(error) => {
                report.findings.push(Finding::of(&[], &error));
                return report;
            }
        };
        if Format::of(&text) == Format::Classic && !is_segment(&text) {
            report.findings.extend(surprises(&text).iter().map(|surprise| {
                let (number, start) = (surprise.line, surprise.column - 1);
                let at = start..start + surprise.width;
                Finding::warning(number, line(&text, number, false), at, surprise.reason.clone())
            }));
        }
        match self.reading.parse(&text, &report.file).and_then(Ring::build) {
            Ok(ring) => report.add_ring(&ring, &text),
            Err(error) => report.findings.push(Finding::of(&text, &error)),
        }
        report.findings.sort_by_key(|finding| (finding.line.unwrap_or(u32::MAX), finding.column));
        report
    }
}

impl Finding {
    /// An error.
    fn of(text: &[u8], error: &Error) -> Self {
        Self {
            severity: Severity::Error,
            line: error.line(),
            column: error.column().map(|column| column as usize),
            reason: error.message().to_owned(),
            excerpt: super::excerpt::excerpt(text, error),
        }
    }

    /// A warning about a server, at its name if that can be found.
    fn about(text: &[u8], server: &Server, reason: String) -> Self {
        let reason = format!("server `{}`: {reason}", server.name_lossy());
        let line = line(text, server.line, false);
        let at = line.and_then(|line| name_in(line, &server.name));
        match at {
            Some(at) => Self::warning(server.line, line, at..at + server.name.len(), reason),
            None => {
                let line = (server.line > 0).then_some(server.line);
                Self { severity: Severity::Warning, line, column: None, reason, excerpt: String::new() }
            }
        }
    }

    /// A warning about some bytes of a line.
    fn warning(number: u32, line: Option<&[u8]>, at: Range<usize>, reason: String) -> Self {
        let characters =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).chars().count();
        let (column, excerpt) = match line {
            Some(line) => {
                let column = characters(line.get(..at.start)) + 1;
                let width = characters(line.get(at)).max(1);
                (column, mark(line, number, Some((column, width))))
            }
            None => (at.start + 1, String::new()),
        };
        Self { severity: Severity::Warning, line: Some(number), column: Some(column), reason, excerpt }
    }
}

/// Where a name stands in a line: in quotes, or else anywhere.
fn name_in(line: &[u8], name: &[u8]) -> Option<usize> {
    let quoted = [b'"', b'\''].map(|quote| [&[quote], name, &[quote]].concat());
    let found = quoted.iter().find_map(|quoted| memmem::find(line, quoted)).map(|at| at + 1);
    found.or_else(|| memmem::find(line, name))
}

impl Report {
    fn print(&self, out: &mut dyn Write) -> Result<(), Failure> {
        for Finding { severity, line, column, reason, excerpt } in &self.findings {
            let severity = if *severity == Severity::Error { "error" } else { "warning" };
            write!(out, "{}:", self.file)?;
            for number in [line.map(|line| line as usize), *column].into_iter().flatten() {
                write!(out, "{number}:")?;
            }
            write!(out, " {severity}: {reason}\n{excerpt}")?;
        }
        let warnings = self.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
        match &self.ring {
            None => writeln!(out, "{}: not usable", self.file)?,
            Some(RingReport { dialect, servers, points, memory, greatest_load, .. }) => {
                let (servers, points) = (count(*servers, "server"), count(*points, "point"));
                let load =
                    greatest_load.map_or_else(String::new, |load| format!(", greatest load {load:.3}"));
                let warnings = if warnings > 0 { count(warnings, "warning") } else { "good".to_owned() };
                writeln!(
                    out,
                    "{}: {dialect}, {servers}, {points} in {memory} bytes{load}: {warnings}",
                    self.file
                )?;
            }
        }
        Ok(())
    }

    /// What there is to say about a list that makes a ring.
    fn add_ring(&mut self, ring: &Ring, text: &[u8]) {
        let shares = ring.shares();
        let asked = ring.asked(&shares);
        let repeated = self.add_names(ring, text);
        self.add_weights(ring, text);
        for ((server, &share), &asked) in ring.servers().iter().zip(&shares).zip(&asked) {
            // Of lines with the same name one may have the points of all.
            if repeated.contains(&server.name[..]) {
                continue;
            }
            if let Some(reason) = share_surprise(ring, server, share, asked) {
                self.findings.push(Finding::about(text, server, reason));
            }
        }
        if ring.servers().is_empty() {
            let reason = "the list has no server: no key has an answer".to_owned();
            let (severity, excerpt) = (Severity::Warning, String::new());
            self.findings.push(Finding { severity, line: None, column: None, reason, excerpt });
        }
        self.ring = Some(RingReport {
            dialect: ring.dialect().name,
            servers: ring.servers().len(),
            points: ring.point_count(),
            memory: ring.memory(),
            greatest_load: Spread::of(&shares, &asked).map(|spread| spread.greatest),
            fingerprint: format!("{:016x}", ring.fingerprint()),
        });
    }

    /// Names that stand twice, which are returned, and names that differ by ASCII case alone.
    fn add_names<'a>(&mut self, ring: &'a Ring, text: &[u8]) -> HashSet<&'a [u8]> {
        let mut repeated = HashSet::new();
        let mut names: HashMap<Vec<u8>, &Server> = HashMap::new();
        for server in ring.servers() {
            let Some(other) = names.insert(server.name.to_ascii_lowercase(), server) else { continue };
            let at = if other.line > 0 { format!(" (line {})", other.line) } else { String::new() };
            let reason = if other.name == server.name {
                repeated.insert(&server.name[..]);
                format!("stands in the list twice{at}")
            } else {
                format!("differs from `{}`{at} by upper and lower case alone", other.name_lossy())
            };
            self.findings.push(Finding::about(text, server, reason));
        }
        repeated
    }

    /// Weights that are written, and ignored.
    fn add_weights(&mut self, ring: &Ring, text: &[u8]) {
        let dialect = ring.dialect();
        if (dialect.weights)(ring.options()) != Weights::Ignored {
            return;
        }
        let first = ring.servers().first();
        let other =
            ring.servers().iter().find(|server| first.is_some_and(|first| first.weight != server.weight));
        if let Some(server) = other {
            let reason = format!("weights differ, but {dialect} with these options ignores them");
            self.findings.push(Finding::about(text, server, reason));
        }
    }
}

/// What is odd about the share of a server.
fn share_surprise(ring: &Ring, server: &Server, share: f64, asked: f64) -> Option<String> {
    let percent = super::table::percent;
    if share == 0.0 {
        return (!server.down && !server.backup).then(|| {
            let weight = server.weight;
            format!("gets no keys: its weight {weight} asks for {}, which gives it no point", percent(asked))
        });
    }
    if server.down {
        return Some(format!(
            "is down, but {} goes on sending it {} of the keys",
            ring.dialect(),
            percent(share)
        ));
    }
    let load = share / asked;
    (asked > 0.0 && !(LOADS[0]..=LOADS[1]).contains(&load)).then(|| {
        let (share, asked) = (percent(share), percent(asked));
        format!("gets {share} of the keys, {load:.2} of the {asked} that its weight asks for")
    })
}
