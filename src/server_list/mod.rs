//! Server lists: which servers, in which order, under which dialect and options.

pub mod classic;

use crate::dialect::Dialect;
use crate::dialect::option::Options;
use crate::server::Server;

/// A server list: the dialect, its options, and the servers in the order of the software's own configuration.
#[derive(Clone, Debug)]
pub struct ServerList {
    /// The dialect.
    pub dialect: &'static Dialect,
    /// The options that were set.
    pub options: Options,
    /// The servers; their order matters in many dialects.
    pub servers: Vec<Server>,
    /// How many servers a look-up gives when the caller does not say; None: one.
    pub replicas: Option<u32>,
}

impl ServerList {
    /// A list under a dialect with no option set.
    pub fn new(dialect: &'static Dialect, servers: Vec<Server>) -> Self {
        Self { dialect, options: dialect.default_options(), servers, replicas: None }
    }
}
