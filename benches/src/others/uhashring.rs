//! uhashring (Python): a process beside this one that builds rings, looks keys up and times itself.

use crate::fleet::names;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Keys that it looks up in a pass.
pub const KEYS: usize = 2_000;

/// The process.
pub struct Uhashring {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Uhashring {
    /// None if there is no Python with that package.
    pub fn open() -> Option<Self> {
        let mut child = Command::new("python3")
            .args(["-c", include_str!("uhashring.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (stdin, stdout) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        let mut process = Self { child, stdin, stdout };
        (process.answer() == "ready").then_some(process)
    }

    /// Hands a fleet and the first [`KEYS`] keys over and returns the servers by index.
    pub fn set(&mut self, servers: usize, keys: &[&[u8]]) -> Vec<u32> {
        let keys: Vec<_> = keys[..KEYS].iter().map(|key| String::from_utf8_lossy(key)).collect();
        self.ask(&format!("set {} {}", names(servers).join(","), keys.join(",")));
        self.answer().split(',').map(|index| index.parse().expect("an index")).collect()
    }

    /// The nanoseconds that it takes to build the ring.
    pub fn build(&mut self) -> f64 {
        self.ask("build");
        self.answer().parse().expect("nanoseconds")
    }

    /// The nanoseconds that it takes to look all keys up.
    pub fn lookup(&mut self) -> f64 {
        self.ask("lookup");
        self.answer().parse().expect("nanoseconds")
    }

    fn ask(&mut self, question: &str) {
        writeln!(self.stdin, "{question}").expect("uhashring listens");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let _ = self.stdout.read_line(&mut line);
        line.trim_end().to_owned()
    }
}

impl Drop for Uhashring {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
