//! What was measured, and the tables that are made of it.

use crate::clock::{Cost, Side, measure};
use std::fmt::Write;

/// One figure: what was done on which fleet with which keys, by whom, at what cost.
pub struct Row {
    pub what: String,
    pub servers: usize,
    /// Bytes of a key; 0 for short ones of mixed lengths.
    pub key: usize,
    pub who: String,
    pub cost: Cost,
}

/// All figures of a run.
#[derive(Default)]
pub struct Results {
    pub rows: Vec<Row>,
    /// What alone is measured, where not all is.
    pub only: Option<String>,
}

impl Results {
    /// Times the sides in turns and keeps their costs.
    pub fn measure(&mut self, what: &str, servers: usize, key: usize, sides: &mut [Side]) {
        if self.only.as_ref().is_some_and(|only| only != what) {
            return;
        }
        eprint!("\r\x1b[K{what}, {servers} servers");
        let costs = measure(sides);
        for (side, cost) in sides.iter().zip(costs) {
            self.rows.push(Row { what: what.to_owned(), servers, key, who: side.name.clone(), cost });
        }
    }

    /// The cost of something, if it was measured.
    pub fn cost(&self, what: &str, servers: usize, key: usize, who: &str) -> Option<Cost> {
        let wanted =
            |row: &&Row| row.what == what && row.servers == servers && row.key == key && row.who == who;
        self.rows.iter().find(wanted).map(|row| row.cost)
    }

    /// The least cost of something in nanoseconds.
    pub fn least(&self, what: &str, servers: usize, who: &str) -> Option<f64> {
        self.cost(what, servers, 0, who).map(|cost| cost.least)
    }

    /// A table in Markdown: a line for each fleet (or key length), a column for each side: `least (median)`.
    pub fn table(&self, what: &str, by_key: bool) -> String {
        let rows: Vec<&Row> =
            self.rows.iter().filter(|row| row.what == what && (row.key > 0) == by_key).collect();
        let mut lines: Vec<(usize, usize)> = rows.iter().map(|row| (row.servers, row.key)).collect();
        lines.dedup();
        let mut columns: Vec<&str> = Vec::new();
        for row in &rows {
            if !columns.contains(&&row.who[..]) {
                columns.push(&row.who);
            }
        }
        let first = if by_key { "key" } else { "servers" };
        let mut text =
            format!("| {first} | {} |\n|---|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
        for (servers, key) in lines {
            let name = if by_key { format!("{key} bytes") } else { grouped(servers) };
            let _ = write!(text, "| {name} |");
            for column in &columns {
                let cell = self
                    .cost(what, servers, key, column)
                    .map_or("-".to_owned(), |cost| format!("{} ({})", time(cost.least), time(cost.median)));
                let _ = write!(text, " {cell} |");
            }
            text.push('\n');
        }
        text
    }
}

/// Nanoseconds in a unit that suits them.
pub fn time(nanoseconds: f64) -> String {
    let (number, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let digits = if number < 10.0 {
        2
    } else if number < 100.0 {
        1
    } else {
        0
    };
    format!("{number:.digits$} {unit}")
}

/// A number with commas between its thousands.
pub fn grouped(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}
