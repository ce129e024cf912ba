//! Many keys at once: hashed lane by lane, then searched.

use super::Ring;
use crate::key::Prepared;
use crate::point::Place;
use crate::rule::{Engine, Rule};
use std::borrow::Cow;

/// Written where no server answers.
pub const NO_SERVER: u32 = 0xFFFF_FFFF; // u32::MAX as a literal: cffi, which reads the constants for Python, needs one

/// How many keys are hashed before they are searched: enough to fill the lanes of every backend several times over,
/// little enough for the stack and the first-level cache.
const CHUNK: usize = 256;

impl Ring {
    /// Looks up many keys: `out[i]` becomes the index of the server for `keys[i]`, or [`NO_SERVER`].
    ///
    /// The answers are those of [`Ring::lookup`]. If the lengths differ, the shorter one counts.
    pub fn lookup_many(&self, keys: &[&[u8]], out: &mut [u32]) {
        for (keys, out) in keys.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            let keys = &keys[..keys.len().min(out.len())];
            match &self.rule {
                Rule::Narrow(engine) if self.down.is_empty() => engine.lookup_many(keys, out),
                Rule::Wide(engine) if self.down.is_empty() => engine.lookup_many(keys, out),
                _ => {
                    for (key, out) in keys.iter().zip(out) {
                        *out = self.lookup(key).unwrap_or(NO_SERVER);
                    }
                }
            }
        }
    }
}

impl<T: Place> Engine<T> {
    /// At most [`CHUNK`] keys, with no server to pass over.
    fn lookup_many(&self, keys: &[&[u8]], out: &mut [u32]) {
        let mut places = [T::LAST; CHUNK];
        let places = &mut places[..keys.len()];
        let Some(prepare) = &self.key.prepare else {
            (self.key.hash.many)(keys, places);
            for (place, out) in places.iter().zip(out) {
                *out = self.answer(*place);
            }
            return;
        };
        let prepared: Vec<Prepared<'_, T>> = keys.iter().map(|key| prepare(key)).collect();
        let bytes = prepared.iter().map(|prepared| match prepared {
            Prepared::Bytes(Cow::Borrowed(bytes)) => *bytes,
            Prepared::Bytes(Cow::Owned(bytes)) => bytes,
            Prepared::Place(_) | Prepared::Nowhere => &[],
        });
        let bytes: Vec<&[u8]> = bytes.collect();
        (self.key.hash.many)(&bytes, places);
        for ((prepared, place), out) in prepared.iter().zip(places).zip(out) {
            *out = match prepared {
                Prepared::Bytes(_) => self.answer(*place),
                Prepared::Place(place) => self.answer(*place),
                Prepared::Nowhere => NO_SERVER,
            };
        }
    }

    fn answer(&self, place: T) -> u32 {
        self.index(place).and_then(|index| self.server(index)).unwrap_or(NO_SERVER)
    }
}
