//! Segments that somebody has made to do harm: their checksum is right, and nothing else need be.
//!
//! `KETAMA_FUZZ=100000 cargo test --release hostile` makes as many of each sample, in place of 40.

use super::*;
use crate::dialect::DIALECTS;
use crate::ring::Placed;
use crate::segment::layout::{self, Header, Span};
use crate::segment::publish::Lock;
use crate::segment::testing::{Folder, repair};
use crate::segment::write::Contents;
use crate::segment::{Opened, Segment, attach};
use std::fs;
use std::path::Path;

/// Does with a ring all that its users do, for what may come of it.
fn use_all(opened: &Opened) {
    let ring = opened.ring();
    for number in 0..20 {
        let key = format!("key-{number}");
        let mut list = [0; 3];
        let count = ring.lookup_n(key.as_bytes(), &mut list);
        let answers = ring.lookup(key.as_bytes()).into_iter().chain(list[..count].iter().copied());
        for server in answers {
            assert!((server as usize) < ring.server_count());
            assert!(opened.segment().unwrap().name(server).is_some());
            assert!(ring.servers().get(server as usize).is_some());
        }
    }
    let mut many = [0; 2];
    ring.lookup_many(&[b"a", b"b"], &mut many);
    ring.lookup_place(u128::MAX);
    ring.point(ring.point_count().wrapping_sub(1));
    ring.shares();
    ring.fingerprint();
}

/// A stream of numbers that is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn try_out(path: &Path, bytes: &[u8]) -> bool {
    fs::write(path, bytes).unwrap();
    attach(path).map(|opened| use_all(&opened)).is_ok()
}

/// Segments of rings with places of 32, 64 and 128 bits, and of one without points.
fn samples(folder: &Folder) -> Vec<Vec<u8>> {
    let dialects = ["libketama", "envoy", "dalli", "gomemcache"];
    let mut bytes = Vec::new();
    for dialect in dialects.into_iter().chain(DIALECTS.iter().map(|dialect| dialect.name)) {
        let Ok(ring) = Ring::build(list_of(dialect, "h", 2)) else { continue };
        if ring.point_count() > 3_000 {
            continue;
        }
        let path = folder.path("ring");
        crate::segment::publish(&ring, &path, &Default::default()).unwrap();
        bytes.push(fs::read(&path).unwrap());
    }
    bytes
}

#[test]
fn no_bytes_with_a_right_checksum_make_a_ring_that_is_not_safe() {
    let folder = Folder::new();
    let path = folder.path("hostile");
    let mut random = Random(11);
    let (mut accepted, mut refused) = (0, 0);
    let rounds = std::env::var("KETAMA_FUZZ").map_or(40, |rounds| rounds.parse().unwrap());
    for sample in samples(&folder) {
        for _ in 0..rounds {
            let mut bytes = sample.clone();
            for _ in 0..1 + random.below(4) {
                // The header and the list are small, and full of numbers that others are computed from.
                let most = if random.below(3) == 0 { bytes.len() } else { bytes.len().min(600) };
                let at = random.below(most);
                let values = [0, 1, 0x7f, 0x80, 0xff, random.below(256) as u8];
                bytes[at] = values[random.below(values.len())];
            }
            if random.below(10) == 0 {
                bytes.truncate(random.below(bytes.len()));
            }
            repair(&mut bytes);
            if try_out(&path, &bytes) { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(
        accepted > 100 && refused > 100,
        "{accepted} accepted, {refused} refused: the test has lost its edge"
    );
}

/// Every byte of a small segment, each changed in several ways, under a right checksum.
#[test]
fn no_single_byte_under_a_right_checksum_makes_a_ring_that_is_not_safe() {
    let folder = Folder::new();
    let path = folder.path("hostile");
    let list = list_of("gomemcache", "h", 3);
    for ring in [list, ServerList::new(Dialect::named("libketama").unwrap(), vec![Server::new("a:1", 1)])] {
        let ring = Ring::build(ring).unwrap();
        crate::segment::publish(&ring, &path, &Default::default()).unwrap();
        let sample = fs::read(&path).unwrap();
        for at in 0..sample.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = sample.clone();
                bytes[at] ^= flip;
                repair(&mut bytes);
                try_out(&path, &bytes);
            }
        }
    }
}

#[test]
fn points_of_one_dialect_under_the_name_of_another_are_safe() {
    let folder = Folder::new();
    let path = folder.path("hostile");
    let samples = samples(&folder);
    for dialect in DIALECTS {
        for sample in &samples {
            let list = u64::from_ne_bytes(sample[128..136].try_into().unwrap()) as usize;
            let old = u32::from_ne_bytes(sample[list..list + 4].try_into().unwrap()) as usize;
            // The list has another length now: a copy of it goes to the end of the file.
            let name = dialect.name.as_bytes();
            let rest = &sample[list + 4 + old..];
            let mut bytes = sample.clone();
            bytes.resize(bytes.len().next_multiple_of(layout::ALIGN), 0);
            let moved = bytes.len();
            bytes.extend((name.len() as u32).to_ne_bytes());
            bytes.extend(name);
            bytes.extend(rest);
            let length = bytes.len() - moved;
            bytes[128..136].copy_from_slice(&(moved as u64).to_ne_bytes());
            bytes[136..144].copy_from_slice(&(length as u64).to_ne_bytes());
            repair(&mut bytes);
            try_out(&path, &bytes);
        }
    }
}

#[test]
fn points_that_are_out_of_order_or_belong_to_nobody_are_refused() {
    let folder = Folder::new();
    let path = folder.path("ring");
    crate::segment::publish(&ring_of("libketama", 3), &path, &Default::default()).unwrap();
    let sample = fs::read(&path).unwrap();
    let number = |at: usize| u64::from_ne_bytes(sample[at..at + 8].try_into().unwrap()) as usize;
    let (points, table, table_length) = (number(176), number(192), number(200));
    let change = |at: usize, value: u32| {
        let mut bytes = sample.clone();
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        repair(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        attach(&path).map(|_| ()).map_err(|error| error.message().to_owned())
    };
    let value = u32::from_ne_bytes(sample[points..points + 4].try_into().unwrap());
    assert_eq!(change(points, value), Ok(()));
    assert_eq!(change(points, u32::MAX), Err("the points are not in order".into()));
    assert_eq!(change(points + 4, 3), Err("a point belongs to no server of the list".into()));
    let entry = |at: usize| u32::from_ne_bytes(sample[at..at + 4].try_into().unwrap());
    let last = table + table_length - 4;
    for at in (table..=last).step_by(4) {
        // What leads out of the points, and what does not ascend; the first and the last entry are known.
        let before = if at == table { 0 } else { entry(at - 4) };
        let ascends = |new: u32| new >= before && (at == last || new <= entry(at + 4));
        let is_end = at == table || at == last;
        for new in [entry(at).wrapping_add(1), entry(at).wrapping_sub(1), u32::MAX] {
            let changed = change(at, new);
            if is_end || !ascends(new) {
                assert_eq!(changed, Err("the index is not that of the points".into()), "{at}");
            } else {
                assert_eq!(changed, Ok(()), "{at}");
            }
        }
    }
    let end = table.next_multiple_of(64).min(points + number(184)) - 4;
    assert!(change(end, u32::MAX).is_err());
}

/// The records are given to C as they lie there, so that each must be a point's, and its address a C string.
#[test]
fn records_that_are_not_those_of_the_points_are_refused() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let ring = ring_of("libketama", 3);
    let contents = Contents { addresses: Some(vec![[0; 24]; 3]), ..Contents::default() };
    Lock::take(&path, &Default::default()).unwrap().publish(&ring, &contents).unwrap();
    let sample = fs::read(&path).unwrap();
    let Span { offset, length } = Header(&sample).section(layout::RECORDS_SECTION, sample.len()).unwrap();
    let records = offset + layout::RECORDS_HEADER;
    assert_eq!(length, layout::RECORDS_HEADER + ring.point_count() * 28);
    let change = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = sample.clone();
        change(&mut bytes);
        repair(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let segment = Segment::open(&path).unwrap();
        let Some(Placed::Narrow(points)) = segment.placed().unwrap() else { panic!("no points of 32 bits") };
        segment.records(&points).map(<[u8]>::len).map_err(|error| error.message().to_owned())
    };
    assert_eq!(change(&|_| ()), Ok(length));
    let others = Err("the records are not those of the points".to_owned());
    assert_eq!(change(&|bytes| bytes[records] ^= 1), others);
    assert_eq!(change(&|bytes| bytes[records + 27] = b'1'), others);
    let field = layout::RECORDS_SECTION.offset + 8;
    let shorter = |by: usize| {
        change(&|bytes| bytes[field..field + 8].copy_from_slice(&((length - by) as u64).to_ne_bytes()))
    };
    assert_eq!([shorter(1), shorter(28)], [others.clone(), others]);
    assert_eq!(shorter(length - 1), Err("it has no records".into()));
}

/// A large segment is looked at in pieces, by several threads where there are several processors.
#[test]
fn what_is_out_of_order_between_two_pieces_is_refused_too() {
    let folder = Folder::new();
    let path = folder.path("ring");
    crate::segment::publish(&ring_of("libketama", 1_000), &path, &Default::default()).unwrap();
    let sample = fs::read(&path).unwrap();
    let section = |field| {
        let span = Header(&sample).section(field, sample.len()).unwrap();
        span.offset..span.offset + span.length
    };
    let (points, table) = (section(layout::POINTS_SECTION), section(layout::TABLE_SECTION));
    let second = crate::segment::checksum::PIECE;
    assert!(points.contains(&(second - 8)) && points.contains(&second) && points.len() / 8 > 1 << 17);
    let change = |change: &dyn Fn(&mut [u8])| {
        let mut bytes = sample.clone();
        change(&mut bytes);
        repair(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        attach(&path).map(|opened| use_all(&opened)).map_err(|error| error.message().to_owned())
    };
    assert_eq!(change(&|_| ()), Ok(()));
    // The last point of the first piece, higher than the first one of the second piece.
    let swap = |bytes: &mut [u8]| {
        let (first, last) = bytes.split_at_mut(second);
        first[second - 8..].swap_with_slice(&mut last[..8]);
    };
    assert_eq!(change(&swap), Err("the points are not in order".into()));
    let nobody = |bytes: &mut [u8]| bytes[second + 4..second + 8].fill(0xff);
    assert_eq!(change(&nobody), Err("a point belongs to no server of the list".into()));
    let descent = |bytes: &mut [u8]| bytes[table.end - 8..table.end - 4].fill(0xff);
    assert_eq!(change(&descent), Err("the index is not that of the points".into()));
    let mut bytes = sample.clone();
    bytes[section(layout::SERVERS_SECTION).start] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(attach(&path).unwrap_err().message(), "its checksum is wrong");
}

/// A ring without points is built by each reader, and a list of two lines can want gigabytes.
#[test]
fn a_ring_without_points_that_would_be_large_is_not_shared() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let ring = |first: i64| {
        let mut list = list_of("python-memcached", "h", 2);
        list.options.set_text("max-points", "4000000000").unwrap();
        list.servers[0].weight = first.into();
        Ring::build(list).unwrap()
    };
    crate::segment::publish(&ring(77), &path, &Default::default()).unwrap();
    let slots = attach(&path).unwrap().ring().point_count();
    let error = crate::segment::publish(&ring(1 << 24), &path, &Default::default()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit, "{error}");
    assert!(error.to_string().contains("more than 16777216 cannot be shared"), "{error}");
    assert_eq!(attach(&path).unwrap().ring().point_count(), slots);
    let mut bytes = fs::read(&path).unwrap();
    let weight = bytes.windows(8).position(|bytes| bytes == 77_i64.to_ne_bytes()).unwrap();
    bytes[weight..weight + 8].copy_from_slice(&2_000_000_000_i64.to_ne_bytes());
    repair(&mut bytes);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(attach(&path).unwrap_err().kind(), crate::ErrorKind::Limit);
}
