//! Plain loops: what the other paths have to equal.
//!
//! A product is at most 2¹⁴ in magnitude and there are at most 4,096 of them, so a sum is at most
//! 2²⁶; a squared difference is at most 255², so a squared distance is below 2²⁸. So nothing wraps, and
//! additions that do not look for it can be done several at a time.

use super::{BATCH, Batch, Query};
use crate::rows::Block;

pub(super) fn dots(block: &Block<'_>, query: &Query, out: &mut [i32]) {
    for (values, out) in block.values().zip(out) {
        *out = dot(values, query);
    }
}

pub(super) fn dots_of_batch(block: &Block<'_>, batch: &Batch, out: &mut [[i32; BATCH]]) {
    for (values, out) in block.values().zip(out) {
        *out = batch.queries().each_ref().map(|query| dot(values, query));
    }
}

pub(super) fn squared_distances(block: &Block<'_>, query: &Query, out: &mut [u32]) {
    for (values, out) in block.values().zip(out) {
        *out = 0;
        for (values, line) in values.chunks(64).zip(query.lines()) {
            for (&x, &y) in values.iter().zip(&line.0) {
                let apart = u32::from(x.cast_signed().abs_diff(y));
                *out = out.wrapping_add(apart * apart);
            }
        }
    }
}

fn dot(values: &[u8], query: &Query) -> i32 {
    let mut sum = 0_i32;
    for (&x, &y) in values.iter().zip(query.wide().as_flattened()) {
        sum = sum.wrapping_add(i32::from(x.cast_signed()) * i32::from(y));
    }
    sum
}
