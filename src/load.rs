//! Bounded loads: a key goes on to the next server where its own has more than its share to do.
//!
//! Consistent hashing with bounded loads is from Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded
//! Loads" (2016). The guarantee: a request never makes a server's load exceed its capacity of that moment, which is
//! `percent` hundredths of its fair share of all requests now under way, rounded up; and there is always a server with
//! room, because together the capacities exceed the load. (When other requests end, the fair share shrinks; what is under
//! way stays where it is.) A key's requests spill over to the servers that follow on the ring, always in the same order,
//! and come back as soon as there is room.
//!
//! Servers that a fleet has ejected take no part in a bound made from `fleet.ring().with_down(&fleet.out(now))`.

use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::ring::Ring;
use crate::server::{Server, Weight};

/// A ring with a bound on the load of its servers. Never changes; can be used from any thread.
#[derive(Clone, Debug)]
pub struct Bounded {
    ring: Ring,
    percent: u32,
    /// For each server its part of every load; 0 where the ring has no keys for it or it is down.
    parts: Vec<u64>,
    /// The sum of the parts before each server, and of all.
    before: Vec<u64>,
    rule: fn(&Self, usize, u128) -> u128,
}

/// HAProxy's points per unit of weight, which take part in its rounding.
const HAPROXY_SCALE: u64 = 16;

/// The greatest part: so that the products below fit into 128 bits.
const MOST_PARTS: u64 = 1 << 32;

impl Bounded {
    /// The bound of the paper: a server's capacity is `ceil(percent / 100 * (total + 1) * share)`, where `total` is the
    /// sum of all loads and `share` the server's weight divided by the sum of the weights.
    ///
    /// Servers that are down in the ring's list or have no point on the ring have no share; where the dialect ignores
    /// weights or a weight is not above 0, it counts as 1. Weights that are not integers up to 2^32 are rounded to 32 bits.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] unless `percent` is from 101 to 1,000,000.
    pub fn new(ring: &Ring, percent: u32) -> Result<Self, Error> {
        Self::with_rule(ring, percent, 1, Self::rounded_up)
    }

    /// HAProxy's `hash-balance-factor`: its way of dividing the same total among the servers in whole numbers, each at
    /// least 1.
    ///
    /// # Errors
    /// As [`Bounded::new`].
    pub fn haproxy(ring: &Ring, percent: u32) -> Result<Self, Error> {
        Self::with_rule(ring, percent, HAPROXY_SCALE, Self::haproxy_slots)
    }

    /// The bound that the ring's own options ask for (`hash-balance-factor`); None if they ask for none.
    ///
    /// # Errors
    /// As [`Bounded::new`].
    pub fn of_options(ring: &Ring) -> Result<Option<Self>, Error> {
        // Also 0 where the dialect has no such option.
        match ring.options().int("hash-balance-factor") {
            0 => Ok(None),
            percent => Self::haproxy(ring, u32::try_from(percent).unwrap_or(u32::MAX)).map(Some),
        }
    }

    fn with_rule(
        ring: &Ring,
        percent: u32,
        scale: u64,
        rule: fn(&Self, usize, u128) -> u128,
    ) -> Result<Self, Error> {
        if !(101..=1_000_000).contains(&percent) {
            let message =
                format!("the bound is from 101 to 1,000,000 percent of the fair share, not {percent}");
            return Err(Error::new(ErrorKind::Option, message));
        }
        let mut sum = 0;
        let mut parts = parts(ring)?;
        parts.iter_mut().for_each(|part| *part *= scale);
        let mut before = memory::filled(0, parts.len() + 1, format_args!("{} loads", parts.len()))?;
        for (part, before) in parts.iter().zip(&mut before[1..]) {
            // Fewer than 2^32 servers of at most 2^32 parts each; HAProxy's weights are at most 256.
            sum += part;
            *before = sum;
        }
        Ok(Self { ring: ring.clone(), percent, before, parts, rule })
    }

    /// The ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The most requests that a server may have under way when, with the one to be placed, `total + 1` are.
    /// 0 for a server that gets none.
    pub fn capacity(&self, server: u32, total: u64) -> u64 {
        let server = server as usize;
        if self.parts.get(server).is_none_or(|&part| part == 0) {
            return 0;
        }
        u64::try_from((self.rule)(self, server, u128::from(total) + 1)).unwrap_or(u64::MAX)
    }

    /// The server for a key when `loads[i]` requests are under way on server `i`: the first in the order of
    /// [`Ring::lookup_n`] whose load is below its capacity. None only where the ring has no server at all for the key.
    ///
    /// # Errors
    /// [`ErrorKind::Server`] if the number of loads is not that of the servers, [`ErrorKind::Limit`] if their sum
    /// exceeds `2^64 - 1`.
    pub fn lookup(&self, key: &[u8], loads: &[u64]) -> Result<Option<u32>, Error> {
        let total = self.total(loads)?;
        let has_room =
            |server: u32| loads.get(server as usize).is_some_and(|&load| load < self.capacity(server, total));
        let mut first = None;
        let mut found = None;
        self.ring.walk(key, &mut |server| {
            first = first.or(Some(server));
            found = has_room(server).then_some(server);
            found.is_none()
        });
        let Some(first) = first else { return Ok(None) };
        // A rule that hashes again does not meet every server: then from the first on, in the order of the list.
        let onward = || (first..loads.len() as u32).chain(0..first);
        Ok(found.or_else(|| onward().find(|&server| has_room(server))))
    }

    fn total(&self, loads: &[u64]) -> Result<u64, Error> {
        if loads.len() != self.parts.len() {
            let message = format!("{} loads for {} servers", loads.len(), self.parts.len());
            return Err(Error::new(ErrorKind::Server, message));
        }
        loads
            .iter()
            .try_fold(0_u64, |sum, &load| sum.checked_add(load))
            .ok_or_else(|| Error::new(ErrorKind::Limit, "the sum of the loads exceeds 2^64 - 1"))
    }

    /// The sum of all parts.
    fn whole(&self) -> u128 {
        self.before.last().map_or(0, |&sum| u128::from(sum))
    }

    /// `ceil(percent / 100 * requests * part / whole)`: below 2^20 * 2^65 * 2^32.
    fn rounded_up(&self, server: usize, requests: u128) -> u128 {
        (u128::from(self.percent) * requests * u128::from(self.parts[server])).div_ceil(100 * self.whole())
    }

    /// HAProxy gives every server the whole part of its share; what is left is spread by the running sum of the weights.
    fn haproxy_slots(&self, server: usize, requests: u128) -> u128 {
        let total = (requests * u128::from(self.percent)).div_ceil(100);
        let (quotient, rest) = (total / self.whole(), total % self.whole());
        let part = u128::from(self.parts[server]);
        let before = u128::from(self.before[server]);
        let spread = (before + part) * rest / self.whole() - before * rest / self.whole();
        (part * quotient + spread).max(1)
    }
}

/// Each server's part: its weight if it takes part.
fn parts(ring: &Ring) -> Result<Vec<u64>, Error> {
    let servers = ring.servers();
    let members = ring.rule().members(servers.len());
    let takes_part = members.iter().zip(servers).map(|(&member, server)| member && !server.down);
    let what = || format!("{} weights", servers.len());
    let weights = memory::collect(servers.iter().map(|server| weight(ring, server)), what())?;
    let integer = |weight: &Weight| weight.as_integer().filter(|&weight| weight as u64 <= MOST_PARTS);
    let greatest = weights.iter().map(|weight| weight.as_f64()).fold(1.0, f64::max);
    let rounded = |weight: &Weight| (weight.as_f64() / greatest * MOST_PARTS as f64).round() as u64;
    let all_integers = weights.iter().all(|weight| integer(weight).is_some());
    let part = |(weight, takes_part): (&Weight, bool)| match integer(weight) {
        _ if !takes_part => 0,
        Some(weight) if all_integers => weight as u64,
        _ => rounded(weight).max(1),
    };
    memory::collect(weights.iter().zip(takes_part).map(part), what())
}

/// A weight above 0.
fn weight(ring: &Ring, server: &Server) -> Weight {
    let ignored = (ring.dialect().weights)(ring.options()) == crate::dialect::Weights::Ignored;
    if ignored || server.weight.as_f64() <= 0.0 { Weight::Integer(1) } else { server.weight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, ServerList};

    fn ring(weights: &[i64]) -> Ring {
        let servers = (0..)
            .zip(weights)
            .map(|(index, &weight): (u32, _)| Server::new(format!("10.0.0.{index}:1"), weight));
        Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers.collect())).unwrap()
    }

    /// Hot keys come and go: places `steps` requests, ending about every second one, and checks the bound all the time.
    fn simulate(bounded: &Bounded, steps: u32) -> Vec<u64> {
        let mut loads = vec![0; bounded.ring().servers().len()];
        let mut under_way = Vec::new();
        let mut random = 7_u32;
        let mut next = move || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random >> 8
        };
        for _ in 0..steps {
            let key = next() % 40 * (next() % 3);
            let server = bounded.lookup(format!("key-{key}").as_bytes(), &loads).unwrap().unwrap();
            let total: u64 = loads.iter().sum();
            loads[server as usize] += 1;
            assert!(loads[server as usize] <= bounded.capacity(server, total));
            under_way.push(server as usize);
            if next() % 5 < 2 {
                let ended = under_way.swap_remove(next() as usize % under_way.len());
                loads[ended] -= 1;
            }
        }
        loads
    }

    #[test]
    fn no_request_exceeds_a_capacity_and_there_is_always_a_server_with_room() {
        for weights in [&[1, 1, 1, 1, 1][..], &[1, 2, 3, 50], &[7], &[1000, 1000, 999]] {
            for percent in [101, 110, 125, 200, 1_000_000] {
                simulate(&Bounded::new(&ring(weights), percent).unwrap(), 2000);
                simulate(&Bounded::haproxy(&ring(weights), percent).unwrap(), 2000);
            }
        }
    }

    #[test]
    fn the_most_loaded_server_is_near_its_fair_share_where_unbounded_it_is_not() {
        let ring = ring(&[1; 10]);
        let loads = simulate(&Bounded::new(&ring, 110).unwrap(), 20_000);
        let total: u64 = loads.iter().sum();
        assert!(*loads.iter().max().unwrap() as f64 <= (1.1 * total as f64 / 10.0).ceil() + 1.0, "{loads:?}");
        let loads = simulate(&Bounded::new(&ring, 1_000_000).unwrap(), 20_000);
        let total: u64 = loads.iter().sum();
        assert!(*loads.iter().max().unwrap() as f64 > 2.0 * total as f64 / 10.0, "{loads:?}");
    }

    #[test]
    fn without_load_every_key_is_at_home_and_with_load_it_goes_on_along_the_ring() {
        let ring = ring(&[1, 1, 1, 1]);
        let bounded = Bounded::new(&ring, 150).unwrap();
        for number in 0..200 {
            let key = format!("key-{number}");
            let key = key.as_bytes();
            let mut order = [0; 4];
            ring.lookup_n(key, &mut order);
            let mut loads = [0; 4];
            for place in 0..3 {
                assert_eq!(bounded.lookup(key, &loads).unwrap(), Some(order[place]));
                // 1 of at most 4 under way: the capacity is ceil(1.5 * 4 / 4) = 2.
                loads[order[place] as usize] = 2;
            }
        }
    }

    #[test]
    fn capacities_are_the_rounded_up_shares() {
        let bounded = Bounded::new(&ring(&[1, 2, 5]), 125).unwrap();
        // 1.25 * 100 = 125 places: eighths of that are 15.625, 31.25 and 78.125.
        assert_eq!([0, 1, 2].map(|server| bounded.capacity(server, 99)), [16, 32, 79]);
        assert_eq!([0, 1, 2, 3].map(|server| bounded.capacity(server, 0)), [1, 1, 1, 0]);
        assert_eq!(bounded.capacity(2, u64::MAX), 14_411_518_807_585_587_200);
    }

    #[test]
    fn a_fraction_among_integers_has_its_share() {
        let half = Server { weight: Weight::Fraction(0.5), ..Server::new("b", 1) };
        let list = ServerList::new(Dialect::named("steady").unwrap(), vec![Server::new("a", 1), half]);
        let bounded = Bounded::new(&Ring::build(list).unwrap(), 101).unwrap();
        // 1.01 * 3000 = 3030 places.
        assert_eq!([0, 1].map(|server| bounded.capacity(server, 2999)), [2020, 1010]);
    }

    #[test]
    fn the_shares_of_great_fractions_go_by_the_greatest() {
        let server = |name, weight| Server { weight: Weight::Fraction(weight), ..Server::new(name, 1) };
        let servers = vec![server("a", 20_000.5), server("b", 80_002.0)];
        let mut list = ServerList::new(Dialect::named("steady").unwrap(), servers);
        list.options.set_text("points", "1").unwrap();
        let bounded = Bounded::new(&Ring::build(list).unwrap(), 200).unwrap();
        // Fifths of 2 * 1000 places.
        assert_eq!([0, 1].map(|server| bounded.capacity(server, 999)), [400, 1600]);
    }

    #[test]
    fn haproxy_slots_are_whole_shares_and_a_spread_rest() {
        let bounded = Bounded::haproxy(&ring(&[1, 2, 5]), 125).unwrap();
        // 125 slots over 128 points: quotient 0, rest 125; the running sums 16, 48, 128 give 15, 46, 125.
        assert_eq!([0, 1, 2].map(|server| bounded.capacity(server, 99)), [15, 31, 79]);
        // 1250 slots: quotient 9, rest 98; 144 + 12, 288 + 24, 720 + 62.
        assert_eq!([0, 1, 2].map(|server| bounded.capacity(server, 999)), [156, 312, 782]);
        // 2 slots: the running sums 16, 48, 128 give 0, 0, 2, but nobody has less than 1.
        assert_eq!([0, 1, 2].map(|server| bounded.capacity(server, 0)), [1, 1, 2]);
    }

    #[test]
    fn capacities_together_exceed_every_load() {
        for weights in [&[1, 1, 1][..], &[3, 5, 7, 11, 13], &[1, 999]] {
            let ring = ring(weights);
            for bounded in [Bounded::new(&ring, 101).unwrap(), Bounded::haproxy(&ring, 101).unwrap()] {
                for total in (0..2000).chain([u64::from(u32::MAX), 1 << 60]) {
                    let sum: u128 =
                        (0..weights.len() as u32).map(|s| u128::from(bounded.capacity(s, total))).sum();
                    assert!(sum > u128::from(total), "{weights:?} {total}");
                }
            }
        }
    }

    fn haproxy(weights: &[i64], factor: &str) -> Ring {
        let servers =
            (0..).zip(weights).map(|(index, &weight): (u32, _)| Server::new(format!("s{index}"), weight));
        let mut list = ServerList::new(Dialect::named("haproxy").unwrap(), servers.collect());
        list.options.set_text("hash-type", "consistent").unwrap();
        list.options.set_text("hash-balance-factor", factor).unwrap();
        Ring::build(list).unwrap()
    }

    #[test]
    fn the_option_of_a_list_sets_its_bound_and_unused_servers_have_none() {
        let ring = haproxy(&[1, 2, 0, 5], "125");
        let bounded = Bounded::of_options(&ring).unwrap().unwrap();
        assert_eq!([0, 1, 2, 3].map(|server| bounded.capacity(server, 99)), [15, 31, 0, 79]);
        let tight = Bounded::of_options(&haproxy(&[1, 2, 0, 5], "110")).unwrap().unwrap();
        for number in 0..200 {
            // 1102 slots: 276 and 689 for the two that are over them, so only the light one has room.
            let server = tight.lookup(format!("key-{number}").as_bytes(), &[0, 300, 0, 700]).unwrap();
            assert_eq!(server, Some(0));
        }
        assert!(Bounded::of_options(&haproxy(&[1, 1], "0")).unwrap().is_none());
    }

    #[test]
    fn where_weights_are_ignored_all_servers_have_the_same_capacity() {
        let servers = vec![Server::new("a:1", 1), Server::new("b:1", 9)];
        let ring = Ring::build(ServerList::new(Dialect::named("pymemcache").unwrap(), servers)).unwrap();
        let bounded = Bounded::new(&ring, 150).unwrap();
        assert_eq!([0, 1].map(|server| bounded.capacity(server, 99)), [75, 75]);
    }

    #[test]
    fn fractions_count_as_weights() {
        let servers = vec![Server::new("a", 1.5), Server::new("b", 4.5)];
        let ring = Ring::build(ServerList::new(Dialect::named("varnish").unwrap(), servers)).unwrap();
        let bounded = Bounded::new(&ring, 200).unwrap();
        let capacity = [0, 1].map(|server| bounded.capacity(server, 99_999));
        assert!(capacity[0].abs_diff(50_000) <= 1 && capacity[1].abs_diff(150_000) <= 1, "{capacity:?}");
    }

    #[test]
    fn a_rule_that_hashes_again_still_finds_the_server_with_room() {
        let servers = (0..9).map(|index| Server::new(format!("10.0.0.{index}:1"), 1)).collect();
        let ring = Ring::build(ServerList::new(Dialect::named("spymemcached").unwrap(), servers)).unwrap();
        let bounded = Bounded::new(&ring, 101).unwrap();
        for number in 0..200 {
            let free = number % 9;
            // ceil(1.01 * 9 / 9) = 2 each.
            let loads: Vec<u64> = (0..9).map(|server| if server == free { 0 } else { 2 }).collect();
            let key = format!("key-{number}");
            assert_eq!(bounded.lookup(key.as_bytes(), &loads).unwrap(), Some(free as u32));
        }
    }

    #[test]
    fn servers_that_are_down_have_no_capacity() {
        let ring = ring(&[1, 1, 1]).with_down(&[false, true, false]).unwrap();
        let bounded = Bounded::new(&ring, 110).unwrap();
        assert_eq!(bounded.capacity(1, 99), 0);
        assert_eq!(bounded.capacity(0, 99), 55);
    }

    #[test]
    fn what_cannot_be_bounded_is_refused() {
        let ring = ring(&[1, 1]);
        for percent in [0, 99, 100, 1_000_001, u32::MAX] {
            assert_eq!(Bounded::new(&ring, percent).unwrap_err().kind(), ErrorKind::Option);
        }
        let bounded = Bounded::new(&ring, 101).unwrap();
        assert_eq!(bounded.lookup(b"k", &[1]).unwrap_err().kind(), ErrorKind::Server);
        assert_eq!(bounded.lookup(b"k", &[u64::MAX, 1]).unwrap_err().kind(), ErrorKind::Limit);
        assert!(bounded.lookup(b"k", &[u64::MAX, 0]).unwrap().is_some());
        let empty =
            Bounded::new(&Ring::build(ServerList::new(ring.dialect(), vec![])).unwrap(), 150).unwrap();
        assert_eq!(empty.lookup(b"k", &[]).unwrap(), None);
        assert!(Bounded::of_options(&ring).unwrap().is_none());
    }
}
