//! What a dialect makes of a server list: parts that one engine understands, chosen and filled by the dialect.

use crate::error::Error;
use crate::key::{Key, Prepare};
use crate::point::{Place, Placer, Ties};
use crate::search::{Points, Search};
use std::sync::Arc;

/// The rule of one ring.
#[derive(Clone)]
pub enum Rule {
    /// No server, whatever the key.
    Nowhere,
    /// This server, whatever the key: nothing is hashed where there is no choice.
    Only(u32),
    /// Places of 32 bits.
    Narrow(Engine<u32>),
    /// Places of 64 bits.
    Wide(Engine<u64>),
    /// Places of 128 bits.
    Widest(Engine<u128>),
    /// No places: each server has a score for each key.
    Scores(Scores),
}

/// Key to place, place to server, and what follows when that server is down.
#[derive(Clone)]
pub struct Engine<T: Place> {
    /// From key bytes to a place.
    pub key: Key<T>,
    /// From a place to a server.
    pub map: Map<T>,
    /// What follows the first choice.
    pub next: Next<T>,
}

/// From a place to a server.
#[derive(Clone)]
pub enum Map<T: Place> {
    /// Points on a circle and the rule to search them.
    Points(Arc<Points<T>>, Search),
    /// Slot `place mod len`; each slot names its server.
    Slots(Arc<[u32]>),
    /// Slots that were read off a circle, and the circle: keys are looked up in the slots, places on the circle.
    Buckets(Arc<[u32]>, Arc<Points<T>>),
    /// Jump consistent hash over this list of servers (Lamping and Veach, 2014).
    Jump(Arc<[u32]>),
}

/// What follows the first choice: for a look-up whose first choice is down, and for lists of servers.
#[derive(Clone)]
pub enum Next<T> {
    /// A server that is down keeps getting its keys.
    Ignore,
    /// A server that is down was left out when the ring was built.
    Rebuild,
    /// Point by point onward to the first server that is up; no answer once `tries` points in a row were passed over.
    Points {
        /// None: once around the circle.
        tries: Option<u32>,
    },
    /// The key is hashed again.
    Rehash(Rehash<T>),
    /// Distinct servers onward: pass over `alt` of them, take the first that is up, go back if none is (Varnish).
    Alternate {
        /// How many distinct servers are passed over, down or not.
        alt: u32,
    },
}

/// A rule that hashes a key again while the chosen server is down.
#[derive(Clone)]
pub struct Rehash<T> {
    /// How many tries in all, the first one included.
    pub tries: u32,
    /// The place of try `t` (from 1), from the hashed part of the key and the place of the try before.
    pub place: fn(&[u8], u32, T) -> T,
    /// Whether the server of the last try answers when every try met a server that is down.
    pub last_resort: bool,
    /// Whether lists of servers follow the tries too, the same server more than once if they meet it again.
    pub lists: bool,
}

/// Rendezvous hashing: the greatest score wins, the candidate that comes first on ties.
#[derive(Clone)]
pub struct Scores {
    /// The scoring function, in words that tell it from every other.
    pub name: String,
    /// The rule for the hashed part of the key; None where it is the whole key.
    pub prepare: Option<Arc<Prepare<u64>>>,
    /// What is hashed of a key, once for all candidates; `key` of `score`. None where that is not separable.
    pub digest: Option<fn(&[u8]) -> u64>,
    /// The score from the key bytes, their digest (0 without `digest`) and the candidate.
    pub score: fn(&[u8], u64, &Candidate) -> u64,
    /// Servers with what is hashed of them; a server may stand here several times.
    pub candidates: Arc<[Candidate]>,
}

/// A server that takes part in rendezvous hashing.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its index in the server list.
    pub server: u32,
    /// The text that is hashed for it.
    pub text: Box<[u8]>,
    /// The hash of that text where it is hashed apart from the key.
    pub digest: u64,
}

impl Rule {
    /// Whether the rule itself orders servers behind the first choice. Without, a list of servers goes on in list order.
    pub fn has_order(&self) -> bool {
        match self {
            Self::Narrow(engine) => engine.has_order(),
            Self::Wide(engine) => engine.has_order(),
            Self::Widest(engine) => engine.has_order(),
            Self::Scores(_) | Self::Only(_) | Self::Nowhere => true,
        }
    }
}

impl Rule {
    /// For each of `servers` servers, whether it owns a point, a slot or a score: whether it can be an answer at all.
    pub fn members(&self, servers: usize) -> Vec<bool> {
        let mut members = vec![false; servers];
        let mut mark = |server: u32| {
            if let Some(member) = members.get_mut(server as usize) {
                *member = true;
            }
        };
        match self {
            Self::Nowhere => {}
            Self::Only(server) => mark(*server),
            Self::Narrow(engine) => engine.owners(&mut mark),
            Self::Wide(engine) => engine.owners(&mut mark),
            Self::Widest(engine) => engine.owners(&mut mark),
            Self::Scores(scores) => scores.candidates.iter().for_each(|candidate| mark(candidate.server)),
        }
        members
    }
}

impl<T: Place> Engine<T> {
    /// Calls `visit` with the owner of each point or slot.
    fn owners(&self, visit: &mut dyn FnMut(u32)) {
        match &self.map {
            Map::Points(points, _) => points.iter().for_each(|point| visit(point.server)),
            Map::Slots(servers) | Map::Buckets(servers, _) | Map::Jump(servers) => {
                servers.iter().for_each(|&server| visit(server))
            }
        }
    }

    fn has_order(&self) -> bool {
        matches!(self.map, Map::Points(..)) || matches!(&self.next, Next::Rehash(rehash) if rehash.lists)
    }

    /// A ring: points, sorted with `ties`, searched by `search`.
    pub fn ring(
        key: Key<T>,
        points: Placer<T>,
        ties: Ties,
        search: Search,
        next: Next<T>,
    ) -> Result<Self, Error> {
        let points = Points::new(points.sorted(ties)?)?;
        Ok(Self { key, map: Map::Points(Arc::new(points), search), next })
    }

    /// Slots at equal distances of a ring, the first one at place 0; chosen by the remainder of the place.
    pub fn buckets(key: Key<T>, slots: impl Into<Arc<[u32]>>, points: Points<T>, next: Next<T>) -> Self {
        Self { key, map: Map::Buckets(slots.into(), Arc::new(points)), next }
    }

    /// Slots, chosen by the remainder of the place.
    pub fn slots(key: Key<T>, slots: impl Into<Arc<[u32]>>, next: Next<T>) -> Self {
        Self { key, map: Map::Slots(slots.into()), next }
    }
}

impl From<Engine<u32>> for Rule {
    fn from(engine: Engine<u32>) -> Self {
        Self::Narrow(engine)
    }
}

impl From<Engine<u64>> for Rule {
    fn from(engine: Engine<u64>) -> Self {
        Self::Wide(engine)
    }
}

impl From<Engine<u128>> for Rule {
    fn from(engine: Engine<u128>) -> Self {
        Self::Widest(engine)
    }
}
