//! The command `ketama`: arguments and streams go to `ketama::cli`, and an exit code comes back.

use ketama::cli::{Streams, run};
use std::io::{BufWriter, IsTerminal, Write, stderr, stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut stdin = stdin().lock();
    // At a terminal each answer is wanted as soon as its key is typed.
    let mut stdout: Box<dyn Write> = match stdout() {
        terminal if terminal.is_terminal() => Box::new(terminal),
        other => Box::new(BufWriter::new(other)),
    };
    let mut streams = Streams { stdin: &mut stdin, stdout: &mut stdout, stderr: &mut stderr() };
    ExitCode::from(run(std::env::args_os(), &mut streams))
}
