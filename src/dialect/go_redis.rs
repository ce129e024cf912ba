//! go-redis, its Ring.

use super::{Dialect, Options, Weights};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Prepared;
use crate::rule::{Candidate, Rule, Scores};
use crate::server::Server;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) static DIALECT: Dialect = Dialect {
    name: "go-redis",
    aliases: &["go-redis-ring"],
    software: "go-redis, Ring",
    version: "9.22.0",
    verified: "5 recorded files with 2,500 keys; its hash code run on 24,000 keys and 18,000 with hash tags",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[],
    // Health: reports are results of heartbeats.
    health: Settings { failures: 3, successes: 1, ..Settings::NEVER },
    build,
};

fn build(servers: &[Server], _: &Options) -> Result<Rule, Error> {
    // Label: the name of the shard, which is not its address. Points: none, each shard has a score for each key.
    let candidate = |(server, index): (&Server, u32)| Candidate {
        server: index,
        text: (*server.name).into(),
        digest: (hash::XXH64.one)(&server.name),
    };
    let living = servers.iter().zip(0..).filter(|(server, _)| !server.down);
    let mut candidates: Vec<Candidate> = living.map(candidate).collect();
    // Search: the highest score. Order: of equal scores the first server has it. Scores are equal only for equal digests,
    // as xor and the mixture lose nothing: sorted by them, the same servers in another order make the same ring.
    candidates.sort_by_key(|candidate| candidate.digest);
    Ok(Rule::Scores(Scores {
        name: "go-redis".to_owned(),
        prepare: Some(Arc::new(|key| Prepared::Bytes(Cow::Borrowed(tag(key))))),
        digest: Some(hash::XXH64.one),
        score: |_, key, candidate| mixed(key ^ candidate.digest),
        candidates: candidates.into(),
    }))
}

/// The text between the first `{` and the next `}`; the whole key where there is none or it is empty.
fn tag(key: &[u8]) -> &[u8] {
    let inside = key.iter().position(|&byte| byte == b'{').map(|open| &key[open + 1..]);
    let tag = inside.and_then(|inside| Some(&inside[..inside.iter().position(|&byte| byte == b'}')?]));
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

/// Hash: XXH64 of the key and of the name, joined by xor and mixed as in xorshift64*.
fn mixed(mut x: u64) -> u64 {
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    x.wrapping_mul(2_685_821_657_736_338_717)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ring, ServerList};

    #[test]
    fn only_a_tag_that_is_closed_and_not_empty_is_hashed() {
        for (key, hashed) in [
            ("user:{42}:name", "42"),
            ("{a}{b}", "a"),
            ("{}a{b}", "{}a{b}"),
            ("}a{b}", "b"),
            ("{a", "{a"),
            ("a{{b}}", "{b"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(tag(key.as_bytes()), hashed.as_bytes());
        }
    }

    #[test]
    fn a_shard_that_is_down_is_left_out_of_the_choice() {
        let list = |names: &[&str]| {
            let servers = names.iter().map(|&name| Server::new(name, 1)).collect();
            Ring::build(ServerList::new(&DIALECT, servers)).unwrap()
        };
        let (all, fewer) = (list(&["s1", "s2", "s3", "s4"]), list(&["s1", "s2", "s4"]));
        let down = all.with_down(&[false, false, true, false]).unwrap();
        for number in 0..200 {
            let key = format!("key-{number}");
            let name =
                |ring: &Ring| ring.servers()[ring.lookup(key.as_bytes()).unwrap() as usize].name.clone();
            assert_eq!(name(&down), name(&fewer));
        }
        assert_eq!(all.with_down(&[true; 4]).unwrap().lookup(b"key"), None);
        assert_eq!(fewer.fingerprint(), list(&["s4", "s2", "s1"]).fingerprint());
        assert_ne!(fewer.fingerprint(), all.fingerprint());
    }
}
