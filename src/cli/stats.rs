//! `ketama stats`: the share of each server, exact and counted, against what its weight asks for.

use super::json::Text;
use super::keys::{KeyArguments, both_from_stdin};
use super::list::ListArguments;
use super::table::{bar, percent, text};
use super::{Exit, Failure, Streams, json, table};
use crate::ring::spread::Spread;
use crate::ring::{NO_SERVER, Ring};
use clap::Args;
use serde::Serialize;
use std::io::Write;

/// Width of the widest bar.
const BAR: usize = 32;

/// Print the share of the keys that each server gets, and what its weight asks for
///
/// `given` is exact: from the arcs of the circle or the slots of the table, if the dialect's hash spreads keys evenly.
/// With --keys or --sample, `counted` is the share of these keys. A bar shows the last of the two, `|` the end of what is
/// asked. `load` is the share over the share asked for; the summary has the greatest load (the maximum over the mean, if
/// all weights are equal) and the standard deviation of all loads.
#[derive(Args)]
pub(super) struct Stats {
    #[command(flatten)]
    list: ListArguments,
    #[command(flatten)]
    keys: KeyArguments,
    /// Print an object: {"dialect", "points", "memory", "fingerprint", "servers", "given", "counted"}
    #[arg(long)]
    json: bool,
}

/// Keys counted by the server that answers.
struct Counted {
    keys: u64,
    /// In list order.
    servers: Vec<u64>,
    nowhere: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    dialect: &'a str,
    points: usize,
    /// Bytes.
    memory: usize,
    fingerprint: String,
    servers: Vec<ServerReport<'a>>,
    given: Option<SpreadReport>,
    counted: Option<CountedReport>,
}

#[derive(Serialize)]
struct ServerReport<'a> {
    server: Text<'a>,
    weight: f64,
    asked: f64,
    given: f64,
    counted: Option<u64>,
}

#[derive(Serialize)]
struct SpreadReport {
    greatest_load: f64,
    least_load: f64,
    standard_deviation: f64,
}

#[derive(Serialize)]
struct CountedReport {
    keys: u64,
    nowhere: u64,
    #[serde(flatten)]
    spread: Option<SpreadReport>,
}

impl Stats {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        if self.keys.are_stdin() && self.list.is_stdin() {
            return Err(both_from_stdin().into());
        }
        let ring = self.list.ring(streams)?;
        let counted = if self.keys.is_given() { Some(self.count(&ring, streams)?) } else { None };
        let given = ring.shares();
        let asked = ring.asked(&given);
        if self.json {
            json::write(streams.stdout, &report(&ring, &given, &asked, counted.as_ref()))?;
        } else {
            print(&ring, &given, &asked, counted.as_ref(), streams.stdout)?;
        }
        Ok(Exit::Good)
    }

    fn count(&self, ring: &Ring, streams: &mut Streams) -> Result<Counted, Failure> {
        let mut counted = Counted { keys: 0, servers: vec![0; ring.servers().len()], nowhere: 0 };
        let mut answers = Vec::new();
        self.keys.each(0, streams, &mut |keys| {
            answers.resize(keys.len(), NO_SERVER);
            ring.lookup_many(keys, &mut answers);
            counted.keys += keys.len() as u64;
            for &server in &answers {
                *counted.servers.get_mut(server as usize).unwrap_or(&mut counted.nowhere) += 1;
            }
            Ok(())
        })?;
        Ok(counted)
    }
}

impl Counted {
    /// Of no keys every share is 0.
    fn shares(&self) -> Vec<f64> {
        self.servers.iter().map(|count| *count as f64 / self.keys.max(1) as f64).collect()
    }
}

fn print(
    ring: &Ring,
    given: &[f64],
    asked: &[f64],
    counted: Option<&Counted>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let counted_shares = counted.map(Counted::shares);
    let shown = counted_shares.as_deref().unwrap_or(given);
    let most = shown.iter().chain(asked).copied().fold(0.0, f64::max);
    let header = ["server", "weight", "asked", "given", "counted", "load", ""].map(str::to_owned).to_vec();
    let mut rows = vec![header];
    for (index, server) in ring.servers().iter().enumerate() {
        let load =
            if asked[index] > 0.0 { format!("{:.3}", shown[index] / asked[index]) } else { "-".into() };
        rows.push(vec![
            text(&server.name),
            server.weight.to_string(),
            percent(asked[index]),
            percent(given[index]),
            counted_shares.as_ref().map_or_else(|| "-".to_owned(), |shares| percent(shares[index])),
            load,
            bar(shown[index], asked[index], most, BAR),
        ]);
    }
    if counted.is_none() {
        rows.iter_mut().for_each(|row| drop(row.remove(4)));
    }
    table::write(out, if counted.is_some() { "lrrrrrl" } else { "lrrrrl" }, &rows)?;
    let (dialect, points, memory) = (ring.dialect(), ring.point_count(), ring.memory());
    writeln!(out, "\n{dialect}: {points} points in {memory} bytes, fingerprint {:016x}", ring.fingerprint())?;
    print_spread(out, "given", given, asked)?;
    if let (Some(counted), Some(shares)) = (counted, &counted_shares) {
        print_spread(out, "counted", shares, asked)?;
        let Counted { keys, nowhere, .. } = counted;
        writeln!(out, "{keys} keys, {nowhere} without a server")?;
    }
    Ok(())
}

fn print_spread(out: &mut dyn Write, what: &str, shares: &[f64], asked: &[f64]) -> Result<(), Failure> {
    if let Some(Spread { greatest, least, deviation }) = Spread::of(shares, asked) {
        writeln!(
            out,
            "{what}: greatest load {greatest:.3}, least {least:.3}, standard deviation {deviation:.3}"
        )?;
    }
    Ok(())
}

fn report<'a>(ring: &'a Ring, given: &[f64], asked: &[f64], counted: Option<&Counted>) -> Report<'a> {
    let server = |(index, server): (usize, &'a crate::Server)| ServerReport {
        server: Text(&server.name),
        weight: server.weight.as_f64(),
        asked: asked[index],
        given: given[index],
        counted: counted.map(|counted| counted.servers[index]),
    };
    Report {
        dialect: ring.dialect().name,
        points: ring.point_count(),
        memory: ring.memory(),
        fingerprint: format!("{:016x}", ring.fingerprint()),
        servers: ring.servers().iter().enumerate().map(server).collect(),
        given: Spread::of(given, asked).map(Into::into),
        counted: counted.map(|counted| CountedReport {
            keys: counted.keys,
            nowhere: counted.nowhere,
            spread: Spread::of(&counted.shares(), asked).map(Into::into),
        }),
    }
}

impl From<Spread> for SpreadReport {
    fn from(spread: Spread) -> Self {
        Self {
            greatest_load: spread.greatest,
            least_load: spread.least,
            standard_deviation: spread.deviation,
        }
    }
}
