//! Keys in batches: from a file or standard input, one a line, or made up; in constant memory.

use super::list::{is_stdin, name};
use super::progress::Progress;
use super::{Failure, Streams, cannot_read};
use crate::error::{Error, ErrorKind};
use clap::Args;
use memchr::memchr_iter;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// How much of a file is read at once: some thousand keys, which stay in the second-level cache with their answers.
pub const BLOCK: usize = 128 * 1024;

/// Which keys to count.
#[derive(Args)]
pub(super) struct KeyArguments {
    /// Count the keys of this file, one a line, every byte but the newline; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sample")]
    keys: Option<PathBuf>,
    /// Count this many made-up keys: numbers scattered over 32 bits, the same in every run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sample: Option<u32>,
    #[command(flatten)]
    clock: Clock,
}

/// How long it takes.
#[derive(Args, Clone, Copy)]
pub(super) struct Clock {
    /// Say on standard error how many keys were read and answered in a second
    #[arg(long)]
    time: bool,
}

impl Clock {
    /// Calls `work` with a `visit` that counts, and says how long it took.
    pub fn measure(
        self,
        stderr: &mut dyn Write,
        visit: Visit,
        work: impl FnOnce(Visit) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (start, mut count) = (Instant::now(), 0_u64);
        work(&mut |keys| {
            count += keys.len() as u64;
            visit(keys)
        })?;
        if self.time {
            let seconds = start.elapsed().as_secs_f64();
            let millions = count as f64 / seconds.max(1e-9) / 1e6;
            writeln!(stderr, "ketama: {count} keys in {seconds:.2} s, {millions:.2} million a second")?;
        }
        Ok(())
    }
}

/// What is done with each batch of keys.
pub(super) type Visit<'a> = &'a mut dyn FnMut(&[&[u8]]) -> Result<(), Failure>;

impl KeyArguments {
    /// Whether any keys are to be counted.
    pub fn is_given(&self) -> bool {
        self.keys.is_some() || self.sample.is_some()
    }

    /// Whether the keys come from standard input.
    pub fn are_stdin(&self) -> bool {
        self.keys.as_deref().is_some_and(is_stdin)
    }

    /// Calls `visit` with all keys, batch by batch; with `otherwise` made-up keys if none were asked for.
    pub fn each(&self, otherwise: u32, streams: &mut Streams, visit: Visit) -> Result<(), Failure> {
        let stdin = &mut *streams.stdin;
        self.clock.measure(streams.stderr, visit, |visit| match &self.keys {
            Some(file) if is_stdin(file) => each_line(stdin, &name(file), &Progress::open(), visit),
            Some(file) => each_line_of(file, visit),
            None => each_made_up(self.sample.unwrap_or(otherwise), visit),
        })
    }
}

/// A list and the keys cannot both be standard input.
pub(super) fn both_from_stdin() -> Error {
    Error::new(ErrorKind::Io, "the list and the keys cannot both come from standard input")
}

fn each_line_of(file: &Path, visit: Visit) -> Result<(), Failure> {
    let cannot_read = |error| cannot_read(&error, &name(file));
    let opened = File::open(file).map_err(cannot_read)?;
    let size = opened.metadata().map_err(cannot_read)?.len();
    let mut input = BufReader::with_capacity(BLOCK, opened);
    each_line(&mut input, &name(file), &Progress::of_bytes(size), visit)
}

/// Calls `visit` with the lines of `input`, as many at once as its buffer holds.
pub(super) fn each_line(
    input: &mut dyn BufRead,
    name: &str,
    progress: &Progress,
    visit: Visit,
) -> Result<(), Failure> {
    // The start of a line whose end is not read yet.
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let block = match input.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            block => block.map_err(|error| cannot_read(&error, name))?,
        };
        if block.is_empty() {
            return if begun.is_empty() { Ok(()) } else { visit(&[&begun]) };
        }
        let length = block.len();
        let (mut ends, mut start) = (memchr_iter(b'\n', block), 0);
        let mut keys: Vec<&[u8]> = Vec::with_capacity(length / 8);
        if !begun.is_empty()
            && let Some(end) = ends.next()
        {
            begun.extend_from_slice(&block[..end]);
            keys.push(&begun);
            start = end + 1;
        }
        for end in ends {
            keys.push(&block[start..end]);
            start = end + 1;
        }
        if !keys.is_empty() {
            visit(&keys)?;
            begun.clear();
        }
        begun.extend_from_slice(&block[start..]);
        input.consume(length);
        progress.advance(length as u64);
    }
}

fn each_made_up(count: u32, visit: Visit) -> Result<(), Failure> {
    const BATCH: u32 = 4096;
    let progress = Progress::of_keys(count.into());
    for first in (0..count).step_by(BATCH as usize) {
        let last = first.saturating_add(BATCH).min(count);
        let keys = made_up_keys(first..last);
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        visit(&keys)?;
        progress.advance(keys.len() as u64);
    }
    Ok(())
}

/// The made-up keys of these numbers: numbers in decimal, for which dialects whose keys are numbers have places too.
pub(super) fn made_up_keys(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| scattered(number).to_string()).collect()
}

/// Another number for each number: multiplications by odd numbers and shifted exclusive ors can be undone.
fn scattered(number: u32) -> u32 {
    let mixed = number.wrapping_add(0x9e37_79b9);
    let mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x21f0_aaad);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x735a_2d97);
    mixed ^ (mixed >> 15)
}
