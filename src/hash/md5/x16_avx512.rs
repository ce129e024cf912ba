//! Sixteen messages per vector: AVX-512 F and BW.
//!
//! Keys are read where they lie by masked loads; no byte outside a message is touched.

#[cfg(target_arch = "x86")]
use std::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::Answer;
use super::block::Part;
use super::consts::{INITIAL, K};
use super::kernel::Kernel;

/// Messages in one vector.
const LANES: usize = 16;

/// Groups of sixteen lanes stepped together: the fastest number, as measured with 1 to 4.
const GROUPS: usize = 4;

type Vector = __m512i;

kernel!(
    Avx512,
    enable: "avx512f,avx512bw",
    detect: (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"))
);

/// Block number `index` of up to sixteen messages, word by word; lanes without a message are worthless.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(messages: &[&[u8]], index: usize, last: bool, words: &mut [Vector; 16]) {
    let mut rows = [splat(0); LANES];
    for (row, message) in rows.iter_mut().zip(messages) {
        *row = padded(Part::new(message, index, last));
    }
    *words = transpose(rows);
}

/// One block of one message, as `Part::write` writes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn padded(part: Part) -> Vector {
    // SAFETY: the array is 64 bytes long; the load may be unaligned.
    let padding = unsafe { _mm512_loadu_si512(part.padding.as_ptr().cast()) };
    let mask = u64::MAX.checked_shr(64 - part.bytes.len() as u32).unwrap_or(0);
    // SAFETY: the mask has a bit for each of the slice's bytes and no other; a masked load
    // neither reads nor faults on the bytes whose bit is clear.
    let row = unsafe { _mm512_mask_loadu_epi8(padding, mask, part.bytes.as_ptr().cast()) };
    match part.bits {
        Some(bits) => _mm512_mask_set1_epi64(row, 0x80, bits.cast_signed()),
        None => row,
    }
}

/// Turns sixteen rows of sixteen words into columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose(rows: [Vector; 16]) -> [Vector; 16] {
    let mut x = rows;
    // Words, then pairs of words, within each 128-bit quarter ...
    for i in (0..16).step_by(2) {
        let (even, odd) = (x[i], x[i + 1]);
        x[i] = _mm512_unpacklo_epi32(even, odd);
        x[i + 1] = _mm512_unpackhi_epi32(even, odd);
    }
    for i in (0..16).step_by(4) {
        let [r0, r1, r2, r3] = [x[i], x[i + 1], x[i + 2], x[i + 3]];
        x[i] = _mm512_unpacklo_epi64(r0, r2);
        x[i + 1] = _mm512_unpackhi_epi64(r0, r2);
        x[i + 2] = _mm512_unpacklo_epi64(r1, r3);
        x[i + 3] = _mm512_unpackhi_epi64(r1, r3);
    }
    // ... then the quarters, four by four: 0x44 takes the lower two of each vector, 0xee the upper
    // two, 0x88 the even ones, 0xdd the odd ones.
    for i in 0..4 {
        let [r0, r1, r2, r3] = [x[i], x[i + 4], x[i + 8], x[i + 12]];
        let (low01, high01) = (_mm512_shuffle_i32x4::<0x44>(r0, r1), _mm512_shuffle_i32x4::<0xee>(r0, r1));
        let (low23, high23) = (_mm512_shuffle_i32x4::<0x44>(r2, r3), _mm512_shuffle_i32x4::<0xee>(r2, r3));
        x[i] = _mm512_shuffle_i32x4::<0x88>(low01, low23);
        x[i + 4] = _mm512_shuffle_i32x4::<0xdd>(low01, low23);
        x[i + 8] = _mm512_shuffle_i32x4::<0x88>(high01, high23);
        x[i + 12] = _mm512_shuffle_i32x4::<0xdd>(high01, high23);
    }
    x
}

#[inline]
#[target_feature(enable = "avx512f")]
fn to_array(x: Vector) -> [u32; LANES] {
    // SAFETY: both types are 64 bytes without padding, valid for every bit pattern.
    unsafe { std::mem::transmute(x) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(x: u32) -> Vector {
    _mm512_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(x: Vector, y: Vector) -> Vector {
    _mm512_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rotate<const LEFT: i32, const RIGHT: i32>(x: Vector) -> Vector {
    _mm512_rol_epi32::<LEFT>(x)
}

// The number of `ternarylogic` is the function's truth table: bit `4 * b + 2 * c + d` is its value.

#[inline]
#[target_feature(enable = "avx512f")]
fn f(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm512_ternarylogic_epi32::<0xca>(b, c, d))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn g(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm512_ternarylogic_epi32::<0xe4>(b, c, d))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn h(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm512_ternarylogic_epi32::<0x96>(b, c, d))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn i(sum: Vector, b: Vector, c: Vector, d: Vector) -> Vector {
    add(sum, _mm512_ternarylogic_epi32::<0x39>(b, c, d))
}
