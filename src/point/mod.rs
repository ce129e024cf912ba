//! Points: places on the circle and the servers that own them, gathered server by server, sorted once.

mod series;
mod sort;
pub(crate) mod work;

use crate::error::{Error, ErrorKind};
use crate::memory;
use series::Wanted;
use std::ops::Range;
use std::sync::Arc;

/// A place on a circle: an unsigned number whose whole range is the circle.
pub trait Place: Copy + Ord + Send + Sync + std::fmt::Debug + 'static {
    /// Width in bits: the circle has `2^BITS` places.
    const BITS: u32;
    /// The place above every other.
    const LAST: Self;
    /// What fills a [`Point`] up to twice the size of its place.
    type Fill: Copy + Ord + Send + Sync + std::fmt::Debug + 'static;
    /// Zeros.
    const FILL: Self::Fill;
    /// A number where there is room for one.
    fn fill(number: u32) -> Self::Fill;
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
    /// Appends what is wanted. Only places of 32 bits come in series.
    fn compute(_wanted: &Wanted, _points: &mut Vec<Point<Self>>) {}
    /// Sorts points by their values; equal ones stay in order, whose numbers stand in the fill meanwhile: so it takes no
    /// memory.
    fn sort(points: &mut Vec<Point<Self>>) -> Result<(), Error> {
        points.iter_mut().zip(0..).for_each(|(point, number)| point.fill = Self::fill(number));
        points.sort_unstable_by_key(|point| (point.value, point.fill));
        points.iter_mut().for_each(|point| point.fill = Self::FILL);
        Ok(())
    }
}

macro_rules! place {
    ($($t:ty, $fill:literal $({ $($own:tt)* })?;)*) => {$(
        impl Place for $t {
            const BITS: u32 = <$t>::BITS;
            const LAST: Self = <$t>::MAX;
            type Fill = [u32; $fill];
            const FILL: Self::Fill = [0; $fill];
            fn fill(number: u32) -> Self::Fill {
                let mut fill = Self::FILL;
                fill.iter_mut().take(1).for_each(|first| *first = number);
                fill
            }
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
    u32, 0 {
        fn compute(wanted: &Wanted, points: &mut Vec<Point<Self>>) {
            let placed = points.len();
            points.resize(placed + wanted.count(), Point::new(0, 0));
            wanted.fill(&mut points[placed..]);
        }
        fn sort(points: &mut Vec<Point<Self>>) -> Result<(), Error> {
            sort::sort(points)
        }
    };
    u64, 1;
    u128, 3;
);

/// How many points a ring keeps behind its last one, for scans that need no end.
pub const SPARE: usize = 4;

/// A place on the circle and the index of the server that owns it. In C's layout, for it is also that of shared rings, and
/// filled up, for processors differ in the alignment of wide numbers: i686 and x86-64 may share a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Point<T: Place> {
    /// The place.
    pub value: T,
    /// The owner's index in the server list.
    pub server: u32,
    fill: T::Fill,
}

impl<T: Place> Point<T> {
    /// A place and its owner.
    pub const fn new(value: T, server: u32) -> Self {
        Self { value, server, fill: T::FILL }
    }
}

const _: () =
    assert!(size_of::<Point<u32>>() == 8 && size_of::<Point<u64>>() == 16 && size_of::<Point<u128>>() == 32);

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
pub struct Placer<T: Place> {
    points: Vec<Point<T>>,
    /// Points behind these, which wait for one another. There is room for them.
    wanted: Wanted,
    limit: usize,
}

impl<T: Place> Placer<T> {
    /// Nothing placed yet; more than `limit` points will be an error.
    pub fn new(limit: usize) -> Self {
        Self { points: Vec::new(), wanted: Wanted::default(), limit }
    }

    /// The servers whose points it takes: none if the limit is [`NOTHING`].
    pub fn asked<'a, S>(&self, servers: &'a [S]) -> &'a [S] {
        if self.limit == NOTHING { &[] } else { servers }
    }

    /// Makes room for `count` more points, or says that they are too many.
    pub fn reserve(&mut self, count: u64) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        reserve(&mut self.points, (self.wanted.count() as u64).saturating_add(count), self.limit, "points")
    }

    /// Computes the points that wait.
    fn settle(&mut self) {
        if self.wanted.count() == 0 {
            return;
        }
        T::compute(&std::mem::take(&mut self.wanted), &mut self.points);
    }

    /// Places one point.
    pub fn push(&mut self, value: T, server: u32) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        self.settle();
        if self.points.len() == self.points.capacity() || self.points.len() >= self.limit {
            self.reserve(1)?;
        }
        self.points.push(Point::new(value, server));
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
        self.settle();
        let mut label = prefix.to_vec();
        for number in numbers {
            label.truncate(prefix.len());
            push_decimal(&mut label, number);
            self.points.push(Point::new(hash(&label), server));
        }
        Ok(())
    }

    /// The points in ascending order of their values, ties as told.
    pub fn sorted(mut self, ties: Ties) -> Result<Vec<Point<T>>, Error> {
        self.settle();
        T::sort(&mut self.points)?;
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
        Ok(self.points)
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

/// Makes room for `count` more entries, or says that there would be more than `limit` of them. When the list grows, there
/// is memory for as many entries again: sorting needs them, and so does a copy.
pub(crate) fn reserve<T>(list: &mut Vec<T>, count: u64, limit: usize, what: &str) -> Result<(), Error> {
    let wanted = (list.len() as u64).saturating_add(count);
    if wanted > limit as u64 {
        let message =
            format!("the ring would have more than {limit} {what}; the option `max-points` raises the limit");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let before = list.capacity();
    list.try_reserve(count as usize).map_err(|_| memory::none(format_args!("{wanted} {what}")))?;
    if list.capacity() > before {
        memory::room(list.capacity() * size_of::<T>(), format_args!("{wanted} {what}"))?;
    }
    Ok(())
}

impl Placer<u32> {
    /// Places the points of MD5 groups: each label `prefix ++ decimal(k)`, k in `0..groups`, gives its first `words`
    /// little-endian digest words (1 to 4), in this order.
    pub fn md5_groups(&mut self, server: u32, prefix: &[u8], groups: u64, words: usize) -> Result<(), Error> {
        debug_assert!((1..=4).contains(&words));
        if self.limit == NOTHING {
            return Ok(());
        }
        self.reserve(groups.saturating_mul(words as u64))?;
        self.wanted.md5(server, prefix, groups as usize, words)
    }

    /// Places `count` points of which each is the CRC-32 of the one before, 0 before the first, as four bytes, the least
    /// significant first, behind a text whose CRC-32 is `start`.
    pub fn crc32_chain(&mut self, server: u32, start: u32, count: u64) -> Result<(), Error> {
        if self.limit == NOTHING {
            return Ok(());
        }
        self.reserve(count)?;
        self.wanted.crc32(server, start, count as usize)
    }
}

/// Appends a number in decimal digits.
pub(crate) fn push_decimal(text: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let count = decimal(number, &mut digits);
    text.extend_from_slice(&digits[..count]);
}

/// Writes a number in decimal digits to the start of `text`, which has room for 20 of them; returns how many there are.
#[inline]
fn decimal(mut number: u64, text: &mut [u8]) -> usize {
    // Most numbers are those of labels.
    if number < 10 {
        text[0] = b'0' + number as u8;
        return 1;
    }
    if number < 100 {
        let number = number as u8;
        text[..2].copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
        return 2;
    }
    let count = number.ilog10() as usize + 1;
    for digit in text[..count].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{crc32, md5};

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
        let owners = |ties| -> Vec<u32> {
            placed(&values).sorted(ties).unwrap().iter().map(|point| point.server).collect()
        };
        assert_eq!(owners(Ties::Keep), [1, 0, 2, 1]);
        assert_eq!(owners(Ties::First), [1, 0]);
        assert_eq!(owners(Ties::Last), [1, 1]);
    }

    #[test]
    fn where_nothing_is_to_be_placed_nothing_is() {
        let mut placer = Placer::<u32>::new(NOTHING);
        placer.md5_groups(0, b"a-", u64::MAX, 4).unwrap();
        placer.labels(0, b"a-", 0..u64::MAX, |_| 1).unwrap();
        placer.push(1, 0).unwrap();
        assert!(placer.sorted(Ties::Keep).unwrap().is_empty());
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

    /// The points of an empty placer in the order in which they were placed.
    fn in_order(mut placer: Placer<u32>) -> Vec<Point<u32>> {
        placer.settle();
        placer.points
    }

    #[test]
    fn md5_groups_are_the_words_of_the_numbered_labels() {
        // Batches are filled from several servers; a prefix of 109 bytes is too long for them.
        let prefixes =
            ["10.0.1.1:11211-".to_owned(), "a-".repeat(54), "b".repeat(109), "c".repeat(130), String::new()];
        let mut placer = Placer::<u32>::new(10_000);
        let mut naive = Vec::new();
        for (server, (prefix, groups)) in (5..).zip(prefixes.iter().zip([130, 1_001, 3, 2, 70])) {
            let words = 1 + server as usize % 4;
            placer.md5_groups(server, prefix.as_bytes(), groups, words).unwrap();
            for number in 0..groups {
                let digest = md5::words(format!("{prefix}{number}").as_bytes());
                naive.extend(digest[..words].iter().map(|&value| Point::new(value, server)));
            }
        }
        assert_eq!(in_order(placer), naive);
    }

    #[test]
    fn chains_go_on_from_point_to_point() {
        let mut placer = Placer::<u32>::new(10_000);
        let mut naive = Vec::new();
        for (server, count) in (0..).zip([3, 160, 0, 160, 160, 320, 160, 1, 160]) {
            let start = crc32::crc32(&[server as u8]);
            placer.crc32_chain(server, start, count).unwrap();
            let mut value = 0_u32;
            for _ in 0..count {
                value = crc32::extend(start, &value.to_le_bytes());
                naive.push(Point::new(value, server));
            }
        }
        assert_eq!(in_order(placer), naive);
    }

    #[test]
    fn points_of_all_kinds_stay_in_the_order_in_which_they_were_placed() {
        let mut placer = placed(&[(9, 0)]);
        placer.md5_groups(1, b"a-", 1, 1).unwrap();
        placer.crc32_chain(2, 7, 1).unwrap();
        placer.push(8, 3).unwrap();
        placer.md5_groups(4, b"a-", 1, 1).unwrap();
        placer.labels(5, b"a-", 0..1, |_| 7).unwrap();
        placer.crc32_chain(6, 7, 1).unwrap();
        let owners: Vec<u32> = in_order(placer).iter().map(|point| point.server).collect();
        assert_eq!(owners, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn points_that_wait_count_against_the_limit() {
        let mut placer = Placer::<u32>::new(5);
        placer.md5_groups(0, b"a-", 1, 4).unwrap();
        assert!(placer.crc32_chain(0, 0, 2).is_err());
        assert!(placer.crc32_chain(0, 0, 1).is_ok());
        assert!(placer.push(0, 0).is_err());
    }

    #[test]
    fn large_rings_are_computed_by_several_threads_alike() {
        let groups = work::SHARED_FROM as u64 / 16;
        let mut placer = Placer::<u32>::new(1 << 20);
        let mut naive = Vec::new();
        for server in 0..9 {
            placer.md5_groups(server, b"a-", groups, 4).unwrap();
            let mut small = Placer::<u32>::new(1 << 20);
            small.md5_groups(server, b"a-", groups, 4).unwrap();
            naive.extend(in_order(small));
        }
        assert!(in_order(placer) == naive);
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
