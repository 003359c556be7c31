use crate::{
    rig::{EMITTER, Rig},
    wire::Socket,
};
use alloy_primitives::B256;
use serde_json::json;
use std::sync::Arc;
use tributary_rpc::{Event, Limits, SealedBlock};

#[tokio::test(flavor = "multi_thread")]
async fn heads_logs_and_transactions_come_as_they_happen() {
    let rig = Rig::rollup().await;
    let (mut heads, mut logs, mut pending, mut whole) = (
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
        Socket::connect(rig.address).await,
    );
    let of_heads = heads.call("eth_subscribe", json!(["newHeads"])).await;
    let of_logs = logs.call("eth_subscribe", json!(["logs", { "address": EMITTER, "topics": [B256::with_last_byte(1)] }])).await;
    let of_pending = pending.call("eth_subscribe", json!(["newPendingTransactions"])).await;
    let of_whole = whole.call("eth_subscribe", json!(["newPendingTransactions", true])).await;
    assert!(of_heads.as_str().unwrap().starts_with("0x"));

    let hash = rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    assert_eq!(pending.notification(&of_pending).await, hash);
    assert_eq!(whole.notification(&of_whole).await["hash"], hash);
    let block = rig.seal().await;
    let head = heads.notification(&of_heads).await;
    assert_eq!((&head["hash"], &head["number"]), (&json!(block), &json!("0x1")));
    let log = logs.notification(&of_logs).await;
    assert_eq!(log, rig.ok("eth_getLogs", json!([{ "blockHash": block }])).await[0]);

    assert_eq!(heads.call("eth_unsubscribe", json!([of_heads])).await, true);
    rig.seal().await;
    assert_eq!(heads.call("eth_blockNumber", json!([])).await, "0x2", "no notification comes in between");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_a_block_that_left_the_chain_are_told_as_removed() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    let subscription = socket.call("eth_subscribe", json!(["logs"])).await;
    rig.send(0, 0, EMITTER, B256::with_last_byte(1).to_vec()).await;
    let hash = rig.seal().await;
    let added = socket.notification(&subscription).await;
    let stored = rig.chain.store.block(hash).unwrap().unwrap();
    let receipts = rig.chain.store.receipts(hash).unwrap().unwrap();
    let removed = SealedBlock { block: stored.block, hash, senders: stored.senders, receipts };
    rig.chain.events.send(Event::Reorg { removed: vec![Arc::new(removed)] }).unwrap();
    let mut gone = socket.notification(&subscription).await;
    assert_eq!((&added["removed"], &gone["removed"]), (&json!(false), &json!(true)));
    gone["removed"] = json!(false);
    assert_eq!(added, gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_topics_are_refused() {
    let rig = Rig::rollup().await;
    let mut socket = Socket::connect(rig.address).await;
    socket.send("eth_subscribe", json!(["newMoons"])).await;
    assert_eq!(socket.next().await.unwrap()["error"]["code"], -32601);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_read_is_cut_off_and_holds_up_nobody() {
    let rig = Rig::rollup_with(Limits { backlog: 4, ..Limits::default() }).await;
    let mut slow = Socket::connect(rig.address).await;
    slow.call("eth_subscribe", json!(["logs"])).await;
    // Logs enough to fill the buffers of both sides of the connection many times over.
    let log = alloy_primitives::Log::new_unchecked(EMITTER, vec![], vec![0xab; 1 << 20].into());
    let mut block = SealedBlock { block: Default::default(), hash: B256::ZERO, senders: vec![], receipts: vec![] };
    block.block.body.transactions.push(tributary_primitives::Transaction::from(op_alloy_consensus::TxDeposit::default()));
    block.receipts.push(tributary_primitives::Receipt {
        tx_type: tributary_primitives::TxType::Deposit,
        outcome: true.into(),
        cumulative_gas_used: 0,
        logs: vec![log; 64],
        deposit_nonce: None,
        deposit_receipt_version: None,
    });
    rig.chain.events.send(Event::Sealed(Arc::new(block))).unwrap();
    rig.seal().await;
    assert_eq!(rig.ok("eth_blockNumber", json!([])).await, "0x1");
    let mut received = 0;
    let last = loop {
        let message = slow.next().await.unwrap();
        if message["params"].get("error").is_some() {
            break message;
        }
        received += 1;
    };
    assert_eq!(last["params"]["error"], "subscription cut off: reader too slow");
    assert!(received < 64, "{received} of 64 logs");
}
