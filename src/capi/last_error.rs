//! The text behind `ketama_error()`: one buffer for each thread, always a C string, empty before the first failure.

use std::cell::UnsafeCell;
use std::ffi::c_char;

/// The old library's buffer had 255 bytes: callers may copy its text into one of that size.
const LEGACY: usize = 255;

/// A thread's buffer. Constant initialisation and no destructor: a thread-local destructor would keep the library from
/// being unloaded until the thread ends.
struct Buffer(UnsafeCell<[u8; LEGACY]>);

thread_local! {
    static TEXT: Buffer = const { Buffer(UnsafeCell::new([0; LEGACY])) };
}

/// Forgets the text of this thread.
pub(super) fn clear() {
    set_legacy("");
}

/// Sets the text of this thread, cut to 254 bytes as the old library cut it. Bytes behind a NUL are not seen by C.
pub(super) fn set_legacy(text: &str) {
    TEXT.with(|buffer| {
        // SAFETY: the buffer belongs to this thread, and no reference to it outlives a call of this function: `pointer`
        // hands out a raw pointer only.
        let buffer = unsafe { &mut *buffer.0.get() };
        let length = text.len().min(LEGACY - 1);
        buffer[..length].copy_from_slice(&text.as_bytes()[..length]);
        buffer[length..].fill(0);
    });
}

/// The text of this thread: never NULL, a C string, valid until this thread ends, changed by its next failing call.
pub(super) fn pointer() -> *mut c_char {
    TEXT.with(|buffer| buffer.0.get().cast())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn text() -> String {
        // SAFETY: `pointer` gives a C string of this thread.
        unsafe { CStr::from_ptr(pointer()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn the_text_is_cut_where_the_old_library_cut_it() {
        set_legacy(&"x".repeat(400));
        assert_eq!(text().len(), 254);
        set_legacy("short");
        assert_eq!(text(), "short");
    }

    #[test]
    fn each_thread_has_its_own_text() {
        set_legacy("mine");
        std::thread::spawn(|| {
            assert_eq!(text(), "");
            set_legacy("other");
        })
        .join()
        .unwrap();
        assert_eq!(text(), "mine");
    }
}
