//! From key bytes to a place on the circle: what part of the key is hashed, and by which function.

use crate::hash::Hash;
use std::borrow::Cow;
use std::sync::Arc;

/// What is to be done with a key.
pub enum Prepared<'a, T> {
    /// These bytes are hashed.
    Bytes(Cow<'a, [u8]>),
    /// Nothing is hashed: the key lies here.
    Place(T),
    /// The software has no place for this key, and the look-up no answer.
    Nowhere,
}

/// A dialect's rule for the part of a key that is hashed.
pub type Prepare<T> = dyn for<'a> Fn(&'a [u8]) -> Prepared<'a, T> + Send + Sync;

/// How a dialect places a key.
#[derive(Clone)]
pub struct Key<T: 'static> {
    /// The hash function.
    pub hash: &'static Hash<T>,
    /// The rule for the hashed part, in words that tell it from every other rule; empty where the whole key is hashed.
    pub part: String,
    /// The rule itself; None where the whole key is hashed.
    pub prepare: Option<Arc<Prepare<T>>>,
    /// The place of an integer that is given in place of a key's hash; None where the software takes no integers.
    pub integer: Option<fn(u64) -> T>,
}

impl<T: Copy + 'static> Key<T> {
    /// The whole key is hashed.
    pub fn whole(hash: &'static Hash<T>) -> Self {
        Self { hash, part: String::new(), prepare: None, integer: None }
    }

    /// Part of the key is hashed, by a rule that `part` tells from every other.
    pub fn part(
        hash: &'static Hash<T>,
        part: impl Into<String>,
        prepare: impl for<'a> Fn(&'a [u8]) -> Prepared<'a, T> + Send + Sync + 'static,
    ) -> Self {
        Self { hash, part: part.into(), prepare: Some(Arc::new(prepare)), integer: None }
    }

    /// The key behind a prefix; the whole key where that is empty.
    pub fn prefixed(hash: &'static Hash<T>, prefix: String) -> Self {
        if prefix.is_empty() {
            return Self::whole(hash);
        }
        Self::part(hash, format!("prefix {prefix}"), move |key| prefixed(prefix.as_bytes(), key))
    }

    /// The same, for software that can be given an integer in place of the hash.
    #[must_use]
    pub fn or_integer(mut self, place: fn(u64) -> T) -> Self {
        self.integer = Some(place);
        self
    }

    /// The place of a key; None if the software has none for it.
    #[inline]
    pub fn place(&self, key: &[u8]) -> Option<T> {
        match &self.prepare {
            None => Some((self.hash.one)(key)),
            Some(prepare) => self.place_of_part(prepare.as_ref(), key),
        }
    }

    /// Apart, lest the room that the part may need slow the look-up of whole keys down.
    #[inline(never)]
    fn place_of_part(&self, prepare: &Prepare<T>, key: &[u8]) -> Option<T> {
        match prepare(key) {
            Prepared::Bytes(bytes) => Some((self.hash.one)(&bytes)),
            Prepared::Place(place) => Some(place),
            Prepared::Nowhere => None,
        }
    }

    /// The bytes of a key that are hashed; empty where nothing is.
    pub fn hashed<'a>(&self, key: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.prepare {
            None => Cow::Borrowed(key),
            Some(prepare) => match prepare(key) {
                Prepared::Bytes(bytes) => bytes,
                Prepared::Place(_) | Prepared::Nowhere => Cow::Borrowed(&[]),
            },
        }
    }
}

/// A prefix put before every key and hashed with it.
pub(crate) fn prefixed<'a, T>(prefix: &[u8], key: &'a [u8]) -> Prepared<'a, T> {
    Prepared::Bytes(Cow::Owned([prefix, key].concat()))
}

/// What `hash` makes of two texts joined: on the stack where they are as short as names and keys are.
pub(crate) fn joined<R>(first: &[u8], second: &[u8], hash: impl FnOnce(&[u8]) -> R) -> R {
    let mut buffer = [0; 256];
    let end = first.len() + second.len();
    match buffer.get_mut(..end) {
        Some(text) => {
            text[..first.len()].copy_from_slice(first);
            text[first.len()..].copy_from_slice(second);
            hash(text)
        }
        None => hash(&[first, second].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_whether_they_fit_the_buffer_or_not() {
        for (first, second) in [(0, 0), (3, 0), (0, 5), (100, 156), (100, 157), (300, 1), (1, 300)] {
            let (first, second) = (vec![b'a'; first], vec![b'b'; second]);
            let expected = [&first[..], &second[..]].concat();
            assert_eq!(joined(&first, &second, <[u8]>::to_vec), expected);
        }
    }
}
