//! 32 bytes at a time: bytes widened to 16 bits, multiplied and added in pairs by `vpmaddwd`.
//!
//! `vpmaddubsw` would take bytes as they are, but saturates. Here a pair of products is at most
//! 2 · 128² = 2¹⁵ in magnitude (2 · 255² < 2¹⁷ for distances) and a lane adds at most
//! 4,096 / 16 = 256 of them: below 2²³ (2²⁵).

#![allow(unsafe_code, reason = "loads into registers")]

use super::{BATCH, Batch, Query};
use crate::rows::Block;
use std::arch::x86_64::*;

/// How far ahead, in bytes; measured.
const AHEAD: usize = 4096;

#[target_feature(enable = "avx2")]
pub(super) fn dots(block: &Block<'_>, query: &Query, out: &mut [i32]) {
    for (values, out) in block.values().zip(out) {
        let (chunks, _) = values.as_chunks::<16>();
        let mut sum = _mm256_setzero_si256();
        prefetch_lines(values);
        for (chunk, query) in chunks.iter().zip(query.wide()) {
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(widened(chunk), words(query)));
        }
        *out = total(sum);
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn dots_of_batch(block: &Block<'_>, batch: &Batch, out: &mut [[i32; BATCH]]) {
    let wide = batch.queries().each_ref().map(Query::wide);
    for (values, out) in block.values().zip(out) {
        let (chunks, _) = values.as_chunks::<16>();
        let mut sums = [_mm256_setzero_si256(); BATCH];
        prefetch_lines(values);
        for (at, chunk) in chunks.iter().enumerate() {
            let row = widened(chunk);
            for (sum, query) in sums.iter_mut().zip(&wide) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(row, words(&query[at])));
            }
        }
        *out = lanes(totals(sums));
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn squared_distances(block: &Block<'_>, query: &Query, out: &mut [u32]) {
    let zero = _mm256_setzero_si256();
    for (values, out) in block.values().zip(out) {
        let (chunks, _) = values.as_chunks::<32>();
        let halves = query.lines().iter().flat_map(|line| line.0.as_chunks::<32>().0);
        let mut sum = zero;
        prefetch_lines(values);
        for (chunk, query) in chunks.iter().zip(halves) {
            let (row, query) = (bytes(chunk), signed_bytes(query));
            // 0..=255, without a sign.
            let apart = _mm256_sub_epi8(_mm256_max_epi8(row, query), _mm256_min_epi8(row, query));
            let (low, high) = (_mm256_unpacklo_epi8(apart, zero), _mm256_unpackhi_epi8(apart, zero));
            sum = _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high)));
        }
        *out = total(sum).cast_unsigned();
    }
}

/// Asks for what a scan will read soon: the processor's own prefetching stops where a page ends. A prefetch reads nothing, so that the
/// address may lie behind the rows.
#[inline]
#[target_feature(enable = "sse")]
pub(super) fn prefetch_after(place: *const u8) {
    _mm_prefetch::<_MM_HINT_T0>(place.wrapping_add(AHEAD).cast());
}

#[inline]
#[target_feature(enable = "avx2")]
fn prefetch_lines(values: &[u8]) {
    values.chunks(64).for_each(|line| prefetch_after(line.as_ptr()));
}

/// The sums of eight registers, in the order of the registers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn totals(sums: [__m256i; BATCH]) -> __m256i {
    let [a, b, c, d, e, f, g, h] = sums;
    let low = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let high = _mm256_hadd_epi32(_mm256_hadd_epi32(e, f), _mm256_hadd_epi32(g, h));
    // Each has four sums of lower halves, then four sums of upper halves.
    _mm256_add_epi32(_mm256_permute2x128_si256::<0x20>(low, high), _mm256_permute2x128_si256::<0x31>(low, high))
}

/// The eight lanes of a register.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn lanes(register: __m256i) -> [i32; 8] {
    // SAFETY: both are 32 bytes for which every pattern of bits is a value.
    unsafe { std::mem::transmute::<__m256i, [i32; 8]>(register) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn total(sum: __m256i) -> i32 {
    let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
    let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
    _mm_cvtsi128_si32(_mm_add_epi32(quarter, _mm_shuffle_epi32::<0b10_11_00_01>(quarter)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn widened(chunk: &[u8; 16]) -> __m256i {
    // SAFETY: the chunk is 16 readable bytes, and the load asks for no alignment.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn words(chunk: &[i16; 16]) -> __m256i {
    // SAFETY: the chunk is 32 readable bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn bytes(chunk: &[u8; 32]) -> __m256i {
    // SAFETY: the chunk is 32 readable bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn signed_bytes(chunk: &[i8; 32]) -> __m256i {
    // SAFETY: the chunk is 32 readable bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) }
}
