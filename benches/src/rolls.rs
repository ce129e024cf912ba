//! Rolls, and what else C sees: the figures of `c-tests/bench.c`, which runs both libraries in turns as well.

use crate::Places;
use crate::clock::Cost;
use crate::results::{Results, Row};

/// Reads lines `WHAT SERVERS WHO LEAST MEDIAN` between tabs, costs in nanoseconds.
pub fn read(places: &Places, results: &mut Results) {
    let Some(path) = &places.rolls else { return };
    let text = std::fs::read_to_string(path).expect("the figures of the benchmark in C");
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [what, servers, who, least, median] = fields[..] else { panic!("no figure: {line}") };
        let number = |text: &str| text.parse::<f64>().expect("a number");
        results.rows.push(Row {
            what: what.to_owned(),
            servers: number(servers) as usize,
            key: 0,
            who: who.to_owned(),
            cost: Cost { least: number(least), median: number(median) },
        });
    }
}
