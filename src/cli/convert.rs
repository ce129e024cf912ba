//! `ketama convert`: the same fleet written for other software.

use super::detect::candidates::candidates;
use super::detect::rank::{Observed, rank, ring};
use super::list::{ListArguments, formats};
use super::{Exit, Failure, Streams};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind};
use crate::observation::{Answer, Observation};
use crate::ring::Ring;
use crate::server_list::ServerList;
use crate::server_list::foreign::Format;
use clap::Args;

/// Write the list in another format
///
/// A format of other software holds lists of that software's dialect. If the list is of another dialect, options are
/// looked for under which the software gives the same answers; if there are none, its defaults are written and keys
/// move. What the format cannot say is told on standard error. Exit code 0: the written list gives the same answers;
/// 1: it does not; 2: the list cannot be written in this format at all.
#[derive(Args)]
pub(super) struct Convert {
    #[command(flatten)]
    list: ListArguments,
    /// The format to write
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    to: Format,
}

/// How many keys tell whether two rings give the same answers where their rules do not.
const KEYS: u32 = 10_000;

impl Convert {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let source = self.list.source(streams)?;
        let old = source.ring()?;
        let target = self.to.dialect()?.unwrap_or(source.list.dialect);
        let list = if target.name == source.list.dialect.name {
            source.list.clone()
        } else {
            under(target, &source.list, &old)?
        };
        let written = self.to.write(&list).map_err(|error| error.in_file(&source.name))?;
        for sentence in &written.left_out {
            writeln!(streams.stderr, "ketama: {sentence}")?;
        }
        // Only what is read back is what was written.
        let again = Ring::build(self.to.parse(&written.text, "the written list", None)?)?;
        streams.stdout.write_all(&written.text)?;
        let differing = differing(&old, &again);
        if differing > 0.0 {
            writeln!(
                streams.stderr,
                "ketama: {:.2}% of the keys have another server in the written list than under {}; \
                 --dialect {} and --option choose other options",
                differing * 100.0,
                source.list.dialect,
                list.dialect
            )?;
            return Ok(Exit::Different);
        }
        Ok(Exit::Good)
    }
}

/// The list under another dialect, with options that give the same answers if there are any.
fn under(target: &'static Dialect, list: &ServerList, old: &Ring) -> Result<ServerList, Error> {
    let answers = sample().map(|key| {
        let server = old.lookup(&key).and_then(|server| list.servers.get(server as usize));
        (key, Answer::One(server.map(|server| server.name.to_vec())))
    });
    let observation = Observation {
        list: ServerList { replicas: None, ..list.clone() },
        software: None,
        version: None,
        keys: answers.collect(),
        integer_keys: Vec::new(),
    };
    let observed = Observed::new(&observation, &list.servers)?;
    let mut refusal = Error::new(ErrorKind::Server, format!("{target} cannot be given this list"));
    let ranked = rank(&observed, &candidates(&[target], &[])?, &mut |candidate| {
        ring(list, candidate).map_err(|error| refusal = error).ok()
    });
    match ranked.into_iter().next() {
        Some(best) if best.matches == observed.len() => Ok(list.under(target, best.candidate.options)),
        Some(_) => Ok(list.under(target, target.default_options())),
        None => Err(refusal),
    }
}

/// The part of the keys whose server, by its place in the list, is another one: 0 if all are the same.
fn differing(old: &Ring, new: &Ring) -> f64 {
    if old.fingerprint() == new.fingerprint() {
        return 0.0;
    }
    let differs = sample().filter(|key| old.lookup(key) != new.lookup(key)).count();
    differs as f64 / f64::from(KEYS)
}

/// Keys that dialects whose keys are numbers take too.
fn sample() -> impl Iterator<Item = Vec<u8>> {
    (0..KEYS).map(|number| number.wrapping_mul(0x9e37_79b9).to_string().into_bytes())
}
