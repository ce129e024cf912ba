//! What the library says of itself: its version and its dialects.

use crate::capi::guard::guard;
use crate::dialect::DIALECTS;
use std::ffi::{CString, c_char};
use std::sync::LazyLock;

/// \brief Version of the library that is loaded, such as `1.1.0`: a C string that is always valid.
#[unsafe(no_mangle)]
pub extern "C" fn ketama_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// \brief Name of a dialect: a C string that is valid as long as the library is loaded.
///
/// \param index 0 to the number of dialects - 1, in the order in which they are listed for people
/// \return NULL for a greater index
#[unsafe(no_mangle)]
pub extern "C" fn ketama_dialect_name(index: usize) -> *const c_char {
    static NAMES: LazyLock<Vec<CString>> =
        LazyLock::new(|| DIALECTS.iter().filter_map(|dialect| CString::new(dialect.name).ok()).collect());
    guard(std::ptr::null(), || NAMES.get(index).map_or(std::ptr::null(), |name| name.as_ptr()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    #[test]
    fn every_dialect_has_a_name_for_c_and_nothing_follows_the_last() {
        for (index, dialect) in DIALECTS.iter().enumerate() {
            // SAFETY: not NULL for an index in the table, and then a C string that lives on.
            let name = unsafe { CStr::from_ptr(ketama_dialect_name(index)) };
            assert_eq!(name.to_str(), Ok(dialect.name));
        }
        assert!(ketama_dialect_name(DIALECTS.len()).is_null());
        assert!(ketama_dialect_name(usize::MAX).is_null());
    }

    #[test]
    fn the_version_is_that_of_the_package() {
        // SAFETY: always a C string.
        let version = unsafe { CStr::from_ptr(ketama_version()) };
        assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
    }
}
