//! `ketama_roll` with KETAMA_SEGMENT_DIR: in processes of their own, for the variable belongs to the process.

use super::soak::child;
use crate::capi::libketama::{continuum, ketama_error, ketama_get_server, ketama_roll, ketama_smoke};
use crate::segment::testing::Folder;
use crate::tests::process::{is_emulated, program_with};
use crate::tests::skipped;
use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

const LIST: &str = "KETAMA_TEST_LIST";
const USER: &str = "KETAMA_TEST_USER";
const DIRECTORY: &str = "KETAMA_SEGMENT_DIR";

/// What a program of the old interface sees: answers for a thousand keys, whether records and header lie in a mapped
/// file, and the text of `ketama_error()`.
#[test]
#[ignore = "a child process of the tests in this file"]
fn roller() {
    if let Some(user) = std::env::var(USER).ok().and_then(|user| user.parse().ok()) {
        become_user(user);
    }
    let list = std::env::var_os(LIST).unwrap();
    let list = CString::new(list.as_bytes()).unwrap();
    let mut cont: *mut continuum = std::ptr::null_mut();
    // SAFETY: the pointers are to a live variable and a C string.
    assert_eq!(unsafe { ketama_roll(&raw mut cont, list.as_ptr().cast_mut()) }, 1);
    let mut answers = String::new();
    for number in 0..1_000 {
        let key = CString::new(format!("key-{number}")).unwrap();
        // SAFETY: a C string and a continuum that is alive.
        let record = unsafe { ketama_get_server(key.as_ptr().cast_mut(), cont) };
        // SAFETY: the continuum is not empty, so this is one of its records.
        let record = unsafe { &*record };
        // SAFETY: the address in a record ends with a NUL.
        let address = unsafe { CStr::from_ptr(record.ip.as_ptr()) };
        answers.push_str(address.to_str().unwrap());
    }
    // SAFETY: the continuum is alive.
    let view = unsafe { &*cont };
    // SAFETY: `modtime` points at a time_t.
    let modtime = unsafe { *view.modtime.cast::<libc::time_t>() };
    // SAFETY: the text is a C string.
    let error = unsafe { CStr::from_ptr(ketama_error()) }.to_str().unwrap();
    let digest = twox_hash::XxHash3_64::oneshot(answers.as_bytes());
    println!("ROLLED|{digest:x} {modtime} {}|{}|{error}", view.numpoints, is_mapped(view.array as usize));
    // SAFETY: the continuum is alive, and not used from here on.
    unsafe { ketama_smoke(cont) };
}

/// The group of the users that tests start processes of.
pub(super) const GROUP: u32 = 60_000;

/// Makes this process one of a user, in [`GROUP`].
pub(super) fn become_user(user: u32) {
    // SAFETY: no group is read from the list.
    assert_eq!(unsafe { libc::setgroups(0, std::ptr::null()) }, 0);
    // SAFETY: the call has no preconditions.
    assert_eq!(unsafe { libc::setgid(GROUP) }, 0);
    // SAFETY: the call has no preconditions.
    assert_eq!(unsafe { libc::setuid(user) }, 0);
}

/// The two users who roll a list here.
const ONE: u32 = 60_001;
const OTHER: u32 = 60_002;

/// A list, and a directory of the first user in which rings are shared; none if tests cannot start processes of two users.
fn directory_of_a_user(folder: &Folder) -> Option<(PathBuf, PathBuf)> {
    let directory = folder.path("rings");
    fs::create_dir(&directory).unwrap();
    two_users(&directory, ONE).then(|| (list_in(folder), directory))
}

/// Whether tests can start processes of two users; if not, it says so.
pub(super) fn two_users(folder: &Path, one: u32) -> bool {
    let program = std::env::current_exe().unwrap();
    let is_open = |folder: &Path| fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o005 == 0o005);
    let reason = if chown(folder, Some(one), None).is_err() {
        "only root can start them".to_owned()
    } else if !program.ancestors().all(is_open) {
        format!("others may not run {}", program.display())
    } else {
        return true;
    };
    skipped("processes of two users", reason);
    false
}

/// Whether an address lies in a mapped segment.
fn is_mapped(address: usize) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let holds = |line: &&str| {
        let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
        let number = |text| usize::from_str_radix(text, 16).unwrap();
        (number(start)..number(end)).contains(&address)
    };
    maps.lines().find(holds).is_some_and(|line| line.contains("/ketama-1-"))
}

struct Rolled {
    answers: String,
    is_shared: bool,
    error: String,
}

/// Rolls the list in a process of its own, under a user if one is given.
fn roll(list: &Path, directory: Option<&Path>, user: Option<u32>) -> Rolled {
    let user = user.map(|user| user.to_string()).unwrap_or_default();
    let directory = directory.map_or(OsStr::new(""), Path::as_os_str);
    let environment = [(LIST, list.as_os_str()), (DIRECTORY, directory), (USER, OsStr::new(&user))];
    let output = child("segment::tests::roll::roller", &environment).wait_with_output().unwrap();
    let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    let line = text.split_once("ROLLED|").unwrap_or_else(|| panic!("{text}")).1.lines().next().unwrap();
    let fields: Vec<&str> = line.splitn(3, '|').collect();
    let [answers, shared, error] = fields[..] else { panic!("{line}") };
    Rolled { answers: answers.to_owned(), is_shared: shared == "true", error: error.to_owned() }
}

fn list_in(folder: &Folder) -> PathBuf {
    let list = folder.path("list");
    fs::write(&list, "10.0.0.1:11211 600\n10.0.0.2:11211 300\n10.0.0.3:11211 200\n").unwrap();
    list
}

#[test]
fn rolls_of_one_user_share_a_file_and_answer_as_private_ones() {
    let folder = Folder::new();
    let (list, directory) = (list_in(&folder), folder.path("rings"));
    let private = roll(&list, None, None);
    assert!(!private.is_shared);
    for _ in 0..2 {
        let shared = roll(&list, Some(&directory), None);
        assert!(shared.is_shared, "{}", shared.error);
        assert_eq!((shared.answers, &*shared.error), (private.answers.clone(), ""));
    }
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    let count = || fs::read_dir(&directory).unwrap().count();
    assert_eq!(count(), 3, "segment, lock, control page");
    for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
    }
    fs::write(&list, "10.0.0.1:11211 600\n").unwrap();
    let other = roll(&list, Some(&directory), None);
    assert!(other.is_shared && other.answers != private.answers);
    assert_eq!(count(), 3);
}

#[test]
fn where_sharing_fails_a_roll_is_private_and_says_why() {
    let folder = Folder::new();
    let list = list_in(&folder);
    let private = roll(&list, None, None);
    fs::write(folder.path("file"), "").unwrap();
    let read_only = Path::new("/proc");
    for (directory, why) in [
        (folder.path("file"), "Not a directory"),
        (folder.path("none/none"), "No such file"),
        (read_only.to_owned(), "not shared: no lock on the segment"),
    ] {
        let rolled = roll(&list, Some(&directory), None);
        assert!(!rolled.is_shared && rolled.error.contains(why), "{directory:?}: {}", rolled.error);
        assert_eq!(rolled.answers, private.answers);
    }
    // A file that is no segment, one that is damaged, one that others may write to: replaced, for it is our own.
    let directory = folder.path("rings");
    let segment = || {
        let mut entries = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        entries.find(|path| path.extension().is_none()).unwrap()
    };
    assert!(roll(&list, Some(&directory), None).is_shared);
    let whole = fs::read(segment()).unwrap();
    for harm in ["text", "", "cut", "mode"] {
        match harm {
            "cut" => fs::write(segment(), &whole[..whole.len() - 1]).unwrap(),
            "mode" => fs::set_permissions(segment(), fs::Permissions::from_mode(0o666)).unwrap(),
            text => fs::write(segment(), text).unwrap(),
        }
        let rolled = roll(&list, Some(&directory), None);
        assert_eq!((rolled.is_shared, rolled.answers), (true, private.answers.clone()), "{harm}");
        assert_eq!(fs::read(segment()).unwrap().len(), whole.len(), "{harm}");
    }
}

#[test]
fn two_users_do_not_get_in_each_others_way_and_trust_root() {
    let folder = Folder::new();
    let Some((list, directory)) = directory_of_a_user(&folder) else { return };
    let private = roll(&list, None, Some(OTHER));
    // A directory of the first user alone: the second one has a private ring.
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(roll(&list, Some(&directory), Some(ONE)).is_shared);
    let rolled = roll(&list, Some(&directory), Some(OTHER));
    assert!(!rolled.is_shared && rolled.error.contains("Permission denied"), "{}", rolled.error);
    assert_eq!(rolled.answers, private.answers);
    // One for all: each has a segment of its own there.
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777)).unwrap();
    for user in [ONE, OTHER] {
        let rolled = roll(&list, Some(&directory), Some(user));
        assert_eq!((rolled.is_shared, rolled.answers), (true, private.answers.clone()), "{}", rolled.error);
    }
    // Root's is trusted by those who may read it.
    let directory = folder.path("roots");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(roll(&list, Some(&directory), None).is_shared);
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o007, 0, "{path:?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let rolled = roll(&list, Some(&directory), Some(OTHER));
    assert_eq!((rolled.is_shared, rolled.answers), (true, private.answers), "{}", rolled.error);
}

#[test]
fn the_owner_of_a_directory_that_is_open_to_a_group_is_trusted_in_it() {
    let folder = Folder::new();
    let Some((list, directory)) = directory_of_a_user(&folder) else { return };
    chown(&directory, None, Some(GROUP)).unwrap();
    let mode = |mode| fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o750);
    let published = roll(&list, Some(&directory), Some(ONE));
    assert!(published.is_shared, "{}", published.error);
    for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
        let expected = if entry.file_name().to_string_lossy().ends_with(".lock") { 0o660 } else { 0o640 };
        assert_eq!(entry.metadata().unwrap().mode() & 0o777 | 0o020, expected | 0o020, "{entry:?}");
    }
    let read = roll(&list, Some(&directory), Some(OTHER));
    assert_eq!((read.is_shared, read.answers), (true, published.answers), "{}", read.error);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 3, "segment, lock, control page");
    // Where others of the group may put files, nobody vouches for them: the reader makes a segment of its own.
    mode(0o770);
    assert!(roll(&list, Some(&directory), Some(OTHER)).is_shared);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 6);
}

#[test]
fn a_set_user_id_program_does_not_share() {
    if is_emulated() {
        return skipped("a set-user-ID program", "it would be the emulator that has to have the bit");
    }
    let folder = Folder::new();
    let (list, directory) = (list_in(&folder), folder.path("rings"));
    let program = folder.path("program");
    // By another process: what this one has open for writing a child of another test may hold, and then it is not run.
    let copied =
        std::process::Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status();
    assert!(copied.unwrap().success());
    if chown(&program, Some(ONE), None).is_err() {
        return skipped("a set-user-ID program", "only root can make one of another user");
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o1777)).unwrap();
    let output = program_with(&program, "segment::tests::roll::roller")
        .envs([(LIST, list.as_os_str()), (DIRECTORY, directory.as_os_str())])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("|false|\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
}
