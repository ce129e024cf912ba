//! Watching a path for changes with inotify: the folders in which something would have to change for the path to lead to
//! another file or to other content.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Component, Path, PathBuf};

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};

/// How many symbolic links are followed: as many as Linux does.
const LINKS: usize = 40;

/// A watched path.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    inotify: Inotify,
    folders: HashMap<PathBuf, WatchDescriptor>,
    /// Whether all folders are watched that should be.
    pub(super) is_whole: bool,
}

impl Watch {
    /// Starts to watch; an error if not all can be watched that has to be: the kernel allows each user so many watches.
    pub fn new(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let mut watch = Self { path, inotify: Inotify::init()?, folders: HashMap::new(), is_whole: true };
        watch.renew()?;
        if watch.folders.is_empty() {
            return Err(io::Error::other("none of the path's folders can be watched"));
        }
        Ok(watch)
    }

    /// The descriptor that can be read when something has happened.
    pub fn descriptor(&self) -> RawFd {
        self.inotify.as_raw_fd()
    }

    /// Whether every change of what the path leads to is told of.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Forgets what has happened so far, and watches the folders through which the path leads now. To be called before
    /// the path is looked at: what happens afterwards is told.
    pub fn drain(&mut self) {
        // Looking for folders anew may itself be told of: it is the end only when nothing else has happened meanwhile.
        let mut again = !self.is_whole;
        while self.read() || again {
            self.is_whole = self.renew().is_ok();
            again = false;
        }
    }

    /// Reads what has happened; false if that is nothing but that a watch has ended.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let mut any = false;
        while let Ok(events) = self.inotify.read_events(&mut buffer) {
            any |= events.into_iter().any(|event| event.mask != EventMask::IGNORED);
        }
        any
    }

    /// Watches the folders through which the path leads now; the first error if some cannot be watched.
    fn renew(&mut self) -> io::Result<()> {
        let mut outcome = Ok(());
        let mask = WatchMask::CREATE
            | WatchMask::MOVE
            | WatchMask::DELETE
            | WatchMask::MODIFY
            | WatchMask::CLOSE_WRITE
            | WatchMask::ATTRIB
            | WatchMask::DELETE_SELF
            | WatchMask::MOVE_SELF;
        let mut watched = HashMap::new();
        for folder in folders(&self.path) {
            // Adding a folder that is watched already gives the same watch.
            match self.inotify.watches().add(&folder, mask) {
                Ok(watch) => drop(watched.insert(folder, watch)),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        let unused = self.folders.values().filter(|old| !watched.values().any(|new| new == *old));
        for watch in unused {
            // Gone already if the folder is.
            let _ = self.inotify.watches().remove(watch.clone());
        }
        self.folders = watched;
        outcome
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

/// The folders that decide where an absolute path leads: of each symbolic link on the way, and of the file at its end.
/// Where a folder does not exist, the nearest one above it that does.
fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Some((folder, next)) = first_link(&path) else { break };
        found.push(folder);
        path = next;
    }
    let end = path.ancestors().skip(1).find(|folder| folder.is_dir());
    found.extend(end.map(Path::to_owned));
    found
}

/// The folder of the first symbolic link on a path, and the path with that link followed.
fn first_link(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut walked = PathBuf::new();
    let mut rest = path.components();
    while let Some(component) = rest.next() {
        if component == Component::ParentDir {
            walked.pop();
            continue;
        }
        let folder = walked.clone();
        walked.push(component);
        if let Ok(target) = std::fs::read_link(&walked) {
            let next = folder.join(target).join(rest.as_path());
            return Some((folder, next));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::testing::Folder;
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn whatever_may_change_a_list_is_told() {
        let folder = Folder::new();
        let at = |name: &str| folder.path(name);
        let list = at("in/list");
        let told = |change: &dyn Fn()| {
            let mut watch = Watch::new(&list).unwrap();
            change();
            watch.read()
        };
        std::fs::create_dir(at("in")).unwrap();
        std::fs::write(&list, "x").unwrap();
        assert!(!told(&|| drop(std::fs::read(&list).unwrap())), "it is read");
        assert!(told(&|| drop(File::options().write(true).open(&list).unwrap())), "what a mapping changed");
        assert!(told(&|| std::fs::set_permissions(&list, Permissions::from_mode(0o600)).unwrap()), "a mode");
        assert!(told(&|| std::fs::rename(at("in"), at("out")).unwrap()), "its folder has another name");
        std::fs::create_dir(at("in")).unwrap();
        assert!(told(&|| std::fs::remove_dir(at("in")).unwrap()), "its folder is gone");
    }

    #[test]
    fn folders_that_could_not_be_watched_are_tried_again_although_nothing_has_happened() {
        let folder = Folder::new();
        let mut watch = Watch::new(&folder.path("list")).unwrap();
        assert!(watch.is_whole());
        watch.is_whole = false;
        assert!(!watch.is_whole());
        watch.drain();
        assert!(watch.is_whole());
    }

    #[test]
    fn every_link_on_the_way_counts() {
        let folder = Folder::new();
        let at = |name: &str| folder.path(name);
        std::fs::create_dir_all(at("one/two")).unwrap();
        std::fs::create_dir(at("mount")).unwrap();
        symlink("../one/two", at("mount/..data")).unwrap();
        symlink("..data/list", at("mount/list")).unwrap();
        std::fs::write(at("one/two/list"), "x").unwrap();
        let root = std::fs::canonicalize(folder.path("")).unwrap();
        let found =
            folders(&root.join("mount/list")).into_iter().map(|folder| folder.canonicalize().unwrap());
        assert!(found.eq(["mount", "mount", "one/two"].map(|name| root.join(name))));
        assert_eq!(folders(&root.join("none/none/list")), [root]);
    }
}
