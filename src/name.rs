//! Names of servers: bytes, of which short ones are stored in place.

use smallvec::SmallVec;
use std::fmt;
use std::ops::Deref;

/// Longest name that needs no memory of its own: `255.255.255.255:65535` has 21 bytes. Longer ones take no more room
/// here, for a pointer and a length need less.
const IN_PLACE: usize = 24;

/// The name of a server: any bytes, read as a slice.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(SmallVec<[u8; IN_PLACE]>);

impl Name {
    /// Makes the first `length` of these bytes the name; None if they are fewer.
    #[cfg(feature = "segment")]
    pub(crate) fn set(&mut self, bytes: &[u8], length: usize) -> Option<()> {
        self.0 = match bytes.first_chunk::<IN_PLACE>() {
            // What follows them is copied too, for the room has one size.
            Some(place) if length <= IN_PLACE => SmallVec::from_buf_and_len(*place, length),
            _ => SmallVec::from_slice(bytes.get(..length)?),
        };
        Some(())
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<[u8]> for Name {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Name {
    fn eq(&self, other: &&[u8; N]) -> bool {
        **self == other[..]
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

impl From<&[u8]> for Name {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Vec<u8>> for Name {
    fn from(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_byte_by_byte() {
        let name = Name::from("ab");
        assert!(name == b"ab" && name != b"ac" && name != b"abc" && name == b"ab"[..] && name != b"ac"[..]);
    }
}
