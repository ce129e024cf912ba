//! Rings for many processes: segments, and handles that follow a file.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::build::store;
use super::{KETAMA_NO_SERVER, ask, ketama_ring, missing};
use crate::capi::guard::{bytes, guard, slice, status};
use crate::capi::policy;
use crate::segment::{self, Handle, Policy};
use std::ffi::{OsStr, c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// A ring that follows the file from which it comes. Any number of threads may use one at once.
pub struct ketama_handle {
    handle: Handle,
}

/// A C string as a path; None for NULL.
///
/// # Safety
/// `path` keeps the contract of `capi`.
unsafe fn path<'a>(path: *const c_char) -> Option<&'a Path> {
    // SAFETY: by the contract of this function.
    unsafe { bytes(path) }.map(|path| Path::new(OsStr::from_bytes(path)))
}

/// \brief Sets how this process shares rings, in all functions from now on. Without a call: group 0, 100 ms.
///
/// \param group nonzero: segments can be read by the files' group too (0640 in place of 0600). Readers trust a segment
///              only if it belongs to themselves or to root: see ketama_segment_trust() for publishers that are neither.
/// \param milliseconds how long to wait for another process that is building the same ring before building a private one
#[unsafe(no_mangle)]
pub extern "C" fn ketama_segment_policy(group: c_int, milliseconds: c_uint) {
    let wait = Duration::from_millis(milliseconds.into());
    guard((), || policy::set(Policy { group: group != 0, wait }));
}

/// \brief Makes this process trust the segments of one more user, in all functions from now on. Without a call it trusts its
/// own and root's.
///
/// For the readers of a group whose publisher is another user and not root. That user could end this process, by cutting
/// short a segment that it has attached: trust nobody in whom the process need not trust anyway.
///
/// \param user a user ID, as of getpwnam(); (unsigned int)-1 takes the trust back
#[unsafe(no_mangle)]
pub extern "C" fn ketama_segment_trust(user: c_uint) {
    guard((), || segment::trust(Some(user).filter(|&user| user != c_uint::MAX)));
}

/// \brief Publishes a ring: writes it into a file that other processes attach, in place of what lies there.
///
/// A process that has attached what was there before keeps it until it refreshes. Beside the file lie PATH.lock and
/// PATH.control; they stay. A memory file system (/dev/shm, /run) is the best place; the folder must exist.
///
/// \param ring a ring
/// \param path where the segment is to lie
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _MEMORY, _LIMIT: a ring without points (modulo and others), which
///         each reader makes for itself, of more than 2^24 slots; _BUSY: another process has been publishing there for
///         longer than ketama_segment_policy() allows. On failure, what lay there stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_publish(ring: *const ketama_ring, path: *const c_char) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let ring = unsafe { ring.as_ref() };
    // SAFETY: as above.
    let path = unsafe { self::path(path) };
    let (Some(ring), Some(path)) = (ring, path) else { return missing("the ring or the path is NULL") };
    status(|| segment::publish(&ring.ring, path, &policy::current()))
}

/// \brief Attaches the ring that another process has published: nothing is built, and the points lie in memory that all
/// processes share. Look-ups are as fast as in a ring of one's own.
///
/// \param path where the segment lies
/// \param out  where the ring is stored; untouched on failure. To be released with ketama_ring_free().
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _MEMORY, or _SEGMENT: it does not belong to this user or root,
///         others may write to it, it is a symbolic link, it is damaged, or its format is not known to this version
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_attach(path: *const c_char, out: *mut *mut ketama_ring) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(path) = (unsafe { self::path(path) }) else { return missing("the path is NULL") };
    // SAFETY: as above.
    unsafe { store(out, || segment::attach(path).map(|opened| ketama_ring::from(&opened))) }
}

/// \brief Whether a ring lies in a segment that other processes share: 1 or 0. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_is_shared(ring: *const ketama_ring) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, |ring| c_int::from(ring.segment.is_some())) }
}

/// \brief Why a ring is private although its list names a segment: a C string that is valid as long as the ring. NULL if
/// it is shared, if nothing else was asked for, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_private(ring: *const ketama_ring) -> *const c_char {
    let reason =
        |ring: &ketama_ring| ring.private.as_ref().map_or(std::ptr::null(), |text| text.as_ptr().cast());
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, std::ptr::null(), reason) }
}

/// \brief Opens a handle: a ring that follows a server list or a segment through all its changes.
///
/// \param path a server list in either form, or a segment; it may be a symbolic link to a list
/// \param out  where the handle is stored; untouched on failure. To be released with ketama_handle_free().
/// \return as ketama_ring_open() for a list, as ketama_ring_attach() for a segment
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_open(path: *const c_char, out: *mut *mut ketama_handle) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(path) = (unsafe { self::path(path) }).filter(|_| !out.is_null()) else {
        return missing("the path or the pointer to the handle is NULL");
    };
    status(|| {
        let handle = Handle::open(path, policy::current())?;
        // SAFETY: not NULL, so by the contract it can be written.
        unsafe { out.write(Box::into_raw(Box::new(ketama_handle { handle }))) };
        Ok(())
    })
}

/// \brief Looks whether the file has changed, and takes the new ring if it has. Costs one system call when nothing has
/// changed.
///
/// It takes as long as the file system takes to give the file (a network file system whose server is away, a FIFO without a
/// writer), and other refreshes of the handle wait for it. ketama_handle_lookup(), ketama_handle_ring() and
/// ketama_handle_is_stale() never wait.
///
/// \param handle  a handle
/// \param changed set to 1 if another ring is in use now, else to 0; may be NULL; untouched on failure
/// \return KETAMA_OK, or why the file cannot be used as it is now, as ketama_handle_open(): the ring in use stays, and the
///         next call says the same until the file changes, or tries again where memory or descriptors lacked
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_refresh(handle: *const ketama_handle, changed: *mut c_int) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(handle) = (unsafe { handle.as_ref() }) else { return missing("the handle is NULL") };
    status(|| {
        let now = handle.handle.refresh()?;
        if !changed.is_null() {
            // SAFETY: not NULL, so by the contract it can be written.
            unsafe { changed.write(c_int::from(now)) };
        }
        Ok(())
    })
}

/// \brief Whether ketama_handle_refresh() may have something to do: 1 or 0. For a segment one load from memory, and 0 is
/// certain; for a server list always 1. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_is_stale(handle: *const ketama_handle) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let handle = unsafe { handle.as_ref() };
    guard(0, || handle.map_or(0, |handle| c_int::from(handle.handle.is_stale())))
}

/// \brief The ring as it is now. It stays as it is until it is released, whatever becomes of file and handle.
///
/// \param handle a handle
/// \param out    where the ring is stored; untouched on failure. To be released with ketama_ring_free().
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_ring(
    handle: *const ketama_handle,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(handle) = (unsafe { handle.as_ref() }) else { return missing("the handle is NULL") };
    // SAFETY: as above.
    unsafe { store(out, || Ok(ketama_ring::from(&*handle.handle.ring()))) }
}

/// \brief Finds the server for a key in the ring as it is now. Never waits for a refresh.
///
/// \param handle a handle
/// \param key    as in ketama_ring_lookup()
/// \param len    its bytes
/// \return the server's index in the ring as it is now, or KETAMA_NO_SERVER, as ketama_ring_lookup(). After a refresh an
///         index may stand for another server: who needs names takes a ring with ketama_handle_ring().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_lookup(
    handle: *const ketama_handle,
    key: *const c_void,
    len: usize,
) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let handle = unsafe { handle.as_ref() };
    // SAFETY: as above.
    let key = unsafe { slice(key.cast::<u8>(), len) };
    let (Some(handle), Some(key)) = (handle, key) else { return KETAMA_NO_SERVER };
    guard(KETAMA_NO_SERVER, || handle.handle.lookup(key).unwrap_or(KETAMA_NO_SERVER))
}

/// \brief A file descriptor that can be read (poll, epoll, select) when the file may have changed;
/// ketama_handle_refresh() makes it unreadable again.
///
/// \param handle a handle
/// \param out    where the descriptor is stored; it belongs to the handle: do not read from it, do not close it
/// \return KETAMA_OK, KETAMA_E_ARGUMENT for a NULL, or KETAMA_E_IO where files cannot be watched: then
///         ketama_handle_refresh() is to be called now and then
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_watch(handle: *const ketama_handle, out: *mut c_int) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(handle) = (unsafe { handle.as_ref() }).filter(|_| !out.is_null()) else {
        return missing("the handle or the pointer to the descriptor is NULL");
    };
    status(|| {
        let descriptor = handle.handle.watch()?;
        // SAFETY: not NULL, so by the contract it can be written.
        unsafe { out.write(descriptor) };
        Ok(())
    })
}

/// \brief Waits until the file may have changed, whether it can be watched or has to be looked at twice a second.
///
/// \param handle       a handle
/// \param milliseconds how long to wait at most
/// \return 1 if it may have changed; 0 if the time is over, and for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_wait(handle: *const ketama_handle, milliseconds: c_uint) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let handle = unsafe { handle.as_ref() };
    let wait = |handle: &ketama_handle| handle.handle.wait(Duration::from_millis(milliseconds.into()));
    guard(0, || handle.map_or(0, |handle| c_int::from(wait(handle))))
}

/// \brief Releases a handle, and the descriptor that it gave. Rings taken from it stay.
///
/// \param handle a handle that no thread is using, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_handle_free(handle: *mut ketama_handle) {
    if !handle.is_null() {
        // SAFETY: not NULL, so by the contract of `capi` it came from `ketama_handle_open` and was not freed.
        guard((), || drop(unsafe { Box::from_raw(handle) }));
    }
}
