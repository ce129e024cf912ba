//! A fleet at one moment: what look-ups need, never changed, replaced as a whole when a server's state changes.

use super::record::{Record, State};
use crate::error::Error;
use crate::ring::Ring;
use crate::rule::{Engine, Next, Rule};
use std::sync::Arc;
use std::time::Duration;

/// Who answers for the keys of a server that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// What the dialect's software does: [`Ring::with_down`]. Where that is nothing, the keys are refused.
    Dialect,
    /// The next server that is up, in the order of [`Ring::lookup_n`]; other keys stay where they are.
    NextServer,
    /// The ring without the servers that are out, as if they were not in the list: what that moves depends on the
    /// dialect. (Where the dialect has a rule of its own for leaving servers out, that rule.)
    Rebuild,
    /// Nobody: the keys are refused, and no key ever moves.
    Fail,
}

/// One server as look-ups see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub state: State,
    pub alive: bool,
    pub clean: bool,
}

/// A fleet at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub servers: Box<[Seen]>,
    /// How many are alive.
    pub alive: usize,
    /// When time alone will change it; None: never.
    pub due: Option<Duration>,
    pub ring: Placed,
}

/// A ring made for a policy.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    ring: Ring,
    /// For each server of `ring` its index in the fleet's list; None: the same.
    indices: Option<Arc<[u32]>>,
    /// The servers that were out when it was made.
    out: Arc<[bool]>,
}

impl Snapshot {
    /// The fleet as its records stand. `last`: the ring in use until now.
    ///
    /// The error is that of a ring that could not be made; the snapshot beside it goes on with the last one.
    pub fn new(
        full: &Ring,
        policy: Policy,
        records: &[Record],
        keeps_last_ring: bool,
        last: Option<&Placed>,
    ) -> (Self, Result<(), Error>) {
        let servers: Box<[Seen]> = records
            .iter()
            .map(|record| Seen { state: record.state(), alive: record.is_alive(), clean: record.is_clean() })
            .collect();
        let due = records.iter().filter_map(Record::due).min();
        let out: Arc<[bool]> = servers.iter().map(Seen::is_out).collect();
        let all_out = out.iter().all(|&out| out);
        let (ring, result) = match last {
            Some(last) if last.out == out || (all_out && keeps_last_ring) => (last.clone(), Ok(())),
            _ => match Placed::new(full, policy, out) {
                Ok(ring) => (ring, Ok(())),
                Err(error) => (last.cloned().unwrap_or_else(|| Placed::full(full)), Err(error)),
            },
        };
        let alive = servers.iter().filter(|seen| seen.alive).count();
        (Self { servers, alive, due, ring }, result)
    }

    /// The server whose turn it is for a key, usable or not; None where the dialect has none.
    pub fn choose(&self, key: &[u8], policy: Policy) -> Option<u32> {
        let first = self.ring.lookup(key)?;
        if policy != Policy::NextServer || self.is_askable(first) {
            return Some(first);
        }
        let mut next = None;
        self.ring.walk(key, &mut |server| {
            next = self.is_askable(server).then_some(server);
            next.is_none()
        });
        // A sequence of tries does not meet every server: then from the first on, in the order of the list.
        let onward = || {
            let members = self.ring.ring.rule().members(self.servers.len());
            let is_member = move |server: &u32| members.get(*server as usize).copied().unwrap_or(false);
            (first..self.servers.len() as u32).chain(0..first).filter(is_member)
        };
        Some(next.or_else(|| onward().find(|&server| self.is_askable(server))).unwrap_or(first))
    }

    /// Whether a request may be sent to a server.
    pub fn is_askable(&self, server: u32) -> bool {
        matches!(self.state(server), State::Up | State::Trial)
    }

    /// The state of a server; of one that is not in the list: taken out.
    pub fn state(&self, server: u32) -> State {
        self.servers.get(server as usize).map_or(State::Down, |seen| seen.state)
    }
}

impl Seen {
    /// Whether the ring has to do without it.
    pub fn is_out(&self) -> bool {
        matches!(self.state, State::Out | State::Down)
    }
}

impl Placed {
    /// The ring of all servers.
    fn full(full: &Ring) -> Self {
        Self { ring: full.clone(), indices: None, out: vec![false; full.servers().len()].into() }
    }

    fn new(full: &Ring, policy: Policy, out: Arc<[bool]>) -> Result<Self, Error> {
        let any = out.contains(&true);
        match policy {
            Policy::Dialect | Policy::Rebuild if any => {
                let own = || full.with_down(&out);
                if policy == Policy::Dialect {
                    return Ok(Self { ring: own()?, indices: None, out });
                }
                match leaves_out(full.rule()).then(own) {
                    Some(Ok(ring)) => Ok(Self { ring, indices: None, out }),
                    _ => Self::shortened(full, out),
                }
            }
            _ => Ok(Self { out, ..Self::full(full) }),
        }
    }

    /// The ring of the list without the servers that are out.
    fn shortened(full: &Ring, out: Arc<[bool]>) -> Result<Self, Error> {
        let mut position = 0;
        let ring = full.changed(|servers| {
            servers.retain(|_| {
                position += 1;
                !out[position - 1]
            });
        })?;
        let indices = (0..).zip(out.iter()).filter(|(_, out)| !**out).map(|(index, _)| index);
        Ok(Self { ring, indices: Some(indices.collect()), out })
    }

    pub fn lookup(&self, key: &[u8]) -> Option<u32> {
        self.index(self.ring.lookup(key)?)
    }

    pub fn walk(&self, key: &[u8], visit: &mut dyn FnMut(u32) -> bool) {
        self.ring.walk(key, &mut |server| self.index(server).is_none_or(&mut *visit));
    }

    /// The index in the fleet's list.
    fn index(&self, server: u32) -> Option<u32> {
        match &self.indices {
            None => Some(server),
            Some(indices) => indices.get(server as usize).copied(),
        }
    }
}

/// Whether the dialect has a rule for leaving servers out when the ring is built.
fn leaves_out(rule: &Rule) -> bool {
    match rule {
        Rule::Narrow(Engine { next, .. }) => matches!(next, Next::Rebuild),
        Rule::Wide(Engine { next, .. }) => matches!(next, Next::Rebuild),
        Rule::Widest(Engine { next, .. }) => matches!(next, Next::Rebuild),
        Rule::Only(_) | Rule::Nowhere | Rule::Scores(_) => false,
    }
}
