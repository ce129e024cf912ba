//! More ways to spread keys for C: bounded loads, replicas across zones, buckets.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::{KETAMA_NO_SERVER, ask, ketama_ring, missing};
use crate::bucket::Buckets;
use crate::capi::guard::{guard_or, slice, slice_mut, status, store};
use crate::error::{Error, ErrorKind};
use crate::load::Bounded;
use std::ffi::{c_int, c_void};

/// A ring with a bound on the load of its servers. It never changes; any number of threads may use it at once.
pub struct ketama_bounded {
    bounded: Bounded,
}

/// A ring read off into buckets. It never changes; any number of threads may use it at once.
pub struct ketama_buckets {
    buckets: Buckets,
}

/// \brief Finds the first n servers for a key, from as many zones as there are.
///
/// The servers are walked in the order of ketama_ring_lookup_n(). A server is taken if its zone has none yet; those that
/// are passed over follow in walk order once every zone has one. A server without a zone counts as a zone of its own.
/// (The placement of Cassandra's NetworkTopologyStrategy within one data centre.)
///
/// \param ring a ring
/// \param key  as in ketama_ring_lookup()
/// \param len  its bytes
/// \param out  room for n indices
/// \param n    how many are wanted
/// \return how many there are; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_n_zones(
    ring: *const ketama_ring,
    key: *const c_void,
    len: usize,
    out: *mut u32,
    n: usize,
) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return 0 };
    // SAFETY: as above.
    let Some(out) = (unsafe { slice_mut(out, n) }) else { return 0 };
    // SAFETY: as above.
    unsafe { ask(ring, 0, |ring| ring.ring.lookup_n_zones(key, out)) }
}

/// \brief Bounds the loads of a ring's servers.
///
/// A server's capacity is percent / 100 of its share, by weight, of all requests under way and the one to be placed,
/// rounded up (Mirrokni, Thorup and Zadimoghaddam, Consistent Hashing with Bounded Loads, 2016). No server is given more;
/// some server is always below its capacity; what is too much for one server goes to those behind it, the same for the
/// same loads.
///
/// \param ring    a ring; it is copied
/// \param percent 101 to 1000000; 0 for the rule that the ring's options ask for (haproxy: hash-balance-factor, with
///                HAProxy's own rounding)
/// \param out     where it is stored; to be released with ketama_bounded_free()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_OPTION (percent out of range, or 0 and the options ask for
///         none)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_bounded_new(
    ring: *const ketama_ring,
    percent: u32,
    out: *mut *mut ketama_bounded,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }) else { return missing("the ring is NULL") };
    let build = || {
        let none = || Error::new(ErrorKind::Option, "the ring's options ask for no bound");
        let bounded = match percent {
            0 => Bounded::of_options(&ring.ring)?.ok_or_else(none)?,
            percent => Bounded::new(&ring.ring, percent)?,
        };
        Ok(ketama_bounded { bounded })
    };
    // SAFETY: as above.
    unsafe { store(out, build) }
}

/// \brief Releases what ketama_bounded_new() stored; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_bounded_free(bounded: *mut ketama_bounded) {
    if !bounded.is_null() {
        // SAFETY: not NULL, so by the contract of `capi` it came from `ketama_bounded_new` and was not freed.
        drop(unsafe { Box::from_raw(bounded) });
    }
}

/// \brief Finds the server for a key: the first in the order of ketama_ring_lookup_n() that is below its capacity.
///
/// \param bounded a ring with bounds
/// \param key     as in ketama_ring_lookup()
/// \param len     its bytes
/// \param loads   requests under way now, one number for each server in list order
/// \param n       how many numbers: ketama_ring_server_count()
/// \param out     where the index is stored, or KETAMA_NO_SERVER; untouched on failure
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_SERVER (n is not the number of servers), KETAMA_E_LIMIT (the
///         sum of the loads exceeds 2^64 - 1)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_bounded_lookup(
    bounded: *const ketama_bounded,
    key: *const c_void,
    len: usize,
    loads: *const u64,
    n: usize,
    out: *mut u32,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let bounded = unsafe { bounded.as_ref() };
    // SAFETY: as above.
    let key = unsafe { slice(key.cast::<u8>(), len) };
    // SAFETY: as above.
    let loads = unsafe { slice(loads, n) };
    let (Some(bounded), Some(key), Some(loads), false) = (bounded, key, loads, out.is_null()) else {
        return missing("a pointer is NULL");
    };
    status(|| {
        let server = bounded.bounded.lookup(key, loads)?.unwrap_or(KETAMA_NO_SERVER);
        // SAFETY: not NULL, so by the contract it can be written.
        unsafe { out.write(server) };
        Ok(())
    })
}

/// \brief Capacity of a server: the most requests that it may have under way when total + 1 are. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_bounded_capacity(
    bounded: *const ketama_bounded,
    server: u32,
    total: u64,
) -> u64 {
    // SAFETY: the caller keeps the contract of `capi`.
    let bounded = unsafe { bounded.as_ref() };
    guard_or(0, || bounded.map(|bounded| bounded.bounded.capacity(server, total)))
}

/// \brief Reads a ring off into buckets, for look-ups in one step: bucket b answers for the place b * 2^w / count on a
/// circle of 2^w places, and a key has the bucket hash mod count (the precomputation of Set::ConsistentHash, which has
/// 1024 of them).
///
/// \param ring  a ring; it is not needed afterwards
/// \param count how many: 1 to the option max-points
/// \param out   where they are stored; to be released with ketama_buckets_free()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL), KETAMA_E_LIMIT (count), KETAMA_E_OPTION (the dialect has no points on a
///         circle, or hashes keys again while a server is down)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_buckets_new(
    ring: *const ketama_ring,
    count: u32,
    out: *mut *mut ketama_buckets,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }) else { return missing("the ring is NULL") };
    // SAFETY: as above.
    unsafe { store(out, || Ok(ketama_buckets { buckets: Buckets::new(&ring.ring, count)? })) }
}

/// \brief Releases what ketama_buckets_new() stored; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_buckets_free(buckets: *mut ketama_buckets) {
    if !buckets.is_null() {
        // SAFETY: not NULL, so by the contract of `capi` it came from `ketama_buckets_new` and was not freed.
        drop(unsafe { Box::from_raw(buckets) });
    }
}

/// \brief The buckets themselves: count indices of servers, or KETAMA_NO_SERVER, valid as long as buckets. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_buckets_slots(buckets: *const ketama_buckets) -> *const u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let buckets = unsafe { buckets.as_ref() };
    buckets.map_or(std::ptr::null(), |buckets| buckets.buckets.slots().as_ptr())
}

/// \brief Finds the server for a key, that of bucket hash mod count; KETAMA_NO_SERVER where there is none, and for NULL.
///
/// \param buckets the buckets
/// \param key     as in ketama_ring_lookup()
/// \param len     its bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_buckets_lookup(
    buckets: *const ketama_buckets,
    key: *const c_void,
    len: usize,
) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let buckets = unsafe { buckets.as_ref() };
    // SAFETY: as above.
    let key = unsafe { slice(key.cast::<u8>(), len) };
    guard_or(KETAMA_NO_SERVER, || buckets.zip(key).and_then(|(buckets, key)| buckets.buckets.lookup(key)))
}
