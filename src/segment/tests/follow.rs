//! Handles: what they notice, and what stays while the source is broken.

use super::*;
use crate::ErrorKind;
use crate::segment::testing::Folder;
use crate::segment::{self, Handle, Policy};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

fn text(servers: &[&str]) -> String {
    servers.iter().map(|server| format!("{server} 100\n")).collect()
}

/// Puts a list in place as editors and distributors do.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

fn first(handle: &Handle) -> String {
    handle.with(|ring| ring.servers()[0].name_lossy().into_owned())
}

fn handle(path: &Path) -> Handle {
    Handle::open(path, Policy::default()).unwrap()
}

#[test]
fn a_list_is_followed_through_renames_edits_and_absence() {
    let folder = Folder::new();
    let path = folder.path("list");
    fs::write(&path, text(&["a:1", "b:1"])).unwrap();
    let handle = handle(&path);
    let old = handle.ring();
    assert!(!handle.refresh().unwrap());
    replace(&path, &text(&["c:1"]));
    assert!(handle.refresh().unwrap());
    assert_eq!((&*first(&handle), handle.lookup(b"key")), ("c:1", Some(0)));
    fs::write(&path, text(&["d:1"])).unwrap();
    assert!(handle.refresh().unwrap());
    assert_eq!(first(&handle), "d:1");
    fs::remove_file(&path).unwrap();
    assert_eq!(handle.refresh().unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(first(&handle), "d:1");
    fs::write(&path, text(&["d:1"])).unwrap();
    assert!(!handle.refresh().unwrap(), "it is back as it was");
    fs::write(&path, text(&["e:1"])).unwrap();
    assert!(handle.refresh().unwrap());
    assert_eq!(first(&handle), "e:1");
    assert_eq!(old.ring().servers()[0].name, b"a:1", "what is held stays");
}

#[test]
fn a_broken_list_leaves_the_ring_in_use_and_is_reported_until_it_changes() {
    let folder = Folder::new();
    let path = folder.path("list");
    fs::write(&path, text(&["a:1"])).unwrap();
    let handle = handle(&path);
    replace(&path, "a:1 nonsense\n");
    for _ in 0..3 {
        let error = handle.refresh().unwrap_err();
        assert_eq!((error.kind(), error.line()), (ErrorKind::Syntax, Some(1)), "{error}");
        assert_eq!(first(&handle), "a:1");
    }
    replace(&path, &text(&["a:1"]));
    handle.refresh().unwrap();
    replace(&path, &text(&["b:1"]));
    assert!(handle.refresh().unwrap());
}

/// The clock may be set, and tools set times of files: none of it hides a change, nor is it taken for one.
#[test]
fn a_change_is_noticed_whatever_the_times_of_the_file_say() {
    let folder = Folder::new();
    let path = folder.path("list");
    fs::write(&path, text(&["a:1"])).unwrap();
    let handle = handle(&path);
    // A file that was changed a moment ago is read again whatever its times: those of this one are to count.
    let settle = || {
        std::thread::sleep(Duration::from_millis(50));
        assert!(!handle.refresh().unwrap());
    };
    let modified = |time| {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
    };
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let year = Duration::from_secs(365 * 86_400);
    settle();
    for (time, server) in
        [(before, "b:1"), (before - 10 * year, "c:1"), (before + 10 * year, "d:1"), (before, "e:1")]
    {
        // The same file, of the same size.
        fs::write(&path, text(&[server])).unwrap();
        modified(time);
        assert!(handle.refresh().unwrap(), "{server}");
        assert_eq!(first(&handle), server);
        settle();
    }
    modified(before - year);
    assert!(!handle.refresh().unwrap(), "another time, the same content");
}

#[test]
fn a_segment_is_followed_by_one_number() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let policy = Policy::default();
    segment::publish(&ring_of("libketama", 2), &path, &policy).unwrap();
    let handle = handle(&path);
    assert!(!handle.is_stale() && !handle.refresh().unwrap() && !handle.is_stale());
    segment::publish(&ring_of("libketama", 5), &path, &policy).unwrap();
    assert!(handle.is_stale());
    assert_eq!(handle.with(Ring::server_count), 2);
    assert!(handle.refresh().unwrap());
    assert!(!handle.is_stale() && !handle.refresh().unwrap());
    assert_eq!(handle.with(Ring::server_count), 5);
    for key in (0..50).map(|number| format!("key-{number}")) {
        assert_eq!(handle.lookup(key.as_bytes()), handle.with(|ring| ring.lookup(key.as_bytes())));
    }
    // One that cannot be used: the ring in use stays, and why is told.
    replace(&path, "KETAMSEG, but no segment");
    assert_eq!(handle.refresh().unwrap_err().kind(), ErrorKind::Segment);
    assert_eq!(handle.refresh().unwrap_err().kind(), ErrorKind::Segment);
    assert_eq!(handle.with(Ring::server_count), 5);
    segment::publish(&ring_of("libketama", 7), &path, &policy).unwrap();
    assert!(handle.is_stale() && handle.refresh().unwrap());
    assert_eq!(handle.with(Ring::server_count), 7);
}

#[test]
fn a_publisher_that_died_half_way_leaves_readers_looking() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let policy = Policy::default();
    segment::publish(&ring_of("libketama", 2), &path, &policy).unwrap();
    let handle = handle(&path);
    // As if it had been killed between the rename and the confirmation.
    let page = segment::control::Page::for_writing(&path, false).unwrap();
    std::mem::forget(page.begin());
    assert!(handle.is_stale() && !handle.refresh().unwrap() && handle.is_stale());
    segment::publish(&ring_of("libketama", 3), &path, &policy).unwrap();
    assert!(handle.is_stale() && handle.refresh().unwrap() && !handle.is_stale());
}

#[test]
fn what_is_no_control_page_is_not_used() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let policy = Policy::default();
    segment::publish(&ring_of("libketama", 2), &path, &policy).unwrap();
    let page = folder.path("ring.control");
    for length in [0, 16, 63, 65] {
        fs::File::options().write(true).open(&page).unwrap().set_len(length).unwrap();
        let handle = handle(&path);
        assert!(handle.is_stale() && !handle.refresh().unwrap(), "{length}");
    }
    fs::write(&page, [0; segment::control::SIZE]).unwrap();
    assert!(handle(&path).is_stale(), "a page of another format");
    segment::publish(&ring_of("libketama", 2), &path, &policy).unwrap();
    assert!(!handle(&path).is_stale(), "the next publisher makes a new one");
}

/// The steps of a change, each of which a watcher has to notice.
#[cfg(target_os = "linux")]
#[test]
fn a_watched_list_wakes_its_reader_whatever_the_change() {
    let folder = Folder::new();
    let at = |name: &str| folder.path(name);
    // A mounted ConfigMap: the list is a link into a folder that is itself a link, which is swapped.
    for (version, server) in [("..1", "a:1"), ("..2", "b:1")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("list"), text(&[server])).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/list", at("list")).unwrap();
    let handle = handle(&at("list"));
    let descriptor = handle.watch().unwrap();
    assert_eq!(handle.watch().unwrap(), descriptor);
    let what = fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    assert_eq!(what, Path::new("anon_inode:inotify"));
    assert!(!handle.wait(Duration::ZERO));
    let noticed = |change: &dyn Fn(), server: &str| {
        change();
        assert!(handle.wait(Duration::from_secs(10)), "{server}");
        let refreshed = handle.refresh();
        assert_eq!(first(&handle), server);
        assert!(!handle.wait(Duration::ZERO), "{server}: read to the end");
        refreshed.is_ok()
    };
    let swap = || {
        symlink("..2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    assert!(noticed(&swap, "b:1"));
    assert!(noticed(&|| fs::write(at("..2/list"), text(&["c:1"])).unwrap(), "c:1"), "in the new folder");
    assert!(noticed(&|| replace(&at("list"), &text(&["d:1"])), "d:1"), "no link any more");
    assert!(!noticed(&|| fs::remove_file(at("list")).unwrap(), "d:1"), "gone");
    assert!(noticed(&|| fs::write(at("list"), text(&["e:1"])).unwrap(), "e:1"), "back");
}

#[test]
fn threads_follow_a_segment_together() {
    const LAST: usize = 30;
    let folder = Folder::new();
    let path = folder.path("ring");
    let publish = |count| segment::publish(&ring_of("libketama", count), &path, &Policy::default()).unwrap();
    publish(1);
    let handle = handle(&path);
    let follow = || {
        let mut seen = 0;
        while seen < LAST {
            if handle.is_stale() {
                handle.refresh().unwrap();
            }
            let ring = handle.ring();
            let count = ring.ring().server_count();
            assert!(seen <= count && ring.ring().lookup(b"key").is_some());
            assert!(handle.lookup(b"key").is_some());
            seen = count;
        }
    };
    std::thread::scope(|scope| {
        (0..3).for_each(|_| drop(scope.spawn(follow)));
        (2..=LAST).for_each(publish);
    });
}
