//! Jump consistent hash.

/// Jump consistent hash, after Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014): the bucket
/// of `key` among `buckets`, None if there is none. All arithmetic on doubles is exact or rounds as in C.
pub(super) fn jump(mut key: u64, buckets: usize) -> Option<usize> {
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
