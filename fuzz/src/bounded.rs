//! Rings of lists that a fuzzer made up: small ones, or none.

use ketama::dialect::option::{MAX_POINTS, Value};
use ketama::{Ring, ServerList};

/// More servers than this are not made a ring of.
const SERVERS: usize = 64;

/// The most points that a ring may have here; the library has to refuse a list that wants more before it takes the
/// memory and the time for them.
const POINTS: i64 = 4096;

/// The list with a limit to its points; None if it has too many servers.
pub fn bounded(list: &ServerList) -> Option<ServerList> {
    if list.servers.len() > SERVERS {
        return None;
    }
    let mut options = list.dialect.default_options();
    let mut limit = POINTS;
    for (name, value) in list.options.set_values() {
        match value {
            Value::Int(most) if name == MAX_POINTS.name => limit = limit.min(*most),
            value => options.set(name, value.clone()).expect("it was taken before"),
        }
    }
    options.set(MAX_POINTS.name, Value::Int(limit)).expect("it was not set before");
    Some(ServerList { options, ..list.clone() })
}

/// The ring of a list, if it is a small one that the dialect takes.
pub fn ring(list: &ServerList) -> Option<Ring> {
    Ring::build(bounded(list)?).ok()
}
