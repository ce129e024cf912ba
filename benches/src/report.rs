//! The report in Markdown: the machine, the demanded ratios beside the measured ones, all figures.

use crate::OURS;
use crate::fleet::ring;
use crate::results::{Results, grouped};
use ketama::hash::md5::Backend;
use std::fmt::Write;
use std::process::Command;

/// The whole report.
pub fn text(results: &Results) -> String {
    let mut text = format!("{}\n\n{}", machine(), demands(results));
    for (title, what, by_key) in TABLES {
        if results.rows.iter().any(|row| row.what == *what && (row.key > 0) == *by_key) {
            let _ = write!(text, "\n### {title}\n\n{}", results.table(what, *by_key));
        }
    }
    text
}

/// The tables: title, what was measured, whether lines are lengths of keys.
const TABLES: &[(&str, &str, bool)] = &[
    ("Look-ups, dialect libketama, a key", "look-up", false),
    ("Look-ups by length of the key, 100 servers, a key", "look-up", true),
    ("Look-ups, dialect nginx (consistent), a key", "nginx look-up", false),
    ("Look-ups, dialect steady, a key", "steady look-up", false),
    ("Look-ups, dialect libmemcached (weighted ketama), a key", "libmemcached look-up", false),
    ("Look-ups, dialect uhashring (ketama), a key", "uhashring look-up", false),
    ("Threads in one ring, one by one: time of a key of each thread", "threads", false),
    ("Threads in one ring, batches: time of a key of each thread", "threads, batch", false),
    ("Building, dialect libketama", "build", false),
    ("Building, dialect nginx (consistent)", "nginx build", false),
    ("Building, dialect libmemcached (weighted ketama)", "libmemcached build", false),
    ("Building, dialect uhashring (ketama)", "uhashring build", false),
    ("From C: look-ups, a key", "C look-up", false),
    ("From C: cold ketama_roll", "cold roll", false),
    ("From C: ketama_roll of a changed file", "reload", false),
    ("From C: warm ketama_roll", "warm roll", false),
];

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let run = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    };
    let unknown = || "unknown".to_owned();
    format!(
        "Processor: {} (family {}, model {}), {} cores. Backends: {}; chosen: {}. Compilers: {}; {}.",
        field("model name").unwrap_or_else(unknown),
        field("cpu family").unwrap_or_else(unknown),
        field("model\t").unwrap_or_else(unknown),
        std::thread::available_parallelism().map_or(0, usize::from),
        Backend::available().map(Backend::name).collect::<Vec<_>>().join(", "),
        Backend::detect(),
        run("rustc").unwrap_or_else(unknown),
        run("gcc").unwrap_or_else(unknown),
    )
}

/// What a ratio has to do with its bound.
#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// The table of what is demanded, as it grows.
struct Demands<'a> {
    results: &'a Results,
    text: String,
}

impl Demands<'_> {
    /// A ratio of two costs: (what, servers, who) over (what, servers, who).
    fn line(&mut self, name: &str, bound: Bound, over: (&str, usize, &str), under: (&str, usize, &str)) {
        let cost = |(what, servers, who): (&str, usize, &str)| self.results.least(what, servers, who);
        self.figure(name, bound, cost(over).zip(cost(under)).map(|(over, under)| over / under));
    }

    /// A ratio, or another figure.
    fn figure(&mut self, name: &str, bound: Bound, figure: Option<f64>) {
        let (demand, met) = match bound {
            Bound::AtLeast(bound) => (format!("at least {bound}"), figure.map(|figure| figure >= bound)),
            Bound::AtMost(bound) => (format!("at most {bound:.2}"), figure.map(|figure| figure <= bound)),
        };
        let figure = figure.map_or("not measured".to_owned(), |figure| format!("{figure:.2}"));
        let met = match met {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        let _ = writeln!(self.text, "| {name} | {demand} | {figure} | {met} |");
    }
}

/// Bytes that the points of a ring and their index take, for each point.
fn bytes_a_point(servers: usize) -> f64 {
    let ring = ring("libketama", &[], servers);
    ring.memory() as f64 / ring.point_count() as f64
}

fn demands(results: &Results) -> String {
    use Bound::{AtLeast, AtMost};
    let text = "| what | demanded | measured | met |\n|---|---|---|---|\n".to_owned();
    let mut demands = Demands { results, text };
    for (servers, bound) in [(8, 1.5), (100, 1.75)] {
        let name = format!("look-up against the old library, {servers} servers (Rust)");
        demands.line(&name, AtLeast(bound), ("look-up", servers, "old library"), ("look-up", servers, OURS));
        let name = format!("look-up against the old library, {servers} servers (`ketama_get_server`)");
        demands.line(
            &name,
            AtLeast(bound),
            ("C look-up", servers, "old library"),
            ("C look-up", servers, OURS),
        );
    }
    for servers in [8, 100, 1_000] {
        let name = format!("look-up against hashing alone, {servers} servers");
        demands.line(&name, AtMost(1.08), ("look-up", servers, OURS), ("look-up", servers, "hash alone"));
    }
    for (backend, bounds) in [("avx512", [15.0, 18.0]), ("avx2", [10.0; 2]), ("sse2", [3.5; 2])] {
        for (servers, bound) in [8, 100].into_iter().zip(bounds) {
            let name = format!("batch against the old library's look-ups, {servers} servers, {backend}");
            demands.line(
                &name,
                AtLeast(bound),
                ("look-up", servers, "old library"),
                ("look-up", servers, backend),
            );
        }
    }
    for backend in ["avx512", "avx2", "sse2"] {
        for (servers, bound) in [(1_000, 1.4), (10_000, 2.5)] {
            let name = format!("batch against one at 8 servers, {servers} servers, {backend}");
            demands.line(&name, AtMost(bound), ("look-up", servers, backend), ("look-up", 8, backend));
        }
    }
    for (what, bounds) in [("cold roll", [8.0, 10.0]), ("warm roll", [10.0, 10.0])] {
        for (servers, bound) in [8, 100].into_iter().zip(bounds) {
            let name = format!("{what} against the old library, {servers} servers");
            demands.line(&name, AtLeast(bound), (what, servers, "old library"), (what, servers, OURS));
        }
    }
    demands.line(
        "build against crate `ketama`, 10,000 servers",
        AtLeast(4.0),
        ("build", 10_000, "crate ketama"),
        ("build", 10_000, OURS),
    );
    for (what, bound) in [("nginx look-up", 1.3), ("nginx build", 1.5)] {
        for servers in [8, 100, 1_000, 10_000] {
            let name = format!("{what} against `pingora-ketama`, {servers} servers");
            demands.line(&name, AtLeast(bound), (what, servers, "pingora-ketama"), (what, servers, OURS));
        }
    }
    for what in ["nginx look-up", "steady look-up"] {
        for servers in [8, 100, 1_000] {
            let name = format!("{what}: batch over single look-ups, {servers} servers");
            demands.line(&name, AtMost(1.0), (what, servers, "batch"), (what, servers, OURS));
        }
    }
    // The cost is that of one key of each thread: two threads do twice as many in their time.
    for servers in [8, 1_000] {
        for what in ["threads", "threads, batch"] {
            let name = format!("{what}: time of two over time of one, {servers} servers (1.9x the work)");
            demands.line(
                &name,
                AtMost(2.0 / 1.9),
                (what, servers, "two threads"),
                (what, servers, "one thread"),
            );
        }
    }
    for servers in [10, 1_000, 10_000] {
        let name = format!("bytes of memory a point, index included, {} servers", grouped(servers));
        demands.figure(&name, AtMost(12.0), Some(bytes_a_point(servers)));
    }
    demands.text
}
