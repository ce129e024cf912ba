//! The directory through which `ketama_roll` shares rings, if the environment names one.

use super::layout::FORMAT;
use super::trust::{Trust, user};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use twox_hash::XxHash3_128;

/// The variable that names it.
const VARIABLE: &str = "KETAMA_SEGMENT_DIR";

/// The directory; None if none is named, and in programs that run with more rights than their caller has: such a program
/// must not write where its caller says.
pub(crate) fn directory() -> Option<PathBuf> {
    if is_privileged() {
        return None;
    }
    std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// Whether the kernel started this program with rights that its caller has not (set-user-ID and the like).
fn is_privileged() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: the call has no preconditions.
    return unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    #[cfg(not(target_os = "linux"))]
    // SAFETY: the calls have no preconditions.
    return unsafe { libc::issetugid() } != 0;
}

/// Where the segment of the list at `path` may lie: first the one that this user publishes, then root's and that of the
/// user who is trusted. Creates the directory, for this user alone, if it is not there.
///
/// A name holds the format, the user and a digest of the list's absolute path: formats, users and lists do not meet.
pub(crate) fn candidates(folder: &std::path::Path, trust: Trust, path: &[u8]) -> Vec<PathBuf> {
    // If it cannot be made, publishing will say why.
    let _ = std::fs::DirBuilder::new().mode(0o700).create(folder);
    let absolute = std::path::absolute(OsStr::from_bytes(path));
    let digest = absolute.map_or_else(
        |_| XxHash3_128::oneshot(path),
        |path| XxHash3_128::oneshot(path.as_os_str().as_bytes()),
    );
    let name = |user: u32| folder.join(format!("ketama-{FORMAT}-{user}-{digest:032x}"));
    let own = user();
    let others = [Some(0), trust.owner()].into_iter().flatten().filter(|other| *other != own);
    [own].into_iter().chain(others).map(name).collect()
}

/// Whether the group may read what lies in the directory: who made it so wants the segments to be readable too.
pub(crate) fn is_for_group(folder: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o050 == 0o050)
}
