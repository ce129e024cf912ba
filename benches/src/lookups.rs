//! Look-ups one by one and in batches, in rings of every size, with keys of every length, in one and two threads.

use crate::clock::Side;
use crate::fleet::{Keys, LENGTHS, PASS, SIZES, WEIGHT, names, ring};
use crate::others::libmemcached::{self, Libmemcached};
use crate::others::reference::{self, Reference};
use crate::others::uhashring::{self, Uhashring};
use crate::results::Results;
use crate::{OURS, Places};
use ketama::hash::md5::{self, Backend};
use ketama::{Ring, Server};
use pingora_ketama::{Bucket, Continuum};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Keys of a batch.
const BATCH: usize = 1_000;

/// Keys of each thread in a pass of several threads: so many that starting them together does not count.
const TOGETHER: usize = 16 * PASS;

/// The weighted ring of libmemcached.
pub const LIBMEMCACHED: &[(&str, &str)] =
    &[("distribution", "ketama"), ("weighted", "true"), ("hash", "md5")];

/// All look-ups.
pub fn run(places: &Places, results: &mut Results) {
    let keys = Keys::short();
    for servers in SIZES {
        md5_rings(places, results, servers, 0, &keys);
        nginx(results, servers, &keys);
        steady(results, servers, &keys);
        threads(results, servers, &keys);
    }
    for servers in [8, 100] {
        libmemcached_rings(results, servers, &keys);
    }
    for servers in [8, 100, 1_000] {
        uhashring_rings(results, servers, &keys);
    }
    for length in LENGTHS {
        md5_rings(places, results, 100, length, &Keys::of_length(length));
    }
}

fn one_by_one<'a>(ring: &'a Ring, keys: &'a [&[u8]]) -> Side<'a> {
    each(OURS, keys, |key| ring.lookup(key))
}

/// A side that hands key after key to `lookup`.
fn each<'a, T>(who: &str, keys: &'a [&[u8]], lookup: impl Fn(&[u8]) -> T + 'a) -> Side<'a> {
    let mut passes = passes(who, keys);
    Side::new(who, PASS, move || {
        for key in passes.next().into_iter().flatten() {
            black_box(lookup(key));
        }
    })
}

/// The keys of one pass after the other. Each side starts elsewhere, lest it find in the cache what the one before it has
/// just looked up in the same ring.
fn passes<'a>(who: &str, keys: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [&'a [u8]]> + use<'a> {
    let start = who.bytes().map(|byte| usize::from(byte) * 11).sum::<usize>() % (keys.len() / PASS);
    keys.chunks(PASS).cycle().skip(start)
}

fn batches<'a>(ring: &'a Ring, backend: Backend, keys: &'a [&[u8]]) -> Side<'a> {
    let mut passes = passes(backend.name(), keys);
    let mut out = vec![0; BATCH];
    Side::new(backend.name(), PASS, move || {
        for keys in passes.next().into_iter().flat_map(|keys| keys.chunks(BATCH)) {
            ring.lookup_many_with(backend, keys, &mut out);
            black_box(&out);
        }
    })
}

/// The dialect libketama: hash alone, one by one, batches by every backend, the 2007 library, the crate `ketama`.
fn md5_rings(places: &Places, results: &mut Results, servers: usize, length: usize, keys: &Keys) {
    let keys = &keys.slices()[..];
    let ours = ring("libketama", &[], servers);
    let names = names(servers);
    let reference = places.reference.as_ref().filter(|_| servers <= reference::MOST_SERVERS);
    let reference = reference.map(|library| Reference::open(library, &places.folder, servers));
    // Its indices have 16 bits.
    let other = (servers < 65_536)
        .then(|| crate_ketama::Ring::build(&names.iter().map(String::as_str).collect::<Vec<_>>()));

    check_batches(&ours, keys);
    if let Some(reference) = &reference {
        check(&ours, keys, "the old library", |key| {
            names.iter().position(|name| *name == reference.name(key))
        });
    }
    let mut sides = vec![each("hash alone", keys, md5::first_word), one_by_one(&ours, keys)];
    if let Some(reference) = &reference {
        sides.push(each("old library", keys, |key| reference.lookup(key)));
    }
    if let Some(other) = &other {
        check(&ours, keys, "crate ketama", |key| Some(other.route(key)));
        sides.push(each("crate ketama", keys, |key| other.route(key)));
    }
    sides.extend(Backend::available().map(|backend| batches(&ours, backend, keys)));
    results.measure("look-up", servers, length, &mut sides);
}

/// The dialect nginx with `consistent`: CRC-32.
fn nginx(results: &mut Results, servers: usize, keys: &Keys) {
    let keys = &keys.slices()[..];
    let ours = ring("nginx", &[("consistent", "true")], servers);
    check_batches(&ours, keys);
    let hash = each("hash alone", keys, ketama::hash::crc32::crc32);
    let batch = batch(&ours, keys);
    // Its indices have 16 bits too.
    let continuum = (servers < 65_536).then(|| Continuum::new(&buckets(servers)));
    let mut sides = vec![hash, one_by_one(&ours, keys), batch];
    if let Some(continuum) = &continuum {
        let names = names(servers);
        let index: std::collections::HashMap<&str, usize> =
            names.iter().enumerate().map(|(index, name)| (&name[..], index)).collect();
        let theirs = |key: &[u8]| index.get(&continuum.node(key)?.to_string()[..]).copied();
        check(&ours, keys, "pingora-ketama", theirs);
        sides.push(each("pingora-ketama", keys, |key| continuum.node(key)));
    }
    results.measure("nginx look-up", servers, 0, &mut sides);
}

/// The dialect steady, XXH3, with as many points as the others have: its own 512 would be too many for the largest list.
fn steady(results: &mut Results, servers: usize, keys: &Keys) {
    let keys = &keys.slices()[..];
    let ours = ring("steady", &[("points", "160")], servers);
    check_batches(&ours, keys);
    let hash = each("hash alone", keys, |key| ketama::hash::xxhash::xxh3(key, 0));
    results.measure("steady look-up", servers, 0, &mut [hash, one_by_one(&ours, keys), batch(&ours, keys)]);
}

/// Batches of a hash that has no kernels.
fn batch<'a>(ring: &'a Ring, keys: &'a [&[u8]]) -> Side<'a> {
    let mut batch = batches(ring, Backend::Scalar, keys);
    batch.name = "batch".to_owned();
    batch
}

/// The fleet as pingora-ketama takes it.
pub fn buckets(servers: usize) -> Vec<Bucket> {
    let bucket = |name: String| Bucket::new(name.parse().expect("an address"), WEIGHT);
    names(servers).into_iter().map(bucket).collect()
}

fn libmemcached_rings(results: &mut Results, servers: usize, keys: &Keys) {
    let Some(library) = Libmemcached::open() else {
        return eprintln!("\r\x1b[KSKIPPED libmemcached: libmemcached.so.11 is not installed");
    };
    assert!(servers <= libmemcached::MOST_SERVERS);
    let keys = &keys.slices()[..];
    let (ours, fleet) = (ring("libmemcached", LIBMEMCACHED, servers), library.fleet(servers));
    check(&ours, keys, "libmemcached", |key| Some(fleet.lookup(key) as usize));
    let theirs = each("libmemcached", keys, |key| fleet.lookup(key));
    results.measure("libmemcached look-up", servers, 0, &mut [one_by_one(&ours, keys), theirs]);
}

fn uhashring_rings(results: &mut Results, servers: usize, keys: &Keys) {
    let Some(mut process) = Uhashring::open() else {
        return eprintln!("\r\x1b[KSKIPPED uhashring: python3 has no such package");
    };
    let keys = &keys.slices()[..];
    let ours = ring("uhashring", &[("mode", "ketama")], servers);
    let theirs = process.set(servers, keys);
    for (key, index) in keys.iter().zip(theirs) {
        assert_eq!(ours.lookup(key), Some(index), "uhashring answers otherwise");
    }
    let theirs = Side::remote("uhashring", uhashring::KEYS, || process.lookup());
    results.measure("uhashring look-up", servers, 0, &mut [one_by_one(&ours, keys), theirs]);
}

/// One and two threads over one ring, each with the same keys: the cost is that of one key of one thread, so that with two
/// ideal threads it is the same.
fn threads(results: &mut Results, servers: usize, keys: &Keys) {
    let keys = &keys.slices()[..];
    let ours = &ring("libketama", &[], servers);
    for what in ["threads", "threads, batch"] {
        let work = |keys: &[&[u8]]| {
            let mut out = [0; BATCH];
            if what == "threads" {
                keys.iter().map(|key| ours.lookup(key)).for_each(|server| _ = black_box(server));
            } else {
                keys.chunks(BATCH).for_each(|keys| ours.lookup_many(keys, &mut out));
                black_box(&out);
            }
        };
        let side = |name, threads| {
            let mut passes = keys.chunks(TOGETHER).cycle();
            Side::remote(name, TOGETHER, move || {
                let keys = passes.next().expect("a cycle");
                together(threads, || work(keys))
            })
        };
        let mut sides = [side("one thread", 1), side("two threads", 2)];
        results.measure(what, servers, 0, &mut sides);
    }
}

/// The nanoseconds from the moment when the first thread sets out, all being ready, until the last one is done.
fn together(threads: usize, work: impl Fn() + Sync) -> f64 {
    let ready = Barrier::new(threads);
    let timed = || {
        ready.wait();
        let start = Instant::now();
        work();
        (start, Instant::now())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(timed)).collect();
        let times = || running.into_iter().map(|thread| thread.join().expect("a thread that ends"));
        let (starts, ends): (Vec<_>, Vec<_>) = times().unzip();
        let (start, end) = (starts.into_iter().min(), ends.into_iter().max());
        end.zip(start).map_or(0.0, |(end, start)| (end - start).as_nanos() as f64)
    })
}

/// Every backend must answer as single look-ups do.
fn check_batches(ring: &Ring, keys: &[&[u8]]) {
    let single: Vec<u32> = keys.iter().map(|key| ring.lookup(key).expect("a server")).collect();
    for backend in Backend::available() {
        let mut out = vec![0; keys.len()];
        ring.lookup_many_with(backend, keys, &mut out);
        assert_eq!(single, out, "{backend} answers otherwise than scalar");
    }
}

/// Another's answers must be ours; where points of two servers lie at one place, software that sorts without keeping their
/// order may name the other owner.
fn check(ours: &Ring, keys: &[&[u8]], who: &str, theirs: impl Fn(&[u8]) -> Option<usize>) {
    for key in keys {
        let (our, their) = (ours.lookup(key).map(|server| server as usize), theirs(key));
        assert!(our == their || tied(ours, key, their), "{who} answers {their:?}, not {our:?}");
    }
}

/// Whether that server too has a point at the place that answers for the key: seen in a ring with it and one other.
fn tied(ours: &Ring, key: &[u8], server: Option<usize>) -> bool {
    let place = |ring: &Ring, index| ring.point(index).map(|(place, server)| (place, server == 0));
    let wanted = ours.position(key).and_then(|index| place(ours, index)).map(|(place, _)| (place, true));
    let pair = ours.changed(|servers| {
        *servers = vec![servers[server.unwrap_or(0)].clone(), Server::new("0.0.0.0:1", i64::from(WEIGHT))];
    });
    pair.is_ok_and(|pair| (0..pair.point_count()).any(|index| place(&pair, index) == wanted))
}
