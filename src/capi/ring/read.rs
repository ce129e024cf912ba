//! What a ring says of itself: servers, shares, points, fingerprint.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::{KETAMA_NO_SERVER, KETAMA_OK, ask, ketama_point, ketama_ring, missing};
use crate::capi::guard::{bytes, status};
use crate::memory;
use std::ffi::{c_char, c_double, c_int};

/// \brief Number of servers in the list, those that are down or without a point included. 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_count(ring: *const ketama_ring) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, |ring| ring.ring.server_count() as u32) }
}

/// \brief Name of a server: a C string that is valid as long as the ring.
///
/// \param index 0 to ketama_ring_server_count() - 1, in list order
/// \return NULL for another index, KETAMA_NO_SERVER among them, if ring is NULL, and without memory for the names
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_name(ring: *const ketama_ring, index: u32) -> *const c_char {
    let name = |ring: &ketama_ring| ring.name(index).map_or(std::ptr::null(), |name| name.as_ptr().cast());
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

/// \brief Whether a server is marked as down, in the list or by ketama_ring_mark(): 1 if it is, 0 if it is not, for an
/// index that is none, and if ring is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_down(ring: *const ketama_ring, index: u32) -> c_int {
    let down = |ring: &ketama_ring| {
        ring.ring.servers().get(index as usize).map_or(0, |server| c_int::from(server.down))
    };
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0, down) }
}

/// \brief Sum of the servers' weights, as written in the list. 0 if ring is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_total_weight(ring: *const ketama_ring) -> c_double {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(ring, 0.0, |ring| ring.ring.total_weight()) }
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
        let count = ring.ring.server_count();
        // C may hand over memory that it has not written: zeros first, so that only written numbers are read.
        // SAFETY: by the contract there is room for one number for each server.
        unsafe { out.write_bytes(0, count) };
        // SAFETY: as above, and every number was written just now.
        ring.ring.write_shares(unsafe { std::slice::from_raw_parts_mut(out, count) });
        Ok(())
    })
}

/// \brief Share of the key space of one server, 0 to 1. 0 for an index that is none, if ring is NULL, and without memory.
///
/// Walks over all points: for the shares of all servers use ketama_ring_shares().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_ring_server_share(ring: *const ketama_ring, index: u32) -> c_double {
    let share = |ring: &ketama_ring| {
        let mut shares = memory::filled(0.0, ring.ring.server_count(), "shares").unwrap_or_default();
        if !shares.is_empty() {
            ring.ring.write_shares(&mut shares);
        }
        shares.get(index as usize).copied().unwrap_or(0.0)
    };
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
