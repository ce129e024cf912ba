//! `ketama selftest`: does it work on this processor?

use super::table::count;
use super::{Exit, Failure, Streams, json};
use crate::dialect::DIALECTS;
use crate::error::Error;
use crate::hash::md5::{Backend, words, words_many_with};
use crate::observation::Observation;
use clap::Args;
use rand_mt::Mt64;
use serde::Serialize;

/// Check the hash kernels on this processor, and every dialect against recorded answers
///
/// Each backend of MD5 that this processor runs hashes messages of all lengths around the boundaries of blocks, and
/// random keys, in batches of every size around its width, against one message at a time. Each dialect answers keys whose
/// answers were recorded from its software. Exit code 0: all is well; 1: something is not.
#[derive(Args)]
pub(super) struct Selftest {
    /// Print an object: {"backends": [{"name", "checks", "failures"}], "dialects": [{"name", "checks", "failures"}],
    /// "unchecked": [DIALECT]}
    #[arg(long)]
    json: bool,
    /// Print the last line only
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
}

/// Observation files, one a line, cut down from recordings in src/dialect/vectors; `note` says from which.
pub(crate) const RECORDED: &str = include_str!("selftest.jsonl");

/// Lengths of messages on both sides of what one more block holds.
const LENGTHS: [usize; 14] = [0, 1, 3, 15, 16, 31, 54, 55, 56, 63, 64, 65, 119, 250];

/// No backend hashes more messages at once.
const WIDEST: usize = 16;

#[derive(Serialize)]
struct Report {
    backends: Vec<Checked>,
    dialects: Vec<Checked>,
    /// Dialects without a recorded answer in this program.
    unchecked: Vec<&'static str>,
}

/// One thing that was checked.
#[derive(Default, Serialize)]
struct Checked {
    name: String,
    checks: usize,
    failures: usize,
}

impl Selftest {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let dialects = dialects()?;
        let is_checked = |name: &&str| dialects.iter().any(|checked| checked.name == *name);
        let unchecked =
            DIALECTS.iter().map(|dialect| dialect.name).filter(|name| !is_checked(name)).collect();
        let report = Report { backends: Backend::available().map(backend).collect(), dialects, unchecked };
        let failures: usize =
            report.backends.iter().chain(&report.dialects).map(|checked| checked.failures).sum();
        if self.json {
            json::write(streams.stdout, &report)?;
        } else {
            let (backends, dialects) =
                if self.quiet { (&[][..], &[][..]) } else { (&report.backends[..], &report.dialects[..]) };
            for checked in backends {
                let detected = if checked.name == Backend::detect().name() { ", in use" } else { "" };
                print("md5", checked, "digest", detected, streams)?;
            }
            for checked in dialects {
                print("dialect", checked, "answer", "", streams)?;
            }
            for name in report.unchecked.iter().filter(|_| !self.quiet) {
                writeln!(streams.stdout, "dialect {name}: not checked, no answers are built in")?;
            }
            match failures {
                0 => writeln!(streams.stdout, "all is well")?,
                failures => writeln!(streams.stdout, "{} wrong", count(failures, "check"))?,
            }
        }
        Ok(if failures == 0 { Exit::Good } else { Exit::Different })
    }
}

fn print(
    what: &str,
    checked: &Checked,
    noun: &str,
    note: &str,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let Checked { name, checks, failures } = checked;
    let verdict = if *failures == 0 { "good".to_owned() } else { format!("{failures} WRONG") };
    writeln!(streams.stdout, "{what} {name}: {}, {verdict}{note}", count(*checks, noun))?;
    Ok(())
}

/// Batches of every size up to twice the widest and one more, of messages of all lengths.
fn backend(backend: Backend) -> Checked {
    let mut random = Mt64::new(1);
    let mut checked = Checked { name: backend.name().to_owned(), ..Checked::default() };
    for size in 0..=2 * WIDEST + 1 {
        for length in LENGTHS {
            let messages: Vec<Vec<u8>> = (0..size)
                .map(|index| {
                    // Messages of one batch differ in length by a few bytes, as keys do.
                    let mut message = vec![0; length + index % 3];
                    random.fill_bytes(&mut message);
                    message
                })
                .collect();
            let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            let mut answers = vec![[0; 4]; size];
            words_many_with(backend, &messages, &mut answers);
            checked.checks += size;
            checked.failures +=
                messages.iter().zip(&answers).filter(|(message, answer)| words(message) != **answer).count();
        }
    }
    checked
}

fn dialects() -> Result<Vec<Checked>, Error> {
    let mut all: Vec<Checked> = Vec::new();
    for line in RECORDED.lines() {
        let observation = Observation::parse(line.as_bytes(), "the recorded answers")?;
        let report = observation.verify()?;
        let name = observation.list.dialect.name;
        if all.last().is_none_or(|last| last.name != name) {
            all.push(Checked { name: name.to_owned(), ..Checked::default() });
        }
        if let Some(last) = all.last_mut() {
            last.checks += report.keys();
            last.failures += report.differences.len();
        }
    }
    Ok(all)
}
