//! Sorted points and the rules by which dialects search them.

use crate::error::Error;
use crate::memory;
use crate::point::{Place, Point, SPARE};
use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

/// Stands for no server.
pub const NO_SERVER: u32 = u32::MAX;

/// Which point answers for a place `h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Search {
    /// The first point at or above `h`; above the last point, the first one. libketama and most others.
    AtOrAbove,
    /// As `AtOrAbove`, but place 0 belongs to the last point: an unsigned index that runs below 0 in some ports of
    /// libketama's loop (Algorithm::ConsistentHash::Ketama hash function 1, go-ketama HashFunc1).
    AtOrAboveZeroLast,
    /// As `AtOrAbove`, but above the last point the last point answers: Varnish does not wrap.
    AtOrAboveNoWrap,
    /// The first point strictly above `h`; from the last point on, the first one.
    Above,
    /// The last point at or below `h`; below the first point, the last one.
    AtOrBelow,
    /// The nearest point on either side, the one below if both are equally near: HAProxy.
    Nearest,
}

impl Search {
    /// Whether the next server after a dead one lies below the key's place, not above it.
    pub(crate) fn walks_down(self) -> bool {
        matches!(self, Self::AtOrBelow)
    }
}

/// Points in ascending order with an index over the top bits of their values.
///
/// `table[t]` is the number of points below `t << shift`. The table has between half an entry and one entry a point, of large
/// rings half as many; so a bucket holds one or two points on average, of large rings up to four, and a look-up touches one
/// line of the table and one or two of the points.
#[derive(Debug)]
pub struct Points<T: Place> {
    /// The points, and [`SPARE`] more at the end of the circle, so that a scan needs no end. They belong to the first
    /// point's owner, as places beyond the last point do in most dialects.
    points: Stored<Point<T>>,
    table: Stored<u32>,
    shift: u32,
    /// What holds shared arrays in memory: they are read through `self` only, and go with it.
    _owner: Option<Arc<dyn Owner>>,
}

/// Whatever keeps shared arrays where they are.
pub trait Owner: Any + Send + Sync + std::fmt::Debug {}

/// An array of one's own, or one that lies elsewhere.
#[derive(Debug)]
enum Stored<V: 'static> {
    Owned(Vec<V>),
    #[cfg_attr(not(feature = "segment"), expect(dead_code, reason = "only segments share arrays"))]
    Shared(&'static [V]),
}

impl<V> Deref for Stored<V> {
    type Target = [V];

    #[inline]
    fn deref(&self) -> &[V] {
        match self {
            Self::Owned(values) => values,
            Self::Shared(values) => values,
        }
    }
}

impl<V> Stored<V> {
    /// Bytes of the values: what an allocator adds to them is its own affair, and differs from machine to machine.
    fn memory(&self) -> usize {
        match self {
            Self::Owned(values) => size_of_val(&values[..]),
            Self::Shared(values) => size_of_val(*values),
        }
    }
}

/// The end of the circle, behind the last of these points.
fn spare<T: Place>(points: &[Point<T>]) -> Point<T> {
    Point::new(T::LAST, points.first().map_or(NO_SERVER, |point| point.server))
}

/// From so many points on, memory is what a look-up waits for, and more of an index of half the size is in a cache: among
/// 10,000 servers look-ups took 73 to 99 % of the time. With few points they would take up to 7 % longer.
const LARGE_RING: usize = 1 << 18;

/// How many of a value's lower bits the index over `count` points leaves out.
fn shift<T: Place>(count: usize) -> u32 {
    T::BITS - count.max(2).ilog2() + u32::from(count >= LARGE_RING)
}

/// For each value of the top bits the number of points below it, and at the end the number of all.
fn index<T: Place>(points: &[Point<T>], shift: u32) -> Result<Vec<u32>, Error> {
    let what = format_args!("the index over {} points", points.len());
    let mut table = memory::filled(0, (1 << (T::BITS - shift)) + 1, what)?;
    // What each bucket's last point leaves stands behind the bucket; those without points take over what lies before them.
    // Two passes without a choice in them: how many points a bucket has is what a processor cannot foresee.
    for (point, count) in points.iter().zip(1..) {
        table[point.value.top(shift) + 1] = count;
    }
    let mut most = 0;
    for count in &mut table {
        most = most.max(*count);
        *count = most;
    }
    Ok(table)
}

/// How many points are compared without a branch, and how many where a bucket has more: on a ring of evenly spread points
/// one in twenty at the most, on a large one two in five. Those with still more are searched by bisection: a 15-bit hash
/// puts a whole ring into one.
const SCAN: usize = SPARE;
const LONG_SCAN: usize = 2 * SCAN;

/// An index of more entries than this does not stay in the first-level cache, and each of a look-up's two steps waits for
/// memory. In a batch each has a loop of its own then: so short that the processor asks for the lines of many keys while the
/// first ones come in.
const LARGE: usize = 1 << 14;

/// How many keys of a batch are looked up in a large index before the first one's points are compared.
const AHEAD: usize = 64;

impl<T: Place> Points<T> {
    /// Takes points in ascending order of their values.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`](crate::ErrorKind::Memory).
    pub fn new(mut points: Vec<Point<T>>) -> Result<Self, Error> {
        debug_assert!(points.is_sorted_by_key(|point| point.value));
        let shift = shift::<T>(points.len());
        let table = index(&points, shift)?;
        points.try_reserve_exact(SCAN).map_err(|_| memory::none(format_args!("{} points", points.len())))?;
        points.extend([spare(&points); SCAN]);
        Ok(Self { points: Stored::Owned(points), table: Stored::Owned(table), shift, _owner: None })
    }

    /// Takes arrays as [`Points::arrays`] gave them, which lie where `owner` holds them: the caller answers for it that
    /// they stay there, unchanged, until `owner` is dropped, and that an [`Audit`] has seen all of them.
    ///
    /// # Errors
    /// Says what is wrong with arrays that `new` would not have made.
    #[cfg(feature = "segment")]
    pub(crate) fn shared(
        points: &'static [Point<T>],
        table: &'static [u32],
        owner: Arc<dyn Owner>,
    ) -> Result<Self, &'static str> {
        let (placed, end) =
            points.split_at_checked(points.len().wrapping_sub(SCAN)).ok_or("too few points")?;
        if end != [spare(placed); SCAN] {
            return Err("the points do not end at the end of the circle");
        }
        let shift = shift::<T>(placed.len());
        if table.len() != (1 << (T::BITS - shift)) + 1 {
            return Err("the index has the wrong size");
        }
        // What lies between is no less than the first and no more than the last: see `Audit`.
        if (table.first(), table.last()) != (Some(&0), u32::try_from(placed.len()).ok().as_ref()) {
            return Err("the index is not that of the points");
        }
        let (points, table) = (Stored::Shared(points), Stored::Shared(table));
        Ok(Self { points, table, shift, _owner: Some(owner) })
    }

    /// What is kept: the points with the spare ones behind them, and the index.
    #[cfg(feature = "segment")]
    pub(crate) fn arrays(&self) -> (&[Point<T>], &[u32]) {
        (&self.points, &self.table)
    }

    /// Number of points.
    #[inline]
    pub fn len(&self) -> usize {
        self.points.len() - SCAN
    }

    /// All points in ascending order.
    pub fn as_slice(&self) -> &[Point<T>] {
        &self.points[..self.len()]
    }

    /// The point's place; None beyond the last point.
    pub fn value(&self, index: usize) -> Option<T> {
        self.as_slice().get(index).map(|point| point.value)
    }

    /// The index of the server that owns the point; None beyond the last point.
    #[inline]
    pub fn server(&self, index: usize) -> Option<u32> {
        if index < self.len() { Some(self.points[index].server) } else { None }
    }

    /// All points in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Point<T>> + '_ {
        self.as_slice().iter().copied()
    }

    /// Bytes of memory held: points and index.
    pub fn memory(&self) -> usize {
        self.points.memory() + self.table.memory()
    }

    /// Number of points below `h`: the index of the first point at or above it, `len()` if there is none.
    #[inline]
    pub fn below(&self, h: T) -> usize {
        self.below_in(self.bucket(h), h)
    }

    /// Where the bucket of `h` starts and ends.
    #[inline]
    fn bucket(&self, h: T) -> [u32; 2] {
        let slot = h.top(self.shift);
        self.table.get(slot..).and_then(<[u32]>::first_chunk).copied().unwrap_or([0; 2])
    }

    /// [`Points::below`] where the bucket of `h` is known.
    #[inline]
    fn below_in(&self, bucket: [u32; 2], h: T) -> usize {
        self.scan::<SCAN>(bucket, h).unwrap_or_else(|| self.below_in_long_apart(bucket, h))
    }

    /// Apart lest it slow down rings in which it is rare.
    #[inline(never)]
    fn below_in_long_apart(&self, bucket: [u32; 2], h: T) -> usize {
        self.below_in_long(bucket, h)
    }

    /// [`Points::below`] in a bucket of more than [`SCAN`] points.
    #[inline]
    fn below_in_long(&self, bucket: [u32; 2], h: T) -> usize {
        if let Some(below) = self.scan::<LONG_SCAN>(bucket, h) {
            return below;
        }
        let [start, end] = bucket.map(|index| index as usize);
        self.points
            .get(start..end)
            .map_or(self.len(), |bucket| start + bucket.partition_point(|point| point.value < h))
    }

    /// [`Points::below`] if the bucket has no more than `COUNT` points, and as many follow its start.
    #[inline]
    fn scan<const COUNT: usize>(&self, bucket: [u32; 2], h: T) -> Option<usize> {
        let [start, end] = bucket.map(|index| index as usize);
        // Points behind the bucket lie above `h`: they do not count, and need not be told apart.
        let points = self.points.get(start..start + COUNT).filter(|_| end - start <= COUNT)?;
        Some(start + points.iter().map(|point| usize::from(point.value < h)).sum::<usize>())
    }

    /// The index of the point that answers for `h`; None only if there are no points.
    #[inline]
    pub fn find(&self, h: T, search: Search) -> Option<usize> {
        let len = self.len();
        let last = len.checked_sub(1)?;
        let wrap = |index| if index == len { 0 } else { index };
        Some(match search {
            Search::AtOrAbove => wrap(self.below(h)),
            Search::AtOrAboveZeroLast if h == T::cut(0) => last,
            Search::AtOrAboveZeroLast => wrap(self.below(h)),
            Search::AtOrAboveNoWrap => self.below(h).min(last),
            Search::Above => wrap(self.up_to(h)),
            Search::AtOrBelow => self.up_to(h).checked_sub(1).unwrap_or(last),
            Search::Nearest => self.nearest(h),
        })
    }

    /// The server that answers for `h`; [`NO_SERVER`] only if there are no points.
    #[inline]
    pub fn owner(&self, h: T, search: Search) -> u32 {
        if search != Search::AtOrAbove {
            return self.owner_otherwise(h, search);
        }
        self.owner_in(self.bucket(h), h)
    }

    /// The owner of the first point at or above `h`, whose bucket is known: behind the last point stands the first one's
    /// owner.
    #[inline]
    fn owner_in(&self, bucket: [u32; 2], h: T) -> u32 {
        self.owner_behind(self.below_in(bucket, h))
    }

    /// The owner of the first point behind so many: see [`Points::points`] for those beyond the last one.
    #[inline]
    fn owner_behind(&self, below: usize) -> u32 {
        self.points.get(below).map_or(NO_SERVER, |point| point.server)
    }

    /// The rarer searches, apart lest they slow the common one down.
    #[inline(never)]
    fn owner_otherwise(&self, h: T, search: Search) -> u32 {
        self.find(h, search).and_then(|index| self.server(index)).unwrap_or(NO_SERVER)
    }

    /// Whether a batch finds servers sooner than single look-ups do, by waiting for the memory of many keys at once.
    pub fn is_large(&self) -> bool {
        self.table.len() > LARGE
    }

    /// Writes the servers that answer for many places.
    pub fn owners(&self, places: &[T], search: Search, out: &mut [u32]) {
        if search != Search::AtOrAbove {
            for (place, out) in places.iter().zip(out) {
                *out = self.owner_otherwise(*place, search);
            }
            return;
        }
        if !self.is_large() {
            for (place, out) in places.iter().zip(out) {
                *out = self.owner_in(self.bucket(*place), *place);
            }
            return;
        }
        let mut buckets = [[0; 2]; AHEAD];
        for (places, out) in places.chunks(AHEAD).zip(out.chunks_mut(AHEAD)) {
            for (place, bucket) in places.iter().zip(&mut buckets) {
                *bucket = self.bucket(*place);
            }
            for ((&place, &bucket), out) in places.iter().zip(&buckets).zip(out) {
                // Full buckets are not rare here.
                let below = self.scan::<SCAN>(bucket, place);
                *out = self.owner_behind(below.unwrap_or_else(|| self.below_in_long(bucket, place)));
            }
        }
    }

    /// Number of points at or below `h`.
    #[inline]
    fn up_to(&self, h: T) -> usize {
        if h == T::LAST { self.len() } else { self.below(h.ahead(T::cut(1))) }
    }

    /// HAProxy's choice: `next` is the first of equal points, `previous` the last of the smaller ones.
    fn nearest(&self, h: T) -> usize {
        let below = self.below(h);
        let next = if below == self.len() { 0 } else { below };
        let previous = below.checked_sub(1).unwrap_or(self.len() - 1);
        match (self.value(previous), self.value(next)) {
            (Some(low), Some(high)) if h.distance_from(low) <= high.distance_from(h) => previous,
            _ => next,
        }
    }
}

impl<T: Place> Points<T> {
    /// The servers of `count` places at equal distances, the first at 0: a circle read off into buckets.
    /// Empty if there are no points.
    pub fn slots(&self, count: u32, search: Search) -> Vec<u32> {
        (0..count).filter_map(|slot| self.server(self.find(T::slot(slot, count), search)?)).collect()
    }
}

/// Looks at arrays that lie elsewhere, piece by piece and in order, so that each can be looked at while it is in the
/// cache for another reason: places ascend, each point belongs to a server, the index ascends.
///
/// Whether the index is that of the points is not asked: that takes as long as all the rest, and who can write a wrong
/// index with a right checksum can as well write wrong points. An index that ascends from 0 to the number of points
/// never leads out of them.
#[cfg(feature = "segment")]
pub(crate) struct Audit<T> {
    servers: u32,
    place: T,
    start: u32,
    points_ascend: bool,
    points_belong: bool,
    index_ascends: bool,
}

#[cfg(feature = "segment")]
impl<T: Place> Audit<T> {
    /// Nothing seen yet, of a ring of `servers` servers.
    pub fn new(servers: u32) -> Self {
        let (points_ascend, points_belong, index_ascends) = (true, true, true);
        Self { servers, place: T::cut(0), start: 0, points_ascend, points_belong, index_ascends }
    }

    /// Looks at the next points; not at the spare ones.
    #[inline(always)]
    pub fn points(&mut self, points: &[Point<T>]) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        // Sums in place of exits: the compiler makes vectors of them.
        let (mut descents, mut most) = (u32::from(first.value < self.place), last.server);
        for (one, next) in points.iter().zip(&points[1..]) {
            descents |= u32::from(one.value > next.value);
            most = most.max(one.server);
        }
        self.points_ascend &= descents == 0;
        self.points_belong &= most < self.servers;
        self.place = last.value;
    }

    /// Looks at the next entries of the index.
    #[inline(always)]
    pub fn index(&mut self, table: &[u32]) {
        let (Some(first), Some(last)) = (table.first(), table.last()) else { return };
        let mut descents = u32::from(*first < self.start);
        for (one, next) in table.iter().zip(&table[1..]) {
            descents |= u32::from(one > next);
        }
        self.index_ascends &= descents == 0;
        self.start = *last;
    }

    /// Says what is wrong with what was seen.
    pub fn verdict(&self) -> Result<(), &'static str> {
        match (self.points_ascend, self.points_belong, self.index_ascends) {
            (true, true, true) => Ok(()),
            (false, ..) => Err("the points are not in order"),
            (_, false, _) => Err("a point belongs to no server of the list"),
            (_, _, false) => Err("the index is not that of the points"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[u32]) -> Points<u32> {
        let points: Vec<_> = values.iter().map(|&value| Point::new(value, 0)).collect();
        Points::new(points).unwrap()
    }

    fn naive(values: &[u32], h: u32, search: Search) -> usize {
        let last = values.len() - 1;
        let first = |found: Option<usize>| found.unwrap_or(0);
        match search {
            Search::AtOrAbove => first(values.iter().position(|&value| value >= h)),
            Search::AtOrAboveZeroLast if h == 0 => last,
            Search::AtOrAboveZeroLast => first(values.iter().position(|&value| value >= h)),
            Search::AtOrAboveNoWrap => values.iter().position(|&value| value >= h).unwrap_or(last),
            Search::Above => first(values.iter().position(|&value| value > h)),
            Search::AtOrBelow => values.iter().rposition(|&value| value <= h).unwrap_or(last),
            Search::Nearest => {
                let next = first(values.iter().position(|&value| value >= h));
                let previous = values.iter().rposition(|&value| value < h).unwrap_or(last);
                let near = h.wrapping_sub(values[previous]) <= values[next].wrapping_sub(h);
                if near { previous } else { next }
            }
        }
    }

    #[test]
    fn every_rule_agrees_with_its_definition() {
        let searches = [
            Search::AtOrAbove,
            Search::AtOrAboveZeroLast,
            Search::AtOrAboveNoWrap,
            Search::Above,
            Search::AtOrBelow,
            Search::Nearest,
        ];
        let mut random = 1_u32;
        let mut next = move || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random ^ (random >> 15)
        };
        let mut sets: Vec<Vec<u32>> = vec![
            vec![0],
            vec![u32::MAX],
            vec![0, 0, u32::MAX, u32::MAX],
            vec![5, 5, 5, 9],
            (0..500).collect(),
            (0..40).map(|i| u32::MAX - i).rev().collect(),
            (0..100).flat_map(|heap| (0..heap % 10).map(move |i| heap * 42_000_000 + i)).collect(),
        ];
        for count in 1..70 {
            let mut values: Vec<u32> = (0..count * 3).map(|_| next()).collect();
            values.extend_from_within(..count / 2);
            values.sort_unstable();
            sets.push(values);
        }
        for values in sets {
            let indexed = points(&values);
            let mut places = vec![0, 1, u32::MAX - 1, u32::MAX];
            for &value in &values {
                places.extend([value.wrapping_sub(1), value, value.wrapping_add(1), next()]);
            }
            for h in places {
                for search in searches {
                    assert_eq!(
                        indexed.find(h, search),
                        Some(naive(&values, h, search)),
                        "{h} {search:?} {values:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn batches_have_the_owners_that_single_places_have() {
        for count in [0, 1, 3, 1_000, 4 * LARGE as u32, LARGE_RING as u32] {
            // Every 64 points share a place, so that some buckets are too full to be compared one by one.
            let placed = |index: u32| Point::new((index / 64 * 64).wrapping_mul(0x9e37), index);
            let mut placed: Vec<_> = (0..count).map(placed).collect();
            placed.sort_by_key(|point| point.value);
            let points = Points::new(placed).unwrap();
            let places: Vec<u32> = (0..1_000_u32).map(|index| index.wrapping_mul(0x9e37_79b9)).collect();
            for search in [Search::AtOrAbove, Search::AtOrBelow] {
                let mut owners = vec![7; places.len() + 1];
                points.owners(&places, search, &mut owners);
                let single: Vec<u32> = places.iter().map(|&place| points.owner(place, search)).collect();
                assert_eq!(owners[..places.len()], single, "{count} {search:?}");
                assert_eq!(owners[places.len()], 7);
            }
        }
    }

    #[test]
    fn no_points_give_no_answer() {
        assert_eq!(points(&[]).find(7, Search::AtOrAbove), None);
        assert_eq!(points(&[]).find(7, Search::Nearest), None);
        assert_eq!((points(&[5]).server(0), points(&[5]).server(1)), (Some(0), None));
    }

    #[test]
    fn slots_read_the_circle_at_equal_distances() {
        let placed: Vec<_> = [(0_u32, 7), (1 << 30, 8), ((1 << 30) + 1, 9)]
            .map(|(value, server)| Point::new(value, server))
            .into();
        let circle = Points::new(placed).unwrap();
        assert_eq!(circle.slots(4, Search::AtOrAbove), [7, 8, 7, 7]);
        assert_eq!(circle.slots(3, Search::AtOrAbove), [7, 7, 7]);
        assert_eq!(circle.slots(8, Search::AtOrBelow), [7, 7, 8, 9, 9, 9, 9, 9]);
        assert!(points(&[]).slots(4, Search::AtOrAbove).is_empty());
    }

    #[test]
    fn wide_circles_are_searched_alike() {
        let values = [3_u128, 1 << 127, u128::MAX - 5];
        let placed: Vec<_> = values.iter().map(|&value| Point::new(value, 0)).collect();
        let wide = Points::new(placed).unwrap();
        assert_eq!(wide.find(4, Search::AtOrAbove), Some(1));
        assert_eq!(wide.find(u128::MAX - 5, Search::Above), Some(0));
        assert_eq!(wide.find(2, Search::AtOrBelow), Some(2));
    }

    #[cfg(feature = "segment")]
    #[test]
    fn an_audit_tells_what_is_wrong_within_a_piece_and_between_two() {
        let verdict = |points: &[&[(u32, u32)]], index: &[&[u32]]| {
            let mut audit = Audit::new(3);
            for piece in points {
                let piece: Vec<_> = piece.iter().map(|&(value, server)| Point::new(value, server)).collect();
                audit.points(&piece);
            }
            index.iter().for_each(|piece| audit.index(piece));
            audit.verdict()
        };
        let (points, index) = (&[&[(1, 0), (5, 2)][..], &[], &[(5, 1)]], &[&[0, 1][..], &[], &[1, 3]]);
        assert_eq!(verdict(points, index), Ok(()));
        let disordered = Err("the points are not in order");
        assert_eq!(verdict(&[&[(1, 0), (5, 2), (4, 1)]], index), disordered);
        assert_eq!(verdict(&[&[(1, 0), (5, 2)], &[(4, 1)]], index), disordered);
        assert_eq!(
            verdict(&[&[(5, 2), (4, 1)], &[(6, 0)]], index),
            disordered,
            "also if what follows is right"
        );
        let astray = Err("a point belongs to no server of the list");
        for points in [&[(1, 3), (5, 2)], &[(1, 2), (5, 3)]] {
            assert_eq!(verdict(&[points], index), astray);
            assert_eq!(verdict(&[points, &[(6, 0)]], index), astray);
        }
        let unlike = Err("the index is not that of the points");
        for index in [&[&[0, 2, 1][..]][..], &[&[0, 2], &[1]], &[&[0, 2, 1], &[3]], &[&[0, 2], &[1, 3]]] {
            assert_eq!(verdict(points, index), unlike, "{index:?}");
        }
    }

    #[test]
    fn memory_is_that_of_the_points_and_of_the_index() {
        let points = points(&[1, 2, 3]);
        let bytes = size_of_val(&points.points[..]) + size_of_val(&points.table[..]);
        assert_eq!(points.memory(), bytes);
    }

    #[test]
    fn memory_is_at_most_twelve_bytes_a_point() {
        for count in [1264, 18_720, 160_000] {
            let values: Vec<u32> = (0..count).map(|i| i * 26_843).collect();
            let bytes = points(&values).memory();
            assert!(bytes <= 12 * values.len() + 36, "{bytes} bytes for {count} points");
        }
    }
}
