//! A server list on disk: which state of which file was read, and whether it may have changed.

use super::layout::{self, Header};
use crate::error::{Error, ErrorKind};
use crate::hash::md5;
use crate::memory;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No list of 100,000 servers comes near this; a device that never ends does not exhaust memory.
const LARGEST: u64 = 64 << 20;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// The change time too: it cannot be set back, as a modification time can.
    changed: (i64, i64),
}

impl Identity {
    /// The state of an open file.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::new(&file.metadata()?))
    }

    fn new(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The device and the inode.
    #[cfg(feature = "cli")]
    pub fn file(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Seconds since 1970 of the last modification.
    pub fn modified_seconds(&self) -> i64 {
        self.modified.0
    }

    /// Whether the file was changed so shortly before `now` that another change may bear the same times: a file system
    /// stamps changes with a clock that stands still for a tick, or for seconds where it keeps whole seconds only. If that
    /// clock was set meanwhile, the next change bears a time of the clock as it is now, and so another one.
    fn is_fresh(&self, now: SystemTime) -> bool {
        [self.modified, self.changed].iter().any(|&(seconds, nanoseconds)| {
            // FAT counts in steps of two seconds; 10 ms is the longest tick of a Linux kernel, doubled for good measure.
            let tick = if nanoseconds == 0 { Duration::from_secs(2) } else { Duration::from_millis(20) };
            let stamp = UNIX_EPOCH
                + Duration::new(u64::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0));
            let age = now.duration_since(stamp).unwrap_or_else(|early| early.duration());
            age <= tick
        })
    }
}

/// The state of a file from which a ring was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub identity: Identity,
    /// The identity may stand for other content by now.
    pub fresh: bool,
    /// The MD5 digest of the content.
    pub digest: [u8; 16],
}

/// `source-state` where the identity proves that the content is the same, and where it does not.
const SETTLED: u32 = 1;
const FRESH: u32 = 2;

impl Source {
    /// Whether a ring built from this state is right for a file in the state `now`.
    pub fn serves(&self, now: &Self) -> bool {
        self.digest == now.digest
    }

    /// Fills the fields of a segment's header.
    pub(super) fn write_to(&self, header: &mut Header<[u8; layout::HEADER]>) {
        let Identity { device, inode, size, modified, changed } = self.identity;
        header.set(layout::SOURCE_DEVICE, &device.to_ne_bytes());
        header.set(layout::SOURCE_INODE, &inode.to_ne_bytes());
        header.set(layout::SOURCE_SIZE, &size.to_ne_bytes());
        header.set(layout::SOURCE_MTIME, &modified.0.to_ne_bytes());
        header.set(layout::SOURCE_MTIME_NS, &modified.1.to_ne_bytes());
        header.set(layout::SOURCE_CTIME, &changed.0.to_ne_bytes());
        header.set(layout::SOURCE_CTIME_NS, &changed.1.to_ne_bytes());
        header.set(layout::SOURCE_DIGEST, &self.digest);
        let state = if self.fresh { FRESH } else { SETTLED };
        header.set(layout::SOURCE_STATE, &state.to_ne_bytes());
    }

    /// Reads the fields of a segment's header; None if it names no source.
    pub(super) fn read_from<B: AsRef<[u8]>>(header: &Header<B>) -> Option<Self> {
        let identity = Identity {
            device: header.u64(layout::SOURCE_DEVICE),
            inode: header.u64(layout::SOURCE_INODE),
            size: header.u64(layout::SOURCE_SIZE),
            modified: (header.i64(layout::SOURCE_MTIME), header.i64(layout::SOURCE_MTIME_NS)),
            changed: (header.i64(layout::SOURCE_CTIME), header.i64(layout::SOURCE_CTIME_NS)),
        };
        let state = header.u32(layout::SOURCE_STATE);
        let digest = header.array(layout::SOURCE_DIGEST);
        [SETTLED, FRESH].contains(&state).then_some(Self { identity, fresh: state == FRESH, digest })
    }
}

/// The content of a file and the state that it belongs to.
pub(crate) struct Content {
    pub bytes: Vec<u8>,
    pub source: Source,
}

/// What became of looking at a path: kept apart because the old library answers them differently.
pub(crate) enum Missing {
    /// There is nothing to be seen at this path.
    Path,
    /// There is something, but no list can be read from it.
    List(Error),
}

/// The state of the file at `path`, by one system call.
pub(crate) fn identity(path: &[u8]) -> Result<Identity, Missing> {
    let metadata = std::fs::metadata(OsStr::from_bytes(path)).map_err(|_| Missing::Path)?;
    Ok(Identity::new(&metadata))
}

/// Reads the file at `path`. If `seen` says in which state it was a moment ago, four system calls read it, else five. A file
/// that has changed since, or changes while it is read, is read again, a few times at most; what is returned last then
/// counts as fresh.
pub(crate) fn read(path: &[u8], mut seen: Option<Identity>) -> Result<Content, Missing> {
    let failed = |error: io::Error| refused(path, &error);
    let mut attempts = 3;
    loop {
        attempts -= 1;
        let mut file = File::open(OsStr::from_bytes(path)).map_err(failed)?;
        let before = match seen.take() {
            Some(seen) => seen,
            None => Identity::new(&file.metadata().map_err(failed)?),
        };
        let bytes = content(&mut file, before.size).map_err(failed)?;
        let after = file.metadata().map_err(failed)?;
        let identity = Identity::new(&after);
        let unchanged = identity == before;
        // What is no file of its own (a pipe, a terminal) cannot be read twice and has no state to compare.
        let one_way = after.file_type().is_fifo() || after.file_type().is_char_device();
        if unchanged || one_way || attempts == 0 {
            let fresh = !unchanged || one_way || identity.is_fresh(SystemTime::now());
            let digest = md5::digest(&bytes);
            return Ok(Content { bytes, source: Source { identity, fresh, digest } });
        }
    }
}

/// Why no list can be read from what is at `path`.
fn refused(path: &[u8], error: &io::Error) -> Missing {
    let path = String::from_utf8_lossy(path);
    let reason = match error.kind() {
        io::ErrorKind::OutOfMemory => return Missing::List(memory::none("the file")),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    };
    let message = format!("No valid server definitions in file {path}: {reason}");
    Missing::List(Error::new(ErrorKind::Io, message))
}

impl Missing {
    /// Why the list at `path` cannot be had.
    pub fn error(self, path: &[u8]) -> Error {
        match self {
            Self::List(error) => error,
            Self::Path => {
                let message = format!("Invalid filename specified: {}", String::from_utf8_lossy(path));
                Error::new(ErrorKind::Io, message)
            }
        }
    }
}

/// All bytes of a file that says it has `length`. One read fetches them and finds no more; that these are all, the caller
/// sees by the file's state afterwards.
fn content(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let size = length.min(LARGEST) as usize + 1;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size)?;
    bytes.resize(size, 0);
    let count = loop {
        match file.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            count => break count?,
        }
    };
    bytes.truncate(count);
    // Pipes and the files of /proc have no length, and give their bytes piece by piece.
    if count as u64 != length {
        file.take(LARGEST + 1 - count as u64).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::testing::Folder;

    #[test]
    fn a_change_within_a_tick_of_the_clock_is_fresh() {
        let identity = |seconds, nanoseconds| Identity {
            device: 1,
            inode: 1,
            size: 1,
            modified: (seconds, nanoseconds),
            changed: (0, 1),
        };
        let now = UNIX_EPOCH + Duration::new(1_000, 500_000_000);
        assert!(identity(1_000, 495_000_000).is_fresh(now));
        assert!(!identity(1_000, 400_000_000).is_fresh(now));
        assert!(identity(1_000, 0).is_fresh(now));
        assert!(!identity(998, 0).is_fresh(now));
        assert!(!identity(2_000, 5).is_fresh(now), "a later change will bear another time");
    }

    #[test]
    fn a_state_is_read_from_a_header_as_it_was_written() {
        for (fresh, seconds) in [(false, 5), (true, -5)] {
            let identity = Identity { device: 1, inode: 2, size: 3, modified: (seconds, 4), changed: (6, 7) };
            let source = Source { identity, fresh, digest: [8; 16] };
            let mut header = Header([0; layout::HEADER]);
            assert_eq!(Source::read_from(&header), None);
            source.write_to(&mut header);
            assert_eq!(Source::read_from(&header), Some(source));
        }
    }

    #[test]
    fn a_file_is_fresh_until_the_clock_has_gone_on_and_what_is_no_file_always() {
        let folder = Folder::new();
        let path = folder.path("list");
        let name = path.as_os_str().as_bytes();
        std::fs::write(&path, "a:1 1").unwrap();
        let outdated = identity(name).ok();
        std::fs::write(&path, "a:1 10").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        for seen in [None, identity(name).ok(), outdated] {
            let content = read(name, seen).ok().unwrap();
            assert_eq!((&content.bytes[..], content.source.fresh), (&b"a:1 10"[..], false), "{seen:?}");
            assert_eq!(Some(content.source.identity), identity(name).ok());
        }
        let nothing = read(b"/dev/null", None).ok().unwrap();
        assert!(nothing.bytes.is_empty() && nothing.source.fresh);
        let message = |path| read(path, None).err().unwrap().error(path).message().to_owned();
        assert_eq!(message(b"/"), "No valid server definitions in file /: it is a directory");
    }

    #[test]
    fn all_bytes_are_read_whatever_length_is_said_unless_there_are_too_many() {
        let folder = Folder::new();
        let path = folder.path("list");
        let count = |size, said| {
            File::create(&path).unwrap().set_len(size).unwrap();
            content(&mut File::open(&path).unwrap(), said).map(|bytes| bytes.len() as u64)
        };
        for (size, said) in [(0, 0), (5, 5), (5, 0), (5, 3), (5, 9), (LARGEST, 0), (LARGEST, LARGEST)] {
            assert_eq!(count(size, said).unwrap(), size, "{said}");
        }
        for said in [0, LARGEST, LARGEST + 1] {
            assert_eq!(count(LARGEST + 1, said).unwrap_err().to_string(), "it is larger than 64 MiB");
        }
    }
}
