//! The wall between panics and C, and the few conversions of pointers.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::last_error;

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
