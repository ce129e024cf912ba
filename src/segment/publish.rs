//! Puts a segment in place: written under another name, renamed when it is whole, by one process at a time.

use super::control::Page;
use super::write::{self, Contents};
use crate::Ring;
use crate::error::{Error, ErrorKind};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How segments are made and waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Files can be read by the group of the directory's files too (mode 0640, not 0600). Readers of that group trust
    /// them only if they belong to root.
    pub group: bool,
    /// How long one waits for another process that is building the same ring before one builds a private one.
    pub wait: Duration,
}

impl Default for Policy {
    /// For the owner alone; a tenth of a second, in which rings of thousands of servers are built.
    fn default() -> Self {
        Self { group: false, wait: Duration::from_millis(100) }
    }
}

/// The right to publish at a path. Given up when dropped, or when this process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
    policy: Policy,
}

impl Lock {
    /// Waits as long as the policy allows.
    pub fn take(path: &Path, policy: &Policy) -> Result<Self, Error> {
        let name = beside(path, ".lock");
        let failed = |error: std::io::Error| {
            let message = format!("no lock on the segment: {error}");
            Error::new(ErrorKind::Io, message).in_file(name.to_string_lossy())
        };
        let mode = if policy.group { 0o660 } else { 0o600 };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(mode);
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = options.open(&name).map_err(failed)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file, path: path.to_owned(), policy: *policy }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() >= policy.wait => {
                    let message =
                        format!("another process has been building for {} ms", policy.wait.as_millis());
                    return Err(Error::new(ErrorKind::Busy, message).in_file(name.to_string_lossy()));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Writes the segment and puts it in place, where readers see the old one until they see the new one, and tells
    /// attached processes through the control page.
    pub fn publish(&self, ring: &Ring, contents: &Contents) -> Result<(), Error> {
        self.sweep();
        let page = Page::for_writing(&self.path, self.policy.group)?;
        let (temporary, file) = create(&self.path, self.policy.group)?;
        let written = write::write(&file, ring, contents)
            .map_err(|error| error.in_file(temporary.to_string_lossy()))
            .and_then(|()| {
                let change = page.begin();
                let renamed = fs::rename(&temporary, &self.path).map_err(|error| {
                    let message = format!("the segment cannot be put in place: {error}");
                    Error::new(ErrorKind::Io, message).in_file(self.path.to_string_lossy())
                });
                drop(change);
                renamed
            });
        if written.is_err() {
            // It may be gone already; if not, the next publisher sweeps it.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes what publishers that died have left: none but this process is publishing here.
    fn sweep(&self) {
        // What cannot be removed does no harm but that it lies there.
        self.leftovers().into_iter().for_each(|path| drop(fs::remove_file(path)));
    }

    /// What publishers that died have left. While this lock is held, no other publisher lives.
    pub(super) fn leftovers(&self) -> Vec<PathBuf> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Vec::new();
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(|entry| is_temporary(name, &entry.file_name())).map(|entry| entry.path()).collect()
    }
}

/// Whether a file called `other` is one that [`create`] made beside one called `name`; beside `name.b`, it is not.
fn is_temporary(name: &OsStr, other: &OsStr) -> bool {
    let rest = other.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
    let rest = rest.and_then(|rest| rest.strip_prefix(b".")?.strip_suffix(TEMPORARY.as_bytes()));
    rest.is_some_and(|rest| {
        let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let mut numbers = rest.split(|&byte| byte == b'-');
        numbers.by_ref().take(2).filter(|digits| is_number(digits)).count() == 2 && numbers.next().is_none()
    })
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that another thread forked meanwhile has a copy of the descriptor, and with it the lock: closing would
        // not be enough.
        let _ = self.file.unlock();
    }
}

/// How names of files end that are not in place yet.
const TEMPORARY: &str = ".tmp";

/// Creates a file beside `path` that is to be renamed to a name beginning with that of `path`.
pub(super) fn create(path: &Path, group: bool) -> Result<(PathBuf, File), Error> {
    static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let temporary = beside(path, &format!(".{}-{number}{TEMPORARY}", std::process::id()));
    // Left by a dead process with this one's number: it is not in place, so nobody reads it.
    let _ = fs::remove_file(&temporary);
    // What has to be new is not made at the end of a link.
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(if group { 0o640 } else { 0o600 })
        .open(&temporary)
        .map_err(|error| {
            let message = format!("the segment cannot be created: {error}");
            Error::new(ErrorKind::Io, message).in_file(temporary.to_string_lossy())
        })?;
    Ok((temporary, file))
}

/// The path with something behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// What became of the wish to share a ring.
#[derive(Debug)]
pub(crate) enum Shared<R> {
    /// It is shared.
    Attached(R),
    /// This process has it alone, for this reason.
    Private(Box<Ring>, Error),
}

/// Attaches the ring at `path`, or builds it and publishes it there; where neither works, builds it privately.
///
/// `attach` says whether what lies there will do. When many processes come at once, one builds; the others wait, not
/// longer than the policy allows.
///
/// # Errors
/// Those of `build` only.
pub(crate) fn share<R>(
    path: &Path,
    policy: &Policy,
    attach: impl Fn(&Path) -> Result<R, Error>,
    build: impl FnOnce() -> Result<Ring, Error>,
    contents: impl FnOnce(&Ring) -> Result<Contents, Error>,
) -> Result<Shared<R>, Error> {
    if let Ok(attached) = attach(path) {
        return Ok(Shared::Attached(attached));
    }
    let lock = match Lock::take(path, policy) {
        Ok(lock) => lock,
        Err(reason) => return Ok(Shared::Private(Box::new(build()?), reason)),
    };
    // Another process may have built it while this one waited.
    if let Ok(attached) = attach(path) {
        return Ok(Shared::Attached(attached));
    }
    let ring = build()?;
    let published = contents(&ring).and_then(|contents| lock.publish(&ring, &contents));
    Ok(match published.and_then(|()| attach(path)) {
        Ok(attached) => Shared::Attached(attached),
        Err(reason) => Shared::Private(Box::new(ring), reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::testing::Folder;

    #[test]
    fn a_lock_ends_although_a_copy_of_its_descriptor_stays_open() {
        let folder = Folder::new();
        let policy = Policy { group: false, wait: Duration::ZERO };
        let take = || Lock::take(&folder.path("ring"), &policy);
        let lock = take().unwrap();
        let _copy = lock.file.try_clone().unwrap();
        assert_eq!(take().unwrap_err().kind(), ErrorKind::Busy);
        drop(lock);
        take().unwrap();
    }

    #[test]
    fn a_publisher_knows_its_own_leftovers_from_those_of_a_segment_with_a_longer_name() {
        let is_left = |other: &str| is_temporary(OsStr::new("fleet"), OsStr::new(other));
        assert!(is_left("fleet.12-0.tmp"));
        let others =
            ["fleet.b.12-0.tmp", "fleet", "fleet.tmp", "fleet.1.tmp", "fleet.1-2-3.tmp", "fleet.1-x.tmp"];
        assert!(others.iter().all(|other| !is_left(other)));
    }
}
