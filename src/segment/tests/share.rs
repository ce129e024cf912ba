//! Publishing and attaching: who is trusted, who waits for whom, what is left behind.

use super::*;
use crate::ErrorKind;
use crate::segment::publish::{self, Lock};
use crate::segment::testing::Folder;
use crate::segment::{self, Policy, Segment};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::time::Duration;

const QUICK: Policy = Policy { group: false, wait: Duration::from_millis(20) };

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.path("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn reason(path: &std::path::Path) -> String {
    Segment::open(path).unwrap_err().message().to_owned()
}

#[test]
fn old_mappings_stay_when_another_ring_is_published() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let (first, second) = (ring_of("libketama", 4), ring_of("libketama", 9));
    segment::publish(&first, &path, &QUICK).unwrap();
    let old = segment::attach(&path).unwrap();
    segment::publish(&second, &path, &QUICK).unwrap();
    let new = segment::attach(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_same_answers(&first, old.ring());
    assert_same_answers(&second, new.ring());
    assert_eq!(names(&folder), ["ring.control", "ring.lock"]);
}

#[test]
fn files_are_for_their_owner_alone_unless_the_group_is_let_in() {
    let folder = Folder::new();
    for (name, group, mode) in [("own", false, 0o600), ("group", true, 0o640)] {
        let path = folder.path(name);
        segment::publish(&ring_of("libketama", 2), &path, &Policy { group, ..QUICK }).unwrap();
        for file in [path.clone(), publish::beside(&path, ".control")] {
            assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, mode, "{file:?}");
        }
    }
}

#[test]
fn only_files_of_this_user_or_root_that_nobody_else_may_write_are_trusted() {
    let folder = Folder::new();
    let path = folder.path("ring");
    segment::publish(&ring_of("libketama", 2), &path, &QUICK).unwrap();
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(reason(&path), "others than its owner may write to it");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Segment::open(&path).is_ok());
    symlink(&path, folder.path("link")).unwrap();
    assert_eq!(reason(&folder.path("link")), "it is a symbolic link");
    assert_eq!(reason(&folder.path("")), "it is not a regular file");
    assert_eq!(Segment::open(&folder.path("none")).unwrap_err().kind(), ErrorKind::Io);
    match chown(&path, Some(65_534), None) {
        Ok(()) => {
            assert!(reason(&path).starts_with("it belongs to user 65534, not to "), "{}", reason(&path))
        }
        Err(_) => crate::tests::skipped("a file of another user", "only root can give one away"),
    }
}

#[cfg(feature = "capi")]
#[test]
fn one_more_user_is_trusted_where_the_process_says_so() {
    let folder = Folder::new();
    let path = folder.path("ring");
    segment::publish(&ring_of("libketama", 2), &path, &Policy { group: true, ..QUICK }).unwrap();
    if !super::roll::two_users(&path, OWNER) {
        return;
    }
    for file in [path.clone(), publish::beside(&path, ".control")] {
        chown(file, Some(OWNER), Some(super::roll::GROUP)).unwrap();
    }
    let reader =
        super::soak::child("segment::tests::share::trustful", &[("KETAMA_TEST_PATH", path.as_os_str())]);
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Whose segment another user is to trust.
#[cfg(feature = "capi")]
const OWNER: u32 = 60_001;

#[cfg(feature = "capi")]
#[test]
#[ignore = "the child process of `one_more_user_is_trusted_where_the_process_says_so`"]
fn trustful() {
    let path = std::env::var_os("KETAMA_TEST_PATH").unwrap();
    super::roll::become_user(60_002);
    let refused = || reason(path.as_ref());
    assert_eq!(refused(), "it belongs to user 60001, not to 60002 or root");
    segment::trust(Some(60_003));
    assert_eq!(refused(), "it belongs to user 60001, not to 60002, to user 60003 or root");
    segment::trust(Some(OWNER));
    let handle = segment::Handle::open(path.as_ref(), QUICK).unwrap();
    assert_eq!(handle.with(Ring::server_count), 2);
    assert!(!handle.is_stale(), "the control page is trusted too");
    segment::trust(None);
    assert_eq!(refused(), "it belongs to user 60001, not to 60002 or root");
}

#[test]
fn a_publisher_at_work_delays_others_no_longer_than_they_wait() {
    let folder = Folder::new();
    let path = folder.path("ring");
    let held = Lock::take(&path, &QUICK).unwrap();
    let ring = ring_of("libketama", 2);
    let error = segment::publish(&ring, &path, &QUICK).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Busy, "another process has been building for 20 ms")
    );
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            drop(held);
        });
        segment::publish(&ring, &path, &Policy { wait: Duration::from_secs(600), ..QUICK }).unwrap();
    });
}

#[test]
fn links_in_place_of_a_lock_or_a_control_page_lead_nowhere() {
    let folder = Folder::new();
    let (path, other) = (folder.path("ring"), folder.path("other"));
    let ring = ring_of("libketama", 2);
    segment::publish(&ring, &other, &QUICK).unwrap();
    let handle = segment::Handle::open(&other, QUICK).unwrap();
    let page = publish::beside(&path, ".control");
    symlink(publish::beside(&other, ".control"), &page).unwrap();
    segment::publish(&ring, &path, &QUICK).unwrap();
    assert!(!handle.is_stale() && fs::symlink_metadata(page).unwrap().is_file());
    let lock = publish::beside(&path, ".lock");
    fs::remove_file(&lock).unwrap();
    symlink(publish::beside(&other, ".lock"), lock).unwrap();
    let error = segment::publish(&ring, &path, &QUICK).unwrap_err();
    assert!(error.message().starts_with("no lock on the segment: "), "{error}");
}

#[test]
fn a_list_shares_through_the_segment_that_it_names() {
    let folder = Folder::new();
    let list = folder.path("fleet.toml");
    let text = "dialect = \"nginx\"\nsegment = \"fleet.ring\"\n[[servers]]\nname = \"a:1\"\n[[servers]]\nname = \"b:1\"\n";
    fs::write(&list, text).unwrap();
    let first = segment::open(&list, &QUICK).unwrap();
    let second = segment::open(&list, &QUICK).unwrap();
    let inode = fs::metadata(folder.path("fleet.ring")).unwrap().ino();
    assert!(first.segment().is_some() && second.segment().is_some());
    assert_same_answers(first.ring(), second.ring());
    // Another list: the segment of the first one does not do.
    fs::write(&list, text.replace("b:1", "c:1")).unwrap();
    let third = segment::open(&list, &QUICK).unwrap();
    assert_eq!(third.ring().servers()[1].name, b"c:1");
    assert_ne!(fs::metadata(folder.path("fleet.ring")).unwrap().ino(), inode);
    assert_eq!(second.ring().servers()[1].name, b"b:1");
    assert_eq!(names(&folder), ["fleet.ring", "fleet.ring.control", "fleet.ring.lock", "fleet.toml"]);
}

#[test]
fn a_ring_that_cannot_be_shared_is_private_and_says_why() {
    let folder = Folder::new();
    let list = folder.path("fleet.toml");
    let write = |segment: &str| {
        let servers = "[[servers]]\nname = \"a:1\"\n[[servers]]\nname = \"b:1\"\n";
        fs::write(&list, format!("dialect = \"nginx\"\nsegment = \"{segment}\"\n{servers}")).unwrap();
    };
    let why = || {
        let opened = segment::open(&list, &QUICK).unwrap();
        assert!(opened.segment().is_none() && opened.ring().lookup(b"key").is_some());
        opened.private().unwrap().to_string()
    };
    write("none/fleet.ring");
    assert!(why().starts_with("no lock on the segment: No such file"), "{}", why());
    write("fleet.ring");
    let held = Lock::take(&folder.path("fleet.ring"), &QUICK).unwrap();
    assert!(why().starts_with("another process has been building for 20 ms"), "{}", why());
    drop(held);
    fs::create_dir(folder.path("fleet.ring")).unwrap();
    assert!(why().starts_with("the segment cannot be put in place: "), "{}", why());
    assert!(!names(&folder).iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn what_dead_publishers_left_is_swept() {
    let folder = Folder::new();
    let path = folder.path("ring");
    for name in ["ring.1-0.tmp", "ring.99999-3.tmp", "ring2.1-0.tmp", "other"] {
        fs::write(folder.path(name), "left").unwrap();
    }
    segment::publish(&ring_of("libketama", 2), &path, &QUICK).unwrap();
    assert_eq!(names(&folder), ["other", "ring", "ring.control", "ring.lock", "ring2.1-0.tmp"]);
}

/// On a file system of its own, which no other process sees.
#[cfg(target_os = "linux")]
#[test]
fn on_a_full_or_read_only_file_system_a_ring_is_private_and_nothing_is_left() {
    let folder = Folder::new();
    let child = super::soak::child(
        "segment::tests::share::mounter",
        &[("KETAMA_TEST_PATH", folder.path("").as_os_str())],
    );
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    if text.contains("not mounted") {
        crate::tests::skipped("full and read-only file systems", "only root can mount them");
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the child process of `on_a_full_or_read_only_file_system_a_ring_is_private_and_nothing_is_left`"]
fn mounter() {
    let folder = std::path::PathBuf::from(std::env::var_os("KETAMA_TEST_PATH").unwrap());
    let place = std::ffi::CString::new(folder.as_os_str().as_encoded_bytes()).unwrap();
    let mount = |place: &std::ffi::CStr, flags, options: &std::ffi::CStr| {
        let (kind, options) = (c"tmpfs".as_ptr(), options.as_ptr().cast());
        // SAFETY: all pointers are to C strings.
        unsafe { libc::mount(kind, place.as_ptr(), kind, flags, options) == 0 }
    };
    // SAFETY: the call has no preconditions.
    let alone = unsafe { libc::unshare(libc::CLONE_NEWNS) } == 0;
    if !(alone && mount(c"/", libc::MS_REC | libc::MS_PRIVATE, c"") && mount(&place, 0, c"size=12k")) {
        return println!("not mounted");
    }
    let list = folder.join("list");
    fs::write(
        &list,
        "dialect = \"nginx\"\nsegment = \"ring\"\n[[servers]]\nname = \"a:1\"\n[[servers]]\nname = \"b:1\"\n",
    )
    .unwrap();
    let private = |why: &str, left: &[&str]| {
        let opened = segment::open(&list, &QUICK).unwrap();
        let reason = opened.private().unwrap().to_string();
        assert!(opened.ring().lookup(b"key").is_some() && reason.contains(why), "{reason}");
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, left);
    };
    // Room for a control page, but not for a segment; then for neither.
    fs::write(folder.join("fill"), [0; 4096]).unwrap();
    private("No space left", &["fill", "list", "ring.control", "ring.lock"]);
    fs::remove_file(folder.join("ring.control")).unwrap();
    let _ = fs::write(folder.join("fill"), [0; 1 << 16]);
    private("No space left", &["fill", "list", "ring.lock"]);
    fs::remove_file(folder.join("ring.lock")).unwrap();
    assert!(mount(&place, libc::MS_REMOUNT | libc::MS_RDONLY, c""));
    private("Read-only file system", &["fill", "list"]);
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    // A limit on the size of files is met as a full disk is: by a write that fails. It is set in a child of its own.
    let folder = Folder::new();
    let path = folder.path("ring");
    let small = ring_of("libketama", 1);
    segment::publish(&small, &path, &QUICK).unwrap();
    let child = super::soak::child(
        "segment::tests::share::publisher_on_a_full_disk",
        &[("KETAMA_TEST_PATH", path.as_os_str())],
    );
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("the segment cannot be written: File too large"), "{text}");
    assert_same_answers(&small, segment::attach(&path).unwrap().ring());
    assert_eq!(names(&folder), ["ring", "ring.control", "ring.lock"]);
}

#[test]
#[ignore = "the child process of `a_full_disk_leaves_what_was_there`"]
fn publisher_on_a_full_disk() {
    let path = std::env::var_os("KETAMA_TEST_PATH").unwrap();
    let limit = libc::rlimit { rlim_cur: 20_000, rlim_max: 20_000 };
    // SAFETY: the call has no preconditions.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    // SAFETY: the pointer is to a live struct.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) }, 0);
    let error = segment::publish(&ring_of("libketama", 100), path.as_ref(), &QUICK).unwrap_err();
    println!("{error}");
}
