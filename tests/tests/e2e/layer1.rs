//! The L1 under a node, as its users see it.

use crate::node::Node;
use alloy_primitives::{Address, hex};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread, time::Duration};
use tributary_tests::{
    rpc::{Rpc, number},
    wallet::Wallet,
};

/// The L1 under a node.
pub(crate) struct Layer1 {
    rpc: Rpc,
    contracts: BTreeMap<String, String>,
    pub(crate) portal: Address,
}

impl Layer1 {
    pub(crate) fn under(node: &Node) -> Self {
        let banner = &node.process.banner;
        let (rpc, contracts) = (Rpc::connect(&banner.l1_url).unwrap(), banner.contracts.clone());
        Self { rpc, portal: contracts["TributaryPortal"].parse().unwrap(), contracts }
    }

    /// Where a contract is.
    pub(crate) fn contract(&self, name: &str) -> Address {
        self.contracts[name].parse().unwrap()
    }

    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.rpc.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub(crate) fn wallet(&mut self, index: u32) -> Wallet {
        let chain_id = number(&self.ask("eth_chainId", json!([]))).try_into().unwrap();
        let mut wallet = Wallet::funded(index, chain_id);
        wallet.nonce = number(&self.ask("eth_getTransactionCount", json!([wallet.address(), "pending"]))).try_into().unwrap();
        wallet
    }

    /// Waits until a transaction is in a block.
    pub(crate) fn receipt(&mut self, hash: &Value) -> Value {
        for _ in 0..1200 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if receipt.is_object() {
                return receipt;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("never included: {hash}");
    }

    /// A call by a funded account that must succeed, with the gas that the node estimates.
    pub(crate) fn call(&mut self, from: &Wallet, to: Address, call: &impl SolCall) -> Value {
        self.call_as(from.address(), to, call)
    }

    /// The same by any account whose key the node has or pretends to have.
    pub(crate) fn call_as(&mut self, from: Address, to: Address, call: &impl SolCall) -> Value {
        let data = hex::encode_prefixed(call.abi_encode());
        let mut transaction = json!({ "from": from, "to": to, "data": data });
        transaction["gas"] = self.ask("eth_estimateGas", json!([transaction]));
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        let receipt = self.receipt(&hash);
        assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
        receipt
    }

    /// What a contract answers now.
    pub(crate) fn view<C: SolCall>(&mut self, to: Address, call: C) -> C::Return {
        let data = self.ask("eth_call", json!([{ "to": to, "data": hex::encode_prefixed(call.abi_encode()) }, "latest"]));
        C::abi_decode_returns(&hex::decode(data.as_str().unwrap()).unwrap()).unwrap()
    }
}
