//! Bytes that somebody gives as a block to import.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header};
use alloy_genesis::{ChainConfig, Genesis};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{B256, U256};
use std::sync::{Arc, LazyLock};
use tributary_execution::{Executor, decode_block, import_block};
use tributary_primitives::{Block, ChainSpec, EmptyState};

/// A chain before London, one at Shanghai and one at Osaka.
static CHAINS: LazyLock<[Arc<ChainSpec>; 3]> = LazyLock::new(|| {
    let frontier = ChainConfig { chain_id: 1, homestead_block: Some(0), byzantium_block: Some(0), ..Default::default() };
    let shanghai =
        ChainConfig { london_block: Some(0), terminal_total_difficulty: Some(U256::ZERO), shanghai_time: Some(0), ..frontier.clone() };
    let osaka = ChainConfig { cancun_time: Some(0), prague_time: Some(0), osaka_time: Some(0), ..shanghai.clone() };
    [frontier, shanghai, osaka].map(|config| Arc::new(ChainSpec::ethereum(Genesis { config, ..Default::default() })))
});

fn parent(spec: &ChainSpec) -> Header {
    let at = |fork| spec.is_active(fork, 0, 0);
    let (london, cancun) = (at(EthereumHardfork::London), at(EthereumHardfork::Cancun));
    Header {
        gas_limit: 30_000_000,
        difficulty: if london { U256::ZERO } else { U256::from(131_072) },
        base_fee_per_gas: london.then_some(7),
        excess_blob_gas: cancun.then_some(0),
        blob_gas_used: cancun.then_some(0),
        state_root: EMPTY_ROOT_HASH,
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        ..Default::default()
    }
}

/// Decodes, encodes again, and imports: as it is, and as a child of a known block.
pub fn rlp_block(data: &[u8]) {
    let rest = &mut &*data;
    let Ok(block) = decode_block(rest) else { return };
    assert_eq!(alloy_rlp::encode(&block), data[..data.len() - rest.len()], "what decodes is its own encoding");
    for spec in CHAINS.iter() {
        let parent = parent(spec);
        let _ = import_block(&Executor::new(spec.clone()), EmptyState, &parent, &[], &block);
        let _ = import_block(&Executor::new(spec.clone()), EmptyState, &parent, &[], &child(block.clone(), spec, &parent));
    }
}

/// The block with a header that fits its parent, so that more than the header is looked at.
fn child(mut block: Block, spec: &ChainSpec, parent: &Header) -> Block {
    let header = &mut block.header;
    header.parent_hash = parent.hash_slow();
    header.number = 1;
    header.timestamp = parent.timestamp + 1 + header.timestamp % 1000;
    header.gas_limit = parent.gas_limit;
    header.difficulty = if parent.difficulty.is_zero() { U256::ZERO } else { header.difficulty };
    header.base_fee_per_gas = parent.base_fee_per_gas;
    header.excess_blob_gas = parent.excess_blob_gas;
    let at = |fork| spec.is_active(fork, header.number, header.timestamp);
    let (shanghai, cancun, prague) = (at(EthereumHardfork::Shanghai), at(EthereumHardfork::Cancun), at(EthereumHardfork::Prague));
    let is_there = |there: bool, value: Option<B256>| there.then(|| value.unwrap_or_default());
    header.withdrawals_root = is_there(shanghai, header.withdrawals_root);
    header.parent_beacon_block_root = is_there(cancun, header.parent_beacon_block_root);
    header.requests_hash = is_there(prague, header.requests_hash);
    header.blob_gas_used = cancun.then(|| header.blob_gas_used.unwrap_or_default());
    block.body.withdrawals = shanghai.then(|| block.body.withdrawals.unwrap_or_default());
    block
}
