//! `ketama detect`: which dialects and options give the answers that were observed.

pub(crate) mod candidates;
pub(crate) mod rank;

use super::json::Text;
use super::list::{Form, name, text};
use super::progress::Progress;
use super::table::{count, percent};
use super::{Exit, Failure, Streams, json};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::observation::{Answer, Observation};
use crate::server_list::ServerList;
use candidates::{Candidate, all_dialects, candidates};
use clap::Args;
use rank::{Observed, Ranked, rank, ring};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Find the dialects and options that give the answers which were observed
///
/// Tries every dialect with every combination of its words and switches and the usual numbers. What cannot be guessed
/// has to be given with --option: prefixes, namespaces, seeds, unusual numbers, and max-points for rings of more than a
/// million points, which are not tried. Candidates of equal rings are shown once.
/// Exit code 0: some candidate agrees with every answer; 1: none does; 2: the arguments or a file cannot be used.
#[derive(Args)]
pub(super) struct Detect {
    /// What was observed: an observation file (JSON), or lines KEY, a tab, SERVER, in which `-` is no server; several
    /// servers, first choice first, have tabs between; - for standard input
    #[arg(long, value_name = "FILE")]
    observed: PathBuf,
    /// Server list in any format that is read; its dialect does not matter. Absent: the servers of the observation file
    #[arg(value_name = "LIST")]
    list: Option<PathBuf>,
    /// Try this dialect only; may be repeated
    #[arg(long = "dialect", value_name = "DIALECT")]
    dialects: Vec<String>,
    /// Set this option in every dialect that has it
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// How many candidates to show that do not agree with every answer
    #[arg(long, value_name = "N", default_value_t = 3)]
    show: usize,
    #[command(flatten)]
    form: Form,
    /// Print an object: {"keys", "tried", "unusable", "ranking": [{"dialect", "options", "matches", "fingerprint",
    /// "differences": [{"key", "observed", "computed"}]}]}
    #[arg(long)]
    json: bool,
}

/// How many disagreements of a candidate are shown.
const DIFFERENCES: usize = 3;

#[derive(Serialize)]
struct Report<'a> {
    keys: usize,
    tried: usize,
    unusable: usize,
    ranking: Vec<RankedReport<'a>>,
}

#[derive(Serialize)]
struct RankedReport<'a> {
    dialect: &'static str,
    options: BTreeMap<&'static str, String>,
    matches: usize,
    fingerprint: String,
    differences: Vec<DifferenceReport<'a>>,
}

#[derive(Serialize)]
struct DifferenceReport<'a> {
    key: serde_json::Value,
    observed: Vec<Text<'a>>,
    computed: Vec<Text<'a>>,
}

impl Detect {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let (observation, list) = self.read(streams)?;
        let observed =
            Observed::new(&observation, &list.servers).map_err(|e| e.in_file(name(&self.observed)))?;
        if observed.len() == 0 {
            return Err(Error::new(ErrorKind::Syntax, "there are no answers")
                .in_file(name(&self.observed))
                .into());
        }
        let candidates = self.candidates()?;
        let mut refusal = None;
        let mut refused = std::collections::HashSet::new();
        let progress = Progress::of_candidates(candidates.len());
        let mut build = |candidate: &Candidate| {
            progress.advance(1);
            ring(&list, candidate)
                .inspect_err(|error| {
                    refused.insert(label(candidate));
                    refusal = Some(error.clone());
                })
                .ok()
        };
        let ranked = rank(&observed, &candidates, &mut build);
        let unusable = refused.len();
        if let (true, Some(error)) = (ranked.is_empty(), refusal) {
            return Err(error.into());
        }
        let imperfect = ranked.iter().filter(|ranked| ranked.matches < observed.len()).count();
        let shown = ranked.len() - imperfect.saturating_sub(self.show);
        let shown = ranked.get(..shown).unwrap_or(&ranked);
        if self.json {
            json::write(streams.stdout, &report(&observed, &list, shown, candidates.len(), unusable))?;
        } else {
            let tried = count(candidates.len() - unusable, "candidate");
            let keys = count(observed.len(), "answer");
            writeln!(
                streams.stdout,
                "{tried} tried on {keys}, {unusable} cannot be used with these servers\n"
            )?;
            for ranked in shown {
                print(&observed, &list, ranked, streams)?;
            }
        }
        let is_found = ranked.first().is_some_and(|best| best.matches == observed.len());
        Ok(if is_found { Exit::Good } else { Exit::Different })
    }

    fn candidates(&self) -> Result<Vec<Candidate>, Error> {
        let named: Vec<&'static Dialect> =
            self.dialects.iter().map(|name| Dialect::named(name)).collect::<Result<_, _>>()?;
        let fixed = self.options.iter().map(|option| {
            let parts = option.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            parts.ok_or_else(|| {
                Error::new(ErrorKind::Option, format!("--option takes NAME=VALUE, not `{option}`"))
            })
        });
        let fixed: Vec<(String, String)> = fixed.collect::<Result<_, _>>()?;
        candidates(if named.is_empty() { all_dialects() } else { named }.as_slice(), &fixed)
    }

    /// What was observed, and the list.
    fn read(&self, streams: &mut Streams) -> Result<(Observation, ServerList), Failure> {
        let file = name(&self.observed);
        if self.list.as_deref().is_some_and(super::list::is_stdin) && super::list::is_stdin(&self.observed) {
            let message = "the list and the answers cannot both come from standard input";
            return Err(Error::new(ErrorKind::Io, message).into());
        }
        let answers = text(&self.observed, streams)?;
        let list = match &self.list {
            None => None,
            Some(path) => {
                let text = text(path, streams)?;
                let list =
                    self.form.parse(&text, &name(path)).map_err(|error| Failure::in_text(error, &text))?;
                Some(list)
            }
        };
        let is_json = answers.trim_ascii_start().starts_with(b"{");
        let observation = match (&list, is_json) {
            (_, true) => Observation::parse(&answers, &file)?,
            (Some(list), false) => {
                lines(&answers, list).map_err(|error| Failure::in_text(error.in_file(&file), &answers))?
            }
            (None, false) => {
                let message = "a LIST is wanted: only an observation file (JSON) has its own servers";
                return Err(Error::new(ErrorKind::Syntax, message).in_file(file).into());
            }
        };
        let list = list.unwrap_or_else(|| observation.list.clone());
        Ok((observation, list))
    }
}

/// Answers as lines: KEY, and the servers with tabs between.
fn lines(text: &[u8], list: &ServerList) -> Result<Observation, Error> {
    let mut keys = Vec::new();
    let mut most = 1;
    for (line, line_number) in text.split_inclusive(|&byte| byte == b'\n').zip(1..) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let refuse = |message: String| Err(Error::new(ErrorKind::Syntax, message).at_line(line_number));
        let mut parts = line.split(|&byte| byte == b'\t');
        let key = parts.next().unwrap_or_default();
        let names: Vec<Vec<u8>> = parts.map(<[u8]>::to_vec).collect();
        if names.is_empty() {
            return refuse("a line is KEY, a tab and a server".to_owned());
        }
        let names = if names == [b"-"] { Vec::new() } else { names };
        let is_known = |name: &&Vec<u8>| list.servers.iter().any(|server| server.name == name[..]);
        if let Some(name) = names.iter().find(|name| !is_known(name)) {
            return refuse(format!("`{}` is no server of this list", String::from_utf8_lossy(name)));
        }
        most = most.max(names.len());
        keys.push((key.to_vec(), names));
    }
    let answer =
        |mut names: Vec<Vec<u8>>| if most > 1 { Answer::List(names) } else { Answer::One(names.pop()) };
    let replicas = if most > 1 { u32::try_from(most).ok() } else { None };
    Ok(Observation {
        list: ServerList { replicas, ..list.clone() },
        software: None,
        version: None,
        keys: keys.into_iter().map(|(key, names)| (key, answer(names))).collect(),
        integer_keys: Vec::new(),
    })
}

/// The dialect and the options as they are written after one another.
pub(super) fn label(candidate: &Candidate) -> String {
    let options = candidate.options.set_values().map(|(name, value)| match value.to_string() {
        text if text.is_empty() || text.contains(char::is_whitespace) => format!(" {name}={text:?}"),
        text => format!(" {name}={text}"),
    });
    std::iter::once(candidate.dialect.name.to_owned()).chain(options).collect()
}

fn print(
    observed: &Observed,
    list: &ServerList,
    ranked: &Ranked,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let share = ranked.matches as f64 / observed.len() as f64;
    writeln!(streams.stdout, "{:>8}  {}", percent(share), label(&ranked.candidate))?;
    let names = |servers: &[u32]| {
        let names: Vec<_> =
            servers.iter().map(|&server| list.servers[server as usize].name_lossy()).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(" ") }
    };
    for (key, theirs, ours) in observed.differences(&ranked.ring, DIFFERENCES) {
        let key = String::from_utf8_lossy(&key);
        let (theirs, ours) = (names(&theirs), names(&ours));
        writeln!(streams.stdout, "          key {key:?}: observed {theirs}, computed {ours}")?;
    }
    Ok(())
}

fn report<'a>(
    observed: &Observed,
    list: &'a ServerList,
    shown: &[Ranked],
    candidates: usize,
    unusable: usize,
) -> Report<'a> {
    let names = |servers: Vec<u32>| {
        servers.into_iter().map(|server| Text(&list.servers[server as usize].name)).collect::<Vec<_>>()
    };
    let ranked = |ranked: &Ranked| RankedReport {
        dialect: ranked.candidate.dialect.name,
        options: ranked
            .candidate
            .options
            .set_values()
            .map(|(name, value)| (name, value.to_string()))
            .collect(),
        matches: ranked.matches,
        fingerprint: format!("{:016x}", ranked.fingerprint),
        differences: observed
            .differences(&ranked.ring, DIFFERENCES)
            .into_iter()
            .map(|(key, theirs, ours)| DifferenceReport {
                key: serde_json::to_value(Text(&key)).unwrap_or_default(),
                observed: names(theirs),
                computed: names(ours),
            })
            .collect(),
    };
    let ranking = shown.iter().map(ranked).collect();
    Report { keys: observed.len(), tried: candidates - unusable, unusable, ranking }
}
