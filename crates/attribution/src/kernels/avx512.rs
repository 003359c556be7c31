//! 64 bytes at a time, with the instructions for neural networks (VNNI).
//!
//! `vpdpbusd` multiplies unsigned bytes by signed ones and adds four products to each 32-bit lane,
//! without saturation. Rows are made unsigned by adding 128 (the top bit turned), and
//! `dot(row, query) = dot(row + 128, query) − 128 · sum(query)`. A step adds at most
//! 4 · 255 · 128 < 2¹⁷ in magnitude to a lane and there are at most 64 steps: below 2²³. All lanes
//! together stay below 4,096 · 255 · 128 < 2²⁷, and the correction is at most 2²⁶. With a batch two lanes share what is
//! below 2²⁷.
//!
//! For distances `vpdpwssd` adds two products of 16 bits, 2 · 255² < 2¹⁷, at most 128 times: below 2²⁴.

#![allow(unsafe_code, reason = "loads into registers")]

use super::{BATCH, Batch, Query, avx2, query::Line};
use crate::rows::Block;
use std::arch::x86_64::*;

/// Rows that are multiplied with a batch together, in two chains of additions each: as many as hide the latency of one.
const GROUP: usize = 4;

#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
pub(super) fn dots(block: &Block<'_>, query: &Query, out: &mut [i32]) {
    let sign = _mm512_set1_epi8(i8::MIN);
    let correction = 128 * query.sum();
    for (values, out) in block.values().zip(out) {
        let mut sum = _mm512_setzero_si512();
        let (chunks, rest) = values.as_chunks::<64>();
        for (chunk, line) in chunks.iter().zip(query.lines()) {
            avx2::prefetch_after(chunk.as_ptr());
            sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(bytes(chunk), sign), signed(line));
        }
        if let (Some(rest), Some(line)) = (rest.first_chunk(), query.lines().last()) {
            sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(half(rest), sign), signed(line));
        }
        *out = _mm512_reduce_add_epi32(sum) - correction;
    }
}

/// Eight values of each query lie in one register; eight values of a row are multiplied with all of them. Here the queries are
/// made unsigned, so the correction is 128 times the sum of the row.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
pub(super) fn dots_of_batch(block: &Block<'_>, batch: &Batch, out: &mut [[i32; BATCH]]) {
    for (group, out) in out.chunks_mut(GROUP).enumerate() {
        // A group that is not full repeats its last row, whose results nobody takes.
        let (first, last) = (group * GROUP, group * GROUP + out.len() - 1);
        let [a, b, c, d] = [first, first + 1, first + 2, first + 3].map(|index| block.values_of(index.min(last)));
        let dots = dots_of_group([a, b, c, d], batch.interleaved());
        out.copy_from_slice(&dots[..out.len()]);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
fn dots_of_group(rows: [&[u8]; GROUP], queries: &[[Line; 2]]) -> [[i32; BATCH]; GROUP] {
    let mut ahead = rows[0].as_ptr();
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<16>().0);
    let mut sums = [[_mm512_setzero_si512(); 2]; GROUP];
    for ((((lines, a), b), c), d) in queries.iter().zip(a).zip(b).zip(c).zip(d) {
        avx2::prefetch_after(ahead);
        ahead = ahead.wrapping_add(64);
        let queries = [signed(&lines[0]), signed(&lines[1])];
        for (sums, values) in sums.iter_mut().zip([a, b, c, d]) {
            for ((sum, queries), eight) in sums.iter_mut().zip(queries).zip(values.as_chunks::<8>().0) {
                *sum = _mm512_dpbusd_epi32(*sum, queries, _mm512_set1_epi64(i64::from_le_bytes(*eight)));
            }
        }
    }
    let corrections = corrections(rows);
    let mut out = [[0; BATCH]; GROUP];
    for ((out, [even, odd]), correction) in out.iter_mut().zip(sums).zip(corrections) {
        // A query's products are summed in two neighbouring lanes.
        let both = _mm512_add_epi32(even, odd);
        let both = _mm512_add_epi32(both, _mm512_srli_epi64::<32>(both));
        *out = avx2::lanes(_mm256_sub_epi32(_mm512_cvtepi64_epi32(both), _mm256_set1_epi32(correction)));
    }
    out
}

/// 128 times the sum of each row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
fn corrections(rows: [&[u8]; GROUP]) -> [i32; GROUP] {
    let factor = _mm512_set1_epi8(i8::MIN);
    let mut folded = [_mm256_setzero_si256(); BATCH];
    for (folded, row) in folded.iter_mut().zip(rows) {
        let mut sum = _mm512_setzero_si512();
        let (chunks, rest) = row.as_chunks::<64>();
        for chunk in chunks {
            sum = _mm512_dpbusd_epi32(sum, factor, bytes(chunk));
        }
        if let Some(rest) = rest.first_chunk() {
            sum = _mm512_dpbusd_epi32(sum, factor, half(rest));
        }
        *folded = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum));
    }
    let [a, b, c, d, ..] = avx2::lanes(avx2::totals(folded));
    [a, b, c, d]
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
pub(super) fn squared_distances(block: &Block<'_>, query: &Query, out: &mut [u32]) {
    for (values, out) in block.values().zip(out) {
        let mut sum = _mm512_setzero_si512();
        let (chunks, rest) = values.as_chunks::<64>();
        for (chunk, line) in chunks.iter().zip(query.lines()) {
            avx2::prefetch_after(chunk.as_ptr());
            sum = add_squares(sum, bytes(chunk), signed(line));
        }
        if let (Some(rest), Some(line)) = (rest.first_chunk(), query.lines().last()) {
            sum = add_squares(sum, half(rest), signed(line));
        }
        *out = _mm512_reduce_add_epi32(sum).cast_unsigned();
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
fn add_squares(sum: __m512i, row: __m512i, query: __m512i) -> __m512i {
    let zero = _mm512_setzero_si512();
    // 0..=255, without a sign.
    let apart = _mm512_sub_epi8(_mm512_max_epi8(row, query), _mm512_min_epi8(row, query));
    let (low, high) = (_mm512_unpacklo_epi8(apart, zero), _mm512_unpackhi_epi8(apart, zero));
    _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, low, low), high, high)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn bytes(chunk: &[u8; 64]) -> __m512i {
    // SAFETY: the chunk is 64 readable bytes, and the load asks for no alignment.
    unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn signed(line: &Line) -> __m512i {
    // SAFETY: a line is 64 readable bytes that start at a multiple of 64.
    unsafe { _mm512_load_si512(line.0.as_ptr().cast()) }
}

/// The last 32 bytes of a row; the query's last line has zeros where nothing follows.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn half(chunk: &[u8; 32]) -> __m512i {
    _mm512_zextsi256_si512(avx2::bytes(chunk))
}
