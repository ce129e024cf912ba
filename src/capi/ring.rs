//! The ring API for C: opaque rings in any dialect, status codes, keys of any bytes.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::guard::{bytes, slice, status};
use super::last_error;
use crate::dialect::Dialect;
use crate::dialect::option::Options;
use crate::error::{Error, ErrorKind};
use crate::server::{Server, Weight};
use crate::server_list::ServerList;
use crate::{Ring, ring};
use std::ffi::{c_char, c_double, c_int, c_uint, c_void};

/// Success.
pub const KETAMA_OK: c_int = 0;
/// A pointer is NULL that must not be, or a number is out of its range.
pub const KETAMA_E_ARGUMENT: c_int = 1;
/// A file could not be opened or read.
pub const KETAMA_E_IO: c_int = 2;
/// A server list does not have the form that it should have.
pub const KETAMA_E_SYNTAX: c_int = 3;
/// No dialect has this name.
pub const KETAMA_E_DIALECT: c_int = 4;
/// The dialect has no such option, or the option cannot have this value.
pub const KETAMA_E_OPTION: c_int = 5;
/// A server cannot be used as it is written: its name, its weight or another field.
pub const KETAMA_E_SERVER: c_int = 6;
/// A limit would be exceeded, such as the option max-points.
pub const KETAMA_E_LIMIT: c_int = 7;
/// Memory could not be had.
pub const KETAMA_E_MEMORY: c_int = 8;
/// A defect of this library was caught.
pub const KETAMA_E_INTERNAL: c_int = 9;

/// The index that stands for no server.
pub const KETAMA_NO_SERVER: c_uint = ring::NO_SERVER;

impl ErrorKind {
    pub(super) fn status(self) -> c_int {
        match self {
            Self::Io => KETAMA_E_IO,
            Self::Syntax => KETAMA_E_SYNTAX,
            Self::UnknownDialect => KETAMA_E_DIALECT,
            Self::Option => KETAMA_E_OPTION,
            Self::Server => KETAMA_E_SERVER,
            Self::Limit => KETAMA_E_LIMIT,
            Self::Memory => KETAMA_E_MEMORY,
        }
    }
}

/// A ring: a server list under the rule of its dialect. It never changes, and any number of threads may use it at once.
pub struct ketama_ring {
    pub(super) ring: Ring,
    /// The servers' names as C strings.
    names: Vec<Box<[u8]>>,
    /// The dialect's name as a C string.
    dialect: Box<[u8]>,
}

/// A key: any bytes, NUL included.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ketama_key {
    /// The first byte; may be NULL if size is 0.
    pub data: *const c_void,
    /// Number of bytes.
    pub size: usize,
}

/// An option of a dialect, as text: `true`, `160`, `fnv1a-64`.
#[repr(C)]
pub struct ketama_option {
    /// Its name: lower-case words joined by `-`; case and `_` for `-` do not matter.
    pub name: *const c_char,
    /// Its value.
    pub value: *const c_char,
}

/// A server. Set every field that is not described otherwise to 0 or NULL: `ketama_server s = {"10.0.0.1:11211", 1};`
/// does. A field that the dialect does not have must stay 0 or NULL.
#[repr(C)]
pub struct ketama_server {
    /// The identity used in answers, and what is hashed unless the dialect says otherwise; not NULL, not empty.
    pub name: *const c_char,
    /// The weight as written in the software's own configuration; 1 where nobody wrote one. A number without a fraction
    /// counts as an integer.
    pub weight: c_double,
    /// Nonzero: not usable at the moment.
    pub down: c_int,
    /// haproxy: nonzero: used only when no other server is usable.
    pub backup: c_int,
    /// The text that is hashed in place of the one derived from the name; or NULL.
    pub label: *const c_char,
    /// The availability zone; or NULL.
    pub zone: *const c_char,
    /// haproxy: the text hashed with hash-key guid; or NULL.
    pub guid: *const c_char,
    /// haproxy: the numeric address hashed with hash-key addr and addr-port; or NULL.
    pub host: *const c_char,
    /// haproxy: the number that is hashed; or 0.
    pub id: c_uint,
    /// haproxy: the port hashed with hash-key addr-port; or 0.
    pub port: u16,
    /// uhashring, hashring-js: this server's own number in place of the option; or 0.
    pub vnodes: c_uint,
    /// cassandra: this server's places on the circle; or NULL.
    pub tokens: *const i64,
    /// Number of tokens.
    pub token_count: usize,
    /// For later versions; 0.
    pub reserved: [usize; 4],
}

/// A point on the circle, or a slot of a table.
#[repr(C)]
pub struct ketama_point {
    /// Its place, the lower 64 bits of it.
    pub place: u64,
    /// The upper 64 bits of its place; 0 but in dialects with places of 128 bits.
    pub place_high: u64,
    /// The index of the server that owns it.
    pub server: c_uint,
}

/// Runs the body of a function that returns a status and stores a new ring.
///
/// # Safety
/// `out` is NULL or can be written.
unsafe fn store(out: *mut *mut ketama_ring, body: impl FnOnce() -> Result<Ring, Error>) -> c_int {
    if out.is_null() {
        return missing("the pointer to the ring is NULL");
    }
    status(|| {
        let ring = body()?;
        let terminated = |name: &[u8]| [name, b"\0"].concat().into_boxed_slice();
        let names = ring.servers().iter().map(|server| terminated(&server.name)).collect();
        let dialect = terminated(ring.dialect().name.as_bytes());
        let ring = Box::into_raw(Box::new(ketama_ring { ring, names, dialect }));
        // SAFETY: not NULL, so by the contract of this function it can be written.
        unsafe { out.write(ring) };
        Ok(())
    })
}

fn missing(text: &str) -> c_int {
    last_error::set(text);
    KETAMA_E_ARGUMENT
}

/// A text that must be there, as UTF-8.
///
/// # Safety
/// `text` is NULL or a C string that outlives `'a` unchanged.
unsafe fn utf8<'a>(text: *const c_char, what: &str) -> Result<&'a str, Error> {
    // SAFETY: by the contract of this function.
    let bytes =
        unsafe { bytes(text) }.ok_or_else(|| Error::new(ErrorKind::Option, format!("{what} is NULL")))?;
    std::str::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::Option, format!("{what} is not UTF-8")))
}

/// The server that a struct describes.
///
/// # Safety
/// The pointers of `server` keep the contract of `capi`.
unsafe fn server(server: &ketama_server) -> Result<Server, Error> {
    // SAFETY: by the contract of this function.
    let text = |pointer| unsafe { bytes(pointer) }.map(<[u8]>::to_vec);
    let name = text(server.name).ok_or_else(|| Error::new(ErrorKind::Server, "a server's name is NULL"))?;
    // SAFETY: by the contract of this function.
    let tokens = unsafe { slice(server.tokens, server.token_count) };
    Ok(Server {
        weight: weight(server.weight),
        down: server.down != 0,
        backup: server.backup != 0,
        label: text(server.label),
        zone: text(server.zone),
        guid: text(server.guid),
        host: text(server.host),
        id: Some(server.id).filter(|&id| id != 0),
        port: Some(server.port).filter(|&port| port != 0),
        vnodes: Some(server.vnodes).filter(|&vnodes| vnodes != 0),
        tokens: tokens.filter(|tokens| !tokens.is_empty()).map(<[i64]>::to_vec),
        ..Server::new(name, 1)
    })
}

/// An integer where the number is one that a double holds exactly.
fn weight(number: f64) -> Weight {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        Weight::Integer(number as i64)
    } else {
        Weight::Fraction(number)
    }
}

/// \brief Reads a server list from a file and builds its ring.
///
/// \param path a classic server list (lines ADDRESS WEIGHT: dialect libketama) or a TOML list (`dialect = "..."`,
///             `[[servers]]`), recognised by content
/// \param out  where the ring is stored; untouched on failure. To be released with ketama_ring_free().
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _SYNTAX, _DIALECT, _OPTION, _SERVER, _LIMIT, _MEMORY;
///         ketama_error() then names the file, the line and the reason
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_open(path: *const c_char, out: *mut *mut ketama_ring) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(path) = (unsafe { bytes(path) }) else { return missing("the path is NULL") };
    // SAFETY: as above.
    unsafe { store(out, || Ring::build(super::file::list(path)?)) }
}

/// \brief Builds the ring of a server list in memory.
///
/// \param text   the list, in either form that ketama_ring_open() reads; need not end with a NUL
/// \param length its bytes
/// \param out    as in ketama_ring_open()
/// \return as ketama_ring_open(), without KETAMA_E_IO; errors name the list `(text)`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_parse(
    text: *const c_char,
    length: usize,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(text) = (unsafe { slice(text.cast::<u8>(), length) }) else {
        return missing("the text is NULL");
    };
    // SAFETY: as above.
    unsafe { store(out, || Ring::build(ServerList::parse(text, "(text)")?)) }
}

/// \brief Builds a ring from code, with the dialect's default options.
///
/// \param dialect a dialect's name or alias
/// \param servers the servers, in the order of the software's own configuration; what they point at is copied
/// \param n       how many; with 0 every look-up gives KETAMA_NO_SERVER
/// \param out     as in ketama_ring_open()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _DIALECT, _OPTION (a required one is missing), _SERVER, _LIMIT,
///         _MEMORY
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_new(
    dialect: *const c_char,
    servers: *const ketama_server,
    n: usize,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ketama_ring_new_with(dialect, std::ptr::null(), 0, servers, n, out) }
}

/// \brief Builds a ring from code, with options.
///
/// \param dialect      a dialect's name or alias
/// \param options      the options that are not to have their defaults; may be NULL if option_count is 0
/// \param option_count how many
/// \param servers      as in ketama_ring_new()
/// \param n            as in ketama_ring_new()
/// \param out          as in ketama_ring_open()
/// \return as ketama_ring_new()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_new_with(
    dialect: *const c_char,
    options: *const ketama_option,
    option_count: usize,
    servers: *const ketama_server,
    n: usize,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let (options, servers) = unsafe { (slice(options, option_count), slice(servers, n)) };
    let (Some(options), Some(servers)) = (options, servers) else {
        return missing("the servers or the options are NULL");
    };
    if dialect.is_null() {
        return missing("the dialect is NULL");
    }
    let build = || {
        // SAFETY: as above.
        let dialect = Dialect::named(unsafe { utf8(dialect, "the dialect's name") }?)?;
        let mut set = Options::new(dialect.options);
        for option in options {
            // SAFETY: as above.
            let name = unsafe { utf8(option.name, "an option's name") }?;
            // SAFETY: as above.
            set.set_text(name, unsafe { utf8(option.value, "an option's value") }?)?;
        }
        // SAFETY: as above.
        let servers: Result<_, Error> = servers.iter().map(|given| unsafe { server(given) }).collect();
        let mut list = ServerList::new(dialect, servers?);
        list.options = set;
        Ring::build(list)
    };
    // SAFETY: as above.
    unsafe { store(out, build) }
}

/// \brief Builds the ring of the same list with one server more, at its end.
///
/// \param ring   a ring; it stays as it is
/// \param server the server
/// \param out    as in ketama_ring_open()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _SERVER, _LIMIT, _MEMORY
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_add(
    ring: *const ketama_ring,
    server: *const ketama_server,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let (ring, given) = unsafe { (ring.as_ref(), server.as_ref()) };
    let (Some(ring), Some(given)) = (ring, given) else { return missing("the ring or the server is NULL") };
    let build = || {
        // SAFETY: as above.
        let added = unsafe { self::server(given) }?;
        ring.ring.changed(|servers| servers.push(added))
    };
    // SAFETY: as above.
    unsafe { store(out, build) }
}

/// Builds the ring of the list in which `edit` has changed the server called `name`.
///
/// # Safety
/// The pointers keep the contract of `capi`.
unsafe fn change(
    ring: *const ketama_ring,
    name: *const c_char,
    out: *mut *mut ketama_ring,
    edit: impl FnOnce(&mut Vec<Server>, usize),
) -> c_int {
    // SAFETY: by the contract of this function.
    let (ring, name) = unsafe { (ring.as_ref(), bytes(name)) };
    let (Some(ring), Some(name)) = (ring, name) else { return missing("the ring or the name is NULL") };
    // SAFETY: by the contract of this function.
    unsafe { store(out, || ring.ring.changed_server(name, edit)) }
}

/// \brief Builds the ring of the same list without one server. The indices of later servers fall by one.
///
/// \param ring a ring; it stays as it is
/// \param name the server's name; the first one if there are several
/// \param out  as in ketama_ring_open()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _SERVER (no such server, or what is left is refused), _LIMIT, _MEMORY
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_remove(
    ring: *const ketama_ring,
    name: *const c_char,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { change(ring, name, out, |servers, index| drop(servers.remove(index))) }
}

/// \brief Builds the ring of the same list with another weight for one server.
///
/// \param ring   a ring; it stays as it is
/// \param name   the server's name
/// \param weight the new weight, as in ketama_server
/// \param out    as in ketama_ring_open()
/// \return as ketama_ring_remove()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_reweight(
    ring: *const ketama_ring,
    name: *const c_char,
    weight: c_double,
    out: *mut *mut ketama_ring,
) -> c_int {
    let edit = |servers: &mut Vec<Server>, index: usize| servers[index].weight = self::weight(weight);
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { change(ring, name, out, edit) }
}

/// \brief Builds the ring of the same list with another name for one server.
///
/// The name is what most dialects hash, so keys move as if the server had been replaced, unless it has a label.
///
/// \param ring     a ring; it stays as it is
/// \param name     the server's name
/// \param new_name the name that it gets
/// \param out      as in ketama_ring_open()
/// \return as ketama_ring_remove()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_rename(
    ring: *const ketama_ring,
    name: *const c_char,
    new_name: *const c_char,
    out: *mut *mut ketama_ring,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(new_name) = (unsafe { bytes(new_name) }) else { return missing("the new name is NULL") };
    let edit = |servers: &mut Vec<Server>, index: usize| servers[index].name = new_name.to_vec();
    // SAFETY: as above.
    unsafe { change(ring, name, out, edit) }
}

/// \brief Builds the ring of the same list with one server down, or up again; what follows is the dialect's rule.
///
/// \param ring a ring; it stays as it is
/// \param name the server's name
/// \param down nonzero: down
/// \param out  as in ketama_ring_open()
/// \return as ketama_ring_remove()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_mark(
    ring: *const ketama_ring,
    name: *const c_char,
    down: c_int,
    out: *mut *mut ketama_ring,
) -> c_int {
    let edit = |servers: &mut Vec<Server>, index: usize| servers[index].down = down != 0;
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { change(ring, name, out, edit) }
}

/// \brief Releases a ring. Names that it gave are not valid afterwards.
///
/// \param ring a ring that no thread is using, or NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_free(ring: *mut ketama_ring) {
    if !ring.is_null() {
        // SAFETY: not NULL, so by the contract of `capi` it came from `store` and was not freed.
        drop(unsafe { Box::from_raw(ring) });
    }
}

/// Answers a question about a ring; `nothing` for NULL.
///
/// # Safety
/// `ring` is NULL or a ring that outlives `'a`.
unsafe fn ask<'a, T>(ring: *const ketama_ring, nothing: T, answer: impl FnOnce(&'a ketama_ring) -> T) -> T {
    // SAFETY: by the contract of this function.
    let ring = unsafe { ring.as_ref() };
    super::guard::guard_or(nothing, || ring.map(answer))
}

/// \brief Number of servers in the list, those that are down or without a point included. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_count(ring: *const ketama_ring) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, |ring| ring.names.len() as u32) }
}

/// \brief Name of a server: a C string that is valid as long as the ring.
///
/// \param index 0 to ketama_ring_server_count() - 1, in list order
/// \return NULL for another index, KETAMA_NO_SERVER among them, and if ring is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_name(ring: *const ketama_ring, index: u32) -> *const c_char {
    let name = |ring: &ketama_ring| {
        ring.names.get(index as usize).map_or(std::ptr::null(), |name| name.as_ptr().cast())
    };
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, std::ptr::null(), name) }
}

/// \brief Index of the server with this name, the first one if there are several; KETAMA_NO_SERVER if there is none or a
/// pointer is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_index(ring: *const ketama_ring, name: *const c_char) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(name) = (unsafe { bytes(name) }) else { return KETAMA_NO_SERVER };
    // SAFETY: as above.
    unsafe { ask(ring, KETAMA_NO_SERVER, |ring| ring.ring.index_of(name).unwrap_or(KETAMA_NO_SERVER)) }
}

/// \brief Weight of a server, as written in the list. 0 for an index that is none, and if ring is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_weight(ring: *const ketama_ring, index: u32) -> c_double {
    let weight = |ring: &ketama_ring| {
        ring.ring.servers().get(index as usize).map_or(0.0, |server| server.weight.as_f64())
    };
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0.0, weight) }
}

/// \brief Shares of the key space, 0 to 1, one for each server: exact from the points, not sampled.
///
/// \param ring a ring
/// \param out  room for ketama_ring_server_count() numbers
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT if a pointer is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_shares(ring: *const ketama_ring, out: *mut c_double) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }).filter(|_| !out.is_null()) else {
        return missing("the ring or the room for the shares is NULL");
    };
    status(|| {
        let shares = ring.ring.shares();
        // SAFETY: by the contract there is room for one number for each server, and there are as many shares.
        unsafe { std::slice::from_raw_parts_mut(out, shares.len()) }.copy_from_slice(&shares);
        Ok(())
    })
}

/// \brief Share of the key space of one server, 0 to 1. 0 for an index that is none, and if ring is NULL.
///
/// Walks over all points: for the shares of all servers use ketama_ring_shares().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_share(ring: *const ketama_ring, index: u32) -> c_double {
    let share = |ring: &ketama_ring| ring.ring.shares().get(index as usize).copied().unwrap_or(0.0);
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0.0, share) }
}

/// \brief Name of the ring's dialect: a C string that is valid as long as the ring. NULL if ring is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_dialect(ring: *const ketama_ring) -> *const c_char {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, std::ptr::null(), |ring| ring.dialect.as_ptr().cast()) }
}

/// \brief A number that two rings share exactly when they map every key to servers of the same name, in whatever process,
/// on whatever machine. 0 if ring is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_fingerprint(ring: *const ketama_ring) -> u64 {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, |ring| ring.ring.fingerprint()) }
}

/// \brief Number of points on the circle, or of slots in the dialect's table. 0 where there are neither, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_point_count(ring: *const ketama_ring) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, |ring| ring.ring.point_count()) }
}

/// \brief A point, by its number in ring order.
///
/// \param ring  a ring
/// \param index 0 to ketama_ring_point_count() - 1
/// \param out   where the point is stored; untouched on failure
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT for another index or a NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_point(
    ring: *const ketama_ring,
    index: usize,
    out: *mut ketama_point,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let point = unsafe { ask(ring, None, |ring| ring.ring.point(index)) };
    let Some((place, server)) = point.filter(|_| !out.is_null()) else {
        return missing("the ring has no such point, or a pointer is NULL");
    };
    let point = ketama_point { place: place as u64, place_high: (place >> 64) as u64, server };
    // SAFETY: not NULL, so by the contract it can be written.
    unsafe { out.write(point) };
    KETAMA_OK
}

/// \brief Finds the server for a key.
///
/// \param ring a ring
/// \param key  the key: any bytes; may be NULL if len is 0
/// \param len  its bytes
/// \return the server's index, or KETAMA_NO_SERVER where the dialect's software finds none: no servers, all of them down
///         (in most dialects), a key that the software answers otherwise (nginx: the empty one); and for NULL
///
/// Threads: any number at once in one ring; takes no lock, allocates nothing unless a prefix is hashed with the key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup(ring: *const ketama_ring, key: *const c_void, len: usize) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return KETAMA_NO_SERVER };
    // SAFETY: as above.
    unsafe { ask(ring, KETAMA_NO_SERVER, |ring| ring.ring.lookup(key).unwrap_or(KETAMA_NO_SERVER)) }
}

/// \brief Finds the first n servers for a key in the dialect's own order: replicas, or whom to ask when one fails.
///
/// Each server comes once (spymemcached: its retry sequence, where one may come again). Servers that are down are passed
/// over. Where the rule has no order of its own (modulo, buckets, jump, tables) the servers follow the first one in list
/// order, wrapping: that order is this library's.
///
/// \param ring a ring
/// \param key  as in ketama_ring_lookup()
/// \param len  its bytes
/// \param out  room for n indices
/// \param n    how many are wanted
/// \return how many there are: n, or fewer; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_n(
    ring: *const ketama_ring,
    key: *const c_void,
    len: usize,
    out: *mut u32,
    n: usize,
) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    let (key, out) = unsafe { (slice(key.cast::<u8>(), len), super::guard::slice_mut(out, n)) };
    let (Some(key), Some(out)) = (key, out) else { return 0 };
    // SAFETY: as above.
    unsafe { ask(ring, 0, |ring| ring.ring.lookup_n(key, out)) }
}

/// \brief Finds the servers for many keys at once, several times faster than one by one where the processor has vector
/// instructions for the dialect's hash.
///
/// \param ring a ring
/// \param keys n keys
/// \param n    how many; 0 is allowed
/// \param out  room for n indices: out[i] becomes what ketama_ring_lookup() gives for keys[i]
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT if a pointer is NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_many(
    ring: *const ketama_ring,
    keys: *const ketama_key,
    n: usize,
    out: *mut u32,
) -> c_int {
    /// How many keys are turned into slices at a time, on the stack.
    const CHUNK: usize = 256;
    // SAFETY: the caller keeps the contract of `capi`.
    let (keys, out) = unsafe { (slice(keys, n), super::guard::slice_mut(out, n)) };
    // SAFETY: as above.
    let (Some(ring), Some(keys), Some(out)) = (unsafe { ring.as_ref() }, keys, out) else {
        return missing("the ring, the keys or the room for the answers is NULL");
    };
    status(|| {
        let mut slices: [&[u8]; CHUNK] = [&[]; CHUNK];
        for (keys, out) in keys.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            for (bytes, key) in slices.iter_mut().zip(keys) {
                // SAFETY: as above; the slices are used in this function only.
                *bytes = unsafe { slice(key.data.cast::<u8>(), key.size) }.unwrap_or(&[]);
            }
            ring.ring.lookup_many(&slices[..keys.len()], out);
        }
        Ok(())
    })
}

/// \brief Finds the server for an integer that is given in place of a key's hash, where the software can be given one
/// (varnish, haproxy, jump).
///
/// \param ring   a ring
/// \param number the number; its lower 32 bits in dialects with places of 32 bits
/// \param out    where the index is stored, or KETAMA_NO_SERVER; untouched on failure
/// \return KETAMA_OK, KETAMA_E_ARGUMENT for a NULL, KETAMA_E_OPTION if the dialect takes no integers
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_integer(
    ring: *const ketama_ring,
    number: u64,
    out: *mut u32,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }).filter(|_| !out.is_null()) else {
        return missing("the ring or the pointer to the index is NULL");
    };
    status(|| {
        let server = ring.ring.lookup_integer(number)?.unwrap_or(KETAMA_NO_SERVER);
        // SAFETY: not NULL, so by the contract it can be written.
        unsafe { out.write(server) };
        Ok(())
    })
}

/// \brief Finds the server that owns a place on the circle, all servers counted as up.
///
/// \param ring  a ring
/// \param place the place; in dialects with 128-bit places its lower half
/// \return the server's index, or KETAMA_NO_SERVER where places are not searched for, and for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_place(ring: *const ketama_ring, place: u64) -> u32 {
    let lookup = |ring: &ketama_ring| ring.ring.lookup_place(u128::from(place)).unwrap_or(KETAMA_NO_SERVER);
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, KETAMA_NO_SERVER, lookup) }
}

/// \brief Computes a key's place on the circle: its hash, as the dialect takes it.
///
/// \param ring a ring
/// \param key  as in ketama_ring_lookup()
/// \param len  its bytes
/// \param out  where the place is stored, with server = its owner; untouched on failure
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL and where the dialect has no place for this key
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_place(
    ring: *const ketama_ring,
    key: *const c_void,
    len: usize,
    out: *mut ketama_point,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return missing("the key is NULL") };
    let place = |ring: &ketama_ring| {
        let place = ring.ring.place(key)?;
        Some((place, ring.ring.lookup_place(place).unwrap_or(KETAMA_NO_SERVER)))
    };
    // SAFETY: as above.
    let Some((place, server)) = unsafe { ask(ring, None, place) }.filter(|_| !out.is_null()) else {
        return missing("the dialect has no place for this key, or a pointer is NULL");
    };
    let point = ketama_point { place: place as u64, place_high: (place >> 64) as u64, server };
    // SAFETY: not NULL, so by the contract it can be written.
    unsafe { out.write(point) };
    KETAMA_OK
}
