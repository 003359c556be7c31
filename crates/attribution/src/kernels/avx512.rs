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

/// Rows that are multiplied with a batch together: as many chains of additions hide the latency of one.
const GROUP: usize = 8;

#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
pub(super) fn dots(block: &Block<'_>, query: &Query, out: &mut [i32]) {
    let sign = _mm512_set1_epi8(i8::MIN);
    let correction = 128 * query.sum();
    for (values, out) in block.values().zip(out) {
        let mut sum = _mm512_setzero_si512();
        avx2::prefetch(values);
        let (chunks, rest) = values.as_chunks::<64>();
        for (chunk, line) in chunks.iter().zip(query.lines()) {
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
        // A group that is not full is filled with its last row, whose results nobody takes.
        let last = group * GROUP + out.len() - 1;
        let rows: [&[u8]; GROUP] = std::array::from_fn(|index| block.values_of((group * GROUP + index).min(last)));
        for (out, dots) in out.iter_mut().zip(dots_of_group(rows, batch)) {
            *out = dots;
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
fn dots_of_group(rows: [&[u8]; GROUP], batch: &Batch) -> [[i32; BATCH]; GROUP] {
    let lines = batch.interleaved();
    let eights = rows.map(|row| &row.as_chunks::<8>().0[..lines.len()]);
    let mut sums = [_mm512_setzero_si512(); GROUP];
    for (at, line) in lines.iter().enumerate() {
        let queries = signed(line);
        for (sum, eights) in sums.iter_mut().zip(&eights) {
            *sum = _mm512_dpbusd_epi32(*sum, queries, _mm512_set1_epi64(i64::from_le_bytes(eights[at])));
        }
    }
    let corrections = corrections(rows);
    let mut out = [[0; BATCH]; GROUP];
    for ((out, sum), correction) in out.iter_mut().zip(sums).zip(corrections) {
        // A query's products are summed in two neighbouring lanes.
        let both = _mm512_add_epi32(sum, _mm512_srli_epi64::<32>(sum));
        *out = avx2::lanes(_mm256_sub_epi32(_mm512_cvtepi64_epi32(both), _mm256_set1_epi32(correction)));
    }
    out
}

/// 128 times the sum of each row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
fn corrections(rows: [&[u8]; GROUP]) -> [i32; GROUP] {
    let factor = _mm512_set1_epi8(i8::MIN);
    let mut folded = [_mm256_setzero_si256(); GROUP];
    for (folded, row) in folded.iter_mut().zip(rows) {
        avx2::prefetch(row);
        let (chunks, rest) = row.as_chunks::<64>();
        let mut sum =
            rest.first_chunk().map_or(_mm512_setzero_si512(), |rest| _mm512_dpbusd_epi32(_mm512_setzero_si512(), factor, half(rest)));
        for chunk in chunks {
            sum = _mm512_dpbusd_epi32(sum, factor, bytes(chunk));
        }
        *folded = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum));
    }
    avx2::lanes(avx2::totals(folded))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2")]
pub(super) fn squared_distances(block: &Block<'_>, query: &Query, out: &mut [u32]) {
    for (values, out) in block.values().zip(out) {
        let mut sum = _mm512_setzero_si512();
        avx2::prefetch(values);
        let (chunks, rest) = values.as_chunks::<64>();
        for (chunk, line) in chunks.iter().zip(query.lines()) {
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
