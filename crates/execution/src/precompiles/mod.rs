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
//! `0xEFA702 ‖ kind u8 ‖ contributor u32 ‖ rows u32 ‖ born u64 ‖ payload` (big-endian). `born` is the set's version that the append made.
//! The payload of sketches are rows as they came, `exponent u8 ‖ label u16 if labelled ‖ dim × i8`; that of a text is
//! `n u32 ‖ n × (start u32 ‖ length u32 ‖ row u64 ‖ token u32)`, the runs of words that are not its own (row 2⁶⁴ − 1: closed), and the
//! document. The rest is in the storage of the store's account (integers big-endian in the preimages, packed from the low end in the slots):
//!
//! | Slot | Value |
//! |---|---|
//! | 0 | number of sets; ids count from 1 |
//! | `m = keccak256("tributary/set" ‖ setId u256)` | owner 160 bits, kind 8, dim 16, labelled 8, least exponent 8, greatest 8, rows in the list below 32 |
//! | `m + 1` | shards 64 bits, rows 64, bytes appended 64, version 64 |
//! | `m + 2` | running root, `r' = keccak256(r ‖ codeHash)`, from zero |
//! | `keccak256("tributary/status" ‖ setId u256 ‖ row u64)` | up to four changes of a row's status, oldest first: status 8 bits, version 56 |
//! | `keccak256("tributary/contributor" ‖ setId u256 ‖ row u64)` | who a row was reassigned to: 2³² + contributor |
//! | `keccak256("tributary/changed" ‖ setId u256 ‖ i u64)` | eight numbers, 32 bits each, of rows with one of the two slots above, in the order of their first change |
//!
//! A version is 1 at first and one higher after every append and every change of a status.
//!
//! # Gas
//!
//! Every step is charged before it is done, by amounts that depend on the content and the input
//! alone ([`gas`]): not on what is warm, and not on what is indexed. What was charged is spent when a call ends with an error. Reading a shard leaves no trace in the
//! transaction's set of warm accounts, because a query that finds its index built reads none.

mod append;
mod cache;
mod call;
mod changes;
mod development;
mod gas;
mod index;
mod sets;
mod shapley;
mod shards;
mod sketch;
mod split;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod texts;

pub use cache::IndexCache;
pub(crate) use development::install as install_development;
pub use index::{Gathering, IndexPart, appended_sets, merge, set_count, to_merge};

use alloy_evm::precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap};
use alloy_primitives::Address;
use revm::precompile::{PrecompileId, PrecompileResult};
use std::sync::Arc;

/// Adds the attribution precompiles, which share the indexes in `cache` with other machines. Results and gas do not depend on what is in it; shards
/// that are indexed are not read.
pub fn install(precompiles: &mut PrecompilesMap, cache: &Arc<IndexCache>) {
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
