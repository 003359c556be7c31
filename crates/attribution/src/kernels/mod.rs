//! The three loops over stored sketches: dot products with one query, dot products with up to eight,
//! and squared distances, each for the instructions that the processor has.
//!
//! All paths give the same integers for every input, −128 included: no lane can overflow (each path
//! says why), and integer sums do not depend on their order.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod query;
#[cfg(test)]
mod tests;

pub use query::{BATCH, Batch, Query};

use crate::rows::Block;
#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

/// A set of instructions that this processor has; only [`Path::best`] and [`Path::available`] make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path(Instructions);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Path {
    /// Plain loops, on every processor.
    pub const PORTABLE: Self = Self(Instructions::Portable);

    /// The fastest path of this processor; what it has is looked up once.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            static BEST: OnceLock<Path> = OnceLock::new();
            *BEST.get_or_init(|| Self::available().last().copied().unwrap_or(Self::PORTABLE))
        }
        #[cfg(not(target_arch = "x86_64"))]
        Self::PORTABLE
    }

    /// Every path that this processor can take, the slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut, reason = "nothing is added on other processors"))]
        let mut found = vec![Self::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                found.push(Self(Instructions::Avx2));
            }
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if wide && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx2") {
                found.push(Self(Instructions::Avx512));
            }
        }
        found
    }

    /// The path's name, for figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "AVX-512 VNNI",
        }
    }

    /// `out[i] = dot(row i, query)`, at most 2²⁶ in magnitude.
    ///
    /// # Panics
    /// When `out` is shorter than the block, or the query has another dimension.
    #[allow(unsafe_code, reason = "the processor was asked what it has")]
    pub fn dots(self, block: &Block<'_>, query: &Query, out: &mut [i32]) {
        let out = &mut out[..block.rows()];
        assert_eq!(query.dim(), block.dim(), "a query of another dimension");
        match self.0 {
            Instructions::Portable => portable::dots(block, query, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` made this path, after it had found AVX2.
            Instructions::Avx2 => unsafe { avx2::dots(block, query, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` made this path, after it had found AVX-512 F, BW and VNNI, and AVX2.
            Instructions::Avx512 => unsafe { avx512::dots(block, query, out) },
        }
    }

    /// `out[i][j] = dot(row i, query j)`, 0 for queries that the batch does not have.
    ///
    /// # Panics
    /// As [`Self::dots`].
    #[allow(unsafe_code, reason = "the processor was asked what it has")]
    pub fn dots_of_batch(self, block: &Block<'_>, batch: &Batch, out: &mut [[i32; BATCH]]) {
        let out = &mut out[..block.rows()];
        assert_eq!(batch.dim(), block.dim(), "queries of another dimension");
        match self.0 {
            Instructions::Portable => portable::dots_of_batch(block, batch, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as in `dots`.
            Instructions::Avx2 => unsafe { avx2::dots_of_batch(block, batch, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as in `dots`.
            Instructions::Avx512 => unsafe { avx512::dots_of_batch(block, batch, out) },
        }
    }

    /// `out[i] = |row i − query|²`, at most 4,096 · 255² < 2²⁸; with [`Query::zero`], squared norms.
    ///
    /// # Panics
    /// As [`Self::dots`].
    #[allow(unsafe_code, reason = "the processor was asked what it has")]
    pub fn squared_distances(self, block: &Block<'_>, query: &Query, out: &mut [u32]) {
        let out = &mut out[..block.rows()];
        assert_eq!(query.dim(), block.dim(), "a query of another dimension");
        match self.0 {
            Instructions::Portable => portable::squared_distances(block, query, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as in `dots`.
            Instructions::Avx2 => unsafe { avx2::squared_distances(block, query, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as in `dots`.
            Instructions::Avx512 => unsafe { avx512::squared_distances(block, query, out) },
        }
    }
}
