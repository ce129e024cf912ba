//! Whether there is memory for what is about to be made of a list.
//!
//! Most of it comes in small pieces, and Rust ends the process where one of them cannot be had. So all of it is asked for at
//! once before, given back, and an error returned if it is not there.

use crate::error::{Error, ErrorKind};
use std::fmt::Display;

/// Asks for so many bytes. `what` they are for stands in the error.
pub(crate) fn room(bytes: usize, what: impl Display) -> Result<(), Error> {
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(bytes);
    // Memory that nobody looks at need not be asked for: the compiler would leave it out.
    std::hint::black_box(&mut room);
    reserved.map_err(|_| none(what))
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
