//! How evenly a ring spreads keys: the share that each server's weight asks for, and how far the given ones are from it.

use super::Ring;
use crate::dialect::Weights;

/// How far shares are from what the weights ask for. The load of a server is its share over the share asked for it: 1
/// on average, if each server is counted by its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The greatest load, which is the maximum over the mean where all weights are equal.
    pub greatest: f64,
    /// The least load.
    pub least: f64,
    /// The standard deviation of the loads, each server counted once.
    pub deviation: f64,
}

impl Ring {
    /// The share of the keys that the weights ask for, in list order: the weight over the sum of all, or the same for
    /// every server where the dialect ignores weights. Servers that are down, or backups, count only if `shares` gives
    /// them keys.
    pub fn asked(&self, shares: &[f64]) -> Vec<f64> {
        let ignored = (self.dialect().weights)(self.options()) == Weights::Ignored;
        let weight = |(server, share): (&crate::Server, &f64)| match server {
            server if (server.down || server.backup) && *share == 0.0 => 0.0,
            _ if ignored => 1.0,
            server => server.weight.as_f64().max(0.0),
        };
        let weights: Vec<f64> = self.servers().iter().zip(shares).map(weight).collect();
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| if total > 0.0 { weight / total } else { 0.0 }).collect()
    }
}

impl Spread {
    /// Of shares against those asked for; None where nothing is asked for any server.
    pub fn of(shares: &[f64], asked: &[f64]) -> Option<Self> {
        let counted = shares.iter().zip(asked).filter(|(_, asked)| **asked > 0.0);
        let loads: Vec<f64> = counted.map(|(share, asked)| share / asked).collect();
        if loads.is_empty() {
            return None;
        }
        let count = loads.len() as f64;
        let mean = loads.iter().sum::<f64>() / count;
        let variance = loads.iter().map(|load| (load - mean).powi(2)).sum::<f64>() / count;
        Some(Self {
            greatest: loads.iter().copied().fold(f64::MIN, f64::max),
            least: loads.iter().copied().fold(f64::MAX, f64::min),
            deviation: variance.sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Server, ServerList};

    fn asked(dialect: &str, servers: Vec<Server>) -> Vec<f64> {
        let ring = Ring::build(ServerList::new(Dialect::named(dialect).unwrap(), servers)).unwrap();
        ring.asked(&ring.shares())
    }

    #[test]
    fn weights_ask_for_their_part_of_the_sum() {
        assert_eq!(asked("libketama", vec![Server::new("a", 1), Server::new("b", 3)]), [0.25, 0.75]);
        assert_eq!(asked("jump", vec![Server::new("a", 1), Server::new("b", 3)]), [0.5, 0.5]);
    }

    #[test]
    fn a_server_that_is_down_asks_for_nothing_unless_it_has_keys() {
        let down = Server { down: true, ..Server::new("b:1", 1) };
        assert_eq!(asked("twemproxy", vec![Server::new("a:1", 1), down.clone()]), [1.0, 0.0]);
        assert_eq!(asked("libketama", vec![Server::new("a:1", 1), down.clone()]), [0.5, 0.5]);
        assert_eq!(asked("twemproxy", vec![down]), [0.0]);
    }

    #[test]
    fn the_spread_is_that_of_the_loads() {
        let spread = Spread::of(&[0.3, 0.5, 0.2, 0.0], &[0.2, 0.5, 0.3, 0.0]).unwrap();
        assert!((spread.greatest - 1.5).abs() < 1e-12 && (spread.least - 2.0 / 3.0).abs() < 1e-12);
        let mean = (1.5 + 1.0 + 2.0 / 3.0) / 3.0;
        let deviation = [1.5_f64, 1.0, 2.0 / 3.0].map(|load| (load - mean).powi(2)).iter().sum::<f64>() / 3.0;
        assert!((spread.deviation - deviation.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of(&[], &[]), None);
    }
}
