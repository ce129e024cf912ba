//! The circle cut into arcs: which places belong to which server, exactly; shares and the fingerprint follow from it.

use super::Ring;
use crate::memory;
use crate::point::Place;
use crate::rule::{Engine, Map, Next, Rule};
use crate::search::{Points, Search};
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

impl Arc {
    /// The share, 0 to 1, of the places up to `end` if `last` is the last of all places.
    fn share(&self, end: u128, last: u128) -> f64 {
        ((end - self.start) as f64 + 1.0) / (last as f64 + 1.0)
    }
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
        self.arcs.iter().zip(ends).map(|(arc, end)| (arc.server, arc.share(end, self.last)))
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
        let mut shares = vec![0.0; self.server_count()];
        self.write_shares(&mut shares);
        shares
    }

    /// Writes [`Ring::shares`] to a place that has room for one number for each server; takes no memory.
    pub(crate) fn write_shares(&self, shares: &mut [f64]) {
        shares.fill(0.0);
        let mut add = |server: Option<u32>, share: f64| {
            if let Some(sum) = server.and_then(|server| shares.get_mut(server as usize)) {
                *sum += share;
            }
        };
        match &self.rule {
            Rule::Narrow(engine) => engine.first_shares(&self.down, &mut add),
            Rule::Wide(engine) => engine.first_shares(&self.down, &mut add),
            Rule::Widest(engine) => engine.first_shares(&self.down, &mut add),
            Rule::Only(server) => add(Some(*server), 1.0),
            Rule::Nowhere => {}
            Rule::Scores(scores) => {
                let each = 1.0 / scores.candidates.len() as f64;
                scores.candidates.iter().for_each(|candidate| add(Some(candidate.server), each));
            }
        }
        self.spread_dead_shares(shares);
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
        match &self.rule {
            Rule::Narrow(engine) => engine.digest(self),
            Rule::Wide(engine) => engine.digest(self),
            Rule::Widest(engine) => engine.digest(self),
            Rule::Only(server) => digest_of_one(self.name_digest(*server)),
            Rule::Nowhere => Xxh3::oneshot(b"nowhere"),
            Rule::Scores(scores) => {
                let mut text = Xxh3::new();
                text.write(b"scores ");
                text.write(scores.name.as_bytes());
                for candidate in scores.candidates.iter() {
                    text.write(&Xxh3::oneshot(&candidate.text).to_le_bytes());
                    text.write(&self.name_digest(candidate.server).to_le_bytes());
                }
                text.finish()
            }
        }
    }

    /// Stands for a server's name.
    fn name_digest(&self, server: u32) -> u64 {
        self.servers().get(server as usize).map_or(0, |server| Xxh3::oneshot(&server.name))
    }

    /// Servers that are down and passed over by a rule that no arc shows.
    fn write_down(&self, text: &mut Xxh3) {
        if self.rule.tries().is_some() && !self.down.is_empty() {
            text.write(self.dialect().name.as_bytes());
            let mut names: Vec<u64> = (0..)
                .zip(self.down.iter())
                .filter(|(_, down)| **down)
                .map(|(server, _)| self.name_digest(server))
                .collect();
            names.sort_unstable();
            names.iter().for_each(|name| text.write(&name.to_le_bytes()));
        }
    }
}

/// The fingerprint where one server has all keys.
fn digest_of_one(name: u64) -> u64 {
    let mut text = Xxh3::new();
    text.write(b"only ");
    text.write(&name.to_le_bytes());
    text.finish()
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
        let mut arcs = Vec::new();
        self.joined_arcs(down, |arc| arcs.push(arc))?;
        Some(Arcs { arcs, last: self.last_place().widen() })
    }

    /// Calls `visit` with each arc in ascending order; neighbours have different servers. None where there are no arcs.
    fn joined_arcs(&self, down: &[bool], mut visit: impl FnMut(Arc)) -> Option<()> {
        let mut last = None;
        self.each_arc(down, |start, server| {
            if last.replace(server) != Some(server) {
                visit(Arc { start: start.widen(), server });
            }
        })
    }

    /// Calls `visit` with the start and the server of each arc in ascending order; neighbours may have the same server.
    /// None where there are no arcs.
    fn each_arc(&self, down: &[bool], mut visit: impl FnMut(T, Option<u32>)) -> Option<()> {
        let Map::Points(points, search) = &self.map else { return None };
        if matches!(self.next, Next::Rehash(_)) && !down.is_empty() {
            return None;
        }
        let last = self.last_place();
        boundaries(points, *search, |start| {
            if start <= last {
                visit(start, self.at(start, down));
            }
        });
        Some(())
    }

    /// Calls `add` with the server and the share of each arc. None where there are no arcs.
    fn arc_shares(&self, down: &[bool], add: &mut dyn FnMut(Option<u32>, f64)) -> Option<()> {
        let last = self.last_place().widen();
        let mut open: Option<Arc> = None;
        let mut close = |arc: Arc, end| add(arc.server, arc.share(end, last));
        self.joined_arcs(down, |arc| {
            if let Some(before) = open.replace(arc) {
                close(before, arc.start - 1);
            }
        })?;
        open.into_iter().for_each(|arc| close(arc, last));
        Some(())
    }

    /// Calls `add` with shares of the first choices, or of the answers where arcs show them.
    fn first_shares(&self, down: &[bool], add: &mut dyn FnMut(Option<u32>, f64)) {
        if self.arc_shares(down, add).or_else(|| self.arc_shares(&[], add)).is_some() {
            return;
        }
        match &self.map {
            Map::Slots(slots) | Map::Buckets(slots, _) => {
                let places = self.last_place().widen() as f64 + 1.0;
                let (count, rest) =
                    (slots.len() as u128, self.last_place().widen() % slots.len().max(1) as u128);
                let whole = ((self.last_place().widen() - rest) / count.max(1)) as f64;
                let share = |slot: u128| (whole + f64::from(u8::from(slot <= rest))) / places;
                (0..).zip(slots.iter()).for_each(|(slot, &server)| add(Some(server), share(slot)));
            }
            Map::Jump(servers) => {
                let each = 1.0 / servers.len() as f64;
                servers.iter().for_each(|&server| add(Some(server), each));
            }
            Map::Points(..) => {}
        }
    }

    /// Digests what decides the mapping, in a form that is the same for all rules that map alike.
    fn digest(&self, ring: &Ring) -> u64 {
        let mut text = Xxh3::new();
        text.write(match &self.map {
            Map::Points(..) => b"circle ",
            Map::Slots(_) | Map::Buckets(..) => b"slots ",
            Map::Jump(_) => b"jump ",
        });
        text.write(&T::BITS.to_le_bytes());
        for part in [self.key.hash.name, &self.key.part] {
            text.write(&(part.len() as u64).to_le_bytes());
            text.write(part.as_bytes());
        }
        let names = ring.servers().iter().map(|server| Xxh3::oneshot(&server.name));
        // Where there is no memory for them, each is digested whenever it is met.
        let names = memory::collect(names, "").unwrap_or_default();
        let name =
            |server: u32| names.get(server as usize).copied().unwrap_or_else(|| ring.name_digest(server));
        let mut words = Words { text, waiting: Vec::new(), count: 0, last: 0 };
        match &self.map {
            Map::Points(..) => {
                // Servers of the same name count as one: neighbouring arcs may be joined by that.
                let mut arc = |start: T, server: Option<u32>| {
                    words.push_other(start.widen(), server.map_or(0, name));
                };
                let _ = self.each_arc(&ring.down, &mut arc).or_else(|| self.each_arc(&[], &mut arc));
            }
            Map::Slots(slots) | Map::Buckets(slots, _) => {
                let names: Vec<u64> = slots.iter().map(|&server| name(server)).collect();
                (0..).zip(&names[..period(&names)]).for_each(|(slot, name)| words.push(slot, *name));
            }
            Map::Jump(servers) => {
                (0..).zip(servers.iter()).for_each(|(slot, &server)| words.push(slot, name(server)))
            }
        }
        if words.count == 1 && self.key.prepare.is_none() && ring.down.is_empty() {
            return digest_of_one(words.last);
        }
        let mut text = words.finish();
        ring.write_down(&mut text);
        text.finish()
    }
}

/// Places and names on their way into a digest: so many of them that they go in bundles.
struct Words {
    text: Xxh3,
    waiting: Vec<u8>,
    count: usize,
    /// The name that came last.
    last: u64,
}

impl Words {
    /// Bytes that wait before they are digested.
    const BUNDLE: usize = 1 << 12;

    fn push(&mut self, place: u128, name: u64) {
        self.waiting.extend_from_slice(&place.to_le_bytes());
        self.waiting.extend_from_slice(&name.to_le_bytes());
        (self.count, self.last) = (self.count + 1, name);
        if self.waiting.len() >= Self::BUNDLE {
            self.text.write(&self.waiting);
            self.waiting.clear();
        }
    }

    /// The same, if the name is another one than that before.
    fn push_other(&mut self, place: u128, name: u64) {
        if self.count == 0 || self.last != name {
            self.push(place, name);
        }
    }

    fn finish(mut self) -> Xxh3 {
        self.text.write(&self.waiting);
        self.text
    }
}

/// Calls `visit` with every place at which the answer may change, ascending, 0 first.
fn boundaries<T: Place>(points: &Points<T>, search: Search, mut visit: impl FnMut(T)) {
    let (zero, one) = (T::cut(0), T::cut(1));
    visit(zero);
    visit(one);
    let mut last = one;
    // What lies behind the end of the circle begins anew at 0.
    let mut ascend = |place: T| {
        if place > last {
            visit(place);
            last = place;
        }
    };
    let points = points.as_slice();
    if search != Search::Nearest {
        for point in points {
            ascend(point.value);
            ascend(point.value.ahead(one));
        }
        return;
    }
    let ([first, ..], [.., end]) = (points, points) else { return };
    // Between two points the lower half, its middle included, belongs to the one below. Of points all alike the distance
    // around the whole circle counts as 0, and no half is wrong.
    let middle = |low: T, high: T| low.ahead(T::cut(high.distance_from(low).widen() / 2)).ahead(one);
    let around = middle(end.value, first.value);
    if around <= first.value {
        ascend(around);
    }
    ascend(first.value);
    for (low, high) in points.iter().zip(&points[1..]) {
        ascend(middle(low.value, high.value));
        ascend(high.value);
    }
    ascend(around);
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
                let points: Vec<_> = list.iter().map(|&(value, server)| Point::new(value, server)).collect();
                let map = Map::Points(std::sync::Arc::new(Points::new(points).unwrap()), search);
                let engine = Engine { key: Key::whole(&SHORT), map, next: Next::Ignore };
                assert_shares_are_counted_ones(&ring_of(engine.into(), 3));
            }
        }
    }

    #[test]
    fn shares_of_slots_count_the_remainder() {
        for slots in [&[0, 1, 2][..], &[0, 0, 1], &[2, 1, 0, 1, 2, 1, 0], &[0, 1, 2, 2, 1, 2, 0, 1], &[1]] {
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
        assert_ne!(libketama(&[("a:1", 3)]).fingerprint(), libketama(&[("b:1", 3)]).fingerprint());
        let only = ring_of(Rule::Only(0), 1).fingerprint();
        assert_eq!(only, libketama(&[("s0", 1)]).fingerprint(), "one server has all keys in either");
    }

    #[test]
    fn in_every_dialect_shares_are_a_whole_and_a_name_decides_on_the_fingerprint() {
        for &dialect in crate::dialect::DIALECTS {
            let servers = (1..4).map(|number| Server::new(format!("10.0.0.{number}:11211"), 1)).collect();
            let Ok(ring) = Ring::build(ServerList::new(dialect, servers)) else { continue };
            let shares = ring.shares();
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{dialect} {shares:?}");
            assert!(shares.iter().all(|share| *share > 0.1), "{dialect} {shares:?}");
            if let Some(arcs) = ring.arcs() {
                for (server, share) in (0..).zip(&shares) {
                    let of_arcs = arcs.shares().filter(|(owner, _)| *owner == Some(server));
                    let sum: f64 = of_arcs.map(|(_, share)| share).sum();
                    assert!((share - sum).abs() < 1e-9, "{dialect}: {share} is {sum} by its arcs");
                }
            }
            let renamed = ring.renamed(b"10.0.0.2:11211", b"10.0.0.9:11211").unwrap();
            assert_ne!(renamed.fingerprint(), ring.fingerprint(), "{dialect}");
            let back = renamed.renamed(b"10.0.0.9:11211", b"10.0.0.2:11211").unwrap();
            assert_eq!(back.fingerprint(), ring.fingerprint(), "{dialect}");
        }
    }

    #[test]
    fn in_every_dialect_a_server_that_is_down_counts_for_the_fingerprint_as_it_does_for_keys() {
        let keys: Vec<String> = (0..2_000).map(|number| format!("key-{number}")).collect();
        let owners = |ring: &Ring| -> Vec<Option<crate::name::Name>> {
            let owner = |server: u32| ring.servers()[server as usize].name.clone();
            keys.iter().map(|key| ring.lookup(key.as_bytes()).map(owner)).collect()
        };
        let (mut pairs, mut alike) = (0, 0);
        for &dialect in crate::dialect::DIALECTS {
            let servers = (1..5).map(|number| Server::new(format!("10.0.0.{number}:11211"), 1)).collect();
            let Ok(ring) = Ring::build(ServerList::new(dialect, servers)) else { continue };
            let Ok(down) = ring.marked(b"10.0.0.2:11211", true) else { continue };
            let shorter = ring.without(b"10.0.0.2:11211").unwrap();
            let other = ring.marked(b"10.0.0.3:11211", true).unwrap();
            for second in [&ring, &shorter, &other] {
                let is_alike = owners(&down) == owners(second);
                assert_eq!(down.fingerprint() == second.fingerprint(), is_alike, "{dialect}");
                (pairs, alike) = (pairs + 1, alike + usize::from(is_alike));
            }
        }
        assert!(alike > 10 && pairs > 2 * alike, "{alike} of {pairs}");
    }

    #[test]
    fn where_keys_are_hashed_again_the_living_share_what_the_dead_had() {
        for dialect in ["dalli", "spymemcached", "nginx", "python-memcached"] {
            let servers =
                (1..4).map(|number| Server::new(format!("10.0.0.{number}:11211"), number)).collect();
            let full = Ring::build(ServerList::new(Dialect::named(dialect).unwrap(), servers)).unwrap();
            let ring = full.marked(b"10.0.0.2:11211", true).unwrap();
            for place in (0..500).map(|number| full.place(format!("key-{number}").as_bytes()).unwrap()) {
                assert_eq!(ring.lookup_place(place), full.lookup_place(place), "no key to be hashed again");
            }
            let shares = ring.shares();
            let mut counts = [0.0; 3];
            for number in 0..20_000 {
                if let Some(server) = ring.lookup(format!("key-{number}").as_bytes()) {
                    counts[server as usize] += 1.0 / 20_000.0;
                }
            }
            assert_eq!((shares[1], counts[1]), (0.0, 0.0), "{dialect}");
            for (share, count) in shares.iter().zip(counts) {
                assert!((share - count).abs() < 0.03, "{dialect}: {shares:?}, counted {counts:?}");
            }
        }
    }

    #[test]
    fn repeated_slots_have_the_fingerprint_of_their_period() {
        assert_eq!(period(&[1, 2, 1, 2]), 2);
        assert_eq!(period(&[1, 2, 1]), 3);
        assert_eq!(period(&[5, 5, 5]), 1);
        assert_eq!(period(&[]), 0);
    }
}
