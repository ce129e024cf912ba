//! One ring for many processes: a file that is mapped read-only, whole and never changed once it is visible.
//!
//! A publisher writes the ring into a file of another name and renames it ([`publish`]); a reader maps it, validates every
//! byte once ([`Segment`]), and then looks up as in a ring of its own ([`attach`]). A reader has the old ring or the new
//! one, never part of either; the old one stays mapped until its last reader lets go. A publisher may die at any moment:
//! what it leaves is a file that nobody reads, which the next one removes, and a lock that dies with it.
//!
//! What is refused (an unknown format, a damaged file, a file of another user) is no loss: a segment can always be made
//! again from its list, and a reader that has the list builds a ring of its own ([`open`]). A [`Handle`] follows a list or
//! a segment through all its changes. The format is told in `README.md` beside this file.

#![expect(unsafe_code, reason = "mapped files become slices here, and nowhere else")]
#![cfg_attr(not(feature = "capi"), allow(dead_code, unused_imports, reason = "some of it only C asks for"))]

mod check;
mod checksum;
mod control;
pub(crate) mod directory;
mod handle;
#[cfg(feature = "cli")]
mod inspect;
mod layout;
mod list;
mod map;
mod publish;
pub(crate) mod source;
#[cfg(all(feature = "cli", target_os = "linux"))]
pub(crate) mod system_v;
mod trust;
#[cfg(target_os = "linux")]
mod watch;
mod write;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use handle::Handle;
#[cfg(feature = "cli")]
pub(crate) use inspect::{Inspection, generation, is_segment, leftovers, remove_leftovers};
pub use map::Segment;
pub use publish::Policy;
#[cfg(feature = "cli")]
pub(crate) use publish::beside;
pub(crate) use publish::{Shared, share};
pub(crate) use trust::Trust;
pub use trust::trust;
#[cfg(all(feature = "cli", target_os = "linux"))]
pub(crate) use watch::Watch;
pub(crate) use write::Contents;

use crate::Ring;
use crate::error::Error;
use crate::server_list::ServerList;
use source::Content;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A ring, and where it lies.
#[derive(Debug)]
pub struct Opened {
    ring: Ring,
    segment: Option<Arc<Segment>>,
    private: Option<Error>,
}

impl Opened {
    /// The ring of a segment.
    fn of(segment: Arc<Segment>) -> Result<Self, Error> {
        Ok(Self { ring: segment.ring()?, segment: Some(segment), private: None })
    }

    /// A ring in this process's own memory.
    fn own(ring: Ring, private: Option<Error>) -> Self {
        Self { ring, segment: None, private }
    }

    /// The ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// The segment in which it lies; None if it lies in this process's own memory.
    pub fn segment(&self) -> Option<&Arc<Segment>> {
        self.segment.as_ref()
    }

    /// Why it lies in this process's own memory although its list names a segment.
    pub fn private(&self) -> Option<&Error> {
        self.private.as_ref()
    }
}

/// Puts a ring in place as the segment at `path`, for all who attach it there. Beside it lie `PATH.lock` and
/// `PATH.control`; the folder must exist.
///
/// # Errors
/// [`ErrorKind::Busy`](crate::ErrorKind::Busy) if another process is publishing there for longer than the policy's wait,
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if a file cannot be written, [`ErrorKind::Limit`](crate::ErrorKind::Limit) for a
/// ring without points of more than 2^24 slots, which each reader would have to make. What lies at `path` then stays as it
/// is.
pub fn publish(ring: &Ring, path: &Path, policy: &Policy) -> Result<(), Error> {
    publish_from(ring, None, path, policy)
}

/// The same for a ring that [`open`] would build from a file in this state.
pub(crate) fn publish_from(
    ring: &Ring,
    source: Option<source::Source>,
    path: &Path,
    policy: &Policy,
) -> Result<(), Error> {
    ring.can_be_shared().map_err(|error| error.in_file(path.to_string_lossy()))?;
    let contents = Contents { fingerprint: ring.fingerprint(), source, ..Contents::default() };
    publish::Lock::take(path, policy)?.publish(ring, &contents)
}

/// The ring of the segment at `path`.
///
/// # Errors
/// As [`Segment::open`] and [`Segment::ring`].
pub fn attach(path: &Path) -> Result<Opened, Error> {
    Segment::open(path).and_then(Opened::of).map_err(|error| error.in_file(path.to_string_lossy()))
}

/// The ring of the server list at `path`. If the list names a segment (`segment = "..."`, seen from the list's folder),
/// the ring is shared through it: attached if it is that of this list, published if not, built privately if neither
/// works ([`Opened::private`] then says why).
///
/// # Errors
/// As [`ServerList::parse`] and [`Ring::build`]; [`ErrorKind::Io`](crate::ErrorKind::Io) if the list cannot be read.
pub fn open(path: &Path, policy: &Policy) -> Result<Opened, Error> {
    let bytes = path.as_os_str().as_bytes();
    let content = source::read(bytes, None).map_err(|missing| missing.error(bytes))?;
    open_content(path, &content, policy)
}

/// The ring of a list that was read already.
fn open_content(path: &Path, content: &Content, policy: &Policy) -> Result<Opened, Error> {
    let list = ServerList::parse(&content.bytes, &path.to_string_lossy())?;
    let Some(name) = &list.segment else { return Ok(Opened::own(Ring::build(list)?, None)) };
    let segment: PathBuf = path.parent().unwrap_or(Path::new("")).join(name);
    let attach = |path: &Path| Segment::open_of(path, Some(&content.source)).and_then(Opened::of);
    let contents = |_: &Ring| Ok(Contents { source: Some(content.source), ..Contents::default() });
    Ok(match share(&segment, policy, attach, || Ring::build(list), contents)? {
        Shared::Attached(opened) => opened,
        Shared::Private(ring, reason) => Opened::own(*ring, Some(reason)),
    })
}
