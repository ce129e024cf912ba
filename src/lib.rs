//! Consistent hashing: where does this key live?
pub mod hash;
