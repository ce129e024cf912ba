//! Sorting points by their 32-bit values in linear time. Each step keeps the order of equal values.

use super::work::{SHARED_FROM, together, workers};
use super::{Point, SPARE};
use crate::error::Error;
use crate::memory;
use std::ops::Range;

/// From this many points on, counting beats comparing: the counts are filled and summed whatever the number.
const RADIX_FROM: usize = 200;

/// Parts by the top bits of the values: so many streams of writes as the first-level cache and the address translation hold.
const PART_BITS: u32 = 8;

/// The widest digit: its counts stay in the first-level cache.
const MOST_BITS: u32 = 11;

/// Sorts points by their values; equal ones stay in order.
pub(super) fn sort(points: &mut Vec<Point<u32>>) -> Result<(), Error> {
    match points.len() {
        0..RADIX_FROM => points.sort_by_key(|point| point.value),
        count @ RADIX_FROM..SHARED_FROM => radix_sort(points, 0, &mut room(count)?),
        count => sort_parts(points, workers(count))?,
    }
    // What was reserved beyond need goes; a ring's spare points stay.
    points.shrink_to(points.len() + SPARE);
    Ok(())
}

const ZERO: Point<u32> = Point::new(0, 0);

/// Room for so many points.
fn room(count: usize) -> Result<Vec<Point<u32>>, Error> {
    memory::filled(ZERO, count, format_args!("{count} points to be sorted"))
}

/// Some consecutive points in the order of their parts, and where each part starts.
struct Parted {
    points: Vec<Point<u32>>,
    starts: [u32; PARTS + 1],
}

const PARTS: usize = 1 << PART_BITS;

impl Parted {
    fn new(points: &[Point<u32>]) -> Result<Self, Error> {
        let part = |point: &Point<u32>| (point.value >> (u32::BITS - PART_BITS)) as usize;
        let mut starts = [0; PARTS + 1];
        for point in points {
            starts[part(point) + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts;
        let mut parted = room(points.len())?;
        for point in points {
            let next = &mut next[part(point)];
            parted[*next as usize] = *point;
            *next += 1;
        }
        Ok(Self { points: parted, starts })
    }

    fn part(&self, part: usize) -> &[Point<u32>] {
        &self.points[self.starts[part] as usize..self.starts[part + 1] as usize]
    }
}

/// Each of the workers takes its share of the points apart, then puts its share of the parts together and sorts them.
fn sort_parts(points: &mut [Point<u32>], workers: usize) -> Result<(), Error> {
    let share = points.len().div_ceil(workers);
    let mut parted: Vec<Option<Result<Parted, Error>>> = points.chunks(share).map(|_| None).collect();
    together(workers, points.chunks(share).zip(&mut parted).collect(), |(points, parted)| {
        *parted = Some(Parted::new(points));
    });
    let parted = parted.into_iter().flatten().collect::<Result<Vec<Parted>, Error>>()?;

    let mut jobs = Vec::new();
    let (mut rest, mut first) = (points, 0);
    for last in 1..=PARTS {
        let count = |part| parted.iter().map(|parted| parted.part(part).len()).sum::<usize>();
        let wanted: usize = (first..last).map(count).sum();
        if wanted >= share || last == PARTS {
            let (points, behind) = rest.split_at_mut(wanted);
            let scratch = room((first..last).map(count).max().unwrap_or(0))?;
            jobs.push((points, first..last, scratch));
            (rest, first) = (behind, last);
        }
    }
    together(workers, jobs, |(points, parts, mut scratch)| join_parts(&parted, parts, points, &mut scratch));
    Ok(())
}

/// Fills `points` with these parts, each sorted. `scratch` has room for the largest.
fn join_parts(
    parted: &[Parted],
    parts: Range<usize>,
    mut points: &mut [Point<u32>],
    scratch: &mut [Point<u32>],
) {
    for part in parts {
        let mut end = 0;
        for piece in parted.iter().map(|parted| parted.part(part)) {
            points[end..end + piece.len()].copy_from_slice(piece);
            end += piece.len();
        }
        let (joined, rest) = points.split_at_mut(end);
        radix_sort(joined, PART_BITS, &mut scratch[..end]);
        points = rest;
    }
}

/// Sorts points whose top `known` bits are equal, in linear time where the others are spread as hashes are: twice by
/// counting, from the lower to the upper half of the next bits, then by insertion what differs only below them.
fn radix_sort(points: &mut [Point<u32>], known: u32, scratch: &mut [Point<u32>]) {
    // So many bits that few points share them.
    let bits = (points.len().max(1).ilog2() / 2 + 4).min(MOST_BITS);
    let digit = |value: u32, shift: u32| ((value >> shift) & ((1 << bits) - 1)) as usize;
    let upper = u32::BITS - known - bits;
    let lower = upper - bits;
    let mut counts = [[0_u32; 1 << MOST_BITS]; 2];
    let [lowers, uppers] = &mut counts;
    for point in points.iter() {
        lowers[digit(point.value, lower)] += 1;
        uppers[digit(point.value, upper)] += 1;
    }
    scatter(points, &mut lowers[..1 << bits], scratch, |value| digit(value, lower));
    scatter(scratch, &mut uppers[..1 << bits], points, |value| digit(value, upper));
    if !insertion_sort(points) {
        sort_by_bytes(points, scratch);
    }
}

/// Moves points to where their digits belong, of which `counts` has the numbers.
fn scatter(from: &[Point<u32>], counts: &mut [u32], to: &mut [Point<u32>], digit: impl Fn(u32) -> usize) {
    let mut start = 0;
    for count in counts.iter_mut() {
        start += std::mem::replace(count, start);
    }
    for point in from {
        let next = &mut counts[digit(point.value)];
        to[*next as usize] = *point;
        *next += 1;
    }
}

/// Sorts points that are nearly in order; false where they turn out not to be.
fn insertion_sort(points: &mut [Point<u32>]) -> bool {
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
            None => return false,
        }
    }
    true
}

/// Sorts points whose values are spread in whatever way: by counting, byte by byte, from the lowest.
fn sort_by_bytes(points: &mut [Point<u32>], scratch: &mut [Point<u32>]) {
    let (mut from, mut to) = (points, scratch);
    for shift in (0..u32::BITS).step_by(8) {
        let digit = |value: u32| (value >> shift) as usize & 0xff;
        let mut counts = [0; 256];
        from.iter().for_each(|point| counts[digit(point.value)] += 1);
        scatter(from, &mut counts, to, digit);
        (from, to) = (to, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: usize, mask: u32) -> Vec<Point<u32>> {
        let mut random = 1_u32;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random ^ (random >> 13)
        };
        (0..count as u32).map(|server| Point::new(next() & mask, server)).collect()
    }

    #[test]
    fn counting_sorts_as_comparing_does() {
        for mask in [u32::MAX, 0xff, 0x00ff_f000, 0xffff_0000, 0x8000_0001, 0] {
            for count in [0, 1, 2, RADIX_FROM - 1, RADIX_FROM, 5_000, 70_000, SHARED_FROM, 300_001] {
                let mut sorted = points(count, mask);
                let mut compared = sorted.clone();
                compared.sort_by_key(|point| point.value);
                sort(&mut sorted).unwrap();
                assert!(sorted == compared, "{count} points, mask {mask:x}");
            }
        }
    }

    #[test]
    fn any_number_of_workers_sorts_alike() {
        for mask in [u32::MAX, 0x0fff_ffff, 0] {
            let mut compared = points(20_000, mask);
            let unsorted = compared.clone();
            compared.sort_by_key(|point| point.value);
            for workers in [1, 2, 3, 7, 300] {
                let mut sorted = unsorted.clone();
                sort_parts(&mut sorted, workers).unwrap();
                assert!(sorted == compared, "{workers} workers, mask {mask:x}");
            }
        }
    }
}
