//! The control page: one number, by which attached processes learn of a new segment without a system call.
//!
//! A change of the segment is announced before it happens and confirmed afterwards: the number is odd in between. A
//! publisher that is killed between the two leaves it odd, and readers then look at the segment's name each time they
//! ask, until the next publisher is done: none of them misses a change.

use super::layout::NATIVE;
use super::publish;
use super::trust::Trust;
use crate::error::{Error, ErrorKind};
use memmap2::{Mmap, MmapMut, MmapOptions};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// The number, wherever it lies: in a mapped page, or in a model of one.
pub(super) trait Generation {
    /// The number as it is now; what was written before it was stored is seen after it was loaded.
    fn load(&self) -> u64;
    /// Stores a number; what was written before is seen by whoever loads it.
    fn store(&self, number: u64);
}

/// Announces a change. Publishers come one at a time.
pub(super) fn begin<G: Generation>(generation: &G) -> u64 {
    // Odd already if the last publisher died: then it is announced still.
    let announced = generation.load() | 1;
    generation.store(announced);
    announced
}

/// Confirms the change that was announced by `announced`.
pub(super) fn end<G: Generation>(generation: &G, announced: u64) {
    generation.store(announced.wrapping_add(1));
}

/// What a reader remembers of the number when it looks at the segment's name: read before it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl From<u64> for Seen {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl Seen {
    /// The number that was seen.
    pub fn number(self) -> u64 {
        self.0
    }

    /// To be taken before looking at the segment's name.
    pub fn now<G: Generation>(generation: &G) -> Self {
        Self(generation.load())
    }

    /// Whether what was found then is certainly what is there now.
    #[inline]
    pub fn is_current<G: Generation>(self, generation: &G) -> bool {
        self.0.is_multiple_of(2) && generation.load() == self.0
    }
}

/// Bytes of the page's file.
pub const SIZE: usize = 64;
/// Where the number lies.
pub const GENERATION: usize = 16;
/// The first bytes of the file.
pub const MAGIC: [u8; 8] = *b"KETAMCTL";
/// The version of its format.
pub const FORMAT: u32 = 1;

impl Generation for AtomicU64 {
    #[inline]
    fn load(&self) -> u64 {
        // Relaxed, and ordered by a fence: a load with an order of its own may not be done in memory that is mapped for
        // reading only.
        let number = self.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        number
    }

    fn store(&self, number: u64) {
        self.store(number, Ordering::Release);
    }
}

/// The mapped page, as publishers have it.
#[derive(Debug)]
pub(super) struct Page {
    map: MmapMut,
}

/// A change that is announced; confirmed when dropped.
#[derive(Debug)]
pub(super) struct Change<'a> {
    page: &'a Page,
    announced: u64,
}

impl Page {
    /// The page of the segment at `path`, made if there is none that will do. To be called with the lock held.
    pub fn for_writing(path: &Path, group: bool) -> Result<Self, Error> {
        let name = name(path);
        let open = || {
            let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(&name)
        };
        let in_file = |error: Error| error.in_file(name.to_string_lossy());
        let io = |error: std::io::Error| Error::new(ErrorKind::Io, format!("no control page: {error}"));
        let usable = open().ok().filter(|file| Trust::here().check(file).is_ok() && is_page(file));
        // What is mapped is what was looked at, or made: the name may lead elsewhere by now.
        let file = match usable {
            Some(file) => file,
            None => {
                let (temporary, mut file) = publish::create(path, group)?;
                let placed = file.write_all(&fresh()).and_then(|()| fs::rename(&temporary, &name));
                placed.map_err(|error| {
                    // As in `Lock::publish`.
                    let _ = fs::remove_file(&temporary);
                    in_file(io(error))
                })?;
                file
            }
        };
        // SAFETY: the file is SIZE bytes long, and nobody cuts it short: see `map`, "What a mapping rests on".
        let map = unsafe { MmapOptions::new().len(SIZE).map_mut(&file) };
        Ok(Self { map: map.map_err(|error| in_file(io(error)))? })
    }

    /// Announces a change.
    pub fn begin(&self) -> Change<'_> {
        Change { page: self, announced: begin(self.generation()) }
    }

    fn generation(&self) -> &AtomicU64 {
        // SAFETY: the number lies inside the page and is aligned; it is changed by atomic stores only.
        unsafe { AtomicU64::from_ptr(self.map.as_ptr().cast_mut().wrapping_add(GENERATION).cast()) }
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        end(self.page.generation(), self.announced);
    }
}

/// The mapped page, as readers have it.
#[derive(Debug)]
pub(super) struct View {
    map: Mmap,
}

impl View {
    /// The page of the segment at `path`; None if there is none that can be trusted. A file that is too short is none:
    /// no byte beyond its end is ever touched.
    pub fn open(path: &Path) -> Option<Self> {
        let file = Trust::here().open(&name(path)).ok().filter(is_page)?;
        // SAFETY: as in `for_writing`.
        let map = unsafe { MmapOptions::new().len(SIZE).map(&file) }.ok()?;
        Some(Self { map })
    }

    #[inline]
    pub fn generation(&self) -> &AtomicU64 {
        // SAFETY: as in `Page::generation`; here it is only loaded, without an order of its own.
        unsafe { AtomicU64::from_ptr(self.map.as_ptr().cast_mut().wrapping_add(GENERATION).cast()) }
    }
}

/// The number on the control page of the segment at `path`, read without mapping it; None if there is no such page.
#[cfg(feature = "cli")]
pub(super) fn number(path: &Path) -> Option<u64> {
    let file = fs::File::open(name(path)).ok().filter(is_page)?;
    let mut bytes = [0; 8];
    std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, GENERATION as u64).ok()?;
    Some(u64::from_ne_bytes(bytes))
}

/// The path of the control page of a segment.
fn name(path: &Path) -> PathBuf {
    publish::beside(path, ".control")
}

fn fresh() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&FORMAT.to_ne_bytes());
    bytes[12..16].copy_from_slice(&NATIVE.to_ne_bytes());
    bytes
}

/// Whether the file is a control page of this format.
fn is_page(file: &fs::File) -> bool {
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; GENERATION];
    let whole = file.metadata().is_ok_and(|metadata| metadata.len() == SIZE as u64);
    whole && file.read_exact_at(&mut bytes, 0).is_ok() && bytes == fresh()[..GENERATION]
}
