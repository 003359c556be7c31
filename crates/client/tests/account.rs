//! An account before nodes that refuse, lose answers, or know its transactions from elsewhere.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use alloy_consensus::{Transaction, TxEnvelope};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bloom, Bytes, U64, U256};
use axum::{body::Body, http::Response};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{Call as Asked, client, fault, result, serve};
use tributary_client::{Account, Call, Error, FeeLimits, PrivateKeySigner};

/// A node as far as an account looks: a nonce, fees, and what was handed in.
#[derive(Debug, Default)]
struct Chain {
    nonce: u64,
    sent: Vec<TxEnvelope>,
    /// What the next transactions are answered with, first to last; then they are taken.
    refusals: Vec<(i64, &'static str)>,
    /// Whether what is taken is included at once.
    includes: bool,
    failing: bool,
}

impl Chain {
    fn answer(&mut self, asked: &Asked) -> Response<Body> {
        match asked.method.as_str() {
            "eth_chainId" => result(json!("0x5")),
            "eth_estimateGas" => result(json!("0x10000")),
            "eth_getTransactionCount" => result(json!(U64::from(self.nonce))),
            "eth_feeHistory" => {
                result(json!({ "oldestBlock": "0x1", "baseFeePerGas": ["0x7", "0x9"], "gasUsedRatio": [0.5], "reward": [["0x3"]] }))
            }
            "eth_sendRawTransaction" => self.take(asked),
            "eth_getTransactionReceipt" => result(self.receipt(&asked.params[0])),
            other => panic!("{other}"),
        }
    }

    fn take(&mut self, asked: &Asked) -> Response<Body> {
        if !self.refusals.is_empty() {
            let (code, words) = self.refusals.remove(0);
            return fault(code, words);
        }
        let raw: Bytes = asked.params[0].as_str().unwrap().parse().unwrap();
        let transaction = TxEnvelope::decode_2718_exact(&raw).unwrap();
        let hash = *transaction.tx_hash();
        self.nonce = transaction.nonce() + 1;
        self.sent.push(transaction);
        result(json!(hash))
    }

    fn receipt(&self, hash: &Value) -> Value {
        if !self.includes || !self.sent.iter().any(|sent| json!(sent.tx_hash()) == *hash) {
            return Value::Null;
        }
        json!({
            "transactionHash": hash, "transactionIndex": "0x0", "blockHash": B256::repeat_byte(2), "blockNumber": "0x7",
            "from": Address::ZERO, "to": Address::ZERO, "cumulativeGasUsed": "0x1", "gasUsed": "0x1", "effectiveGasPrice": "0x1",
            "logs": [], "logsBloom": Bloom::ZERO, "type": "0x2", "status": if self.failing { "0x0" } else { "0x1" },
        })
    }
}

async fn account(chain: Chain) -> (Account, Arc<Mutex<Chain>>) {
    let chain = Arc::new(Mutex::new(chain));
    let served = chain.clone();
    let url = serve(move |asked| served.lock().unwrap().answer(&asked)).await;
    let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap();
    (Account::new(client(&url), key, FeeLimits::default()).await.unwrap(), chain)
}

fn call() -> Call {
    Call::transfer(Address::repeat_byte(9), U256::from(1))
}

fn nonces(chain: &Mutex<Chain>) -> Vec<u64> {
    chain.lock().unwrap().sent.iter().map(Transaction::nonce).collect()
}

#[tokio::test]
async fn nonces_are_counted_on_and_fees_leave_room() {
    let (account, chain) = account(Chain { nonce: 3, ..Default::default() }).await;
    let (first, second) = tokio::join!(async { account.send(&call()).await }, async { account.clone().send(&call()).await });
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(nonces(&chain), [3, 4]);
    let sent = chain.lock().unwrap().sent[0].clone();
    assert_eq!((sent.chain_id(), sent.gas_limit()), (Some(5), 0x10000 + 0x4000));
    // Twice the coming base fee, and a tip of at least 0.001 gwei.
    assert_eq!((sent.max_fee_per_gas(), sent.max_priority_fee_per_gas()), (18 + 1_000_000, Some(1_000_000)));
}

#[tokio::test]
async fn a_nonce_that_was_used_elsewhere_is_asked_for_anew() {
    let (account, chain) = account(Chain::default()).await;
    account.send(&call()).await.unwrap();
    {
        let mut chain = chain.lock().unwrap();
        chain.nonce = 7;
        chain.refusals.push((-32000, "nonce too low: next nonce 7, tx nonce 1"));
    }
    account.send(&call()).await.unwrap();
    assert_eq!(nonces(&chain), [0, 7]);
}

#[tokio::test]
async fn what_a_node_refuses_is_told_in_its_words_and_leaves_no_gap() {
    let words = "insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1";
    let (account, chain) = account(Chain { refusals: vec![(-32000, words)], ..Default::default() }).await;
    let error = account.send(&call()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("eth_sendRawTransaction: {words} (code -32000)"));
    account.send(&call()).await.unwrap();
    assert_eq!(nonces(&chain), [0]);
}

#[tokio::test]
async fn a_transaction_that_is_known_already_was_sent() {
    let (account, _) = account(Chain { refusals: vec![(-32000, "already known")], ..Default::default() }).await;
    account.send(&call()).await.unwrap();
}

#[tokio::test]
async fn a_receipt_tells_of_success_and_its_absence_of_neither() {
    let patience = Duration::from_millis(50);
    let (slow, _) = account(Chain::default()).await;
    assert!(matches!(slow.execute(&call(), patience).await, Err(Error::NotIncluded { .. })));
    let (good, _) = account(Chain { includes: true, ..Default::default() }).await;
    assert!(good.execute(&call(), patience).await.unwrap().succeeded());
    let (bad, _) = account(Chain { includes: true, failing: true, ..Default::default() }).await;
    assert!(matches!(bad.execute(&call(), patience).await, Err(Error::Reverted(_))));
}
