//! Figures of the segment, for people: `cargo test --release figures -- --ignored --nocapture`. Nothing here depends on
//! the time that something takes.

use super::*;
use crate::segment::testing::Folder;
use crate::segment::{self, Handle, Policy};
use crate::tests::process::this_program_with;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The path at which a child attaches.
const ATTACH: &str = "KETAMA_TEST_ATTACH";

/// The shortest time that some work takes; what it makes is released afterwards.
fn best<T>(times: usize, mut work: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        let made = black_box(work());
        let elapsed = start.elapsed();
        drop(made);
        elapsed
    };
    (0..times).map(time).min().unwrap()
}

fn keys() -> Vec<String> {
    (0..100_000).map(|number| format!("user:{number}:profile")).collect()
}

fn pass(ring: &Ring, keys: &[String]) -> Duration {
    best(1, || keys.iter().map(|key| ring.lookup(key.as_bytes()).unwrap_or(0) as usize).sum::<usize>())
}

#[test]
#[ignore = "prints figures; a child process of `figures_of_a_large_ring`, or without a path nothing"]
fn figures_child() {
    let Some(path) = std::env::var_os(ATTACH) else { return };
    let before = private_memory();
    let opened = segment::attach(Path::new(&path)).unwrap();
    // As many keys as touch every page of the points.
    for number in 0..100_000_u32 {
        black_box(opened.ring().lookup(&number.to_ne_bytes()));
    }
    println!("READY {} {before}", private_memory());
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
}

/// Private kilobytes of this process: its own pages, dirty or not, in every mapping.
fn private_memory() -> usize {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let kilobytes = |line: &str| line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap();
    rollup.lines().filter(|line| line.starts_with("Private_")).map(kilobytes).sum()
}

fn look_up_figures(dialect: &str, servers: usize) {
    let folder = Folder::new();
    let path = folder.path("ring");
    let own = ring_of(dialect, servers);
    segment::publish(&own, &path, &Policy::default()).unwrap();
    let shared = segment::attach(&path).unwrap();
    let keys = keys();
    // Both in turn over the same few keys, so that most rounds are disturbed by nothing else.
    let mut sums = [0.0; 2];
    for keys in keys.chunks(1_000) {
        let mut best = [Duration::MAX; 2];
        for _ in 0..15 {
            for (best, ring) in best.iter_mut().zip([&own, shared.ring()]) {
                *best = (*best).min(pass(ring, keys));
            }
        }
        for (sum, best) in sums.iter_mut().zip(best) {
            *sum += best.as_secs_f64();
        }
    }
    let [own, shared] = sums.map(|seconds| seconds * 1e9 / keys.len() as f64);
    println!(
        "{dialect}, {servers} servers: look-up private {own:.2} ns, shared {shared:.2} ns, ratio {:.4}",
        shared / own
    );
}

#[test]
#[ignore = "prints figures"]
fn figures_of_look_ups() {
    for servers in [8, 100, 1_000, 10_000] {
        look_up_figures("libketama", servers);
    }
    look_up_figures("dalli", 100);
    look_up_figures("dalli", 10_000);
    look_up_figures("envoy", 100);
}

#[test]
#[ignore = "prints figures"]
fn figures_of_a_large_ring() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let ring = ring_of("libketama", 10_000);
    let build = best(15, || Ring::build(list_of("libketama", "10.0", 10_000)).unwrap());
    let fingerprint = best(3, || ring.fingerprint());
    let publish = best(3, || segment::publish(&ring, &path, &Policy::default()).unwrap());
    let map = best(50, || segment::Segment::open(&path).unwrap());
    let attach = best(50, || segment::attach(&path).unwrap());
    println!(
        "10,000 servers: build {build:?}, publish {publish:?} (fingerprint {fingerprint:?}), open {map:?}, attach {attach:?} = {:.1} % of a build",
        100.0 * attach.as_secs_f64() / build.as_secs_f64()
    );
    let handle = Handle::open(&path, Policy::default()).unwrap();
    let stale = best(9, || (0..1_000_000).filter(|_| black_box(&handle).is_stale()).count());
    let refresh = best(9, || (0..1_000).filter(|_| handle.refresh().unwrap()).count());
    println!(
        "generation check {:.2} ns, refresh without a change {:.0} ns",
        stale.as_secs_f64() * 1e3,
        refresh.as_secs_f64() * 1e6
    );
    let child = |_| {
        this_program_with("segment::tests::figures::figures_child")
            .env(ATTACH, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<_> = (0..64).map(child).collect();
    let mut most = (0, 0);
    // Kept open: the children have something to say at their end.
    let mut outputs = Vec::new();
    for child in &mut children {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("READY")).unwrap();
        outputs.push(lines);
        let mut numbers = line.split_whitespace().rev().map(|word| word.parse::<usize>().unwrap());
        let (before, after) = (numbers.next().unwrap(), numbers.next().unwrap());
        most = most.max((after.saturating_sub(before), after));
    }
    println!("64 processes: private memory grows by {} kB at the most, to {} kB", most.0, most.1);
    for mut child in children {
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
}
