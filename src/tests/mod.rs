//! Tests that look across modules.

#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_check;
#[cfg(feature = "cli")]
mod cli_convert;
#[cfg(feature = "cli")]
mod cli_detect;
#[cfg(feature = "cli")]
mod cli_diff;
#[cfg(feature = "cli")]
mod cli_lookup;
#[cfg(feature = "cli")]
mod cli_plan;
#[cfg(feature = "cli")]
mod cli_plot;
#[cfg(feature = "cli")]
mod cli_readme;
#[cfg(feature = "cli")]
mod cli_shared;
#[cfg(feature = "cli")]
mod cli_stats;
#[cfg(feature = "cli")]
mod cli_tools;
#[cfg(feature = "cli")]
mod cli_watch;
#[cfg(feature = "cli")]
mod fleets;
#[cfg(feature = "cli")]
mod forms;
#[cfg(feature = "capi")]
mod headers;
#[cfg(feature = "cli")]
pub(crate) mod vectors;
#[cfg(feature = "cli")]
mod vocabulary;
