//! The rollup and its L1, as commands that talk to a node need them.

use crate::{error::Error, report, reverts};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{Filter, TransactionInput, TransactionRequest};
use alloy_sol_types::{SolCall, SolEvent};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use tributary_client::{Account, Call, Client, ClientConfig, FeeLimits, NetworkInfo, Receipt, Signer};
use tributary_contracts::{
    Parameters,
    predeploys::{DATANETS, PARAMETERS},
};

/// How long a transaction may take to be included. A rollup's blocks come each second or so.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the index may take to read a block, and how often it is asked.
const INDEX_PATIENCE: Duration = Duration::from_secs(10);
const INDEX_LOOK: Duration = Duration::from_millis(20);

/// The rollup, and the way to its L1.
#[derive(Debug)]
pub(crate) struct Chain {
    client: Client,
    url: String,
    /// Absent where the node does not tell: one of an older release.
    network: Option<NetworkInfo>,
    chain_id: u64,
    /// The newest block when we connected.
    start: u64,
    /// Set once the index is as far.
    indexed: OnceCell<()>,
}

impl Chain {
    /// Connects to the rollup at `url` and makes sure that it is one of ours.
    pub(crate) async fn connect(url: &str) -> Result<Self, Error> {
        let client = client(url)?;
        let chain_id = client.chain_id().await.map_err(|error| Error::of_node(url, error))?;
        if client.code(DATANETS, BlockId::latest()).await?.is_empty() {
            return Err(Error::NotTributary(url.to_owned()));
        }
        let (network, start) = (client.network_info().await?, client.block_number().await?);
        Ok(Self { client, url: url.to_owned(), network, chain_id, start, indexed: OnceCell::new() })
    }

    /// The chain id.
    pub(crate) const fn id(&self) -> u64 {
        self.chain_id
    }

    /// Number of the newest block when we connected.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What asks it.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Its L1: where the user says, or else where the rollup says.
    pub(crate) async fn l1(&self, given: Option<&str>) -> Result<Client, Error> {
        let told = self.network.as_ref().map(|network| network.l1_url.as_str());
        let url = given.or(told).ok_or_else(|| Error::NoL1(self.url.clone()))?;
        let l1 = client(url)?;
        let chain_id = l1.chain_id().await.map_err(|error| Error::of_node(url, error))?;
        match self.network.as_ref().map(|network| network.l1_chain_id.to::<u64>()) {
            Some(expected) if expected != chain_id => Err(Error::OtherL1 { url: url.to_owned(), chain_id, expected }),
            _ => Ok(l1),
        }
    }

    /// Its portal on L1, where the node tells.
    pub(crate) fn portal(&self) -> Option<Address> {
        self.network.as_ref().and_then(|network| network.contracts.l1.get("TributaryPortal")).copied()
    }

    /// The account that somebody signs for on it.
    pub(crate) async fn account(&self, signer: impl Into<Signer>) -> Result<Account, Error> {
        Ok(Account::new(self.client.clone(), signer, FeeLimits::default()).await?)
    }

    /// Sends a transaction and waits until it is included. `what` it does is for the error if it does not.
    pub(crate) async fn execute(&self, from: &Account, call: &Call, what: &'static str) -> Result<Receipt, Error> {
        match from.execute(call, PATIENCE).await {
            Ok(receipt) => Ok(receipt),
            Err(tributary_client::Error::Reverted(hash)) => {
                let why = self.reason(from, call).await.map_or_else(String::new, |why| format!(": {why}"));
                Err(Error::Reverted { what: what.to_owned(), hash, why })
            }
            Err(error) => Err(refusal(error, call.to.to().copied(), what)),
        }
    }

    /// Why a call reverts now. A receipt does not tell.
    async fn reason(&self, from: &Account, call: &Call) -> Option<String> {
        match self.client.call(&request(from.address(), call), BlockId::latest()).await {
            Err(tributary_client::Error::Rejected { fault, .. }) => {
                fault.data.and_then(|data| reverts::words(call.to.to().copied(), &data))
            }
            _ => None,
        }
    }

    /// The gas of a transaction of `from`, if it would not revert now. Nothing is sent.
    pub(crate) async fn rehearse(&self, from: Address, call: &Call, what: &'static str) -> Result<u64, Error> {
        let estimated = self.client.estimate_gas(&request(from, call), BlockId::pending()).await;
        estimated.map_err(|error| refusal(error, call.to.to().copied(), what))
    }

    /// Calls a view on the state at `block`.
    pub(crate) async fn view<C: SolCall>(&self, to: Address, call: &C, block: impl Into<BlockId>) -> Result<C::Return, Error> {
        self.client.view(to, call, block).await.map_err(|error| refusal(error, Some(to), "asking the contract"))
    }

    /// Calls a view on the newest state.
    pub(crate) async fn now<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        self.view(to, call, BlockId::latest()).await
    }

    /// What governance set a parameter to.
    pub(crate) async fn parameter(&self, name: &str) -> Result<U256, Error> {
        self.now(PARAMETERS, &Parameters::getCall { key: key(name) }).await
    }

    /// Waits until the index has read the block that was the newest when we connected: it follows the chain a moment behind, and an account that was
    /// told of its transaction wants to see what came of it.
    async fn caught_up(&self) -> Result<(), Error> {
        let catch_up = async || {
            let began = Instant::now();
            loop {
                let page: Result<Value, _> = self.client.demand("tributary_datanets", (json!({ "limit": 1 }),)).await;
                match page {
                    Ok(page) if report::number(&page, "blockNumber") >= U256::from(self.start) => return Ok(()),
                    Ok(_) if began.elapsed() > INDEX_PATIENCE => {
                        let reason = "its index is behind its chain; try again later".to_owned();
                        return Err(Error::Invalid { what: self.url.clone(), reason });
                    }
                    Err(error) if began.elapsed() > INDEX_PATIENCE || error.is_retryable() => return Err(error.into()),
                    _ => tokio::time::sleep(INDEX_LOOK).await,
                }
            }
        };
        self.indexed.get_or_try_init(catch_up).await.copied()
    }

    /// What the index tells of one thing.
    pub(crate) async fn ask(&self, method: &str, of: impl Serialize + Send) -> Result<Option<Value>, Error> {
        self.caught_up().await?;
        let found: Option<Value> = self.client.request(method, (of,)).await?;
        Ok(found.map(|mut found| found["result"].take()).filter(|found| !found.is_null()))
    }

    /// All that the index lists by a method: what belongs to `of`, or everything.
    pub(crate) async fn list(&self, method: &str, of: Option<Value>) -> Result<Vec<Value>, Error> {
        self.caught_up().await?;
        let (mut rows, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let parameters: Vec<_> = of.iter().cloned().chain([json!({ "cursor": cursor })]).collect();
            let mut page: Value = self.client.demand(method, parameters).await?;
            if let Value::Array(items) = page["items"].take() {
                rows.extend(items);
            }
            cursor = page["next"].take();
            if cursor.is_null() {
                return Ok(rows);
            }
        }
    }

    /// The newest block's time, seconds.
    pub(crate) async fn time(&self) -> Result<u64, Error> {
        let block: Value = self.client.demand("eth_getBlockByNumber", ("latest", false)).await?;
        Ok(report::number(&block, "timestamp").saturating_to())
    }

    /// Hash of the first block: chains of the same id differ in it.
    pub(crate) async fn genesis(&self) -> Result<B256, Error> {
        let block: Value = self.client.demand("eth_getBlockByNumber", ("0x0", false)).await?;
        let wrong = || Error::Check(format!("{} does not tell the hash of its first block", self.url));
        block["hash"].as_str().and_then(|hash| hash.parse().ok()).ok_or_else(wrong)
    }

    /// Whether a transaction of an account waits to be included.
    pub(crate) async fn waits(&self, account: Address) -> Result<bool, Error> {
        Ok(self.client.nonce(account, BlockId::pending()).await? != self.client.nonce(account, BlockId::latest()).await?)
    }

    /// The events of this kind that `contract` emitted in the blocks `from ..= to`.
    pub(crate) async fn logs<E: SolEvent>(&self, contract: Address, from: u64, to: u64) -> Result<Vec<E>, Error> {
        Ok(self.client.events(contract, from, to).await?)
    }

    /// The same of those whose first indexed field is this one.
    pub(crate) async fn logs_about<E: SolEvent>(&self, contract: Address, of: B256, (from, to): (u64, u64)) -> Result<Vec<E>, Error> {
        let filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).topic1(of).from_block(from).to_block(to);
        let decoded = self.client.logs(&filter).await?.into_iter().map(|log| E::decode_log_data(log.data()));
        decoded.collect::<Result<_, _>>().map_err(|error| Error::Check(format!("an event of {contract} does not decode: {error}")))
    }

    /// The balance of an account at `block`, in wei.
    pub(crate) async fn balance(&self, of: Address, block: impl Into<BlockId>) -> Result<U256, Error> {
        Ok(self.client.balance(of, block).await?)
    }
}

/// A parameter's key: its name, then zeros.
pub(crate) fn key(name: &str) -> B256 {
    B256::right_padding_from(&name.as_bytes()[..name.len().min(32)])
}

/// What a contract's error says, where the node gives it back.
fn refusal(error: tributary_client::Error, to: Option<Address>, what: &'static str) -> Error {
    let tributary_client::Error::Rejected { fault, .. } = &error else { return error.into() };
    match fault.data.as_ref().and_then(|data| reverts::words(to, data)) {
        Some(why) => Error::Refused { what, why },
        None => error.into(),
    }
}

/// A call as nodes simulate it.
pub(crate) fn request(from: Address, call: &Call) -> TransactionRequest {
    TransactionRequest {
        from: Some(from),
        to: Some(call.to),
        value: Some(call.value),
        input: TransactionInput::new(call.input.clone()),
        ..Default::default()
    }
}

fn client(url: &str) -> Result<Client, Error> {
    // Somebody waits at a terminal: no long silence where nobody answers.
    Client::new(&ClientConfig { retries: 2, ..ClientConfig::at(url) }).map_err(|error| Error::of_node(url, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[tokio::test]
    async fn nobody_there_is_said_in_one_line() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = Chain::connect(&format!("http://{free}")).await.unwrap_err().to_string();
        assert!(error.contains("does not answer") && error.contains("tributary dev"), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}
