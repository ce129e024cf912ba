//! The clock: several sides of one comparison, timed in turns. Not a statistics package: ratios within one run are wanted.
//!
//! `std::time::Instant` and not a benchmark framework: frameworks time one function to its end before the next one, and a
//! machine that changes its pace in between changes the ratio. Here each round runs every side once.

use std::time::Instant;

/// Rounds of every comparison, at least.
const ROUNDS: usize = 9;

/// Rounds of quick comparisons: many short ones, so that some fall between the disturbances of a busy machine.
const MOST_ROUNDS: usize = 101;

/// A timed pass lasts at least this many nanoseconds, lest the clock's own steps count.
const PASS: f64 = 3e5;

/// What a comparison may take, in nanoseconds, beyond its [`ROUNDS`].
const PATIENCE: f64 = 1e9;

/// What one operation costs, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The cheapest round: the one with the least disturbance.
    pub least: f64,
    /// The middle one of all rounds.
    pub median: f64,
}

/// One side: its name, the operations of a pass, and the pass.
pub struct Side<'a> {
    pub name: String,
    operations: usize,
    pass: Box<dyn FnMut() -> Option<f64> + 'a>,
}

impl<'a> Side<'a> {
    /// A pass that this clock times.
    pub fn new(name: impl Into<String>, operations: usize, mut pass: impl FnMut() + 'a) -> Self {
        let pass = move || {
            pass();
            None
        };
        Self { name: name.into(), operations, pass: Box::new(pass) }
    }

    /// A pass in another process, which says how many nanoseconds it took.
    pub fn remote(name: impl Into<String>, operations: usize, mut pass: impl FnMut() -> f64 + 'a) -> Self {
        Self { name: name.into(), operations, pass: Box::new(move || Some(pass())) }
    }

    /// The nanoseconds of `times` passes.
    fn time(&mut self, times: usize) -> f64 {
        let start = Instant::now();
        let told: f64 = (0..times).filter_map(|_| (self.pass)()).sum();
        if told > 0.0 { told } else { start.elapsed().as_nanos() as f64 }
    }
}

/// Times all sides in turns; the costs come in the order of the sides.
pub fn measure(sides: &mut [Side]) -> Vec<Cost> {
    // The first pass of each warms it up, the second one tells how many make a round.
    let once: Vec<f64> = sides.iter_mut().map(|side| (side.time(1), side.time(1)).1).collect();
    let times: Vec<usize> = once.iter().map(|once| (PASS / once).ceil().max(1.0) as usize).collect();
    let round: f64 = once.iter().zip(&times).map(|(once, &times)| once * times as f64).sum();
    let rounds = ((PATIENCE / round) as usize).clamp(ROUNDS, MOST_ROUNDS);
    let mut costs = vec![Vec::with_capacity(rounds); sides.len()];
    for _ in 0..rounds {
        for ((side, &times), costs) in sides.iter_mut().zip(&times).zip(&mut costs) {
            costs.push(side.time(times) / (times * side.operations) as f64);
        }
    }
    costs.into_iter().map(summary).collect()
}

fn summary(mut costs: Vec<f64>) -> Cost {
    costs.sort_by(f64::total_cmp);
    Cost { least: costs[0], median: costs[costs.len() / 2] }
}
