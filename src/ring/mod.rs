//! The ring: a server list under the rule of its dialect, built once, never changed, looked up from any thread.

mod arcs;
mod batch;
mod change;
pub mod diff;
mod engine;
mod jump;
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
use crate::rule::Rule;
use crate::server::Server;
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

    /// The index of the server with this name, the first one if there are several.
    pub fn index_of(&self, name: &[u8]) -> Option<u32> {
        self.servers().iter().position(|server| server.name == *name).map(|index| index as u32)
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("dialect", &self.dialect()).field("servers", &self.servers).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::Buckets;

    pub(super) fn ring(servers: &[(&str, i64)]) -> Ring {
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
            assert!(one.lookup_place(0).is_none_or(|server| server == 0), "{dialect}");
            assert_eq!(one.lookup_integer(7).unwrap_or(Some(0)), Some(0), "{dialect}");
            assert!(one.memory() >= one.point_count() * size_of::<u32>(), "{dialect}");
            let buckets = Buckets::new(&one, 4);
            assert!(buckets.is_ok_and(|buckets| buckets.lookup(b"key") == Some(0)) || one.arcs().is_none());
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
    fn a_ring_tells_what_its_rule_has_no_form_for() {
        let build = |dialect, options: &[(&str, &str)]| {
            let servers = vec![Server::new("10.0.0.1:11211", 1), Server::new("10.0.0.2:11211", 1)];
            let mut list = ServerList::new(Dialect::named(dialect).unwrap(), servers);
            options.iter().for_each(|(name, value)| list.options.set_text(name, value).unwrap());
            Ring::build(list).unwrap()
        };
        assert!(build("libketama", &[]).has_order() && !build("jump", &[]).has_order());
        assert_eq!(build("libketama", &[]).total_weight(), 2.0);
        #[cfg(feature = "segment")]
        for dialect in ["libketama", "envoy", "uhashring", "jump"] {
            assert_eq!(build(dialect, &[]).placed().is_some(), dialect != "jump", "{dialect}");
        }
        let options = [("hash-with-prefix", "true"), ("prefix", "app:")];
        assert_eq!(build("libmemcached", &options).hashed(b"key"), &b"app:key"[..]);
        assert_eq!(build("libketama", &[]).hashed(b"key"), &b"key"[..]);
        let narrow = build("haproxy", &[]);
        assert!(narrow.lookup_integer(u32::MAX.into()).unwrap().is_some());
        let error = narrow.lookup_integer(1 << 32).unwrap_err().to_string();
        assert!(error.ends_with("integers of 32 bits, not `4294967296`"), "{error}");
    }

    #[test]
    fn a_field_of_another_dialect_is_refused() {
        let mut server = Server::new("a:1", 1);
        server.fields.label = Some(b"a".to_vec());
        let list = ServerList::new(Dialect::named("libketama").unwrap(), vec![server]);
        let error = Ring::build(list).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(
            error.to_string().contains("unknown field of libketama `label`; known: name, weight, down, zone"),
            "{error}"
        );
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
    fn where_a_rule_has_no_order_a_list_goes_on_in_that_of_the_servers() {
        let servers = (0..5).map(|server| Server::new(format!("10.0.0.{server}:1"), 1)).collect();
        let ring = Ring::build(ServerList::new(Dialect::named("jump").unwrap(), servers)).unwrap();
        for number in 0..50 {
            let mut out = [9; 6];
            assert_eq!(ring.lookup_n(format!("key-{number}").as_bytes(), &mut out), 5);
            assert!((0..5).all(|place| out[place] == (out[0] + place as u32) % 5), "{out:?}");
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
}
