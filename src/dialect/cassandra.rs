//! Cassandra: Murmur3Partitioner with SimpleStrategy.

use super::{Dialect, Field, Options, Weights, about, refused};
use crate::error::Error;
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "cassandra",
    aliases: &["cassandra-murmur3"],
    software: "Cassandra, Murmur3Partitioner and SimpleStrategy",
    version: "cassandra-driver 3.30.1 (Python)",
    verified: "4 recorded files with 2,000 keys; the token map of the DataStax driver run on 24,000 replica lists; the \
               server itself was not run",
    fields: &[Field::Tokens],
    weights: |_| Weights::Ignored,
    repeats: false,
    options: &[],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    for (server, index) in servers.iter().zip(0..) {
        // Label: none. Points: the tokens that the server was given.
        let tokens = server.fields.tokens.as_deref().unwrap_or_default();
        if tokens.is_empty() {
            return Err(refused(server, "it needs `tokens`, its places on the circle"));
        }
        points.reserve(tokens.len() as u64).map_err(|error| about(server, error))?;
        for token in tokens {
            points.push(token.cast_unsigned(), index)?;
        }
    }
    // Hash: Cassandra's own murmur3. Order: tokens are signed, but their bits taken as an unsigned number lie on the same
    // circle, cut open elsewhere, and the search wraps. A token given twice stays with the earlier server.
    // Search: the first token at or above the key's.
    let key = Key::whole(&hash::MURMUR3_CASSANDRA);
    Ok(Engine::ring(key, points, Ties::First, Search::AtOrAbove, Next::Ignore)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::hash::cassandra::token;
    use crate::{OptionalFields, Ring, ServerList};

    fn build(tokens: &[&[i64]]) -> Result<Ring, Error> {
        let server = |(tokens, i): (&&[i64], u32)| Server {
            fields: OptionalFields { tokens: Some(tokens.to_vec()), ..Default::default() }.into(),
            ..Server::new(format!("10.0.0.{i}"), 1)
        };
        Ring::build(ServerList::new(&DIALECT, tokens.iter().zip(0..).map(server).collect()))
    }

    #[test]
    fn a_server_owns_the_signed_range_up_to_its_token() {
        let tokens = [i64::MIN + 5, -1 << 61, -1, 0, 1 << 60, i64::MAX - 7];
        let ring = build(&tokens.each_ref().map(std::slice::from_ref)).unwrap();
        for number in 0..500 {
            let key = format!("key-{number}");
            let place = token(key.as_bytes());
            let owner = tokens.iter().position(|&token| token >= place).unwrap_or(0);
            assert_eq!(ring.lookup(key.as_bytes()), Some(owner as u32));
        }
    }

    #[test]
    fn the_empty_key_belongs_to_the_least_token() {
        let ring = build(&[&[7], &[-3], &[i64::MAX]]).unwrap();
        assert_eq!(ring.lookup(b""), Some(1));
    }

    #[test]
    fn a_token_of_two_servers_stays_with_the_earlier_one() {
        let place = token(b"key");
        let ring = build(&[&[0], &[place], &[place]]).unwrap();
        assert_eq!(ring.lookup(b"key"), Some(1));
    }

    #[test]
    fn replicas_walk_on_to_servers_not_yet_chosen() {
        let place = token(b"key");
        let ring = build(&[&[place + 3], &[place, place + 2], &[place + 1, place + 9]]).unwrap();
        let mut out = [9; 4];
        assert_eq!(ring.lookup_n(b"key", &mut out), 3);
        assert_eq!(out, [1, 2, 0, 9]);
    }

    #[test]
    fn a_server_without_tokens_is_refused() {
        assert_eq!(build(&[&[1], &[]]).unwrap_err().kind(), ErrorKind::Server);
        let list = ServerList::new(&DIALECT, vec![Server::new("10.0.0.1", 1)]);
        assert!(Ring::build(list).is_err());
    }
}
