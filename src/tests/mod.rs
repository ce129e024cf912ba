//! Tests that look across modules.

#[cfg(feature = "capi")]
mod headers;
