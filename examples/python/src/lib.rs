//! The exported C functions of libketama, for Python's cffi.

pub use ketama::capi::*;
