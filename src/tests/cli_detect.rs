//! `ketama detect` over everything that was recorded from real software.

use super::vectors::{all_files, read};
use crate::cli::detect::candidates::{CONDITIONS, Candidate, all_dialects, candidates, values};
use crate::cli::detect::rank::{Observed, rank, ring};
use crate::dialect::Dialect;
use crate::dialect::option::{Kind, Options};
use crate::observation::Observation;
use crate::ring::Ring;
use crate::{Server, ServerList};
use std::path::{Path, PathBuf};

/// What a user has to tell: texts and numbers of the list's own options.
fn told(observation: &Observation) -> Vec<(String, String)> {
    let list = &observation.list;
    let kind = |name: &str| list.dialect.options.iter().find(|spec| spec.name == name).map(|spec| spec.kind);
    let cannot_be_guessed = |name: &str| matches!(kind(name), Some(Kind::Text | Kind::Int { .. }));
    let set = list.options.set_values().filter(|(name, _)| cannot_be_guessed(name));
    set.map(|(name, value)| (name.to_owned(), value.to_string())).collect()
}

/// What is set, in whatever order.
fn set(options: &Options) -> Vec<String> {
    let mut set: Vec<String> = options.set_values().map(|(name, value)| format!("{name}={value}")).collect();
    set.sort();
    set
}

/// What is wrong with the ranking of a file's answers, if anything. One in `part` of the candidates are tried, and in any
/// case that with the file's own options.
fn wrong(path: &Path, part: usize) -> Option<String> {
    let observation = read(path);
    let own = Ring::build(observation.list.clone()).unwrap();
    let dialect = own.dialect().name;
    let is_own = |candidate: &Candidate| {
        candidate.dialect.name == dialect && set(&candidate.options) == set(&observation.list.options)
    };
    let all = candidates(&all_dialects(), &told(&observation)).unwrap();
    // Where the file says what would be so anyway, its options are written otherwise: all of its dialect are tried.
    let needs_all = !all.iter().any(is_own);
    let is_tried = |(index, candidate): &(usize, Candidate)| {
        index % part == 0 || is_own(candidate) || needs_all && candidate.dialect.name == dialect
    };
    let tried: Vec<Candidate> =
        all.into_iter().enumerate().filter(is_tried).map(|(_, candidate)| candidate).collect();
    let observed = Observed::new(&observation, &observation.list.servers).unwrap();
    let ranked = rank(&observed, &tried, &mut |candidate| ring(&observation.list, candidate).ok());
    let named = ranked.iter().take_while(|ranked| ranked.matches == observed.len());
    let names_own = named
        .clone()
        .any(|ranked| ranked.candidate.dialect.name == dialect && ranked.fingerprint == own.fingerprint());
    let named: Vec<String> = named.map(|ranked| format!("{:?}", ranked.candidate)).collect();
    (!names_own).then(|| format!("{}: {named:#?}", path.display()))
}

fn every_file(part: usize) {
    let files: Vec<PathBuf> = all_files().collect();
    assert!(!files.is_empty());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let check = |thread: usize| {
        files.iter().skip(thread).step_by(threads).filter_map(|path| wrong(path, part)).collect::<Vec<_>>()
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || check(thread))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), files.len(), failures.join("\n"));
}

#[test]
fn every_recorded_file_is_recognised_among_some_candidates() {
    every_file(2000);
}

/// `cargo test --release every_recorded_file -- --ignored`
#[test]
#[ignore = "takes minutes without optimisation"]
fn every_recorded_file_is_recognised_among_all_candidates() {
    every_file(1);
}

/// A list that every dialect can be given.
fn servers() -> Vec<Server> {
    (1..=5).map(|number| Server::new(format!("10.0.0.{number}:1121{number}"), number)).collect()
}

#[test]
fn options_that_are_not_varied_make_no_difference_there() {
    let dialects = all_dialects();
    for condition in CONDITIONS {
        let dialect = Dialect::named(condition.dialect).unwrap();
        let spec = dialect.options.iter().find(|spec| spec.name == condition.option).unwrap();
        let without = |candidate: &&Candidate| !candidate.options.is_set(spec.name);
        let all = candidates(&dialects, &[]).unwrap();
        let mut compared = 0;
        let idle = all.iter().filter(|candidate| candidate.dialect.name == dialect.name).filter(without);
        for candidate in idle.filter(|candidate| !(condition.counts)(&candidate.options)).take(40) {
            let answers = |options: Options| -> Option<Vec<Option<u32>>> {
                let ring = Ring::build(ServerList { options, ..ServerList::new(dialect, servers()) }).ok()?;
                Some((0..300).map(|number: u32| ring.lookup(format!("{{{number}}}:k").as_bytes())).collect())
            };
            let expected = answers(candidate.options.clone());
            for value in values(spec) {
                let mut options = candidate.options.clone();
                if options.set(spec.name, value).is_ok() {
                    assert_eq!(answers(options.clone()), expected, "{dialect} {options:?}");
                    compared += 1;
                }
            }
        }
        let is_compared = compared > 0 || values(spec).is_empty() || spec.name == "filter-conf";
        assert!(is_compared, "{} {}", dialect.name, spec.name);
    }
}
