//! Series of points that are hashed together: all that are wanted of a ring's servers, before they are sorted.
//!
//! A server has too few labels to fill the lanes of a kernel, and too few points to be worth a thread. So what is wanted
//! is only noted, server by server, and computed for all of them at once.

use super::work::{together, workers};
use super::{Point, decimal};
use crate::error::Error;
use crate::hash::{crc32, md5};
use crate::memory;
use std::ops::Range;

/// Some points of one server.
pub(super) enum Series {
    /// The first `words` words of the MD5 digest of each label `prefix ++ decimal(k)`, k in `0..groups`.
    Md5 { server: u32, prefix: Range<usize>, groups: usize, words: usize },
    /// Each the CRC-32 of the one before, 0 at first, behind a text whose CRC-32 is `start`.
    Crc32 { server: u32, start: u32, count: usize },
}

impl Series {
    /// Number of points.
    fn count(&self) -> usize {
        match *self {
            Self::Md5 { groups, words, .. } => groups * words,
            Self::Crc32 { count, .. } => count,
        }
    }
}

/// What is wanted and not computed yet, in the order in which it was wanted.
#[derive(Default)]
pub struct Wanted {
    series: Vec<Series>,
    /// The prefixes, one behind the other.
    text: Vec<u8>,
    /// Number of points.
    count: usize,
}

impl Wanted {
    /// Number of points.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn md5(
        &mut self,
        server: u32,
        prefix: &[u8],
        groups: usize,
        words: usize,
    ) -> Result<(), Error> {
        let start = self.text.len();
        memory::reserve(&mut self.text, prefix.len(), "labels")?;
        self.text.extend_from_slice(prefix);
        self.add(Series::Md5 { server, prefix: start..self.text.len(), groups, words })
    }

    pub(super) fn crc32(&mut self, server: u32, start: u32, count: usize) -> Result<(), Error> {
        self.add(Series::Crc32 { server, start, count })
    }

    fn add(&mut self, series: Series) -> Result<(), Error> {
        memory::reserve(&mut self.series, 1, "labels")?;
        self.count += series.count();
        self.series.push(series);
        Ok(())
    }

    /// Computes all into `out`, which has as many points.
    pub(super) fn fill(&self, mut out: &mut [Point<u32>]) {
        let workers = workers(out.len());
        let share = out.len().div_ceil(workers);
        let mut jobs = Vec::new();
        let mut rest = &self.series[..];
        while !rest.is_empty() {
            let mut count = 0;
            let enough = |series: &Series| {
                count += series.count();
                count >= share
            };
            let end = rest.iter().position(enough).map_or(rest.len(), |last| last + 1);
            let (series, others) = rest.split_at(end);
            let (points, behind) = std::mem::take(&mut out).split_at_mut(count);
            jobs.push((series, points));
            (rest, out) = (others, behind);
        }
        together(workers, jobs, |(series, points)| fill(series, &self.text, points));
    }
}

/// Computes some series, those of one kind together.
fn fill(series: &[Series], text: &[u8], mut out: &mut [Point<u32>]) {
    for alike in series.chunk_by(|one, other| std::mem::discriminant(one) == std::mem::discriminant(other)) {
        let count = alike.iter().map(Series::count).sum();
        let (points, behind) = out.split_at_mut(count);
        match alike {
            [Series::Crc32 { .. }, ..] => chain(alike, points),
            _ => digest(alike, text, points),
        }
        out = behind;
    }
}

/// How many labels are hashed in one batch: enough for every backend's lanes, little enough for the first-level cache.
const BATCH: usize = 64;

/// Bytes of the longest prefix that is hashed in batches: that of any host's name and port that people write. Longer ones
/// are hashed one by one.
const PREFIX: usize = LABEL - 20;

/// A label's room: the prefix and the digits of 2^64 - 1.
const LABEL: usize = 128;

/// Labels until there are enough for a batch.
struct Labels<'a> {
    rows: [[u8; LABEL]; BATCH],
    lengths: [u8; BATCH],
    /// Whose they are, and how many of a digest's words are wanted.
    owners: [(u32, usize); BATCH],
    count: usize,
    out: std::slice::IterMut<'a, Point<u32>>,
}

/// The points of series of MD5 groups.
fn digest(series: &[Series], text: &[u8], out: &mut [Point<u32>]) {
    let mut labels = Labels {
        rows: [[0; LABEL]; BATCH],
        lengths: [0; BATCH],
        owners: [(0, 0); BATCH],
        count: 0,
        out: out.iter_mut(),
    };
    for series in series {
        let Series::Md5 { server, prefix, groups, words } = series else { continue };
        labels.add(*server, &text[prefix.clone()], *groups as u64, *words);
    }
    labels.hash();
}

impl Labels<'_> {
    fn add(&mut self, server: u32, prefix: &[u8], groups: u64, words: usize) {
        if prefix.len() > PREFIX {
            self.hash();
            return self.add_long(server, prefix, groups, words);
        }
        let mut row = [0; LABEL];
        row[..prefix.len()].copy_from_slice(prefix);
        for number in 0..groups {
            if self.count == BATCH {
                self.hash();
            }
            // The whole row: a size that is known beforehand is copied without a call.
            let label = &mut self.rows[self.count];
            *label = row;
            let digits = decimal(number, &mut label[prefix.len()..]);
            self.lengths[self.count] = (prefix.len() + digits) as u8;
            self.owners[self.count] = (server, words);
            self.count += 1;
        }
    }

    fn add_long(&mut self, server: u32, prefix: &[u8], groups: u64, words: usize) {
        let mut label = prefix.to_vec();
        for number in 0..groups {
            let mut digits = [0; 20];
            let count = decimal(number, &mut digits);
            label.truncate(prefix.len());
            label.extend_from_slice(&digits[..count]);
            self.place(server, &md5::words(&label)[..words]);
        }
    }

    /// Hashes what labels there are.
    fn hash(&mut self) {
        let mut labels: [&[u8]; BATCH] = [&[]; BATCH];
        let mut digests = [[0; 4]; BATCH];
        for ((label, row), &length) in labels.iter_mut().zip(&self.rows).zip(&self.lengths[..self.count]) {
            *label = &row[..usize::from(length)];
        }
        md5::words_many(&labels[..self.count], &mut digests[..self.count]);
        let owners = self.owners;
        for ((server, words), digest) in owners[..self.count].iter().zip(&digests) {
            self.place(*server, &digest[..*words]);
        }
        self.count = 0;
    }

    fn place(&mut self, server: u32, values: &[u32]) {
        // In this order: the shorter side is asked first, lest the longer one lose an item.
        for (&value, point) in values.iter().zip(self.out.by_ref()) {
            *point = Point::new(value, server);
        }
    }
}

/// Series that are computed side by side: a point waits for the one before it, but not for those of other servers.
const ABREAST: usize = 4;

/// The points of series of CRC-32.
fn chain(series: &[Series], mut out: &mut [Point<u32>]) {
    for series in series.chunks(ABREAST) {
        let mut chains: [(u32, u32, u32, &mut [Point<u32>]); ABREAST] = Default::default();
        for (chain, series) in chains.iter_mut().zip(series) {
            let Series::Crc32 { server, start, count } = *series else { continue };
            let (points, behind) = out.split_at_mut(count);
            *chain = (server, start, 0, points);
            out = behind;
        }
        let shortest = chains.iter().map(|(.., points)| points.len()).min().unwrap_or(0);
        for index in 0..shortest {
            for (server, start, value, points) in &mut chains {
                *value = crc32::extend_word(*start, *value);
                points[index] = Point::new(*value, *server);
            }
        }
        for (server, start, mut value, points) in chains {
            for point in &mut points[shortest..] {
                value = crc32::extend_word(start, value);
                *point = Point::new(value, server);
            }
        }
    }
}
