//! Rings whose points were placed elsewhere: the rule is built from the list, the points are taken as they are.

use super::{List, Ring, ServerList};
use crate::error::{Error, ErrorKind};
use crate::rule::{Engine, Map, Rule};
use crate::search::Points;
use std::sync::Arc;

/// Points of one of the three widths.
#[derive(Clone)]
pub(crate) enum Placed {
    /// Places of 32 bits.
    Narrow(Arc<Points<u32>>),
    /// Places of 64 bits.
    Wide(Arc<Points<u64>>),
    /// Places of 128 bits.
    Widest(Arc<Points<u128>>),
}

impl Ring {
    /// The ring of a list, with points that were taken from a ring of the same list. `again` gives the list once more
    /// when it is wanted: the ring keeps its rule only.
    ///
    /// # Errors
    /// As [`Ring::build`], but for the number of points; [`ErrorKind::Segment`] if the dialect makes no points of this
    /// width of the list.
    pub(crate) fn with_points(
        list: &ServerList,
        points: Placed,
        again: impl FnOnce() -> ServerList + Send + 'static,
    ) -> Result<Self, Error> {
        let ServerList { dialect, options, servers, .. } = list;
        dialect.check(servers, options)?;
        let mut rule =
            if servers.is_empty() { Rule::Nowhere } else { (dialect.build)(servers, &options.placed())? };
        match (&mut rule, points) {
            (Rule::Narrow(Engine { map: Map::Points(place, _), .. }), Placed::Narrow(points)) => {
                *place = points
            }
            (Rule::Wide(Engine { map: Map::Points(place, _), .. }), Placed::Wide(points)) => *place = points,
            (Rule::Widest(Engine { map: Map::Points(place, _), .. }), Placed::Widest(points)) => {
                *place = points
            }
            _ => {
                let message = format!("{dialect} makes no such points of this list");
                return Err(Error::new(ErrorKind::Segment, message));
            }
        }
        Ok(Self::of_servers(dialect, servers, rule, Arc::new(List::new(Box::new(again)))))
    }

    /// The ring's points; None where it has a rule without.
    pub(crate) fn placed(&self) -> Option<Placed> {
        match &self.rule {
            Rule::Narrow(Engine { map: Map::Points(points, _), .. }) => {
                Some(Placed::Narrow(Arc::clone(points)))
            }
            Rule::Wide(Engine { map: Map::Points(points, _), .. }) => Some(Placed::Wide(Arc::clone(points))),
            Rule::Widest(Engine { map: Map::Points(points, _), .. }) => {
                Some(Placed::Widest(Arc::clone(points)))
            }
            _ => None,
        }
    }
}
