//! Building rings from lists in memory: labels, hashes, sorting.

use crate::OURS;
use crate::clock::Side;
use crate::fleet::{SIZES, list, names};
use crate::lookups::{LIBMEMCACHED, buckets};
use crate::others::libmemcached::{self, Libmemcached};
use crate::others::uhashring::Uhashring;
use crate::results::Results;
use ketama::{Ring, ServerList};
use pingora_ketama::Continuum;
use std::hint::black_box;

/// All builds.
pub fn run(results: &mut Results) {
    for servers in SIZES {
        md5(results, servers);
        nginx(results, servers);
    }
    for servers in [8, 100] {
        libmemcached_rings(results, servers);
    }
    for servers in [8, 100] {
        uhashring_rings(results, servers);
    }
}

/// The list is copied within the time: a ring keeps its list, and the others copy theirs too.
fn ours(list: &ServerList) -> Side<'_> {
    Side::new(OURS, 1, || drop(black_box(Ring::build(list.clone()))))
}

fn md5(results: &mut Results, servers: usize) {
    let (list, names) = (list("libketama", &[], servers), names(servers));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut sides = vec![ours(&list)];
    if servers < 65_536 {
        sides.push(Side::new("crate ketama", 1, || drop(black_box(crate_ketama::Ring::build(&names)))));
    }
    results.measure("build", servers, 0, &mut sides);
}

fn nginx(results: &mut Results, servers: usize) {
    let (list, buckets) = (list("nginx", &[("consistent", "true")], servers), buckets(servers));
    let mut sides = vec![ours(&list)];
    if servers < 65_536 {
        sides.push(Side::new("pingora-ketama", 1, || drop(black_box(Continuum::new(&buckets)))));
    }
    results.measure("nginx build", servers, 0, &mut sides);
}

fn libmemcached_rings(results: &mut Results, servers: usize) {
    let Some(library) = Libmemcached::open() else { return };
    assert!(servers <= libmemcached::MOST_SERVERS);
    let list = list("libmemcached", LIBMEMCACHED, servers);
    let theirs = Side::new("libmemcached", 1, || drop(black_box(library.fleet(servers))));
    results.measure("libmemcached build", servers, 0, &mut [ours(&list), theirs]);
}

fn uhashring_rings(results: &mut Results, servers: usize) {
    let Some(mut process) = Uhashring::open() else { return };
    let list = list("uhashring", &[("mode", "ketama")], servers);
    let keys = crate::fleet::Keys::short();
    process.set(servers, &keys.slices());
    let theirs = Side::remote("uhashring", 1, || process.build());
    results.measure("uhashring build", servers, 0, &mut [ours(&list), theirs]);
}
