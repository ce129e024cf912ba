//! Fleets: a ring, the state of its servers, and what becomes of the keys of those that fail.
//!
//! The caller looks keys up, sends its requests, and reports which succeeded and which failed. The fleet decides by its
//! [`Settings`] when a server is ejected and when it is tried again, and by its [`Policy`] who answers for its keys
//! meanwhile. Nothing here asks a clock or opens a connection: every call is told the time, as the time since some moment
//! that stays the same (with `std::time::Instant`: `start.elapsed()`), and the answers follow from the calls alone.
//!
//! A fleet is shared between threads by reference. Look-ups read a snapshot and never wait for a lock; reports take a lock
//! for as long as it takes to build the ring that they make necessary, if any.

mod event;
mod record;
mod settings;
mod snapshot;

pub use event::{Change, Event};
pub use record::State;
pub use settings::{After, Settings};
pub use snapshot::Policy;

use crate::error::Error;
use crate::memory;
use crate::ring::Ring;
use crate::zone::{self, Walk};
use arc_swap::ArcSwap;
use event::Events;
use record::Record;
use snapshot::Snapshot;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// The answer of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The request goes to the server of this index.
    Server(u32),
    /// The key belongs to the server of this index, which must not be asked now, and nobody stands in for it.
    Refused(u32),
    /// The dialect has no server for this key: all are out, or its software gives up.
    Nowhere,
}

impl Answer {
    /// The server to which the request goes, if it goes to one.
    pub fn server(self) -> Option<u32> {
        match self {
            Self::Server(server) => Some(server),
            Self::Refused(_) | Self::Nowhere => None,
        }
    }
}

/// A ring and the state of its servers.
#[derive(Debug)]
pub struct Fleet {
    /// The ring of all servers, whatever their state.
    full: Ring,
    policy: Policy,
    settings: Settings,
    snapshot: ArcSwap<Snapshot>,
    records: Mutex<Records>,
    /// State of the random numbers for `explore`.
    random: AtomicU64,
}

#[derive(Debug)]
struct Records {
    servers: Vec<Record>,
    events: Events,
}

impl Fleet {
    /// A fleet over the servers of `ring`; those that are down in its list count as taken out by hand.
    ///
    /// # Errors
    /// As [`Settings::check`], and as [`Ring::with_down`].
    pub fn new(ring: &Ring, policy: Policy, settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        let records = ring.servers().iter().map(|server| Record::new(server.down));
        let servers = memory::collect(records, format_args!("the state of {} servers", ring.server_count()))?;
        let any_down = ring.servers().iter().any(|server| server.down);
        let full = if any_down { ring.with_down(&vec![false; servers.len()])? } else { ring.clone() };
        let (snapshot, result) = Snapshot::new(&full, policy, &servers, settings.keeps_last_ring, None);
        result?;
        Ok(Self {
            full,
            policy,
            settings,
            snapshot: ArcSwap::from_pointee(snapshot),
            records: Mutex::new(Records { servers, events: Events::default() }),
            random: AtomicU64::new(settings.seed),
        })
    }

    /// The ring of all servers, whatever their state.
    pub fn ring(&self) -> &Ring {
        &self.full
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where the request for a key goes at the time `now`.
    ///
    /// Never waits. While a server is on trial, the look-up that gets it is the trial; where several threads ask in the
    /// same moment, more than one may.
    pub fn lookup(&self, key: &[u8], now: Duration) -> Answer {
        let mut last = Answer::Nowhere;
        // Each turn but the last ends one trial that another thread took.
        for _ in 0..=self.full.servers().len() {
            let snapshot = self.at(now);
            if let Some(server) = self.explored(&snapshot, key) {
                return Answer::Server(server);
            }
            let Some(server) = snapshot.choose(key, self.policy) else { return Answer::Nowhere };
            match snapshot.state(server) {
                State::Up => return Answer::Server(server),
                State::Trial if self.take_trial(server, now) => return Answer::Server(server),
                State::Trial => last = Answer::Refused(server),
                State::Resting | State::Out | State::Refused | State::Down => return Answer::Refused(server),
            }
        }
        last
    }

    /// Writes the servers to which requests for a key may go at the time `now`, first choice first, into `out`; returns
    /// how many were written.
    ///
    /// The order is that of [`Ring::lookup_n`] on the ring that the policy gives; with [`Policy::Fail`] it is the first
    /// `out.len()` servers of the full ring less those that must not be asked, so that no replica ever moves. A server on
    /// trial is in every list: to list it is no trial.
    pub fn lookup_n(&self, key: &[u8], now: Duration, out: &mut [u32]) -> usize {
        self.list(key, now, out, |walk, out| {
            let mut count = 0;
            if !out.is_empty() {
                walk(&mut |server| {
                    out[count] = server;
                    count += 1;
                    count < out.len()
                });
            }
            count
        })
    }

    /// As [`Fleet::lookup_n`], with distinct zones preferred as by [`Ring::lookup_n_zones`].
    pub fn lookup_n_zones(&self, key: &[u8], now: Duration, out: &mut [u32]) -> usize {
        self.list(key, now, out, |walk, out| zone::spread(self.full.servers(), walk, out))
    }

    fn list(
        &self,
        key: &[u8],
        now: Duration,
        out: &mut [u32],
        fill: impl FnOnce(&mut Walk<'_>, &mut [u32]) -> usize,
    ) -> usize {
        let snapshot = self.at(now);
        if self.policy == Policy::Fail {
            let count = fill(&mut |visit| self.full.walk(key, visit), out);
            return keep(&mut out[..count], |server| snapshot.is_askable(server));
        }
        let mut askable = |visit: &mut dyn FnMut(u32) -> bool| {
            snapshot.ring.walk(key, &mut |server| !snapshot.is_askable(server) || visit(server));
        };
        fill(&mut askable, out)
    }

    /// A request or a health check of a server succeeded. An index that is not in the list has no effect.
    ///
    /// # Errors
    /// As [`Fleet::failed`].
    pub fn succeeded(&self, server: u32, now: Duration) -> Result<(), Error> {
        // The usual case takes no lock.
        if self.snapshot.load().servers.get(server as usize).is_none_or(|seen| seen.clean) {
            return Ok(());
        }
        self.report(server, now, |record, settings| record.succeeded(settings))
    }

    /// A request or a health check of a server failed. An index that is not in the list has no effect.
    ///
    /// # Errors
    /// Those of [`Ring::with_down`] if the ring that this makes necessary cannot be built. The report counts all the
    /// same; the ring that was in use stays in use, and where it gives a server that is out the key is refused.
    pub fn failed(&self, server: u32, now: Duration) -> Result<(), Error> {
        if !self.settings.counts_failures() {
            return Ok(());
        }
        let spared = self.settings.spares_single && self.full.servers().len() == 1;
        self.report(server, now, |record, settings| record.failed(now, settings, spared))
    }

    /// Takes a server out by hand, whatever is reported about it, or (`down` false) puts it back with a clean record.
    /// No event tells of that. An index that is not in the list has no effect.
    ///
    /// # Errors
    /// As [`Fleet::failed`].
    pub fn set_down(&self, server: u32, down: bool, now: Duration) -> Result<(), Error> {
        self.report(server, now, |record, _| {
            *record = Record::new(down);
            None
        })
    }

    /// The state of a server at the time `now`; [`State::Down`] for an index that is not in the list.
    pub fn state(&self, server: u32, now: Duration) -> State {
        self.at(now).state(server)
    }

    /// How many servers are neither ejected nor taken out by hand at the time `now`.
    pub fn alive_count(&self, now: Duration) -> usize {
        self.at(now).alive
    }

    /// The servers that rings have to do without at the time `now`, one flag each in list order: what
    /// [`Ring::with_down`] takes.
    pub fn out(&self, now: Duration) -> Vec<bool> {
        self.at(now).servers.iter().map(snapshot::Seen::is_out).collect()
    }

    /// Takes the events since the last call, oldest first. The newest 4096 are kept.
    pub fn take_events(&self) -> Vec<Event> {
        self.take_some_events(usize::MAX)
    }

    /// Takes the oldest events, at most `most` of them; the others wait for the next call.
    pub fn take_some_events(&self, most: usize) -> Vec<Event> {
        self.lock().events.take(most)
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        // Every change of a record is complete in itself: a panic elsewhere leaves nothing half done.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Records>> {
        match self.records.try_lock() {
            Ok(records) => Some(records),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The snapshot for the time `now`: brought up to date unless another thread is at it.
    fn at(&self, now: Duration) -> arc_swap::Guard<Arc<Snapshot>> {
        let snapshot = self.snapshot.load();
        if snapshot.due.is_none_or(|due| now < due) {
            return snapshot;
        }
        if let Some(mut records) = self.try_lock() {
            self.tick(&mut records, now);
            // If no ring can be built the last one stays; there is nobody here to tell.
            let _ = self.publish(&records);
        }
        self.snapshot.load()
    }

    fn tick(&self, records: &mut Records, now: Duration) {
        let Records { servers, events } = records;
        for (server, record) in (0..).zip(servers) {
            if let Some(change) = record.tick(now, &self.settings) {
                events.push(Event { server, change, at: now });
            }
        }
    }

    fn report(
        &self,
        server: u32,
        now: Duration,
        change: impl FnOnce(&mut Record, &Settings) -> Option<Change>,
    ) -> Result<(), Error> {
        let mut records = self.lock();
        self.tick(&mut records, now);
        let Records { servers, events } = &mut *records;
        if let Some(record) = servers.get_mut(server as usize)
            && let Some(change) = change(record, &self.settings)
        {
            events.push(Event { server, change, at: now });
        }
        self.publish(&records)
    }

    fn take_trial(&self, server: u32, now: Duration) -> bool {
        // Somebody is changing a record: better one trial more than a wait.
        let Some(mut records) = self.try_lock() else { return true };
        let Some(record) = records.servers.get_mut(server as usize) else { return false };
        let taken = record.take_trial(now, &self.settings);
        let _ = self.publish(&records);
        taken
    }

    /// Makes a snapshot of the records, with a new ring if the servers in use are others.
    fn publish(&self, records: &Records) -> Result<(), Error> {
        let last = self.snapshot.load();
        let keeps = self.settings.keeps_last_ring;
        let (snapshot, result) =
            Snapshot::new(&self.full, self.policy, &records.servers, keeps, Some(&last.ring));
        self.snapshot.store(Arc::new(snapshot));
        result
    }

    /// The server of the full ring, in those rare cases in which a look-up tries whether it is back.
    fn explored(&self, snapshot: &Snapshot, key: &[u8]) -> Option<u32> {
        if self.settings.explore <= 0.0 || snapshot.alive == snapshot.servers.len() {
            return None;
        }
        if self.draw() >= self.settings.explore {
            return None;
        }
        self.full.lookup(key).filter(|&server| snapshot.state(server) != State::Down)
    }

    /// The next random number, in 0 to 1 without 1: SplitMix64 (Steele, Lea, Flood 2014), whose state is a counter that
    /// threads can share.
    fn draw(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.random.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 53 bits are what a double holds.
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Moves the servers that are kept to the front, in their order; returns how many they are.
fn keep(servers: &mut [u32], is_kept: impl Fn(u32) -> bool) -> usize {
    let mut count = 0;
    for index in 0..servers.len() {
        if is_kept(servers[index]) {
            servers[count] = servers[index];
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests;
