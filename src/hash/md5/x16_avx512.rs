//! Sixteen messages per vector: AVX-512 F, BW and VL.
//!
//! Keys are read where they lie by masked loads; no byte outside a message is touched.

#[cfg(target_arch = "x86")]
use std::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use super::Answer;
use super::block::Part;
use super::consts::{INITIAL, K};
use super::kernel::{Form, Kernel};
use super::short::{Row, SHORT, widened};

/// Messages in one vector.
const LANES: usize = 16;

/// Groups of sixteen lanes stepped together: the fastest number for short messages, as measured with 2 to 4.
const GROUPS: usize = 2;

type Vector = __m512i;

kernel!(
    Avx512,
    enable: "avx512f,avx512bw,avx512vl",
    detect: (is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl"))
);

/// Block number `index` of up to sixteen messages, word by word; lanes without a message are worthless.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn load(messages: &[&[u8]], index: usize, last: bool, words: &mut [Vector; 16]) {
    let mut rows = [splat(0); LANES];
    for (row, message) in rows.iter_mut().zip(messages) {
        *row = padded(Part::new(message, index, last));
    }
    *words = transpose(rows);
}

/// Up to sixteen short messages, word by word; lanes without a message are worthless.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn load_short(messages: &[&[u8]], words: &mut [Vector; 8]) {
    let mut rows = [_mm256_setzero_si256(); LANES];
    for (row, message) in rows.iter_mut().zip(messages) {
        *row = padded_short(message);
    }
    *words = transpose_short(rows);
}

/// A short message in its row, as `Row::write` writes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn padded_short(message: &[u8]) -> __m256i {
    // SAFETY: both types are 32 bytes without padding, valid for every bit pattern.
    let padding = unsafe { std::mem::transmute::<Row, __m256i>(*Row::padding(message)) };
    let mask = (1 << message.len().min(SHORT)) - 1;
    // SAFETY: the mask has no bit but for the slice's bytes; a masked load neither reads nor faults on the bytes whose bit
    // is clear.
    unsafe { _mm256_mask_loadu_epi8(padding, mask, message.as_ptr().cast()) }
}

/// Turns sixteen rows of eight words into columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn transpose_short(rows: [__m256i; LANES]) -> [Vector; 8] {
    // Two rows in one vector: those whose quarters the last step leaves in order.
    let pair = |low: usize| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(rows[low]), rows[low + 4]);
    let mut x = [pair(0), pair(1), pair(2), pair(3), pair(8), pair(9), pair(10), pair(11)];
    transpose_quarters(&mut x);
    // 0x88 takes the even quarters of both vectors, 0xdd the odd ones.
    for i in 0..4 {
        let (first, second) = (x[i], x[i + 4]);
        x[i] = _mm512_shuffle_i32x4::<0x88>(first, second);
        x[i + 4] = _mm512_shuffle_i32x4::<0xdd>(first, second);
    }
    x
}

/// One block of one message, as `Part::write` writes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
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

/// Turns four rows of four words into columns, in each 128-bit quarter of each four vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn transpose_quarters(x: &mut [Vector]) {
    for x in x.as_chunks_mut().0 {
        let [r0, r1, r2, r3] = *x;
        let (low01, high01) = (_mm512_unpacklo_epi32(r0, r1), _mm512_unpackhi_epi32(r0, r1));
        let (low23, high23) = (_mm512_unpacklo_epi32(r2, r3), _mm512_unpackhi_epi32(r2, r3));
        *x = [
            _mm512_unpacklo_epi64(low01, low23),
            _mm512_unpackhi_epi64(low01, low23),
            _mm512_unpacklo_epi64(high01, high23),
            _mm512_unpackhi_epi64(high01, high23),
        ];
    }
}

/// Turns sixteen rows of sixteen words into columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn transpose(rows: [Vector; 16]) -> [Vector; 16] {
    let mut x = rows;
    transpose_quarters(&mut x);
    // The quarters, four by four: 0x44 takes the lower two of each vector, 0xee the upper
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
