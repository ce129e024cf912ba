//! What moves from one ring to another, exact and counted, as tables and as JSON: the common part of `diff` and `plan`.

use super::json::Text;
use super::keys::KeyArguments;
use super::table::{count, percent, text};
use super::{Exit, Failure, Streams, table};
use crate::ring::diff::{Flow, Moves};
use crate::ring::{NO_SERVER, Ring};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::Write;

/// How many made-up keys are counted where the rules alone do not tell what moves.
const OTHERWISE: u32 = 1_000_000;

/// Up to so many servers that win keys are the columns of a table; if there are more, the greatest parts are listed.
const COLUMNS: usize = 6;

/// How many parts are listed.
const LISTED: usize = 20;

/// Which keys to count, and what may move.
#[derive(Args)]
pub(super) struct MovesArguments {
    #[command(flatten)]
    pub keys: KeyArguments,
    /// Exit with 1 if more than this moves, such as 15% or 0.15
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_moved: Option<f64>,
}

/// Two rings and what moves between them.
pub(super) struct Comparison {
    pub old: Ring,
    pub new: Ring,
    exact: Option<Moves>,
    counted: Option<(Moves, u64)>,
}

#[derive(Serialize)]
pub(super) struct Report<'a> {
    old: RingReport,
    new: RingReport,
    exact: Option<MovesReport<'a>>,
    counted: Option<MovesReport<'a>>,
}

#[derive(Serialize)]
struct RingReport {
    dialect: &'static str,
    servers: usize,
    points: usize,
    fingerprint: String,
}

#[derive(Serialize)]
struct MovesReport<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<u64>,
    moved: f64,
    least: f64,
    needless: f64,
    between_unchanged: f64,
    servers: Vec<ServerReport<'a>>,
    flows: Vec<FlowReport<'a>>,
}

#[derive(Serialize)]
struct ServerReport<'a> {
    server: Text<'a>,
    before: f64,
    after: f64,
    won: f64,
    lost: f64,
    unchanged: bool,
}

#[derive(Serialize)]
struct FlowReport<'a> {
    from: Option<Text<'a>>,
    to: Option<Text<'a>>,
    share: f64,
}

impl MovesArguments {
    /// Compares two rings: exactly if their rules allow it, and by counting keys if there are any, or else if it must be.
    pub fn compare(&self, old: Ring, new: Ring, streams: &mut Streams) -> Result<Comparison, Failure> {
        let exact = Moves::exact(&old, &new);
        let mut counted = None;
        if exact.is_none() || self.keys.is_given() {
            let (mut moves, mut keys) = (Moves::between(&old, &new), 0);
            let (mut before, mut after) = (Vec::new(), Vec::new());
            self.keys.each(OTHERWISE, streams, &mut |batch| {
                before.resize(batch.len(), NO_SERVER);
                after.resize(batch.len(), NO_SERVER);
                old.lookup_many(batch, &mut before);
                new.lookup_many(batch, &mut after);
                moves.count(&before, &after);
                keys += batch.len() as u64;
                Ok(())
            })?;
            counted = Some((moves, keys));
        }
        Ok(Comparison { old, new, exact, counted })
    }

    /// [`Exit::Different`] if more moves than is allowed, of the key space or of the keys; says so on standard error.
    pub fn judge(&self, comparison: &Comparison, streams: &mut Streams) -> Result<Exit, Failure> {
        let Some(reason) = self.excess(comparison) else { return Ok(Exit::Good) };
        writeln!(streams.stderr, "ketama: {reason}")?;
        Ok(Exit::Different)
    }

    /// What is to be said if more moves than is allowed.
    pub fn excess(&self, comparison: &Comparison) -> Option<String> {
        let moved = comparison.all().map(Moves::moved).fold(0.0, f64::max);
        // Shares that are equal may differ in their last bits.
        let most = self.max_moved.filter(|most| moved > most + 1e-12)?;
        Some(format!("{} would move, more than the {} of --max-moved", percent(moved), percent(most)))
    }
}

/// A share as a part of 1 or in per cent.
fn share(written: &str) -> Result<f64, String> {
    let (number, whole) = match written.strip_suffix('%') {
        Some(number) => (number.trim_end(), 100.0),
        None => (written, 1.0),
    };
    let share = number.parse::<f64>().ok().map(|number| number / whole);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "a share is wanted, from 0% to 100% or from 0 to 1".to_owned())
}

impl Comparison {
    /// The exact moves if they are known, else the counted ones.
    pub fn moves(&self) -> Option<&Moves> {
        self.all().next()
    }

    fn all(&self) -> impl Iterator<Item = &Moves> {
        self.exact.iter().chain(self.counted.iter().map(|(moves, _)| moves))
    }

    /// Whether all was computed from the rules.
    pub fn is_exact(&self) -> bool {
        self.exact.is_some()
    }

    pub fn print(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let ring = |name: &str, ring: &Ring| {
            let (servers, points) = (ring.servers().len(), ring.point_count());
            let fingerprint = format!("fingerprint {:016x}", ring.fingerprint());
            let dialect = ring.dialect().to_string();
            vec![name.to_owned(), dialect, count(servers, "server"), count(points, "point"), fingerprint]
        };
        table::write(out, "llrrl", &[ring("old", &self.old), ring("new", &self.new)])?;
        if let Some(moves) = &self.exact {
            writeln!(out, "\nOf the key space, exactly:")?;
            print(moves, out)?;
        }
        if let Some((moves, keys)) = &self.counted {
            let rules = if self.is_exact() { "" } else { "; the two rules alone do not tell" };
            let (moved, keys) = (moves.moved(), *keys);
            let error = 2.0 * (moved * (1.0 - moved) / keys.max(1) as f64).sqrt();
            writeln!(out, "\nOf {keys} keys, counted (+-{}, two standard errors{rules}):", percent(error))?;
            print(moves, out)?;
        }
        Ok(())
    }

    pub fn report(&self) -> Report<'_> {
        let ring = |ring: &Ring| RingReport {
            dialect: ring.dialect().name,
            servers: ring.servers().len(),
            points: ring.point_count(),
            fingerprint: format!("{:016x}", ring.fingerprint()),
        };
        Report {
            old: ring(&self.old),
            new: ring(&self.new),
            exact: self.exact.as_ref().map(|moves| report(moves, None)),
            counted: self.counted.as_ref().map(|(moves, keys)| report(moves, Some(*keys))),
        }
    }
}

/// The part of what moved that no ring would have had to move.
pub(super) fn needless(moves: &Moves) -> f64 {
    (moves.moved() - moves.least()).max(0.0)
}

fn print(moves: &Moves, out: &mut dyn Write) -> Result<(), Failure> {
    let row = |what: &str, share: f64, why: &str| vec![what.to_owned(), percent(share), why.to_owned()];
    let rows = [
        row("moved", moves.moved(), "has another server"),
        row("least", moves.least(), "has to move in any ring with these shares"),
        row("needless", needless(moves), "moved beyond that"),
        row("between unchanged", moves.between_unchanged(), "moved between servers whose lines are the same"),
    ];
    table::write(out, "lrl", &rows)?;
    writeln!(out)?;
    print_servers(moves, out)?;
    let flows = moves.flows();
    if flows.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    print_flows(moves, &flows, out)
}

fn print_servers(moves: &Moves, out: &mut dyn Write) -> Result<(), Failure> {
    let mut rows = vec![["server", "before", "after", "won", "lost"].map(str::to_owned).to_vec()];
    for (name, change) in moves.names().iter().zip(moves.changes()) {
        let shares = [change.before, change.after, change.won, change.lost].map(percent);
        rows.push([text(name)].into_iter().chain(shares).collect());
    }
    Ok(table::write(out, "lrrrr", &rows)?)
}

fn print_flows(moves: &Moves, flows: &[Flow], out: &mut dyn Write) -> Result<(), Failure> {
    // None, for no server, comes last.
    let order = |server: Option<usize>| server.unwrap_or(usize::MAX);
    let froms: BTreeSet<usize> = flows.iter().map(|flow| order(flow.from)).collect();
    let tos: BTreeSet<usize> = flows.iter().map(|flow| order(flow.to)).collect();
    let name = |server: usize| moves.names().get(server).map_or_else(|| "-".to_owned(), |name| text(name));
    if tos.len() <= COLUMNS {
        let header = ["from \\ to".to_owned()].into_iter().chain(tos.iter().map(|&to| name(to)));
        let mut rows = vec![header.collect::<Vec<_>>()];
        for &from in &froms {
            let cell = |&to: &usize| {
                let flow = flows.iter().find(|flow| order(flow.from) == from && order(flow.to) == to);
                flow.map_or_else(|| ".".to_owned(), |flow| percent(flow.share))
            };
            rows.push([name(from)].into_iter().chain(tos.iter().map(cell)).collect());
        }
        return Ok(table::write(out, &format!("l{}", "r".repeat(tos.len())), &rows)?);
    }
    let mut rows = vec![["from", "to", "share"].map(str::to_owned).to_vec()];
    for flow in flows.iter().take(LISTED) {
        rows.push(vec![name(order(flow.from)), name(order(flow.to)), percent(flow.share)]);
    }
    table::write(out, "llr", &rows)?;
    if let Some(rest) = flows.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let share = rest.iter().map(|flow| flow.share).sum();
        writeln!(out, "and {} more with {} in all; --json has them", rest.len(), percent(share))?;
    }
    Ok(())
}

fn report(moves: &Moves, keys: Option<u64>) -> MovesReport<'_> {
    let servers = moves.names().iter().zip(moves.changes()).enumerate();
    let server = |server: Option<usize>| server.map(|server| Text(&moves.names()[server]));
    MovesReport {
        keys,
        moved: moves.moved(),
        least: moves.least(),
        needless: needless(moves),
        between_unchanged: moves.between_unchanged(),
        servers: servers
            .map(|(index, (name, change))| ServerReport {
                server: Text(name),
                before: change.before,
                after: change.after,
                won: change.won,
                lost: change.lost,
                unchanged: moves.is_unchanged(index),
            })
            .collect(),
        flows: moves
            .flows()
            .iter()
            .map(|flow| FlowReport { from: server(flow.from), to: server(flow.to), share: flow.share })
            .collect(),
    }
}
