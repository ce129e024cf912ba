//! Which instruction set hashes a batch: a value that can be chosen, printed and looped over.

use std::fmt;

#[cfg(any(
    target_arch = "x86",
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little")
))]
use super::batch;
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
use super::x4_neon::Neon;
use super::{Answer, scalar};
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use super::{x4_sse2::Sse2, x8_avx2::Avx2, x16_avx512::Avx512};

/// A way to hash many messages at once. A single message is hashed the same way with each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One message after the other; on every processor.
    Scalar,
    /// Four messages per vector; x86 and x86-64.
    Sse2,
    /// Eight messages per vector; x86 and x86-64.
    Avx2,
    /// Sixteen messages per vector; x86 and x86-64 with AVX-512 F, BW and VL.
    Avx512,
    /// Four messages per vector; little-endian AArch64.
    Neon,
}

impl Backend {
    /// All of them; for any one processor the slower before the faster.
    pub(super) const ALL: [Self; 5] = [Self::Scalar, Self::Sse2, Self::Avx2, Self::Avx512, Self::Neon];

    /// The fastest one this processor runs. The answer never changes within a process.
    #[must_use]
    pub fn detect() -> Self {
        Self::available().last().unwrap_or(Self::Scalar)
    }

    /// Every one this processor runs, the slowest ([`Scalar`](Self::Scalar)) first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| backend.is_available())
    }

    /// The name as one lower-case word: `scalar`, `sse2`, `avx2`, `avx512` or `neon`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        }
    }

    /// Whether this processor runs it. The standard library remembers what it found.
    fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Sse2 => Sse2::new().is_some(),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => Avx2::new().is_some(),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx512 => Avx512::new().is_some(),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => Neon::new().is_some(),
            _ => false,
        }
    }

    /// Hashes `messages` into `out`, as many as the shorter of the two holds.
    pub(super) fn hash_many<A: Answer>(self, messages: &[&[u8]], out: &mut [A]) {
        let done: Option<()> = match self {
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Sse2 => Sse2::new().map(|kernel| batch::hash_many(kernel, messages, out)),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => Avx2::new().map(|kernel| batch::hash_many(kernel, messages, out)),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx512 => Avx512::new().map(|kernel| batch::hash_many(kernel, messages, out)),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => Neon::new().map(|kernel| batch::hash_many(kernel, messages, out)),
            _ => None,
        };
        if done.is_none() {
            for (message, out) in messages.iter().zip(out) {
                *out = scalar::hash(message);
            }
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(self.name())
    }
}
