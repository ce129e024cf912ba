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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::sync::Arc;

    fn servers(weights: &[u64]) -> Vec<Server> {
        weights.iter().map(|&weight| Server::new("s", weight as i64)).collect()
    }

    /// The table by the scores of all servers.
    fn naive(shares: &[u64]) -> Vec<u32> {
        let total = shares.iter().sum::<u64>() as i64;
        let mut scores = vec![0; shares.len()];
        let mut table = Vec::new();
        for _ in 0..total {
            let mut best = (0, i64::MIN);
            for (server, score) in scores.iter_mut().enumerate() {
                *score += shares[server] as i64;
                let rank = (*score + total).div_euclid(total);
                if rank > best.1 {
                    best = (server, rank);
                }
            }
            scores[best.0] -= total;
            table.push(best.0 as u32);
        }
        table
    }

    #[test]
    fn the_table_is_the_one_that_scores_give() {
        let mut random = 1_u32;
        let mut next = move |most: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u64::from((random >> 16) % most + 1)
        };
        for round in 0..300 {
            let most = if round % 2 == 0 { 4 } else { 256 };
            // The last weight is 1, so that nothing divides them all.
            let mut weights: Vec<u64> = (0..next(9)).map(|_| next(most)).collect();
            weights.push(1);
            let usable: Vec<u32> = (0..weights.len() as u32).collect();
            let table: Arc<[u32]> = entries(&servers(&weights), &usable, 1 << 20).unwrap().into();
            assert_eq!(*table, *naive(&weights), "{weights:?}");
        }
    }

    #[test]
    fn weights_are_divided_by_what_divides_those_of_all_servers() {
        assert_eq!(shares(&servers(&[4, 6, 0, 8]), &[0, 1, 3]), [2, 3, 4]);
        // Server 2 is not usable, but counts.
        assert_eq!(shares(&servers(&[4, 6, 3, 8]), &[0, 1, 3]), [4, 6, 8]);
        assert_eq!(shares(&servers(&[5, 5]), &[0, 1]), [1, 1]);
    }

    #[test]
    fn a_table_beyond_the_limit_is_refused() {
        let error = entries(&servers(&[255, 256]), &[0, 1], 510).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(entries(&servers(&[255, 256]), &[0, 1], 511).is_ok());
    }
}
