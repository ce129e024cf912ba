//! Writes a segment: header, server list, points, index and, if wanted, the records of `include/ketama.h`.

use super::check::bytes_of;
use super::checksum::Running;
use super::layout::{self, ALIGN, FORMAT, HEADER, Header, MAGIC, NATIVE, RECORDS_HEADER, Span};
use super::list;
use super::source::Source;
use crate::Ring;
use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::point::{Place, Point};
use crate::ring::Placed;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// What is written beside the ring itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents {
    /// The state of the file from which the ring was built.
    pub source: Option<Source>,
    /// For the records of the 2007 interface: the `ip` of each server, as it stands there.
    pub addresses: Option<Vec<[u8; 24]>>,
    /// The ring's fingerprint, or 0: it takes about as long as building the ring.
    pub fingerprint: u64,
}

/// Writes the segment of a ring into an empty file.
///
/// Nothing is synced: a segment is made again from the list when it is lost, and one that a crash of the machine left
/// half-written fails its checksum.
pub(super) fn write(file: &File, ring: &Ring, contents: &Contents) -> Result<(), Error> {
    let sections = list::encode(ring.list())?;
    let failed =
        |error: io::Error| Error::new(ErrorKind::Io, format!("the segment cannot be written: {error}"));
    let mut buffer = Vec::new();
    memory::reserve(&mut buffer, BUFFER, "a buffer")?;
    let mut out = Output { file, buffer, checksum: Running::new(), at: 0 };
    let mut header = Header([0; HEADER]);
    header.set(layout::MAGIC_FIELD, &MAGIC);
    header.set(layout::VERSION, &FORMAT.to_ne_bytes());
    header.set(layout::BYTE_ORDER, &NATIVE.to_ne_bytes());
    header.set(layout::FINGERPRINT, &contents.fingerprint.to_ne_bytes());
    header.set(layout::SERVER_COUNT, &(ring.server_count() as u32).to_ne_bytes());
    if let Some(source) = &contents.source {
        source.write_to(&mut header);
    }
    let lengths = [
        (layout::LIST_SECTION, sections.list.len()),
        (layout::INDEX_SECTION, sections.index.len()),
        (layout::SERVERS_SECTION, sections.servers.len()),
    ];
    let placed = ring.placed();
    let (width, points, table) = match &placed {
        Some(Placed::Narrow(points)) => (32, size_of_val(points.arrays().0), points.arrays().1.len()),
        Some(Placed::Wide(points)) => (64, size_of_val(points.arrays().0), points.arrays().1.len()),
        Some(Placed::Widest(points)) => (128, size_of_val(points.arrays().0), points.arrays().1.len()),
        None => (0_u32, 0, 0),
    };
    let records = contents
        .addresses
        .as_ref()
        .map_or(0, |_| RECORDS_HEADER + ring.point_count() * size_of::<[u8; 28]>());
    header.set(layout::WIDTH, &width.to_ne_bytes());
    let lengths = lengths.into_iter().chain([
        (layout::POINTS_SECTION, points),
        (layout::TABLE_SECTION, table * size_of::<u32>()),
        (layout::RECORDS_SECTION, records),
    ]);
    let mut end = HEADER;
    for (field, length) in lengths {
        let offset = end.next_multiple_of(ALIGN);
        header.set_section(field, Span { offset, length });
        end = offset + length;
    }
    header.set(layout::SIZE, &(end as u64).to_ne_bytes());
    out.header(&header.0).map_err(failed)?;
    for section in [&sections.list, &sections.index, &sections.servers] {
        out.align().and_then(|()| out.put(section)).map_err(failed)?;
    }
    match &placed {
        Some(Placed::Narrow(points)) => out.arrays(points.arrays()),
        Some(Placed::Wide(points)) => out.arrays(points.arrays()),
        Some(Placed::Widest(points)) => out.arrays(points.arrays()),
        None => out.align(),
    }
    .and_then(|()| out.align())
    .and_then(|()| out.records(placed.as_ref(), contents.addresses.as_deref()))
    .and_then(|()| out.finish(end))
    .map_err(failed)
}

/// Bytes that are written at once.
const BUFFER: usize = 1 << 16;

/// Bytes of records that are put in the file's form at once: so few that the memory for them is always there.
const PART: usize = 1 << 13;

/// The file, and the checksum of what went into it.
struct Output<'a> {
    file: &'a File,
    /// What is still to be written: at most [`BUFFER`] bytes. Not a `BufWriter`, which cannot be made where memory is short.
    buffer: Vec<u8>,
    checksum: Running,
    at: usize,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.write(bytes);
        self.at += bytes.len();
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() > BUFFER {
            return self.file.write_all(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// The checksum does not cover itself and what lies before it.
    fn header(&mut self, header: &[u8; HEADER]) -> io::Result<()> {
        let (before, covered) = header.split_at(layout::COVERED);
        self.at = before.len();
        self.write(before)?;
        self.put(covered)
    }

    fn align(&mut self) -> io::Result<()> {
        let gap = self.at.next_multiple_of(ALIGN) - self.at;
        self.put(&[0; ALIGN][..gap])
    }

    fn arrays<T: Place>(&mut self, (points, table): (&[Point<T>], &[u32])) -> io::Result<()> {
        self.align()?;
        // SAFETY: points are filled up, so that no byte of them is padding.
        self.put(unsafe { bytes_of(points) })?;
        self.align()?;
        // SAFETY: integers have no padding.
        self.put(unsafe { bytes_of(table) })
    }

    fn records(&mut self, placed: Option<&Placed>, addresses: Option<&[[u8; 24]]>) -> io::Result<()> {
        let (Some(Placed::Narrow(points)), Some(addresses)) = (placed, addresses) else { return Ok(()) };
        self.put(&[0; RECORDS_HEADER])?;
        let mut buffer = Vec::with_capacity(PART);
        for points in points.as_slice().chunks(PART / size_of::<[u8; 28]>()) {
            buffer.clear();
            for point in points {
                buffer.extend_from_slice(&point.value.to_ne_bytes());
                let ip = addresses.get(point.server as usize).copied().unwrap_or_default();
                buffer.extend_from_slice(&ip);
            }
            self.put(&buffer)?;
        }
        Ok(())
    }

    fn finish(mut self, end: usize) -> io::Result<()> {
        debug_assert_eq!(self.at, end);
        self.flush()?;
        self.file.seek(SeekFrom::Start(layout::CHECKSUM.offset as u64))?;
        self.file.write_all(&self.checksum.finish().to_ne_bytes())
    }
}
