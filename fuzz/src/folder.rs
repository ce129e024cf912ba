//! Where files lie that a target writes.

use std::path::PathBuf;

/// A folder of this process's own among the temporary files. Who starts the process removes it: fuzzers end without
/// cleaning up.
pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ketama-fuzz-{}", std::process::id())).join(name);
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder
}
