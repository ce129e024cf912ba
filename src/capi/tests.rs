//! The exported functions called as C calls them, on rings small enough for an interpreter that watches every pointer
//! (`make miri`). What they answer is tested from C, in `c-tests/`.

#![expect(clippy::multiple_unsafe_ops_per_block, reason = "a caller in C makes all its calls in one")]

use super::continuum::{LONGEST_ADDRESS, Rolled};
use super::libketama::{continuum, ketama_compare, ketama_get_server, ketama_smoke, mcs};
use super::ring::build::*;
use super::ring::fleet::*;
use super::ring::lookup::*;
use super::ring::read::*;
use super::ring::spread::*;
use super::ring::*;
use super::state;
use crate::segment::source;
use crate::{Dialect, Ring, Server, ServerList};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};

const LIST: &[u8] = b"dialect = 'hash-ring'\n[[servers]]\nname = 'a:1'\n[[servers]]\nname = 'b:1'\n";
const KEY: *const c_void = c"key".as_ptr().cast();

/// The first server of a continuum for a key, as its C string.
fn address(record: *mut mcs) -> String {
    // SAFETY: the address of a record that is alive ends with a NUL.
    unsafe { CStr::from_ptr((&raw const (*record).ip).cast()) }.to_str().unwrap().to_owned()
}

#[test]
fn a_continuum_is_handed_out_asked_copied_and_smoked_twice() {
    let servers = vec![Server::new("10.0.0.1:1", 1), Server::new("10.0.0.2:1", 3)];
    let ring = Ring::build(ServerList::new(Dialect::named("libketama").unwrap(), servers)).unwrap();
    // Rolling needs a file and the C library's calendar; this is what it does when the list has been read.
    let rolled = Rolled::new(&ring, 1_234_567, None).unwrap();
    let one = state::lock().hand_out(Some(std::sync::Arc::clone(&rolled)));
    let other = state::lock().hand_out(Some(rolled));
    let get = |key: &CStr, cont| {
        // SAFETY: a C string, and a continuum or a copy of one that is alive.
        unsafe { ketama_get_server(key.as_ptr().cast_mut(), cont) }
    };
    for number in 0..20 {
        let key = std::ffi::CString::new(format!("key-{number}")).unwrap();
        let server = ring.lookup(key.as_bytes()).unwrap();
        let (first, second) = (get(&key, one), get(&key, other));
        assert_eq!(address(first).as_bytes(), &*ring.servers()[server as usize].name);
        // SAFETY: both are records that are alive.
        assert_eq!((first, unsafe { ketama_compare(first, second) }), (second, 0));
        // SAFETY: the continuum is alive.
        let mut copy = unsafe { one.read() };
        assert_eq!(get(&key, &raw mut copy), first);
    }
    // SAFETY: once it is alive, then it was smoked a moment ago.
    unsafe {
        ketama_smoke(one);
        ketama_smoke(one);
    }
    assert!(get(c"key", one).is_null() && !get(c"key", other).is_null());
    // SAFETY: the continuum is alive.
    unsafe { ketama_smoke(other) };
}

/// A new object, from a function that stores it.
fn made<T>(make: impl FnOnce(*mut *mut T) -> i32) -> *mut T {
    let mut object = null_mut();
    assert_eq!(make(&raw mut object), KETAMA_OK);
    object
}

#[test]
fn rings_are_made_changed_read_asked_and_freed() {
    // SAFETY: all pointers are to live strings, variables and arrays, or to rings that are not freed yet.
    unsafe {
        let ring = made(|out| ketama_ring_parse(LIST.as_ptr().cast(), LIST.len(), out));
        let changed = made(|out| ketama_ring_mark(ring, c"a:1".as_ptr(), 1, out));
        let name = CStr::from_ptr(ketama_ring_server_name(ring, 1));
        assert_eq!((name, ketama_ring_server_index(ring, name.as_ptr())), (c"b:1", 1));
        let owner = ketama_ring_lookup(ring, KEY, 3);
        assert_eq!(ketama_ring_lookup(changed, KEY, 3), 1);
        let mut list = [7; 4];
        assert_eq!(ketama_ring_lookup_n(ring, KEY, 3, list.as_mut_ptr(), 3), 2);
        assert_eq!(list, [owner, 1 - owner, 0, 7], "room that was not wanted is left alone");
        let keys = [ketama_key { data: KEY, size: 3 }, ketama_key { data: null(), size: 0 }];
        assert_eq!(ketama_ring_lookup_many(ring, keys.as_ptr(), 2, list.as_mut_ptr()), KETAMA_OK);
        assert_eq!((list[0], list[1]), (owner, ketama_ring_lookup(ring, null(), 0)));
        let mut shares = [0.0; 2];
        assert_eq!(ketama_ring_shares(ring, shares.as_mut_ptr()), KETAMA_OK);
        assert!((shares[0] + shares[1] - 1.0).abs() < 1e-9);
        ketama_ring_free(changed);
        ketama_ring_free(ring);
    }
}

#[test]
fn fleets_bounds_and_buckets_are_made_asked_and_freed() {
    // SAFETY: as above.
    unsafe {
        let ring = made(|out| ketama_ring_parse(LIST.as_ptr().cast(), LIST.len(), out));
        let fleet = made(|out| ketama_fleet_new(ring, KETAMA_POLICY_NEXT_SERVER, null(), out));
        let bounded = made(|out| ketama_bounded_new(ring, 125, out));
        let buckets = made(|out| ketama_buckets_new(ring, 8, out));
        ketama_ring_free(ring);
        let mut refused = 7;
        let owner = ketama_fleet_lookup(fleet, KEY, 3, 0, &raw mut refused);
        assert_eq!(refused, KETAMA_NO_SERVER);
        assert_eq!(ketama_fleet_failed(fleet, owner, 1), KETAMA_OK);
        assert_eq!(ketama_fleet_lookup(fleet, KEY, 3, 2, null_mut()), 1 - owner);
        let mut event = std::mem::MaybeUninit::<ketama_event>::uninit();
        assert_eq!(ketama_fleet_events(fleet, event.as_mut_ptr(), 1), 1);
        let event = event.assume_init();
        assert_eq!((event.at_ms, event.server), (1, owner));
        ketama_fleet_free(fleet);
        let mut loads = [0, 0];
        loads[owner as usize] = 10;
        let mut server = owner;
        assert_eq!(ketama_bounded_lookup(bounded, KEY, 3, loads.as_ptr(), 2, &raw mut server), KETAMA_OK);
        assert_eq!(server, 1 - owner);
        ketama_bounded_free(bounded);
        let slots = std::slice::from_raw_parts(ketama_buckets_slots(buckets), 8);
        assert!(slots.contains(&ketama_buckets_lookup(buckets, KEY, 3)));
        ketama_buckets_free(buckets);
    }
}

#[test]
fn null_is_answered_and_never_followed() {
    // SAFETY: NULL is what the contract allows everywhere.
    unsafe {
        let mut ring = null_mut();
        assert_eq!(ketama_ring_parse(null(), 3, &raw mut ring), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_parse(LIST.as_ptr().cast(), LIST.len(), null_mut()), KETAMA_E_ARGUMENT);
        assert!(ring.is_null() && ketama_ring_server_name(null(), 0).is_null());
        assert_eq!(ketama_ring_lookup(null(), KEY, 3), KETAMA_NO_SERVER);
        assert_eq!(ketama_ring_lookup_n(null(), null(), 3, null_mut(), 3), 0);
        assert!(ketama_get_server(null_mut(), null_mut()).is_null());
        ketama_smoke(null_mut());
        ketama_ring_free(null_mut());
        let error: *const c_char = super::libketama::ketama_error();
        assert!(!CStr::from_ptr(error).is_empty());
    }
}

fn two_servers(dialect: &str) -> Ring {
    let servers = vec![Server::new("10.0.0.1:1", 1), Server::new("10.0.0.2:1", 3)];
    Ring::build(ServerList::new(Dialect::named(dialect).unwrap(), servers)).unwrap()
}

/// The record for a key.
fn record(key: &CStr, view: &mut continuum) -> *mut mcs {
    // SAFETY: a C string, and a continuum or something that looks like one.
    unsafe { ketama_get_server(key.as_ptr().cast_mut(), view) }
}

#[test]
fn records_at_another_place_are_searched_without_the_index() {
    const HEADER: usize = 32;
    let rolled = Rolled::new(&two_servers("libketama"), 0, None).unwrap();
    let mut view = rolled.view();
    let size = view.numpoints as usize * size_of::<mcs>();
    let mut copy = vec![0_u64; (HEADER + size).div_ceil(8)];
    let (start, array) =
        (copy.as_mut_ptr().cast::<c_void>(), copy.as_mut_ptr().wrapping_add(HEADER / 8).cast());
    // SAFETY: both are `size` bytes long, and lie apart.
    unsafe { std::ptr::copy_nonoverlapping(view.array.cast::<u8>(), array, size) };
    let numpoints = view.numpoints;
    let others = [start, null_mut(), start.wrapping_byte_add(8), start.wrapping_byte_add(1)];
    for modtime in others {
        let mut other = continuum { numpoints, modtime, array: array.cast() };
        for number in 0..50 {
            let key = std::ffi::CString::new(number.to_string()).unwrap();
            let (ours, theirs) = (record(&key, &mut view), record(&key, &mut other));
            // SAFETY: both are records that are alive.
            unsafe {
                assert_eq!(((*ours).point, address(ours)), ((*theirs).point, address(theirs)));
            }
        }
        let mut fewer = continuum { numpoints: 1, ..other };
        assert_eq!(record(c"0", &mut fewer).cast(), array, "the only record has all keys");
        for numpoints in [0, -1] {
            let mut empty = continuum { numpoints, modtime, array: array.cast() };
            assert!(record(c"0", &mut empty).is_null());
        }
    }
}

#[test]
fn a_ring_without_points_of_32_bits_has_no_records() {
    assert_eq!(LONGEST_ADDRESS, 23);
    for dialect in ["jump", "uhashring"] {
        let refused = Rolled::new(&two_servers(dialect), 0, None).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("the ring has no points"), "{dialect}");
    }
}

#[test]
fn of_rings_that_nobody_uses_the_longest_unused_are_forgotten() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").as_bytes();
    let Ok(source::Content { source, .. }) = source::read(file, None) else { panic!("no Cargo.toml") };
    let source = source::Source { fresh: false, ..source };
    let ring = two_servers("libketama");
    let mut state = state::State::default();
    let roll = |state: &mut state::State, number: u32| {
        let path = number.to_string();
        assert!(state.current(path.as_bytes(), &source.identity).is_none());
        let rolled = Rolled::new(&ring, 0, None).unwrap();
        state.keep(path.as_bytes(), source, std::sync::Arc::clone(&rolled));
        rolled
    };
    // Seventeen are within the number: that which was kept last does not count.
    (0..17).for_each(|number| drop(roll(&mut state, number)));
    assert!((0..17).all(|number| state.confirmed(number.to_string().as_bytes(), &source).is_some()));
    assert!(state.last_good(b"3").is_none(), "no continuum shows it");
    let used = roll(&mut state, 99);
    assert!(state.last_good(b"99").is_some_and(|last| std::sync::Arc::ptr_eq(&last, &used)));
    assert!(state.confirmed(b"0", &source).is_none(), "the oldest went for it");
    assert!(state.current(b"1", &source.identity).is_some());
    drop(roll(&mut state, 100));
    drop(roll(&mut state, 101));
    let is_kept = |number: u32| state.confirmed(number.to_string().as_bytes(), &source).is_some();
    assert_eq!([1, 2, 3, 99, 100, 101].map(is_kept), [true, false, true, true, true, true]);
}
