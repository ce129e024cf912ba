//! How many groups of points a server has by its weight, in the arithmetic of each language.
//!
//! All of these mean `40 * n * weight / total`. They differ for about one list in a hundred and for plain equal weights
//! at some numbers of servers, and each difference moves keys: a formula is shared only where the arithmetic is the same.

/// Exact integers, rounded down: hash_ring and uhashring, whose Python divides integers.
///
/// `base` takes the place of 40. Negative numbers give no groups; neither does a total of 0, which callers refuse.
/// Nothing overflows: 32 + 32 + 63 bits.
pub(super) fn int(base: u32, weight: i64, total: i128, servers: usize) -> u64 {
    let product = i128::from(base) * i128::from(servers as u32) * i128::from(weight);
    let groups = product.checked_div(total).unwrap_or(0);
    u64::try_from(groups.max(0)).unwrap_or(u64::MAX)
}

/// Doubles, from left to right, rounded down: hashring and memcached (JavaScript), goketama (Go).
///
/// `base` takes the place of 40. 73 of the first 1000 numbers of equal servers get 39 groups each, 7 the first of them.
pub(super) fn f64(base: f64, weight: f64, total: f64, servers: usize) -> u64 {
    (weight / total * base * servers as f64).floor() as u64
}

/// C's `floorf(pct * 40.0 * (float)n)` with `float pct = (float)weight / (float)total`: libketama,
/// Algorithm::ConsistentHash::Ketama and, spelt out with conversions, go-ketama.
///
/// Each conversion to float rounds once, to nearest even; the product is of doubles; `floorf` takes a float, so the
/// product is rounded to float before it is cut. 61 equal servers get 39 groups each by this, not 40. Nothing is below 0
/// here, where cutting and `floorf` differ.
pub(super) fn f32k(weight: u64, total: u64, servers: usize) -> u64 {
    let share = weight as f32 / total as f32;
    let product = f64::from(share) * 40.0 * f64::from(servers as f32);
    product as f32 as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of equal servers, up to 1000, that do not get 40 groups each.
    fn not_40(groups: impl Fn(usize) -> u64) -> Vec<usize> {
        (1..=1000)
            .filter(|&servers| {
                let groups = groups(servers);
                assert!(groups == 40 || groups == 39);
                groups != 40
            })
            .collect()
    }

    #[test]
    fn integers_give_40_groups_to_every_number_of_equal_servers() {
        assert!(not_40(|n| int(40, 7, 7 * n as i128, n)).is_empty());
    }

    #[test]
    fn doubles_give_39_groups_to_73_numbers_of_equal_servers() {
        let found = not_40(|n| f64(40.0, 1.0, n as f64, n));
        assert_eq!(found.len(), 73);
        assert_eq!(found[..13], [7, 14, 28, 49, 56, 98, 103, 112, 141, 147, 161, 196, 206]);
    }

    #[test]
    fn floats_give_39_groups_to_11_numbers_of_equal_servers() {
        let found = not_40(|n| f32k(7, 7 * n as u64, n));
        assert_eq!(found, [61, 122, 237, 244, 474, 488, 933, 948, 951, 953, 976]);
    }

    #[test]
    fn floats_round_before_they_are_cut() {
        let all = |weights: &[u64]| -> Vec<u64> {
            let total = weights.iter().sum();
            weights.iter().map(|&weight| f32k(weight, total, weights.len())).collect()
        };
        assert_eq!(all(&[1000, 950, 200, 300, 50, 750, 250]), [80, 76, 16, 24, 4, 60, 20]);
        assert_eq!(all(&[19, 22, 7, 21, 1, 10]), [57, 66, 21, 62, 3, 30]);
        assert_eq!(all(&[130, 210, 60]), [39, 62, 18]);
    }

    #[test]
    fn absurd_weights_overflow_nowhere() {
        let servers = u32::MAX as usize;
        assert_eq!(int(u32::MAX, i64::MAX, 1, servers), u64::MAX);
        assert_eq!(int(u32::MAX, i64::MIN, 1, servers), 0);
        assert_eq!(int(40, i64::MIN, i128::from(i64::MIN), 1), 40);
        assert_eq!(int(40, 1, 0, 1), 0);
        assert_eq!(f64(40.0, f64::MAX, f64::INFINITY, 2), 0);
        assert_eq!(f64(40.0, 0.0, 0.0, 2), 0);
        assert_eq!(f32k(u64::MAX, 1, 2), u64::MAX);
    }
}
