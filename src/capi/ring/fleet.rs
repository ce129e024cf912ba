//! Fleets for C: a ring, the state of its servers, and what becomes of the keys of those that fail.

#![expect(
    clippy::missing_safety_doc,
    reason = "these comments become the C header; the contract for Rust is told once, in `capi`"
)]

use super::{KETAMA_NO_SERVER, KETAMA_OK, ketama_ring, missing};
use crate::capi::guard::{guard_or, slice, slice_mut, status, store};
use crate::error::{Error, ErrorKind};
use crate::health::{After, Answer, Change, Fleet, Policy, Settings, State};
use std::ffi::{c_double, c_int, c_void};
use std::time::Duration;

/// The keys of a server that is out: what the dialect's software does with them.
pub const KETAMA_POLICY_DIALECT: c_int = 0;
/// The keys of a server that is out go to the next server that is up; other keys stay where they are.
pub const KETAMA_POLICY_NEXT_SERVER: c_int = 1;
/// The ring is built without the servers that are out.
pub const KETAMA_POLICY_REBUILD: c_int = 2;
/// The keys of a server that is out are refused; no key ever moves.
pub const KETAMA_POLICY_FAIL: c_int = 3;

/// An ejected server is back after its time, its failures counted from 0.
pub const KETAMA_AFTER_FRESH: c_int = 0;
/// An ejected server is back after its time, and the next failure ejects it again.
pub const KETAMA_AFTER_ONCE: c_int = 1;
/// After its time one look-up gets the server as a trial; it is back if that request succeeds.
pub const KETAMA_AFTER_TRIAL: c_int = 2;
/// After its time the server has its keys again, but every request is refused (libmemcached's marked dead).
pub const KETAMA_AFTER_REFUSED: c_int = 3;

/// The server is used.
pub const KETAMA_STATE_UP: c_int = 0;
/// It failed, but is not ejected: its keys are refused for a while.
pub const KETAMA_STATE_RESTING: c_int = 1;
/// It is ejected.
pub const KETAMA_STATE_OUT: c_int = 2;
/// The next look-up that meets it gets it as a trial.
pub const KETAMA_STATE_TRIAL: c_int = 3;
/// Its time out is over, but every request is refused.
pub const KETAMA_STATE_REFUSED: c_int = 4;
/// It was taken out by hand.
pub const KETAMA_STATE_DOWN: c_int = 5;

/// When a server counts as dead and when it is tried again. Start from ketama_settings_of().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ketama_settings {
    /// This many failures in a row eject a server; 0: never.
    pub failures: u32,
    /// This many successes in a row bring an ejected server back; 0: successes do not.
    pub successes: u32,
    /// How long an ejected server stays out, in milliseconds; below 0: until successes bring it back.
    pub retry_ms: i64,
    /// How long the keys of a server are refused after a failure that does not eject it, in milliseconds.
    pub rest_ms: u64,
    /// While a server is out: the probability, 0 to 1, with which a look-up ignores that, so that a dead server is
    /// discovered when it lives again.
    pub explore: c_double,
    /// Where the sequence of random numbers for explore starts.
    pub seed: u64,
    /// What happens when the time of retry_ms is over: a KETAMA_AFTER_ number.
    pub after: c_int,
    /// Nonzero: a list's only server is never ejected.
    pub spares_single: c_int,
    /// Nonzero: the ring stays as it was when the last server is ejected; its keys are then refused.
    pub keeps_last_ring: c_int,
}

/// Something that happened to a server.
#[repr(C)]
pub struct ketama_event {
    /// When, in milliseconds: the time that was passed to the call that brought it about.
    pub at_ms: u64,
    /// The server's index.
    pub server: u32,
    /// Nonzero: it was ejected; 0: it is back.
    pub ejected: c_int,
}

/// A ring and the state of its servers. Any number of threads may use it at once; look-ups never wait for a lock.
pub struct ketama_fleet {
    fleet: Fleet,
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn to_c(settings: &Settings) -> ketama_settings {
    ketama_settings {
        failures: settings.failures,
        successes: settings.successes,
        retry_ms: settings.retry.map_or(-1, |retry| i64::try_from(retry.as_millis()).unwrap_or(i64::MAX)),
        rest_ms: milliseconds(settings.rest),
        explore: settings.explore,
        seed: settings.seed,
        after: match settings.after {
            After::Fresh => KETAMA_AFTER_FRESH,
            After::Once => KETAMA_AFTER_ONCE,
            After::Trial => KETAMA_AFTER_TRIAL,
            After::Refused => KETAMA_AFTER_REFUSED,
        },
        spares_single: settings.spares_single.into(),
        keeps_last_ring: settings.keeps_last_ring.into(),
    }
}

pub(super) fn from_c(settings: &ketama_settings) -> Option<Settings> {
    Some(Settings {
        failures: settings.failures,
        successes: settings.successes,
        retry: u64::try_from(settings.retry_ms).ok().map(Duration::from_millis),
        rest: Duration::from_millis(settings.rest_ms),
        explore: settings.explore,
        seed: settings.seed,
        after: match settings.after {
            KETAMA_AFTER_FRESH => After::Fresh,
            KETAMA_AFTER_ONCE => After::Once,
            KETAMA_AFTER_TRIAL => After::Trial,
            KETAMA_AFTER_REFUSED => After::Refused,
            _ => return None,
        },
        spares_single: settings.spares_single != 0,
        keeps_last_ring: settings.keeps_last_ring != 0,
    })
}

fn policy(number: c_int) -> Option<Policy> {
    match number {
        KETAMA_POLICY_DIALECT => Some(Policy::Dialect),
        KETAMA_POLICY_NEXT_SERVER => Some(Policy::NextServer),
        KETAMA_POLICY_REBUILD => Some(Policy::Rebuild),
        KETAMA_POLICY_FAIL => Some(Policy::Fail),
        _ => None,
    }
}

/// \brief Milliseconds of a clock that never goes back: what the functions below take as now. Any other such clock will
/// do, if all calls for a fleet use the same one.
#[unsafe(no_mangle)]
pub extern "C" fn ketama_now() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live value of the right type.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}

/// \brief Gives the settings of the software whose dialect the ring has.
///
/// \param ring a ring
/// \param out  where the settings are stored
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT for a NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_settings_of(ring: *const ketama_ring, out: *mut ketama_settings) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }).filter(|_| !out.is_null()) else {
        return missing("the ring or the pointer to the settings is NULL");
    };
    // SAFETY: not NULL, so by the contract it can be written.
    unsafe { out.write(to_c(&ring.ring.dialect().health)) };
    KETAMA_OK
}

/// \brief Makes a fleet of a ring. Servers that are down in its list count as taken out by hand.
///
/// \param ring     a ring; it is copied, and may be freed at once
/// \param policy   a KETAMA_POLICY_ number
/// \param settings the settings; NULL for those of the dialect's software
/// \param out      where the fleet is stored; to be released with ketama_fleet_free()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (a NULL, an unknown number), KETAMA_E_OPTION (settings that do not go together),
///         or what ketama_ring_mark() returns
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_new(
    ring: *const ketama_ring,
    policy: c_int,
    settings: *const ketama_settings,
    out: *mut *mut ketama_fleet,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(ring) = (unsafe { ring.as_ref() }) else { return missing("the ring is NULL") };
    // SAFETY: as above.
    let settings = unsafe { settings.as_ref() }.map_or(Some(ring.ring.dialect().health), from_c);
    let (Some(policy), Some(settings)) = (self::policy(policy), settings) else {
        return missing("no such policy, or no such number in `after`");
    };
    let build = || Ok(ketama_fleet { fleet: Fleet::new(&ring.ring, policy, settings)? });
    // SAFETY: as above.
    unsafe { store(out, build) }
}

/// \brief Releases a fleet that no thread is using; NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_free(fleet: *mut ketama_fleet) {
    if !fleet.is_null() {
        // SAFETY: not NULL, so by the contract of `capi` it came from `ketama_fleet_new` and was not freed.
        drop(unsafe { Box::from_raw(fleet) });
    }
}

/// Answers a question about a fleet; `nothing` for NULL.
///
/// # Safety
/// `fleet` is NULL or a fleet that outlives `'a`.
unsafe fn ask<'a, T>(fleet: *const ketama_fleet, nothing: T, answer: impl FnOnce(&'a Fleet) -> T) -> T {
    // SAFETY: by the contract of this function.
    let fleet = unsafe { fleet.as_ref() };
    guard_or(nothing, || fleet.map(|fleet| answer(&fleet.fleet)))
}

/// \brief Finds the server to which a request goes now.
///
/// \param fleet a fleet
/// \param key   as in ketama_ring_lookup()
/// \param len   its bytes
/// \param now   milliseconds, as of ketama_now()
/// \param owner NULL, or where the index of the server is stored to which the key belongs if it is refused: that server
///              must not be asked now, and nobody stands in for it; else KETAMA_NO_SERVER is stored
/// \return the server's index, or KETAMA_NO_SERVER
///
/// Tell the fleet how the request went: ketama_fleet_succeeded(), ketama_fleet_failed().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_lookup(
    fleet: *const ketama_fleet,
    key: *const c_void,
    len: usize,
    now: u64,
    owner: *mut u32,
) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return KETAMA_NO_SERVER };
    let lookup = |fleet: &Fleet| fleet.lookup(key, Duration::from_millis(now));
    // SAFETY: as above.
    let answer = unsafe { ask(fleet, Answer::Nowhere, lookup) };
    if !owner.is_null() {
        let refused = if let Answer::Refused(server) = answer { server } else { KETAMA_NO_SERVER };
        // SAFETY: not NULL, so by the contract it can be written.
        unsafe { owner.write(refused) };
    }
    answer.server().unwrap_or(KETAMA_NO_SERVER)
}

/// \brief Finds the first n servers for a key that can be asked now, in the order of ketama_ring_lookup_n().
///
/// \param fleet a fleet
/// \param key   as in ketama_ring_lookup()
/// \param len   its bytes
/// \param now   milliseconds, as of ketama_now()
/// \param out   room for n indices
/// \param n     how many are wanted
/// \return how many there are; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_lookup_n(
    fleet: *const ketama_fleet,
    key: *const c_void,
    len: usize,
    now: u64,
    out: *mut u32,
    n: usize,
) -> usize {
    // SAFETY: the caller keeps the contract of `capi`.
    let Some(key) = (unsafe { slice(key.cast::<u8>(), len) }) else { return 0 };
    // SAFETY: as above.
    let Some(out) = (unsafe { slice_mut(out, n) }) else { return 0 };
    // SAFETY: as above.
    unsafe { ask(fleet, 0, |fleet| fleet.lookup_n(key, Duration::from_millis(now), out)) }
}

/// Tells a fleet something about a server.
///
/// # Safety
/// `fleet` keeps the contract of `capi`.
unsafe fn tell(
    fleet: *const ketama_fleet,
    server: u32,
    report: impl FnOnce(&Fleet) -> Result<(), Error>,
) -> c_int {
    // SAFETY: by the contract of this function.
    let Some(ketama_fleet { fleet }) = (unsafe { fleet.as_ref() }) else {
        return missing("the fleet is NULL");
    };
    status(|| {
        if server as usize >= fleet.ring().server_count() {
            return Err(Error::new(ErrorKind::Server, format!("the fleet has no server {server}")));
        }
        report(fleet)
    })
}

/// \brief Reports that a request to a server succeeded.
///
/// \param fleet  a fleet
/// \param server the server's index
/// \param now    milliseconds, as of ketama_now()
/// \return KETAMA_OK, or KETAMA_E_ARGUMENT (NULL), KETAMA_E_SERVER (no such server), or what building a ring returns
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_succeeded(fleet: *mut ketama_fleet, server: u32, now: u64) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { tell(fleet, server, |fleet| fleet.succeeded(server, Duration::from_millis(now))) }
}

/// \brief Reports that a request to a server failed. As ketama_fleet_succeeded().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_failed(fleet: *mut ketama_fleet, server: u32, now: u64) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { tell(fleet, server, |fleet| fleet.failed(server, Duration::from_millis(now))) }
}

/// \brief Takes a server out by hand (down nonzero), or puts it back. As ketama_fleet_succeeded().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_mark(
    fleet: *mut ketama_fleet,
    server: u32,
    down: c_int,
    now: u64,
) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { tell(fleet, server, |fleet| fleet.set_down(server, down != 0, Duration::from_millis(now))) }
}

/// \brief State of a server: a KETAMA_STATE_ number; KETAMA_STATE_DOWN for an index that is none.
///
/// \param fleet  a fleet
/// \param server the server's index
/// \param now    milliseconds, as of ketama_now()
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_state(fleet: *const ketama_fleet, server: u32, now: u64) -> c_int {
    // SAFETY: the caller keeps the contract of `capi`.
    match unsafe { ask(fleet, State::Down, |fleet| fleet.state(server, Duration::from_millis(now))) } {
        State::Up => KETAMA_STATE_UP,
        State::Resting => KETAMA_STATE_RESTING,
        State::Out => KETAMA_STATE_OUT,
        State::Trial => KETAMA_STATE_TRIAL,
        State::Refused => KETAMA_STATE_REFUSED,
        State::Down => KETAMA_STATE_DOWN,
    }
}

/// \brief Number of servers that are neither ejected nor taken out; 0 for NULL. now as of ketama_now().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_alive_count(fleet: *const ketama_fleet, now: u64) -> u32 {
    // SAFETY: the caller keeps the contract of `capi`.
    unsafe { ask(fleet, 0, |fleet| fleet.alive_count(Duration::from_millis(now)) as u32) }
}

/// \brief Takes the oldest events that nobody has taken yet: servers ejected and rediscovered. 4096 are kept.
///
/// \param fleet a fleet
/// \param out   room for n events
/// \param n     how many are wanted
/// \return how many were stored; 0 for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ketama_fleet_events(
    fleet: *mut ketama_fleet,
    out: *mut ketama_event,
    n: usize,
) -> usize {
    if out.is_null() {
        return 0;
    }
    // SAFETY: the caller keeps the contract of `capi`.
    let events = unsafe { ask(fleet, Vec::new(), |fleet| fleet.take_some_events(n)) };
    for (index, event) in events.iter().enumerate() {
        let event = ketama_event {
            at_ms: milliseconds(event.at),
            server: event.server,
            ejected: (event.change == Change::Ejected).into(),
        };
        // SAFETY: by the contract there is room for n events, and no more were taken.
        unsafe { out.wrapping_add(index).write(event) };
    }
    events.len()
}
