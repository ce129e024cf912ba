//! Tests that need a process of their own: this program is started again, with one ignored test.

use std::ffi::OsStr;
use std::process::Command;

/// Names what runs this program where the machine itself cannot: an emulator and its arguments, as cargo's `runner`.
const RUNNER: &str = "KETAMA_TEST_RUNNER";

/// Whether this program is run by an emulator.
pub(crate) fn is_emulated() -> bool {
    std::env::var_os(RUNNER).is_some()
}

/// A program for this processor, with one ignored test.
pub(crate) fn program_with(program: impl AsRef<OsStr>, test: &str) -> Command {
    let runner = std::env::var(RUNNER).unwrap_or_default();
    let mut words = runner.split_whitespace().map(OsStr::new).chain([program.as_ref()]);
    let mut command = Command::new(words.next().expect("the program itself is one"));
    command.args(words).args(["--exact", test, "--ignored", "--nocapture"]);
    command
}

/// This program with one ignored test.
pub(crate) fn this_program_with(test: &str) -> Command {
    program_with(std::env::current_exe().unwrap(), test)
}
