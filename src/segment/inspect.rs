//! A segment looked at from outside: what its file says, read and not mapped, whoever owns it; and what publishers that
//! died have left beside it. What is found here is shown to people, and is no ring.

use super::layout::{MAGIC, refused};
use super::publish::{Lock, Policy};
use super::source::Source;
use super::{check, checksum, control};
use crate::error::Error;
use crate::server_list::ServerList;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the bytes of a segment say.
pub(crate) struct Inspection {
    /// [`crate::Ring::fingerprint`] as the publisher computed it; 0 if it did not.
    pub fingerprint: u64,
    /// The file from which the ring was built, if from one.
    pub source: Option<Source>,
    /// The list.
    pub list: ServerList,
    /// Number of points.
    pub points: usize,
}

impl Inspection {
    /// Reads the bytes of a whole segment.
    ///
    /// # Errors
    /// [`ErrorKind::Segment`](crate::ErrorKind::Segment) if they are none, are of an unknown format, or are damaged.
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        let facts = check::facts(bytes)?;
        if checksum::of(bytes) != facts.checksum {
            return Err(refused("its checksum is wrong"));
        }
        Ok(Self {
            points: facts.points(),
            list: facts.list(bytes)?,
            fingerprint: facts.fingerprint,
            source: facts.source,
        })
    }
}

/// Whether these bytes begin as segments do, of whatever version.
pub(crate) fn is_segment(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// How often the segment at `path` was published since its control page was made; None if
/// there is none.
pub(crate) fn generation(path: &Path) -> Option<Generation> {
    control::number(path).map(|number| Generation { done: number / 2, announced: number % 2 == 1 })
}

/// What a control page says.
pub(crate) struct Generation {
    /// How many publications are done.
    pub done: u64,
    /// One more is under way, or its publisher has died.
    pub announced: bool,
}

/// Files beside the segment at `path` that publishers left when they died; none while another one is publishing.
pub(crate) fn leftovers(path: &Path) -> Vec<PathBuf> {
    locked(path).map_or_else(Vec::new, |lock| lock.leftovers())
}

/// Removes them; gives those that are gone, and why others are not.
pub(crate) fn remove_leftovers(path: &Path) -> Vec<(PathBuf, std::io::Result<()>)> {
    let Some(lock) = locked(path) else { return Vec::new() };
    lock.leftovers().into_iter().map(|left| (left.clone(), std::fs::remove_file(left))).collect()
}

/// The lock of a segment that has been published, if no other process has it.
fn locked(path: &Path) -> Option<Lock> {
    let policy = Policy { group: false, wait: Duration::ZERO };
    super::publish::beside(path, ".lock").exists().then(|| Lock::take(path, &policy).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::DIALECTS;
    use crate::ring::Placed;
    use crate::segment::testing::Folder;
    use crate::{Ring, Server};

    #[test]
    fn points_of_any_width_are_counted() {
        let folder = Folder::new();
        let path = folder.path("ring");
        let mut seen = [false; 3];
        for dialect in DIALECTS {
            let servers = vec![Server::new("10.0.0.1:1", 1), Server::new("10.0.0.2:1", 1)];
            let Ok(ring) = Ring::build(ServerList::new(dialect, servers)) else { continue };
            let width = match ring.placed() {
                Some(Placed::Narrow(_)) => 0,
                Some(Placed::Wide(_)) => 1,
                Some(Placed::Widest(_)) => 2,
                None => continue,
            };
            if !std::mem::replace(&mut seen[width], true) {
                crate::segment::publish(&ring, &path, &Policy::default()).unwrap();
                let inspection = Inspection::of(&std::fs::read(&path).unwrap()).unwrap();
                assert_eq!(inspection.points, ring.point_count(), "{dialect}");
            }
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn a_generation_is_counted_when_it_is_done_and_announced_before() {
        let folder = Folder::new();
        let path = folder.path("ring");
        let said = || generation(&path).map(|generation| (generation.done, generation.announced));
        assert_eq!(said(), None);
        let page = control::Page::for_writing(&path, false).unwrap();
        for done in 0..3 {
            assert_eq!(said(), Some((done, false)));
            let change = page.begin();
            assert_eq!(said(), Some((done, true)));
            drop(change);
        }
    }
}
