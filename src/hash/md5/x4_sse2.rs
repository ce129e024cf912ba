//! Four messages per vector: SSE2.

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
const LANES: usize = 4;

/// Groups of four lanes stepped together: the fastest number, as measured with 1 to 4.
const GROUPS: usize = 4;

type Vector = __m128i;

kernel!(Sse2, enable: "sse2", detect: is_x86_feature_detected!("sse2"));
columns!(enable: "sse2");

/// Turns four rows of four words into columns.
#[inline]
#[target_feature(enable = "sse2")]
fn transpose([r0, r1, r2, r3]: [Vector; 4]) -> [Vector; 4] {
    let (low01, high01) = (_mm_unpacklo_epi32(r0, r1), _mm_unpackhi_epi32(r0, r1));
    let (low23, high23) = (_mm_unpacklo_epi32(r2, r3), _mm_unpackhi_epi32(r2, r3));
    [
        _mm_unpacklo_epi64(low01, low23),
        _mm_unpackhi_epi64(low01, low23),
        _mm_unpacklo_epi64(high01, high23),
        _mm_unpackhi_epi64(high01, high23),
    ]
}

#[inline]
#[target_feature(enable = "sse2")]
fn to_array(x: Vector) -> [u32; LANES] {
    // SAFETY: both types are 16 bytes without padding, valid for every bit pattern.
    unsafe { std::mem::transmute(x) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn splat(x: u32) -> Vector {
    _mm_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "sse2")]
fn add(x: Vector, y: Vector) -> Vector {
    _mm_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "sse2")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
    _mm_or_si128(_mm_slli_epi32::<LEFT>(x), _mm_srli_epi32::<RIGHT>(x))
}

#[inline]
#[target_feature(enable = "sse2")]
fn f(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm_xor_si128(d, _mm_and_si128(b, _mm_xor_si128(c, d))))
}

#[inline]
#[target_feature(enable = "sse2")]
fn g(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(add(sum, _mm_andnot_si128(d, c)), _mm_and_si128(d, b))
}

#[inline]
#[target_feature(enable = "sse2")]
fn h(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm_xor_si128(b, _mm_xor_si128(c, d)))
}

#[inline]
#[target_feature(enable = "sse2")]
fn i(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    let not_d = _mm_xor_si128(d, splat(u32::MAX));
    add(sum, _mm_xor_si128(c, _mm_or_si128(b, not_d)))
}
