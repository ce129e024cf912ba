//! What an engine answers: the point or slot of a place, and its server.

use super::jump::jump;
use crate::point::Place;
use crate::rule::{Engine, Map, Next, Rule};
use crate::search::{NO_SERVER, Search};
use crate::server::Server;
use std::sync::Arc;

impl Rule {
    /// Whether a change of a server's state needs the points to be placed anew.
    pub(super) fn rebuilds(&self) -> bool {
        match self {
            Self::Narrow(engine) => engine.rebuilds(),
            Self::Wide(engine) => engine.rebuilds(),
            Self::Widest(engine) => engine.rebuilds(),
            // Which servers are candidates, the only one or none may depend on their state.
            Self::Scores(_) | Self::Only(_) | Self::Nowhere => true,
        }
    }

    /// The flags that look-ups have to ask for; empty if none has to.
    pub(super) fn passed_over(&self, servers: &[Server]) -> Arc<[bool]> {
        let asks = match self {
            Self::Narrow(engine) => engine.asks(),
            Self::Wide(engine) => engine.asks(),
            Self::Widest(engine) => engine.asks(),
            Self::Scores(_) | Self::Only(_) | Self::Nowhere => false,
        };
        let any_down = servers.iter().any(|server| server.down);
        if asks && (any_down || self.always_walks()) {
            servers.iter().map(|server| server.down).collect()
        } else {
            Arc::from([])
        }
    }

    /// Whether even with all servers up the first point met does not decide.
    fn always_walks(&self) -> bool {
        matches!(self, Self::Narrow(Engine { next: Next::Alternate { alt: 1.. }, .. }))
    }
}

impl<T: Place> Engine<T> {
    fn rebuilds(&self) -> bool {
        matches!(self.next, Next::Rebuild)
    }

    fn asks(&self) -> bool {
        !matches!(self.next, Next::Rebuild | Next::Ignore)
    }

    #[inline]
    pub(super) fn lookup(&self, key: &[u8], down: &[bool]) -> Option<u32> {
        let place = self.key.place(key)?;
        if down.is_empty() { self.first(place) } else { self.lookup_up(&self.key.hashed(key), place, down) }
    }

    /// The outer None: no integers here.
    pub(super) fn lookup_integer(&self, number: u64, down: &[bool]) -> Option<Option<u32>> {
        Some(self.at(self.key.integer?(number), down))
    }

    /// The answer at a place, where no key is there to be hashed again.
    pub(crate) fn at(&self, place: T, down: &[bool]) -> Option<u32> {
        if down.is_empty() { self.first(place) } else { self.lookup_up(&[], place, down) }
    }

    /// The server of the first choice, up or down.
    #[inline]
    pub(super) fn first(&self, place: T) -> Option<u32> {
        match &self.map {
            Map::Points(points, search) => {
                Some(points.owner(place, *search)).filter(|&owner| owner != NO_SERVER)
            }
            _ => self.first_slot(place),
        }
    }

    /// [`Engine::first`] where the rule has no points.
    #[inline(never)]
    fn first_slot(&self, place: T) -> Option<u32> {
        self.server(self.index(place)?)
    }

    /// The point or slot for a place.
    #[inline]
    pub(crate) fn index(&self, place: T) -> Option<usize> {
        match &self.map {
            Map::Points(points, search) => points.find(place, *search),
            Map::Slots(slots) | Map::Buckets(slots, _) => {
                (!slots.is_empty()).then(|| place.modulo(slots.len()))
            }
            Map::Jump(servers) => jump(place.widen() as u64, servers.len()),
        }
    }

    /// The server that owns a point or slot.
    #[inline]
    pub(crate) fn server(&self, index: usize) -> Option<u32> {
        match &self.map {
            Map::Points(points, _) => points.server(index),
            Map::Slots(servers) | Map::Buckets(servers, _) | Map::Jump(servers) => {
                servers.get(index).copied()
            }
        }
    }

    pub(super) fn lookup_place(&self, place: T, down: &[bool]) -> Option<u32> {
        if let Map::Buckets(_, points) = &self.map {
            return points.server(points.find(place, Search::AtOrAbove)?);
        }
        if down.is_empty() || matches!(self.next, Next::Rehash(_)) {
            return self.first(place);
        }
        self.lookup_up(&[], place, down)
    }

    pub(super) fn point(&self, index: usize) -> Option<(u128, u32)> {
        let server = self.server(index)?;
        match &self.map {
            Map::Points(points, _) => Some((points.value(index)?.widen(), server)),
            Map::Slots(_) | Map::Buckets(..) => Some((index as u128, server)),
            Map::Jump(_) => None,
        }
    }

    pub(super) fn memory(&self) -> usize {
        match &self.map {
            Map::Points(points, _) => points.memory(),
            Map::Slots(servers) | Map::Jump(servers) => size_of_val(&servers[..]),
            Map::Buckets(servers, points) => size_of_val(&servers[..]) + points.memory(),
        }
    }

    /// Number of points or slots.
    pub(crate) fn len(&self) -> usize {
        match &self.map {
            Map::Points(points, _) => points.len(),
            Map::Slots(servers) | Map::Buckets(servers, _) => servers.len(),
            Map::Jump(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::point::Point;
    use crate::search::Points;

    #[test]
    fn memory_is_that_of_the_slots_and_of_the_points_they_were_read_from() {
        let points = Arc::new(Points::new(vec![Point::new(1_u32, 0)]).unwrap());
        let bytes = points.memory() + 3 * size_of::<u32>();
        let map = Map::Buckets([0; 3].into(), points);
        let engine = Engine { key: Key::whole(&crate::hash::CRC32), map, next: Next::Ignore };
        assert_eq!(engine.memory(), bytes);
    }
}
