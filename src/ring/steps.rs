//! The order of several changes in which the fewest keys move, each one's movement being known.

/// Up to this many changes every order is weighed: `2^n` states of the list. Beyond, the cheapest next change is taken.
pub const WEIGHED: usize = 10;

/// An order of the changes `0..count` and what each moves.
///
/// `cost` gives what moves when one change is made to a list in which some are made already (bit `i` stands for change
/// `i`); infinity where such a list cannot be. Of all orders, for at most [`WEIGHED`] changes, the one whose sum is
/// least; among equals the one that comes first by the numbers of the changes. At most 64 changes.
pub fn order(count: usize, cost: &mut dyn FnMut(u64, usize) -> f64) -> Vec<(usize, f64)> {
    if count > WEIGHED { cheapest_next(count, cost) } else { least_sum(count, cost) }
}

fn cheapest_next(count: usize, cost: &mut dyn FnMut(u64, usize) -> f64) -> Vec<(usize, f64)> {
    let (mut made, mut steps) = (0, Vec::with_capacity(count));
    for _ in 0..count {
        let open = (0..count).filter(|change| made & (1 << change) == 0);
        let weighed = open.map(|change| (change, cost(made, change)));
        let Some(best) = weighed.min_by(|one, other| one.1.total_cmp(&other.1)) else { break };
        made |= 1 << best.0;
        steps.push(best);
    }
    steps
}

/// From the end: what is still to be paid after each set of changes, and the change that comes next.
fn least_sum(count: usize, cost: &mut dyn FnMut(u64, usize) -> f64) -> Vec<(usize, f64)> {
    let all = 1_usize << count;
    let mut open = vec![(0.0, 0, 0.0); all];
    for made in (0..all - 1).rev() {
        let mut best = (f64::INFINITY, usize::MAX, f64::INFINITY);
        for change in (0..count).filter(|change| made & (1 << change) == 0) {
            let now = cost(made as u64, change);
            let sum = now + open[made | (1 << change)].0;
            // Sums of shares in another order differ in their last bits, which should not decide.
            if best.1 == usize::MAX || sum < best.0 - 1e-12 {
                best = (sum, change, now);
            }
        }
        open[made] = best;
    }
    let mut made = 0;
    let next = |_| {
        let (_, change, now) = open[made];
        made |= 1 << change;
        (change, now)
    };
    (0..count).map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All orders of the changes, by the definition.
    fn orders(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![Vec::new()];
        }
        let shorter = orders(count - 1);
        let insert = |order: &Vec<usize>, at: usize| {
            let mut order = order.clone();
            order.insert(at, count - 1);
            order
        };
        shorter.iter().flat_map(|order| (0..count).map(move |at| insert(order, at))).collect()
    }

    fn cost(made: u64, change: usize) -> f64 {
        let mixed = (made * 8 + change as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as f64
    }

    fn sum(order: &[usize]) -> f64 {
        let mut made = 0;
        let step = |&change: &usize| {
            let now = cost(made, change);
            made |= 1 << change;
            now
        };
        order.iter().map(step).sum()
    }

    #[test]
    fn no_order_moves_less() {
        for count in 0..6 {
            let found = order(count, &mut cost);
            let changes: Vec<usize> = found.iter().map(|step| step.0).collect();
            let least = orders(count).iter().map(|order| sum(order)).fold(f64::INFINITY, f64::min);
            assert_eq!(sum(&changes), if count == 0 { 0.0 } else { least });
            assert_eq!(found.iter().map(|step| step.1).sum::<f64>(), sum(&changes));
        }
    }

    #[test]
    fn a_state_that_cannot_be_is_gone_around() {
        // Change 0 first is impossible.
        let found = order(3, &mut |made, change| if made == 0 && change == 0 { f64::INFINITY } else { 1.0 });
        assert_eq!(found.iter().map(|step| step.0).collect::<Vec<_>>(), [1, 0, 2]);
    }

    #[test]
    fn many_changes_are_ordered_by_the_cheapest_next() {
        let found = order(12, &mut |_, change| 12.0 - change as f64);
        assert!(found.iter().map(|step| step.0).eq((0..12).rev()));
    }

    #[test]
    fn up_to_ten_changes_all_orders_are_weighed() {
        // The first change is the cheapest, and makes all others dearer.
        let mut cost = |made: u64, change| match (change, made & 1) {
            (0, _) => 0.0,
            (_, 0) => 1.0,
            _ => 2.0,
        };
        let mut sum = |count| order(count, &mut cost).iter().map(|step| step.1).sum::<f64>();
        assert_eq!((sum(WEIGHED), sum(WEIGHED + 1)), (9.0, 20.0));
    }
}
