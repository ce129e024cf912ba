//! Jump consistent hash over a hash of the key, or over a number in place of it.

use super::option::{Kind, OptionSpec};
use super::{Dialect, Options, Weights};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::Slots;
use crate::rule::{Engine, Map, Next, Rule};
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "jump",
    aliases: &["jump-hash"],
    software: "jump consistent hash",
    version: "Lamping and Veach 2014; dgryski/go-jump of October 2021",
    verified: "2 recorded files with 1,000 keys; implementations in Go and C run on 24,000 and 20,000 numbers",
    fields: &[],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[OptionSpec {
        name: "key-hash",
        kind: Kind::word("xxh64", &["xxh64", "xxh3"]),
        meaning: "from a key to the number that jumps, which is the caller's affair",
    }],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    // Label: none, no server is hashed. Points: none. Order: list order; only the last server can be taken away.
    // Hash: 64 bits, seed 0; an integer jumps as it is. Search: the bucket that the jumps lead to.
    let hash = if options.word("key-hash") == "xxh3" { &hash::XXH3 } else { &hash::XXH64 };
    Ok(Rule::Wide(Engine {
        key: Key::whole(hash).or_integer(|number| number),
        map: Map::Jump(Slots::one_each(servers.len() as u32, options.max_points())?.into()),
        next: Next::Ignore,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::xxhash;
    use crate::{Ring, ServerList};

    fn ring(count: usize, options: &[(&str, &str)]) -> Ring {
        let servers = (0..count).map(|i| Server::new(format!("s{i}"), 1)).collect();
        let mut list = ServerList::new(&DIALECT, servers);
        for (name, value) in options {
            list.options.set_text(name, value).unwrap();
        }
        Ring::build(list).unwrap()
    }

    #[test]
    fn an_integer_jumps_as_it_is() {
        // The specification's algorithm written in C and run.
        for (number, count, server) in [
            (0, 1, 0),
            (0, 1000, 0),
            (1, 2, 0),
            (1, 11, 6),
            (1, 666, 549),
            (256, 1000, 520),
            (10_863_919_174_838_991, 11, 6),
            (10_863_919_174_838_991, 666, 117),
            (10_863_919_174_838_991, 1000, 830),
            (1 << 63, 666, 453),
            (u64::MAX, 11, 10),
            (u64::MAX, 1000, 313),
        ] {
            assert_eq!(ring(count, &[]).lookup_integer(number), Ok(Some(server)), "{number} {count}");
        }
    }

    #[test]
    fn a_key_jumps_as_its_hash() {
        for number in 0..100 {
            let key = format!("key-{number}");
            for (word, hash) in
                [("xxh64", xxhash::xxh64(key.as_bytes(), 0)), ("xxh3", xxhash::xxh3(key.as_bytes(), 0))]
            {
                let ring = ring(97, &[("key-hash", word)]);
                assert_eq!(Ok(ring.lookup(key.as_bytes())), ring.lookup_integer(hash));
            }
        }
    }
}
