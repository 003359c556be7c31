//! A local HTTP server that answers as a test tells it to, and a true block to answer with.
#![allow(dead_code, reason = "each test file uses its part")]

use alloy_consensus::{
    EMPTY_OMMER_ROOT_HASH, Header, ReceiptEnvelope, SignableTransaction, Signed, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy,
    proofs::{calculate_receipt_root, calculate_transaction_root, calculate_withdrawals_root},
};
use alloy_eips::{
    eip2718::Encodable2718,
    eip4844::{Blob, BlobTransactionSidecar, builder::BuildableSidecar},
    eip4895::{Withdrawal, Withdrawals},
};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, Signature, TxKind, U256};
use alloy_signer::SignerSync;
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Response, StatusCode},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tributary_l1::{L1Client, L1Config, PrivateKeySigner};
use tributary_primitives::{Transaction, TxType};

/// Where batches go in these tests.
pub(crate) const INBOX: Address = Address::repeat_byte(0xff);

/// One request as the server sees it.
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// A JSON-RPC result.
pub(crate) fn result(value: Value) -> Response<Body> {
    answer(StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "result": value }).to_string())
}

/// A JSON-RPC error.
pub(crate) fn fault(code: i64, message: &str) -> Response<Body> {
    answer(StatusCode::OK, json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": message } }).to_string())
}

/// Any HTTP answer.
pub(crate) fn answer(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// Serves until the runtime ends; returns the URL.
pub(crate) async fn serve(handle: impl Fn(Call) -> Response<Body> + Send + Sync + 'static) -> String {
    let handle = Arc::new(handle);
    let fallback = move |request: Request| {
        let handle = handle.clone();
        async move {
            let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
            let mut body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let method = body["method"].as_str().unwrap_or_default().to_owned();
            handle(Call { path, method, params: body["params"].take() })
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(fallback)).await });
    url
}

/// A client that gives up after one repetition.
pub(crate) fn client(url: &str) -> L1Client {
    L1Client::new(&L1Config { retries: 1, timeout: Duration::from_secs(5), max_response: 4 << 20, ..L1Config::at(url) }).unwrap()
}

pub(crate) fn key(seed: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).unwrap()
}

fn signed<T: SignableTransaction<Signature>>(tx: T, seed: u8) -> Signed<T> {
    let signature = key(seed).sign_hash_sync(&tx.signature_hash()).unwrap();
    tx.into_signed(signature)
}

/// A blob whose every element holds `seed`.
pub(crate) fn blob(seed: u8) -> Blob {
    let mut blob = Blob::ZERO;
    for element in blob.chunks_exact_mut(32) {
        element[31] = seed;
    }
    blob
}

/// A true block with its receipts, and what a node would say about it.
pub(crate) struct Fixture {
    pub(crate) header: Header,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) receipts: Vec<ReceiptEnvelope<Log>>,
    pub(crate) withdrawals: Withdrawals,
    pub(crate) sidecar: BlobTransactionSidecar,
}

impl Fixture {
    /// Block 7: transactions of all types, three of them to the inbox, of which key 1 sent two.
    pub(crate) fn new() -> Self {
        let sidecar = BlobTransactionSidecar::build(vec![blob(1), blob(2)]).unwrap();
        let blob_versioned_hashes = sidecar.versioned_hashes().collect();
        let to_inbox = TxEip1559 { chain_id: 1, to: TxKind::Call(INBOX), input: Bytes::from_static(b"batch"), ..plain() };
        let transactions = vec![
            Transaction::Legacy(signed(TxLegacy { chain_id: Some(1), ..Default::default() }, 3)),
            Transaction::Eip2930(signed(TxEip2930 { chain_id: 1, ..Default::default() }, 3)),
            Transaction::Eip1559(signed(to_inbox.clone(), 1)),
            Transaction::Eip1559(signed(to_inbox, 2)),
            Transaction::Eip4844(signed(TxEip4844 { chain_id: 1, to: INBOX, blob_versioned_hashes, ..Default::default() }, 1)),
            Transaction::Eip7702(signed(TxEip7702 { chain_id: 1, to: INBOX, ..Default::default() }, 1)),
        ];
        let receipts: Vec<_> = transactions.iter().enumerate().map(|(index, tx)| receipt(index as u64, tx)).collect();
        let withdrawals = Withdrawals::new(vec![Withdrawal { index: 1, validator_index: 2, address: INBOX, amount: 3 }]);
        let header = Header {
            number: 7,
            timestamp: 1_084,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            transactions_root: calculate_transaction_root(&transactions),
            receipts_root: calculate_receipt_root(&receipts),
            withdrawals_root: Some(calculate_withdrawals_root(&withdrawals)),
            base_fee_per_gas: Some(7),
            blob_gas_used: Some(2 * 131_072),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(B256::repeat_byte(9)),
            requests_hash: Some(B256::repeat_byte(8)),
            ..Default::default()
        };
        Self { header, transactions, receipts, withdrawals, sidecar }
    }

    pub(crate) fn hash(&self) -> B256 {
        self.header.hash_slow()
    }

    pub(crate) fn block_json(&self) -> Value {
        let mut block = serde_json::to_value(alloy_rpc_types_eth::Header::new(self.header.clone())).unwrap();
        block["transactions"] = self.transactions.iter().map(|tx| self.transaction_json(tx)).collect();
        block["withdrawals"] = serde_json::to_value(&self.withdrawals).unwrap();
        block["uncles"] = json!([]);
        block
    }

    fn transaction_json(&self, tx: &Transaction) -> Value {
        let mut json = serde_json::to_value(tx).unwrap();
        json["blockHash"] = json!(self.hash());
        json["from"] = json!(tx.sender().unwrap());
        json
    }

    pub(crate) fn receipts_json(&self) -> Value {
        self.receipts.iter().zip(&self.transactions).map(|(receipt, tx)| receipt_json(receipt, tx.hash(), self.hash(), 7)).collect()
    }

    /// What a well-behaved node answers.
    pub(crate) fn answer(&self, call: &Call) -> Response<Body> {
        match call.method.as_str() {
            "eth_getBlockByNumber" | "eth_getBlockByHash" => result(self.block_json()),
            "eth_getBlockReceipts" => result(self.receipts_json()),
            _ => self.beacon_answer(call),
        }
    }

    fn beacon_answer(&self, call: &Call) -> Response<Body> {
        let data = |data: Value| answer(StatusCode::OK, json!({ "data": data }).to_string());
        match call.path.split('?').next().unwrap() {
            "/eth/v1/beacon/genesis" => data(json!({ "genesis_time": "1000", "genesis_fork_version": "0x00" })),
            "/eth/v1/config/spec" => data(json!({ "SECONDS_PER_SLOT": "12", "OTHER": ["a list"] })),
            // (1084 − 1000) / 12
            "/eth/v1/beacon/blobs/7" => {
                let wanted = |blob: &&Blob| {
                    let sidecar = BlobTransactionSidecar::build(vec![**blob]).unwrap();
                    call.path.contains(&sidecar.versioned_hashes().next().unwrap().to_string())
                };
                data(self.sidecar.blobs.iter().filter(wanted).map(|blob| json!(blob)).collect())
            }
            _ => answer(StatusCode::NOT_FOUND, "nothing here"),
        }
    }

    /// Sidecars, as an older beacon node has them.
    pub(crate) fn sidecars_json(&self) -> Value {
        let of = |index: usize| json!({ "index": index.to_string(), "blob": self.sidecar.blobs[index], "kzg_commitment": self.sidecar.commitments[index] });
        json!({ "data": (0..self.sidecar.blobs.len()).map(of).collect::<Vec<_>>() })
    }
}

/// A transaction of type 2 with nothing in it.
fn plain() -> TxEip1559 {
    TxEip1559 {
        chain_id: 1,
        nonce: 0,
        gas_limit: 21_000,
        max_fee_per_gas: 10,
        max_priority_fee_per_gas: 1,
        to: TxKind::Create,
        value: U256::ZERO,
        access_list: Default::default(),
        input: Bytes::new(),
    }
}

fn receipt(index: u64, tx: &Transaction) -> ReceiptEnvelope<Log> {
    use alloy_consensus::{Receipt, TransactionEnvelope};
    let log = Log { address: INBOX, data: LogData::new_unchecked(vec![B256::repeat_byte(index as u8)], Bytes::from_static(b"log")) };
    let receipt = Receipt { status: (index != 1).into(), cumulative_gas_used: 21_000 * (index + 1), logs: vec![log] };
    let ty = match TransactionEnvelope::tx_type(tx) {
        TxType::Legacy => alloy_consensus::TxType::Legacy,
        TxType::Eip2930 => alloy_consensus::TxType::Eip2930,
        TxType::Eip1559 => alloy_consensus::TxType::Eip1559,
        TxType::Eip4844 => alloy_consensus::TxType::Eip4844,
        TxType::Eip7702 => alloy_consensus::TxType::Eip7702,
        TxType::Deposit => unreachable!("an L1 has no deposits"),
    };
    ReceiptEnvelope::from_typed(ty, receipt)
}

/// A receipt as JSON-RPC gives it.
pub(crate) fn receipt_json(receipt: &ReceiptEnvelope<Log>, transaction: B256, block: B256, number: u64) -> Value {
    let at = |log: Log| alloy_rpc_types_eth::Log { inner: log, block_hash: Some(block), ..Default::default() };
    let receipt = alloy_rpc_types_eth::TransactionReceipt {
        inner: receipt.clone().map_logs(at),
        transaction_hash: transaction,
        transaction_index: Some(0),
        block_hash: Some(block),
        block_number: Some(number),
        gas_used: 21_000,
        effective_gas_price: 1,
        blob_gas_used: None,
        blob_gas_price: None,
        from: Address::ZERO,
        to: None,
        contract_address: Some(Address::repeat_byte(0xc0)),
    };
    serde_json::to_value(receipt).unwrap()
}

/// The encoding of a transaction.
pub(crate) fn encoded(tx: &Transaction) -> Vec<u8> {
    tx.encoded_2718()
}
