//! The rules written down a second time, the obvious way, to compare with. Not for use: all of it is slow.

pub mod ketama;
pub mod list;
