//! What was reported of other nodes, tried on this one.

use crate::{
    rig::{COUNTER, EMITTER, Rig},
    wire::Socket,
};
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use serde_json::{Value, json};
use std::sync::Arc;
use tributary_chain::{Event, SealedBlock};
use tributary_execution::{Executor, OpenBlock};
use tributary_primitives::BlockAttributes;

/// openethereum#10672, INFURA#30, web3.js#262: a receipt, and what it names is not there yet.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receipt_names_is_there_when_the_receipt_is() {
    let rig = Rig::rollup().await;
    for nonce in 0..20 {
        let hash = rig.send(0, nonce, EMITTER, vec![7; 32]).await;
        let asked = async {
            loop {
                let receipt = rig.ok("eth_getTransactionReceipt", json!([hash])).await;
                if !receipt.is_null() {
                    break receipt;
                }
            }
        };
        let (receipt, block) = tokio::join!(asked, rig.seal());
        let (at, number) = (&receipt["blockHash"], &receipt["blockNumber"]);
        assert_eq!(*at, json!(block));
        assert_eq!(rig.ok("eth_getBlockByHash", json!([at, false])).await["number"], *number);
        assert_eq!(rig.ok("eth_getTransactionByHash", json!([hash])).await["blockHash"], *at);
        assert_eq!(rig.ok("eth_getLogs", json!([{ "blockHash": at }])).await, receipt["logs"]);
        assert_eq!(rig.ok("eth_blockNumber", json!([])).await, *number);
    }
}

/// foundry#7388, parity-ethereum#2442: a nonce at `pending` below the one at `latest`.
#[tokio::test(flavor = "multi_thread")]
async fn the_nonce_at_pending_is_never_below_the_one_at_latest() {
    let rig = Rig::rollup().await;
    for nonce in 0..4u64 {
        rig.send(0, nonce, COUNTER, Bytes::new()).await;
        for (latest, _) in [(nonce, "open"), (nonce + 1, "sealed")] {
            let count = async |tag: &str| rig.ok("eth_getTransactionCount", json!([rig.who(0), tag])).await;
            assert_eq!((count("latest").await, count("pending").await), (json!(U256::from(latest)), json!(U256::from(nonce + 1))));
            if latest == nonce {
                rig.seal().await;
            }
        }
    }
}

/// An empty block that is like no other on this parent.
fn seal_another(rig: &Rig, tag: u8) -> Arc<SealedBlock> {
    let store = &rig.chain.store;
    let snapshot = store.latest().unwrap();
    let parent = snapshot.header().clone();
    let attributes = BlockAttributes {
        timestamp: parent.timestamp + 2,
        beneficiary: Address::ZERO,
        mix_hash: B256::repeat_byte(tag),
        gas_limit: parent.gas_limit,
        extra_data: Bytes::new(),
        parent_beacon_block_root: Some(B256::ZERO),
        withdrawals: Some(Default::default()),
        difficulty: U256::ZERO,
        nonce: B64::ZERO,
        ommers: Vec::new(),
    };
    let sealed =
        OpenBlock::new(&Executor::new(rig.chain.spec.clone()), snapshot, &parent, parent.hash(), attributes).unwrap().seal().unwrap();
    store.commit(&sealed, &[]).unwrap();
    Arc::new(sealed.into())
}

/// nethermind#3178, #3444, erigon#8848: heads that are left out when the chain is reorganised.
#[tokio::test(flavor = "multi_thread")]
async fn every_head_of_a_new_branch_is_told_once_and_in_order() {
    let rig = Rig::ethereum().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["newHeads"])).await;
    let announce = |block: &Arc<SealedBlock>| drop(rig.chain.events.send(Event::Sealed(block.clone())));
    let mut old = Vec::new();
    for tag in 1..=4 {
        let block = seal_another(&rig, tag);
        announce(&block);
        assert_eq!(socket.notification(&subscription).await["hash"], json!(block.hash));
        old.push(block);
    }
    rig.chain.store.unwind(1).unwrap();
    let mut removed = old.split_off(1);
    removed.reverse();
    rig.chain.events.send(Event::Reorg { removed }).unwrap();
    let branch: Vec<_> = (5..=8).map(|tag| seal_another(&rig, tag)).collect();
    branch.iter().for_each(announce);
    let expected: Vec<Value> = branch.iter().map(|block| json!(block.hash)).collect();
    let mut told = Vec::new();
    while told.len() < expected.len() {
        told.push(socket.notification(&subscription).await["hash"].clone());
    }
    assert_eq!(told, expected);
}
