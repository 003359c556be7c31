//! What happens when the sequencer has a block that L1 does not give.

use super::dev;
use crate::{DevConfig, genesis::DevGenesis, keys, pipeline::head_block};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, TxKind};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::path::Path;
use tributary_execution::{Executor, OpenBlock};
use tributary_primitives::{BlockAttributes, Transaction};
use tributary_storage::{Options, Store};

/// A transfer that nobody has put on L1.
fn stranger(genesis: &DevGenesis) -> Transaction {
    let account = keys::accounts(&genesis.mnemonic, 1).unwrap().remove(0);
    let chain_id = genesis.l2_spec().chain_id;
    let (to, gas_limit, max_fee_per_gas) = (TxKind::Call(Address::repeat_byte(7)), 21_000, 10_000_000_000);
    let tx = TxEip1559 { chain_id, gas_limit, max_fee_per_gas, to, ..Default::default() };
    let signature = PrivateKeySigner::from_bytes(&account.key).unwrap().sign_hash_sync(&tx.signature_hash()).unwrap();
    Transaction::Eip1559(tx.into_signed(signature))
}

/// Puts another block in place of the one after the sequencer's final head; returns its number.
fn replace_a_block(datadir: &Path) -> u64 {
    let genesis = DevGenesis::read(&datadir.join("dev.json")).unwrap().unwrap();
    let store = Store::open(&datadir.join("l2"), genesis.l2_spec(), Options::default()).unwrap();
    let finalized = store.heads().unwrap().finalized_head.number;
    let original = store.block(finalized + 1).unwrap().unwrap().block;
    store.unwind(finalized).unwrap();
    let parent = head_block(&store).unwrap();
    let executor = Executor::new(store.spec().clone());
    let attributes = BlockAttributes::of_block(&original);
    let mut block = OpenBlock::new(&executor, store.latest().unwrap(), &parent.block.header, parent.hash, attributes).unwrap();
    let transactions =
        original.body.transactions.iter().chain([&stranger(&genesis)]).map(|tx| tx.encoded_2718().into()).collect::<Vec<_>>();
    block.execute_forced(&transactions, |_, _| {}).unwrap();
    store.commit(&block.seal().unwrap(), &[]).unwrap();
    finalized + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_halts_when_the_verifier_derives_another_block_than_the_sequencer_built_and_says_which() {
    let dir = tempfile::tempdir().unwrap();
    let config = || DevConfig {
        port: 0,
        l1_port: 0,
        dashboard_port: 0,
        l1_block_time: 1,
        datadir: Some(dir.path().to_owned()),
        ..DevConfig::default()
    };
    let node = dev(config()).await.unwrap();
    // What is safe and not final is on L1, and can be replaced here.
    node.status.clone().wait_for(|status| status.finalized_head > 0 && status.safe_head > status.finalized_head).await.unwrap();
    node.stop().await;
    let number = replace_a_block(dir.path());

    let mut node = dev(config()).await.unwrap();
    let reason = node.halted().await;
    assert!(reason.starts_with(&format!("block {number}: the sequencer has 0x")), "{reason}");
    let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": [] });
    let answer = reqwest::Client::new().post(&node.info.l2_url).json(&request).send().await.unwrap();
    assert!(answer.json::<serde_json::Value>().await.unwrap()["result"].is_string(), "reads are answered");
    let health = reqwest::get(format!("{}/health", node.info.dashboard_url)).await.unwrap();
    assert_eq!(health.status(), 503);
    assert!(health.text().await.unwrap().contains(&reason), "and health says why");
    node.stop().await;
}
