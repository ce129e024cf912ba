//! A segment in memory: opened, mapped, validated in full, and from then on read like memory of one's own.
//!
//! # What a mapping rests on
//! A mapped file is memory that others could change. What this module hands out as slices holds only as long as nobody
//! writes into the file or cuts it short while it is mapped: publishers never do, they put another file in its place
//! ([`super::publish`]); and nobody else can, for a file is mapped only if only its owner may write to it and this is a
//! user whom the process trusts ([`super::trust`]). What remains is told in `README.md`, "When a mapped segment can fail".

use super::check::{Facts, Spans, array, checked};
use super::layout::{RECORDS_HEADER, Span, refused};
use super::list;
use super::source::{Identity, Source};
use super::trust::Trust;
use crate::Ring;
use crate::error::{Error, ErrorKind};
use crate::point::{Place, Point};
use crate::ring::Placed;
use crate::search::{Owner, Points};
use crate::server_list::ServerList;
use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a record of `include/ketama.h`.
const RECORD: usize = 28;

/// A mapped segment whose bytes were validated. It stays mapped, whatever happens to its file name, until it is dropped.
#[derive(Debug)]
pub struct Segment {
    map: Mmap,
    /// The state of the segment's own file.
    identity: Identity,
    facts: Facts,
    /// The ring but for its points.
    ring: Ring,
}

impl Owner for Segment {}

impl Segment {
    /// Maps and validates the segment at `path`.
    ///
    /// Segments of 131,072 points and more are validated by as many threads as there are processors, eight at the most;
    /// they have ended when this returns.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if it cannot be opened or mapped, [`ErrorKind::Segment`] if it is not to be trusted, if its
    /// format is not known here, or if any of its bytes is wrong; as [`Ring::build`] if its list makes no ring.
    pub fn open(path: &Path) -> Result<Arc<Self>, Error> {
        Self::open_of(path, None)
    }

    /// The same for a ring that was built from this state of a list.
    pub(crate) fn open_of(path: &Path, wanted: Option<&Source>) -> Result<Arc<Self>, Error> {
        let map = |file: &File| {
            // SAFETY: see "What a mapping rests on": this file is written by nobody while it is mapped.
            let map = unsafe { MmapOptions::new().map(file) }.map_err(|error| io(&error))?;
            let (facts, ring) = checked(&map, wanted)?;
            Ok((map, facts, ring))
        };
        Self::opened(path, Trust::here(), map)
    }

    /// Opens a file, maps it as `map` does, and names it in errors.
    fn opened(
        path: &Path,
        trust: Trust,
        map: impl FnOnce(&File) -> Result<(Mmap, Facts, Ring), Error>,
    ) -> Result<Arc<Self>, Error> {
        let open = || {
            let file = trust.open(path)?;
            let identity = Identity::of(&file).map_err(|error| io(&error))?;
            let (map, facts, ring) = map(&file)?;
            Ok(Arc::new(Self { map, identity, facts, ring }))
        };
        open().map_err(|error: Error| error.in_file(path.to_string_lossy()))
    }

    /// Maps the segment at `path` with a page of this process's own where its records begin: `fill` writes the bytes
    /// before the first record. Records and all else are shared as in [`Segment::open`].
    ///
    /// # Errors
    /// As [`Segment::open`], and [`ErrorKind::Segment`] if it has no records.
    pub(crate) fn open_with_header(
        path: &Path,
        trust: Trust,
        wanted: &Source,
        fill: impl FnOnce(*mut [u8; RECORDS_HEADER]),
    ) -> Result<Arc<Self>, Error> {
        let map = |file: &File| {
            // SAFETY: as in `open_of`; what is written below goes to this process's copy of a page.
            let mut map = unsafe { MmapOptions::new().map_copy(file) }.map_err(|error| io(&error))?;
            let (facts, ring) = checked(&map, Some(wanted))?;
            let records = facts.spans.records;
            let header = map.get_mut(records.offset..records.offset + records.length);
            let header = header.and_then(<[u8]>::first_chunk_mut::<RECORDS_HEADER>);
            fill(header.ok_or_else(|| refused("it has no records"))?);
            Ok((map.make_read_only().map_err(|error| io(&error))?, facts, ring))
        };
        Self::opened(path, trust, map)
    }

    /// Which file this is: what `identity` says of the segment's path as long as nobody has published another.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// [`Ring::fingerprint`] as the publisher computed it; 0 if it did not.
    pub fn fingerprint(&self) -> u64 {
        self.facts.fingerprint
    }

    /// The bytes of the whole file.
    pub fn size(&self) -> usize {
        self.map.len()
    }

    /// The ring, which reads its points from this mapping.
    ///
    /// # Errors
    /// [`ErrorKind::Segment`] if points or servers do not make a ring of the dialect.
    pub fn ring(self: &Arc<Self>) -> Result<Ring, Error> {
        let again = Arc::clone(self);
        // What was read once can be read again: the bytes have not changed.
        let list = move || {
            let nothing = ServerList::new(again.ring.dialect(), Vec::new());
            again.facts.list(&again.map).unwrap_or(nothing)
        };
        self.ring.with_points(self.placed()?, list)
    }

    /// The name of a server as a C string.
    pub(crate) fn name(&self, server: u32) -> Option<&[u8]> {
        let Spans { index, entries, .. } = self.facts.spans;
        list::name(index.of(&self.map), entries.of(&self.map), server as usize)
    }

    /// The points; None where the dialect's rule has none.
    pub(crate) fn placed(self: &Arc<Self>) -> Result<Option<Placed>, Error> {
        Ok(match self.facts.width {
            32 => Some(Placed::Narrow(self.points()?)),
            64 => Some(Placed::Wide(self.points()?)),
            128 => Some(Placed::Widest(self.points()?)),
            _ => None,
        })
    }

    fn points<T: Place>(self: &Arc<Self>) -> Result<Arc<Points<T>>, Error> {
        let Spans { points, table, .. } = self.facts.spans;
        // SAFETY: the arrays go to `Points` together with this segment, which it keeps for as long as it reads them.
        let points = unsafe { self.array::<Point<T>>(points) }?;
        // SAFETY: as above.
        let table = unsafe { self.array::<u32>(table) }?;
        let owner: Arc<dyn Owner> = Arc::clone(self) as _;
        Points::shared(points, table, owner).map(Arc::new).map_err(refused)
    }

    /// The records of `include/ketama.h`, with the bytes before them that `open_with_header` filled.
    ///
    /// # Errors
    /// [`ErrorKind::Segment`] if they do not belong to `points`, or an address is no C string.
    pub(crate) fn records(&self, points: &Points<u32>) -> Result<&[u8], Error> {
        let bytes = self.facts.spans.records.of(&self.map);
        let records = bytes.get(RECORDS_HEADER..).ok_or_else(|| refused("it has no records"))?;
        let (records, rest) = records.as_chunks::<RECORD>();
        let belongs = |(record, point): (&[u8; RECORD], &Point<u32>)| {
            record[..4] == point.value.to_ne_bytes() && record[RECORD - 1] == 0
        };
        let as_many = records.len() == points.len() && rest.is_empty();
        if !(as_many && records.iter().zip(points.as_slice()).all(belongs)) {
            return Err(refused("the records are not those of the points"));
        }
        Ok(bytes)
    }

    /// A section as an array.
    ///
    /// # Safety
    /// `V` as for [`array`], and the array is not used longer than this segment lives.
    unsafe fn array<V>(&self, span: Span) -> Result<&'static [V], Error> {
        // SAFETY: the first half of this function's contract.
        let array = unsafe { array::<V>(span.of(&self.map)) }.map_err(refused)?;
        // SAFETY: the array is there; that it stays is the second half of the contract.
        Ok(unsafe { std::slice::from_raw_parts(array.as_ptr(), array.len()) })
    }
}

fn io(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, error.to_string())
}
