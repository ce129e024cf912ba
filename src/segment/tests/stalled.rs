//! Files that keep who reads them waiting, as those of a file system do that hangs: a FIFO without a writer is one.

use super::*;
use crate::ErrorKind;
use crate::segment::testing::Folder;
use crate::segment::{self, Handle, Policy};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

fn fifo(path: &Path) {
    let name = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the pointer is to a C string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

/// The end of a FIFO at which one writes, as soon as somebody reads at the other.
fn writer(path: &Path) -> File {
    loop {
        // Without a reader it cannot be opened in this way.
        match OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path) {
            Ok(writer) => return writer,
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn first(ring: &Ring) -> String {
    ring.servers()[0].name_lossy().into_owned()
}

#[test]
fn look_ups_go_on_while_a_refresh_waits_for_its_file() {
    let folder = Folder::new();
    let (list, stalled) = (folder.path("list"), folder.path("stalled"));
    fs::write(&list, "a:1 100\n").unwrap();
    let handle = Handle::open(&list, Policy::default()).unwrap();
    fifo(&stalled);
    // The same FIFO under the list's name.
    fs::hard_link(&stalled, folder.path("new")).unwrap();
    fs::rename(folder.path("new"), &list).unwrap();
    let done = AtomicBool::new(false);
    let refresh = || {
        let changed = handle.refresh();
        done.store(true, Ordering::SeqCst);
        changed.unwrap()
    };
    thread::scope(|scope| {
        let one = scope.spawn(refresh);
        let mut writer = writer(&stalled);
        // The first refresh is in the FIFO now, and stays there until something is written.
        let two = scope.spawn(refresh);
        for number in 0..1_000 {
            assert_eq!(handle.lookup(format!("key-{number}").as_bytes()), Some(0));
            assert_eq!(handle.with(first), "a:1");
            assert_eq!(first(handle.ring().ring()), "a:1");
            assert!(handle.is_stale());
            assert!(!done.load(Ordering::SeqCst));
        }
        // Nor is it waited for by who waits for a change.
        handle.wait(Duration::ZERO);
        // What the second one finds is a file again.
        fs::write(folder.path("new"), "c:1 100\n").unwrap();
        fs::rename(folder.path("new"), &list).unwrap();
        writer.write_all(b"b:1 100\n").unwrap();
        drop(writer);
        assert!(one.join().unwrap() && two.join().unwrap());
        assert_eq!(handle.with(first), "c:1");
    });
}

#[test]
fn all_that_a_pipe_gives_is_the_list() {
    let folder = Folder::new();
    let list = folder.path("list");
    fifo(&list);
    thread::scope(|scope| {
        scope.spawn(|| fs::write(&list, "10.0.0.1:11211 100\n").unwrap());
        let handle = Handle::open(&list, Policy::default()).unwrap();
        assert_eq!(handle.with(first), "10.0.0.1:11211");
    });
}

#[test]
fn a_segment_that_has_become_a_fifo_is_refused_and_not_waited_for() {
    let folder = Folder::new();
    let path = folder.path("ring");
    segment::publish(&ring_of("libketama", 2), &path, &Policy::default()).unwrap();
    let handle = Handle::open(&path, Policy::default()).unwrap();
    fs::remove_file(&path).unwrap();
    fifo(&path);
    let error = handle.refresh().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Segment, "it is not a regular file"));
    assert_eq!(handle.with(Ring::server_count), 2);
    assert_eq!(segment::attach(&path).unwrap_err().kind(), ErrorKind::Segment);
    // Locks and control pages are not waited for either.
    for beside in ["ring.lock", "ring.control"] {
        fs::remove_file(folder.path(beside)).unwrap();
        fifo(&folder.path(beside));
    }
    let _ = segment::publish(&ring_of("libketama", 3), &path, &Policy::default());
}
