//! `ketama status`: which rings are shared, since when, and by whom.

use super::find::{Places, User, users};
use crate::cli::list::{Reading, name, text};
use crate::cli::table::{self, count};
use crate::cli::{Exit, Failure, Streams, cannot_read, json};
use crate::error::Error;
use crate::hash::md5;
use crate::segment::{Inspection, generation};
use clap::Args;
use indicatif::HumanDuration;
use serde::Serialize;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Show what segments hold, how old they are, and who has them mapped
///
/// Segments are read and checked, not mapped. Who has one mapped is known of one's own processes, to root of all; `older`
/// are those that still use a ring that was published before. Exit code 1: a segment is not of --list as it is now; 2: one
/// cannot be read or is damaged.
#[derive(Args)]
pub(in crate::cli) struct Status {
    #[command(flatten)]
    places: Places,
    /// Say whether the segments are of this list as it is now
    #[arg(long, value_name = "LIST")]
    list: Option<PathBuf>,
    /// Print an object: {"segments": [{"path", "fault", "user", "mode", "size", "age", "generation", "publishing",
    /// "dialect", "servers", "points", "fingerprint", "source", "current", "mapped"}]}; age in seconds, null where unknown
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    path: String,
    /// Why it cannot be used.
    fault: Option<String>,
    #[serde(flatten)]
    file: Option<FileReport>,
    #[serde(flatten)]
    ring: Option<RingReport>,
    mapped: Option<Vec<User>>,
}

#[derive(Serialize)]
struct FileReport {
    user: u32,
    mode: String,
    size: u64,
    /// Seconds since it was published.
    age: u64,
    generation: Option<u64>,
    publishing: bool,
}

#[derive(Serialize)]
struct RingReport {
    dialect: &'static str,
    servers: usize,
    points: usize,
    fingerprint: Option<String>,
    source: Option<SourceReport>,
    /// Whether it is of the list that was given.
    current: Option<bool>,
}

/// The file from which the ring was built.
#[derive(Serialize)]
struct SourceReport {
    device: u64,
    inode: u64,
    /// Hexadecimal.
    md5: String,
}

/// The list with which segments are compared.
struct Wanted {
    name: String,
    digest: [u8; 16],
    fingerprint: u64,
}

impl Status {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let wanted = match &self.list {
            Some(file) => Some(wanted(file, streams)?),
            None => None,
        };
        let reports: Vec<Report> =
            self.places.segments()?.iter().map(|path| report(path, wanted.as_ref())).collect();
        if self.json {
            json::write(streams.stdout, &HashMap::from([("segments", &reports)]))?;
        } else {
            for (index, report) in reports.iter().enumerate() {
                if index > 0 {
                    writeln!(streams.stdout)?;
                }
                report.print(wanted.as_ref(), streams)?;
            }
            if reports.is_empty() {
                writeln!(streams.stdout, "no segments")?;
            }
        }
        let is_stale = |report: &Report| report.ring.as_ref().is_some_and(|ring| ring.current == Some(false));
        Ok(match () {
            () if reports.iter().any(|report| report.fault.is_some()) => Exit::Bad,
            () if reports.iter().any(is_stale) => Exit::Different,
            () => Exit::Good,
        })
    }
}

fn wanted(file: &Path, streams: &mut Streams) -> Result<Wanted, Failure> {
    let text = text(file, streams)?;
    let digest = md5::digest(&text);
    let source = crate::cli::list::Source::of(text, name(file), &Reading::default())?;
    Ok(Wanted { digest, fingerprint: source.ring()?.fingerprint(), name: source.name })
}

fn report(path: &Path, wanted: Option<&Wanted>) -> Report {
    let name = path.display().to_string();
    let read = || -> Result<(FileReport, Vec<u8>), Error> {
        let cannot_read = |error| cannot_read(&error, &name);
        let metadata = std::fs::metadata(path).map_err(cannot_read)?;
        let generation = generation(path);
        let age = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        let file = FileReport {
            user: metadata.uid(),
            mode: format!("{:04o}", metadata.mode() & 0o7777),
            size: metadata.len(),
            age: age.unwrap_or_default().as_secs(),
            generation: generation.as_ref().map(|generation| generation.done),
            publishing: generation.is_some_and(|generation| generation.announced),
        };
        Ok((file, std::fs::read(path).map_err(cannot_read)?))
    };
    let (file, read) = match read() {
        Ok((file, bytes)) => (Some(file), Inspection::of(&bytes)),
        Err(error) => (None, Err(error)),
    };
    let mapped = file.as_ref().and_then(|_| users(path));
    let (ring, fault) = match read {
        Ok(inspection) => (Some(RingReport::of(&inspection, wanted)), None),
        Err(error) => (None, Some(error.message().to_owned())),
    };
    Report { path: name, fault, file, ring, mapped }
}

impl RingReport {
    fn of(inspection: &Inspection, wanted: Option<&Wanted>) -> Self {
        let Inspection { fingerprint, source, list, points } = inspection;
        let current = |wanted: &Wanted| {
            let is_of = source.as_ref().is_some_and(|source| source.digest == wanted.digest);
            is_of || *fingerprint == wanted.fingerprint
        };
        Self {
            dialect: list.dialect.name,
            servers: list.servers.len(),
            points: *points,
            // 0: the publisher did not compute it.
            fingerprint: (*fingerprint != 0).then(|| format!("{fingerprint:016x}")),
            source: source.as_ref().map(|source| {
                let (device, inode) = source.identity.file();
                let md5 = source.digest.iter().map(|byte| format!("{byte:02x}")).collect();
                SourceReport { device, inode, md5 }
            }),
            current: wanted.map(current),
        }
    }
}

impl Report {
    fn print(&self, wanted: Option<&Wanted>, streams: &mut Streams) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let mut row = |what: &str, said: String| rows.push(vec![format!("  {what}"), said]);
        if let Some(fault) = &self.fault {
            row("fault", fault.clone());
        }
        if let Some(ring) = &self.ring {
            let (servers, points) = (count(ring.servers, "server"), count(ring.points, "point"));
            row("ring", format!("{}, {servers}, {points}", ring.dialect));
            row("fingerprint", ring.fingerprint.clone().unwrap_or_else(|| "not computed".to_owned()));
            let source = ring.source.as_ref().map_or_else(
                || "not a file alone".to_owned(),
                |source| format!("inode {} of device {}, MD5 {}", source.inode, source.device, source.md5),
            );
            row("source", source);
            if let (Some(current), Some(wanted)) = (ring.current, wanted) {
                let state = if current { "this is its ring" } else { "another ring" };
                row("list", format!("{}: {state}", wanted.name));
            }
        }
        if let Some(file) = &self.file {
            row("file", format!("{} bytes, user {}, mode {}", file.size, file.user, file.mode));
            row("published", format!("{} ago", HumanDuration(Duration::from_secs(file.age))));
            let under_way = if file.publishing { ", another is under way or its publisher died" } else { "" };
            let generation =
                file.generation.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
            row("generation", generation + under_way);
        }
        row("mapped by", self.users());
        writeln!(streams.stdout, "{}", self.path)?;
        Ok(table::write(streams.stdout, "ll", &rows)?)
    }

    fn users(&self) -> String {
        let Some(users) = &self.mapped else { return "unknown".to_owned() };
        if users.is_empty() {
            return "none".to_owned();
        }
        let user = |user: &User| {
            let older = if user.older { ", older" } else { "" };
            format!("{} ({}{older})", user.pid, user.command)
        };
        users.iter().map(user).collect::<Vec<_>>().join(" ")
    }
}
