//! Damaged segments: every byte changed, every length cut, random bytes of a large one.

use super::*;
use crate::segment::layout::{FORMAT, HEADER, MAGIC};
use crate::segment::testing::Folder;
use crate::segment::write::{self, Contents};
use crate::segment::{Segment, check};
use std::fs::{self, File};
use std::path::Path;

/// A segment with every section, and the ring in it.
fn sample(folder: &Folder, servers: usize) -> (std::path::PathBuf, Ring) {
    let path = folder.path("sample");
    let ring = ring_of("libketama", servers);
    let addresses = ring.servers().iter().map(|server| {
        let mut ip = [0; 24];
        ip[..server.name.len()].copy_from_slice(&server.name);
        ip
    });
    let contents = Contents { addresses: Some(addresses.collect()), ..Contents::default() };
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    write::write(&file, &ring, &contents).unwrap();
    (path, ring)
}

fn is_refused(path: &Path, bytes: &[u8]) -> bool {
    fs::write(path, bytes).unwrap();
    Segment::open(path).is_err()
}

#[test]
fn what_was_written_is_what_is_read() {
    let folder = Folder::new();
    for dialect in crate::dialect::DIALECTS {
        let list = super::list_of(dialect.name, "10.1", 5);
        // Some dialects demand an option or a field: those are read in `every_recorded_ring_can_be_shared`.
        let Ok(ring) = Ring::build(list) else { continue };
        let path = folder.path(dialect.name);
        crate::segment::publish(&ring, &path, &Default::default()).unwrap();
        let opened = crate::segment::attach(&path).unwrap();
        assert_same_answers(&ring, opened.ring());
        let segment = opened.segment().unwrap();
        assert_eq!(segment.fingerprint(), opened.ring().fingerprint(), "{dialect}");
        assert_eq!(segment.size() as u64, std::fs::metadata(&path).unwrap().len(), "{dialect}");
    }
}

#[test]
fn every_changed_byte_of_a_small_segment_is_refused() {
    let folder = Folder::new();
    let (path, _) = sample(&folder, 1);
    let bytes = fs::read(&path).unwrap();
    assert!(!is_refused(&path, &bytes));
    for position in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[position] ^= flip;
            assert!(check::checked(&damaged, None).is_err(), "byte {position} flipped by {flip:#x}");
        }
    }
    // The header, through a file.
    for position in 0..HEADER {
        for value in [0, 1, 2, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[position] = value;
            let refused = is_refused(&path, &damaged);
            assert_eq!(refused, value != bytes[position], "byte {position} set to {value}");
        }
    }
}

#[test]
fn every_truncation_of_a_small_segment_is_refused() {
    let folder = Folder::new();
    let (path, _) = sample(&folder, 1);
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        assert!(is_refused(&path, &bytes[..length]), "{length} bytes");
    }
    assert!(is_refused(&path, &[&bytes[..], b"\0"].concat()), "one byte more");
}

#[test]
fn random_damage_of_a_large_segment_is_refused() {
    let folder = Folder::new();
    let (path, _) = sample(&folder, 500);
    let bytes = fs::read(&path).unwrap();
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for _ in 0..20 {
        let mut damaged = bytes.clone();
        damaged[next(bytes.len())] ^= 1 << next(8);
        assert!(is_refused(&path, &damaged));
        assert!(is_refused(&path, &bytes[..next(bytes.len())]));
    }
}

#[test]
fn a_format_that_is_not_known_is_refused_and_named() {
    let folder = Folder::new();
    let (path, _) = sample(&folder, 2);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&(FORMAT + 1).to_ne_bytes());
    fs::write(&path, &bytes).unwrap();
    let text = Segment::open(&path).unwrap_err().to_string();
    assert!(text.starts_with("its format is 2; 1 is known here"), "{text}");
    bytes[8..12].copy_from_slice(&FORMAT.to_ne_bytes());
    bytes[12..16].reverse();
    fs::write(&path, &bytes).unwrap();
    assert!(Segment::open(&path).unwrap_err().to_string().starts_with("it has the other byte order"));
    bytes[..8].copy_from_slice(&MAGIC.map(|byte| byte.to_ascii_lowercase()));
    fs::write(&path, &bytes).unwrap();
    assert!(Segment::open(&path).unwrap_err().to_string().starts_with("it is not a segment"));
}
