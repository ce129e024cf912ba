//! Onward from the first choice: past servers that are down, and to the next servers of a list.

use super::Ring;
use crate::key::Prepared;
use crate::memory;
use crate::point::Place;
use crate::rule::{Engine, Map, Next, Rule, Scores};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;

/// Servers seen so far: a look through a short list, a set for a long one.
#[derive(Default)]
struct Seen {
    few: Vec<u32>,
    many: HashSet<u32>,
    is_full: bool,
}

impl Seen {
    /// How many are looked through before the set takes over.
    const FEW: usize = 16;

    /// Whether the server is new. Where there is no memory to remember it, none is from then on.
    fn insert(&mut self, server: u32) -> bool {
        if self.few.contains(&server) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(server);
            return true;
        }
        self.is_full |= self.many.try_reserve(1).is_err();
        !self.is_full && self.many.insert(server)
    }

    fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }
}

/// Whether to go on after a server.
type Visit<'a> = &'a mut dyn FnMut(u32) -> ControlFlow<()>;

impl Ring {
    /// Calls `visit` with the servers for a key, first choice first, until it returns false: the order of
    /// [`Ring::lookup_n`].
    pub fn walk(&self, key: &[u8], visit: &mut dyn FnMut(u32) -> bool) {
        let servers = self.servers;
        let mut seen = Seen::default();
        let repeats = self.rule.lists_repeat();
        let mut once = |server: u32| {
            let usable = (server as usize) < servers && !self.is_dead(server);
            if !(repeats || seen.insert(server)) || !usable {
                // Every server was met: the rest of the circle has nothing new.
                return if seen.len() == servers || seen.is_full {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                };
            }
            if visit(server) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        // Broken off or at its end: nothing is left to do either way.
        let _ = match &self.rule {
            Rule::Narrow(engine) => engine.walk(key, &self.down, servers, &mut once),
            Rule::Wide(engine) => engine.walk(key, &self.down, servers, &mut once),
            Rule::Widest(engine) => engine.walk(key, &self.down, servers, &mut once),
            Rule::Scores(scores) => scores.walk(key, &mut once),
            Rule::Only(server) => once(*server),
            Rule::Nowhere => ControlFlow::Continue(()),
        };
    }
}

impl Rule {
    /// Whether a list may name a server twice.
    fn lists_repeat(&self) -> bool {
        matches!(self, Self::Narrow(Engine { next: Next::Rehash(rehash), .. }) if rehash.lists)
    }
}

impl<T: Place> Engine<T> {
    /// The answer where some server may be down, from the hashed part of the key and its first place.
    pub(super) fn lookup_up(&self, hashed: &[u8], place: T, down: &[bool]) -> Option<u32> {
        let is_up = |server: &u32| !down.get(*server as usize).copied().unwrap_or(false);
        let first = self.index(place)?;
        match &self.next {
            Next::Ignore | Next::Rebuild => self.server(first),
            Next::Points { tries } => {
                let tries = tries.map_or(usize::MAX, |tries| tries as usize + 1);
                self.onward(first).take(tries).find(is_up)
            }
            Next::Rehash(_) => {
                let mut last = None;
                let found = self.tries(hashed, place, 0).inspect(|server| last = Some(*server)).find(is_up);
                let last_resort = matches!(&self.next, Next::Rehash(rehash) if rehash.last_resort);
                found.or(last.filter(|_| last_resort))
            }
            Next::Alternate { alt } => {
                let mut met = Vec::new();
                let is_answer = |server: &u32| {
                    met.push(*server);
                    met.len() > *alt as usize && is_up(server)
                };
                self.distinct(first).find(is_answer).or_else(|| {
                    // The whole circle was walked. Going back, Varnish does not look at position `alt - 1`.
                    let alt = (*alt as usize).min(met.len().checked_sub(1)?);
                    let onward = met.iter().skip(alt).find(|server| is_up(server));
                    let back = || met.iter().take(alt.saturating_sub(1)).rev().find(|server| is_up(server));
                    onward.or_else(back).copied()
                })
            }
        }
    }

    /// Servers point by point from `first`, once around the circle.
    fn onward(&self, first: usize) -> impl Iterator<Item = u32> + '_ {
        let len = self.len();
        let down = matches!(&self.map, Map::Points(_, search) if search.walks_down());
        (0..len).filter_map(move |step| {
            let index = if down { first + len - step } else { first + step };
            self.server(if index >= len { index - len } else { index })
        })
    }

    /// Every server on the circle, in the order in which it is first met from `first`.
    fn distinct(&self, first: usize) -> impl Iterator<Item = u32> + '_ {
        let mut seen = Seen::default();
        self.onward(first).filter(move |&server| seen.insert(server))
    }

    /// The servers of a rehashing rule, try by try, at least `least` tries.
    fn tries<'a>(&'a self, hashed: &'a [u8], place: T, least: u32) -> impl Iterator<Item = u32> + 'a {
        let rehash = match &self.next {
            Next::Rehash(rehash) => Some(rehash),
            _ => None,
        };
        let tries = rehash.map_or(1, |rehash| rehash.tries.max(least));
        let mut place = place;
        (0..tries).filter_map(move |number| {
            if let (Some(rehash), 1..) = (rehash, number) {
                place = (rehash.place)(hashed, number, place);
            }
            self.server(self.index(place)?)
        })
    }

    fn walk(&self, key: &[u8], down: &[bool], servers: usize, visit: Visit<'_>) -> ControlFlow<()> {
        let (Some(place), hashed) = (self.key.place(key), self.key.hashed(key)) else {
            return ControlFlow::Continue(());
        };
        let Some(first) = self.index(place) else { return ControlFlow::Continue(()) };
        match (&self.next, &self.map) {
            (Next::Rehash(rehash), _) if rehash.lists => {
                self.tries(&hashed, place, servers.max(rehash.tries as usize) as u32).try_for_each(visit)
            }
            (Next::Alternate { alt }, _) => {
                let mut last = None;
                for (server, position) in self.distinct(first).zip(0..) {
                    last = Some(server).filter(|_| position < *alt);
                    if last.is_none() {
                        visit(server)?;
                    }
                }
                // Fewer servers than are to be passed over: the last of them answers.
                last.map_or(ControlFlow::Continue(()), visit)
            }
            (_, Map::Points(..)) => self.onward(first).try_for_each(visit),
            (_, Map::Slots(slots) | Map::Buckets(slots, _) | Map::Jump(slots)) => {
                // Lists are complete, also where a single look-up gives up.
                let answer = self.lookup_up(&hashed, place, down).or_else(|| self.server(first));
                let Some(answer) = answer else { return ControlFlow::Continue(()) };
                visit(answer)?;
                let Ok(mut others) = memory::collect(slots.iter().copied(), "") else {
                    return ControlFlow::Continue(());
                };
                others.sort_unstable();
                others.dedup();
                let after = others.partition_point(|&server| server <= answer);
                others.rotate_left(after);
                others.into_iter().try_for_each(visit)
            }
        }
    }
}

impl Scores {
    /// The part of a key that is hashed; None if the software has no place for the key.
    fn hashed<'a>(&self, key: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self.prepare.as_ref().map(|prepare| prepare(key)) {
            None => Some(Cow::Borrowed(key)),
            Some(Prepared::Bytes(bytes)) => Some(bytes),
            Some(Prepared::Place(_) | Prepared::Nowhere) => None,
        }
    }

    /// The candidates' scores for the hashed part of a key.
    fn scored<'a>(&'a self, hashed: &'a [u8]) -> impl Iterator<Item = (u32, u64)> + 'a {
        let digest = self.digest.map_or(0, |digest| digest(hashed));
        self.candidates
            .iter()
            .map(move |candidate| (candidate.server, (self.score)(hashed, digest, candidate)))
    }

    pub(super) fn lookup(&self, key: &[u8]) -> Option<u32> {
        let mut best: Option<(u32, u64)> = None;
        for (server, score) in self.scored(&self.hashed(key)?) {
            if best.is_none_or(|(_, highest)| score > highest) {
                best = Some((server, score));
            }
        }
        best.map(|(server, _)| server)
    }

    fn walk(&self, key: &[u8], visit: Visit<'_>) -> ControlFlow<()> {
        let Some(hashed) = self.hashed(key) else { return ControlFlow::Continue(()) };
        let mut scored: Vec<(u32, u64)> = self.scored(&hashed).collect();
        // Stable: on ties the candidate that comes first stays first.
        scored.sort_by_key(|&(_, score)| std::cmp::Reverse(score));
        scored.into_iter().try_for_each(|(server, _)| visit(server))
    }
}
