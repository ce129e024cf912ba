//! What the fuzz targets check. Each module of [`TARGETS`] has one function `check` that takes any bytes and panics if the
//! library does not answer as it should: the programs in `fuzz_targets/` give it what libFuzzer makes up, `replay.rs` what
//! is kept in `corpus/` and `findings/`.

pub mod batch;
mod bounded;
pub mod classic;
pub mod foreign;
mod naive;
pub mod observation;
mod place;
pub mod toml;

/// Every target by its name.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("batch", batch::check),
    ("classic", classic::check),
    ("foreign", foreign::check),
    ("observation", observation::check),
    ("toml", toml::check),
];
