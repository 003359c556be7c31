//! Clients that subscribe to everything and never read.

use crate::{
    rig::{EMITTER, Rig},
    wire::Socket,
};
use alloy_primitives::B256;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tributary_chain::{Event, SealedBlock};
use tributary_rpc::Limits;

const LOGS: usize = 16;
const BLOCKS: usize = 64;

/// Hash of a block that is told of and exists nowhere.
fn hash(number: usize) -> B256 {
    B256::with_last_byte(number as u8)
}

/// A block of a megabyte of logs.
fn loud_block(number: usize, parent_hash: B256) -> Arc<SealedBlock> {
    let log = alloy_primitives::Log::new_unchecked(EMITTER, vec![], vec![0xab; 32 << 10].into());
    let mut block = SealedBlock { block: Default::default(), hash: hash(number), senders: vec![], receipts: vec![] };
    block.block.body.transactions.push(tributary_primitives::Transaction::from(op_alloy_consensus::TxDeposit::default()));
    block.receipts.push(tributary_primitives::Receipt {
        tx_type: tributary_primitives::TxType::Deposit,
        outcome: true.into(),
        cumulative_gas_used: 0,
        logs: vec![log; LOGS],
        deposit_nonce: None,
        deposit_receipt_version: None,
    });
    block.block.header.number = number as u64;
    block.block.header.parent_hash = parent_hash;
    Arc::new(block)
}

/// Bytes that this process has resident.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_are_cut_off_while_others_go_on_receiving() {
    let limits = Limits { backlog: 2 * LOGS as u32, write_time: Duration::from_millis(200), ..Limits::default() };
    let rig = Rig::rollup_with(limits).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::connect(rig.address).await;
        for topic in ["newHeads", "logs", "newPendingTransactions"] {
            socket.call("eth_subscribe", json!([topic])).await;
        }
        slow.push(socket);
    }
    let mut quick = Socket::connect(rig.address).await;
    let subscription = quick.call("eth_subscribe", json!(["logs"])).await;
    let before = resident();
    let mut most = before;
    let mut parent = rig.chain.store.genesis().hash();
    for number in 1..=BLOCKS {
        rig.chain.events.send(Event::Sealed(loud_block(number, parent))).unwrap();
        parent = hash(number);
        for _ in 0..LOGS {
            let log = quick.notification(&subscription).await;
            assert_eq!(log["address"], json!(EMITTER));
        }
        most = most.max(resident());
    }
    // 20 clients × 64 blocks × 1 MB of JSON would be 1.3 GB; each may have two blocks waiting.
    assert!(most - before < 256 << 20, "{} MB", (most - before) >> 20);
    // Long enough without reading, however fast that was.
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Each of them finds, after what fits in its buffers, that its subscription or its connection was ended.
    for mut socket in slow {
        let mut received = 0;
        while let Some(message) = socket.next().await {
            if message["params"]["error"] == "subscription cut off: reader too slow" {
                break;
            }
            received += 1;
        }
        assert!(received < LOGS * BLOCKS, "{received}");
    }
    assert_eq!(quick.call("eth_chainId", json!([])).await, rig.ok("eth_chainId", json!([])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_and_never_reads_the_answers_is_cut_off() {
    let rig = Rig::rollup_with(Limits { write_time: Duration::from_millis(200), ..Limits::default() }).await;
    for _ in 0..40 {
        rig.seal().await;
    }
    let mut asking = TcpStream::connect(rig.address).await.unwrap();
    let call = |id| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_getBlockByNumber", "params": ["latest", true] });
    let body = json!((0..1000).map(call).collect::<Vec<_>>()).to_string();
    let request = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    // Until the server takes no more: it has closed the connection.
    let cut_off = async {
        for _ in 0..1000 {
            if asking.write_all(request.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), cut_off).await.unwrap();
    let mut left = Vec::new();
    let _ = asking.read_to_end(&mut left).await;
    assert_eq!(rig.ok("eth_chainId", json!([])).await, json!(format!("{:#x}", crate::rig::CHAIN_ID)));
}
