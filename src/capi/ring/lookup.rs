//! Look-ups: one key, many keys, several servers for a key, numbers and places in place of keys.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::{KETAMA_NO_SERVER, KETAMA_OK, ask, ketama_key, ketama_point, ketama_ring, missing};
use crate::capi::guard::{slice, slice_mut, status};
use std::ffi::{c_int, c_void};

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
/// \return how many there are: n, or fewer, also where memory lacks to remember those that were met; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_lookup_n(
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
    unsafe { ask(ring, 0, |ring| ring.ring.lookup_n(key, out)) }
}

/// \brief Finds the servers for many keys at once, several times faster than one by one where the processor has vector
/// instructions for the dialect's hash.
///
/// \param ring a ring
/// \param keys n keys
/// \param n    how many; 0 is allowed
/// \param out  room for n indices: each becomes what ketama_ring_lookup() gives for its key
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
    let keys = unsafe { slice(keys, n) };
    // SAFETY: as above.
    let out = unsafe { slice_mut(out, n) };
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
/// \param number the number; below 2^32 in dialects with places of 32 bits
/// \param out    where the index is stored, or KETAMA_NO_SERVER; untouched on failure
/// \return KETAMA_OK, KETAMA_E_ARGUMENT for a NULL, KETAMA_E_OPTION if the dialect takes no integers, or none so large
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

/// \brief Finds the server that answers for a place on the circle. Where a rule hashes the key again while a server is
/// down, the owner of the place, up or down.
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

/// \brief Number of the point, or of the slot, that a key meets first, whether its server is up or not.
///
/// \param ring a ring
/// \param key  as in ketama_ring_lookup()
/// \param len  its bytes
/// \return 0 to ketama_ring_point_count() - 1; SIZE_MAX where there are no points, where the dialect has no place for this
///         key, and for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_position(
    ring: *const ketama_ring,
    key: *const c_void,
    len: usize,
) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return usize::MAX };
    // SAFETY: as above.
    unsafe { ask(ring, usize::MAX, |ring| ring.ring.position(key).unwrap_or(usize::MAX)) }
}

/// \brief Copies the bytes of a key that are hashed: a prefix put before it, the part between hash tags, or all of it.
///
/// \param ring a ring
/// \param key  as in ketama_ring_lookup()
/// \param len  its bytes
/// \param out  room for the bytes, of which as many are stored as fit; may be NULL if room is 0
/// \param room its bytes
/// \return how many bytes are hashed, whether they fit or not; 0 where nothing is hashed, and for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_hashed(
    ring: *const ketama_ring,
    key: *const c_void,
    len: usize,
    out: *mut c_void,
    room: usize,
) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return 0 };
    let copy = |ring: &ketama_ring| {
        let hashed = ring.ring.hashed(key);
        let count = hashed.len().min(if out.is_null() { 0 } else { room });
        // SAFETY: by the contract there is room for `room` bytes, which is at least `count`; `hashed` is not in it, for C
        // hands over different memory for what is read and what is written.
        unsafe { out.cast::<u8>().copy_from_nonoverlapping(hashed.as_ptr(), count) };
        hashed.len()
    };
    // SAFETY: as above.
    unsafe { ask(ring, 0, copy) }
}
