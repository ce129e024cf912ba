//! The circle cut into arcs: which places belong to which server, exactly; shares and the fingerprint follow from it.

use super::Ring;
use crate::point::Place;
use crate::rule::{Engine, Map, Next, Rule};
use crate::search::{Points, Search};
use std::collections::HashMap;
use std::hash::Hasher;
use twox_hash::XxHash3_64 as Xxh3;

/// An arc: the places from `start` up to the start of the next arc, or to the end of the circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc {
    /// The first place.
    pub start: u128,
    /// The server that answers; None where none does.
    pub server: Option<u32>,
}

/// All places that keys can have, cut into arcs: the first starts at 0, neighbours belong to different servers.
#[derive(Clone, Debug, PartialEq)]
pub struct Arcs {
    /// The arcs in ascending order.
    pub arcs: Vec<Arc>,
    /// The last place that a key can have.
    pub last: u128,
}

impl Arcs {
    /// Each arc with its share of all places, 0 to 1.
    pub fn shares(&self) -> impl Iterator<Item = (Option<u32>, f64)> + '_ {
        let ends = self.arcs.iter().skip(1).map(|arc| arc.start - 1).chain([self.last]);
        let places = self.last as f64 + 1.0;
        self.arcs
            .iter()
            .zip(ends)
            .map(move |(arc, end)| (arc.server, ((end - arc.start) as f64 + 1.0) / places))
    }
}

impl Ring {
    /// The circle cut into arcs; None where places are not searched for on a circle (modulo, tables, jump, scores) or
    /// where the answer for a server that is down depends on the key itself.
    pub fn arcs(&self) -> Option<Arcs> {
        match &self.rule {
            Rule::Narrow(engine) => engine.arcs(&self.down),
            Rule::Wide(engine) => engine.arcs(&self.down),
            Rule::Widest(engine) => engine.arcs(&self.down),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => None,
        }
    }

    /// The share of the key space that each server answers for, in list order, 0 to 1: exact from the arcs of the
    /// circle or the slots of the table, on the premise that the dialect's hash spreads keys evenly over its values.
    ///
    /// What nobody answers for is missing from the sum. Where a rule hashes the key again while the server is down
    /// (spymemcached, dalli, nginx without `consistent` ...), its tries count as independent of each other. Where scores
    /// decide (rendezvous) and with jump, servers count alike for each of their candidates.
    pub fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0.0; self.servers().len()];
        let mut add = |server: Option<u32>, share: f64| {
            if let Some(sum) = server.and_then(|server| shares.get_mut(server as usize)) {
                *sum += share;
            }
        };
        match &self.rule {
            Rule::Narrow(engine) => {
                engine.first_shares(&self.down).for_each(|(server, share)| add(server, share))
            }
            Rule::Wide(engine) => {
                engine.first_shares(&self.down).for_each(|(server, share)| add(server, share))
            }
            Rule::Widest(engine) => {
                engine.first_shares(&self.down).for_each(|(server, share)| add(server, share))
            }
            Rule::Only(server) => add(Some(*server), 1.0),
            Rule::Nowhere => {}
            Rule::Scores(scores) => {
                let each = 1.0 / scores.candidates.len() as f64;
                scores.candidates.iter().for_each(|candidate| add(Some(candidate.server), each));
            }
        }
        self.spread_dead_shares(&mut shares);
        shares
    }

    /// Hands the shares of dead servers on to the living where a rule hashes again: try `t` is reached with probability
    /// `dead^t` and meets each living server with its own share.
    fn spread_dead_shares(&self, shares: &mut [f64]) {
        let Some(tries) = self.rule.tries().filter(|_| !self.down.is_empty()) else { return };
        let dead: f64 =
            shares.iter().zip(self.down.iter()).filter(|(_, down)| **down).map(|(share, _)| share).sum();
        let factor: f64 = (0..tries).map(|number| dead.powi(number as i32)).sum();
        for (share, down) in shares.iter_mut().zip(self.down.iter()) {
            *share = if *down { 0.0 } else { *share * factor };
        }
    }

    /// A number that two rings share exactly when every key has the same server, by name, in both: whatever list,
    /// options, order of servers or even dialect they came from, on whatever machine. (Two rings that differ share it
    /// with a probability of 2^-64.)
    pub fn fingerprint(&self) -> u64 {
        let mut text = Xxh3::new();
        match &self.rule {
            Rule::Narrow(engine) => engine.write_to(&mut text, self),
            Rule::Wide(engine) => engine.write_to(&mut text, self),
            Rule::Widest(engine) => engine.write_to(&mut text, self),
            Rule::Only(server) => write_only(&mut text, self.name_digest(Some(*server))),
            Rule::Nowhere => text.write(b"nowhere"),
            Rule::Scores(scores) => {
                text.write(b"scores ");
                text.write(scores.name.as_bytes());
                for candidate in scores.candidates.iter() {
                    text.write(&Xxh3::oneshot(&candidate.text).to_le_bytes());
                    text.write(&self.name_digest(Some(candidate.server)).to_le_bytes());
                }
            }
        }
        text.finish()
    }

    /// Stands for a server's name; 0 for no server.
    fn name_digest(&self, server: Option<u32>) -> u64 {
        let server = server.and_then(|server| self.servers().get(server as usize));
        server.map_or(0, |server| Xxh3::oneshot(&server.name))
    }

    /// Servers that are down and passed over by a rule that no arc shows.
    fn write_down(&self, text: &mut Xxh3) {
        if self.rule.tries().is_some() && !self.down.is_empty() {
            text.write(self.dialect().name.as_bytes());
            let mut names: Vec<u64> = (0..)
                .zip(self.down.iter())
                .filter(|(_, down)| **down)
                .map(|(server, _)| self.name_digest(Some(server)))
                .collect();
            names.sort_unstable();
            names.iter().for_each(|name| text.write(&name.to_le_bytes()));
        }
    }
}

fn write_only(text: &mut Xxh3, name: u64) {
    text.write(b"only ");
    text.write(&name.to_le_bytes());
}

impl Rule {
    /// The number of tries of a rule that hashes again.
    fn tries(&self) -> Option<u32> {
        match self {
            Self::Narrow(Engine { next: Next::Rehash(rehash), .. }) => Some(rehash.tries),
            Self::Wide(Engine { next: Next::Rehash(rehash), .. }) => Some(rehash.tries),
            Self::Widest(Engine { next: Next::Rehash(rehash), .. }) => Some(rehash.tries),
            _ => None,
        }
    }
}

impl<T: Place> Engine<T> {
    /// The last place that a key can have.
    pub(super) fn last_place(&self) -> T {
        match self.key.hash.range {
            0 => T::LAST,
            range => T::cut(u128::from(range - 1)),
        }
    }

    fn arcs(&self, down: &[bool]) -> Option<Arcs> {
        let Map::Points(points, search) = &self.map else { return None };
        if matches!(self.next, Next::Rehash(_)) && !down.is_empty() {
            return None;
        }
        let last = self.last_place();
        let mut arcs: Vec<Arc> = Vec::with_capacity(points.len() + 1);
        for start in boundaries(points, *search).into_iter().take_while(|start| *start <= last) {
            let server = self.at(start, down);
            if arcs.last().is_none_or(|arc| arc.server != server) {
                arcs.push(Arc { start: start.widen(), server });
            }
        }
        Some(Arcs { arcs, last: last.widen() })
    }

    /// Shares of the first choices, or of the answers where arcs show them.
    fn first_shares(&self, down: &[bool]) -> Box<dyn Iterator<Item = (Option<u32>, f64)> + '_> {
        let none_down: &[bool] = &[];
        if let Some(arcs) = self.arcs(down).or_else(|| self.arcs(none_down)) {
            return Box::new(arcs.shares().collect::<Vec<_>>().into_iter());
        }
        match &self.map {
            Map::Slots(slots) | Map::Buckets(slots, _) => {
                let places = self.last_place().widen() as f64 + 1.0;
                let (count, rest) =
                    (slots.len() as u128, self.last_place().widen() % slots.len().max(1) as u128);
                let whole = ((self.last_place().widen() - rest) / count.max(1)) as f64;
                let share = move |slot: u128| (whole + f64::from(u8::from(slot <= rest))) / places;
                Box::new((0..).zip(slots.iter()).map(move |(slot, &server)| (Some(server), share(slot))))
            }
            Map::Jump(servers) => {
                let each = 1.0 / servers.len() as f64;
                Box::new(servers.iter().map(move |&server| (Some(server), each)))
            }
            Map::Points(..) => Box::new(std::iter::empty()),
        }
    }

    /// Writes what decides the mapping, in a form that is the same for all rules that map alike.
    fn write_to(&self, text: &mut Xxh3, ring: &Ring) {
        let mut digests = HashMap::new();
        let mut name =
            |server: Option<u32>| *digests.entry(server).or_insert_with(|| ring.name_digest(server));
        let words: Vec<(u128, u64)> = match (&self.map, self.arcs(&ring.down).or_else(|| self.arcs(&[]))) {
            (_, Some(arcs)) => {
                // Servers of the same name count as one: neighbouring arcs may be joined by that.
                let mut words: Vec<_> = arcs.arcs.iter().map(|arc| (arc.start, name(arc.server))).collect();
                words.dedup_by_key(|(_, name)| *name);
                words
            }
            (Map::Slots(slots) | Map::Buckets(slots, _), _) => {
                let names: Vec<u64> = slots.iter().map(|&server| name(Some(server))).collect();
                let period = period(&names);
                (0..).zip(names).take(period).collect()
            }
            (Map::Jump(servers), _) => (0..).zip(servers.iter().map(|&server| name(Some(server)))).collect(),
            (Map::Points(..), None) => Vec::new(),
        };
        if let ([(_, name)], None, true) = (&words[..], &self.key.prepare, ring.down.is_empty()) {
            return write_only(text, *name);
        }
        let kind: &[u8] = match &self.map {
            Map::Points(..) => b"circle ",
            Map::Slots(_) | Map::Buckets(..) => b"slots ",
            Map::Jump(_) => b"jump ",
        };
        text.write(kind);
        text.write(&T::BITS.to_le_bytes());
        for part in [self.key.hash.name, &self.key.part] {
            text.write(&(part.len() as u64).to_le_bytes());
            text.write(part.as_bytes());
        }
        for (place, name) in words {
            text.write(&place.to_le_bytes());
            text.write(&name.to_le_bytes());
        }
        ring.write_down(text);
    }
}

/// Every place at which the answer may change, ascending, 0 first.
fn boundaries<T: Place>(points: &Points<T>, search: Search) -> Vec<T> {
    let (zero, one) = (T::cut(0), T::cut(1));
    let mut starts = vec![zero, one];
    let values = || points.iter().map(|point| point.value);
    if search == Search::Nearest {
        // Between two points the lower half, its middle included, belongs to the one below.
        let above = values().skip(1).chain(values().take(1));
        for (low, high) in values().zip(above) {
            let half = T::cut(high.distance_from(low).widen() / 2);
            starts.extend([high, low.ahead(half).ahead(one)]);
        }
        // One point alone, or points all alike: the distance around the whole circle counts as 0, and no half is wrong.
    } else {
        values().for_each(|value| starts.extend([value, value.ahead(one)]));
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// The shortest length after which the slots repeat: `h mod 4` over a, b, a, b is `h mod 2` over a, b.
fn period(names: &[u64]) -> usize {
    let divides = |length: &usize| names.len().is_multiple_of(*length);
    let repeats =
        |length: &usize| names.iter().zip(names.iter().skip(*length)).all(|(one, other)| one == other);
    (1..names.len()).filter(divides).find(repeats).unwrap_or(names.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::hash::Hash;
    use crate::key::Key;
    use crate::point::Point;
    use crate::server::Server;
    use crate::server_list::ServerList;

    /// The key's first two bytes as a 16-bit number: few enough places to ask for all of them.
    static SHORT: Hash<u32> = Hash {
        name: "short",
        range: 1 << 16,
        one: |key| u32::from(u16::from_le_bytes([key[0], key[1]])),
        many: |_, _, _| {},
        kernel: false,
    };

    fn ring_of(rule: Rule, servers: usize) -> Ring {
        let servers: Vec<Server> = (0..servers).map(|index| Server::new(format!("s{index}"), 1)).collect();
        let list = ServerList::new(Dialect::named("libketama").unwrap(), servers);
        Ring { down: std::sync::Arc::from([]), ..Ring::of(list, rule) }
    }

    fn counted(ring: &Ring) -> Vec<f64> {
        let mut counts = vec![0.0; ring.servers().len()];
        for place in 0..=u16::MAX {
            if let Some(server) = ring.lookup(&place.to_le_bytes()) {
                counts[server as usize] += 1.0 / 65_536.0;
            }
        }
        counts
    }

    fn assert_shares_are_counted_ones(ring: &Ring) {
        for (exact, counted) in ring.shares().iter().zip(counted(ring)) {
            assert!((exact - counted).abs() < 1e-12, "{:?} {:?}", ring.shares(), counted);
        }
    }

    #[test]
    fn shares_of_every_search_rule_are_those_counted_over_all_places() {
        let searches = [
            Search::AtOrAbove,
            Search::AtOrAboveZeroLast,
            Search::AtOrAboveNoWrap,
            Search::Above,
            Search::AtOrBelow,
            Search::Nearest,
        ];
        let lists: [&[(u32, u32)]; 5] = [
            &[(0, 0), (70, 1), (70, 2), (30_000, 0), (65_535, 1)],
            &[(5, 0), (9, 1), (10, 2), (12, 0), (40_000, 2)],
            &[(1, 2), (65_530, 0)],
            &[(1_000, 0), (70_000, 1), (4_000_000_000, 2)],
            &[(77, 1)],
        ];
        for search in searches {
            for list in lists {
                let points: Vec<_> = list.iter().map(|&(value, server)| Point { value, server }).collect();
                let map = Map::Points(std::sync::Arc::new(Points::new(points)), search);
                let engine = Engine { key: Key::whole(&SHORT), map, next: Next::Ignore };
                assert_shares_are_counted_ones(&ring_of(engine.into(), 3));
            }
        }
    }

    #[test]
    fn shares_of_slots_count_the_remainder() {
        for slots in [&[0, 1, 2][..], &[0, 0, 1], &[2, 1, 0, 1, 2, 1, 0], &[1]] {
            let engine =
                Engine { key: Key::whole(&SHORT), map: Map::Slots(slots.into()), next: Next::Ignore };
            assert_shares_are_counted_ones(&ring_of(engine.into(), 3));
        }
    }

    fn libketama(servers: &[(&str, i64)]) -> Ring {
        let servers = servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect();
        Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers)).unwrap()
    }

    #[test]
    fn the_fingerprint_is_that_of_the_mapping() {
        let one = libketama(&[("a:1", 3), ("b:1", 6)]);
        assert_eq!(one.fingerprint(), libketama(&[("b:1", 2), ("a:1", 1)]).fingerprint());
        assert_ne!(one.fingerprint(), libketama(&[("a:1", 3), ("b:1", 7)]).fingerprint());
        assert_ne!(one.fingerprint(), libketama(&[("a:1", 3), ("c:1", 6)]).fingerprint());
        assert_eq!(
            libketama(&[("a:1", 3)]).fingerprint(),
            libketama(&[("a:1", 9), ("a:1", 2)]).fingerprint()
        );
        assert_eq!(libketama(&[]).fingerprint(), libketama(&[]).fingerprint());
    }

    #[test]
    fn repeated_slots_have_the_fingerprint_of_their_period() {
        assert_eq!(period(&[1, 2, 1, 2]), 2);
        assert_eq!(period(&[1, 2, 1]), 3);
        assert_eq!(period(&[5, 5, 5]), 1);
        assert_eq!(period(&[]), 0);
    }
}
