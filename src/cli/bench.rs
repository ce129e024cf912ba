//! `ketama bench`: how fast is it here? Answers are checked before anything is measured.

use super::{Exit, Failure, Streams, json, table};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::hash::md5::{Backend, first_word, first_word_many_with};
use crate::ring::{NO_SERVER, Ring};
use crate::server::Server;
use crate::server_list::ServerList;
use clap::Args;
use serde::Serialize;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

/// Measure look-ups, one by one and in batches, hashing by each backend, and building rings, on this machine
///
/// Each measurement repeats its work for --seconds and reports the best of the rounds. One thread.
#[derive(Args)]
pub(super) struct Bench {
    /// Dialects to measure
    #[arg(long = "dialect", value_name = "DIALECT", default_values = ["libketama", "twemproxy", "nginx"])]
    dialects: Vec<String>,
    /// How many servers the rings have, all of weight 1
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    servers: u32,
    /// How long each measurement lasts
    #[arg(long, value_name = "SECONDS", default_value_t = 0.3, value_parser = seconds)]
    seconds: f64,
    /// Print an object: {"machine", "backend", "compiler", "servers", "rows": [{"what", "each_ns", "per_second"}]}
    #[arg(long)]
    json: bool,
}

/// How many keys are hashed or looked up in one round.
const KEYS: usize = 8192;

#[derive(Serialize)]
struct Report {
    machine: String,
    backend: &'static str,
    compiler: &'static str,
    servers: u32,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    what: String,
    each_ns: f64,
    per_second: f64,
}

impl Bench {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let keys: Vec<String> = (0..KEYS).map(|number| format!("user:{number}:profile")).collect();
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let mut rows = Vec::new();
        for backend in Backend::available() {
            rows.push(self.hash(backend, &keys)?);
        }
        for name in &self.dialects {
            self.dialect(Dialect::named(name)?, &keys, &mut rows)?;
        }
        let report = Report {
            machine: machine(),
            backend: Backend::detect().name(),
            compiler: env!("KETAMA_COMPILER"),
            servers: self.servers,
            rows,
        };
        if self.json {
            json::write(streams.stdout, &report)?;
        } else {
            print(&report, streams.stdout)?;
        }
        Ok(Exit::Good)
    }

    fn hash(&self, backend: Backend, keys: &[&[u8]]) -> Result<Row, Error> {
        let mut answers = vec![0; keys.len()];
        first_word_many_with(backend, keys, &mut answers);
        if keys.iter().zip(&answers).any(|(key, answer)| first_word(key) != *answer) {
            return Err(wrong(backend.name()));
        }
        let what = format!("md5 of a key, {}", backend.name());
        Ok(self
            .measure(what, keys.len(), &mut || first_word_many_with(backend, black_box(keys), &mut answers)))
    }

    fn dialect(&self, dialect: &'static Dialect, keys: &[&[u8]], rows: &mut Vec<Row>) -> Result<(), Error> {
        let servers = (0..self.servers).map(|number| {
            Server::new(format!("10.{}.{}.{}:11211", number >> 16, number >> 8 & 255, number & 255), 1)
        });
        let list = ServerList::new(dialect, servers.collect());
        let ring = Ring::build(list.clone())?;
        let mut answers = vec![NO_SERVER; keys.len()];
        ring.lookup_many(keys, &mut answers);
        if keys.iter().zip(&answers).any(|(key, answer)| ring.lookup(key).unwrap_or(NO_SERVER) != *answer) {
            return Err(wrong(dialect.name));
        }
        rows.push(self.measure(format!("look-up, {dialect}"), keys.len(), &mut || {
            for key in keys {
                black_box(ring.lookup(black_box(key)));
            }
        }));
        rows.push(self.measure(format!("look-up in batches, {dialect}"), keys.len(), &mut || {
            ring.lookup_many(black_box(keys), &mut answers);
        }));
        rows.push(self.measure(format!("building the ring, {dialect}"), 1, &mut || {
            let _ = black_box(Ring::build(black_box(list.clone())));
        }));
        Ok(())
    }

    /// Repeats `work`, which does `count` things, and takes the best round.
    fn measure(&self, what: String, count: usize, work: &mut dyn FnMut()) -> Row {
        let limit = Duration::from_secs_f64(self.seconds);
        let start = Instant::now();
        let mut best = Duration::MAX;
        while best == Duration::MAX || start.elapsed() < limit {
            let round = Instant::now();
            work();
            best = best.min(round.elapsed());
        }
        let each = best.as_secs_f64().max(1e-9) / count as f64;
        Row { what, each_ns: each * 1e9, per_second: 1.0 / each }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 0 to 3600 is wanted".to_owned())
}

fn wrong(what: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("{what} gives wrong answers on this machine; `ketama selftest` tells more"),
    )
}

fn print(report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "machine   {}", report.machine)?;
    writeln!(out, "backend   {}", report.backend)?;
    writeln!(out, "compiler  {}", report.compiler)?;
    writeln!(out, "servers   {}\n", report.servers)?;
    let mut rows = vec![["", "each", "per second"].map(str::to_owned).to_vec()];
    for row in &report.rows {
        let each = match row.each_ns {
            each if each < 1e4 => format!("{each:.1} ns"),
            each => format!("{:.1} us", each / 1e3),
        };
        rows.push(vec![row.what.clone(), each, format!("{:.0}", row.per_second)]);
    }
    table::write(out, "lrr", &rows)?;
    Ok(())
}

/// What the processor calls itself, where the system tells.
fn machine() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    format!("{model}, {}", std::env::consts::OS)
}
