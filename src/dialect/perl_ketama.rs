//! perl-ketama: Algorithm::ConsistentHash::Ketama, libketama's ring for Perl with any text as a server.

use super::option::{Kind, OptionSpec, Options};
use super::{Dialect, Weights, groups, refused};
use crate::error::{Error, ErrorKind};
use crate::hash;
use crate::health::Settings;
use crate::key::Key;
use crate::point::{Placer, Ties};
use crate::rule::{Engine, Next, Rule};
use crate::search::Search;
use crate::server::Server;

pub(super) static DIALECT: Dialect = Dialect {
    name: "perl-ketama",
    aliases: &[],
    software: "Algorithm::ConsistentHash::Ketama",
    version: "0.00012",
    verified: "15 recorded files, 5,816 keys; 168,000 keys against the module with both hash functions; \
               125 random lists with 18,281 keys",
    fields: &[],
    // A C int; negative ones make no sense there and are not refused.
    weights: |_| Weights::Integers(0, i32::MAX as i64),
    repeats: false,
    options: &[OptionSpec {
        name: "hash-function",
        kind: Kind::int(1, 1, 2),
        meaning: "the constructor's hashfunc: 1 searches the first point at or above a key's hash (the last point for \
                  hash 0), 2 the first point above it",
    }],
    health: Settings::NEVER,
    build,
};

fn build(servers: &[Server], options: &Options) -> Result<Rule, Error> {
    let mut points = Placer::new(options.max_points());
    let total = servers.iter().map(weight).sum();
    // The module divides by it as a float, and keeps it in an unsigned int.
    if total == 0 || total > u64::from(u32::MAX) {
        let message = format!("the weights add up to {total}; perl-ketama takes sums from 1 to {}", u32::MAX);
        return Err(Error::new(ErrorKind::Server, message));
    }
    for (server, index) in servers.iter().zip(0..) {
        if server.name.contains(&0) {
            return Err(refused(server, "the module takes names as C strings, and this one contains a NUL"));
        }
        // Label: NAME-k, k from 0.
        let label = [&server.name[..], b"-"].concat();
        // Points: four little-endian words of each group's digest; weight 0 has none.
        points.md5_groups(index, &label, groups::f32k(weight(server), total, servers.len()), 4)?;
    }
    // Hash: the first of these words. Order: `qsort` decides nothing among equal points; the earlier server is taken.
    // Search: function 1 keeps an unsigned index that runs below 0 for hash 0; function 2 is a plain bisection for the
    // first greater point.
    let search = if options.int("hash-function") == 2 { Search::Above } else { Search::AtOrAboveZeroLast };
    Ok(Engine::ring(Key::whole(&hash::MD5), points, Ties::First, search, Next::Ignore)?.into())
}

fn weight(server: &Server) -> u64 {
    server.weight.as_integer().map_or(0, i64::unsigned_abs)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_earlier_owns_common_point, ring, servers, weighing};
    use super::*;

    #[test]
    fn hash_0_gets_the_last_point_from_function_1_and_the_first_from_function_2() {
        let keys: [&[u8]; 3] = [
            b"k01718590547",
            b"\x16\x1c\x6d\x14\xda\xe7\x3a\x87\x4a\xc0\xaa\x00\x17\xfb\x83\x40",
            b"\x37\x29\x2b\x66\x9d\xd8\xf7\xc9\x52\xcf\x79\xca\x0d\xc6\xc5\xd7",
        ];
        let one = ring(&DIALECT, &[], weighing(&[1; 5])).unwrap();
        let two = ring(&DIALECT, &[("hash-function", "2")], weighing(&[1; 5])).unwrap();
        for key in keys {
            assert_eq!(one.place(key), Some(0));
            assert_eq!(one.position(key), Some(one.point_count() - 1));
            assert_eq!(two.position(key), Some(0));
        }
    }

    #[test]
    fn a_common_point_belongs_to_the_earlier_server() {
        assert_earlier_owns_common_point(&DIALECT);
    }

    #[test]
    fn sums_that_the_module_cannot_divide_by_are_refused() {
        let refused = |weights: &[i64]| ring(&DIALECT, &[], weighing(weights)).unwrap_err().to_string();
        let max = i64::from(i32::MAX);
        assert_eq!(refused(&[0, 0]), "the weights add up to 0; perl-ketama takes sums from 1 to 4294967295");
        assert!(refused(&[max, max, max]).starts_with("the weights add up to 6442450941;"));
        assert!(refused(&[-1, 2]).contains("integers from 0 to 2147483647"));
        assert!(ring(&DIALECT, &[], weighing(&[max, max, 1])).is_ok());
    }

    #[test]
    fn a_name_that_a_c_string_would_cut_is_refused() {
        assert!(ring(&DIALECT, &[], servers(&["a\0b"])).is_err());
    }
}
