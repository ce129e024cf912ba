//! What the fuzz targets check. Each module of [`TARGETS`] has one function `check` that takes any bytes and panics if
//! the library does not answer as it should: the programs in `fuzz_targets/` give it what libFuzzer makes up,
//! `replay.rs` what is kept in `corpus/` and `findings/`.

pub mod batch;
mod bounded;
pub mod capi;
pub mod classic;
pub mod dialect;
mod folder;
pub mod foreign;
mod naive;
pub mod observation;
mod place;
pub mod segment;
pub mod toml;

pub use folder::folder;

/// Feeds a target with one input; panics at the first difference.
pub type Check = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Check)] = &[
    ("batch", batch::check),
    ("capi", capi::check),
    ("classic", classic::check),
    ("dialect", dialect::check),
    ("foreign", foreign::check),
    ("observation", observation::check),
    ("segment", segment::check),
    ("toml", toml::check),
];
