//! Observation files. The input is the file.

use super::bounded;
use super::place::assert_place;
use super::toml::round_trip;
use ketama::Observation;

/// What is read has answers from its own list only, can be written as a list, and is verified; what is not says where.
pub fn check(text: &[u8]) {
    let observation = match Observation::parse(text, "F") {
        Ok(observation) => observation,
        Err(error) => return assert_place(&error, text),
    };
    round_trip(&observation.list);
    let answers = observation.keys.len() + observation.integer_keys.len();
    assert!(answers + observation.list.servers.len() <= text.len());
    let Some(list) = bounded::bounded(&observation.list) else { return };
    if let Ok(report) = (Observation { list, ..observation }).verify() {
        assert_eq!(report.keys(), answers);
        assert!(report.differences.iter().all(|difference| difference.ours != difference.theirs));
    }
}
