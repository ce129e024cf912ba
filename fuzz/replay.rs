//! Gives every target its corpus and every input that it once failed on.

#[path = "src/lib.rs"]
mod targets;

use std::path::Path;

#[test]
fn every_input_that_was_kept_is_answered_as_it_should_be() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (name, check) in targets::TARGETS {
        let mut count = 0;
        for folder in ["corpus", "findings"] {
            let folder = root.join(folder).join(name);
            let entries = std::fs::read_dir(&folder).into_iter().flatten();
            for path in entries.map(|entry| entry.expect("a folder that can be listed").path()) {
                println!("{}", path.display());
                check(&std::fs::read(&path).expect("a file that can be read"));
                count += 1;
            }
        }
        assert!(count > 0, "there is no corpus for {name}");
    }
    let folder = targets::folder("");
    std::fs::remove_dir_all(&folder).expect("it was just made");
}
