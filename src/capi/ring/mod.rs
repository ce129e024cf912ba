//! The ring API for C: opaque rings in any dialect, status codes, keys of any bytes.

#![allow(non_camel_case_types, reason = "the names are C's")]
pub mod about;
pub mod build;
pub mod fleet;
pub mod lookup;
pub mod read;
pub mod share;
pub mod spread;

use super::guard::guard_or;
use super::last_error;
use crate::error::ErrorKind;
use crate::memory;
use crate::segment::{Opened, Segment};
use crate::{Ring, ring};

use std::sync::{Arc, OnceLock};

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
/// A shared segment cannot be trusted, or is not one.
pub const KETAMA_E_SEGMENT: c_int = 10;
/// Another process is at work for longer than one waits.
pub const KETAMA_E_BUSY: c_int = 11;

/// The index that stands for no server.
pub const KETAMA_NO_SERVER: c_uint = 0xFFFF_FFFF; // as a literal: cbindgen leaves out a constant that names another
const _: () = assert!(KETAMA_NO_SERVER == ring::NO_SERVER);

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
            Self::Segment => KETAMA_E_SEGMENT,
            Self::Busy => KETAMA_E_BUSY,
        }
    }
}

/// A ring: a server list under the rule of its dialect. It never changes, and any number of threads may use it at once.
pub struct ketama_ring {
    pub(super) ring: Ring,
    /// The servers' names as C strings, made when the first one is asked for; a shared ring has them in its segment.
    names: OnceLock<Vec<Box<[u8]>>>,
    segment: Option<Arc<Segment>>,
    /// Why the ring is not shared although its list names a segment.
    private: Option<Box<[u8]>>,
    /// The dialect's name as a C string.
    dialect: Box<[u8]>,
}

impl From<Ring> for ketama_ring {
    fn from(ring: Ring) -> Self {
        let dialect = terminated(ring.dialect().name.as_bytes());
        Self { ring, names: OnceLock::new(), segment: None, private: None, dialect }
    }
}

impl From<&Opened> for ketama_ring {
    fn from(opened: &Opened) -> Self {
        let private = opened.private().map(|reason| terminated(reason.to_string().as_bytes()));
        Self { segment: opened.segment().cloned(), private, ..opened.ring().clone().into() }
    }
}

impl ketama_ring {
    /// The name of a server as a C string.
    fn name(&self, server: u32) -> Option<&[u8]> {
        if let Some(segment) = &self.segment {
            return segment.name(server);
        }
        if self.names.get().is_none() {
            let names = self.ring.servers().iter().map(|server| terminated(&server.name));
            // Another thread may have made them meanwhile, which does no harm.
            let _ = self.names.set(memory::collect(names, "names").ok()?);
        }
        self.names.get()?.get(server as usize).map(|name| &name[..])
    }
}

/// A text as a C string.
fn terminated(text: &[u8]) -> Box<[u8]> {
    [text, b"\0"].concat().into_boxed_slice()
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

/// An argument that cannot be used.
fn missing(text: &str) -> c_int {
    last_error::set(text);
    KETAMA_E_ARGUMENT
}

/// Answers a question about a ring; `nothing` for NULL.
///
/// # Safety
/// `ring` is NULL or a ring that outlives `'a`.
unsafe fn ask<'a, T>(ring: *const ketama_ring, nothing: T, answer: impl FnOnce(&'a ketama_ring) -> T) -> T {
    // SAFETY: by the contract of this function.
    let ring = unsafe { ring.as_ref() };
    guard_or(nothing, || ring.map(answer))
}

#[cfg(test)]
mod tests;
