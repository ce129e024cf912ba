//! The table of `hash-type map-based`: which server stands in which entry.

use crate::error::Error;
use crate::point::Slots;
use crate::server::Server;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// The entries for the usable servers, more than `limit` of them an error.
///
/// HAProxy adds to the score of every server its share `e` before each entry, gives the entry to the first server with
/// the greatest `floor((score + total) / total)`, and takes `total` from that server's score. With `c` entries given
/// before entry `t` (from 1), that number is `floor(e * t / total) - c + 1`: it rises by 1 at each `t` at or just above a
/// multiple of `total / e`, so only the servers that rise are looked at here, not all of them for every entry.
pub(super) fn entries(servers: &[Server], usable: &[u32], limit: usize) -> Result<Slots, Error> {
    let shares = shares(servers, usable);
    let total = shares.iter().sum();
    let mut slots = Slots::new(limit);
    slots.reserve(total)?;
    let mut credit = vec![0_i64; shares.len()];
    let mut ranking: BTreeSet<_> = (0..shares.len()).map(|place| (Reverse(0), place)).collect();
    let rise = |place: usize, times: u64| Reverse(((total * times).div_ceil(shares[place]), place, times));
    let mut rises: BinaryHeap<_> = (0..shares.len()).map(|place| rise(place, 1)).collect();
    for entry in 1..=total {
        while let Some(&Reverse((time, place, times))) = rises.peek()
            && time <= entry
        {
            rises.pop();
            rises.push(rise(place, times + 1));
            ranking.remove(&(Reverse(credit[place]), place));
            credit[place] += 1;
            ranking.insert((Reverse(credit[place]), place));
        }
        if let Some((Reverse(most), place)) = ranking.pop_first() {
            credit[place] = most - 1;
            ranking.insert((Reverse(credit[place]), place));
            slots.push(usable[place], 1)?;
        }
    }
    Ok(slots)
}

/// The weights of the usable servers, divided by what divides the weights of all servers, down, backup or not.
fn shares(servers: &[Server], usable: &[u32]) -> Vec<u64> {
    let divisor = servers.iter().map(|server| server.weight.as_count()).fold(0, gcd).max(1);
    let weight = |&index: &u32| servers.get(index as usize).map_or(0, |server| server.weight.as_count());
    usable.iter().map(weight).map(|weight| weight / divisor).collect()
}

/// The greatest common divisor; 0 counts for nothing.
fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
