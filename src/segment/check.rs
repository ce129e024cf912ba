//! Whether bytes are a segment: the header first, then all bytes in pieces, on several threads where there are many. Each
//! part of a piece is looked at while it is in the cache for its checksum.

use super::checksum::{self, PIECE};
use super::layout::{self, FORMAT, HEADER, Header, MAGIC, NATIVE, Span, refused};
use super::list;
use super::source::Source;
use crate::Ring;
use crate::error::Error;
use crate::point::{Place, Point, SPARE, work};
use crate::search::Audit;
use crate::server_list::ServerList;
use std::hash::Hasher;
use std::ops::Range;
use twox_hash::XxHash3_64;

/// Bytes that are looked at together: they fit into the first-level cache.
const BLOCK: usize = 1 << 14;
const _: () = assert!(PIECE.is_multiple_of(BLOCK));

/// What a segment's header says.
#[derive(Debug)]
pub(super) struct Facts {
    pub checksum: u64,
    pub fingerprint: u64,
    /// The file from which the ring was built, if from one.
    pub source: Option<Source>,
    /// Bits of a place; 0 where there are no points.
    pub width: u32,
    pub servers: u32,
    pub spans: Spans,
}

/// Where its sections lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spans {
    pub list: Span,
    pub index: Span,
    pub entries: Span,
    pub points: Span,
    pub table: Span,
    pub records: Span,
}

/// Reads the header of a segment of which these are all bytes. The checksum is not looked at.
pub(super) fn facts(bytes: &[u8]) -> Result<Facts, Error> {
    if !bytes.starts_with(&MAGIC) {
        return Err(refused("it is not a segment"));
    }
    let Some((head, _)) = bytes.split_at_checked(HEADER) else {
        return Err(refused("it is shorter than a header"));
    };
    let header = Header(head);
    match (header.u32(layout::VERSION), header.u32(layout::BYTE_ORDER)) {
        (FORMAT, NATIVE) => {}
        (_, order) if order == NATIVE.swap_bytes() => return Err(refused("it has the other byte order")),
        (version, _) => return Err(refused(format!("its format is {version}; {FORMAT} is known here"))),
    }
    if header.u64(layout::SIZE) != bytes.len() as u64 {
        return Err(refused("its size is not the one that it was written with"));
    }
    let width = header.u32(layout::WIDTH);
    if ![0, 32, 64, 128].contains(&width) {
        return Err(refused("points have 32, 64 or 128 bits"));
    }
    let section = |field| header.section(field, bytes.len());
    // Without points there is nothing that could be one.
    let placed = |field| if width == 0 { Ok(Span::NONE) } else { section(field) };
    let spans = Spans {
        list: section(layout::LIST_SECTION)?,
        index: section(layout::INDEX_SECTION)?,
        entries: section(layout::SERVERS_SECTION)?,
        points: placed(layout::POINTS_SECTION)?,
        table: placed(layout::TABLE_SECTION)?,
        records: section(layout::RECORDS_SECTION)?,
    };
    let servers = header.u32(layout::SERVER_COUNT);
    if spans.index.length as u64 != u64::from(servers) * 4 {
        return Err(refused("the number of servers is not that of the list"));
    }
    Ok(Facts {
        checksum: header.u64(layout::CHECKSUM),
        fingerprint: header.u64(layout::FINGERPRINT),
        source: Source::read_from(&header),
        width,
        servers,
        spans,
    })
}

impl Facts {
    /// Number of points.
    pub fn points(&self) -> usize {
        let entry = match self.width {
            64 => size_of::<Point<u64>>(),
            128 => size_of::<Point<u128>>(),
            _ => size_of::<Point<u32>>(),
        };
        (self.spans.points.length / entry).saturating_sub(SPARE)
    }

    /// The server list.
    pub fn list(&self, bytes: &[u8]) -> Result<ServerList, Error> {
        let Spans { list, index, entries, .. } = self.spans;
        list::decode(list.of(bytes), index.of(bytes), entries.of(bytes))
    }
}

/// Checks all bytes of a segment but those of the records, and gives its ring but for the points. If it is wanted of a
/// certain state of a list only, others are refused.
pub(super) fn checked(bytes: &[u8], wanted: Option<&Source>) -> Result<(Facts, Ring), Error> {
    let facts = facts(bytes)?;
    if wanted.is_some_and(|wanted| facts.source.as_ref().is_none_or(|source| !source.serves(wanted))) {
        return Err(refused("it is of another state of the list"));
    }
    let ring = || Ring::without_points(&facts.list(bytes)?, facts.width > 0);
    let workers = work::workers(facts.points());
    let (mut early, mut looked) = (None, vec![(0, Ok(())); checksum::pieces(bytes.len()).count()]);
    let mut jobs: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
    if workers > 1 {
        // The longest job first. Nothing is taken for granted of the list, so that it can be read before the checksum is
        // known; what is built without points is not larger than the list.
        jobs.push(Box::new(|| early = Some(ring())));
    }
    for (piece, looked) in checksum::pieces(bytes.len()).zip(&mut looked) {
        jobs.push(Box::new(|| *looked = look(bytes, &facts, piece)));
    }
    work::together(workers, jobs, |job| job());
    if checksum::of_digests(looked.iter().map(|(digest, _)| *digest)) != facts.checksum {
        return Err(refused("its checksum is wrong"));
    }
    looked.into_iter().try_for_each(|(_, verdict)| verdict).map_err(refused)?;
    let ring = early.unwrap_or_else(ring)?;
    Ok((facts, ring))
}

/// The digest of a piece, and what is wrong with the points and the index in it.
type Looked = (u64, Result<(), &'static str>);

fn look(bytes: &[u8], facts: &Facts, piece: Range<usize>) -> Looked {
    match facts.width {
        64 => look_as::<u64>(bytes, facts, piece),
        128 => look_as::<u128>(bytes, facts, piece),
        _ => look_as::<u32>(bytes, facts, piece),
    }
}

fn look_as<T: Place>(bytes: &[u8], facts: &Facts, piece: Range<usize>) -> Looked {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") {
            // SAFETY: the processor has what the function is compiled for, as was just asked.
            return unsafe { look_avx512::<T>(bytes, facts, piece) };
        }
        if has!("avx2") {
            // SAFETY: as above.
            return unsafe { look_avx2::<T>(bytes, facts, piece) };
        }
    }
    look_here::<T>(bytes, facts, piece)
}

/// The same, with the audit compiled for wider registers: half the time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn look_avx2<T: Place>(bytes: &[u8], facts: &Facts, piece: Range<usize>) -> Looked {
    look_here::<T>(bytes, facts, piece)
}

/// The same, with comparisons that leave one bit each: a twentieth of an attach less.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn look_avx512<T: Place>(bytes: &[u8], facts: &Facts, piece: Range<usize>) -> Looked {
    look_here::<T>(bytes, facts, piece)
}

#[inline(always)]
fn look_here<T: Place>(bytes: &[u8], facts: &Facts, piece: Range<usize>) -> Looked {
    let Spans { points: placed, table: index, .. } = facts.spans;
    // SAFETY: a point is made of integers.
    let points = unsafe { array::<Point<T>>(placed.of(bytes)) };
    // SAFETY: these are integers.
    let table = unsafe { array::<u32>(index.of(bytes)) };
    let (points, table) = match (points, table) {
        (Ok(points), Ok(table)) => (&points[..points.len().saturating_sub(SPARE)], table),
        (Err(reason), _) | (_, Err(reason)) => return (0, Err(reason)),
    };
    let (mut digest, mut audit) = (XxHash3_64::new(), Audit::<T>::new(facts.servers));
    audit.points(before(points, placed, piece.start));
    audit.index(before(table, index, piece.start));
    for start in piece.clone().step_by(BLOCK) {
        let block = start..piece.end.min(start + BLOCK);
        digest.write(&bytes[block.clone()]);
        audit.points(within(points, placed, &block));
        audit.index(within(table, index, &block));
    }
    (digest.finish(), audit.verdict())
}

/// The last entry of a section that begins before this byte of the file.
fn before<V>(array: &[V], span: Span, at: usize) -> &[V] {
    let end = begin(array, span, at);
    &array[end.saturating_sub(1)..end]
}

/// The entries of a section that begin in this block of the file.
fn within<'a, V>(array: &'a [V], span: Span, block: &Range<usize>) -> &'a [V] {
    &array[begin(array, span, block.start)..begin(array, span, block.end)]
}

/// How many entries of a section begin before this byte of the file.
fn begin<V>(array: &[V], span: Span, at: usize) -> usize {
    at.saturating_sub(span.offset).div_ceil(size_of::<V>()).min(array.len())
}

/// Bytes as an array of integers, or of structs of integers.
///
/// # Safety
/// `V` takes any bytes.
pub(super) unsafe fn array<V>(bytes: &[u8]) -> Result<&[V], &'static str> {
    if !bytes.len().is_multiple_of(size_of::<V>()) || !bytes.as_ptr().cast::<V>().is_aligned() {
        return Err("a section does not hold a whole number of entries");
    }
    let first = bytes.as_ptr().cast();
    // SAFETY: as many bytes lie there, aligned (just checked), for as long as `bytes`; the rest is this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(first, bytes.len() / size_of::<V>()) })
}

/// An array as the bytes that [`array`] makes it of.
///
/// # Safety
/// `V` has no padding.
pub(super) unsafe fn bytes_of<V>(array: &[V]) -> &[u8] {
    // SAFETY: an array lies in as many bytes as this, all of them written by this function's contract.
    unsafe { std::slice::from_raw_parts(array.as_ptr().cast(), size_of_val(array)) }
}
