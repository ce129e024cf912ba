//! pymemcache's HashClient (Python).

use super::{Dialect, Options, Weights};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::{Prepared, joined};
use crate::rule::{Candidate, Rule, Scores};
use crate::server::Server;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub(super) static DIALECT: Dialect = Dialect {
    name: "pymemcache",
    aliases: &[],
    software: "pymemcache, HashClient",
    version: "4.0.0",
    verified: "5 recorded files with 2,500 keys; the package run on 24,000 keys and 2,000 beyond ASCII",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[],
    // Health: retry_attempts (2, after the first failure), retry_timeout and dead_timeout. The client removes a server at
    // the use after the last of these failures, which still goes to that server and, if it fails, counts after its
    // return; it looks for servers to bring back at most once in a dead_timeout. Neither is modelled.
    health: Settings {
        failures: 3,
        retry: Some(Duration::from_secs(60)),
        rest: Duration::from_secs(1),
        ..Settings::NEVER
    },
    build,
};

fn build(servers: &[Server], _: &Options) -> Result<Rule, Error> {
    // Order: of equal scores the greater name wins, by code points, which is the order of the bytes of UTF-8.
    let mut living: Vec<(&Server, u32)> =
        servers.iter().zip(0..).filter(|(server, _)| !server.down).collect();
    living.sort_by(|(a, _), (b, _)| b.name.cmp(&a.name));
    // Label: NAME-KEY. Points: none, each server has a score for each key. Search: the highest score.
    let candidate = |(server, index): (&Server, u32)| {
        let text = [&*low_bytes(&server.name), b"-"].concat().into();
        Candidate { server: index, text, digest: 0 }
    };
    Ok(Rule::Scores(Scores {
        name: "pymemcache".to_owned(),
        prepare: Some(Arc::new(|key| Prepared::Bytes(low_bytes(key)))),
        digest: None,
        // Hash: MurmurHash3 x86_32, seed 0.
        score: |key, _, candidate| joined(&candidate.text, key, hash::MURMUR3_X86_32.one).into(),
        candidates: living.into_iter().map(candidate).collect(),
    }))
}

/// The low eight bits of every code point: the package hashes characters as if they were bytes. What is not UTF-8 is no
/// text that Python could have been given; each such piece counts as U+FFFD.
fn low_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        bytes.extend(chunk.valid().chars().map(|character| u32::from(character) as u8));
        if !chunk.invalid().is_empty() {
            bytes.push(0xfd);
        }
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    //! Answers of pymemcache 4.0.0.
    use super::*;
    use crate::{Ring, ServerList};

    fn ring(names: &[&str]) -> Ring {
        let servers = names.iter().map(|&name| Server::new(name, 1)).collect();
        Ring::build(ServerList::new(&DIALECT, servers)).unwrap()
    }

    #[test]
    fn the_low_bits_of_characters_are_hashed_in_names_and_keys() {
        let ring = ring(&["10.0.0.1:11211", "cach\u{e9}:11211", "\u{7f13}\u{5b58}-b:11211", "[::1]:11211"]);
        for (key, server) in [
            ("", 0),
            ("a", 0),
            ("user:42", 0),
            ("cl\u{e9}", 2),
            ("\u{65e5}\u{672c}\u{8a9e}", 1),
            ("\u{1f600}key", 1),
            ("\u{ff}\u{100}", 0),
            ("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", 3),
        ] {
            assert_eq!(ring.lookup(key.as_bytes()), Some(server), "{key}");
        }
    }

    #[test]
    fn of_equal_scores_the_greater_name_wins() {
        // The low eight bits of these three characters are the same, so the servers' scores are, too.
        for names in
            [["\u{1e9}:1", "\u{e9}:1", "\u{2e9}:1", "b:1"], ["\u{2e9}:1", "\u{e9}:1", "\u{1e9}:1", "b:1"]]
        {
            let ring = ring(&names);
            let mut counts = [0; 4];
            for number in 0..100 {
                let server = ring.lookup(format!("key-{number}").as_bytes()).unwrap();
                counts[server as usize] += 1;
            }
            let greatest = names.iter().position(|name| *name == "\u{2e9}:1").unwrap();
            assert_eq!((counts[3], counts[greatest]), (51, 49));
        }
    }

    #[test]
    fn a_list_is_what_the_shorter_lists_answer() {
        let ring = ring(&["a:1", "b:1", "c:1", "d:1"]);
        for number in 0..100 {
            let key = format!("key-{number}");
            let mut list = [0; 4];
            assert_eq!(ring.lookup_n(key.as_bytes(), &mut list), 4);
            let mut down = [false; 4];
            for server in list {
                assert_eq!(ring.with_down(&down).unwrap().lookup(key.as_bytes()), Some(server));
                down[server as usize] = true;
            }
            assert_eq!(ring.with_down(&down).unwrap().lookup(key.as_bytes()), None);
        }
    }
}
