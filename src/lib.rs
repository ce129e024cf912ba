//! Consistent hashing: where does this key live?
//!
//! Every memcached, Redis and cache fleet answers this question with a ring of points, and every client answers it
//! slightly differently. This crate answers it as the software of the field does, bit for bit: each piece of software is
//! a [`Dialect`], each server list under a dialect is a [`Ring`].
//!
//! ```
//! use ketama::{Dialect, Ring, Server, ServerList};
//!
//! let servers = vec![Server::new("10.0.1.1:11211", 600), Server::new("10.0.1.2:11211", 300)];
//! let ring = Ring::build(ServerList::new(Dialect::named("libketama")?, servers))?;
//! let server = ring.lookup(b"user:42").expect("the list is not empty");
//! assert_eq!(ring.servers()[server as usize].name, b"10.0.1.1:11211");
//! # Ok::<(), ketama::Error>(())
//! ```
//!
//! # The tour
//! 1. Text becomes a [`ServerList`]: [`server_list::classic`] reads the list of the 2007 library, oddities included;
//!    [`ServerList::parse`] reads TOML too. Order is kept; a bad line is an [`Error`] with its number.
//! 2. The list's [`Dialect`] builds a rule from it: for each server a label, for each label a hash, for each hash some
//!    points, sorted with the dialect's rule for ties; or a table, or scores. One file in `dialect/` for each.
//! 3. The rule, the list and the state of the servers are a [`Ring`]. It never changes.
//! 4. A key becomes a place by the dialect's hash ([`Ring::place`]), the place a point by its search rule
//!    ([`Ring::position`]), the point a server ([`Ring::lookup`]). [`Ring::lookup_many`] does it for many keys at once,
//!    [`Ring::lookup_n`] goes on to the next servers.
//! 5. C sees all of this through `include/ketama.h` (the eight functions of the 2007 library) and
//!    `include/ketama_ring.h`, made from the module `capi`.
//! 6. The module `segment` puts a ring into a file that many processes map and look up in; a handle follows such a file,
//!    or a list, through its changes.

#![warn(missing_docs)]

pub mod bucket;
#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dialect;
pub mod error;
pub mod hash;
pub mod health;
mod key;
pub mod load;
mod memory;
mod name;
#[cfg(feature = "cli")]
pub mod observation;
mod point;
pub mod ring;
mod rule;
mod search;
#[cfg(all(feature = "segment", unix))]
pub mod segment;
pub mod server;
pub mod server_list;
mod zone;

pub use dialect::Dialect;
pub use error::{Error, ErrorKind};
pub use name::Name;
#[cfg(feature = "cli")]
pub use observation::Observation;
pub use ring::Ring;
pub use server::{Fields, OptionalFields, Server, Weight};
pub use server_list::ServerList;
#[cfg(test)]
mod tests;
