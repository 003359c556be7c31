//! Attribution precompiles: append-only sets of data in ordinary state, and scores over them.
//!
//! | Address | File | Interface |
//! |---|---|---|
//! | `…0A7701` | `store.rs` | `IAttributionStore` |
//! | `…0A7702` | `sketch.rs` | `ISketchAttribution` |
//! | `…0A7703` | `shapley.rs` | `IShapleyAttribution` |
//! | `…0A7704` | `text.rs` | `ITextAttribution` |
//! | `…0A7705` | `split.rs` | `IRewardSplit` |
//!
//! # State
//!
//! A set is a list of **shards**, one for each `append`: the account at
//! `keccak256("tributary/shard" ‖ setId u256 ‖ shardIndex u64)[12..]`, whose code is
//! `0xEFA701 ‖ kind u8 ‖ contributor u32 ‖ rows u32 ‖ payload`. The rest is in the storage of the
//! store's account (integers big-endian in the preimages, packed from the low end in the slots):
//!
//! | Slot | Value |
//! |---|---|
//! | 0 | number of sets; ids count from 1 |
//! | `m = keccak256("tributary/set" ‖ setId u256)` | owner 160 bits, kind 8, dim 16, labelled 8 |
//! | `m + 1` | shards 64 bits, rows 64, payload bytes 64 |
//! | `m + 2` | running root, `r' = keccak256(r ‖ codeHash)`, from zero |
//! | `keccak256("tributary/inactive" ‖ setId u256 ‖ row / 256 u64)` | bit `row % 256`: the row does not count |
//!
//! The bitmap is of *inactive* rows, so that appending writes no bit.
//!
//! # Gas
//!
//! Every step is charged before it is done, by amounts that depend on the content and the input
//! alone: not on what is warm, and not on what is indexed. Reading a shard leaves no trace in the
//! transaction's set of warm accounts, because a query that finds its index built reads none.

mod call;
mod content;
mod development;
mod rank;
mod sets;
mod shapley;
mod sketch;
mod split;
mod store;
#[cfg(test)]
mod tests;
mod text;

pub use content::IndexCache;
pub(crate) use development::install as install_development;

use alloy_evm::precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap};
use alloy_primitives::Address;
use revm::precompile::{PrecompileId, PrecompileResult};
use std::sync::Arc;

/// Memory for indexes over sets, for each machine that has no cache from outside.
const OWN_CACHE: usize = 256 << 20;

/// Adds the attribution precompiles, with a cache of indexes of their own that starts empty.
///
/// This is the form for recording a witness and for executing from one: every shard that a result
/// depends on is read from state at least once.
pub fn install(precompiles: &mut PrecompilesMap) {
    install_cached(precompiles, &Arc::new(IndexCache::new(OWN_CACHE)));
}

/// Adds the attribution precompiles, which share `cache` with other machines.
///
/// Results and gas are those of [`install`]; shards that are indexed already are not read.
pub fn install_cached(precompiles: &mut PrecompilesMap, cache: &Arc<IndexCache>) {
    type Run = fn(PrecompileInput<'_>, &IndexCache) -> PrecompileResult;
    let all: [(Address, &'static str, Run); 5] = [
        (store::ADDRESS, "attribution-store", store::run),
        (sketch::ADDRESS, "attribution-sketch", sketch::run),
        (shapley::ADDRESS, "attribution-shapley", shapley::run),
        (text::ADDRESS, "attribution-text", text::run),
        (split::ADDRESS, "reward-split", split::run),
    ];
    for (address, name, run) in all {
        let cache = Arc::clone(cache);
        let id = PrecompileId::Custom(name.into());
        let precompile = DynPrecompile::new_stateful(id, move |input| run(input, &cache));
        precompiles.apply_precompile(&address, |_| Some(precompile));
    }
}
