//! Segments that were written on other processors, in `segments/`: x86-64 for the byte order `little`, s390x for `big`.

use super::{assert_same_answers, list_of};
use crate::Ring;
use crate::error::Error;
use crate::segment::check;
use crate::segment::layout::ALIGN;
use crate::segment::testing::Folder;
use crate::segment::{self, Opened, Policy};
use std::fs;
use std::path::{Path, PathBuf};

/// Dialects whose places have 32, 64 and 128 bits.
const DIALECTS: [&str; 3] = ["libketama", "cassandra", "uhashring"];

const ORDERS: [&str; 2] = if cfg!(target_endian = "little") { ["little", "big"] } else { ["big", "little"] };

fn recorded(order: &str, dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/segment/tests/segments/{order}-{dialect}"))
}

fn ring(dialect: &str) -> Ring {
    let mut list = list_of(dialect, "10.0", 3);
    if dialect == "cassandra" {
        for (server, token) in list.servers.iter_mut().zip([-7_i64 << 60, 1, 1 << 40]) {
            server.fields.tokens = Some(vec![token, token + 9, token ^ 0x55aa]);
        }
    }
    Ring::build(list).unwrap()
}

/// The bytes of a segment as this processor writes it.
fn written(dialect: &str, folder: &Folder) -> Vec<u8> {
    let path = folder.path(dialect);
    segment::publish(&ring(dialect), &path, &Policy::default()).unwrap();
    fs::read(path).unwrap()
}

/// Attaches a recorded segment, in a file with the owner and the mode of those that this user publishes.
fn attach(recorded: &Path, folder: &Folder) -> Result<Opened, Error> {
    let path = folder.path("recorded");
    segment::publish(&ring("cassandra"), &path, &Policy::default()).unwrap();
    fs::write(&path, fs::read(recorded).unwrap()).unwrap();
    segment::attach(&path)
}

/// The width of pointers, and the alignment of wide numbers, make no difference: who shares a machine shares segments.
#[test]
fn processors_of_one_byte_order_write_the_same_bytes() {
    let folder = Folder::new();
    for dialect in DIALECTS {
        let expected = recorded(ORDERS[0], dialect);
        assert!(written(dialect, &folder) == fs::read(&expected).unwrap(), "{dialect}");
        assert_same_answers(&ring(dialect), attach(&expected, &folder).unwrap().ring());
    }
}

/// The check of a segment without a file to map, so that Miri can watch it.
#[test]
fn the_bytes_of_a_recorded_segment_are_checked_where_they_lie() {
    for dialect in DIALECTS {
        let bytes = fs::read(recorded(ORDERS[0], dialect)).unwrap();
        // As a mapped file lies, at a multiple of the alignment of every section.
        let mut room = vec![0; bytes.len() + ALIGN];
        let start = room.as_ptr().align_offset(ALIGN);
        let place = &mut room[start..start + bytes.len()];
        place.copy_from_slice(&bytes);
        assert!(check::checked(place, None).is_ok(), "{dialect}");
        let step = if cfg!(miri) { bytes.len() / 10 } else { 7 };
        for position in (0..bytes.len()).step_by(step) {
            place[position] ^= 1;
            assert!(check::checked(place, None).is_err(), "{dialect}: byte {position}");
            place[position] ^= 1;
        }
        assert!(check::checked(&place[..bytes.len() - 1], None).is_err());
        let foreign = fs::read(recorded(ORDERS[1], dialect)).unwrap();
        assert!(check::checked(&foreign, None).is_err());
    }
}

#[test]
fn a_segment_of_the_other_byte_order_is_refused() {
    let folder = Folder::new();
    for dialect in DIALECTS {
        let error = attach(&recorded(ORDERS[1], dialect), &folder).unwrap_err();
        assert_eq!(error.message(), "it has the other byte order", "{dialect}");
    }
}

#[test]
fn fingerprints_are_the_same_on_all_processors() {
    for dialect in DIALECTS {
        let number = |order: &str| {
            let bytes: [u8; 8] = fs::read(recorded(order, dialect)).unwrap()[32..40].try_into().unwrap();
            if order == "little" { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) }
        };
        assert_eq!(ring(dialect).fingerprint(), number("little"), "{dialect}");
        assert_eq!(number("little"), number("big"), "{dialect}");
    }
}

#[test]
#[ignore = "writes `segments/` anew, the files of this processor's byte order"]
fn record() {
    let folder = Folder::new();
    for dialect in DIALECTS {
        fs::write(recorded(ORDERS[0], dialect), written(dialect, &folder)).unwrap();
    }
}
