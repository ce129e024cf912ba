//! What the tests of this module share.

use super::checksum;
use super::layout::{self, HEADER};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of a test's own, removed with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ketama-segment-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Gives the bytes of a segment the size and the checksum that they should have.
pub(crate) fn repair(bytes: &mut [u8]) {
    if bytes.len() < HEADER {
        return;
    }
    let size = bytes.len() as u64;
    bytes[layout::SIZE.offset..][..8].copy_from_slice(&size.to_ne_bytes());
    let checksum = checksum::of(bytes);
    bytes[layout::CHECKSUM.offset..][..8].copy_from_slice(&checksum.to_ne_bytes());
}
