//! Searching a circle and walking on from it, point by point, without an index.

/// Which point answers for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// The first at or above, else the first of all.
    AtOrAbove,
    /// The same, but place 0 belongs to the last.
    ZeroLast,
    /// The first at or above, else the last of all.
    NoWrap,
    /// The first above, else the first of all.
    Above,
    /// The last at or below, else the last of all.
    AtOrBelow,
    /// The nearest on either side around the circle of this many bits; the lower of two equally near ones.
    Nearest(u32),
}

/// A place on the circle and the server that owns it.
pub type Point = (u128, u32);

/// The index of the point that answers; None if there are no points.
pub fn find(points: &[Point], place: u128, find: Find) -> Option<usize> {
    let last = points.len().checked_sub(1)?;
    let at_or_above = points.iter().position(|point| point.0 >= place);
    Some(match find {
        Find::AtOrAbove => at_or_above.unwrap_or(0),
        Find::ZeroLast if place == 0 => last,
        Find::ZeroLast => at_or_above.unwrap_or(0),
        Find::NoWrap => at_or_above.unwrap_or(last),
        Find::Above => points.iter().position(|point| point.0 > place).unwrap_or(0),
        Find::AtOrBelow => points.iter().rposition(|point| point.0 <= place).unwrap_or(last),
        Find::Nearest(bits) => {
            let circle = 1_u128 << bits;
            let next = at_or_above.unwrap_or(0);
            let previous = points.iter().rposition(|point| point.0 < place).unwrap_or(last);
            let below = (place + circle - points[previous].0) % circle;
            let above = (points[next].0 + circle - place) % circle;
            if below <= above { previous } else { next }
        }
    })
}

/// Servers from a point on, once around, each the first time it is met.
pub fn onward(points: &[Point], first: usize, is_downward: bool) -> Vec<u32> {
    let mut servers = Vec::new();
    for step in 0..points.len() {
        let step = if is_downward { points.len() - step } else { step };
        let (_, server) = points[(first + step) % points.len()];
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    servers
}
