use crate::rig::{COUNTER, EMITTER, REVERTER, Rig, draft};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, TxKind, U256, hex};
use serde_json::{Value, json};
use tributary_primitives::rollup::predeploys::MESSAGE_PASSER;

/// Transactions that write, log, fail, pay, deploy, and deploy what destroys itself at once.
async fn fill(rig: &Rig) {
    for (nonce, to, input) in [(0, COUNTER, vec![]), (1, EMITTER, vec![7; 32]), (2, REVERTER, vec![1]), (3, MESSAGE_PASSER, vec![])] {
        rig.send(0, nonce, to, input).await;
    }
    let payment = TxEip1559 { to: TxKind::Call(Address::repeat_byte(0x77)), value: U256::from(5), ..draft(4) };
    let wanted = [
        rig.sign_draft(0, payment),
        // Stores at slots 0 and 1 and deploys one byte of code.
        rig.sign(0, 5, TxKind::Create, hex!("60056000556006600155600160005360016000f3")),
        rig.sign(0, 6, TxKind::Create, hex!("600560005530ff")),
    ];
    for raw in wanted {
        rig.ok("eth_sendRawTransaction", json!([raw])).await;
    }
}

/// What both have that is no commitment to anything, or not known before the seal.
fn without_identity(mut block: Value) -> Value {
    let fields = block.as_object_mut().unwrap();
    for name in ["hash", "nonce", "miner"] {
        fields.insert(name.to_owned(), Value::Null);
    }
    block
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_block_has_the_roots_that_it_is_sealed_with() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        let ask = async |method: &str, tag: &str| rig.ok(method, json!([tag])).await;
        let block = async |tag: &str| rig.ok("eth_getBlockByNumber", json!([tag, false])).await;
        let empty = without_identity(block("pending").await);
        fill(&rig).await;
        let open = block("pending").await;
        assert_ne!(empty["stateRoot"], open["stateRoot"]);
        let raw = ["debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"];
        let mut before = vec![without_identity(open)];
        for method in raw {
            before.push(ask(method, "pending").await);
        }
        let header = without_identity(ask("eth_getHeaderByNumber", "pending").await);
        rig.seal().await;
        let mut after = vec![without_identity(block("latest").await)];
        for method in raw {
            after.push(ask(method, "latest").await);
        }
        assert_eq!(before, after);
        assert_eq!(header, without_identity(ask("eth_getHeaderByNumber", "latest").await));
        assert_eq!(after[3].as_array().unwrap().len(), after[0]["transactions"].as_array().unwrap().len());
        // The next one is another.
        assert_ne!(block("pending").await["parentHash"], after[0]["parentHash"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_of_the_open_block_count_in_its_header_and_for_what_is_simulated_on_it() {
    let rig = Rig::ethereum().await;
    let mut versioned_hashes = vec![B256::repeat_byte(1); 9];
    versioned_hashes.iter_mut().for_each(|hash| hash.0[0] = 1);
    let mut excess = Vec::new();
    for nonce in 0..2 {
        rig.submit_blobs(0, nonce, versioned_hashes.clone()).await.unwrap();
        let open = rig.ok("eth_getBlockByNumber", json!(["pending", false])).await;
        assert_eq!(open["blobGasUsed"], "0x120000");
        let on_open = rig.ok("eth_simulateV1", json!([{ "blockStateCalls": [{}] }, "pending"])).await;
        rig.seal().await;
        let on_sealed = rig.ok("eth_simulateV1", json!([{ "blockStateCalls": [{}] }, "latest"])).await;
        assert_eq!(on_open[0]["excessBlobGas"], on_sealed[0]["excessBlobGas"]);
        assert_eq!(on_open[0]["stateRoot"], on_sealed[0]["stateRoot"]);
        excess.push(on_open[0]["excessBlobGas"].clone());
    }
    assert_ne!(excess[0], excess[1]);
}
