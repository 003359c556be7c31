//! What may wait in the pool, what may not, and who is taken first.

use crate::{fees::configure, node::Node};
use alloy_consensus::{TxEip1559, TxLegacy};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use serde_json::{Value, json};
use tributary_contracts::SystemConfig;
use tributary_tests::{
    rpc::number,
    wallet::{Signed, Wallet},
};

/// The least base fee of a development chain, wei.
const LEAST: u128 = 1_000_000_000;

/// Bytes that do not compress.
fn noise(length: usize) -> Bytes {
    (0..length.div_ceil(32)).flat_map(|i| keccak256(i.to_be_bytes()).0).take(length).collect::<Vec<_>>().into()
}

fn paying(wallet: &Wallet, nonce: u64, max_fee_per_gas: u128) -> Signed {
    wallet.sign(TxEip1559 { nonce, max_fee_per_gas, max_priority_fee_per_gas: 0, ..wallet.draft() })
}

fn is_known(node: &mut Node, hash: B256) -> bool {
    !node.ask("eth_getTransactionByHash", json!([hash])).is_null()
}

/// The block in which a transaction is, open or sealed.
fn block_of(node: &mut Node, transaction: &Signed) -> Option<u128> {
    let receipt = node.ask_early("eth_getTransactionReceipt", json!([transaction.hash]));
    (!receipt.is_null()).then(|| number(&receipt["blockNumber"]))
}

#[test]
fn who_offers_less_than_any_block_charges_is_told_at_once() {
    let mut node = Node::start();
    let wallet = node.wallet(0);
    for (nonce, fee_cap) in [(0, 0), (0, 1), (0, LEAST - 1), (3, LEAST - 1)] {
        let cheap = paying(&wallet, wallet.nonce + nonce, fee_cap);
        let words =
            format!("max fee per gas less than block base fee: address {}, maxFeePerGas: {fee_cap}, baseFee: {LEAST}", wallet.address());
        assert_eq!(node.refuse(&cheap), (-32000, words));
        assert!(!is_known(&mut node, cheap.hash));
    }
    let legacy = TxLegacy { chain_id: Some(wallet.chain_id), nonce: wallet.nonce, gas_limit: 21_000, ..TxLegacy::default() };
    let free = wallet.sign(TxLegacy { to: TxKind::Call(Address::ZERO), value: U256::ONE, ..legacy });
    assert!(node.refuse(&free).1.ends_with("maxFeePerGas: 0, baseFee: 1000000000"));
    let sufficient = paying(&wallet, wallet.nonce, LEAST);
    assert_eq!(node.include(&sufficient)["status"], json!("0x1"));
}

#[test]
fn who_offers_the_least_fee_waits_for_the_fee_to_fall() {
    let mut node = Node::start();
    let newest = |node: &mut Node| node.ask("eth_getBlockByNumber", json!(["latest", false]));
    let fee = |block: &Value| number(&block["baseFeePerGas"]);
    configure(&node, &SystemConfig::setMinBaseFeeCall { newMinBaseFee: 995_000_000 });
    node.wait("the fee begins to fall", |node| fee(&newest(node)) < LEAST);
    let wallet = node.wallet(1);
    let patient = paying(&wallet, wallet.nonce, 995_000_000);
    assert!(node.refuse(&paying(&wallet, wallet.nonce, 994_999_999)).1.starts_with("max fee per gas less than block base fee"));
    node.ask("eth_sendRawTransaction", json!([patient.json()]));
    node.wait("its block", |node| block_of(node, &patient).is_some());
}

#[test]
fn what_is_too_large_for_any_block_is_told_so_at_once_even_behind_a_gap() {
    let mut node = Node::start_with_small_blocks();
    let wallet = node.wallet(0);
    for nonce in [wallet.nonce, wallet.nonce + 5] {
        let huge = wallet.sign(TxEip1559 { nonce, input: noise(100_000), gas_limit: 5_000_000, ..wallet.draft() });
        let (code, words) = node.refuse(&huge);
        let footprint = words.strip_prefix("DA footprint ").and_then(|rest| rest.strip_suffix(" exceeds the block gas limit 30000000"));
        let footprint: u64 = footprint.unwrap_or_else(|| panic!("{words}")).parse().unwrap();
        assert!((30_000_001..44_000_000).contains(&footprint) && code == -32000, "{words}");
        assert!(!is_known(&mut node, huge.hash));
    }
}

#[test]
fn data_that_waits_for_room_lets_others_pass_and_is_first_in_the_next_block() {
    let mut node = Node::start_with_small_blocks();
    node.ask("evm_setAutomine", json!([false]));
    // Two of them fill the footprint of a block; the last one needs its gas.
    let large: Vec<_> = (0..5).map(|index| node.wallet(index)).collect();
    let large: Vec<_> = large.iter().map(|w| w.sign(TxEip1559 { input: noise(32_000), gas_limit: 2_000_000, ..w.draft() })).collect();
    let wide = node.wallet(5);
    let wide = wide.sign(TxEip1559 { gas_limit: 27_000_000, ..wide.draft() });
    // A million gas for what compresses to nothing: beside it and two of the large ones there is less than that in the first block.
    let filler = node.wallet(6);
    let filler = filler.sign(TxEip1559 { input: vec![0; 100_000].into(), gas_limit: 2_000_000, ..filler.draft() });
    node.wait("the open block", |node| number(&node.ask("eth_getBlockByNumber", json!(["pending", false]))["number"]) > node.head());
    let head = node.head();
    for transaction in [&filler].into_iter().chain(&large).chain([&wide]) {
        node.ask_early("eth_sendRawTransaction", json!([transaction.json()]));
    }
    let places = |node: &mut Node| large.iter().chain([&wide]).map(|tx| block_of(node, tx).map(|n| n - head)).collect::<Vec<_>>();
    assert_eq!(places(&mut node), [Some(1), Some(1), None, None, None, None]);
    node.ask("evm_mine", json!([]));
    node.wait("the next block", |node| places(node)[2].is_some());
    node.wait("the one that fits beside", |node| places(node)[5].is_some());
    assert_eq!(places(&mut node), [Some(1), Some(1), Some(2), Some(2), None, Some(2)]);
    node.ask("evm_mine", json!([]));
    node.wait("the last", |node| places(node)[4] == Some(3));
}
