//! The functions of `ketama_ring.h` against the same questions asked in Rust, in every dialect; and what they refuse.

#![expect(clippy::multiple_unsafe_ops_per_block, reason = "a caller in C makes all its calls in one")]

use super::about::ketama_dialect_name;
use super::build::*;
use super::fleet::*;
use super::lookup::*;
use super::read::*;
use super::share::*;
use super::spread::*;
use super::*;
use crate::capi::{guard, policy};
use crate::dialect::DIALECTS;
use crate::segment::testing::Folder;
use crate::segment::{Policy, Trust};
use crate::server::Weight;
use crate::{Dialect, Error, Server, ServerList};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::ptr::{null, null_mut};
use std::time::Duration;

/// A server of which only name and weight are said.
fn plain(name: &CStr, weight: f64) -> ketama_server {
    // SAFETY: zeros stand for what is not said, as the header tells.
    let nothing: ketama_server = unsafe { std::mem::zeroed() };
    ketama_server { name: name.as_ptr(), weight, ..nothing }
}

/// A new object, from a function that stores it.
fn made<T>(make: impl FnOnce(*mut *mut T) -> c_int) -> *mut T {
    let mut object = null_mut();
    assert_eq!(make(&raw mut object), KETAMA_OK, "{}", error());
    object
}

/// What `ketama_error` says.
fn error() -> String {
    // SAFETY: always a C string of this thread.
    unsafe { CStr::from_ptr(last_error::pointer()) }.to_str().unwrap().to_owned()
}

/// The text behind a pointer that is not NULL.
fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    // SAFETY: the library gives C strings.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

/// A ring of a dialect with three servers, for C and for Rust; None where the dialect wants more of a server.
fn both(dialect: &'static Dialect) -> Option<(*mut ketama_ring, Ring)> {
    let names = [c"10.0.0.1:11211", c"10.0.0.2:11211", c"10.0.0.3:11211"];
    let given: Vec<_> = names.iter().zip([1.0, 2.0, 1.0]).map(|(name, weight)| plain(name, weight)).collect();
    let servers = names.iter().zip([1, 2, 1]).map(|(name, weight)| Server::new(name.to_bytes(), weight));
    let built = Ring::build(ServerList::new(dialect, servers.collect()));
    let name = CString::new(dialect.name).unwrap();
    let mut ring = null_mut();
    // SAFETY: pointers to live strings and arrays.
    let status = unsafe { ketama_ring_new(name.as_ptr(), given.as_ptr(), given.len(), &raw mut ring) };
    match built {
        Ok(built) => {
            assert_eq!(status, KETAMA_OK, "{dialect}: {}", error());
            Some((ring, built))
        }
        Err(refused) => {
            assert_eq!((status, error()), (refused.kind().status(), refused.to_string()), "{dialect}");
            assert!(ring.is_null());
            None
        }
    }
}

fn halves(place: u128) -> (u64, u64) {
    (place as u64, (place >> 64) as u64)
}

#[test]
fn every_dialect_answers_in_c_as_it_does_in_rust() {
    let (mut integers, mut refusals, mut without_place) = (0, 0, 0);
    for (index, &dialect) in DIALECTS.iter().enumerate() {
        let Some((ring, built)) = both(dialect) else { continue };
        // SAFETY: a ring that is freed last, and pointers to live values.
        unsafe {
            assert_eq!(text(ketama_ring_dialect(ring)), dialect.name);
            assert_eq!(text(ketama_dialect_name(index)), dialect.name);
            assert_eq!(ketama_ring_fingerprint(ring), built.fingerprint());
            assert_eq!(ketama_ring_server_count(ring), 3);
            assert_eq!(ketama_ring_total_weight(ring), 4.0);
            assert_eq!(ketama_ring_point_count(ring), built.point_count());
            let mut point = ketama_point { place: 7, place_high: 7, server: 7 };
            for index in [0, built.point_count() / 2, built.point_count()] {
                let status = ketama_ring_point(ring, index, &raw mut point);
                match built.point(index) {
                    Some((place, server)) => {
                        assert_eq!((status, point.server), (KETAMA_OK, server));
                        assert_eq!((point.place, point.place_high), halves(place));
                    }
                    None => assert_eq!(status, KETAMA_E_ARGUMENT),
                }
            }
            for server in 0..4 {
                let share = built.shares().get(server as usize).copied().unwrap_or(0.0);
                assert_eq!(ketama_ring_server_share(ring, server), share);
            }
            for key in [&b"user:42"[..], b"x", b""] {
                let (data, size) = (key.as_ptr().cast(), key.len());
                let or_none = |server: Option<u32>| server.unwrap_or(KETAMA_NO_SERVER);
                assert_eq!(ketama_ring_lookup(ring, data, size), or_none(built.lookup(key)));
                let (mut ours, mut theirs) = ([9; 4], [9; 4]);
                let count = ketama_ring_lookup_n(ring, data, size, ours.as_mut_ptr(), 4);
                assert_eq!(count, built.lookup_n(key, &mut theirs));
                assert_eq!(ours[..count], theirs[..count]);
                let count = ketama_ring_lookup_n_zones(ring, data, size, ours.as_mut_ptr(), 2);
                assert_eq!(count, built.lookup_n_zones(key, &mut theirs[..2]));
                assert_eq!(ours[..count], theirs[..count]);
                let position = built.position(key).unwrap_or(usize::MAX);
                assert_eq!(ketama_ring_position(ring, data, size), position);
                let status = ketama_ring_place(ring, data, size, &raw mut point);
                if let Some(place) = built.place(key) {
                    assert_eq!((status, point.place, point.place_high), {
                        let (low, high) = halves(place);
                        (KETAMA_OK, low, high)
                    });
                    assert_eq!(point.server, or_none(built.lookup_place(place)));
                    let low = ketama_ring_lookup_place(ring, point.place);
                    assert_eq!(low, or_none(built.lookup_place(place as u64 as u128)));
                    // All servers are up: where a key lies decides.
                    assert_eq!(built.lookup_place(place), built.lookup(key), "{dialect}");
                } else {
                    assert_eq!(status, KETAMA_E_ARGUMENT);
                    without_place += 1;
                }
                let mut hashed = [0xee_u8; 64];
                let room = hashed.len() - 1;
                let length = ketama_ring_hashed(ring, data, size, hashed.as_mut_ptr().cast(), room);
                assert_eq!(hashed[..length], *built.hashed(key));
                assert_eq!(hashed[length], 0xee);
                hashed.fill(0xee);
                assert_eq!(ketama_ring_hashed(ring, data, size, hashed.as_mut_ptr().cast(), 1), length);
                assert_eq!(hashed[1], 0xee, "no more than there is room for");
                assert_eq!(ketama_ring_hashed(ring, data, size, null_mut(), 9), length);
            }
            for number in [7, u64::MAX] {
                let mut server = 9;
                let status = ketama_ring_lookup_integer(ring, number, &raw mut server);
                match built.lookup_integer(number) {
                    Ok(answer) => {
                        assert_eq!((status, Some(server)), (KETAMA_OK, answer));
                        integers += 1;
                    }
                    Err(refused) => {
                        assert_eq!((status, server, error()), (KETAMA_E_OPTION, 9, refused.to_string()));
                        refusals += 1;
                    }
                }
            }
            ketama_ring_free(ring);
        }
    }
    assert!(integers > 2 && refusals > 20 && without_place > 2, "{integers} {refusals} {without_place}");
}

#[test]
fn a_server_is_given_with_all_its_fields() {
    let tokens = [5_i64, -7];
    // SAFETY: zeros stand for what is not said.
    let nothing: ketama_server = unsafe { std::mem::zeroed() };
    let given = ketama_server {
        weight: 2.5,
        down: 1,
        backup: 1,
        label: c"l".as_ptr(),
        zone: c"z".as_ptr(),
        guid: c"g".as_ptr(),
        host: c"h".as_ptr(),
        id: 4,
        port: 5,
        vnodes: 6,
        tokens: tokens.as_ptr(),
        token_count: 2,
        ..plain(c"n", 0.0)
    };
    let text = |text: &str| Some(text.as_bytes().to_vec());
    let fields = crate::server::OptionalFields {
        label: text("l"),
        zone: text("z"),
        guid: text("g"),
        host: text("h"),
        id: Some(4),
        port: Some(5),
        vnodes: Some(6),
        tokens: Some(tokens.to_vec()),
    };
    let expected =
        Server { down: true, backup: true, fields: fields.into(), ..Server::new("n", Weight::Fraction(2.5)) };
    // SAFETY: the pointers are to live strings and arrays.
    unsafe {
        assert_eq!(build::server(&given).unwrap(), expected);
        assert_eq!(build::server(&plain(c"n", 3.0)).unwrap(), Server::new("n", 3));
        assert_eq!(build::server(&nothing).unwrap_err().to_string(), "a server's name is NULL");
        let great = build::server(&plain(c"n", 1e300)).unwrap();
        assert_eq!(great.weight, Weight::Fraction(1e300), "no integer of 64 bits");
    }
}

#[test]
fn options_reach_the_dialect_and_wrong_ones_are_refused() {
    let servers = [plain(c"10.0.0.1:80", 1.0), plain(c"10.0.0.2:80", 1.0)];
    let new = |dialect: *const c_char, options: &[ketama_option], out: *mut *mut ketama_ring| {
        // SAFETY: pointers to live strings and arrays.
        unsafe { ketama_ring_new_with(dialect, options.as_ptr(), options.len(), servers.as_ptr(), 2, out) }
    };
    let option = |name: &CStr, value: &CStr| ketama_option { name: name.as_ptr(), value: value.as_ptr() };
    let fingerprint = |options: &[ketama_option]| {
        let ring = made(|out| new(c"nginx".as_ptr(), options, out));
        // SAFETY: the ring is alive until it is freed.
        unsafe {
            let fingerprint = ketama_ring_fingerprint(ring);
            ketama_ring_free(ring);
            fingerprint
        }
    };
    assert_ne!(fingerprint(&[]), fingerprint(&[option(c"consistent", c"true")]));
    let nameless = ketama_option { name: null(), value: c"x".as_ptr() };
    let mut ring = null_mut();
    for (dialect, options, status, message) in [
        (c"nginx".as_ptr(), &[nameless][..], KETAMA_E_OPTION, "an option's name is NULL"),
        (c"nginx".as_ptr(), &[option(c"consistent", c"\xff")], KETAMA_E_OPTION, "is not UTF-8"),
        (c"nginx".as_ptr(), &[option(c"consistent", c"maybe")], KETAMA_E_OPTION, "`consistent`"),
        (c"nginx".as_ptr(), &[option(c"max-points", c"1"), option(c"consistent", c"1")], KETAMA_E_OPTION, ""),
        (c"nginy".as_ptr(), &[], KETAMA_E_DIALECT, "nginy"),
        (null(), &[], KETAMA_E_ARGUMENT, "the dialect is NULL"),
    ] {
        assert_eq!(new(dialect, options, &raw mut ring), status, "{}", error());
        assert!(error().contains(message), "{message}: {}", error());
    }
    let few = [option(c"max-points", c"100"), option(c"consistent", c"true")];
    assert_eq!(new(c"nginx".as_ptr(), &few, &raw mut ring), KETAMA_E_LIMIT);
    // SAFETY: NULL is what the contract allows.
    unsafe {
        let name = c"nginx".as_ptr();
        let nothing = null::<ketama_server>();
        assert_eq!(ketama_ring_new(name, nothing, 1, &raw mut ring), KETAMA_E_ARGUMENT);
        assert_eq!(error(), "the servers are NULL");
        assert_eq!(ketama_ring_new_with(name, null(), 1, nothing, 0, &raw mut ring), KETAMA_E_ARGUMENT);
        assert_eq!(error(), "the options are NULL");
        assert_eq!(ketama_ring_new(name, servers.as_ptr(), 2, null_mut()), KETAMA_E_ARGUMENT);
    }
    assert!(ring.is_null(), "what fails stores nothing");
}

#[test]
fn a_changed_ring_is_that_of_the_changed_list() {
    let (ring, built) = both(Dialect::named("libketama").unwrap()).unwrap();
    let (first, other) = (c"10.0.0.1:11211", c"10.0.0.9:11211");
    let added = plain(other, 5.0);
    let same = |changed: *mut ketama_ring, expected: Result<Ring, Error>| {
        // SAFETY: the ring is alive until it is freed.
        unsafe {
            assert_eq!(ketama_ring_fingerprint(changed), expected.unwrap().fingerprint());
            ketama_ring_free(changed);
        }
    };
    // SAFETY: rings that are alive, and live strings.
    unsafe {
        let name = first.to_bytes();
        let more = built.with_server(Server::new(other.to_bytes(), 5));
        same(made(|out| ketama_ring_add(ring, &raw const added, out)), more);
        same(made(|out| ketama_ring_remove(ring, first.as_ptr(), out)), built.without(name));
        same(made(|out| ketama_ring_reweight(ring, first.as_ptr(), 9.0, out)), built.reweighted(name, 9));
        let renamed = built.renamed(name, other.to_bytes());
        same(made(|out| ketama_ring_rename(ring, first.as_ptr(), other.as_ptr(), out)), renamed);
        let marked = made(|out| ketama_ring_mark(ring, first.as_ptr(), 1, out));
        let states = [0, 1, 3].map(|server| ketama_ring_server_down(marked, server));
        assert_eq!(states, [1, 0, 0]);
        let back = made(|out| ketama_ring_mark(marked, first.as_ptr(), 0, out));
        assert_eq!(ketama_ring_server_down(back, 0), 0);
        ketama_ring_free(marked);
        same(back, Ok(built));
        let weights = [0, 1, 3].map(|server| ketama_ring_server_weight(ring, server));
        assert_eq!(weights, [1.0, 2.0, 0.0]);
        let mut none = null_mut();
        assert_eq!(ketama_ring_remove(ring, other.as_ptr(), &raw mut none), KETAMA_E_SERVER);
        assert_eq!(ketama_ring_remove(ring, null(), &raw mut none), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_rename(ring, first.as_ptr(), null(), &raw mut none), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_add(ring, null(), &raw mut none), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_add(null(), &raw const added, &raw mut none), KETAMA_E_ARGUMENT);
        assert!(none.is_null());
        ketama_ring_free(ring);
    }
}

#[test]
fn null_and_wrong_indices_have_the_answers_of_the_header() {
    // SAFETY: NULL is what the contract allows everywhere.
    unsafe {
        let (mut point, mut server) = (ketama_point { place: 0, place_high: 0, server: 0 }, 0);
        assert_eq!(ketama_ring_server_count(null()), 0);
        assert_eq!(ketama_ring_server_index(null(), null()), KETAMA_NO_SERVER);
        assert_eq!(ketama_ring_shares(null(), null_mut()), KETAMA_E_ARGUMENT);
        assert!(ketama_ring_dialect(null()).is_null() && ketama_ring_private(null()).is_null());
        assert_eq!(ketama_ring_is_shared(null()), 0);
        assert_eq!(ketama_ring_point(null(), 0, &raw mut point), KETAMA_E_ARGUMENT);
        let (ring, _) = both(Dialect::named("libketama").unwrap()).unwrap();
        let key = c"key".as_ptr().cast();
        assert_eq!(ketama_ring_point(ring, 0, null_mut()), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_place(ring, key, 3, null_mut()), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_place(ring, null(), 3, &raw mut point), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_lookup(ring, null(), 3), KETAMA_NO_SERVER);
        assert_eq!(ketama_ring_lookup_n(ring, key, 3, null_mut(), 2), 0);
        assert_eq!(ketama_ring_lookup_n(ring, key, 3, null_mut(), 0), 0);
        assert_eq!(ketama_ring_lookup_n_zones(ring, null(), 3, &raw mut server, 1), 0);
        assert_eq!(ketama_ring_lookup_many(ring, null(), 1, &raw mut server), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_lookup_integer(ring, 1, null_mut()), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_ring_lookup_place(null(), 1), KETAMA_NO_SERVER);
        assert_eq!(ketama_ring_position(ring, null(), 1), usize::MAX);
        assert_eq!(ketama_ring_hashed(ring, null(), 1, null_mut(), 0), 0);
        assert!(ketama_ring_server_name(ring, 3).is_null() && ketama_ring_private(ring).is_null());
        let mut bounded = null_mut();
        assert_eq!(ketama_bounded_new(null(), 125, &raw mut bounded), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_bounded_new(ring, 0, &raw mut bounded), KETAMA_E_OPTION);
        assert_eq!(error(), "the ring's options ask for no bound");
        assert_eq!(ketama_bounded_lookup(null(), key, 3, null(), 0, &raw mut server), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_bounded_capacity(null(), 0, 10), 0);
        ketama_bounded_free(bounded);
        let mut buckets = null_mut();
        assert_eq!(ketama_buckets_new(null(), 8, &raw mut buckets), KETAMA_E_ARGUMENT);
        assert!(ketama_buckets_slots(buckets).is_null());
        assert_eq!(ketama_buckets_lookup(buckets, key, 3), KETAMA_NO_SERVER);
        ketama_buckets_free(buckets);
        ketama_ring_free(ring);
    }
}

#[test]
fn a_bound_divides_requests_by_weight() {
    let (ring, _) = both(Dialect::named("libketama").unwrap()).unwrap();
    // SAFETY: rings and bounds that are alive.
    unsafe {
        let bounded = made(|out| ketama_bounded_new(ring, 150, out));
        // 41 requests, the one that comes included, times 1.5: the weights are 1, 2 and 1.
        let capacities = [0, 1, 2].map(|server| ketama_bounded_capacity(bounded, server, 40));
        assert_eq!(capacities[0], capacities[2]);
        assert!(capacities[1] > capacities[0] && capacities.iter().sum::<u64>() >= 60, "{capacities:?}");
        let mut server = 7;
        let loads = [0_u64; 2];
        let key = c"key".as_ptr().cast();
        let status = ketama_bounded_lookup(bounded, key, 3, loads.as_ptr(), 2, &raw mut server);
        assert!(status != KETAMA_OK && server == 7, "two loads for three servers");
        ketama_bounded_free(bounded);
        ketama_ring_free(ring);
    }
}

#[test]
fn settings_of_every_dialect_come_back_from_c() {
    for &dialect in DIALECTS {
        let Some((ring, _)) = both(dialect) else { continue };
        // SAFETY: a ring that is alive, and live values.
        unsafe {
            let mut settings = std::mem::MaybeUninit::<ketama_settings>::uninit();
            assert_eq!(ketama_settings_of(ring, settings.as_mut_ptr()), KETAMA_OK);
            let settings = settings.assume_init();
            assert_eq!(fleet::from_c(&settings), Some(dialect.health), "{dialect}");
            let mut fleet = null_mut();
            let wrong = ketama_settings { after: 4, ..settings };
            assert_eq!(ketama_fleet_new(ring, 0, &raw const wrong, &raw mut fleet), KETAMA_E_ARGUMENT);
            assert_eq!(ketama_fleet_new(ring, 4, &raw const settings, &raw mut fleet), KETAMA_E_ARGUMENT);
            assert_eq!(ketama_fleet_new(null(), 0, null(), &raw mut fleet), KETAMA_E_ARGUMENT);
            assert_eq!(ketama_settings_of(ring, null_mut()), KETAMA_E_ARGUMENT);
            assert!(fleet.is_null());
            ketama_ring_free(ring);
        }
    }
    let (_, built) = both(Dialect::named("libketama").unwrap()).unwrap();
    for after in [KETAMA_AFTER_FRESH, KETAMA_AFTER_ONCE, KETAMA_AFTER_TRIAL, KETAMA_AFTER_REFUSED] {
        let settings = ketama_settings { after, retry_ms: 1, ..fleet::to_c(&built.dialect().health) };
        let again = fleet::to_c(&fleet::from_c(&settings).unwrap());
        assert_eq!((again.after, again.retry_ms), (after, 1));
    }
}

#[test]
fn a_fleet_tells_the_states_of_its_servers() {
    let (ring, built) = both(Dialect::named("libketama").unwrap()).unwrap();
    let key = c"key".as_ptr().cast();
    let owner = built.lookup(b"key").unwrap();
    let rules = ketama_settings {
        failures: 2,
        successes: 1,
        retry_ms: 100,
        rest_ms: 10,
        explore: 0.0,
        seed: 0,
        after: KETAMA_AFTER_TRIAL,
        spares_single: 0,
        keeps_last_ring: 0,
    };
    // SAFETY: a ring and a fleet that are alive, and live values.
    unsafe {
        let fleet = made(|out| ketama_fleet_new(ring, KETAMA_POLICY_FAIL, &raw const rules, out));
        let state = |now| ketama_fleet_state(fleet, owner, now);
        let ask = |now| {
            let mut refused = 7;
            (ketama_fleet_lookup(fleet, key, 3, now, &raw mut refused), refused)
        };
        assert_eq!((state(0), ketama_fleet_alive_count(fleet, 0)), (KETAMA_STATE_UP, 3));
        assert_eq!(ketama_fleet_failed(fleet, owner, 1), KETAMA_OK);
        assert_eq!((state(5), ask(5)), (KETAMA_STATE_RESTING, (KETAMA_NO_SERVER, owner)));
        assert_eq!(ketama_fleet_failed(fleet, owner, 20), KETAMA_OK);
        assert_eq!((state(21), ketama_fleet_alive_count(fleet, 21)), (KETAMA_STATE_OUT, 2));
        let mut list = [9; 3];
        assert_eq!(ketama_fleet_lookup_n(fleet, key, 3, 21, list.as_mut_ptr(), 3), 2);
        assert!(!list[..2].contains(&owner));
        assert_eq!((state(121), ask(121)), (KETAMA_STATE_TRIAL, (owner, KETAMA_NO_SERVER)));
        assert_eq!(ketama_fleet_succeeded(fleet, owner, 122), KETAMA_OK);
        assert_eq!(state(122), KETAMA_STATE_UP);
        let mut events = [const { ketama_event { at_ms: 0, server: 9, ejected: 9 } }; 3];
        assert_eq!(ketama_fleet_events(fleet, events.as_mut_ptr(), 3), 2);
        let told = events[..2].iter().map(|event| (event.at_ms, event.server, event.ejected));
        assert_eq!(told.collect::<Vec<_>>(), [(20, owner, 1), (122, owner, 0)]);
        assert_eq!(ketama_fleet_events(fleet, events.as_mut_ptr(), 3), 0, "they were taken");
        assert_eq!(ketama_fleet_mark(fleet, owner, 1, 130), KETAMA_OK);
        assert_eq!((state(130), ketama_fleet_alive_count(fleet, 130)), (KETAMA_STATE_DOWN, 2));
        assert_eq!(ketama_fleet_mark(fleet, owner, 0, 131), KETAMA_OK);
        assert_eq!(state(131), KETAMA_STATE_UP);
        assert_eq!(ketama_fleet_failed(fleet, 3, 131), KETAMA_E_SERVER);
        assert_eq!(ketama_fleet_state(fleet, 3, 131), KETAMA_STATE_DOWN);
        ketama_fleet_free(fleet);

        let refused = ketama_settings { after: KETAMA_AFTER_REFUSED, successes: 0, ..rules };
        let fleet = made(|out| ketama_fleet_new(ring, KETAMA_POLICY_DIALECT, &raw const refused, out));
        assert_eq!(ketama_fleet_failed(fleet, owner, 1), KETAMA_OK);
        assert_eq!(ketama_fleet_failed(fleet, owner, 2), KETAMA_OK);
        assert_eq!(ketama_fleet_state(fleet, owner, 500), KETAMA_STATE_REFUSED);
        ketama_fleet_free(fleet);

        let fleet = made(|out| ketama_fleet_new(ring, KETAMA_POLICY_REBUILD, &raw const rules, out));
        assert_eq!(ketama_fleet_mark(fleet, owner, 1, 0), KETAMA_OK);
        let without = built.without(&built.servers()[owner as usize].name).unwrap();
        let heir = without.lookup(b"key").unwrap();
        let heir = built.index_of(&without.servers()[heir as usize].name);
        assert_eq!(Some(ketama_fleet_lookup(fleet, key, 3, 1, null_mut())), heir);
        ketama_fleet_free(fleet);
        ketama_ring_free(ring);

        assert_eq!(ketama_fleet_lookup(null(), key, 3, 0, null_mut()), KETAMA_NO_SERVER);
        assert_eq!(ketama_fleet_lookup_n(null(), key, 3, 0, list.as_mut_ptr(), 3), 0);
        assert_eq!(ketama_fleet_succeeded(null_mut(), 0, 0), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_fleet_alive_count(null(), 0), 0);
        assert_eq!(ketama_fleet_events(null_mut(), null_mut(), 3), 0);
        ketama_fleet_free(null_mut());
    }
    let before = ketama_now();
    std::thread::sleep(Duration::from_millis(3));
    let passed = ketama_now() - before;
    assert!((3..600_000).contains(&passed), "{passed} ms");
}

#[test]
fn a_published_ring_is_attached_with_its_names_and_followed() {
    let folder = Folder::new();
    let path = CString::new(folder.path("ring").as_os_str().as_bytes()).unwrap();
    let (ring, _) = both(Dialect::named("libketama").unwrap()).unwrap();
    // SAFETY: rings and handles that are alive, and live strings.
    unsafe {
        assert_eq!(ketama_ring_publish(ring, path.as_ptr()), KETAMA_OK);
        let shared = made(|out| ketama_ring_attach(path.as_ptr(), out));
        assert_eq!((ketama_ring_is_shared(ring), ketama_ring_is_shared(shared)), (0, 1));
        assert_eq!(text(ketama_ring_server_name(shared, 1)), "10.0.0.2:11211");
        assert!(ketama_ring_server_name(shared, 3).is_null());
        let handle = made(|out| ketama_handle_open(path.as_ptr(), out));
        assert_eq!((ketama_handle_is_stale(handle), ketama_handle_wait(handle, 0)), (0, 0));
        let changed = made(|out| ketama_ring_remove(ring, c"10.0.0.1:11211".as_ptr(), out));
        assert_eq!(ketama_ring_publish(changed, path.as_ptr()), KETAMA_OK);
        assert_eq!(ketama_handle_is_stale(handle), 1);
        let mut is_new = 7;
        assert_eq!(ketama_handle_refresh(handle, &raw mut is_new), KETAMA_OK);
        assert_eq!(is_new, 1);
        let now = made(|out| ketama_handle_ring(handle, out));
        assert_eq!(ketama_ring_fingerprint(now), ketama_ring_fingerprint(changed));
        let key = c"key".as_ptr().cast();
        assert_eq!(ketama_handle_lookup(handle, key, 3), ketama_ring_lookup(changed, key, 3));
        assert_eq!(ketama_handle_lookup(handle, null(), 3), KETAMA_NO_SERVER);
        assert_eq!(ketama_handle_watch(handle, null_mut()), KETAMA_E_ARGUMENT);
        ketama_handle_free(handle);
        [ring, shared, changed, now].into_iter().for_each(|ring| ketama_ring_free(ring));
        // A list whose segment cannot be there says why its ring is private.
        let list = folder.path("fleet.toml");
        let fleet = "dialect = 'hash-ring'\nsegment = 'none/ring'\n[[servers]]\nname = 'a:1'\n";
        std::fs::write(&list, fleet).unwrap();
        let path = CString::new(list.as_os_str().as_bytes()).unwrap();
        let private = made(|out| ketama_ring_open(path.as_ptr(), out));
        let reason = text(ketama_ring_private(private));
        assert!(reason.starts_with("no lock on the segment: "), "{reason}");
        ketama_ring_free(private);
        let (mut ring, mut handle) = (null_mut(), null_mut());
        let missing = CString::new(folder.path("none").as_os_str().as_bytes()).unwrap();
        assert_eq!(ketama_ring_open(missing.as_ptr(), &raw mut ring), KETAMA_E_IO);
        assert_eq!(ketama_ring_attach(path.as_ptr(), &raw mut ring), KETAMA_E_SEGMENT);
        assert_eq!(ketama_handle_open(null(), &raw mut handle), KETAMA_E_ARGUMENT);
        assert_eq!(ketama_handle_refresh(handle, null_mut()), KETAMA_E_ARGUMENT);
        assert_eq!((ketama_handle_is_stale(handle), ketama_handle_wait(handle, 0)), (0, 0));
        ketama_handle_free(handle);
    }
}

#[test]
fn a_panic_is_a_status_and_every_kind_of_error_has_its_own() {
    assert_eq!(guard::status(|| panic!("on purpose")), KETAMA_E_INTERNAL);
    assert_eq!(error(), "internal error: a defect of the library was caught");
    let kinds = [
        (ErrorKind::Io, 2),
        (ErrorKind::Syntax, 3),
        (ErrorKind::UnknownDialect, 4),
        (ErrorKind::Option, 5),
        (ErrorKind::Server, 6),
        (ErrorKind::Limit, 7),
        (ErrorKind::Memory, 8),
        (ErrorKind::Segment, 10),
        (ErrorKind::Busy, 11),
    ];
    for (kind, number) in kinds {
        assert_eq!(guard::status(|| Err(Error::new(kind, "why"))), number);
        assert_eq!(error(), "why");
    }
}

#[test]
#[ignore = "changes what the whole process does: started by the next one"]
fn policy_and_trust() {
    ketama_segment_policy(1, 7);
    let policy = policy::current();
    assert!(policy.group && policy.wait == Duration::from_millis(7));
    ketama_segment_policy(0, 8);
    assert!(!policy::current().group);
    ketama_segment_trust(60_004);
    assert_eq!(Trust::here().owner(), Some(60_004));
    ketama_segment_trust(c_uint::MAX);
    assert_eq!(Trust::here().owner(), None);
}

#[test]
fn policy_and_trust_are_those_that_were_set_last() {
    let standard = Policy::default();
    assert!(!standard.group && standard.wait == Duration::from_millis(100));
    let name = "capi::ring::tests::policy_and_trust";
    let output = crate::tests::process::this_program_with(name).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}
