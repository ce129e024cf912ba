//! Many readers, and publishers that are killed at any moment.
//!
//! The short form runs with all tests. `KETAMA_SOAK=READERS,PUBLICATIONS,KILLS` makes it longer: the long form is
//! `KETAMA_SOAK=64,10000,1000 cargo test --release soak`.

use super::*;
use crate::segment::testing::Folder;
use crate::segment::{self, Handle, Policy};
use crate::tests::process::{is_emulated, this_program_with};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

const PATH: &str = "KETAMA_TEST_PATH";
/// Longer than any publication here takes: a killed publisher's lock is free at once.
const PATIENT: Policy = Policy { group: false, wait: Duration::from_secs(60) };

/// Starts one ignored test of this program as a process of its own.
pub(super) fn child(test: &str, environment: &[(&str, &OsStr)]) -> Child {
    this_program_with(test)
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The list of a version: every server is named after it, so that an answer belongs to one list only.
fn list(version: u64) -> ServerList {
    list_of("libketama", &format!("v{version}"), 2 + (version % 7) as usize)
}

fn version(ring: &Ring) -> u64 {
    let name = ring.servers()[0].name_lossy().into_owned();
    name[1..].split('.').next().unwrap().parse().unwrap()
}

fn parameters() -> [usize; 3] {
    let words = std::env::var("KETAMA_SOAK").unwrap_or_else(|_| "6,120,15".to_owned());
    let numbers: Vec<usize> = words.split(',').map(|word| word.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

#[test]
fn soak_readers_never_see_a_torn_ring_while_publishers_are_killed() {
    let [readers, publications, kills] = parameters();
    let folder = Folder::new();
    let path = folder.path("ring");
    segment::publish(&Ring::build(list(1)).unwrap(), &path, &PATIENT).unwrap();
    let environment = [(PATH, path.as_os_str())];
    let readers: Vec<_> = (0..readers).map(|_| child("segment::tests::soak::reader", &environment)).collect();
    // Before it is killed a publisher has to come as far as to publish, whatever runs it.
    let most = if is_emulated() { 4_000_000 } else { 40_000 };
    let mut random = 5_u64;
    let mut killed = 0;
    let newest = || version(segment::attach(&path).unwrap().ring());
    while killed < kills || newest() < publications as u64 {
        let mut publisher = child("segment::tests::soak::publisher", &environment);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_micros((random >> 33) % most));
        publisher.kill().unwrap();
        assert!(publisher.wait().unwrap().code().is_none(), "it was killed, it did not fail");
        killed += 1;
    }
    fs::write(folder.path("stop"), "").unwrap();
    for reader in readers {
        let output = reader.wait_with_output().unwrap();
        let text =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{text}");
        if std::env::var_os("KETAMA_SOAK").is_some() {
            println!("{}", text.lines().find(|line| line.contains("refreshes")).unwrap_or_default());
        }
    }
    println!("{} publications, {killed} kills", newest());
    let names = || fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        names().count() <= 5,
        "ring, control page, lock, stop, and one file of the last publisher: {:?}",
        names().collect::<Vec<_>>()
    );
    segment::publish(&Ring::build(list(1)).unwrap(), &path, &PATIENT).unwrap();
    assert_eq!(names().count(), 4, "{:?}", names().collect::<Vec<_>>());
}

#[test]
#[ignore = "a child process of the soak"]
fn publisher() {
    let path = std::env::var_os(PATH).unwrap();
    let mut next = version(segment::attach(path.as_ref()).unwrap().ring());
    loop {
        next += 1;
        segment::publish(&Ring::build(list(next)).unwrap(), path.as_ref(), &PATIENT).unwrap();
    }
}

#[test]
#[ignore = "a child process of the soak"]
fn reader() {
    let path = std::env::var_os(PATH).unwrap();
    let path: &Path = path.as_ref();
    let stop = path.with_file_name("stop");
    let handle = Handle::open(path, PATIENT).unwrap();
    let (mut last, mut refreshes, mut lookups) = (0, 0_u64, 0_u64);
    let mut settled = None;
    while !stop.exists() {
        if handle.is_stale() && handle.refresh().unwrap() {
            refreshes += 1;
            last = check(handle.ring().ring(), last);
            // A look from outside too: there is always a whole segment.
            check(segment::attach(path).unwrap().ring(), last);
        }
        for number in 0..200_u32 {
            assert!(handle.lookup(&number.to_ne_bytes()).is_some());
            lookups += 1;
        }
        if refreshes == 5 && settled.is_none() {
            settled = Some(held(path));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    // What was published last is what is seen last.
    handle.refresh().unwrap();
    let end = held(path);
    if let Some((descriptors, mappings, kilobytes)) = settled {
        assert_eq!((end.0, end.1), (descriptors, mappings), "descriptors and mappings");
        assert!(end.2 < kilobytes + 512, "memory grew from {kilobytes} kB to {} kB", end.2);
    }
    println!("{refreshes} refreshes, {lookups} look-ups, {end:?} descriptors, mappings, kB");
}

/// That a ring is the one of its version, whole, and not older than the last one.
fn check(ring: &Ring, last: u64) -> u64 {
    let version = version(ring);
    assert!(version >= last, "{version} after {last}");
    let expected = Ring::build(list(version)).unwrap();
    assert_eq!(ring.servers(), expected.servers());
    for number in 0..100_u32 {
        let key = number.to_ne_bytes();
        assert_eq!(ring.lookup(&key), expected.lookup(&key), "{version}");
    }
    assert_eq!(ring.fingerprint(), expected.fingerprint());
    version
}

/// Open descriptors, mappings of the segment and its page, and kilobytes of memory.
fn held(path: &Path) -> (usize, usize, usize) {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mappings = maps.lines().filter(|line| line.contains(path.to_str().unwrap())).count();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let memory = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    (descriptors, mappings, memory.trim().trim_end_matches(" kB").parse().unwrap())
}
