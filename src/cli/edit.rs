//! Changes of a list that is not written yet, and the order in which to make them.

use super::keys::made_up_keys;
use super::table;
use crate::dialect::refused;
use crate::error::{Error, ErrorKind};
use crate::ring::diff::Moves;
use crate::ring::{NO_SERVER, Ring, steps};
use crate::server::{Server, Weight};
use crate::server_list::ServerList;
use std::cell::OnceCell;
use std::collections::HashMap;

/// How many made-up keys a step is counted with where the rules alone do not tell what moves.
const KEYS: u32 = 20_000;

/// One change of a list.
pub(super) enum Edit {
    /// Every server with this name goes.
    Remove(Vec<u8>),
    /// Every server with this name gets another weight.
    Reweight(Vec<u8>, Weight),
    /// A server comes to the end of the list; without a weight, with the one that all others have.
    Add(Vec<u8>, Option<Weight>),
}

/// Changes in the order in which the fewest keys move.
pub(super) struct Steps {
    /// The number of the change and what it moves.
    pub order: Vec<(usize, f64)>,
    /// Whether all of that was computed from the rules.
    pub exact: bool,
}

impl Edit {
    /// Of `NAME=WEIGHT`.
    pub fn reweight(written: &[u8]) -> Result<Self, Error> {
        match split(written)? {
            (name, Some(weight)) => Ok(Self::Reweight(name, weight)),
            (name, None) => {
                let message = format!("--weight takes NAME=WEIGHT, not `{}`", table::text(&name));
                Err(Error::new(ErrorKind::Server, message))
            }
        }
    }

    /// Of `NAME` or `NAME=WEIGHT`.
    pub fn add(written: &[u8]) -> Result<Self, Error> {
        split(written).map(|(name, weight)| Self::Add(name, weight))
    }

    /// The change in words.
    pub fn words(&self) -> String {
        match self {
            Self::Remove(name) => format!("remove {}", table::text(name)),
            Self::Reweight(name, weight) => format!("weight {}={weight}", table::text(name)),
            Self::Add(name, None) => format!("add {}", table::text(name)),
            Self::Add(name, Some(weight)) => format!("add {}={weight}", table::text(name)),
        }
    }

    fn apply(&self, servers: &mut Vec<Server>, common: Option<Weight>) -> Result<(), Error> {
        match self {
            Self::Remove(name) | Self::Reweight(name, _)
                if !servers.iter().any(|one| one.name == name[..]) =>
            {
                return Err(refused(&Server::new(&name[..], 1), "no such server in the list"));
            }
            Self::Remove(name) => servers.retain(|server| server.name != name[..]),
            Self::Reweight(name, weight) => {
                let named = servers.iter_mut().filter(|server| server.name == name[..]);
                named.for_each(|server| server.weight = *weight);
            }
            Self::Add(name, weight) => {
                let server = Server::new(&name[..], 1);
                let Some(weight) = weight.or(common) else {
                    let message = "the servers of the list have different weights: write NAME=WEIGHT";
                    return Err(refused(&server, message));
                };
                servers.push(Server { weight, ..server });
            }
        }
        Ok(())
    }
}

/// A name, and the weight behind the last `=` if there is one.
fn split(written: &[u8]) -> Result<(Vec<u8>, Option<Weight>), Error> {
    let Some(at) = written.iter().rposition(|&byte| byte == b'=') else {
        return Ok((written.to_vec(), None));
    };
    let weight = table::text(&written[at + 1..]);
    let integer = weight.parse().ok().map(Weight::Integer);
    let fraction = || weight.parse().ok().filter(|weight: &f64| weight.is_finite()).map(Weight::Fraction);
    match integer.or_else(fraction) {
        Some(weight) => Ok((written[..at].to_vec(), Some(weight))),
        None => Err(Error::new(ErrorKind::Server, format!("a weight is a finite number, not `{weight}`"))),
    }
}

/// The list with changes made.
pub(super) fn edited<'a>(
    list: &ServerList,
    edits: impl IntoIterator<Item = &'a Edit>,
) -> Result<ServerList, Error> {
    let common = common_weight(&list.servers);
    let mut list = list.clone();
    for edit in edits {
        edit.apply(&mut list.servers, common)?;
    }
    Ok(list)
}

/// The weight that all servers have; 1 if there are none.
fn common_weight(servers: &[Server]) -> Option<Weight> {
    let weight = servers.first().map_or_else(Weight::default, |server| server.weight);
    servers.iter().all(|server| server.weight == weight).then_some(weight)
}

impl Steps {
    /// The best order of at most 64 changes.
    pub fn of(list: &ServerList, edits: &[Edit]) -> Self {
        let mut states =
            States { list, edits, keys: made_up_keys(0..KEYS), states: HashMap::new(), exact: true };
        let order = steps::order(edits.len(), &mut |made, change| states.moved(made, made | (1 << change)));
        Self { order, exact: states.exact }
    }
}

/// The rings of the list with some of the changes made, each built once.
struct States<'a> {
    list: &'a ServerList,
    edits: &'a [Edit],
    keys: Vec<String>,
    states: HashMap<u64, Option<State>>,
    exact: bool,
}

struct State {
    ring: Ring,
    /// To the keys, where they have to be counted.
    answers: OnceCell<Vec<u32>>,
}

impl States<'_> {
    /// What moves from one state to another; infinity where one cannot be.
    fn moved(&mut self, from: u64, to: u64) -> f64 {
        self.build(from);
        self.build(to);
        let (Some(Some(old)), Some(Some(new))) = (self.states.get(&from), self.states.get(&to)) else {
            return f64::INFINITY;
        };
        if let Some(moves) = Moves::exact(&old.ring, &new.ring) {
            return moves.moved();
        }
        self.exact = false;
        let mut moves = Moves::between(&old.ring, &new.ring);
        moves.count(old.answers(&self.keys), new.answers(&self.keys));
        moves.moved()
    }

    fn build(&mut self, made: u64) {
        self.states.entry(made).or_insert_with(|| {
            let edits = (0..).zip(self.edits).filter(|(number, _)| made & (1_u64 << number) != 0);
            let list = edited(self.list, edits.map(|(_, edit)| edit)).ok()?;
            Some(State { ring: Ring::build(list).ok()?, answers: OnceCell::new() })
        });
    }
}

impl State {
    fn answers(&self, keys: &[String]) -> &[u32] {
        self.answers.get_or_init(|| {
            let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
            let mut answers = vec![NO_SERVER; keys.len()];
            self.ring.lookup_many(&keys, &mut answers);
            answers
        })
    }
}
