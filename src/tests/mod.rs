//! Tests that look across modules.

#[cfg(feature = "capi")]
mod headers;
#[cfg(feature = "cli")]
mod vectors;
