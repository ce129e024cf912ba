//! The memory of a continuum as C sees it: the records of a ring in one block, behind a header that finds the ring again.

use super::libketama::{continuum, mcs};
use crate::Ring;
use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::point::Point;
use crate::ring::Placed;
use crate::search::Points;
use crate::segment::source::Source;
use crate::segment::{Segment, Trust};
use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

/// The longest address that a record can hold: `char ip[22]` and the two bytes of padding behind it, less a NUL.
pub(super) const LONGEST_ADDRESS: usize = 23;

/// One record of the array, with the padding of `mcs` as bytes that can be written: an address of 22 or 23 bytes runs
/// on into it, so that it prints whole.
#[derive(Clone, Copy)]
#[repr(C)]
struct Record {
    point: c_uint,
    ip: [u8; 24],
}

const _: () = assert!(size_of::<Record>() == size_of::<mcs>() && align_of::<Record>() == align_of::<mcs>());

/// What lies before the array. `continuum.modtime` points at its start and `continuum.array` at its end, as far apart as
/// in the reference's segment.
#[repr(C, align(8))]
struct Header {
    modtime: libc::time_t,
    /// `MAGIC` and the array's address: a copy of the bytes at another address is not taken for a block of ours.
    mark: u64,
    rolled: *const Rolled,
}

/// From `continuum.modtime` to `continuum.array`, in bytes.
const HEADER: usize = 32;
const _: () = assert!(size_of::<Header>() <= HEADER && HEADER.is_multiple_of(align_of::<Record>()));

const MAGIC: u64 = 0x6b65_7461_6d61_0101;

/// A ring and its records, shared by all continua that were rolled from the same state of a file.
pub(super) struct Rolled {
    points: Arc<Points<u32>>,
    /// Header and records; freed with the last continuum.
    block: NonNull<u8>,
    memory: Memory,
    /// Why they are not shared with other processes although they should be.
    private: Option<Error>,
}

/// What holds a block.
enum Memory {
    /// This process's own memory.
    Own(Layout),
    /// A mapped segment, in which the page with the header is this process's own.
    #[expect(dead_code, reason = "held, not read: the block lies in it")]
    Mapped(Arc<Segment>),
}

// SAFETY: the block is written in `new` or `attach`, before anything else has a pointer to it, and only read from then on.
unsafe impl Send for Rolled {}
// SAFETY: as above.
unsafe impl Sync for Rolled {}

impl Rolled {
    /// Lays out the records of a ring of dialect libketama. `modtime` is what `continuum.modtime` will point at.
    /// `private` is why they are not shared, if they should be.
    pub fn new(ring: &Ring, modtime: libc::time_t, private: Option<Error>) -> Result<Arc<Self>, Error> {
        let points = countable(ring.placed())?;
        let memory = || Error::new(ErrorKind::Memory, format!("no memory for {} points", points.len()));
        let size = points.len().checked_mul(size_of::<Record>()).and_then(|size| size.checked_add(HEADER));
        let layout = size
            .and_then(|size| Layout::from_size_align(size, align_of::<Header>()).ok())
            .ok_or_else(memory)?;
        let addresses = addresses(ring)?;
        // SAFETY: `layout` is at least HEADER bytes long.
        let block = NonNull::new(unsafe { alloc(layout) }).ok_or_else(memory)?;
        let rolled = Arc::new(Self { points, block, memory: Memory::Own(layout), private });
        let points = &rolled.points;
        for (index, Point { value, server, .. }) in points.iter().enumerate() {
            let ip = addresses.get(server as usize).copied().unwrap_or_default();
            // SAFETY: the block has room for HEADER bytes and `points.len()` records, and `index` is below that.
            unsafe { rolled.record(index).write(Record { point: value, ip }) };
        }
        let array = rolled.array() as u64;
        let header = Header { modtime, mark: MAGIC ^ array, rolled: Arc::as_ptr(&rolled) };
        // SAFETY: the block starts with room for a header, with its alignment (see `layout`).
        unsafe { block.cast().write(header) };
        Ok(rolled)
    }

    /// The records in a segment that was built from this state of a list. `modtime` as in `new`.
    pub fn attach(
        path: &Path,
        trust: Trust,
        wanted: &Source,
        modtime: libc::time_t,
    ) -> Result<Arc<Self>, Error> {
        let mut rolled = Arc::<Self>::new_uninit();
        let pointer = Arc::as_ptr(&rolled).cast::<Self>();
        let segment = Segment::open_with_header(path, trust, wanted, |block| {
            let array = block.wrapping_byte_add(HEADER) as u64;
            let header = Header { modtime, mark: MAGIC ^ array, rolled: pointer };
            // SAFETY: the block has room for a header (see `HEADER`), and sections of a segment are aligned for it.
            unsafe { block.cast::<Header>().write(header) };
        })?;
        let points = countable(segment.placed()?)?;
        let block = NonNull::from(segment.records(&points)?).cast();
        let place = Arc::get_mut(&mut rolled).ok_or_else(|| Error::new(ErrorKind::Memory, "no memory"))?;
        place.write(Self { points, block, memory: Memory::Mapped(segment), private: None });
        // SAFETY: it was written in the line above.
        Ok(unsafe { rolled.assume_init() })
    }

    /// Why the records are not shared with other processes although they should be.
    pub fn private(&self) -> Option<&Error> {
        self.private.as_ref()
    }

    /// The struct that C gets.
    pub fn view(&self) -> continuum {
        // `new` has made sure that the number fits.
        let numpoints = c_int::try_from(self.points.len()).unwrap_or(0);
        continuum { numpoints, modtime: self.block.as_ptr().cast(), array: self.array().cast() }
    }

    fn array(&self) -> *mut Record {
        self.block.as_ptr().wrapping_add(HEADER).cast()
    }

    fn record(&self, index: usize) -> *mut Record {
        self.array().wrapping_add(index)
    }
}

impl Drop for Rolled {
    fn drop(&mut self) {
        if let Memory::Own(layout) = self.memory {
            // SAFETY: allocated in `new` with this layout; no continuum refers to it any more.
            unsafe { dealloc(self.block.as_ptr(), layout) };
        }
    }
}

/// The points of a ring, if C's `int` can count them.
fn countable(placed: Option<Placed>) -> Result<Arc<Points<u32>>, Error> {
    let Some(Placed::Narrow(points)) = placed else {
        return Err(Error::new(ErrorKind::Server, "the ring has no points"));
    };
    if c_int::try_from(points.len()).is_err() {
        return Err(Error::new(ErrorKind::Limit, "more points than `int numpoints` can count"));
    }
    Ok(points)
}

/// What stands in the records of each server of a ring.
pub(super) fn addresses(ring: &Ring) -> Result<Vec<[u8; 24]>, Error> {
    let addresses = ring.servers().iter().map(|server| address(&server.name));
    memory::collect(addresses, format_args!("{} servers", ring.server_count()))
}

/// The bytes of `ip` and its padding: the address, cut to what fits, and NULs.
fn address(name: &[u8]) -> [u8; 24] {
    let mut ip = [0; 24];
    let length = name.len().min(LONGEST_ADDRESS);
    ip[..length].copy_from_slice(&name[..length]);
    ip
}

/// The record that answers for a key hash: the first point at or above it, else record 0. NULL without records.
///
/// # Safety
/// `view` keeps the contract of the module `capi`.
pub(super) unsafe fn successor(view: &continuum, hash: u32) -> *mut mcs {
    let (array, Ok(numpoints)) = (view.array.cast::<mcs>(), usize::try_from(view.numpoints)) else {
        return std::ptr::null_mut();
    };
    if array.is_null() || numpoints == 0 {
        return std::ptr::null_mut();
    }
    // SAFETY: `view` keeps the contract.
    let below = match unsafe { points(view) } {
        Some(points) if points.len() == numpoints => points.below(hash),
        // SAFETY: by the contract the array has `numpoints` records, none of which changes.
        _ => unsafe { std::slice::from_raw_parts(array, numpoints) }
            .partition_point(|record| record.point < hash),
    };
    array.wrapping_add(if below == numpoints { 0 } else { below })
}

/// The indexed points behind the array of a continuum, if it is one of ours: the struct may be a copy.
///
/// # Safety
/// `view` keeps the contract of the module `capi`.
unsafe fn points(view: &continuum) -> Option<&Points<u32>> {
    let header = view.modtime.cast::<Header>();
    if header.is_null() || !header.is_aligned() || header.wrapping_byte_add(HEADER).cast() != view.array {
        return None;
    }
    // SAFETY: `modtime` lies HEADER bytes before the array, as only the blocks of this library (and the segments of the
    // 2007 one, which are as long) have it: the bytes between can be read.
    let header = unsafe { &*header };
    if header.mark != MAGIC ^ view.array as u64 {
        return None;
    }
    // SAFETY: the mark says that `Rolled::new` wrote this header; the ring lives as long as its block.
    Some(unsafe { &*header.rolled }.points.as_ref())
}

/// Writes a continuum through C's own `stdout`, so that it mixes in order with what the caller prints.
///
/// # Safety
/// `view` keeps the contract of the module `capi`, and each `ip` in its array ends with a NUL.
pub(super) unsafe fn print(view: &continuum) {
    // SAFETY: the format takes one int.
    unsafe { libc::printf(c"Numpoints in continuum: %d\n".as_ptr(), view.numpoints) };
    if view.array.is_null() {
        // SAFETY: the format takes nothing.
        unsafe { libc::printf(c"Continuum empty\n".as_ptr()) };
        return;
    }
    for index in 0..usize::try_from(view.numpoints).unwrap_or(0) {
        let record = view.array.cast::<Record>().wrapping_add(index);
        // SAFETY: by the contract the array has `numpoints` records.
        let Record { point, .. } = unsafe { *record };
        let ip: *const c_char = record.wrapping_byte_add(size_of::<c_uint>()).cast();
        // SAFETY: the format takes a C string, which `ip` is by the contract, and an unsigned int.
        unsafe { libc::printf(c"%s (%u)\n".as_ptr(), ip, point) };
    }
}

/// An empty continuum: what a failed roll leaves.
pub(super) fn empty() -> continuum {
    continuum { numpoints: 0, modtime: std::ptr::null_mut::<c_void>(), array: std::ptr::null_mut() }
}
