//! Many keys at once: hashed lane by lane, then searched.

use super::Ring;
use crate::hash::md5::Backend;
use crate::key::Prepared;
use crate::point::Place;
use crate::rule::{Engine, Map, Rule};
use std::borrow::Cow;

pub use crate::search::NO_SERVER;

/// How many keys are hashed before they are searched: enough to fill the lanes of every backend several times over,
/// little enough for the stack and the first-level cache.
const CHUNK: usize = 256;

impl Ring {
    /// Looks up many keys: `out[i]` becomes the index of the server for `keys[i]`, or [`NO_SERVER`].
    ///
    /// The answers are those of [`Ring::lookup`]. If the lengths differ, the shorter one counts.
    pub fn lookup_many(&self, keys: &[&[u8]], out: &mut [u32]) {
        self.lookup_many_with(Backend::detect(), keys, out);
    }

    /// [`Ring::lookup_many`] by a given backend, to compare backends: the answers are the same.
    pub fn lookup_many_with(&self, backend: Backend, keys: &[&[u8]], out: &mut [u32]) {
        for (keys, out) in keys.chunks(CHUNK).zip(out.chunks_mut(CHUNK)) {
            let keys = &keys[..keys.len().min(out.len())];
            match &self.rule {
                Rule::Narrow(engine) if self.down.is_empty() => engine.lookup_many(backend, keys, out),
                Rule::Wide(engine) if self.down.is_empty() => engine.lookup_many(backend, keys, out),
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
    fn lookup_many(&self, backend: Backend, keys: &[&[u8]], out: &mut [u32]) {
        let mut places = [T::LAST; CHUNK];
        let places = &mut places[..keys.len()];
        let Some(prepare) = &self.key.prepare else {
            (self.key.hash.many)(backend, keys, places);
            return self.answers(places, out);
        };
        let prepared: Vec<Prepared<'_, T>> = keys.iter().map(|key| prepare(key)).collect();
        let bytes = prepared.iter().map(|prepared| match prepared {
            Prepared::Bytes(Cow::Borrowed(bytes)) => *bytes,
            Prepared::Bytes(Cow::Owned(bytes)) => bytes,
            Prepared::Place(_) | Prepared::Nowhere => &[],
        });
        let bytes: Vec<&[u8]> = bytes.collect();
        (self.key.hash.many)(backend, &bytes, places);
        for (prepared, place) in prepared.iter().zip(places.iter_mut()) {
            if let Prepared::Place(given) = prepared {
                *place = *given;
            }
        }
        self.answers(places, out);
        for (prepared, out) in prepared.iter().zip(out) {
            if matches!(prepared, Prepared::Nowhere) {
                *out = NO_SERVER;
            }
        }
    }

    /// The servers at many places, up or down.
    fn answers(&self, places: &[T], out: &mut [u32]) {
        if let Map::Points(points, search) = &self.map {
            return points.owners(places, *search, out);
        }
        for (place, out) in places.iter().zip(out) {
            *out = self.first(*place).unwrap_or(NO_SERVER);
        }
    }
}
