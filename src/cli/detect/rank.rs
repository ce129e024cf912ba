//! How well each candidate agrees with what was observed.

use super::candidates::Candidate;
use crate::dialect::option::Value;
use crate::error::{Error, ErrorKind};
use crate::observation::{Answer, Observation};
use crate::ring::{NO_SERVER, Ring};
use crate::server::Server;
use crate::server_list::ServerList;
use std::collections::HashMap;

/// How many keys are tried first.
const FIRST: usize = 64;

/// How many candidates, beside those that agree best on the first keys, are tried on all of them.
const KEPT: usize = 16;

/// The option that limits a ring's points, and what it is unless it is set: weights of one piece of software, taken for
/// those of another, may ask for rings that nobody has, and that take minutes.
const LIMIT: &str = "max-points";
const POINTS: i64 = 1 << 20;

/// What was observed: answers by the number of a server, which servers of one name share.
pub(crate) struct Observed {
    keys: Vec<(Vec<u8>, Vec<u32>)>,
    integers: Vec<(u64, Vec<u32>)>,
    /// Answers are lists of so many servers.
    replicas: Option<u32>,
    /// By index, the first server of the same name.
    numbers: Vec<u32>,
}

/// A candidate that was tried on all keys.
pub(crate) struct Ranked {
    pub candidate: Candidate,
    pub ring: Ring,
    pub matches: usize,
    pub fingerprint: u64,
}

impl Observed {
    /// The answers of an observation about the servers of a list.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] for an answer that is no server of the list.
    pub fn new(observation: &Observation, servers: &[Server]) -> Result<Self, Error> {
        let mut first = HashMap::new();
        let numbers =
            (0..).zip(servers).map(|(index, server)| *first.entry(&*server.name).or_insert(index)).collect();
        let number = |name: &Vec<u8>| {
            first.get(&**name).copied().ok_or_else(|| {
                let message =
                    format!("the answer `{}` is no server of this list", String::from_utf8_lossy(name));
                Error::new(ErrorKind::Server, message)
            })
        };
        let answer = |answer: &Answer| match answer {
            Answer::One(name) => name.iter().map(number).collect::<Result<Vec<u32>, _>>(),
            Answer::List(names) => names.iter().map(number).collect(),
        };
        let keys = observation.keys.iter().map(|(key, theirs)| Ok((key.clone(), answer(theirs)?)));
        let integers = observation.integer_keys.iter().map(|(key, theirs)| Ok((*key, answer(theirs)?)));
        Ok(Self {
            keys: keys.collect::<Result<_, Error>>()?,
            integers: integers.collect::<Result<_, Error>>()?,
            replicas: observation.list.replicas,
            numbers,
        })
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.keys.len() + self.integers.len()
    }

    /// How many of the answers to every `step`-th key are the ring's.
    fn matches(&self, ring: &Ring, step: usize) -> usize {
        let keys: Vec<&(Vec<u8>, Vec<u32>)> = self.keys.iter().step_by(step).collect();
        let integers = self.integers.iter().step_by(step);
        let integers = integers.filter(|(key, theirs)| match ring.lookup_integer(*key) {
            Ok(server) => self.numbered(server) == theirs.first().copied(),
            Err(_) => false,
        });
        let by_integer = integers.count();
        if self.replicas.is_some() {
            return by_integer
                + keys.iter().filter(|(key, theirs)| self.answer(ring, key) == *theirs).count();
        }
        let texts: Vec<&[u8]> = keys.iter().map(|(key, _)| key.as_slice()).collect();
        let mut answers = vec![NO_SERVER; texts.len()];
        ring.lookup_many(&texts, &mut answers);
        let is_theirs = |(answer, (_, theirs)): &(&u32, &&(Vec<u8>, Vec<u32>))| {
            self.numbered((**answer != NO_SERVER).then_some(**answer)) == theirs.first().copied()
        };
        by_integer + answers.iter().zip(&keys).filter(is_theirs).count()
    }

    /// The ring's answer in the form of the observed ones.
    fn answer(&self, ring: &Ring, key: &[u8]) -> Vec<u32> {
        let Some(replicas) = self.replicas else {
            return self.numbered(ring.lookup(key)).into_iter().collect();
        };
        let mut servers = vec![0; (replicas as usize).min(self.numbers.len().max(16))];
        let count = ring.lookup_n(key, &mut servers);
        servers.truncate(count);
        servers.into_iter().filter_map(|server| self.numbered(Some(server))).collect()
    }

    fn numbered(&self, server: Option<u32>) -> Option<u32> {
        self.numbers.get(server? as usize).copied()
    }

    /// The first keys whose answer is not the ring's, with the observed answer and the ring's.
    pub fn differences(&self, ring: &Ring, most: usize) -> Vec<(Vec<u8>, Vec<u32>, Vec<u32>)> {
        let texts = self.keys.iter().map(|(key, theirs)| (key.clone(), theirs, self.answer(ring, key)));
        let integers = self.integers.iter().map(|(key, theirs)| {
            let ours = ring.lookup_integer(*key).ok().and_then(|server| self.numbered(server));
            (key.to_string().into_bytes(), theirs, ours.into_iter().collect())
        });
        let all = texts.chain(integers).filter(|(_, theirs, ours)| *theirs != ours);
        all.take(most).map(|(key, theirs, ours)| (key, theirs.clone(), ours)).collect()
    }
}

/// The ring of a candidate over the servers of a list, if it can be built and gives answers of the observed kind.
pub(crate) fn ring(list: &ServerList, candidate: &Candidate) -> Result<Ring, Error> {
    let mut options = candidate.options.clone();
    if !options.is_set(LIMIT) {
        options.set(LIMIT, Value::Int(POINTS))?;
    }
    Ring::build(list.under(candidate.dialect, options))
}

/// The best candidates, best first; `build` gives their rings. Of one dialect's candidates with the same ring only the
/// first is left.
///
/// Some keys decide which candidates are tried on all: those that agree best on them, and the next few.
pub(crate) fn rank(
    observed: &Observed,
    candidates: &[Candidate],
    build: &mut dyn FnMut(&Candidate) -> Option<Ring>,
) -> Vec<Ranked> {
    let step = observed.len().div_ceil(FIRST).max(1);
    let mut first: Vec<(usize, &Candidate)> = Vec::new();
    for candidate in candidates {
        if let Some(ring) = build(candidate)
            && (observed.replicas.is_none() || ring.has_order())
        {
            first.push((observed.matches(&ring, step), candidate));
        }
    }
    first.sort_by_key(|(matches, _)| std::cmp::Reverse(*matches));
    let best = first.first().map_or(0, |(matches, _)| *matches);
    let mut ranked: Vec<Ranked> = Vec::new();
    for (index, (matches, candidate)) in first.into_iter().enumerate() {
        if index >= KEPT && matches < best {
            break;
        }
        let Some(ring) = build(candidate) else { continue };
        let fingerprint = ring.fingerprint();
        let is_same = |other: &Ranked| {
            other.candidate.dialect.name == candidate.dialect.name && other.fingerprint == fingerprint
        };
        if !ranked.iter().any(is_same) {
            let matches = observed.matches(&ring, 1);
            ranked.push(Ranked { candidate: candidate.clone(), ring, matches, fingerprint });
        }
    }
    ranked.sort_by_key(|ranked| std::cmp::Reverse(ranked.matches));
    ranked
}
