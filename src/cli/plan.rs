//! `ketama plan`: what an edit of a list would move, under one dialect or several, and in which order to make it.

use super::edit::{Edit, Steps, edited};
use super::keys::both_from_stdin;
use super::list::{Form, Reading, Source, is_stdin, name, text};
use super::moves::{Comparison, MovesArguments, Report, needless};
use super::table::percent;
use super::{Exit, Failure, Streams, complain, json, table};
use crate::error::{Error, ErrorKind};
use crate::ring::Ring;
use clap::Args;
use serde::Serialize;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

/// Print what an edit of a list would move, before it is written
///
/// Servers are removed first, then reweighted, then added at the end of the list. With several --dialect, one line for
/// each. --steps makes the edit one change after another, in the order in which the fewest keys move in all. Exit code 1:
/// more moves than --max-moved allows; 2: a dialect cannot be had for this list or this edit.
#[derive(Args)]
pub(super) struct Plan {
    /// Server list, TOML or classic; - for standard input
    #[arg(value_name = "LIST")]
    file: PathBuf,
    /// Add a server; without a weight, it gets the one that all others have
    #[arg(long, value_name = "NAME[=WEIGHT]")]
    add: Vec<OsString>,
    /// Remove a server
    #[arg(long, value_name = "NAME")]
    remove: Vec<OsString>,
    /// Give a server another weight
    #[arg(long, value_name = "NAME=WEIGHT")]
    weight: Vec<OsString>,
    /// Build the rings under this dialect; several are shown side by side
    #[arg(long, value_name = "DIALECT")]
    dialect: Vec<String>,
    /// Set an option of the dialect, whatever the list says
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    #[command(flatten)]
    form: Form,
    /// Print the order of changes in which the fewest keys move
    #[arg(long)]
    steps: bool,
    #[command(flatten)]
    moves: MovesArguments,
    /// Print an object: {"plans"}, each as of `diff --json` with "dialect", "steps" or "error" besides
    #[arg(long)]
    json: bool,
}

/// What the edit does under one dialect.
struct Outcome {
    comparison: Comparison,
    steps: Option<Steps>,
}

#[derive(Serialize)]
struct PlanReport<'a> {
    dialect: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    comparison: Option<Report<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepReport>>,
}

#[derive(Serialize)]
struct StepReport {
    change: String,
    moved: f64,
    exact: bool,
}

impl Plan {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if self.moves.keys.are_stdin() && is_stdin(&self.file) {
            return Err(both_from_stdin().into());
        }
        if self.moves.keys.are_stdin() && self.dialect.len() > 1 {
            let message = "keys from standard input serve one dialect only; write them to a file for several";
            return Err(Error::new(ErrorKind::Io, message).into());
        }
        let edits = self.edits()?;
        let text = text(&self.file, streams)?;
        if self.dialect.len() > 1 {
            return self.side_by_side(&text, &edits, streams);
        }
        let outcome = self.outcome(self.dialect.first(), &text, &edits, streams)?;
        if self.json {
            let dialect = outcome.comparison.new.dialect().name;
            json::write(
                streams.stdout,
                &HashMap::from([("plans", [report(dialect, &edits, &Ok(&outcome))])]),
            )?;
        } else {
            outcome.comparison.print(streams.stdout)?;
            print_steps(&outcome, &edits, streams.stdout)?;
        }
        self.moves.judge(&outcome.comparison, streams)
    }

    /// The changes in the order in which they are made to the list.
    fn edits(&self) -> Result<Vec<Edit>, Error> {
        let mut edits: Vec<Edit> = Vec::new();
        edits.extend(self.remove.iter().map(|name| Edit::Remove(name.as_encoded_bytes().to_vec())));
        for written in &self.weight {
            edits.push(Edit::reweight(written.as_encoded_bytes())?);
        }
        for written in &self.add {
            edits.push(Edit::add(written.as_encoded_bytes())?);
        }
        match edits.len() {
            0 => Err(Error::new(ErrorKind::Server, "nothing to plan: give --add, --remove or --weight")),
            65.. if self.steps => Err(Error::new(ErrorKind::Limit, "--steps orders at most 64 changes")),
            _ => Ok(edits),
        }
    }

    fn outcome(
        &self,
        dialect: Option<&String>,
        text: &[u8],
        edits: &[Edit],
        streams: &mut Streams,
    ) -> Result<Outcome, Failure> {
        let reading =
            Reading { dialect: dialect.cloned(), options: self.options.clone(), form: self.form.clone() };
        let source = Source::of(text.to_vec(), name(&self.file), &reading)?;
        let old = source.ring()?;
        let new = Ring::build(edited(&source.list, edits)?)?;
        let comparison = self.moves.compare(old, new, streams)?;
        let steps = self.steps.then(|| Steps::of(&source.list, edits));
        Ok(Outcome { comparison, steps })
    }

    fn side_by_side(&self, text: &[u8], edits: &[Edit], streams: &mut Streams) -> Result<Exit, Failure> {
        let mut exit = Exit::Good;
        let mut outcomes = Vec::new();
        for dialect in &self.dialect {
            let outcome = match self.outcome(Some(dialect), text, edits, streams) {
                Ok(outcome) => {
                    exit = exit.max(self.moves.judge(&outcome.comparison, streams)?);
                    Ok(outcome)
                }
                Err(Failure::Closed) => return Err(Failure::Closed),
                Err(Failure::Error(error) | Failure::Shown { error, .. }) => {
                    exit = Exit::Bad;
                    complain(streams, &Error::new(error.kind(), format!("{dialect}: {error}")));
                    Err(error)
                }
            };
            outcomes.push((dialect.as_str(), outcome));
        }
        if self.json {
            let plans = outcomes.iter().map(|(dialect, outcome)| report(dialect, edits, &outcome.as_ref()));
            json::write(streams.stdout, &HashMap::from([("plans", plans.collect::<Vec<_>>())]))?;
            return Ok(exit);
        }
        print_side_by_side(&outcomes, streams.stdout)?;
        for (dialect, outcome) in &outcomes {
            if let Ok(outcome) = outcome
                && outcome.steps.is_some()
            {
                writeln!(streams.stdout, "\n{dialect}:")?;
                print_steps(outcome, edits, streams.stdout)?;
            }
        }
        Ok(exit)
    }
}

/// Some outcome or the error in place of it.
type Tried<'a> = Result<&'a Outcome, &'a Error>;

fn print_side_by_side(
    outcomes: &[(&str, Result<Outcome, Error>)],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let header = ["dialect", "points", "then", "moved", "least", "needless", "between unchanged", ""];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (dialect, outcome) in outcomes {
        let Ok(Outcome { comparison, .. }) = outcome else {
            rows.push(std::iter::once((*dialect).to_owned()).chain((0..6).map(|_| "-".to_owned())).collect());
            continue;
        };
        let Some(moves) = comparison.moves() else { continue };
        let points = [&comparison.old, &comparison.new].map(|ring| ring.point_count().to_string());
        let shares = [moves.moved(), moves.least(), needless(moves), moves.between_unchanged()].map(percent);
        let how = if comparison.is_exact() { "exact" } else { "counted" };
        let cells = std::iter::once((*dialect).to_owned()).chain(points).chain(shares);
        rows.push(cells.chain([how.to_owned()]).collect());
    }
    Ok(table::write(out, "lrrrrrrl", &rows)?)
}

fn print_steps(outcome: &Outcome, edits: &[Edit], out: &mut dyn Write) -> Result<(), Failure> {
    let Some(steps) = &outcome.steps else { return Ok(()) };
    let how = if steps.exact { "exactly" } else { "counted with few keys" };
    writeln!(out, "\nStep by step, in the order that moves least ({how}):")?;
    let mut rows = Vec::new();
    for (number, (change, moved)) in (1..).zip(&steps.order) {
        rows.push(vec![format!("{number}."), edits[*change].words(), percent(*moved)]);
    }
    let sum = steps.order.iter().map(|(_, moved)| moved).sum();
    rows.push(vec![String::new(), "in all".to_owned(), percent(sum)]);
    Ok(table::write(out, "rlr", &rows)?)
}

fn report<'a>(dialect: &'a str, edits: &[Edit], outcome: &Tried<'a>) -> PlanReport<'a> {
    let steps = |steps: &Steps| {
        let step = |(change, moved): &(usize, f64)| StepReport {
            change: edits[*change].words(),
            moved: *moved,
            exact: steps.exact,
        };
        steps.order.iter().map(step).collect()
    };
    PlanReport {
        dialect,
        error: outcome.err().map(ToString::to_string),
        comparison: outcome.ok().map(|outcome| outcome.comparison.report()),
        steps: outcome.ok().and_then(|outcome| outcome.steps.as_ref().map(steps)),
    }
}
