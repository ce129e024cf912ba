//! Whether bytes are a segment: the header first, then all bytes in one walk, in which each part is looked at while it is
//! in the cache for its checksum.

use super::layout::{self, COVERED, FORMAT, HEADER, Header, MAGIC, NATIVE, Span, refused};
use super::source::Source;
use crate::error::Error;
use crate::point::{Place, Point, SPARE};
use crate::search::Audit;
use std::hash::Hasher;
use std::ops::Range;
use twox_hash::XxHash3_64;

/// Bytes that are looked at together: they fit into the first-level cache.
const BLOCK: usize = 1 << 15;

/// What a segment says of itself.
#[derive(Debug)]
pub(super) struct Checked {
    pub fingerprint: u64,
    /// Bits of a place; 0 where there are no points.
    pub width: u32,
    pub spans: Spans,
}

/// Where its sections lie.
#[derive(Debug)]
pub(super) struct Spans {
    pub list: Span,
    pub index: Span,
    pub entries: Span,
    pub points: Span,
    pub table: Span,
    pub records: Span,
}

/// Checks all bytes of a segment but those that a list of servers is read from, and those of the records. If it is
/// wanted of a certain state of a list only, others are refused.
pub(super) fn checked(bytes: &[u8], wanted: Option<&Source>) -> Result<Checked, Error> {
    let Some((head, _)) = bytes.split_at_checked(HEADER) else {
        return Err(refused("it is shorter than a header"));
    };
    let header = Header(head);
    if header.array(layout::MAGIC_FIELD) != MAGIC {
        return Err(refused("it is not a segment"));
    }
    match (header.u32(layout::VERSION), header.u32(layout::BYTE_ORDER)) {
        (FORMAT, NATIVE) => {}
        (_, order) if order == NATIVE.swap_bytes() => return Err(refused("it has the other byte order")),
        (version, _) => return Err(refused(format!("its format is {version}; {FORMAT} is known here"))),
    }
    if header.u64(layout::SIZE) != bytes.len() as u64 {
        return Err(refused("its size is not the one that it was written with"));
    }
    let source = Source::read_from(&header);
    if wanted.is_some_and(|wanted| source.as_ref().is_none_or(|source| !source.serves(wanted))) {
        return Err(refused("it is of another state of the list"));
    }
    let section = |field| header.section(field, bytes.len());
    let spans = Spans {
        list: section(layout::LIST_SECTION)?,
        index: section(layout::INDEX_SECTION)?,
        entries: section(layout::SERVERS_SECTION)?,
        points: section(layout::POINTS_SECTION)?,
        table: section(layout::TABLE_SECTION)?,
        records: section(layout::RECORDS_SECTION)?,
    };
    let servers = header.u32(layout::SERVER_COUNT);
    if spans.index.length as u64 != u64::from(servers) * 4 {
        return Err(refused("the number of servers is not that of the list"));
    }
    let checksum = header.u64(layout::CHECKSUM);
    let width = header.u32(layout::WIDTH);
    match width {
        // Without points there is nothing to look at but the checksum.
        0 => walk::<u32>(bytes, [Span::NONE; 2], servers, checksum),
        32 => walk::<u32>(bytes, [spans.points, spans.table], servers, checksum),
        64 => walk::<u64>(bytes, [spans.points, spans.table], servers, checksum),
        128 => walk::<u128>(bytes, [spans.points, spans.table], servers, checksum),
        _ => Err(refused("points have 32, 64 or 128 bits")),
    }?;
    Ok(Checked { fingerprint: header.u64(layout::FINGERPRINT), width, spans })
}

/// Goes once through all that the checksum covers. The spans are those of the points and of the index over them.
fn walk<T: Place>(bytes: &[u8], spans: [Span; 2], servers: u32, checksum: u64) -> Result<(), Error> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for, as was just asked.
        return unsafe { walk_avx2::<T>(bytes, spans, servers, checksum) };
    }
    walk_here::<T>(bytes, spans, servers, checksum)
}

/// The same, with the audit compiled for wider registers: half the time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn walk_avx2<T: Place>(bytes: &[u8], spans: [Span; 2], servers: u32, checksum: u64) -> Result<(), Error> {
    walk_here::<T>(bytes, spans, servers, checksum)
}

#[inline(always)]
fn walk_here<T: Place>(bytes: &[u8], spans: [Span; 2], servers: u32, checksum: u64) -> Result<(), Error> {
    let [placed, index] = spans;
    let part = |span: Span| bytes.get(span.offset..span.offset + span.length).unwrap_or_default();
    // SAFETY: a point is made of integers.
    let points = unsafe { array::<Point<T>>(part(placed)) }?;
    let points = &points[..points.len().saturating_sub(SPARE)];
    // SAFETY: these are integers.
    let table = unsafe { array::<u32>(part(index)) }?;
    let (mut digest, mut audit) = (XxHash3_64::new(), Audit::<T>::new(servers));
    for start in (COVERED..bytes.len()).step_by(BLOCK) {
        let block = start..bytes.len().min(start + BLOCK);
        digest.write(&bytes[block.clone()]);
        audit.points(within(points, placed, &block));
        audit.index(within(table, index, &block));
    }
    if digest.finish() != checksum {
        return Err(refused("its checksum is wrong"));
    }
    audit.verdict().map_err(refused)
}

/// The entries of a section that begin in this block of the file.
fn within<'a, V>(array: &'a [V], span: Span, block: &Range<usize>) -> &'a [V] {
    let begin = |at: usize| at.saturating_sub(span.offset).div_ceil(size_of::<V>()).min(array.len());
    &array[begin(block.start)..begin(block.end)]
}

/// Bytes as an array of integers, or of structs of integers.
///
/// # Safety
/// `V` takes any bytes.
pub(super) unsafe fn array<V>(bytes: &[u8]) -> Result<&[V], Error> {
    if !bytes.len().is_multiple_of(size_of::<V>()) || !bytes.as_ptr().cast::<V>().is_aligned() {
        return Err(refused("a section does not hold a whole number of entries"));
    }
    let first = bytes.as_ptr().cast();
    // SAFETY: as many bytes lie there, aligned (just checked), for as long as `bytes`; the rest is this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(first, bytes.len() / size_of::<V>()) })
}
