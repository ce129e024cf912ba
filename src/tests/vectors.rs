//! Every recorded answer of real software against ours: the files in src/dialect/vectors.
//!
//! `KETAMA_VECTORS=nginx cargo test vectors` runs the files of one dialect. libketama's recordings have a form of their
//! own and are not read here.

use crate::dialect::{DIALECTS, Dialect};
use crate::observation::{Answer, Observation, Report};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dialect/vectors")
}

/// What is in a folder, sorted.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The observation files of a dialect; none if it has no folder.
fn files(dialect: &Dialect) -> Vec<PathBuf> {
    let folder = folder().join(dialect.name);
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    if folder.is_dir() { entries(&folder).into_iter().filter(is_json).collect() } else { Vec::new() }
}

/// The dialects that have observation files, or the one that `KETAMA_VECTORS` names.
fn dialects() -> Vec<&'static Dialect> {
    match std::env::var("KETAMA_VECTORS") {
        Ok(name) => vec![Dialect::named(&name).unwrap()],
        Err(_) => observed().collect(),
    }
}

fn observed() -> impl Iterator<Item = &'static Dialect> {
    DIALECTS.iter().copied().filter(|dialect| dialect.name != "libketama")
}

/// The observation files of all dialects, or of the one that `KETAMA_VECTORS` names.
pub(crate) fn all_files() -> impl Iterator<Item = PathBuf> {
    dialects().into_iter().flat_map(files)
}

pub(crate) fn read(path: &Path) -> Observation {
    let text = std::fs::read(path).unwrap();
    Observation::parse(&text, &path.display().to_string()).unwrap_or_else(|error| panic!("{error}"))
}

fn verify(path: &Path) -> Result<Report, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let file = path.strip_prefix(folder()).unwrap().display().to_string();
    let observation = Observation::parse(&text, &file).map_err(|error| error.to_string())?;
    let report = observation.verify().map_err(|error| error.in_file(&file).to_string())?;
    let recorded = observation.keys.len() + observation.integer_keys.len();
    if report.keys() == recorded {
        Ok(report)
    } else {
        Err(format!("{file}: not all of {recorded} answers were compared"))
    }
}

#[test]
fn every_recorded_answer_is_ours() {
    let mut failures = String::new();
    let (mut count, mut keys) = (0, 0);
    for path in all_files() {
        count += 1;
        match verify(&path) {
            Err(error) => writeln!(failures, "{error}").unwrap(),
            Ok(report) => {
                keys += report.keys();
                if !report.differences.is_empty() {
                    let (wrong, all) = (report.differences.len(), report.keys());
                    writeln!(failures, "{}: {wrong} of {all} answers differ", path.display()).unwrap();
                }
                for difference in report.differences.iter().take(3) {
                    writeln!(failures, "    {difference}").unwrap();
                }
            }
        }
    }
    println!("{keys} recorded answers in {count} files");
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn every_dialect_has_recorded_answers() {
    for dialect in observed() {
        assert!(!files(dialect).is_empty(), "no files in {}/{dialect}", folder().display());
    }
}

#[test]
fn every_vector_directory_is_a_dialect() {
    for path in entries(&folder()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let dialect = Dialect::named(name).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(dialect.name, name, "the folder has the name of an alias");
    }
}

#[test]
fn one_changed_answer_of_any_file_is_noticed() {
    for path in all_files() {
        let mut observation = read(&path);
        let names: Vec<_> = observation.list.servers.iter().map(|server| server.name.to_vec()).collect();
        let middle = observation.keys.len() / 2;
        let Some((_, answer)) = observation.keys.get_mut(middle) else { continue };
        let other = |name: Option<&Vec<u8>>| names.iter().find(|other| Some(*other) != name).cloned();
        *answer = match &*answer {
            Answer::One(name) => Answer::One(other(name.as_ref())),
            Answer::List(list) => Answer::List(other(list.first()).into_iter().collect()),
        };
        let report = observation.verify().unwrap();
        assert_eq!(report.differences.len(), 1, "{}", path.display());
    }
}
