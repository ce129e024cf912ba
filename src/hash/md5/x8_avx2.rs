//! Eight messages per vector: AVX2.

#[cfg(target_arch = "x86")]
use std::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::Answer;
use super::block::BLOCK;
use super::consts::{INITIAL, K};
use super::kernel::{Form, Kernel, write_all, write_short};
use super::short::{Row, widened};

/// Messages in one vector.
const LANES: usize = 8;

/// Groups of eight lanes stepped together: the fastest number, as measured with 1 to 4.
const GROUPS: usize = 3;

type Vector = __m256i;

kernel!(Avx2, enable: "avx2", detect: is_x86_feature_detected!("avx2"));
columns!(enable: "avx2");

/// Turns eight rows of eight words into columns.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose(rows: [Vector; 8]) -> [Vector; 8] {
    let mut x = rows;
    // Words, then pairs of words, within each half ...
    for i in (0..8).step_by(2) {
        let (even, odd) = (x[i], x[i + 1]);
        x[i] = _mm256_unpacklo_epi32(even, odd);
        x[i + 1] = _mm256_unpackhi_epi32(even, odd);
    }
    for i in (0..8).step_by(4) {
        let [r0, r1, r2, r3] = [x[i], x[i + 1], x[i + 2], x[i + 3]];
        x[i] = _mm256_unpacklo_epi64(r0, r2);
        x[i + 1] = _mm256_unpackhi_epi64(r0, r2);
        x[i + 2] = _mm256_unpacklo_epi64(r1, r3);
        x[i + 3] = _mm256_unpackhi_epi64(r1, r3);
    }
    // ... then the halves.
    for i in 0..4 {
        let (upper, lower) = (x[i], x[i + 4]);
        x[i] = _mm256_permute2x128_si256::<0x20>(upper, lower);
        x[i + 4] = _mm256_permute2x128_si256::<0x31>(upper, lower);
    }
    x
}

#[inline]
#[target_feature(enable = "avx2")]
fn to_array(x: Vector) -> [u32; LANES] {
    // SAFETY: both types are 32 bytes without padding, valid for every bit pattern.
    unsafe { std::mem::transmute(x) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn splat(x: u32) -> Vector {
    _mm256_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(x: Vector, y: Vector) -> Vector {
    _mm256_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(x), _mm256_srli_epi32::<RIGHT>(x))
}

#[inline]
#[target_feature(enable = "avx2")]
fn f(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm256_xor_si256(d, _mm256_and_si256(b, _mm256_xor_si256(c, d))))
}

#[inline]
#[target_feature(enable = "avx2")]
fn g(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(add(sum, _mm256_andnot_si256(d, c)), _mm256_and_si256(d, b))
}

#[inline]
#[target_feature(enable = "avx2")]
fn h(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm256_xor_si256(b, _mm256_xor_si256(c, d)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn i(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    let not_d = _mm256_xor_si256(d, splat(u32::MAX));
    add(sum, _mm256_xor_si256(c, _mm256_or_si256(b, not_d)))
}
