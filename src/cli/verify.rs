//! `ketama verify`: recorded answers of real software against ours.

use super::{Exit, Failure, Streams, complain, read_file};
use crate::error::{Error, ErrorKind};
use crate::observation::{Observation, Report};
use clap::Args;
use std::path::{Path, PathBuf};

/// Compare the answers in observation files with ours
///
/// Prints how many answers of each file match, the first differences, and a total. Exit code 0: all match; 1: some
/// differ; 2: a file cannot be read, has an unknown word, or has an answer that names no server of its list.
#[derive(Args)]
pub(super) struct Verify {
    /// How many differences of a file to show
    #[arg(long, value_name = "N", default_value_t = 3)]
    show: usize,
    /// Observation files, or directories with *.json files at any depth (links to directories are not followed)
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

/// What was found in all files.
#[derive(Default)]
struct Total {
    files: usize,
    bad_files: usize,
    answers: usize,
    matches: usize,
}

impl Verify {
    pub fn run(&self, streams: &mut Streams) -> Result<Exit, Failure> {
        let mut total = Total::default();
        for path in &self.paths {
            match observation_files(path) {
                Ok(files) => {
                    for file in files {
                        self.verify(&file, &mut total, streams)?;
                    }
                }
                Err(error) => total.bad_file(&error, streams),
            }
        }
        let Total { files, bad_files, answers, matches } = total;
        writeln!(
            streams.stdout,
            "total: {matches} of {answers} answers match (files: {files}, unusable: {bad_files})"
        )?;
        Ok(total.exit())
    }

    fn verify(&self, file: &Path, total: &mut Total, streams: &mut Streams) -> Result<(), Failure> {
        let report = match report(file) {
            Ok(report) => report,
            Err(error) => {
                total.bad_file(&error, streams);
                return Ok(());
            }
        };
        total.files += 1;
        total.answers += report.keys();
        total.matches += report.matches;
        let (file, matches, all) = (file.display(), report.matches, report.keys());
        writeln!(streams.stdout, "{file}: {matches} of {all} answers match")?;
        for difference in report.differences.iter().take(self.show) {
            writeln!(streams.stdout, "  {difference}")?;
        }
        Ok(())
    }
}

impl Total {
    fn bad_file(&mut self, error: &Error, streams: &mut Streams) {
        self.bad_files += 1;
        complain(streams, error);
    }

    fn exit(&self) -> Exit {
        if self.bad_files > 0 {
            Exit::Bad
        } else if self.matches < self.answers {
            Exit::Different
        } else {
            Exit::Good
        }
    }
}

fn report(file: &Path) -> Result<Report, Error> {
    let name = file.display().to_string();
    let observation = Observation::parse(&read_file(file)?, &name)?;
    observation.verify().map_err(|error| error.in_file(name))
}

/// The file itself, or all *.json files below a directory, sorted; at least one.
fn observation_files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    collect(path, &mut files)?;
    if files.is_empty() {
        let message = "no *.json file in this directory";
        return Err(Error::new(ErrorKind::Io, message).in_file(path.display().to_string()));
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let cannot_read = |error| super::cannot_read(&error, &folder.display().to_string());
    for entry in std::fs::read_dir(folder).map_err(cannot_read)? {
        let entry = entry.map_err(cannot_read)?;
        let path = entry.path();
        if entry.file_type().map_err(cannot_read)?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}
