//! libmemcached (Debian: libmemcached11) with weighted ketama rings, opened as a library if it is installed.

use crate::fleet::{PORT, WEIGHT, host};
use libloading::Library;
use std::ffi::{CString, c_char, c_int, c_void};

/// It aborts above: an assertion on its array of points.
pub const MOST_SERVERS: usize = 100;

/// `MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED` in libmemcached-1.0/types/behavior.h.
const KETAMA_WEIGHTED: c_int = 16;

type Create = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void);
type Behaviour = unsafe extern "C" fn(*mut c_void, c_int, u64) -> c_int;
type Append = unsafe extern "C" fn(*mut c_void, *const c_char, u16, u32, *mut c_int) -> *mut c_void;
type Push = unsafe extern "C" fn(*mut c_void, *const c_void) -> c_int;
type Hash = unsafe extern "C" fn(*const c_void, *const c_char, usize) -> u32;

/// The library.
pub struct Libmemcached {
    library: Library,
}

/// A fleet in the library.
pub struct Fleet {
    hash: Hash,
    free: Free,
    memcached: *mut c_void,
}

impl Libmemcached {
    /// None if it is not installed.
    pub fn open() -> Option<Self> {
        // SAFETY: the system's library.
        let library = unsafe { Library::new("libmemcached.so.11") }.ok()?;
        Some(Self { library })
    }

    /// A function of the library.
    fn function<T: Copy>(&self, name: &str) -> T {
        // SAFETY: the callers name the type that libmemcached's headers give the function.
        *unsafe { self.library.get::<T>(name) }.expect("a function of libmemcached")
    }

    /// Adds `count` servers; each addition builds the ring anew, so the list is added as a whole.
    pub fn fleet(&self, count: usize) -> Fleet {
        assert!(count <= MOST_SERVERS);
        let create: Create = self.function("memcached_create");
        let behaviour: Behaviour = self.function("memcached_behavior_set");
        let append: Append = self.function("memcached_server_list_append_with_weight");
        let push: Push = self.function("memcached_server_push");
        let free_list: Free = self.function("memcached_server_list_free");
        let mut list = std::ptr::null_mut();
        for index in 0..count {
            let host = CString::new(host(index)).expect("no NUL");
            let mut code = 0;
            // SAFETY: the list so far, a C string that is copied, room for the code.
            list = unsafe { append(list, host.as_ptr(), PORT, WEIGHT, &raw mut code) };
        }
        // SAFETY: NULL means: allocate.
        let memcached = unsafe { create(std::ptr::null_mut()) };
        // SAFETY: `memcached` is what was just created; the list is copied.
        let codes = unsafe { [behaviour(memcached, KETAMA_WEIGHTED, 1), push(memcached, list)] };
        assert_eq!(codes, [0, 0], "libmemcached takes {count} servers");
        // SAFETY: not used any more.
        unsafe { free_list(list) };
        Fleet {
            hash: self.function("memcached_generate_hash"),
            free: self.function("memcached_free"),
            memcached,
        }
    }
}

impl Fleet {
    /// The index of the server for a key.
    pub fn lookup(&self, key: &[u8]) -> u32 {
        // SAFETY: the fleet lives; the key is read up to its length.
        unsafe { (self.hash)(self.memcached, key.as_ptr().cast(), key.len()) }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // SAFETY: created in `fleet`, not used any more.
        unsafe { (self.free)(self.memcached) };
    }
}
