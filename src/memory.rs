//! Whether there is memory for what is about to be made of a list.
//!
//! Most of it comes in small pieces, and Rust ends the process where one of them cannot be had. So all of it is asked for at
//! once before, given back, and an error returned if it is not there. Arrays that grow with the list are asked for one by one
//! too, so that another thread may have taken the memory in between.

use crate::error::{Error, ErrorKind};
use std::fmt::Display;

/// Asks for so many bytes. `what` they are for stands in the error.
pub(crate) fn room(bytes: usize, what: impl Display) -> Result<(), Error> {
    if is_there(bytes) { Ok(()) } else { Err(none(what)) }
}

/// Much is asked of the system itself: once an allocator has given a large block back, glibc keeps blocks up to that size in
/// the heap, and all memory that is used for a moment stays with the process.
#[cfg(feature = "segment")]
fn is_there(bytes: usize) -> bool {
    const MUCH: usize = 1 << 17;
    if bytes < MUCH { can_be_allocated(bytes) } else { memmap2::MmapMut::map_anon(bytes).is_ok() }
}

#[cfg(not(feature = "segment"))]
use can_be_allocated as is_there;

fn can_be_allocated(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(bytes);
    // Memory that nobody looks at need not be asked for: the compiler would leave it out.
    std::hint::black_box(&mut room);
    reserved.is_ok()
}

/// Room for so many values more in a list.
pub(crate) fn reserve<T>(list: &mut Vec<T>, count: usize, what: impl Display) -> Result<(), Error> {
    list.try_reserve(count).map_err(|_| none(what))
}

/// The values of an iterator that knows how many they are.
pub(crate) fn collect<T>(
    values: impl ExactSizeIterator<Item = T>,
    what: impl Display,
) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    list.try_reserve_exact(values.len()).map_err(|_| none(what))?;
    list.extend(values);
    Ok(list)
}

/// A value so many times.
pub(crate) fn filled<T: Clone>(value: T, count: usize, what: impl Display) -> Result<Vec<T>, Error> {
    collect(std::iter::repeat_n(value, count), what)
}

/// The error where there is none.
pub(crate) fn none(what: impl Display) -> Error {
    Error::new(ErrorKind::Memory, format!("no memory for {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert!(room(1 << 20, "a test").is_ok());
        // Half of all addresses a processor of 32 bits may have.
        let much = if usize::BITS == 32 { usize::MAX } else { usize::MAX / 2 };
        let error = room(much, "a test").unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Memory, "no memory for a test"));
    }
}
