//! A handle: a ring that follows its source, a server list or a segment. Look-ups go on in the ring that is there while
//! the next one is made.

use super::control::{Seen, View};
use super::publish::Policy;
use super::source::{self, Identity, Missing};
#[cfg(target_os = "linux")]
use super::watch::Watch;
use super::{Opened, Segment, layout, open_content};
use crate::Ring;
use crate::error::{Error, ErrorKind};
use arc_swap::ArcSwap;
use std::io::Read;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How often a path is looked at by [`Handle::wait`] where it cannot be watched.
const POLL: Duration = Duration::from_millis(500);

/// A ring that follows the file from which it comes. Any number of threads may use one.
#[derive(Debug)]
pub struct Handle {
    path: PathBuf,
    policy: Policy,
    follows_segment: bool,
    current: ArcSwap<Opened>,
    /// The control page of a segment, and what it said before the segment was last looked at.
    view: Option<View>,
    seen: AtomicU64,
    /// One refresh at a time.
    last: Mutex<Last>,
    #[cfg(target_os = "linux")]
    watch: Mutex<Option<Watch>>,
}

/// What the last refresh found.
#[derive(Debug)]
struct Last {
    /// The state of the file, unless another look is needed whatever it is.
    identity: Option<Identity>,
    /// The list's content, for lists.
    digest: Option<[u8; 16]>,
    /// Why the ring in use is an older one.
    failure: Option<Error>,
}

impl Handle {
    /// Opens a segment or a server list, whichever the file at `path` is. A list that names a segment is shared through
    /// it (see [`super::open`]), by `policy`.
    ///
    /// # Errors
    /// As [`super::attach`] and [`super::open`].
    pub fn open(path: &Path, policy: Policy) -> Result<Self, Error> {
        let follows_segment = is_segment(path);
        let mut last = Last { identity: None, digest: None, failure: None };
        let view = if follows_segment { View::open(path) } else { None };
        let seen = view.as_ref().map(|view| Seen::now(view.generation()));
        let opened = if follows_segment { last.segment(path)? } else { last.list(path, &policy)? };
        // Nothing was known before: there is something new.
        let opened = opened.ok_or_else(|| Error::new(ErrorKind::Io, "nothing to be read"))?;
        Ok(Self {
            path: path.to_owned(),
            policy,
            follows_segment,
            current: ArcSwap::from_pointee(opened),
            view,
            seen: AtomicU64::new(seen.map_or(0, Seen::number)),
            last: Mutex::new(last),
            #[cfg(target_os = "linux")]
            watch: Mutex::new(None),
        })
    }

    /// The ring as it is now. It stays as it is for as long as it is held, whatever the file does.
    pub fn ring(&self) -> Arc<Opened> {
        self.current.load_full()
    }

    /// The server for a key in the ring as it is now: its index in the list of this ring.
    #[inline]
    pub fn lookup(&self, key: &[u8]) -> Option<u32> {
        self.current.load().ring().lookup(key)
    }

    /// Asks the current ring something.
    pub fn with<T>(&self, ask: impl FnOnce(&Ring) -> T) -> T {
        ask(self.current.load().ring())
    }

    /// Whether [`Handle::refresh`] may have something to do: for a segment with a control page one load from memory, and
    /// false is certain; in all other cases true.
    #[inline]
    pub fn is_stale(&self) -> bool {
        match &self.view {
            Some(view) => !Seen::from(self.seen.load(Ordering::Acquire)).is_current(view.generation()),
            None => true,
        }
    }

    /// Looks whether the file has changed, and takes the new ring if it has: true if another ring is in use now. Costs
    /// one system call when nothing has changed.
    ///
    /// Takes as long as the file system takes to give the file (a network file system whose server is away, a FIFO without
    /// a writer), and other refreshes wait for it. Look-ups, [`Handle::ring`] and [`Handle::is_stale`] never wait.
    ///
    /// # Errors
    /// Why the file cannot be used as it is now; the ring in use stays. The same error again until the file changes, or
    /// another attempt where memory or descriptors lacked.
    pub fn refresh(&self) -> Result<bool, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        #[cfg(target_os = "linux")]
        if let Some(watch) = &mut *self.watch.lock().unwrap_or_else(PoisonError::into_inner) {
            watch.drain();
        }
        renew(
            || self.view.as_ref().map_or(0, |view| Seen::now(view.generation()).number()),
            || {
                if self.follows_segment {
                    last.segment(&self.path)
                } else {
                    last.list(&self.path, &self.policy)
                }
            },
            |opened| self.current.store(Arc::new(opened)),
            |seen| self.seen.store(seen, Ordering::Release),
        )
    }

    /// A descriptor that can be read (`poll`, `epoll`, `select`) when the file may have changed; [`Handle::refresh`]
    /// makes it unreadable again. It belongs to the handle.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where files cannot be watched: then [`Handle::refresh`] is to be called now and then.
    pub fn watch(&self) -> Result<RawFd, Error> {
        self.watched().map(|(descriptor, _)| descriptor)
    }

    /// The descriptor, and whether it tells of every change.
    fn watched(&self) -> Result<(RawFd, bool), Error> {
        #[cfg(target_os = "linux")]
        {
            let told = |watch: &Watch| (watch.descriptor(), watch.is_whole());
            let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(watch) = &*watch {
                return Ok(told(watch));
            }
            let started = Watch::new(&self.path).map_err(|error| {
                let message = format!("the file cannot be watched: {error}");
                Error::new(ErrorKind::Io, message).in_file(self.path.to_string_lossy())
            })?;
            Ok(told(watch.insert(started)))
        }
        #[cfg(not(target_os = "linux"))]
        Err(Error::new(ErrorKind::Io, "files cannot be watched on this system"))
    }

    /// Waits until the file may have changed, not longer than `most`: true if it may. Where it cannot be watched, it is
    /// looked at twice a second; that it changed under a refresh that is under way, that refresh will tell.
    pub fn wait(&self, most: Duration) -> bool {
        let start = Instant::now();
        let watched = self.watched().ok();
        if let Some((descriptor, true)) = watched {
            return is_readable(descriptor, most);
        }
        loop {
            let now = source::identity(self.path.as_os_str().as_bytes()).ok();
            let last = match self.last.try_lock() {
                Ok(last) => Some(last),
                Err(TryLockError::Poisoned(last)) => Some(last.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if last.is_some_and(|last| last.identity != now) {
                return true;
            }
            let left = most.saturating_sub(start.elapsed());
            if left.is_zero() {
                return false;
            }
            match watched {
                Some((descriptor, _)) if is_readable(descriptor, left.min(POLL)) => return true,
                Some(_) => {}
                None => std::thread::sleep(left.min(POLL)),
            }
        }
    }
}

impl Last {
    /// The segment at `path` if it is another one than before.
    fn segment(&mut self, path: &Path) -> Result<Option<Opened>, Error> {
        let bytes = path.as_os_str().as_bytes();
        let identity = source::identity(bytes).map_err(|missing| self.missed(missing, bytes))?;
        if self.identity == Some(identity) {
            return self.as_before();
        }
        let opened = Segment::open(path).and_then(Opened::of).inspect_err(|error| {
            (self.identity, self.failure) =
                (Some(identity).filter(|_| is_lasting(error)), Some(error.clone()));
        })?;
        // What was opened may be younger than what was seen before.
        let identity = opened.segment().map_or(identity, |segment| *segment.identity());
        (self.identity, self.failure) = (Some(identity), None);
        Ok(Some(opened))
    }

    /// The ring of the list at `path` if its content is another one than before.
    fn list(&mut self, path: &Path, policy: &Policy) -> Result<Option<Opened>, Error> {
        let bytes = path.as_os_str().as_bytes();
        let identity = source::identity(bytes).map_err(|missing| self.missed(missing, bytes))?;
        if self.identity == Some(identity) {
            return self.as_before();
        }
        let content = source::read(bytes, Some(identity)).map_err(|missing| self.missed(missing, bytes))?;
        self.identity = Some(content.source.identity).filter(|_| !content.source.fresh);
        if self.digest == Some(content.source.digest) {
            return self.as_before();
        }
        self.digest = Some(content.source.digest);
        self.failure = None;
        open_content(path, &content, policy).map(Some).inspect_err(|error| {
            self.failure = Some(error.clone());
            if !is_lasting(error) {
                (self.identity, self.digest) = (None, None);
            }
        })
    }

    fn missed(&mut self, missing: Missing, path: &[u8]) -> Error {
        // When it is back, it is to be read even if it looks as it did.
        self.identity = None;
        missing.error(path)
    }

    fn as_before(&self) -> Result<Option<Opened>, Error> {
        self.failure.clone().map_or(Ok(None), Err)
    }
}

/// The steps of a refresh, in the one order that is right (`tests/models.rs` tries what threads can make of it): what is
/// remembered was seen before the look, and is not remembered before what was found is taken. Who then finds that nothing
/// is stale finds the new ring too. True if something was taken.
pub(super) fn renew<T>(
    see: impl FnOnce() -> u64,
    look: impl FnOnce() -> Result<Option<T>, Error>,
    take: impl FnOnce(T),
    remember: impl FnOnce(u64),
) -> Result<bool, Error> {
    let seen = see();
    let taken = look().map(|found| found.map(take).is_some());
    // After a failure that may pass, there is still something to be looked at.
    if taken.as_ref().err().is_none_or(is_lasting) {
        remember(seen);
    }
    taken
}

/// Whether the same file would fail again: it is the file's fault, not that of a moment without descriptors or memory.
fn is_lasting(error: &Error) -> bool {
    !matches!(error.kind(), ErrorKind::Io | ErrorKind::Memory)
}

/// Whether the file begins as segments do, of whatever version. Only files are asked: what is read from a pipe is gone.
fn is_segment(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut start = [0; layout::MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == layout::MAGIC
}

/// Waits until a descriptor can be read.
fn is_readable(descriptor: RawFd, most: Duration) -> bool {
    let mut poll = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    let most = i32::try_from(most.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the pointer is to one live struct, and the number says so.
    unsafe { libc::poll(&raw mut poll, 1, most) > 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::testing::Folder;
    use std::fs::{File, FileTimes, write};
    use std::time::SystemTime;

    /// Whether a refresh would not read the file again if it looks as it does now.
    fn remembers(handle: &Handle) -> bool {
        handle.last.lock().unwrap().identity.is_some()
    }

    #[test]
    fn a_file_is_read_again_only_if_it_was_fresh_or_has_changed() {
        let folder = Folder::new();
        let path = folder.path("list");
        write(&path, "a:1 1\n").unwrap();
        // A whole second may be that of a clock which knows no others: it counts as now for two.
        let second = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 1;
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
        File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
        let handle = Handle::open(&path, Policy::default()).unwrap();
        assert!(!remembers(&handle), "fresh");
        for (text, is_list) in [("b:1 1\n", true), ("b:1 nonsense\n", false), ("c:1 1\n", true)] {
            write(&path, text).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(handle.refresh().is_ok(), is_list, "{text}");
            assert!(remembers(&handle), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_watched_in_part_is_waited_for_too() {
        let folder = Folder::new();
        let path = folder.path("list");
        write(&path, "a:1 1\n").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let handle = Handle::open(&path, Policy::default()).unwrap();
        handle.watch().unwrap();
        handle.watch.lock().unwrap().as_mut().unwrap().is_whole = false;
        assert!(!handle.wait(Duration::from_millis(20)));
        write(&path, "b:1 1\n").unwrap();
        assert!(handle.wait(Duration::from_secs(600)));
    }
}
