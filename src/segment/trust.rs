//! Whose files a reader uses: its own and root's, and those of one more user if it is told so.
//!
//! Who owns a file can cut it short under its readers. Nobody is therefore trusted by default whom the reader does not
//! depend on anyway.

use super::layout::refused;
use crate::error::{Error, ErrorKind};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The user whom this process trusts beside itself and root; no user ID if there is none.
static TRUSTED: AtomicU64 = AtomicU64::new(NOBODY);
const NOBODY: u64 = u64::MAX;

/// Makes this process trust the segments of one more user, from now on; None: of itself and root only, as it does before
/// the first call.
///
/// Readers of a group need it to share what a publisher makes that is neither their own user nor root. The user named here
/// could end this process, by cutting a segment short that it has mapped.
pub fn trust(user: Option<u32>) {
    TRUSTED.store(user.map_or(NOBODY, u64::from), Ordering::Relaxed);
}

/// Whom to trust when a file is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trust {
    owner: Option<u32>,
}

impl Trust {
    /// Those whom this process trusts everywhere.
    pub fn here() -> Self {
        Self { owner: u32::try_from(TRUSTED.load(Ordering::Relaxed)).ok() }
    }

    /// For files in a directory that whoever started this process has named to it, and that is open to a group: its owner
    /// too, if nobody else may put files there.
    pub fn of_directory(folder: &Path) -> Self {
        let owner = std::fs::metadata(folder).ok().filter(|folder| folder.mode() & 0o072 == 0o050);
        owner.map_or_else(Self::here, |folder| Self { owner: Some(folder.uid()) })
    }

    /// The user who is trusted beside this one and root.
    pub fn owner(self) -> Option<u32> {
        self.owner
    }

    /// Opens a file that may be mapped: a regular one that belongs to a trusted user and that only its owner may write.
    pub fn open(self, path: &Path) -> Result<File, Error> {
        // A link could lead to a file that another user chose; a FIFO would make the opening wait.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| {
            if error.raw_os_error() == Some(libc::ELOOP) {
                refused("it is a symbolic link")
            } else {
                io(&error)
            }
        })?;
        self.check(&file)?;
        Ok(file)
    }

    /// Refuses an open file that others than its owner could change, or whose owner is not trusted.
    pub fn check(self, file: &File) -> Result<(), Error> {
        let metadata = file.metadata().map_err(|error| io(&error))?;
        if !metadata.is_file() {
            return Err(refused("it is not a regular file"));
        }
        let (owner, user) = (metadata.uid(), user());
        if owner != user && owner != 0 && Some(owner) != self.owner {
            let trusted = self.owner.map_or_else(String::new, |trusted| format!(", to user {trusted}"));
            return Err(refused(format!("it belongs to user {owner}, not to {user}{trusted} or root")));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(refused("others than its owner may write to it"));
        }
        Ok(())
    }
}

/// The user as whom this process acts.
pub(super) fn user() -> u32 {
    // SAFETY: the call has no preconditions.
    unsafe { libc::geteuid() }
}

fn io(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, error.to_string())
}
