//! Buckets: a ring read off at equal distances, for look-ups that cost one table access.
//!
//! That is what Set::ConsistentHash does with 1024 buckets. It is another mapping than the ring's: a key goes to the bucket
//! `hash mod buckets`, not to the point that follows its hash. The share of a server becomes a whole number of buckets,
//! and a change of the ring moves whole buckets.

use crate::error::{Error, ErrorKind};
use crate::key::Key;
use crate::memory;
use crate::point::Place;
use crate::ring::{NO_SERVER, Ring};
use crate::rule::{Engine, Map, Next, Rule};

/// A ring read off into buckets. Never changes; can be used from any thread.
#[derive(Clone)]
pub struct Buckets {
    slots: Vec<u32>,
    key: BucketKey,
}

/// How a key finds its bucket.
#[derive(Clone)]
enum BucketKey {
    /// All buckets are alike.
    Any,
    Narrow(Key<u32>),
    Wide(Key<u64>),
    Widest(Key<u128>),
}

impl Buckets {
    /// Reads a ring off into `count` buckets: bucket `b` has the server that answers for the place `b * 2^w / count`,
    /// rounded down, on the circle of `2^w` places.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] unless `count` is from 1 to the option `max-points`; [`ErrorKind::Option`] if the dialect has
    /// no points on a circle (modulo, tables, jump, scores), or if it hashes the key again while some server is down.
    pub fn new(ring: &Ring, count: u32) -> Result<Self, Error> {
        let most = ring.options().max_points();
        if count == 0 || count as usize > most {
            let message = format!("from 1 to {most} buckets can be had (option `max-points`), not {count}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let buckets = match ring.rule() {
            Rule::Narrow(engine) => read_off(engine, ring.down(), count)?
                .map(|slots| (slots, BucketKey::Narrow(engine.key.clone()))),
            Rule::Wide(engine) => read_off(engine, ring.down(), count)?
                .map(|slots| (slots, BucketKey::Wide(engine.key.clone()))),
            Rule::Widest(engine) => read_off(engine, ring.down(), count)?
                .map(|slots| (slots, BucketKey::Widest(engine.key.clone()))),
            Rule::Only(server) => Some((slots(count, |_| *server)?, BucketKey::Any)),
            Rule::Nowhere => Some((slots(count, |_| NO_SERVER)?, BucketKey::Any)),
            Rule::Scores(_) => None,
        };
        let Some((slots, key)) = buckets else {
            let message =
                format!("{} has no circle here that could be read off into buckets", ring.dialect());
            return Err(Error::new(ErrorKind::Option, message));
        };
        Ok(Self { slots, key })
    }

    /// The server for a key, that of bucket `hash mod count`; None where the bucket has none or the dialect's software
    /// has no place for the key.
    #[inline]
    pub fn lookup(&self, key: &[u8]) -> Option<u32> {
        let count = self.slots.len();
        let bucket = match &self.key {
            BucketKey::Any => 0,
            BucketKey::Narrow(rule) => rule.place(key)?.modulo(count),
            BucketKey::Wide(rule) => rule.place(key)?.modulo(count),
            BucketKey::Widest(rule) => rule.place(key)?.modulo(count),
        };
        self.slots.get(bucket).copied().filter(|&server| server != NO_SERVER)
    }

    /// The server of each bucket, [`NO_SERVER`] where it has none.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").field("slots", &self.slots).finish()
    }
}

/// The answers at equal distances; None if places do not decide them.
fn read_off<T: Place>(engine: &Engine<T>, down: &[bool], count: u32) -> Result<Option<Vec<u32>>, Error> {
    let hashes_again = matches!(engine.next, Next::Rehash(_)) && !down.is_empty();
    if hashes_again || !matches!(engine.map, Map::Points(..)) {
        return Ok(None);
    }
    slots(count, |bucket| engine.at(T::slot(bucket, count), down).unwrap_or(NO_SERVER)).map(Some)
}

/// The servers of so many buckets.
fn slots(count: u32, server: impl Fn(u32) -> u32) -> Result<Vec<u32>, Error> {
    memory::collect((0..count).map(server), format_args!("{count} buckets"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Server, ServerList};

    fn ring(weights: &[i64]) -> Ring {
        ring_of("libketama", &[], weights)
    }

    fn ring_of(dialect: &str, options: &[(&str, &str)], weights: &[i64]) -> Ring {
        let servers = (0..)
            .zip(weights)
            .map(|(index, &weight): (u32, _)| Server::new(format!("10.0.0.{index}:1"), weight));
        let mut list = ServerList::new(Dialect::named(dialect).unwrap(), servers.collect());
        options.iter().for_each(|(name, value)| list.options.set_text(name, value).unwrap());
        Ring::build(list).unwrap()
    }

    #[test]
    fn every_bucket_has_the_server_of_its_place_and_every_key_that_of_its_bucket() {
        let ring = ring(&[3, 1, 2, 2]);
        let arcs = ring.arcs().unwrap().arcs;
        for count in [1, 7, 1000, 1024] {
            let buckets = Buckets::new(&ring, count).unwrap();
            assert_eq!(buckets.slots().len(), count as usize);
            for (bucket, &server) in buckets.slots().iter().enumerate() {
                let place = ((bucket as u128) << 32) / u128::from(count);
                let arc = arcs.iter().rfind(|arc| arc.start <= place).unwrap();
                assert_eq!(Some(server), arc.server);
            }
            for number in 0..200 {
                let key = format!("key-{number}");
                let hash = (crate::hash::MD5.one)(key.as_bytes());
                let server = buckets.slots()[(hash % count) as usize];
                assert_eq!(buckets.lookup(key.as_bytes()), Some(server));
            }
        }
    }

    #[test]
    fn wide_circles_are_read_off_alike() {
        let ring = ring_of("envoy", &[], &[1, 2, 1]);
        let arcs = ring.arcs().unwrap().arcs;
        let buckets = Buckets::new(&ring, 999).unwrap();
        for (bucket, &server) in buckets.slots().iter().enumerate() {
            let place = ((bucket as u128) << 64) / 999;
            let arc = arcs.iter().rfind(|arc| arc.start <= place).unwrap();
            assert_eq!(Some(server), arc.server);
        }
        for number in 0..200 {
            let key = format!("key-{number}");
            let bucket = twox_hash::XxHash64::oneshot(0, key.as_bytes()) % 999;
            assert_eq!(buckets.lookup(key.as_bytes()), Some(buckets.slots()[bucket as usize]));
        }
    }

    #[test]
    fn a_server_that_is_down_has_no_bucket_and_the_others_keep_theirs() {
        let ring = ring_of("nginx", &[("consistent", "true")], &[1, 1, 1]);
        let before = Buckets::new(&ring, 1024).unwrap();
        let after = Buckets::new(&ring.with_down(&[false, true, false]).unwrap(), 1024).unwrap();
        assert!(!after.slots().contains(&1));
        for (before, after) in before.slots().iter().zip(after.slots()) {
            assert!(*before == 1 || before == after);
        }
    }

    #[test]
    fn rules_without_a_circle_are_refused() {
        let refused = |ring: &Ring| Buckets::new(ring, 1024).unwrap_err().kind() == ErrorKind::Option;
        for (dialect, options) in [("gomemcache", &[][..]), ("jump", &[]), ("go-redis", &[])] {
            assert!(refused(&ring_of(dialect, options, &[1, 1, 1])), "{dialect}");
        }
        let dalli = ring_of("dalli", &[], &[1, 1, 1]);
        assert!(Buckets::new(&dalli, 1024).is_ok());
        assert!(refused(&dalli.with_down(&[true, false, false]).unwrap()));
        let single = Buckets::new(&ring_of("dalli", &[], &[1]), 8).unwrap();
        assert_eq!(single.slots(), [0; 8]);
        assert_eq!(single.lookup(b"key"), Some(0));
    }

    #[test]
    fn without_servers_the_buckets_are_empty() {
        let buckets = Buckets::new(&ring(&[]), 16).unwrap();
        assert_eq!(buckets.slots(), [NO_SERVER; 16]);
        assert_eq!(buckets.lookup(b"key"), None);
    }

    #[test]
    fn no_buckets_and_too_many_are_refused() {
        assert_eq!(Buckets::new(&ring(&[1]), 0).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(Buckets::new(&ring(&[1]), u32::MAX).unwrap_err().kind(), ErrorKind::Limit);
    }
}
