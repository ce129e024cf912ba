//! Where files lie that a target writes.

use std::path::{Path, PathBuf};

/// A folder of this process's own, in memory where there is such a place. The next process that has this one's number
/// finds it and uses it again.
pub fn folder(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = parent.join(format!("ketama-fuzz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}
