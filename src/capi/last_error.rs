//! The text behind `ketama_error()`: one buffer for each thread, always a C string, empty before the first failure.

use std::cell::UnsafeCell;
use std::ffi::c_char;

/// The old library's buffer had 255 bytes: callers of its functions may copy the text into one of that size.
const LEGACY: usize = 255;

/// Texts of the ring API list what would have been right, and need more room.
const ROOM: usize = 2048;

/// A thread's buffer. Constant initialisation and no destructor: nothing is registered for the end of the thread.
struct Buffer(UnsafeCell<[u8; ROOM]>);

thread_local! {
    static TEXT: Buffer = const { Buffer(UnsafeCell::new([0; ROOM])) };
}

/// Forgets the text of this thread.
pub(super) fn clear() {
    set_legacy("");
}

/// Sets the text of this thread, cut to 254 bytes as the old library cut it.
pub(super) fn set_legacy(text: &str) {
    set_cut(text, LEGACY - 1);
}

/// Sets the text of this thread, cut to 2047 bytes.
pub(super) fn set(text: &str) {
    set_cut(text, ROOM - 1);
}

fn set_cut(text: &str, most: usize) {
    TEXT.with(|buffer| {
        // SAFETY: the buffer belongs to this thread, and no reference to it outlives a call of this function: `pointer`
        // hands out a raw pointer only.
        let buffer = unsafe { &mut *buffer.0.get() };
        let length = text.len().min(most);
        buffer[..length].copy_from_slice(&text.as_bytes()[..length]);
        buffer[length] = 0;
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
        set(&"y".repeat(4000));
        assert_eq!(text().len(), 2047);
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
