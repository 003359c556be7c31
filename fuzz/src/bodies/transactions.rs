//! Bytes that somebody sends as a transaction.

use alloy_eips::Decodable2718;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::U256;
use std::sync::LazyLock;
use tributary_pool::{NextBlock, Ordering, Pool, PoolLimits, RecoveredTx, Room, SenderState, TxPolicy, validate};
use tributary_primitives::{ChainSpec, Eip1559Params, Transaction};

/// All forks to Osaka, and the rollup.
static CHAINS: LazyLock<[ChainSpec; 2]> = LazyLock::new(|| {
    let config = ChainConfig {
        chain_id: 630_925,
        homestead_block: Some(0),
        eip150_block: Some(0),
        eip155_block: Some(0),
        eip158_block: Some(0),
        byzantium_block: Some(0),
        constantinople_block: Some(0),
        petersburg_block: Some(0),
        istanbul_block: Some(0),
        berlin_block: Some(0),
        london_block: Some(0),
        terminal_total_difficulty: Some(U256::ZERO),
        terminal_total_difficulty_passed: true,
        shanghai_time: Some(0),
        cancun_time: Some(0),
        prague_time: Some(0),
        osaka_time: Some(0),
        ..Default::default()
    };
    let genesis = Genesis { config, ..Default::default() };
    let fees = Eip1559Params { denominator: 250, elasticity: 2 };
    [ChainSpec::ethereum(genesis.clone()), ChainSpec::rollup(genesis, fees)]
});

/// Decodes, encodes again, validates, and lets the pool take what is valid.
pub fn raw_transaction(data: &[u8]) {
    let Ok(tx) = RecoveredTx::decode(data) else { return };
    if tx.sidecar.is_none() {
        assert_eq!(*tx.encoded, *data, "what decodes is its own encoding");
    }
    let again = RecoveredTx::decode(&tx.network_encoded()).expect("an encoding decodes");
    assert_eq!((again.hash, again.sender, &again.encoded), (tx.hash, tx.sender, &tx.encoded));
    let plain = Transaction::decode_2718_exact(&tx.encoded).expect("an encoding decodes");
    assert_eq!((&plain, plain.hash()), (tx.tx.as_ref(), tx.hash));
    let _ = (tx.summary(), tx.size(), tx.cost());
    let block = NextBlock { number: 1, timestamp: 10, gas_limit: 1_000_000_000 };
    for spec in CHAINS.iter() {
        if validate(&tx, spec, &block, &TxPolicy::default()).is_ok() {
            pool(&tx);
        }
    }
}

/// A pool takes it, tells of it, and gives it out once.
fn pool(tx: &RecoveredTx) {
    let mut pool = Pool::new(PoolLimits::default(), Ordering::PriorityFee);
    let account = SenderState { nonce: tx.nonce().saturating_sub(1), balance: U256::MAX, extra: Default::default() };
    pool.add(tx.clone(), &account).expect("an empty pool takes what is valid");
    pool.add(tx.clone(), &account).expect_err("and does not take it again");
    assert_eq!((pool.len(), pool.get(tx.hash).map(|found| found.hash)), (1, Some(tx.hash)));
    let status = pool.status();
    assert_eq!(status.pending + status.queued, 1);
    let _ = (pool.content(), pool.next_ready(Room { gas: u64::MAX, blob_gas: u64::MAX, da_footprint: u64::MAX }));
    assert_eq!(pool.take_ready(tx.sender, tx.nonce()).map(|taken| taken.hash), Some(tx.hash));
    assert!(pool.is_empty() && pool.bytes() == 0);
}
