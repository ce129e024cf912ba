//! Which segments there are, and who has them mapped.

use crate::cli::cannot_read;
use crate::error::{Error, ErrorKind};
use crate::segment::is_segment;
use clap::Args;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The variable that names the directory through which programs of the 2007 library share rings.
const VARIABLE: &str = "KETAMA_SEGMENT_DIR";

/// Segments, and directories that hold some.
#[derive(Args)]
pub(super) struct Places {
    /// Segments, or directories of segments [default: the directory that KETAMA_SEGMENT_DIR names]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl Places {
    /// What is named; the directory of the environment if nothing is, and there is one.
    pub fn named(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() {
            return std::env::var_os(VARIABLE)
                .filter(|name| !name.is_empty())
                .map(PathBuf::from)
                .into_iter()
                .collect();
        }
        self.paths.clone()
    }

    /// The segments that are named, and those in the directories that are, in the order of their names.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if nothing is named, or a directory cannot be read.
    pub fn segments(&self) -> Result<Vec<PathBuf>, Error> {
        let named = self.named();
        if named.is_empty() {
            let message = format!("name a segment or a directory, or set {VARIABLE}");
            return Err(Error::new(ErrorKind::Io, message));
        }
        let mut found = Vec::new();
        for path in named {
            if path.is_dir() {
                found.extend(files(&path)?.into_iter().filter(|file| is_in_place(file)));
            } else {
                found.push(path);
            }
        }
        Ok(found)
    }
}

/// The regular files of a directory, in the order of their names.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let cannot_read = |error| cannot_read(&error, &folder.display().to_string());
    let entries = std::fs::read_dir(folder)
        .map_err(cannot_read)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(cannot_read)?;
    let is_file = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    let mut files: Vec<PathBuf> =
        entries.iter().filter(|entry| is_file(entry)).map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// Whether a file is a segment in place: one that is being written begins like it, and is told by its name.
fn is_in_place(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "tmp") && starts_as_segment(path)
}

/// Whether a file begins as segments do.
pub(super) fn starts_as_segment(path: &Path) -> bool {
    let mut start = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && is_segment(&start)
}

/// A process that has a segment mapped.
#[derive(Serialize)]
pub(super) struct User {
    pub pid: i32,
    pub command: String,
    /// Not the ring that is published now, but one that was before.
    pub older: bool,
}

/// The processes that have the segment at `path` mapped, as far as /proc tells: of other users' processes only root
/// knows. None where there is no /proc.
#[cfg(target_os = "linux")]
pub(super) fn users(path: &Path) -> Option<Vec<User>> {
    use procfs::process::{MMapPath, all_processes};
    use std::os::unix::fs::MetadataExt;
    const DELETED: &[u8] = b" (deleted)";
    // Maps name the file itself, not the links to it.
    let wanted = std::fs::canonicalize(path).ok()?;
    let inode = std::fs::metadata(path).ok()?.ino();
    let mut users = Vec::new();
    for process in all_processes().ok()?.flatten() {
        let Ok(maps) = process.maps() else { continue };
        let named = maps.iter().filter_map(|map| match &map.pathname {
            MMapPath::Path(path) => Some((path.as_os_str().as_encoded_bytes(), map.inode)),
            _ => None,
        });
        let mapped: Vec<u64> = named
            .filter(|(name, _)| {
                name.strip_suffix(DELETED).unwrap_or(name) == wanted.as_os_str().as_encoded_bytes()
            })
            .map(|(_, inode)| inode)
            .collect();
        if mapped.is_empty() {
            continue;
        }
        // A process may be gone by now.
        let command = process.stat().map_or_else(|_| String::new(), |stat| stat.comm);
        users.push(User { pid: process.pid(), command, older: !mapped.contains(&inode) });
    }
    users.sort_by_key(|user| user.pid);
    Some(users)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn users(_: &Path) -> Option<Vec<User>> {
    None
}
