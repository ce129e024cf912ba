//! The wall between panics and C, and the few conversions of pointers.

use std::ffi::{CStr, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::last_error;
use super::ring::{KETAMA_E_ARGUMENT, KETAMA_E_INTERNAL, KETAMA_OK};
use crate::error::Error;

/// Runs the body of an exported function; a panic, which would be a defect of this library, becomes `on_panic` and a
/// text in `ketama_error()`. An unwinding panic must not cross into C: it would abort the process that loaded us.
pub(super) fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    // Nothing is observed half-done afterwards: shared state is behind a lock whose poison is ignored only because each
    // of its steps leaves it whole (see `state`).
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| {
        last_error::set_legacy("internal error: a defect of the library was caught");
        on_panic
    })
}

/// The same for a body that has no answer to give: `nothing` for None and for a panic.
pub(super) fn guard_or<T>(nothing: T, body: impl FnOnce() -> Option<T>) -> T {
    guard(None, body).unwrap_or(nothing)
}

/// Runs the body of a function that returns a status.
pub(super) fn status(body: impl FnOnce() -> Result<(), Error>) -> c_int {
    guard(KETAMA_E_INTERNAL, || match body() {
        Ok(()) => KETAMA_OK,
        Err(error) => {
            last_error::set(&error.to_string());
            error.kind().status()
        }
    })
}

/// Runs the body of a function that returns a status and stores something new for C to own.
///
/// # Safety
/// `out` is NULL or can be written.
pub(super) unsafe fn store<T>(out: *mut *mut T, body: impl FnOnce() -> Result<T, Error>) -> c_int {
    if out.is_null() {
        last_error::set("the pointer to the result is NULL");
        return KETAMA_E_ARGUMENT;
    }
    status(|| {
        let made = Box::into_raw(Box::new(body()?));
        // SAFETY: not NULL, so by the contract of this function it can be written.
        unsafe { out.write(made) };
        Ok(())
    })
}

/// An array that C gives with its length; None for NULL unless it is empty.
///
/// # Safety
/// `first` is NULL or points at `count` values that outlive `'a` unchanged.
pub(super) unsafe fn slice<'a, T>(first: *const T, count: usize) -> Option<&'a [T]> {
    if count == 0 {
        return Some(&[]);
    }
    if first.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by the contract of this function there are `count` values.
    Some(unsafe { std::slice::from_raw_parts(first, count) })
}

/// Room that C gives for an array; None for NULL unless it is empty.
///
/// # Safety
/// `first` is NULL or points at room for `count` initialised or plain values, which nobody else uses during `'a`.
pub(super) unsafe fn slice_mut<'a>(first: *mut u32, count: usize) -> Option<&'a mut [u32]> {
    if count == 0 {
        return Some(&mut []);
    }
    if first.is_null() {
        return None;
    }
    // C may hand over memory that it has not written: zeros first, so that only written numbers are read.
    // SAFETY: not NULL, so by the contract of this function there is room.
    unsafe { first.write_bytes(0, count) };
    // SAFETY: as above, and every number was written just now.
    Some(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

/// The bytes of a C string; None for NULL.
///
/// # Safety
/// `text` is NULL or a C string that outlives `'a` unchanged.
pub(super) unsafe fn bytes<'a>(text: *const c_char) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, so by the contract of this function a C string that lives long enough.
    Some(unsafe { CStr::from_ptr(text) }.to_bytes())
}
