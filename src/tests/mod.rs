//! Tests that look across modules.

#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_detect;
#[cfg(feature = "cli")]
mod fleets;
#[cfg(feature = "cli")]
mod forms;
#[cfg(feature = "capi")]
mod headers;
mod readme;
#[cfg(feature = "cli")]
mod vectors;
#[cfg(feature = "cli")]
mod vocabulary;
