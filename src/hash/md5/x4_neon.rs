//! Four messages per vector: NEON.

use std::arch::aarch64::*;

use super::Answer;
use super::block::BLOCK;
use super::consts::{INITIAL, K};
use super::kernel::{Form, Kernel, write_all, write_short};
use super::short::{Row, widened};

/// Messages in one vector.
const LANES: usize = 4;

/// Groups of four lanes stepped together: what 32 registers hold. Not measured.
const GROUPS: usize = 4;

type Vector = uint32x4_t;

kernel!(Neon, enable: "neon", detect: std::arch::is_aarch64_feature_detected!("neon"));
columns!(enable: "neon");

/// Turns four rows of four words into columns.
#[inline]
#[target_feature(enable = "neon")]
fn transpose([r0, r1, r2, r3]: [Vector; 4]) -> [Vector; 4] {
    let (even01, odd01) = (pairs(vtrn1q_u32(r0, r1)), pairs(vtrn2q_u32(r0, r1)));
    let (even23, odd23) = (pairs(vtrn1q_u32(r2, r3)), pairs(vtrn2q_u32(r2, r3)));
    [
        vreinterpretq_u32_u64(vtrn1q_u64(even01, even23)),
        vreinterpretq_u32_u64(vtrn1q_u64(odd01, odd23)),
        vreinterpretq_u32_u64(vtrn2q_u64(even01, even23)),
        vreinterpretq_u32_u64(vtrn2q_u64(odd01, odd23)),
    ]
}

#[inline]
#[target_feature(enable = "neon")]
fn pairs(x: Vector) -> uint64x2_t {
    vreinterpretq_u64_u32(x)
}

#[inline]
#[target_feature(enable = "neon")]
fn to_array(x: Vector) -> [u32; LANES] {
    // SAFETY: both types are 16 bytes without padding, valid for every bit pattern.
    unsafe { std::mem::transmute(x) }
}

#[inline]
#[target_feature(enable = "neon")]
fn splat(x: u32) -> Vector {
    vdupq_n_u32(x)
}

#[inline]
#[target_feature(enable = "neon")]
fn add(x: Vector, y: Vector) -> Vector {
    vaddq_u32(x, y)
}

#[inline]
#[target_feature(enable = "neon")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
    vsriq_n_u32::<RIGHT>(vshlq_n_u32::<LEFT>(x), x)
}

#[inline]
#[target_feature(enable = "neon")]
fn f(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    vaddq_u32(sum, vbslq_u32(b, c, d))
}

#[inline]
#[target_feature(enable = "neon")]
fn g(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    vaddq_u32(sum, vbslq_u32(d, b, c))
}

#[inline]
#[target_feature(enable = "neon")]
fn h(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    vaddq_u32(sum, veorq_u32(b, veorq_u32(c, d)))
}

#[inline]
#[target_feature(enable = "neon")]
fn i(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    vaddq_u32(sum, veorq_u32(c, vornq_u32(b, d)))
}
