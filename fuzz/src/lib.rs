//! What the fuzz targets check. Each module has one function `check` that takes any bytes and panics if the library does
//! not answer as it should: the programs in `fuzz_targets/` give it what libFuzzer makes up, `tests/replay.rs` what is
//! kept in `corpus/` and `findings/`.

pub mod batch;
pub mod classic;
mod naive;

/// Every target by its name.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[("batch", batch::check), ("classic", classic::check)];
