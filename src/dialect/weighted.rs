//! The number of MD5 groups by which libmemcached (weighted) and twemproxy give servers their share, computed alike in both.

/// What the weight of a server is measured against: the servers in use.
pub(super) struct Scale {
    servers: usize,
    total: u128,
}

impl Scale {
    /// The scale of servers with these weights.
    pub fn of(weights: impl Iterator<Item = u64>) -> Self {
        let (servers, total) =
            weights.fold((0, 0), |(servers, total), weight| (servers + 1, total + u128::from(weight)));
        Self { servers, total }
    }

    /// The number of groups of four points for a weight.
    ///
    /// Both programs keep floats and round after each step. They multiply by 160 and divide by 4, which rounds as
    /// multiplying by 40 does, and before they cut the fraction off they add 1e-10, which is less than half a unit in
    /// the last place of any value near an integer above 0.
    pub fn groups(&self, weight: u64) -> u64 {
        let share = weight as f32 / self.total as f32;
        (share * 40.0 * self.servers as f32).floor() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn these_numbers_of_equal_servers_have_39_groups() {
        let of_39 = |n: usize| {
            let groups = Scale::of(std::iter::repeat_n(1, n)).groups(1);
            assert!(groups == 39 || groups == 40, "{groups} groups for {n} servers");
            groups == 39
        };
        let found: Vec<usize> = (1..=110).filter(|&n| of_39(n)).collect();
        assert_eq!(found, [25, 47, 50, 55, 61, 71, 94, 100, 107, 109, 110]);
    }

    #[test]
    fn a_light_server_can_be_left_without_points() {
        let scale = Scale::of([1, 300, 400, 400].into_iter());
        assert_eq!(scale.groups(1), 0);
        assert_eq!(scale.groups(400), 58);
    }

    #[test]
    fn the_sum_of_the_greatest_weights_does_not_overflow() {
        assert_eq!(Scale::of([i64::MAX as u64; 4].into_iter()).groups(i64::MAX as u64), 40);
    }
}
