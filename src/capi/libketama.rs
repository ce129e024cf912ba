//! The eight functions of the 2007 library, under their old names, with their old values.

#![allow(non_camel_case_types, non_snake_case, reason = "the names are those of the old header")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::continuum::{self as block, LONGEST_ADDRESS, Rolled};
use super::guard::{bytes, guard};
use super::{last_error, policy, state};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::hash::md5;
use crate::segment::source::{self, Content, Missing};
use crate::segment::{Contents, Policy, Shared, Trust, directory, share};
use crate::server_list::{ServerList, classic};
use crate::{Ring, error::ErrorKind};
use std::cmp::Ordering;
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_ulong, c_void};
use std::path::Path;
use std::sync::Arc;

/// Size of the shared segment that the 2007 library used, in bytes. Kept for programs that name it; no limit here.
pub const MC_SHMSIZE: c_int = 524288;

/// One point on the circle and the server that owns it. 28 bytes.
#[repr(C)]
pub struct mcs {
    /// The point: 0 to 2^32 - 1.
    pub point: c_uint,
    /// The server's address, as written in the server list, and a NUL. An address of 22 or 23 bytes runs on into the
    /// two bytes of padding behind this field, NUL included; longer ones are refused by ketama_roll().
    pub ip: [c_char; 22],
}

/// One line of a server list. Kept for programs that name it; no function takes it.
#[repr(C)]
pub struct serverinfo {
    /// The address.
    pub addr: [c_char; 22],
    /// The weight.
    pub memory: c_ulong,
}

/// A ring: all points of all servers, in ascending order. Never changes while it lives.
#[repr(C)]
pub struct continuum {
    /// Number of records in array; 0 if there are none.
    pub numpoints: c_int,
    /// Points at a time_t: the time of the file's last modification, in seconds since 1970, plus the time zone's
    /// offset from UTC without daylight saving (the 2007 library computed it so). NULL if there are no records.
    pub modtime: *mut c_void,
    /// Points at numpoints records of type mcs. NULL if there are none.
    pub array: *mut c_void,
}

/// A continuum as the functions take it.
pub type ketama_continuum = *mut continuum;

/// \brief Reads a server list and gives the ring that it describes.
///
/// Cheap when the file has not changed since it was last rolled in this process: one system call. Every change is
/// noticed: content, size, modification time to the nanosecond, another file under the same name.
///
/// Each call gives a continuum of its own, to be released with ketama_smoke(), after a failure too, if *contptr was set.
/// Continua that were rolled before keep showing the list as it was then.
///
/// With the environment variable KETAMA_SEGMENT_DIR set to a directory, processes that roll the same list share one copy
/// of its ring in a file there. If that does not work, for whatever reason, the ring lies in this process's own memory,
/// as it does without the variable; ketama_error() then says why. The variable has no effect in set-user-ID programs.
///
/// \param contptr  where the continuum is stored; not NULL
/// \param filename path of the server list: lines ADDRESS, blanks, WEIGHT; a line that starts with # is a comment.
///                 Addresses have at most 23 bytes.
/// \return 1 on success.
///         0 on failure; ketama_error() says why. *contptr is untouched if the path cannot be resolved. Otherwise the
///         list is bad, and *contptr is a continuum: the last good one of this file if one is still in use in this
///         process, else an empty one (no records).
///
/// Threads: may be called from any number of threads at once, and after fork().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_roll(contptr: *mut ketama_continuum, filename: *mut c_char) -> c_int {
    guard(0, || {
        last_error::clear();
        // SAFETY: the caller keeps the contract of `capi`.
        let path = unsafe { bytes(filename) };
        if contptr.is_null() {
            last_error::set_legacy("the pointer to the continuum is NULL");
            return 0;
        }
        let (code, continuum) = roll(path);
        if let Some(continuum) = continuum {
            // SAFETY: not NULL, so by the contract it can be written.
            unsafe { *contptr = continuum };
        }
        code
    })
}

/// What `ketama_roll` returns, and what it stores, if anything.
fn roll(path: Option<&[u8]>) -> (c_int, Option<ketama_continuum>) {
    let shown = path.map_or("(null)".into(), String::from_utf8_lossy);
    match path.ok_or(Missing::Path).and_then(current) {
        Ok(rolled) => {
            if let Some(reason) = rolled.private() {
                last_error::set_legacy(&format!("not shared: {reason}"));
            }
            (1, Some(state::lock().hand_out(Some(rolled))))
        }
        Err(Missing::Path) => {
            last_error::set_legacy(&format!("Invalid filename specified: {shown}"));
            (0, None)
        }
        Err(Missing::List(error)) => {
            last_error::set_legacy(&error.to_string());
            let mut state = state::lock();
            let last_good = state.last_good(path.unwrap_or_default());
            (0, Some(state.hand_out(last_good)))
        }
    }
}

/// The ring of the file at `path` as it is now: the one that is kept, or a new one.
fn current(path: &[u8]) -> Result<Arc<Rolled>, Missing> {
    let identity = source::identity(path)?;
    if let Some(rolled) = state::lock().current(path, &identity) {
        return Ok(rolled);
    }
    let content = source::read(path, Some(identity))?;
    if let Some(rolled) = state::lock().confirmed(path, &content.source) {
        return Ok(rolled);
    }
    // No lock is held from here: others may roll, or build the same ring, meanwhile.
    let rolled = match directory::directory() {
        Some(folder) => roll_shared(&folder, &content, path),
        None => build(&content, path).and_then(|ring| Rolled::new(&ring, modtime(&content), None)),
    };
    let file = String::from_utf8_lossy(path);
    let rolled = rolled
        .map_err(|error| if error.kind() == ErrorKind::Memory { error } else { error.in_file(file) })
        .map_err(Missing::List)?;
    state::lock().keep(path, content.source, Arc::clone(&rolled));
    Ok(rolled)
}

/// The ring of the text of a classic server list.
fn build(content: &Content, path: &[u8]) -> Result<Ring, Error> {
    let servers = classic::parse(&content.bytes, &String::from_utf8_lossy(path), Some(LONGEST_ADDRESS))?;
    Ring::build(ServerList::new(Dialect::named("libketama")?, servers))
}

/// The records in the segment that other processes have of this list too: attached or published; if neither works, in
/// memory of this process's own.
fn roll_shared(folder: &Path, content: &Content, path: &[u8]) -> Result<Arc<Rolled>, Error> {
    let modtime = modtime(content);
    let trust = Trust::of_directory(folder);
    let attach = |segment: &Path| Rolled::attach(segment, trust, &content.source, modtime);
    let candidates = directory::candidates(folder, trust, path);
    if let Some(rolled) = candidates.iter().find_map(|segment| attach(segment).ok()) {
        return Ok(rolled);
    }
    let [own, ..] = &candidates[..] else { return Rolled::new(&build(content, path)?, modtime, None) };
    let policy = policy::current();
    let policy = Policy { group: policy.group || directory::is_for_group(folder), ..policy };
    let contents = |ring: &Ring| {
        let addresses = Some(block::addresses(ring)?);
        Ok(Contents { source: Some(content.source), addresses, fingerprint: 0 })
    };
    match share(own, &policy, attach, || build(content, path), contents)? {
        Shared::Attached(rolled) => Ok(rolled),
        Shared::Private(ring, reason) => Rolled::new(&ring, modtime, Some(reason)),
    }
}

/// What `continuum.modtime` points at.
fn modtime(content: &Content) -> libc::time_t {
    local_standard_time(content.source.identity.modified_seconds())
}

/// The reference's `mktime(gmtime(&seconds))`: the time shifted by the zone's offset without daylight saving.
fn local_standard_time(seconds: i64) -> libc::time_t {
    let seconds = seconds as libc::time_t;
    // SAFETY: all-zero bytes are a valid `tm`.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types.
    if unsafe { libc::gmtime_r(&raw const seconds, &raw mut parts) }.is_null() {
        return seconds;
    }
    // SAFETY: `parts` was filled by `gmtime_r`.
    unsafe { libc::mktime(&raw mut parts) }
}

/// \brief Releases a continuum, and nothing else: all other continua stay as they are.
///
/// \param contptr a continuum of ketama_roll(), not a copy of one. NULL, an empty one and one that was smoked already do
///                no harm (as long as fewer than 1024 others were smoked since).
///
/// Records of the continuum, and what ketama_get_server() returned for it, are not valid afterwards.
/// Threads: any; no other thread may be using this continuum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_smoke(contptr: ketama_continuum) {
    guard((), || state::lock().take_back(contptr));
}

/// \brief Finds the server for a key.
///
/// \param key  a C string of any length
/// \param cont a continuum, or a copy of the struct that was made while the original lives
/// \return the record of the first point at or above the key's hash, or the first record if there is none; it lies in
///         the continuum's array and is valid until ketama_smoke(). NULL if the continuum is empty or a pointer is NULL.
///
/// Threads: any number at once in one continuum; takes no lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_get_server(key: *mut c_char, cont: ketama_continuum) -> *mut mcs {
    guard(std::ptr::null_mut(), || {
        // SAFETY: the caller keeps the contract of `capi`.
        let (key, view) = (unsafe { bytes(key) }, unsafe { cont.as_ref() });
        let (Some(key), Some(view)) = (key, view) else { return std::ptr::null_mut() };
        // SAFETY: as above.
        unsafe { block::successor(view, md5::first_word(key)) }
    })
}

/// \brief Prints a continuum to C's standard output: the number of points, then `ADDRESS (POINT)` for each.
///
/// \param cont a continuum; nothing is printed for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_print_continuum(cont: ketama_continuum) {
    guard((), || {
        // SAFETY: the caller keeps the contract of `capi`.
        if let Some(view) = unsafe { cont.as_ref() } {
            // SAFETY: as above.
            unsafe { block::print(view) };
        }
    });
}

/// \brief Compares two records by their points, for qsort() and bsearch().
///
/// \param a a record
/// \param b another record
/// \return -1 if the point of a is the lesser one, 1 if it is the greater one, 0 if they are equal or a pointer is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_compare(a: *mut mcs, b: *mut mcs) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let (a, b) = (unsafe { a.as_ref() }, unsafe { b.as_ref() });
    let order = a.zip(b).map_or(Ordering::Equal, |(a, b)| a.point.cmp(&b.point));
    order as c_int
}

/// \brief Hashes a string: the first four bytes of its MD5 digest as a little-endian number.
///
/// \param inString a C string of any length
/// \return 0 to 2^32 - 1; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_hashi(inString: *mut c_char) -> c_uint {
    // SAFETY: the caller keeps the contract of `capi`.
    guard(0, || unsafe { bytes(inString) }.map_or(0, md5::first_word))
}

/// \brief Computes the MD5 digest of a string.
///
/// \param inString  a C string of any length
/// \param md5pword where the 16 bytes of the digest are stored; untouched if a pointer is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_md5_digest(inString: *mut c_char, md5pword: *mut c_uchar) {
    guard((), || {
        // SAFETY: the caller keeps the contract of `capi`.
        let Some(text) = (unsafe { bytes(inString) }) else { return };
        if !md5pword.is_null() {
            // SAFETY: not NULL, so by the contract there is room for 16 bytes; a byte array has no alignment.
            unsafe { md5pword.cast::<[u8; 16]>().write(md5::digest(text)) };
        }
    });
}

/// \brief Says why the last call of this thread failed.
///
/// \return a text of at most 254 bytes, never NULL; empty if nothing has failed since this thread's last ketama_roll().
///         It is valid until the thread ends, and changed by the thread's next call.
#[unsafe(no_mangle)]
pub extern "C" fn ketama_error() -> *mut c_char {
    last_error::pointer()
}

/// The layout that programs were compiled against: reference sizes and offsets for 64-bit and 32-bit x86 Linux.
#[cfg(target_os = "linux")]
mod layout {
    use super::{continuum, mcs, serverinfo};
    use std::mem::offset_of;

    const WORD: usize = size_of::<usize>();
    const _: () = assert!(size_of::<mcs>() == 28 && align_of::<mcs>() == 4 && offset_of!(mcs, ip) == 4);
    const _: () = assert!(size_of::<serverinfo>() == 24 + WORD && offset_of!(serverinfo, memory) == 24);
    const _: () = assert!(size_of::<continuum>() == 3 * WORD && align_of::<continuum>() == WORD);
    const _: () = assert!(offset_of!(continuum, modtime) == WORD && offset_of!(continuum, array) == 2 * WORD);
}
