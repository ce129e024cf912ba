//! The committed C headers are what cbindgen makes of the sources.

use std::path::{Path, PathBuf};

/// Writes the header anew in place of comparing it: `KETAMA_WRITE_HEADERS=1 cargo test headers`.
const WRITE: &str = "KETAMA_WRITE_HEADERS";

fn assert_header_matches(sources: &[&str], config: &str, header: &str) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("src/capi").join(config)).unwrap();
    let builder = sources.iter().fold(cbindgen::Builder::new().with_config(config), |builder, source| {
        builder.with_src(root.join("src/capi").join(source))
    });
    let mut generated = Vec::new();
    builder.generate().unwrap().write(&mut generated);
    let path: &Path = &root.join("include").join(header);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let committed = std::fs::read(path).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        committed == generated,
        "include/{header} is not what cbindgen makes of {sources:?} in src/capi; {WRITE}=1 writes it:\n{}",
        text(&generated)
    );
}

#[test]
fn ketama_h_is_generated_from_libketama_rs() {
    assert_header_matches(&["libketama.rs"], "ketama.toml", "ketama.h");
}

#[test]
fn ketama_ring_h_is_generated_from_ring() {
    // The other files of the folder are found through its `mod` lines.
    assert_header_matches(&["ring/mod.rs"], "ketama_ring.toml", "ketama_ring.h");
}
