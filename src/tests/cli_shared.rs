//! `ketama attach`, `status` and `clean`: what they show of segments that are good, damaged, in use and left over.

use super::cli::{Folder, LIST, ketama};
use crate::segment::{self, Inspection};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A folder with the segment `fleet`, and the segment's path.
fn shared(test: &str) -> (Folder, String) {
    let folder = Folder::new(test);
    let list = folder.file("list", LIST);
    let segment = format!("{}/fleet", folder.path());
    assert_eq!(ketama(&["publish", &list, &segment], b"").0, 0);
    (folder, segment)
}

fn status(arguments: &[&str]) -> (u8, Vec<Value>) {
    let (code, output, error) = ketama(&[&["status", "--json"], arguments].concat(), b"");
    let value: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{arguments:?}: {error}"));
    (code, value["segments"].as_array().unwrap().clone())
}

/// Publishes what is no ring of its list: the bytes are right in every other respect.
fn forged(segment: &str) {
    let mut bytes = fs::read(segment).unwrap();
    // The place of the last of the 1264 points, behind which four more stand: see `src/segment/README.md`.
    let points = u64::from_ne_bytes(bytes[176..184].try_into().unwrap()) as usize;
    let (last, before) = (points + 1263 * 8, points + 1262 * 8);
    let place = u32::from_ne_bytes(bytes[before..before + 4].try_into().unwrap());
    // As it stands between its neighbour and the end of the circle, points still ascend.
    let moved = place + (u32::from_ne_bytes(bytes[last..last + 4].try_into().unwrap()) - place) / 2;
    bytes[last..last + 4].copy_from_slice(&moved.to_ne_bytes());
    segment::testing::repair(&mut bytes);
    fs::write(segment, bytes).unwrap();
}

#[test]
fn attach_verifies_a_segment_and_looks_up_in_it() {
    let (folder, segment) = shared("attach");
    let good = "libketama, 8 servers, 1264 points, fingerprint 826cf4dce5510ea4: good";
    assert_eq!(ketama(&["attach", &segment], b""), (0, format!("{segment}: {good}\n"), String::new()));
    assert_eq!(ketama(&["attach", &segment, "41", "1"], b"").1, "41\t10.0.1.3:11211\n1\t10.0.1.5:11211\n");
    let (_, output, _) = ketama(&["attach", &segment, "41", "--json"], b"");
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["answers"][0]["server"], "10.0.1.3:11211");
    assert_eq!(report["faults"].as_array().unwrap().len(), 0);

    forged(&segment);
    let (code, output, error) = ketama(&["attach", &segment], b"");
    assert_eq!(code, 1);
    assert!(output.ends_with(": not that of its list\n"), "{output}");
    assert!(error.contains("point 1263 is not that of its list"), "{error}");

    let cases: [(&str, &[u8], &str); 3] = [
        ("short", b"KETAMSEG", "shorter than a header"),
        ("list", LIST.as_bytes(), "not a segment"),
        ("empty", b"", "not a segment"),
    ];
    for (name, bytes, reason) in cases {
        let file = folder.bytes(name, bytes);
        let (code, _, error) = ketama(&["attach", &file], b"");
        assert!(code == 2 && error.contains(reason) && error.contains(&file), "{name}: {error}");
    }
    let (code, _, error) = ketama(&["attach", &format!("{segment}-none")], b"");
    assert!(code == 2 && error.contains("No such file"), "{error}");
}

#[test]
fn status_shows_what_a_segment_is_and_who_uses_it() {
    let (folder, segment) = shared("status");
    let list = format!("{}/list", folder.path());
    let (code, reports) = status(&[folder.path(), "--list", &list]);
    assert_eq!((code, reports.len()), (0, 1), "lists, locks and control pages are no segments: {reports:?}");
    let report = &reports[0];
    assert_eq!(report["path"], segment);
    assert_eq!(report["fault"], Value::Null);
    assert_eq!(report["fingerprint"], "826cf4dce5510ea4");
    assert_eq!(
        (&report["servers"], &report["points"], &report["generation"]),
        (&8.into(), &1264.into(), &1.into())
    );
    assert_eq!((&report["current"], &report["publishing"]), (&true.into(), &false.into()));
    assert_eq!(report["size"], fs::metadata(&segment).unwrap().len());
    assert!(report["source"]["md5"].as_str().unwrap().len() == 32);
    let source = fs::metadata(&list).unwrap();
    assert_eq!(report["source"]["device"], source.dev());
    assert_eq!(report["source"]["inode"], source.ino());
    let ours = |report: &Value| {
        let users = report["mapped"].as_array().unwrap().clone();
        users.into_iter().find(|user| user["pid"] == std::process::id()).map(|user| user["older"].clone())
    };
    if cfg!(target_os = "linux") {
        assert_eq!(ours(report), None);
        let opened = segment::attach(Path::new(&segment)).unwrap();
        assert_eq!(ours(&status(&[&segment]).1[0]), Some(false.into()));
        assert_eq!(ketama(&["publish", &list, &segment], b"").0, 0);
        assert_eq!(ours(&status(&[&segment]).1[0]), Some(true.into()), "it has the ring of before");
        drop(opened);
        assert_eq!(ours(&status(&[&segment]).1[0]), None);
    }
    folder.file("list", &format!("{LIST}10.0.1.9:11211\t5\n"));
    let (code, reports) = status(&[&segment, "--list", &list]);
    assert_eq!((code, &reports[0]["current"]), (1, &false.into()));
}

#[test]
fn status_says_what_is_wrong_with_a_segment() {
    let (_folder, segment) = shared("status-wrong");
    let whole = fs::read(&segment).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&segment, &bytes).unwrap();
        let (code, reports) = status(&[&segment]);
        assert_eq!(code, 2);
        reports[0]["fault"].as_str().unwrap().to_owned()
    };
    assert_eq!(with(&|bytes| bytes.truncate(100)), "it is shorter than a header");
    assert_eq!(with(&|bytes| bytes[0] = b'x'), "it is not a segment");
    let ninth = |bytes: &mut Vec<u8>| bytes[8..12].copy_from_slice(&9_u32.to_ne_bytes());
    assert_eq!(with(&ninth), "its format is 9; 1 is known here");
    assert_eq!(with(&|bytes| bytes.push(0)), "its size is not the one that it was written with");
    assert_eq!(with(&|bytes| bytes[600] ^= 1), "its checksum is wrong");
    fs::remove_file(&segment).unwrap();
    let (code, reports) = status(&[&segment]);
    assert!(code == 2 && reports[0]["fault"].as_str().unwrap().contains("No such file"), "{reports:?}");
    let (code, _, error) = ketama(&["status", "/nonexistent/ketama/"], b"");
    assert_eq!((code, error), (2, String::new()), "the fault is the answer");
}

#[test]
fn every_damaged_byte_of_a_segment_is_noticed() {
    let (_folder, segment) = shared("inspect");
    let whole = fs::read(&segment).unwrap();
    assert!(Inspection::of(&whole).is_ok());
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        assert!(Inspection::of(&bytes).is_err(), "byte {at}");
    }
}

#[test]
fn clean_removes_what_dead_publishers_left_and_nothing_else() {
    let (folder, segment) = shared("clean");
    let clean = |more: &[&str]| ketama(&[&["clean", "--keep-system-v"], more].concat(), b"");
    let left = folder.file("fleet.4711-0.tmp", "");
    for kept in ["fleet.b.1-0.tmp", "fleet.tmp", "other.1-0.tmp"] {
        folder.file(kept, "");
    }
    let names = || {
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let all = names();
    let what = format!("{left}: not put in place by a publisher that died\n");
    let found = format!("{what}1 thing found, nothing removed; --yes removes\n");
    for place in [folder.path(), &segment] {
        assert_eq!(clean(&[place]), (0, found.clone(), String::new()));
    }
    assert_eq!(names(), all);
    // As long as another publisher is at work, nothing is left over.
    let lock = fs::File::open(format!("{segment}.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(clean(&[folder.path(), "--yes"]).1, "nothing is left over\n");
    assert_eq!(names(), all);
    lock.unlock().unwrap();
    assert_eq!(
        clean(&[folder.path(), "--yes"]),
        (0, format!("removed: {what}1 of 1 removed\n"), String::new())
    );
    let rest: Vec<String> = all.into_iter().filter(|name| name != "fleet.4711-0.tmp").collect();
    assert_eq!(names(), rest);
    assert_eq!(clean(&[folder.path()]).1, "nothing is left over\n");
    let (code, _, error) = clean(&[&format!("{segment}-none")]);
    assert!(code == 2 && error.contains("no such segment or directory"), "{error}");
    assert_eq!(clean(&[]).0, 0, "without a directory there is nothing beside segments");
}
