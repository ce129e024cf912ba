//! Recorded answers of software that had lost servers, against fleets that lose the same servers.

use super::vectors::{all_files, read};
use crate::Ring;
use crate::health::{Answer, Fleet, Policy, Settings, State};
use crate::observation;
use std::time::Duration;

/// One failure ejects, and nothing brings a server back soon: the files tell who was lost, not how.
const AT_ONCE: Settings = Settings { failures: 1, retry: Some(Duration::MAX), ..Settings::NEVER };

#[test]
fn a_fleet_that_loses_servers_answers_as_the_software_did() {
    let (mut files, mut keys) = (0, 0);
    for path in all_files() {
        let mut observation = read(&path);
        let servers = &mut observation.list.servers;
        let down: Vec<u32> =
            (0..).zip(servers.iter()).filter(|(_, server)| server.down).map(|(index, _)| index).collect();
        if down.is_empty() {
            continue;
        }
        servers.iter_mut().for_each(|server| server.down = false);
        let ring = Ring::build(observation.list).unwrap();
        let fleet = Fleet::new(&ring, Policy::Dialect, AT_ONCE).unwrap();
        let now = Duration::ZERO;
        down.iter().for_each(|&server| fleet.failed(server, now).unwrap());
        files += 1;
        for (key, recorded) in &observation.keys {
            let observation::Answer::One(recorded) = recorded else { continue };
            keys += 1;
            let answer = match fleet.lookup(key, now) {
                Answer::Server(server) => {
                    assert_eq!(fleet.state(server, now), State::Up);
                    Some(server)
                }
                // Software that has no rule sends the request all the same.
                Answer::Refused(server) => Some(server),
                Answer::Nowhere => None,
            };
            let name = answer.map(|server| ring.servers()[server as usize].name.to_vec());
            assert_eq!(name, *recorded, "{}: {}", path.display(), String::from_utf8_lossy(key));
        }
    }
    println!("{keys} recorded answers in {files} files with servers that are down");
    let all_dialects = std::env::var_os("KETAMA_VECTORS").is_none();
    assert!(files > 10 || !all_dialects, "{files} files");
}
