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
        if !self.gains() {
            for (key, out) in keys.iter().zip(out) {
                *out = self.key.place(key).and_then(|place| self.first(place)).unwrap_or(NO_SERVER);
            }
            return;
        }
        let mut places = [T::LAST; CHUNK];
        let places = &mut places[..keys.len()];
        let Some(prepare) = &self.key.prepare else {
            (self.key.hash.many)(backend, keys, places);
            return self.answers(places, out);
        };
        let mut parts: [&[u8]; CHUNK] = [&[]; CHUNK];
        // What is not a part of the key itself: few keys of a batch, if any, or all of them.
        let mut others = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            match prepare(key) {
                Prepared::Bytes(Cow::Borrowed(bytes)) => parts[index] = bytes,
                other => others.push((index, other)),
            }
        }
        for (index, other) in &others {
            if let Prepared::Bytes(bytes) = other {
                parts[*index] = bytes;
            }
        }
        (self.key.hash.many)(backend, &parts[..keys.len()], places);
        for (index, other) in &others {
            if let Prepared::Place(place) = other {
                places[*index] = *place;
            }
        }
        self.answers(places, out);
        for (index, other) in others {
            if matches!(other, Prepared::Nowhere) {
                out[index] = NO_SERVER;
            }
        }
    }

    /// Whether hashing first and searching then is faster than key by key. Taking parts of keys costs 3 ns each: a kernel
    /// wins that back, and so does a ring that is not in the first-level cache.
    fn gains(&self) -> bool {
        let is_large = || matches!(&self.map, Map::Points(points, _) if points.is_large());
        self.key.prepare.is_none() || self.key.hash.kernel || is_large()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::server::Server;
    use crate::server_list::ServerList;

    /// Keys of one block and of more, with and without hash tags, empty ones among them.
    fn keys() -> Vec<String> {
        let key = |number: usize| match number % 5 {
            0 => format!("user:{number}"),
            1 => format!("{{user:{number}}}:{}", "x".repeat(number % 150)),
            2 => "k".repeat(number % 260),
            3 => number.to_string(),
            _ => String::new(),
        };
        (0..2_000).map(key).collect()
    }

    #[test]
    fn batches_of_every_dialect_answer_as_single_look_ups_do() {
        let keys = keys();
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let rings: &[(&str, &[(&str, &str)])] = &[
            ("libketama", &[]),
            ("nginx", &[("consistent", "true")]),
            ("nginx", &[]),
            ("twemproxy", &[("hash-tag", "{}")]),
            ("libmemcached", &[("hash-with-prefix", "true"), ("prefix", "app:")]),
            ("libmemcached", &[("hash", "md5"), ("hash-with-prefix", "true"), ("prefix", "app:")]),
            ("steady", &[]),
            ("envoy", &[]),
            ("uhashring", &[]),
            ("jump", &[]),
            ("haproxy", &[]),
        ];
        // 250 servers have large rings, in which all parts are taken before the first key is searched.
        for ((dialect, options), count) in rings.iter().flat_map(|ring| [(ring, 5), (ring, 250)]) {
            let servers = (0..count).map(|index| Server::new(format!("10.0.0.{index}:11211"), 1)).collect();
            let mut list = ServerList::new(Dialect::named(dialect).unwrap(), servers);
            for (name, value) in *options {
                list.options.set_text(name, value).unwrap();
            }
            let ring = Ring::build(list).unwrap();
            // Where there is a rule for servers that are down.
            let down = ring.marked(b"10.0.0.1:11211", true).ok();
            for ring in down.into_iter().chain([ring]) {
                let single: Vec<u32> = keys.iter().map(|key| ring.lookup(key).unwrap_or(NO_SERVER)).collect();
                for backend in Backend::available() {
                    let mut batch = vec![7; keys.len()];
                    ring.lookup_many_with(backend, &keys, &mut batch);
                    assert_eq!(batch, single, "{dialect} {options:?} {count} {backend}");
                }
            }
        }
    }
}
