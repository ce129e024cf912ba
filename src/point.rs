//! Points: places on the circle and the servers that own them, gathered server by server, sorted once.

use crate::error::{Error, ErrorKind};
use crate::hash::md5;
use std::ops::Range;
use std::sync::Arc;

/// A place on a circle: an unsigned number whose whole range is the circle.
pub trait Place: Copy + Ord + Send + Sync + std::fmt::Debug + 'static {
    /// Width in bits: the circle has `2^BITS` places.
    const BITS: u32;
    /// The place above every other.
    const LAST: Self;
    /// The top `BITS - shift` bits.
    fn top(self, shift: u32) -> usize;
    /// The place `steps` further on, around the circle.
    fn ahead(self, steps: Self) -> Self;
    /// How far the circle is walked upwards from `from` to here.
    fn distance_from(self, from: Self) -> Self;
    /// The remainder of a division by `n`, which is not 0.
    fn modulo(self, n: usize) -> usize;
    /// The number, widened.
    fn widen(self) -> u128;
    /// The number, cut to the width of this type.
    fn cut(wide: u128) -> Self;
    /// Where slot `slot` of `count` begins when the circle is cut into equal ones: `slot * 2^BITS / count`, rounded down.
    /// `slot` is below `count`.
    fn slot(slot: u32, count: u32) -> Self {
        // With 2^BITS = quotient * count + rest, so that nothing exceeds 2^128: slot * quotient + slot * rest / count.
        let (slot, count) = (u128::from(slot), u128::from(count));
        let last = Self::LAST.widen();
        let (mut quotient, mut rest) = (last / count, last % count + 1);
        if rest == count {
            (quotient, rest) = (quotient.wrapping_add(1), 0);
        }
        Self::cut(slot.wrapping_mul(quotient) + slot * rest / count)
    }
    /// Sorts points by their values; equal ones stay in order.
    fn sort(points: &mut Vec<Point<Self>>) {
        points.sort_by_key(|point| point.value);
    }
}

macro_rules! place {
    ($($t:ty $({ $($own:tt)* })?),*) => {$(
        impl Place for $t {
            const BITS: u32 = <$t>::BITS;
            const LAST: Self = <$t>::MAX;
            #[inline]
            fn top(self, shift: u32) -> usize {
                self.checked_shr(shift).unwrap_or(0) as usize
            }
            #[inline]
            fn ahead(self, steps: Self) -> Self {
                self.wrapping_add(steps)
            }
            #[inline]
            fn distance_from(self, from: Self) -> Self {
                self.wrapping_sub(from)
            }
            #[inline]
            fn modulo(self, n: usize) -> usize {
                (self % n as $t) as usize
            }
            fn widen(self) -> u128 {
                u128::from(self)
            }
            fn cut(wide: u128) -> Self {
                wide as $t
            }
            $($($own)*)?
        }
    )*};
}
place!(
    u32 {
        fn sort(points: &mut Vec<Point<Self>>) {
            if points.len() < RADIX_FROM {
                points.sort_by_key(|point| point.value);
            } else {
                radix_sort(points);
            }
        }
    },
    u64,
    u128
);

/// From this many points on, counting beats comparing: the counts are filled and summed whatever the number.
const RADIX_FROM: usize = 200;

/// Sorts in linear time where values are spread as hashes are: twice by counting, from the lower to the upper half of
/// the top bits, then by insertion what differs only below them. Each step keeps the order of equal values.
fn radix_sort(points: &mut Vec<Point<u32>>) {
    const MOST: u32 = 11;
    // So many bits that few points share them, so few that the counts stay in the first-level cache.
    let bits = (points.len().max(1).ilog2() / 2 + 4).min(MOST);
    let digit = |value: u32, shift: u32| ((value >> shift) & ((1 << bits) - 1)) as usize;
    let shifts = [u32::BITS - 2 * bits, u32::BITS - bits];
    let mut counts = [[0_u32; 1 << MOST]; 2];
    for point in points.iter() {
        for (counts, shift) in counts.iter_mut().zip(shifts) {
            counts[digit(point.value, shift)] += 1;
        }
    }
    let mut to = vec![Point { value: 0, server: 0 }; points.len()];
    for (starts, shift) in counts.iter_mut().zip(shifts) {
        let mut start = 0;
        for count in starts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for point in points.iter() {
            let next = &mut starts[digit(point.value, shift)];
            to[*next as usize] = *point;
            *next += 1;
        }
        std::mem::swap(points, &mut to);
    }
    // What was reserved beyond need goes; a ring's spare points stay.
    points.shrink_to(points.len() + SPARE);
    insertion_sort(points);
}

/// Sorts points that are nearly in order; the standard library's way where they turn out not to be.
fn insertion_sort(points: &mut [Point<u32>]) {
    let mut patience = 4 * points.len();
    for next in 1..points.len() {
        let point = points[next];
        let mut place = next;
        while place > 0 && points[place - 1].value > point.value {
            points[place] = points[place - 1];
            place -= 1;
        }
        points[place] = point;
        match patience.checked_sub(next - place) {
            Some(rest) => patience = rest,
            None => return points.sort_by_key(|point| point.value),
        }
    }
}

/// How many points a ring keeps behind its last one, for scans that need no end.
pub const SPARE: usize = 4;

/// A place on the circle and the index of the server that owns it. In C's layout, for it is also that of shared rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Point<T> {
    /// The place.
    pub value: T,
    /// The owner's index in the server list.
    pub server: u32,
}

/// Which of several points with the same value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// All stay, in the order in which they were placed.
    Keep,
    /// Only the one that was placed first stays.
    First,
    /// Only the one that was placed last stays.
    Last,
}

/// The limit of a ring whose points are already known: a dialect then builds all of its rule but them. No option can set
/// this limit.
pub const NOTHING: usize = 0;

/// Gathers the points of all servers, up to a limit; none at all if the limit is [`NOTHING`].
pub struct Placer<T> {
    points: Vec<Point<T>>,
    limit: usize,
}

impl<T: Place> Placer<T> {
    /// Nothing placed yet; more than `limit` points will be an error.
    pub fn new(limit: usize) -> Self {
        Self { points: Vec::new(), limit }
    }

    /// Makes room for `count` more points, or says that they are too many.
    pub fn reserve(&mut self, count: u64) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        reserve(&mut self.points, count, self.limit, "points")
    }

    /// Places one point.
    pub fn push(&mut self, value: T, server: u32) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        if self.points.len() == self.points.capacity() || self.points.len() >= self.limit {
            self.reserve(1)?;
        }
        self.points.push(Point { value, server });
        Ok(())
    }

    /// Places one point for each label `prefix ++ decimal(k)`, k in `numbers`, at `hash(label)`.
    pub fn labels(
        &mut self,
        server: u32,
        prefix: &[u8],
        numbers: Range<u64>,
        hash: impl Fn(&[u8]) -> T,
    ) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        self.reserve(numbers.end.saturating_sub(numbers.start))?;
        let mut label = prefix.to_vec();
        for number in numbers {
            label.truncate(prefix.len());
            push_decimal(&mut label, number);
            self.points.push(Point { value: hash(&label), server });
        }
        Ok(())
    }

    /// The points in ascending order of their values, ties as told.
    pub fn sorted(mut self, ties: Ties) -> Vec<Point<T>> {
        T::sort(&mut self.points);
        match ties {
            Ties::Keep => {}
            Ties::First => self.points.dedup_by_key(|point| point.value),
            Ties::Last => self.points.dedup_by(|later, earlier| {
                let equal = later.value == earlier.value;
                if equal {
                    *earlier = *later;
                }
                equal
            }),
        }
        self.points
    }
}

/// Gathers the slots of a rule that takes a remainder, up to a limit.
pub struct Slots {
    slots: Vec<u32>,
    limit: usize,
}

impl Slots {
    /// No slot yet; more than `limit` slots will be an error.
    pub fn new(limit: usize) -> Self {
        Self { slots: Vec::new(), limit }
    }

    /// One slot for each of `servers` servers, in list order.
    pub fn one_each(servers: u32, limit: usize) -> Result<Self, Error> {
        let mut slots = Self::new(limit);
        slots.reserve(servers.into())?;
        slots.slots.extend(0..servers);
        Ok(slots)
    }

    /// Makes room for `count` more slots, or says that they are too many.
    pub fn reserve(&mut self, count: u64) -> Result<(), Error> {
        reserve(&mut self.slots, count, self.limit, "slots")
    }

    /// Gives the next `count` slots to a server.
    pub fn push(&mut self, server: u32, count: u64) -> Result<(), Error> {
        self.reserve(count)?;
        self.slots.resize(self.slots.len() + count as usize, server);
        Ok(())
    }
}

impl From<Slots> for Arc<[u32]> {
    fn from(slots: Slots) -> Self {
        slots.slots.into()
    }
}

/// Makes room for `count` more entries, or says that there would be more than `limit` of them.
pub(crate) fn reserve<T>(list: &mut Vec<T>, count: u64, limit: usize, what: &str) -> Result<(), Error> {
    let wanted = (list.len() as u64).saturating_add(count);
    if wanted > limit as u64 {
        let message =
            format!("the ring would have more than {limit} {what}; the option `max-points` raises the limit");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    list.try_reserve(count as usize)
        .map_err(|_| Error::new(ErrorKind::Memory, format!("no memory for {wanted} {what}")))
}

/// How many labels are hashed in one batch: enough for every backend's lanes, little enough for the first-level cache.
const BATCH: usize = 64;

impl Placer<u32> {
    /// Places the points of MD5 groups: each label `prefix ++ decimal(k)`, k in `0..groups`, gives its first `words`
    /// little-endian digest words (1 to 4), in this order.
    pub fn md5_groups(&mut self, server: u32, prefix: &[u8], groups: u64, words: usize) -> Result<(), Error> {
        debug_assert!((1..=4).contains(&words));
        if self.limit == NOTHING {
            return Ok(());
        }
        self.reserve(groups.saturating_mul(words as u64))?;
        let mut text = Vec::new();
        let mut digests = [[0; 4]; BATCH];
        let mut next = 0;
        while next < groups {
            let count = (groups - next).min(BATCH as u64) as usize;
            text.clear();
            let mut ends = [0; BATCH];
            for (end, number) in ends[..count].iter_mut().zip(next..) {
                text.extend_from_slice(prefix);
                push_decimal(&mut text, number);
                *end = text.len();
            }
            let mut labels: [&[u8]; BATCH] = [&[]; BATCH];
            let mut start = 0;
            for (label, &end) in labels.iter_mut().zip(&ends[..count]) {
                *label = &text[start..end];
                start = end;
            }
            md5::words_many(&labels[..count], &mut digests[..count]);
            for digest in &digests[..count] {
                let points = digest[..words].iter().map(|&value| Point { value, server });
                self.points.extend(points);
            }
            next += count as u64;
        }
        Ok(())
    }
}

/// Appends a number in decimal digits.
pub(crate) fn push_decimal(text: &mut Vec<u8>, mut number: u64) {
    // Most numbers are those of labels.
    if number < 100 {
        let number = number as u8;
        if number >= 10 {
            text.push(b'0' + number / 10);
        }
        return text.push(b'0' + number % 10);
    }
    // 20 digits are enough for 2^64 - 1.
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(values: &[(u32, u32)]) -> Placer<u32> {
        let mut placer = Placer::new(100);
        for &(value, server) in values {
            placer.push(value, server).unwrap();
        }
        placer
    }

    #[test]
    fn ties_are_kept_in_order_or_decided() {
        let values = [(7, 0), (3, 1), (7, 2), (7, 1)];
        let owners =
            |ties| -> Vec<u32> { placed(&values).sorted(ties).iter().map(|point| point.server).collect() };
        assert_eq!(owners(Ties::Keep), [1, 0, 2, 1]);
        assert_eq!(owners(Ties::First), [1, 0]);
        assert_eq!(owners(Ties::Last), [1, 1]);
    }

    #[test]
    fn counting_sorts_as_comparing_does() {
        let mut random = 1_u32;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random ^ (random >> 13)
        };
        for mask in [u32::MAX, 0xff, 0x00ff_f000, 0xffff_0000, 0x8000_0001, 0] {
            for count in [0, 1, 2, RADIX_FROM, 5_000, 70_000] {
                let mut points: Vec<_> =
                    (0..count as u32).map(|server| Point { value: next() & mask, server }).collect();
                let mut compared = points.clone();
                compared.sort_by_key(|point| point.value);
                radix_sort(&mut points);
                assert!(points == compared, "{count} points, mask {mask:x}");
            }
        }
    }

    #[test]
    fn where_nothing_is_to_be_placed_nothing_is() {
        let mut placer = Placer::<u32>::new(NOTHING);
        placer.md5_groups(0, b"a-", u64::MAX, 4).unwrap();
        placer.labels(0, b"a-", 0..u64::MAX, |_| 1).unwrap();
        placer.push(1, 0).unwrap();
        assert!(placer.sorted(Ties::Keep).is_empty());
    }

    #[test]
    fn points_beyond_the_limit_are_refused() {
        let mut placer = Placer::<u32>::new(3);
        assert!(placer.md5_groups(0, b"a-", 1, 4).is_err());
        assert!(placer.md5_groups(0, b"a-", 1, 3).is_ok());
        assert_eq!(placer.push(1, 0).unwrap_err().kind(), ErrorKind::Limit);
        assert!(placer.reserve(u64::MAX).is_err());
    }

    #[test]
    fn slots_beyond_the_limit_are_refused_before_memory_is_taken() {
        let mut slots = Slots::new(5);
        slots.push(3, 2).unwrap();
        slots.push(1, 0).unwrap();
        slots.push(0, 3).unwrap();
        assert_eq!(slots.push(2, 1).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(slots.push(2, u64::MAX).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(*Arc::<[u32]>::from(slots), [3, 3, 0, 0, 0]);
        assert_eq!(*Arc::<[u32]>::from(Slots::one_each(3, 3).unwrap()), [0, 1, 2]);
        assert!(Slots::one_each(4, 3).is_err());
    }

    #[test]
    fn md5_groups_are_the_words_of_the_numbered_labels() {
        let mut placer = Placer::<u32>::new(1000);
        placer.md5_groups(5, b"10.0.1.1:11211-", 130, 3).unwrap();
        let mut naive = Vec::new();
        for number in 0..130 {
            let words = md5::words(format!("10.0.1.1:11211-{number}").as_bytes());
            naive.extend(words[..3].iter().map(|&value| Point { value, server: 5 }));
        }
        assert_eq!(placer.points, naive);
    }

    #[test]
    fn slots_begin_at_equal_distances_rounded_down() {
        assert_eq!(u32::slot(1023, 1024), 1023 << 22);
        assert_eq!(u32::slot(1, 3), 0x5555_5555);
        assert_eq!(u32::slot(2, 3), 0xaaaa_aaaa);
        assert_eq!(u32::slot(0, 1), 0);
        assert_eq!(u64::slot(3, 7), ((3_u128 << 64) / 7) as u64);
        assert_eq!(u128::slot(5, 8), 5 << 125);
        assert_eq!(u128::slot(0, 1), 0);
        // 2^128 leaves 1 when divided by 3.
        assert_eq!(u128::slot(2, 3), u128::MAX / 3 * 2);
        for slot in [0, 1, 77, 65_535, 1 << 20] {
            assert_eq!(u32::slot(slot, 1_000_003), ((u64::from(slot) << 32) / 1_000_003) as u32);
        }
    }

    #[test]
    fn decimal_digits_are_those_of_the_number() {
        for number in [0, 9, 10, 99, 100, 4_294_967_296, u64::MAX] {
            let mut text = Vec::new();
            push_decimal(&mut text, number);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }
}
