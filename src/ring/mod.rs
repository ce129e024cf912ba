//! The ring: a server list under the rule of its dialect, built once, never changed, looked up from any thread.

mod arcs;
mod batch;
pub mod diff;
#[cfg(feature = "segment")]
mod placed;
pub mod spread;
pub mod steps;
mod walk;

pub use arcs::{Arc as RingArc, Arcs};
pub use batch::NO_SERVER;
#[cfg(feature = "segment")]
pub(crate) use placed::Placed;

use crate::dialect::option::Options;
use crate::dialect::{Dialect, refused};
use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::point::Place;
use crate::rule::{Engine, Map, Next, Rule};
use crate::search::Search;
use crate::server::{Server, Weight};
use crate::server_list::ServerList;
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// A server list under the rule of its dialect.
///
/// Servers are named by their index in the list, from 0. A ring never changes: the methods that change something give
/// a new ring, which shares with the old one what is the same in both.
#[derive(Clone)]
pub struct Ring {
    /// Read again on first use where the ring is shared: no look-up asks for it.
    list: Arc<List>,
    dialect: &'static Dialect,
    rule: Rule,
    /// Number of servers in the list.
    servers: usize,
    /// Which servers are down; empty if none is.
    dead: Arc<[bool]>,
    /// Which servers are passed over; empty where no look-up has to ask.
    down: Arc<[bool]>,
}

/// What the dialect makes of these servers.
fn rule(dialect: &Dialect, servers: &[Server], options: &Options) -> Result<Rule, Error> {
    memory::room(servers.len().saturating_mul(SERVER), format_args!("{} servers", servers.len()))?;
    dialect.check(servers, options)?;
    if servers.is_empty() { Ok(Rule::Nowhere) } else { (dialect.build)(servers, options) }
}

/// Bytes that are made of each server beside its points: the search for names that occur twice, labels, flags.
const SERVER: usize = 256;

/// A server list that is there, or is had when it is wanted.
type List = LazyLock<ServerList, Box<dyn FnOnce() -> ServerList + Send>>;

impl Ring {
    /// Builds the ring of a list.
    ///
    /// Rings of 131,072 points and more are built by as many threads as there are processors, eight at the most; they
    /// have ended when this returns.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] for a server that the dialect refuses, [`ErrorKind::Option`] for options that do not go
    /// together, [`ErrorKind::Limit`] if there would be more points than `max-points`.
    pub fn build(list: ServerList) -> Result<Self, Error> {
        let rule = rule(list.dialect, &list.servers, &list.options)?;
        Ok(Self::of(list, rule))
    }

    /// The ring of a list and the rule that its dialect built.
    fn of(list: ServerList, rule: Rule) -> Self {
        let later = Arc::new(List::new(Box::new(|| list)));
        let list = LazyLock::force(&later);
        Self::of_servers(list.dialect, &list.servers, rule, Arc::clone(&later))
    }

    /// The same, with a list that need not be there yet.
    fn of_servers(dialect: &'static Dialect, servers: &[Server], rule: Rule, list: Arc<List>) -> Self {
        let any_dead = servers.iter().any(|server| server.down);
        let dead = servers.iter().filter(|_| any_dead).map(|server| server.down).collect();
        let down = rule.passed_over(servers);
        Self { list, dialect, rule, servers: servers.len(), dead, down }
    }

    /// The list from which the ring was built.
    pub fn list(&self) -> &ServerList {
        &self.list
    }

    /// The servers, in the order of the list.
    pub fn servers(&self) -> &[Server] {
        &self.list.servers
    }

    /// The dialect.
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// The options.
    pub fn options(&self) -> &Options {
        &self.list.options
    }

    /// Number of servers in the list.
    pub fn server_count(&self) -> usize {
        self.servers
    }

    /// Whether a server is down.
    fn is_dead(&self, server: u32) -> bool {
        self.dead.get(server as usize).copied().unwrap_or(false)
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The flags that look-ups have to ask for; empty if none has to.
    pub(crate) fn down(&self) -> &[bool] {
        &self.down
    }

    /// The server for a key; None where the dialect's software finds none.
    #[inline]
    pub fn lookup(&self, key: &[u8]) -> Option<u32> {
        match &self.rule {
            Rule::Narrow(engine) if self.down.is_empty() => engine.first(engine.key.place(key)?),
            _ => self.lookup_otherwise(key),
        }
    }

    /// Look-ups in rings that are not the most common ones, apart lest they slow those down.
    #[inline(never)]
    fn lookup_otherwise(&self, key: &[u8]) -> Option<u32> {
        match &self.rule {
            Rule::Narrow(engine) => engine.lookup(key, &self.down),
            Rule::Wide(engine) => engine.lookup(key, &self.down),
            Rule::Widest(engine) => engine.lookup(key, &self.down),
            Rule::Scores(scores) => scores.lookup(key),
            Rule::Only(server) => Some(*server),
            Rule::Nowhere => None,
        }
    }

    /// The server for an integer that is given in place of a key's hash.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] if the dialect's software takes no integers, or none of more than 32 bits.
    pub fn lookup_integer(&self, number: u64) -> Result<Option<u32>, Error> {
        let refuse =
            |message| Err(Error::new(ErrorKind::Option, format!("{} takes {message}", self.dialect())));
        let answer = match &self.rule {
            Rule::Narrow(engine) if engine.key.integer.is_some() && number > u64::from(u32::MAX) => {
                return refuse(format!("integers of 32 bits, not `{number}`"));
            }
            Rule::Narrow(engine) => engine.lookup_integer(number, &self.down),
            Rule::Wide(engine) => engine.lookup_integer(number, &self.down),
            Rule::Widest(engine) => engine.lookup_integer(number, &self.down),
            Rule::Only(server) => Some(Some(*server)),
            Rule::Nowhere => Some(None),
            Rule::Scores(_) => None,
        };
        answer.map_or_else(|| refuse("no integers in place of key hashes".to_owned()), Ok)
    }

    /// Whether the dialect itself orders the servers behind the first choice. Where it does not, lists of servers go on
    /// in list order.
    pub fn has_order(&self) -> bool {
        self.rule.has_order()
    }

    /// Writes the servers for a key, first choice first, into `out`; returns how many were written.
    ///
    /// The order is the dialect's own, each server once (spymemcached: its retry sequence, in which a server may come
    /// again); servers that are down are passed over. Rules without an order of their own (modulo, buckets, jump,
    /// tables) go on with the servers in list order after the first choice, wrapping: that order is this library's.
    pub fn lookup_n(&self, key: &[u8], out: &mut [u32]) -> usize {
        let mut count = 0;
        if out.is_empty() {
            return 0;
        }
        self.walk(key, &mut |server| {
            out[count] = server;
            count += 1;
            count < out.len()
        });
        count
    }

    /// The sum of the weights, as written.
    pub fn total_weight(&self) -> f64 {
        self.servers().iter().map(|server| server.weight.as_f64()).sum()
    }

    /// The bytes of a key that are hashed, with a prefix that the options put before it; empty where nothing is hashed.
    pub fn hashed<'a>(&self, key: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.rule {
            Rule::Narrow(engine) => engine.key.hashed(key),
            Rule::Wide(engine) => engine.key.hashed(key),
            Rule::Widest(engine) => engine.key.hashed(key),
            Rule::Scores(_) => Cow::Borrowed(key),
            Rule::Only(_) | Rule::Nowhere => Cow::Borrowed(&[]),
        }
    }

    /// The place of a key: its hash as the dialect computes it; None where nothing is hashed.
    pub fn place(&self, key: &[u8]) -> Option<u128> {
        match &self.rule {
            Rule::Narrow(engine) => engine.key.place(key).map(u128::from),
            Rule::Wide(engine) => engine.key.place(key).map(u128::from),
            Rule::Widest(engine) => engine.key.place(key),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => None,
        }
    }

    /// The index of the point, or the slot, that a key meets first, whether its server is up or not; None where there
    /// are none.
    pub fn position(&self, key: &[u8]) -> Option<usize> {
        match &self.rule {
            Rule::Narrow(engine) => engine.index(engine.key.place(key)?),
            Rule::Wide(engine) => engine.index(engine.key.place(key)?),
            Rule::Widest(engine) => engine.index(engine.key.place(key)?),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => None,
        }
    }

    /// The server that answers for a place on the circle, also where keys are only looked up in buckets that were read
    /// off a circle; or for a slot's remainder. Where a rule hashes the key again
    /// while a server is down, the owner of the place, up or down.
    pub fn lookup_place(&self, place: u128) -> Option<u32> {
        match &self.rule {
            Rule::Narrow(engine) => engine.lookup_place(Place::cut(place), &self.down),
            Rule::Wide(engine) => engine.lookup_place(Place::cut(place), &self.down),
            Rule::Widest(engine) => engine.lookup_place(place, &self.down),
            Rule::Only(server) => Some(*server),
            Rule::Scores(_) | Rule::Nowhere => None,
        }
    }

    /// Number of points on the circle, or of slots in the table; 0 where there are neither (jump, scores, one server).
    pub fn point_count(&self) -> usize {
        match &self.rule {
            Rule::Narrow(engine) => engine.len(),
            Rule::Wide(engine) => engine.len(),
            Rule::Widest(engine) => engine.len(),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => 0,
        }
    }

    /// The place and the server of a point, counted from 0 in ring order; a slot's place is its number. None from
    /// [`Ring::point_count`] on.
    pub fn point(&self, index: usize) -> Option<(u128, u32)> {
        match &self.rule {
            Rule::Narrow(engine) => engine.point(index),
            Rule::Wide(engine) => engine.point(index),
            Rule::Widest(engine) => engine.point(index),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => None,
        }
    }

    /// Bytes of memory that the points and their index take.
    pub fn memory(&self) -> usize {
        match &self.rule {
            Rule::Narrow(engine) => engine.memory(),
            Rule::Wide(engine) => engine.memory(),
            Rule::Widest(engine) => engine.memory(),
            Rule::Scores(_) | Rule::Only(_) | Rule::Nowhere => 0,
        }
    }

    /// The ring of the same list with other servers down, one flag for each server in list order.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] if the number of flags is not that of the servers; else as [`Ring::build`].
    pub fn with_down(&self, down: &[bool]) -> Result<Self, Error> {
        let mut list = self.list().copy()?;
        if down.len() != list.servers.len() {
            let message = format!("{} flags for {} servers", down.len(), list.servers.len());
            return Err(Error::new(ErrorKind::Server, message));
        }
        for (server, &down) in list.servers.iter_mut().zip(down) {
            server.down = down;
        }
        if self.rule.rebuilds() {
            return Self::build(list);
        }
        let rule = self.rule.clone();
        Ok(Self::of(list, rule))
    }

    /// The index of the server with this name, the first one if there are several.
    pub fn index_of(&self, name: &[u8]) -> Option<u32> {
        self.servers().iter().position(|server| server.name == *name).map(|index| index as u32)
    }

    /// Builds the ring of a changed list: the same dialect and options, the servers as `edit` leaves them.
    ///
    /// # Errors
    /// As [`Ring::build`].
    pub fn changed(&self, edit: impl FnOnce(&mut Vec<Server>)) -> Result<Self, Error> {
        let mut list = self.list().copy()?;
        edit(&mut list.servers);
        Self::build(list)
    }

    /// The ring of the list with one server more, at its end.
    ///
    /// # Errors
    /// As [`Ring::build`].
    pub fn with_server(&self, server: Server) -> Result<Self, Error> {
        self.changed(|servers| servers.push(server))
    }

    /// The ring of the list without a server; of several with this name, the first. Later indices fall by one.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] if there is no such server; else as [`Ring::build`].
    pub fn without(&self, name: &[u8]) -> Result<Self, Error> {
        self.edited(name, |servers, index| drop(servers.remove(index)))
    }

    /// The ring of the list with another weight for one server.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn reweighted(&self, name: &[u8], weight: impl Into<Weight>) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].weight = weight.into())
    }

    /// The ring of the list with another name for one server. The name is what most dialects hash: keys move as if the
    /// server had been replaced, unless it has a label.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn renamed(&self, name: &[u8], new: &[u8]) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].name = new.into())
    }

    /// The ring of the list with one server down, or up again.
    ///
    /// # Errors
    /// As [`Ring::without`].
    pub fn marked(&self, name: &[u8], down: bool) -> Result<Self, Error> {
        self.edited(name, |servers, index| servers[index].down = down)
    }

    /// The ring of the list in which `edit` has changed the server called `name`.
    fn edited(&self, name: &[u8], edit: impl FnOnce(&mut Vec<Server>, usize)) -> Result<Self, Error> {
        match self.index_of(name) {
            Some(index) => self.changed(|servers| edit(servers, index as usize)),
            None => Err(refused(&Server::new(name, 1), "no such server in the list")),
        }
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("dialect", &self.dialect()).field("servers", &self.servers).finish()
    }
}

impl Rule {
    /// Whether a change of a server's state needs the points to be placed anew.
    fn rebuilds(&self) -> bool {
        match self {
            Self::Narrow(engine) => engine.rebuilds(),
            Self::Wide(engine) => engine.rebuilds(),
            Self::Widest(engine) => engine.rebuilds(),
            // Which servers are candidates, the only one or none may depend on their state.
            Self::Scores(_) | Self::Only(_) | Self::Nowhere => true,
        }
    }

    /// The flags that look-ups have to ask for; empty if none has to.
    fn passed_over(&self, servers: &[Server]) -> Arc<[bool]> {
        let asks = match self {
            Self::Narrow(engine) => engine.asks(),
            Self::Wide(engine) => engine.asks(),
            Self::Widest(engine) => engine.asks(),
            Self::Scores(_) | Self::Only(_) | Self::Nowhere => false,
        };
        let any_down = servers.iter().any(|server| server.down);
        if asks && (any_down || self.always_walks()) {
            servers.iter().map(|server| server.down).collect()
        } else {
            Arc::from([])
        }
    }

    /// Whether even with all servers up the first point met does not decide.
    fn always_walks(&self) -> bool {
        matches!(self, Self::Narrow(Engine { next: Next::Alternate { alt: 1.. }, .. }))
    }
}

impl<T: Place> Engine<T> {
    fn rebuilds(&self) -> bool {
        matches!(self.next, Next::Rebuild)
    }

    fn asks(&self) -> bool {
        !matches!(self.next, Next::Rebuild | Next::Ignore)
    }

    #[inline]
    fn lookup(&self, key: &[u8], down: &[bool]) -> Option<u32> {
        let place = self.key.place(key)?;
        if down.is_empty() { self.first(place) } else { self.lookup_up(&self.key.hashed(key), place, down) }
    }

    /// The outer None: no integers here.
    fn lookup_integer(&self, number: u64, down: &[bool]) -> Option<Option<u32>> {
        Some(self.at(self.key.integer?(number), down))
    }

    /// The answer at a place, where no key is there to be hashed again.
    pub(crate) fn at(&self, place: T, down: &[bool]) -> Option<u32> {
        if down.is_empty() { self.first(place) } else { self.lookup_up(&[], place, down) }
    }

    /// The server of the first choice, up or down.
    #[inline]
    fn first(&self, place: T) -> Option<u32> {
        match &self.map {
            Map::Points(points, search) => {
                Some(points.owner(place, *search)).filter(|&owner| owner != NO_SERVER)
            }
            _ => self.first_slot(place),
        }
    }

    /// [`Engine::first`] where the rule has no points.
    #[inline(never)]
    fn first_slot(&self, place: T) -> Option<u32> {
        self.server(self.index(place)?)
    }

    /// The point or slot for a place.
    #[inline]
    pub(crate) fn index(&self, place: T) -> Option<usize> {
        match &self.map {
            Map::Points(points, search) => points.find(place, *search),
            Map::Slots(slots) | Map::Buckets(slots, _) => {
                (!slots.is_empty()).then(|| place.modulo(slots.len()))
            }
            Map::Jump(servers) => jump(place.widen() as u64, servers.len()),
        }
    }

    /// The server that owns a point or slot.
    #[inline]
    pub(crate) fn server(&self, index: usize) -> Option<u32> {
        match &self.map {
            Map::Points(points, _) => points.server(index),
            Map::Slots(servers) | Map::Buckets(servers, _) | Map::Jump(servers) => {
                servers.get(index).copied()
            }
        }
    }

    fn lookup_place(&self, place: T, down: &[bool]) -> Option<u32> {
        if let Map::Buckets(_, points) = &self.map {
            return points.server(points.find(place, Search::AtOrAbove)?);
        }
        if down.is_empty() || matches!(self.next, Next::Rehash(_)) {
            return self.first(place);
        }
        self.lookup_up(&[], place, down)
    }

    fn point(&self, index: usize) -> Option<(u128, u32)> {
        let server = self.server(index)?;
        match &self.map {
            Map::Points(points, _) => Some((points.value(index)?.widen(), server)),
            Map::Slots(_) | Map::Buckets(..) => Some((index as u128, server)),
            Map::Jump(_) => None,
        }
    }

    fn memory(&self) -> usize {
        match &self.map {
            Map::Points(points, _) => points.memory(),
            Map::Slots(servers) | Map::Jump(servers) => size_of_val(&servers[..]),
            Map::Buckets(servers, points) => size_of_val(&servers[..]) + points.memory(),
        }
    }

    /// Number of points or slots.
    pub(crate) fn len(&self) -> usize {
        match &self.map {
            Map::Points(points, _) => points.len(),
            Map::Slots(servers) | Map::Buckets(servers, _) => servers.len(),
            Map::Jump(_) => 0,
        }
    }
}

/// Jump consistent hash, after Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014): the bucket
/// of `key` among `buckets`, None if there is none. All arithmetic on doubles is exact or rounds as in C.
fn jump(mut key: u64, buckets: usize) -> Option<usize> {
    let mut bucket = None;
    let mut candidate = 0.0_f64;
    while candidate < buckets as f64 {
        let current = candidate as usize;
        bucket = Some(current);
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let step = (1_u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        candidate = ((current + 1) as f64 * step).floor();
    }
    bucket
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(servers: &[(&str, i64)]) -> Ring {
        let servers = servers.iter().map(|&(name, weight)| Server::new(name, weight)).collect();
        Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers)).unwrap()
    }

    #[test]
    fn an_empty_list_answers_no_key() {
        assert_eq!(ring(&[]).lookup(b"key"), None);
        assert_eq!(ring(&[]).lookup_n(b"key", &mut [0; 3]), 0);
    }

    #[test]
    fn one_server_has_all_keys_in_every_dialect_and_none_has_none() {
        let mut count = 0;
        for &dialect in crate::dialect::DIALECTS {
            let build = |servers| Ring::build(ServerList::new(dialect, servers));
            let Ok(one) = build(vec![Server::new("10.0.0.1:11211", 1)]) else { continue };
            assert_eq!(one.lookup(b"key"), Some(0), "{dialect}");
            assert!((one.shares()[0] - 1.0).abs() < 1e-9, "{dialect} {:?}", one.shares());
            assert!(one.place(b"key").is_none_or(|place| one.lookup_place(place) == Some(0)), "{dialect}");
            assert_eq!(one.lookup_integer(7).unwrap_or(Some(0)), Some(0), "{dialect}");
            assert_eq!(format!("{one:?}"), format!("Ring {{ dialect: {dialect:?}, servers: 1 }}"));
            let Ok(none) = build(Vec::new()) else { continue };
            assert_eq!((none.lookup(b"key"), none.lookup_integer(7).unwrap()), (None, None));
            assert_eq!((none.place(b"key"), none.position(b"key"), none.lookup_place(0)), (None, None, None));
            assert_eq!((none.point_count(), none.point(0), none.memory()), (0, None, 0));
            assert!(none.hashed(b"key").is_empty() && none.shares().is_empty() && none.arcs().is_none());
            count += 1;
        }
        assert!(count > 20, "{count}");
        assert!(ring(&[("a:1", 1), ("b:1", 1)]).with_down(&[true]).is_err(), "one flag for two servers");
    }

    #[test]
    fn a_list_of_servers_starts_with_the_answer_and_has_each_server_once() {
        let ring = ring(&[("a:1", 3), ("b:1", 2), ("c:1", 1), ("d:1", 4)]);
        for number in 0..500 {
            let key = format!("key-{number}");
            let mut out = [0; 6];
            assert_eq!(ring.lookup_n(key.as_bytes(), &mut out), 4);
            assert_eq!(Some(out[0]), ring.lookup(key.as_bytes()));
            let mut sorted = out[..4].to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
        }
    }

    #[test]
    fn a_long_list_has_each_server_once_too() {
        let names: Vec<String> = (0..40).map(|server| format!("10.0.0.{server}:11211")).collect();
        let ring = ring(&names.iter().map(|name| (&**name, 1)).collect::<Vec<_>>());
        for key in 0..50 {
            let mut out = [99; 41];
            assert_eq!(ring.lookup_n(format!("key-{key}").as_bytes(), &mut out), 40);
            out[..40].sort_unstable();
            assert!(out[..40].iter().copied().eq(0..40) && out[40] == 99);
        }
    }

    #[test]
    fn a_changed_ring_is_the_ring_of_the_changed_list() {
        let old = ring(&[("a:1", 3), ("b:1", 2)]);
        let new = old.reweighted(b"b:1", 9).unwrap();
        let built = ring(&[("a:1", 3), ("b:1", 9)]);
        for number in 0..500 {
            let key = format!("key-{number}");
            assert_eq!(new.lookup(key.as_bytes()), built.lookup(key.as_bytes()));
        }
        assert!(old.without(b"x").is_err());
        assert_eq!(old.without(b"a:1").unwrap().lookup(b"key"), Some(0));
        let (renamed, more) =
            (old.renamed(b"a:1", b"c").unwrap(), old.with_server(Server::new("c", 3)).unwrap());
        assert_eq!((renamed.index_of(b"c"), more.index_of(b"c")), (Some(0), Some(2)));
        assert!(old.marked(b"b:1", true).unwrap().servers()[1].down);
    }

    #[test]
    fn jump_gives_every_bucket_about_its_share_and_moves_keys_only_to_new_buckets() {
        let mut counts = [0; 7];
        for key in 0..70_000_u64 {
            let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let six = jump(key, 6).unwrap();
            let seven = jump(key, 7).unwrap();
            assert!(seven == six || seven == 6);
            counts[seven] += 1;
        }
        assert!(counts.iter().all(|count| (9_400..10_600).contains(count)), "{counts:?}");
        assert_eq!(jump(1, 0), None);
    }
}
