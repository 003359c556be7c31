//! Block 0 and its state, from geth's genesis description.

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Header};
use alloy_eips::{eip1559::INITIAL_BASE_FEE, eip7685::EMPTY_REQUESTS_HASH};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{B256, Bloom, KECCAK256_EMPTY, U256, keccak256};
use std::collections::BTreeMap;
use tributary_primitives::{
    Account, AccountDiff, Block, BlockBody, ChainSpec, ExecutedBlock, RootedDiff, StateDiff, rollup::predeploys::MESSAGE_PASSER,
};
use tributary_trie::full_state_root;

/// The genesis block with its whole state, as a difference from nothing.
pub(crate) fn genesis_block(spec: &ChainSpec) -> ExecutedBlock {
    let mut diff = StateDiff::default();
    for (address, alloc) in &spec.genesis.alloc {
        let code_hash = alloc.code.as_ref().filter(|code| !code.is_empty()).map_or(KECCAK256_EMPTY, |code| {
            let hash = keccak256(code);
            diff.code.insert(hash, code.clone());
            hash
        });
        let account = Account { nonce: alloc.nonce.unwrap_or_default(), balance: alloc.balance, code_hash };
        let slots = alloc.storage.iter().flatten().map(|(slot, value)| (word(slot), (U256::ZERO, word(value))));
        let storage: BTreeMap<_, _> = slots.filter(|(_, (_, value))| !value.is_zero()).collect();
        diff.accounts.insert(*address, AccountDiff { before: None, after: Some(account), storage_cleared: false, storage });
    }
    let (state_root, trie) = full_state_root(diff.accounts.iter().map(|(address, account)| {
        let slots = account.storage.iter().map(|(slot, (_, value))| (*slot, *value));
        (*address, account.after.expect("invariant: set above"), slots)
    }));
    let header = genesis_header(spec, state_root, || {
        let owner = keccak256(MESSAGE_PASSER);
        let root = trie.storage.get(&owner).and_then(|nodes| nodes.nodes.get(&nybbles::Nibbles::new())).and_then(Option::as_ref);
        root.map_or(EMPTY_ROOT_HASH, keccak256)
    });
    let withdrawals = header.withdrawals_root.map(|_| Default::default());
    ExecutedBlock {
        hash: header.hash_slow(),
        block: Block { header, body: BlockBody { transactions: Vec::new(), ommers: Vec::new(), withdrawals } },
        senders: Vec::new(),
        receipts: Vec::new(),
        requests: Default::default(),
        state: RootedDiff { diff, trie, state_root },
    }
}

fn genesis_header(spec: &ChainSpec, state_root: B256, passer_root: impl FnOnce() -> B256) -> Header {
    let genesis = &spec.genesis;
    let number = genesis.number.unwrap_or_default();
    let active = |fork| spec.is_active(fork, number, genesis.timestamp);
    let london = active(EthereumHardfork::London);
    let cancun = active(EthereumHardfork::Cancun);
    let base_fee = || genesis.base_fee_per_gas.map_or(INITIAL_BASE_FEE, |fee| u64::try_from(fee).unwrap_or(u64::MAX));
    let withdrawals_root = active(EthereumHardfork::Shanghai)
        // specs: protocol/isthmus/exec-engine: the header commits to the message passer's storage instead.
        .then(|| if spec.is_rollup() { passer_root() } else { EMPTY_ROOT_HASH });
    Header {
        parent_hash: genesis.parent_hash.unwrap_or_default(),
        ommers_hash: EMPTY_OMMER_ROOT_HASH,
        beneficiary: genesis.coinbase,
        state_root,
        transactions_root: EMPTY_ROOT_HASH,
        receipts_root: EMPTY_ROOT_HASH,
        logs_bloom: Bloom::ZERO,
        difficulty: genesis.difficulty,
        number,
        gas_limit: genesis.gas_limit,
        gas_used: 0,
        timestamp: genesis.timestamp,
        extra_data: genesis.extra_data.clone(),
        mix_hash: genesis.mix_hash,
        nonce: genesis.nonce.into(),
        base_fee_per_gas: london.then(base_fee),
        withdrawals_root,
        blob_gas_used: cancun.then(|| genesis.blob_gas_used.unwrap_or_default()),
        excess_blob_gas: cancun.then(|| genesis.excess_blob_gas.unwrap_or_default()),
        parent_beacon_block_root: cancun.then_some(B256::ZERO),
        requests_hash: active(EthereumHardfork::Prague).then_some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    }
}

fn word(bytes: &B256) -> U256 {
    U256::from_be_bytes(bytes.0)
}
