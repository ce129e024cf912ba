//! Rings whose points were placed elsewhere: the rule is built from the list, the points are taken as they are.

use super::{List, Ring, ServerList, rule};
use crate::dialect::option::USUAL_POINTS;
use crate::error::{Error, ErrorKind};
use crate::point::NOTHING;
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
    /// The ring of a list, without the list; and without its points, if they are to come from elsewhere. If not, it may have
    /// no more than [`USUAL_POINTS`], whatever the list says: each process that shares the ring makes them for itself.
    ///
    /// # Errors
    /// As [`Ring::build`], but for the number of points if they come.
    pub(crate) fn without_points(list: &ServerList, points_come: bool) -> Result<Self, Error> {
        let ServerList { dialect, options, servers, .. } = list;
        let options = options.at_most(if points_come { NOTHING } else { USUAL_POINTS });
        let rule = rule(dialect, servers, &options)?;
        let dialect = *dialect;
        let nothing = List::new(Box::new(|| ServerList::new(dialect, Vec::new())));
        Ok(Self::of_servers(dialect, servers, rule, Arc::new(nothing)))
    }

    /// Whether a ring without points is small enough for each process that shares it to make it.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] if it is not.
    pub(crate) fn can_be_shared(&self) -> Result<(), Error> {
        if self.placed().is_some() || self.options().max_points() <= USUAL_POINTS {
            return Ok(());
        }
        let made = Self::without_points(self.list(), false);
        made.map(drop).map_err(|error| match error.kind() {
            ErrorKind::Limit => {
                let message = format!(
                    "each reader would make the slots of {}: more than {USUAL_POINTS} cannot be shared",
                    self.dialect
                );
                Error::new(ErrorKind::Limit, message)
            }
            _ => error,
        })
    }

    /// The ring that has these points and is the same in all else: they were taken from a ring of the same list. `again`
    /// gives the list when it is wanted.
    ///
    /// # Errors
    /// [`ErrorKind::Segment`] if the dialect makes no points of this width of the list.
    pub(crate) fn with_points(
        &self,
        points: Option<Placed>,
        again: impl FnOnce() -> ServerList + Send + 'static,
    ) -> Result<Self, Error> {
        let mut rule = self.rule.clone();
        match (&mut rule, points) {
            (Rule::Narrow(Engine { map: Map::Points(place, _), .. }), Some(Placed::Narrow(points))) => {
                *place = points
            }
            (Rule::Wide(Engine { map: Map::Points(place, _), .. }), Some(Placed::Wide(points))) => {
                *place = points
            }
            (Rule::Widest(Engine { map: Map::Points(place, _), .. }), Some(Placed::Widest(points))) => {
                *place = points
            }
            (_, None) => {}
            (_, Some(_)) => {
                let message = format!("{} makes no such points of this list", self.dialect);
                return Err(Error::new(ErrorKind::Segment, message));
            }
        }
        let list = Arc::new(List::new(Box::new(again)));
        Ok(Self { list, rule, ..self.clone() })
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
