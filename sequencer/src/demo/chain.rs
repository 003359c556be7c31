//! Sending transactions to the rollup and reading from it.

use super::rpc::Rpc;
use crate::error::Error;
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, LogData, U64, U256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent};
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_contracts::predeploys::DATANETS;
use tributary_primitives::Transaction;

/// The priority fee that transactions offer, in wei: the sequencer serves in order of arrival anyway.
const TIP: u128 = 1_000_000;

/// The rollup.
#[derive(Debug)]
pub(crate) struct Chain {
    rpc: Rpc,
    chain_id: u64,
    /// The newest block when the demo began.
    start: u64,
}

/// A transaction that is to be sent.
#[derive(Debug)]
pub(crate) struct Sending<'a> {
    /// Who sends it.
    pub(crate) from: &'a PrivateKeySigner,
    /// To whom.
    pub(crate) to: Address,
    /// With how much, in wei.
    pub(crate) value: U256,
    /// Calldata.
    pub(crate) input: Bytes,
    /// What it does, for the error if it doesn't.
    pub(crate) what: &'static str,
}

/// The fields of a receipt that the demo reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) transaction_hash: B256,
    block_number: U64,
    status: U64,
    gas_used: U64,
    effective_gas_price: U256,
    #[serde(default)]
    l1_fee: U256,
    #[serde(default)]
    operator_fee_scalar: U64,
    #[serde(default)]
    operator_fee_constant: U64,
    logs: Vec<Log>,
}

#[derive(Debug, Deserialize)]
struct Log {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl Log {
    fn decode<E: SolEvent>(&self, method: &str) -> Result<E, Error> {
        let data = LogData::new_unchecked(self.topics.clone(), self.data.clone());
        E::decode_log_data(&data).map_err(|error| unexpected(method, error))
    }
}

impl Receipt {
    /// The block that the transaction is in.
    pub(crate) fn block(&self) -> u64 {
        self.block_number.to()
    }

    /// All that the sender paid beside the value: gas, L1 data fee, operator fee (specs: protocol/isthmus/exec-engine), in wei.
    pub(crate) fn fee(&self) -> U256 {
        let gas = U256::from(self.gas_used);
        let operator = gas * U256::from(self.operator_fee_scalar) / U256::from(1_000_000) + U256::from(self.operator_fee_constant);
        gas * self.effective_gas_price + self.l1_fee + operator
    }

    /// The events of this kind that `contract` emitted.
    pub(crate) fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<E>, Error> {
        let of_kind = |log: &&Log| log.address == contract && log.topics.first() == Some(&E::SIGNATURE_HASH);
        self.logs.iter().filter(of_kind).map(|log| log.decode("eth_sendRawTransactionSync")).collect()
    }

    /// The one event of this kind.
    pub(crate) fn event<E: SolEvent>(&self, contract: Address) -> Result<E, Error> {
        let missing = || unexpected("eth_sendRawTransactionSync", format!("no event {}", E::SIGNATURE));
        self.events(contract)?.pop().ok_or_else(missing)
    }
}

impl Chain {
    /// Connects to the rollup at `url` and makes sure that it is one of ours.
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let rpc = Rpc::new(url);
        let chain_id: U64 = rpc.call("eth_chainId", json!([])).await?;
        let code: Bytes = rpc.call("eth_getCode", json!([DATANETS, "latest"])).await?;
        if code.is_empty() {
            return Err(Error::NotTributary(url.to_owned()));
        }
        let start: U64 = rpc.call("eth_blockNumber", json!([])).await?;
        Ok(Self { rpc, chain_id: chain_id.to(), start: start.to() })
    }

    /// The chain id.
    pub(crate) const fn id(&self) -> u64 {
        self.chain_id
    }

    /// Number of the newest block when the demo began.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The JSON-RPC endpoint.
    pub(crate) const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Signs and sends a transaction and waits until it is executed and on disk (EIP-7966).
    pub(crate) async fn send(&self, sending: Sending<'_>) -> Result<Receipt, Error> {
        let Sending { from, to, value, input, what } = sending;
        let call = json!({ "from": from.address(), "to": to, "value": value, "data": input });
        let nonce: U64 = self.rpc.call("eth_getTransactionCount", json!([from.address(), "pending"])).await?;
        let gas: U64 = self.rpc.call("eth_estimateGas", json!([call, "pending"])).await?;
        let gas: u64 = gas.to();
        let price: U256 = self.rpc.call("eth_gasPrice", json!([])).await?;
        let transaction = TxEip1559 {
            chain_id: self.chain_id,
            nonce: nonce.to(),
            // Room for other people's appends to the same state in between.
            gas_limit: gas + gas / 4,
            max_fee_per_gas: price.saturating_to::<u128>().saturating_mul(2).saturating_add(TIP),
            max_priority_fee_per_gas: TIP,
            to: to.into(),
            value,
            input,
            ..Default::default()
        };
        let signature = from.sign_hash_sync(&transaction.signature_hash())?;
        let bytes: Bytes = Transaction::Eip1559(transaction.into_signed(signature)).encoded_2718().into();
        let receipt: Receipt = self.rpc.call("eth_sendRawTransactionSync", json!([bytes])).await?;
        if receipt.status.is_zero() {
            return Err(Error::Reverted { what: what.to_owned(), hash: receipt.transaction_hash });
        }
        Ok(receipt)
    }

    /// Calls a view on the state at `block` (a tag or a number).
    pub(crate) async fn view<C: SolCall>(&self, to: Address, call: C, block: impl Into<Value>) -> Result<C::Return, Error> {
        let request = json!({ "to": to, "data": Bytes::from(call.abi_encode()) });
        let returned: Bytes = self.rpc.call("eth_call", json!([request, block.into()])).await?;
        C::abi_decode_returns(&returned).map_err(|error| unexpected(C::SIGNATURE, error))
    }

    /// The events of this kind that `contract` emitted in the blocks `from ..= to`.
    pub(crate) async fn logs<E: SolEvent>(&self, contract: Address, from: u64, to: u64) -> Result<Vec<E>, Error> {
        let filter = json!({ "address": contract, "topics": [E::SIGNATURE_HASH], "fromBlock": quantity(from), "toBlock": quantity(to) });
        let logs: Vec<Log> = self.rpc.call("eth_getLogs", json!([filter])).await?;
        logs.iter().map(|log| log.decode("eth_getLogs")).collect()
    }

    /// The balance of an account at `block` (a tag or a number), in wei.
    pub(crate) async fn balance(&self, of: Address, block: impl Into<Value>) -> Result<U256, Error> {
        self.rpc.call("eth_getBalance", json!([of, block.into()])).await
    }
}

/// A block number as JSON-RPC wants it.
pub(crate) fn quantity(number: u64) -> Value {
    json!(U64::from(number))
}

fn unexpected(method: &str, reason: impl ToString) -> Error {
    Error::Answer { method: method.to_owned(), reason: reason.to_string() }
}
