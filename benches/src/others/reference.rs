//! The 2007 library, from a path that the user gives: opened with RTLD_LOCAL, so that its symbols stay its own.

use crate::fleet::{PORT, WEIGHT, host};
use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Write;
use std::path::Path;

/// It writes past an array on its stack from here on.
pub const MOST_SERVERS: usize = 117;

#[repr(C)]
struct Continuum {
    numpoints: c_int,
    modtime: *mut c_void,
    array: *mut c_void,
}

#[repr(C)]
struct Record {
    point: u32,
    ip: [c_char; 22],
}

type Roll = unsafe extern "C" fn(*mut *mut Continuum, *const c_char) -> c_int;
type Smoke = unsafe extern "C" fn(*mut Continuum);
type GetServer = unsafe extern "C" fn(*const c_char, *mut Continuum) -> *const Record;

/// A continuum of the library.
pub struct Reference {
    get_server: GetServer,
    smoke: Smoke,
    continuum: *mut Continuum,
    _library: Library,
}

impl Reference {
    /// Rolls the fleet of `count` servers from a file in `folder`.
    pub fn open(library: &Path, folder: &Path, count: usize) -> Self {
        assert!(count <= MOST_SERVERS);
        let mut text = String::new();
        for index in 0..count {
            writeln!(text, "{}:{PORT}\t{WEIGHT}", host(index)).expect("memory");
        }
        let list = folder.join(format!("{count}.servers"));
        std::fs::write(&list, text).expect("a server list can be written");
        let list = CString::new(list.into_os_string().into_encoded_bytes()).expect("no NUL in a path");
        // SAFETY: the user vouches for the library; it runs no code when it is loaded.
        let library = unsafe { Library::new(library) }.expect("REFERENCE is a library");
        // SAFETY: these are the functions' types in ketama.h.
        let (roll, get_server, smoke) = unsafe {
            (
                *library.get::<Roll>(b"ketama_roll").expect("ketama_roll"),
                *library.get::<GetServer>(b"ketama_get_server").expect("ketama_get_server"),
                *library.get::<Smoke>(b"ketama_smoke").expect("ketama_smoke"),
            )
        };
        let mut continuum = std::ptr::null_mut();
        // SAFETY: a place for the pointer and a C string.
        assert_eq!(unsafe { roll(&raw mut continuum, list.as_ptr()) }, 1, "the reference rolls {list:?}");
        Self { get_server, smoke, continuum, _library: library }
    }

    /// The record for a key that a NUL follows in memory.
    fn record(&self, key: &[u8]) -> *const Record {
        // SAFETY: `Keys` puts a NUL behind each key; the continuum lives as long as `self`.
        unsafe { (self.get_server)(key.as_ptr().cast(), self.continuum) }
    }

    /// A look-up as a program makes it: the record's address.
    pub fn lookup(&self, key: &[u8]) -> usize {
        self.record(key) as usize
    }

    /// The name of the server for a key.
    pub fn name(&self, key: &[u8]) -> String {
        // SAFETY: a record of the continuum, whose `ip` ends with a NUL.
        unsafe { CStr::from_ptr((&raw const (*self.record(key)).ip).cast()) }.to_string_lossy().into_owned()
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: rolled in `open`, not used any more.
        unsafe { (self.smoke)(self.continuum) };
    }
}
