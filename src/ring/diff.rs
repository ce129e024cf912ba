//! Two rings compared: which keys have another server in the second one, exactly from the rules or counted key by key.

use super::{Arcs, NO_SERVER, Ring};
use crate::point::Place;
use crate::rule::{Engine, Map, Rule};
use crate::server::Server;
use std::collections::HashMap;

/// What moves from one ring to another. Servers are told apart by their names, byte for byte.
///
/// All figures are shares, 0 to 1: of the key space after [`Moves::exact`], of the keys that [`Moves::count`] was given
/// after [`Moves::between`]. Servers are named by their index in [`Moves::names`]; None stands for keys that no server
/// answers for.
#[derive(Clone, Debug)]
pub struct Moves {
    names: Vec<Vec<u8>>,
    unchanged: Vec<bool>,
    old: Vec<u32>,
    new: Vec<u32>,
    cells: Cells,
}

/// The part of the keys that leaves one server for another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// Where the keys were; None: nowhere.
    pub from: Option<usize>,
    /// Where they are then; None: nowhere.
    pub to: Option<usize>,
    /// How many, 0 to 1.
    pub share: f64,
}

/// The shares of one server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// What it had.
    pub before: f64,
    /// What it has then.
    pub after: f64,
    /// What came from others.
    pub won: f64,
    /// What went to others.
    pub lost: f64,
}

impl Moves {
    /// Nothing counted yet.
    pub fn between(old: &Ring, new: &Ring) -> Self {
        let (mut names, mut numbers) = (Vec::new(), HashMap::new());
        let before = number(old, &mut names, &mut numbers);
        let after = number(new, &mut names, &mut numbers);
        let (first, second) = (lines(old, &before, names.len()), lines(new, &after, names.len()));
        let unchanged = first.iter().zip(&second).map(|(first, second)| first == second).collect();
        Self { cells: Cells::new(names.len() + 1), names, unchanged, old: before, new: after }
    }

    /// What moves, from the rules of both rings alone: the arcs of two circles laid over each other, two tables slot by
    /// slot, two rings of jump consistent hash, and one server or none against anything.
    ///
    /// Exact on the premise that the hash spreads keys evenly over its values. None where that is not enough: the two
    /// hash keys differently, a server that is down makes one of them hash again, scores decide, or the least common
    /// multiple of two tables' sizes is beyond 2^26.
    pub fn exact(old: &Ring, new: &Ring) -> Option<Self> {
        let mut moves = Self::between(old, new);
        match (&old.rule, &new.rule) {
            (Rule::Only(_) | Rule::Nowhere, _) | (_, Rule::Only(_) | Rule::Nowhere) => moves.alone(old, new),
            (Rule::Narrow(first), Rule::Narrow(second)) => moves.engines((first, old), (second, new)),
            (Rule::Wide(first), Rule::Wide(second)) => moves.engines((first, old), (second, new)),
            (Rule::Widest(first), Rule::Widest(second)) => moves.engines((first, old), (second, new)),
            _ => None,
        }?;
        Some(moves)
    }

    /// Counts keys by the answers of both rings, in the form of [`Ring::lookup_many`].
    pub fn count(&mut self, old: &[u32], new: &[u32]) {
        for (&from, &to) in old.iter().zip(new) {
            self.add((from != NO_SERVER).then_some(from), (to != NO_SERVER).then_some(to), 1.0);
        }
    }

    /// The names of all servers of both lists, each once: in the order of the old list, then those that only the new
    /// one has.
    pub fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Whether both lists say the same of the server with this name.
    pub fn is_unchanged(&self, server: usize) -> bool {
        self.unchanged.get(server).copied().unwrap_or(false)
    }

    /// How many keys have another server.
    pub fn moved(&self) -> f64 {
        self.sum(|_, _| true)
    }

    /// How many keys any ring would have to move to get from the old shares to the new ones.
    pub fn least(&self) -> f64 {
        let changes = self.changes();
        let named: f64 = changes.iter().map(|change| (change.before - change.after).abs()).sum();
        let sum = |pick: fn(&Change) -> f64| changes.iter().map(pick).sum::<f64>();
        // What servers have less altogether has no server then.
        let nowhere = sum(|change| change.before) - sum(|change| change.after);
        (named + nowhere.abs()) / 2.0
    }

    /// How many keys moved between servers of which both lists say the same: nothing in the lists asked for it.
    pub fn between_unchanged(&self) -> f64 {
        let unchanged = |server: Option<usize>| server.is_some_and(|server| self.is_unchanged(server));
        self.sum(|from, to| unchanged(from) && unchanged(to))
    }

    /// The shares of each server of [`Moves::names`].
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = vec![Change::default(); self.names.len()];
        self.cells.each(|from, to, share| {
            if let Some(from) = from {
                changes[from].before += share;
                changes[from].lost += if Some(from) == to { 0.0 } else { share };
            }
            if let Some(to) = to {
                changes[to].after += share;
                changes[to].won += if Some(to) == from { 0.0 } else { share };
            }
        });
        changes
    }

    /// Everything that moves, the greatest part first; equal ones in the order of [`Moves::names`].
    pub fn flows(&self) -> Vec<Flow> {
        let mut flows = Vec::new();
        self.cells.each(|from, to, share| {
            if from != to {
                flows.push(Flow { from, to, share });
            }
        });
        flows.sort_by(|one, other| {
            let order = |flow: &Flow| (flow.from.unwrap_or(usize::MAX), flow.to.unwrap_or(usize::MAX));
            other.share.total_cmp(&one.share).then(order(one).cmp(&order(other)))
        });
        flows
    }

    fn sum(&self, counts: impl Fn(Option<usize>, Option<usize>) -> bool) -> f64 {
        let mut sum = 0.0;
        self.cells.each(|from, to, share| {
            if from != to && counts(from, to) {
                sum += share;
            }
        });
        sum
    }

    /// Counts `weight` keys that were with the old ring's `from` and are with the new ring's `to`.
    #[inline]
    fn add(&mut self, from: Option<u32>, to: Option<u32>, weight: f64) {
        let nowhere = self.names.len() as u32;
        let number = |numbers: &[u32], server: Option<u32>| {
            server.and_then(|server| numbers.get(server as usize).copied()).unwrap_or(nowhere)
        };
        self.cells.add(number(&self.old, from), number(&self.new, to), weight);
    }

    /// One side has a single answer: the other side's shares tell everything.
    fn alone(&mut self, old: &Ring, new: &Ring) -> Option<()> {
        let (first, second) = (answers(old), answers(new));
        for &(from, before) in &first {
            for &(to, after) in &second {
                self.add(from, to, before * after);
            }
        }
        Some(())
    }

    fn engines<T: Place>(&mut self, old: (&Engine<T>, &Ring), new: (&Engine<T>, &Ring)) -> Option<()> {
        let ((first, old), (second, new)) = (old, new);
        if first.key.hash.name != second.key.hash.name || first.key.part != second.key.part {
            return None;
        }
        if let (Some(old), Some(new)) = (old.arcs(), new.arcs()) {
            self.circles(&old, &new);
            return Some(());
        }
        if !old.down.is_empty() || !new.down.is_empty() {
            return None;
        }
        match (&first.map, &second.map) {
            (Map::Slots(old) | Map::Buckets(old, _), Map::Slots(new) | Map::Buckets(new, _)) => {
                self.tables(old, new, first.last_place().widen())
            }
            (Map::Jump(old), Map::Jump(new)) => self.jumps(old, new),
            _ => None,
        }
    }

    /// Both circles, walked at once from end of arc to end of arc.
    fn circles(&mut self, old: &Arcs, new: &Arcs) {
        let end = |arcs: &Arcs, index: usize| arcs.arcs.get(index + 1).map_or(arcs.last, |arc| arc.start - 1);
        let (mut start, mut first, mut second) = (0, 0, 0);
        while let (Some(from), Some(to)) = (old.arcs.get(first), new.arcs.get(second)) {
            let (first_end, second_end) = (end(old, first), end(new, second));
            let last = first_end.min(second_end);
            self.add(from.server, to.server, (last - start) as f64 + 1.0);
            first += usize::from(first_end == last);
            second += usize::from(second_end == last);
            start = last.wrapping_add(1);
        }
    }

    /// Both tables, remainder by remainder of the least common multiple of their sizes; `last` is the last place.
    fn tables(&mut self, old: &[u32], new: &[u32], last: u128) -> Option<()> {
        /// How many remainders are gone through at most: more take longer than counting keys.
        const MOST: u128 = 1 << 26;
        let (mut gcd, mut rest) = (old.len(), new.len());
        while rest > 0 {
            (gcd, rest) = (rest, gcd % rest);
        }
        let period = old.len() as u128 / (gcd as u128).max(1) * new.len() as u128;
        if period == 0 || period > MOST {
            return None;
        }
        // Remainders up to that of the last place occur once more than the others.
        let (whole, rest) = ((last / period) as f64, last % period);
        let pairs = old.iter().cycle().zip(new.iter().cycle());
        for (remainder, (&from, &to)) in (0..period).zip(pairs) {
            self.add(Some(from), Some(to), whole + f64::from(u8::from(remainder <= rest)));
        }
        Some(())
    }

    /// Jump consistent hash: of two numbers of buckets the greater takes its new ones' keys evenly from all others.
    fn jumps(&mut self, old: &[u32], new: &[u32]) -> Option<()> {
        let (less, more) = (old.len().min(new.len()), old.len().max(new.len()));
        for bucket in 0..less {
            self.add(Some(old[bucket]), Some(new[bucket]), less as f64);
        }
        for bucket in 0..less {
            for other in less..more {
                let from = if old.len() == less { bucket } else { other };
                let to = if new.len() == less { bucket } else { other };
                self.add(Some(old[from]), Some(new[to]), 1.0);
            }
        }
        (less > 0).then_some(())
    }
}

/// The numbers of a ring's servers, one for each name; new names are appended.
fn number<'a>(ring: &'a Ring, names: &mut Vec<Vec<u8>>, numbers: &mut HashMap<&'a [u8], u32>) -> Vec<u32> {
    let mut number = |server: &'a Server| {
        *numbers.entry(&server.name).or_insert_with(|| {
            names.push(server.name.to_vec());
            names.len() as u32 - 1
        })
    };
    ring.servers().iter().map(&mut number).collect()
}

/// What a list says of each name, wherever that stands.
fn lines(ring: &Ring, numbers: &[u32], names: usize) -> Vec<Vec<Server>> {
    let mut lines = vec![Vec::new(); names];
    for (server, &number) in ring.servers().iter().zip(numbers) {
        lines[number as usize].push(Server { line: 0, ..server.clone() });
    }
    lines
}

/// All answers of a ring with their shares.
fn answers(ring: &Ring) -> Vec<(Option<u32>, f64)> {
    let shares = ring.shares();
    let nowhere = (1.0 - shares.iter().sum::<f64>()).max(0.0);
    let named = (0..).zip(shares).map(|(server, share)| (Some(server), share));
    // Every answer of one side is laid over every one of the other.
    named.chain([(None, nowhere)]).filter(|(_, share)| *share > 0.0).collect()
}

/// Sums for pairs of servers; the last number stands for no server.
#[derive(Clone, Debug)]
struct Cells {
    width: usize,
    total: f64,
    dense: Vec<f64>,
    sparse: HashMap<(u32, u32), f64>,
}

impl Cells {
    /// Up to this width a square is kept, of at most 8 MiB; beyond, few of its cells would be used.
    const DENSE: usize = 1024;

    fn new(width: usize) -> Self {
        let cells = if width <= Self::DENSE { width * width } else { 0 };
        Self { width, total: 0.0, dense: vec![0.0; cells], sparse: HashMap::new() }
    }

    #[inline]
    fn add(&mut self, from: u32, to: u32, weight: f64) {
        self.total += weight;
        match self.dense.get_mut(from as usize * self.width + to as usize) {
            Some(cell) => *cell += weight,
            None => *self.sparse.entry((from, to)).or_default() += weight,
        }
    }

    /// Calls `visit` with every pair that has a share.
    fn each(&self, mut visit: impl FnMut(Option<usize>, Option<usize>, f64)) {
        let server = |number: usize| (number + 1 < self.width).then_some(number);
        let dense =
            self.dense.iter().zip(0..).map(|(sum, cell)| (cell / self.width, cell % self.width, *sum));
        let sparse = self.sparse.iter().map(|(&(from, to), sum)| (from as usize, to as usize, *sum));
        for (from, to, sum) in dense.chain(sparse).filter(|(.., sum)| *sum > 0.0) {
            visit(server(from), server(to), sum / self.total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::hash::Hash;
    use crate::key::Key;
    use crate::point::Point;
    use crate::rule::Next;
    use crate::search::{Points, Search};
    use crate::server_list::ServerList;
    use std::sync::Arc;

    /// The key's first two bytes as a 16-bit number: few enough places to ask for all of them.
    static SHORT: Hash<u32> = Hash {
        name: "short",
        range: 1 << 16,
        one: |key| u32::from(u16::from_le_bytes([key[0], key[1]])),
        kernel: false,
        many: |_, keys, out| {
            out.iter_mut().zip(keys).for_each(|(out, key)| *out = (SHORT.one)(key));
        },
    };

    fn ring(names: &[&str], rule: impl Into<Rule>, down: &[bool]) -> Ring {
        let servers = names.iter().map(|name| Server::new(*name, 1)).collect();
        let list = ServerList::new(Dialect::named("libketama").unwrap(), servers);
        Ring { down: Arc::from(down), ..Ring::of(list, rule.into()) }
    }

    fn engine(map: Map<u32>, next: Next<u32>) -> Engine<u32> {
        Engine { key: Key::whole(&SHORT), map, next }
    }

    fn circle(points: &[(u32, u32)], search: Search) -> Engine<u32> {
        let points = points.iter().map(|&(value, server)| Point::new(value, server)).collect();
        engine(Map::Points(Arc::new(Points::new(points).unwrap()), search), Next::Points { tries: Some(1) })
    }

    fn table(slots: &[u32]) -> Engine<u32> {
        engine(Map::Slots(slots.into()), Next::Ignore)
    }

    /// All places there are, counted one by one.
    fn counted(old: &Ring, new: &Ring) -> Moves {
        let keys: Vec<[u8; 2]> = (0..=u16::MAX).map(u16::to_le_bytes).collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        let answers = |ring: &Ring| {
            let mut answers = vec![NO_SERVER; keys.len()];
            ring.lookup_many(&keys, &mut answers);
            answers
        };
        let mut moves = Moves::between(old, new);
        moves.count(&answers(old), &answers(new));
        moves
    }

    fn assert_exact_is_counted(old: &Ring, new: &Ring) {
        let (exact, counted) = (Moves::exact(old, new).unwrap(), counted(old, new));
        assert_eq!(exact.flows(), counted.flows());
        assert_eq!(exact.changes(), counted.changes());
        assert!((exact.least() - counted.least()).abs() < 1e-12);
        assert!(exact.moved() + 1e-12 >= exact.least());
    }

    const FIRST: [(u32, u32); 5] = [(0, 0), (70, 1), (70, 2), (30_000, 0), (65_535, 1)];
    const SECOND: [(u32, u32); 6] = [(1, 3), (69, 1), (70, 0), (30_001, 2), (40_000, 3), (70_000, 0)];

    #[test]
    fn circles_laid_over_each_other_are_all_places_counted() {
        let searches =
            [Search::AtOrAbove, Search::AtOrAboveNoWrap, Search::Above, Search::AtOrBelow, Search::Nearest];
        for search in searches {
            for down in [&[][..], &[false, true, false, false]] {
                let old = ring(&["a", "b", "c", "d"], circle(&FIRST, search), down);
                let new = ring(&["d", "a", "x", "b"], circle(&SECOND, Search::AtOrAbove), &[]);
                assert_exact_is_counted(&old, &new);
                assert_exact_is_counted(&new, &old);
            }
        }
    }

    #[test]
    fn tables_laid_over_each_other_are_all_places_counted() {
        let names = ["a", "b", "c"];
        for slots in [&[0, 1, 2][..], &[0, 0, 1], &[2, 1, 0, 1, 2, 1, 0], &[1], &[0, 1, 2, 0, 1, 2]] {
            for other in [&[0, 1][..], &[2, 2, 1, 0, 1], &[0; 11], &[0, 1, 2]] {
                assert_exact_is_counted(
                    &ring(&names, table(slots), &[]),
                    &ring(&["c", "a", "z"], table(other), &[]),
                );
            }
        }
    }

    #[test]
    fn tables_whose_period_is_longer_than_the_key_space_are_all_places_counted() {
        let slots = |len: u32| table(&(0..len).map(|slot| slot * slot % 7 % 3).collect::<Vec<_>>());
        let (old, new) = (ring(&["a", "b", "c"], slots(397), &[]), ring(&["a", "b", "c"], slots(401), &[]));
        assert_exact_is_counted(&old, &new);
    }

    #[test]
    fn one_server_against_many_takes_their_shares() {
        let many = ring(&["a", "b", "c", "d"], circle(&FIRST, Search::AtOrAbove), &[]);
        assert_exact_is_counted(&many, &ring(&["b"], Rule::Only(0), &[]));
        assert_exact_is_counted(&ring(&[], Rule::Nowhere, &[]), &many);
        let nowhere =
            Moves::exact(&ring(&["a"], Rule::Only(0), &[]), &ring(&[], Rule::Nowhere, &[])).unwrap();
        assert_eq!(nowhere.flows(), [Flow { from: Some(0), to: None, share: 1.0 }]);
        assert_eq!((nowhere.moved(), nowhere.least()), (1.0, 1.0));
        let none = ring(&[], Rule::Nowhere, &[]);
        assert_eq!(Moves::exact(&none, &none).unwrap().least(), 0.0);
    }

    #[test]
    fn jump_moves_the_keys_of_the_new_buckets_alone() {
        let jump = |count: u32| engine(Map::Jump((0..count).collect()), Next::Ignore);
        let (three, four) = (ring(&["a", "b", "c"], jump(3), &[]), ring(&["a", "b", "c", "d"], jump(4), &[]));
        let moves = Moves::exact(&three, &four).unwrap();
        assert!((moves.moved() - 0.25).abs() < 1e-12 && (moves.least() - 0.25).abs() < 1e-12);
        assert_eq!(moves.flows().iter().map(|flow| flow.to).collect::<Vec<_>>(), [Some(3); 3]);
        assert_eq!(Moves::exact(&four, &three).unwrap().flows().len(), 3);
        let none = ring(&[], jump(0), &[]);
        assert!(Moves::exact(&none, &none).is_none() && Moves::exact(&none, &three).is_none());
    }

    #[test]
    fn of_every_width_of_places_moves_are_known() {
        for dialect in ["libketama", "cassandra", "uhashring"] {
            let servers = ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"].map(|name| Server::new(name, 1));
            let mut list = ServerList::new(Dialect::named(dialect).unwrap(), servers.to_vec());
            for (server, token) in list.servers.iter_mut().zip([-9_000_000_000, 5, 7_000_000_000]) {
                server.fields.tokens = (dialect == "cassandra").then(|| vec![token]);
            }
            let ring = Ring::build(list).unwrap();
            let moves = Moves::exact(&ring, &ring.without(b"10.0.0.2:1").unwrap()).unwrap();
            assert!((moves.moved() - ring.shares()[1]).abs() < 1e-9, "{dialect}");
        }
    }

    #[test]
    fn rules_that_place_keys_differently_do_not_tell() {
        let old = ring(&["a", "b"], circle(&FIRST[..2], Search::AtOrAbove), &[]);
        let part = Key::part(&SHORT, "part", |key| crate::key::Prepared::Bytes(key.into()));
        let other = Engine { key: part, ..circle(&FIRST[..2], Search::AtOrAbove) };
        assert!(Moves::exact(&old, &ring(&["a", "b"], other, &[])).is_none());
        assert!(Moves::exact(&old, &ring(&["a", "b"], table(&[0, 1]), &[])).is_none());
        let (slots, down) =
            (ring(&["a", "b"], table(&[0, 1]), &[]), ring(&["a", "b"], table(&[0, 1]), &[true, false]));
        assert!(Moves::exact(&slots, &slots).is_some());
        assert!(Moves::exact(&slots, &down).is_none() && Moves::exact(&down, &slots).is_none());
        // Two primes whose product is a little more than 2^26: too many remainders.
        let primes = [8191, 8209].map(|length| ring(&["a"], table(&vec![0; length]), &[]));
        assert!(Moves::exact(&primes[0], &primes[1]).is_none());
    }

    #[test]
    fn what_a_server_loses_and_wins_is_told_apart_from_what_it_has() {
        let old = ring(&["a", "b", "c"], table(&[0, 1, 2, 2]), &[]);
        let moves = Moves::exact(&old, &ring(&["a", "b", "d"], table(&[0, 1, 1, 2]), &[])).unwrap();
        let change = |before, after, lost, won| Change { before, after, lost, won };
        let expected = [
            change(0.25, 0.25, 0.0, 0.0),
            change(0.25, 0.5, 0.0, 0.25),
            change(0.5, 0.0, 0.5, 0.0),
            change(0.0, 0.25, 0.0, 0.25),
        ];
        assert_eq!(moves.changes(), expected);
        assert_eq!((moves.moved(), moves.least(), moves.between_unchanged()), (0.5, 0.5, 0.0));
        let moves = Moves::exact(&old, &ring(&["a", "b", "c"], table(&[1, 0, 2, 2]), &[])).unwrap();
        assert_eq!((moves.moved(), moves.least(), moves.between_unchanged()), (0.5, 0.0, 0.5));
    }

    #[test]
    fn servers_of_which_both_lists_say_the_same_are_unchanged() {
        let list = |servers: &[(&str, i64)]| {
            let server = |(line, &(name, weight))| Server { line, ..Server::new(name, weight) };
            let servers = (1..).zip(servers).map(server).collect();
            Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers)).unwrap()
        };
        let old = list(&[("a", 1), ("b", 2), ("c", 3)]);
        let moves = Moves::between(&old, &list(&[("c", 3), ("b", 4), ("d", 1)]));
        assert_eq!(moves.names(), [b"a", b"b", b"c", b"d"]);
        assert_eq!(
            (0..4).map(|server| moves.is_unchanged(server)).collect::<Vec<_>>(),
            [false, false, true, false]
        );
        assert_eq!(moves.moved(), 0.0, "nothing was counted");
        assert_eq!(moves.least(), 0.0);
        let among = Moves::exact(&old, &list(&[("b", 2), ("c", 3), ("a", 1)])).unwrap();
        assert_eq!(among.moved(), among.between_unchanged());
    }

    #[test]
    fn more_servers_than_the_square_holds_are_counted_alike() {
        let slots: Vec<u32> = (0..1500).collect();
        let names: Vec<String> = slots.iter().map(u32::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (old, new) = (ring(&names, table(&slots), &[]), ring(&names, table(&slots[..1000]), &[]));
        assert_exact_is_counted(&old, &new);
        assert!(Moves::exact(&old, &new).unwrap().moved() > 0.5);
    }
}
