//! System V objects of the 2007 library: which they are, and which of them nobody uses.
//!
//! Its shared memory has a key of `ftok(path, 'R')`, 524288 bytes and mode 0644, and holds a ring; the set of one semaphore
//! with mode 0666 and the same key belongs to it. An object that lacks any of this is not taken for one of them.

use crate::segment::system_v::{PROJECT, SIZE, is_ring, read, remove_memory, remove_semaphores};
use std::io;

/// A ring that the 2007 library left in the kernel.
pub(super) struct Left {
    key: u32,
    memory: i32,
    semaphores: Option<i32>,
    user: u32,
    /// How many processes have it attached.
    pub attached: u64,
}

/// All of them; none where there is no System V memory.
pub(super) fn left() -> Vec<Left> {
    let semaphores = table("/proc/sysvipc/sem");
    table("/proc/sysvipc/shm").iter().filter_map(|memory| of(memory, &semaphores)).collect()
}

/// The lines of a table, as numbers; permissions are printed in octal.
fn table(path: &str) -> Vec<Vec<i64>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let numbers = |line: &str| line.split_whitespace().map(|word| word.parse().unwrap_or(-1)).collect();
    text.lines().skip(1).map(numbers).collect()
}

/// Recognises an object: `key shmid perms size cpid lpid nattch uid ...` and `key semid perms nsems ...`.
fn of(memory: &[i64], semaphores: &[Vec<i64>]) -> Option<Left> {
    let &[key, id, mode, size, _, _, attached, user, ..] = memory else { return None };
    let number = u32::try_from(key & 0xffff_ffff).ok()?;
    // Permissions that are printed as 1644 belong to an object that is removed already.
    if number >> 24 != u32::from(PROJECT) || mode != 644 || size != i64::try_from(SIZE).ok()? {
        return None;
    }
    let id = i32::try_from(id).ok()?;
    if !read(id).is_ok_and(|bytes| is_ring(&bytes)) {
        return None;
    }
    let is_its = |set: &&Vec<i64>| matches!(set[..], [other, _, 666, 1, ..] if other == key);
    let semaphores = semaphores.iter().find(is_its).and_then(|set| i32::try_from(set[1]).ok());
    Some(Left {
        key: number,
        memory: id,
        semaphores,
        user: u32::try_from(user).ok()?,
        attached: u64::try_from(attached).ok()?,
    })
}

impl Left {
    /// What it is, in words.
    pub fn describe(&self) -> String {
        let Self { key, memory, user, .. } = self;
        let semaphores = self.semaphores.map_or_else(String::new, |id| format!(" and semaphore set {id}"));
        format!(
            "a ring of the 2007 library: System V memory {memory}{semaphores}, key {key:#010x}, user {user}"
        )
    }

    /// Removes it.
    pub fn remove(&self) -> io::Result<()> {
        remove_memory(self.memory)?;
        self.semaphores.map_or(Ok(()), remove_semaphores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::system_v::testing::{memory, ring, semaphores};

    /// A key of the 2007 library that no other test process uses.
    fn key(number: u32) -> i32 {
        ((u32::from(PROJECT) << 24) | (number << 20) | (std::process::id() & 0xf_ffff)).cast_signed()
    }

    #[test]
    fn rings_of_the_2007_library_are_found_and_nothing_that_looks_almost_like_them() {
        let bytes = ring(&[(1, b"10.0.1.1:11211"), (5, b"10.0.1.2:11211")]);
        let mine = match memory(key(1), 0o644, &bytes) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {
                crate::tests::skipped("System V objects", "the kernel has none");
                return;
            }
            made => made.unwrap(),
        };
        let set = semaphores(key(1), 0o666, 1).unwrap();
        let lone = semaphores(key(6), 0o666, 1).unwrap();
        let foreign = [
            memory(key(2), 0o600, &bytes).unwrap(),
            memory(key(3), 0o644, &[&bytes[..], b"longer"].concat()).unwrap(),
            memory(key(4), 0o644, &vec![7; SIZE]).unwrap(),
            memory(key(5) ^ 0x0100_0000, 0o644, &bytes).unwrap(),
        ];
        let found = left();
        let ours = found.iter().find(|left| left.memory == mine);
        let strangers = found.iter().filter(|left| foreign.contains(&left.memory)).count();
        let shown = ours.map(|left| (left.semaphores, left.attached, left.describe()));
        let removed = ours.map(Left::remove);
        let rest: Vec<i32> = table("/proc/sysvipc/shm").iter().map(|line| line[1] as i32).collect();
        let sets: Vec<i32> = table("/proc/sysvipc/sem").iter().map(|line| line[1] as i32).collect();
        // Gone before anything can fail.
        let gone = foreign.map(|id| remove_memory(id).is_ok());
        remove_semaphores(lone).unwrap();
        let text = format!(
            "a ring of the 2007 library: System V memory {mine} and semaphore set {set}, key {:#010x}, user {}",
            key(1),
            rustix::process::geteuid().as_raw()
        );
        assert_eq!(shown, Some((Some(set), 0, text)));
        assert_eq!(strangers, 0);
        assert!(removed.is_some_and(|result| result.is_ok()));
        assert!(!rest.contains(&mine) && !sets.contains(&set), "it is removed");
        assert!(foreign.iter().all(|id| rest.contains(id)) && sets.contains(&lone), "nothing else is");
        assert_eq!(gone, [true; 4]);
    }
}
