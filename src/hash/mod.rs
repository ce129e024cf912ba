//! The hash functions that dialects name: key bytes in, a place on the circle out.
pub mod md5;
