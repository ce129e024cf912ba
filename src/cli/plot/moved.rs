//! The arcs of the circle that change hands between two rings.

use crate::ring::{Ring, RingArc};

/// A piece of the circle, from 0 to 1 of its way round, that goes from one server to another.
pub(super) struct Piece {
    pub start: f64,
    pub end: f64,
    /// By the numbers of [`super::super::moves`]: None for no server.
    pub from: Option<usize>,
    pub to: Option<usize>,
}

/// All pieces that change hands; None where one of the rings is no circle. `names` are those of both rings' servers.
pub(super) fn pieces(old: &Ring, new: &Ring, names: &[Vec<u8>]) -> Option<Vec<Piece>> {
    let (before, after) = (old.arcs()?, new.arcs()?);
    if before.last != after.last {
        return None;
    }
    let numbers: std::collections::HashMap<&[u8], usize> = names.iter().map(Vec::as_slice).zip(0..).collect();
    let number = |ring: &Ring, server: Option<u32>| {
        let server = ring.servers().get(server? as usize)?;
        numbers.get(&*server.name).copied()
    };
    let places = before.last as f64 + 1.0;
    let mut starts: Vec<u128> = before.arcs.iter().chain(&after.arcs).map(|arc| arc.start).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|&start| start as f64).chain([places]);
    let (mut first, mut second) = (Walk::new(&before.arcs), Walk::new(&after.arcs));
    let mut pieces: Vec<Piece> = Vec::new();
    for (&start, end) in starts.iter().zip(ends) {
        let (from, to) = (number(old, first.at(start)), number(new, second.at(start)));
        if from == to {
            continue;
        }
        let (start, end) = (start as f64 / places, end / places);
        match pieces.last_mut() {
            Some(last) if last.end == start && (last.from, last.to) == (from, to) => last.end = end,
            _ => pieces.push(Piece { start, end, from, to }),
        }
    }
    Some(pieces)
}

/// Goes along ascending places of a circle.
struct Walk<'a> {
    arcs: &'a [RingArc],
}

impl<'a> Walk<'a> {
    fn new(arcs: &'a [RingArc]) -> Self {
        Self { arcs }
    }

    /// The server at a place that is not before the last one asked for.
    fn at(&mut self, place: u128) -> Option<u32> {
        while let [_, next, ..] = self.arcs
            && next.start <= place
        {
            self.arcs = &self.arcs[1..];
        }
        self.arcs.first()?.server
    }
}
