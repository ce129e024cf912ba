//! The benchmark: this library beside others of its field, in one run, in turns; answers are compared before time is.
//!
//! Usage: ketama-bench FOLDER [--rolls FILE] [--reference LIBRARY] [--plot FILE] [--only WHAT]; `run.sh` calls it.

mod builds;
mod clock;
mod fleet;
mod lookups;
mod others;
mod plot;
mod report;
mod results;
mod rolls;

use std::path::PathBuf;

/// The side that this library is.
const OURS: &str = "this library";

/// Where things lie.
pub struct Places {
    /// For temporary files.
    folder: PathBuf,
    /// The figures of the benchmark in C.
    rolls: Option<PathBuf>,
    /// The 2007 library.
    reference: Option<PathBuf>,
    /// Where the plot is written.
    plot: Option<PathBuf>,
}

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().expect("a folder").into();
    let mut results = results::Results::default();
    let mut places = Places { folder, rolls: None, reference: None, plot: None };
    while let Some(name) = arguments.next() {
        let place = match name.to_str() {
            Some("--rolls") => &mut places.rolls,
            Some("--reference") => &mut places.reference,
            Some("--plot") => &mut places.plot,
            Some("--only") => {
                results.only = arguments.next().and_then(|what| what.into_string().ok());
                continue;
            }
            _ => panic!("{name:?} is no option"),
        };
        *place = arguments.next().map(PathBuf::from);
    }
    rolls::read(&places, &mut results);
    lookups::run(&places, &mut results);
    builds::run(&mut results);
    eprint!("\r\x1b[K");
    println!("{}", report::text(&results));
    if let Some(path) = &places.plot {
        svg::save(path, &plot::document(&results)).expect("the plot can be written");
    }
}
