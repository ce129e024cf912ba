//! What is measured beside this library: each file opens one of them and asks it for servers by index.

pub mod libmemcached;
pub mod reference;
pub mod uhashring;
