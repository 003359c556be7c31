//! A witness is enough to execute its block again.

use crate::rig::{CALLER, COUNTER, Rig};
use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, TxKind, U256};
use alloy_rlp::Decodable;
use serde_json::{Value, json};
use tributary_execution::execute_block;
use tributary_primitives::Block;
use tributary_trie::{NumberedHash, Witness, WitnessState};

fn bytes(list: &Value) -> Vec<Bytes> {
    serde_json::from_value(list.clone()).unwrap()
}

async fn raw<T: Decodable>(rig: &Rig, method: &str, block: &str) -> T {
    let raw: Bytes = serde_json::from_value(rig.ok(method, json!([block])).await).unwrap();
    T::decode(&mut &raw[..]).unwrap()
}

/// The witness of block 3, and that block's hash from executing it on nothing else.
async fn executed(rig: &Rig, witness: &Value) -> Result<B256, tributary_execution::Error> {
    let headers: Vec<Header> = bytes(&witness["headers"]).iter().map(|rlp| Header::decode(&mut &rlp[..]).unwrap()).collect();
    let parent = headers.last().unwrap().clone();
    assert_eq!(parent.number, 2);
    let block_hashes = headers.iter().map(|header| NumberedHash { number: header.number, hash: header.hash_slow() }).collect();
    let state = Witness { root: parent.state_root, nodes: bytes(&witness["state"]), codes: bytes(&witness["codes"]), block_hashes };
    let block: Block = raw(rig, "debug_getRawBlock", "0x3").await;
    let senders: Vec<_> = block.body.transactions.iter().map(|tx| tx.sender().unwrap()).collect();
    execute_block(&rig.chain.executor, WitnessState::from(state), &parent, &block, &senders).map(|executed| executed.hash)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_is_enough_to_execute_its_block() {
    for rig in [Rig::rollup().await, Rig::ethereum().await] {
        rig.send(0, 0, CALLER, Bytes::new()).await;
        rig.seal().await;
        rig.seal().await;
        rig.send(0, 1, CALLER, Bytes::new()).await;
        // Stores the hash of the block two before this one.
        let init = rig.sign(1, 0, TxKind::Create, alloy_primitives::hex!("600243034060005500").to_vec());
        rig.ok("eth_sendRawTransaction", json!([init])).await;
        let block = rig.seal().await;
        let witness = rig.ok("debug_executionWitness", json!(["0x3"])).await;
        assert_eq!(witness["headers"].as_array().unwrap().len(), 2, "down to the one that BLOCKHASH asked for");
        assert_eq!(executed(&rig, &witness).await.unwrap(), block);
        assert_eq!(rig.ok("debug_executionWitnessByBlockHash", json!([block])).await, witness);
        let keys = bytes(&witness["keys"]);
        assert!(keys.contains(&Bytes::copy_from_slice(COUNTER.as_slice())));
        assert!(keys.contains(&U256::ZERO.to_be_bytes_vec().into()));

        let mut less = witness.clone();
        less["codes"].as_array_mut().unwrap().remove(0);
        assert!(executed(&rig, &less).await.unwrap_err().to_string().contains("missing code"));
        assert_eq!(rig.err("debug_executionWitness", json!(["0x0"])).await, (-32000, "genesis has no witness".into()));
    }
}
