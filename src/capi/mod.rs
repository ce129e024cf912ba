//! The C interface: pointers in, core types through, values of the old library out.
//!
//! | file | header |
//! |---|---|
//! | `libketama.rs` | `include/ketama.h`: the eight functions of the 2007 library |
//! | `ring/` | `include/ketama_ring.h`: rings in any dialect |
//!
//! # The contract with C callers
//! Every exported function takes what its header promises and nothing more; this is the one place where the promise is
//! told to Rust. Pointers are NULL or satisfy these rules:
//! * a string (`char *`) ends with a NUL and does not change during the call;
//! * a `ketama_continuum` came from `ketama_roll`, or points at a copy of such a struct made while the original lives, or
//!   at a struct whose fields describe an array of the caller's own. It is not smoked during the call;
//! * an out-parameter can be written.
//!
//! NULL is answered, never followed. No panic leaves an exported function (`guard`), nothing is printed, nothing
//! exits.

#![expect(unsafe_code, reason = "C pointers come in here, are checked here, and go no further")]

mod continuum;
mod guard;
mod last_error;
pub mod libketama;
mod policy;
pub mod ring;
mod state;
#[cfg(test)]
mod tests;
