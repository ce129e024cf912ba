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
#[cfg(feature = "segment")]
pub(crate) mod process;
#[cfg(feature = "cli")]
pub(crate) mod vectors;
#[cfg(feature = "cli")]
mod vocabulary;

/// Says once what is skipped, past the capture of the test harness: whoever reads the log of a run that passed must see it.
pub(crate) fn skipped(what: impl std::fmt::Display, why: impl std::fmt::Display) {
    use std::io::Write;
    static SAID: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let (line, mut said) = (format!("SKIPPED {what}: {why}"), SAID.lock().unwrap());
    if !said.contains(&line) {
        writeln!(std::io::stderr(), "{line}").unwrap();
        said.push(line);
    }
}
