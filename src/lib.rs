//! Consistent hashing: where does this key live?

#![warn(missing_docs)]

#[cfg(feature = "capi")]
pub mod capi;
#[cfg(feature = "cli")]
pub mod cli;
pub mod dialect;
pub mod error;
pub mod hash;
mod key;
#[cfg(feature = "cli")]
pub mod observation;
mod point;
pub mod ring;
mod rule;
mod search;
pub mod server;
pub mod server_list;

pub use dialect::Dialect;
pub use error::{Error, ErrorKind};
#[cfg(feature = "cli")]
pub use observation::Observation;
pub use ring::Ring;
pub use server::{Server, Weight};
pub use server_list::ServerList;
#[cfg(test)]
mod tests;
