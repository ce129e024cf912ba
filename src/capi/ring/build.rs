//! Rings from files, from text, from code and from other rings; and back.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::{ketama_option, ketama_ring, ketama_server, missing};
use crate::Ring;
use crate::capi::guard::{self, bytes, slice};
use crate::capi::policy;
use crate::dialect::Dialect;
use crate::dialect::option::Options;
use crate::error::{Error, ErrorKind};
use crate::memory;
use crate::segment;
use crate::server::{OptionalFields, Server, Weight};
use crate::server_list::ServerList;
use std::ffi::{OsStr, c_char, c_double, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Runs the body of a function that returns a status and stores a new ring.
///
/// # Safety
/// `out` is NULL or can be written.
pub(super) unsafe fn store<R: Into<ketama_ring>>(
    out: *mut *mut ketama_ring,
    body: impl FnOnce() -> Result<R, Error>,
) -> c_int {
    // SAFETY: by the contract of this function.
    unsafe { guard::store(out, || Ok(body()?.into())) }
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
pub(super) unsafe fn server(server: &ketama_server) -> Result<Server, Error> {
    // SAFETY: by the contract of this function.
    let text = |pointer| unsafe { bytes(pointer) }.map(<[u8]>::to_vec);
    let name = text(server.name).ok_or_else(|| Error::new(ErrorKind::Server, "a server's name is NULL"))?;
    // SAFETY: by the contract of this function.
    let tokens = unsafe { slice(server.tokens, server.token_count) };
    let fields = OptionalFields {
        label: text(server.label),
        zone: text(server.zone),
        guid: text(server.guid),
        host: text(server.host),
        id: Some(server.id).filter(|&id| id != 0),
        port: Some(server.port).filter(|&port| port != 0),
        vnodes: Some(server.vnodes).filter(|&vnodes| vnodes != 0),
        tokens: tokens.filter(|tokens| !tokens.is_empty()).map(<[i64]>::to_vec),
    };
    Ok(Server {
        weight: weight(server.weight),
        down: server.down != 0,
        backup: server.backup != 0,
        fields: fields.into(),
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
///             `[[servers]]`), recognised by content. If a TOML list names a segment (`segment = "..."`, seen from
///             the list's folder), the ring is shared with all processes that open this list; where that does not
///             work it is private, and ketama_ring_private() says why.
/// \param out  where the ring is stored; untouched on failure. To be released with ketama_ring_free().
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), _IO, _SYNTAX, _DIALECT, _OPTION, _SERVER, _LIMIT, _MEMORY;
///         ketama_error() then names the file, the line and the reason
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_open(path: *const c_char, out: *mut *mut ketama_ring) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(path) = (unsafe { bytes(path) }) else { return missing("the path is NULL") };
    let path = Path::new(OsStr::from_bytes(path));
    let open = || segment::open(path, &policy::current()).map(|opened| ketama_ring::from(&opened));
    // SAFETY: as above.
    unsafe { store(out, open) }
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
    let Some(options) = (unsafe { slice(options, option_count) }) else {
        return missing("the options are NULL");
    };
    // SAFETY: as above.
    let Some(servers) = (unsafe { slice(servers, n) }) else {
        return missing("the servers are NULL");
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
        let mut list = ServerList::new(dialect, Vec::new());
        memory::reserve(&mut list.servers, servers.len(), format_args!("{} servers", servers.len()))?;
        for given in servers {
            // SAFETY: as above.
            list.servers.push(unsafe { server(given) }?);
        }
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
    let ring = unsafe { ring.as_ref() };
    // SAFETY: as above.
    let given = unsafe { server.as_ref() };
    let (Some(ring), Some(given)) = (ring, given) else { return missing("the ring or the server is NULL") };
    let build = || {
        // SAFETY: as above.
        let added = unsafe { self::server(given) }?;
        ring.ring.with_server(added)
    };
    // SAFETY: as above.
    unsafe { store(out, build) }
}

/// Stores the ring that `build` makes of a ring and the name of one of its servers.
///
/// # Safety
/// The pointers keep the contract of `capi`.
unsafe fn change(
    ring: *const ketama_ring,
    name: *const c_char,
    out: *mut *mut ketama_ring,
    build: impl FnOnce(&Ring, &[u8]) -> Result<Ring, Error>,
) -> c_int {
    // SAFETY: by the contract of this function.
    let ring = unsafe { ring.as_ref() };
    // SAFETY: by the contract of this function.
    let name = unsafe { bytes(name) };
    let (Some(ring), Some(name)) = (ring, name) else { return missing("the ring or the name is NULL") };
    // SAFETY: by the contract of this function.
    unsafe { store(out, || build(&ring.ring, name)) }
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
    unsafe { change(ring, name, out, Ring::without) }
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
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { change(ring, name, out, |ring, name| ring.reweighted(name, self::weight(weight))) }
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
    // SAFETY: as above.
    unsafe { change(ring, name, out, |ring, name| ring.renamed(name, new_name)) }
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
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { change(ring, name, out, |ring, name| ring.marked(name, down != 0)) }
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
