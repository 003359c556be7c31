//! What a role would find at its start, looked at without starting it: every fault, not the first.

use super::{ChainFiles, L1Settings, directory::RoleDirectory, node::l1_spec};
use crate::Error;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::Address;
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};
use tributary_client::{Client, Error as NodeError, Http};
use tributary_l1::{L1Client, L1Config};

/// An L1 whose newest block is older by so many of its block times stands, or its node is behind.
const OLD: u64 = 10;

/// Whether a role could use a directory. Nothing is written.
///
/// # Errors
/// As at the start of the role.
pub fn inspect_directory(path: &Path, role: &str, files: &ChainFiles) -> Result<(), Error> {
    RoleDirectory::inspect(path, role, (files.rollup.l2_chain_id, files.rollup.genesis.l2.hash))
}

impl L1Settings {
    /// Whether endpoints, headers and quorum can be used, asking nobody.
    ///
    /// # Errors
    /// When one cannot.
    pub fn check(&self) -> Result<(), Error> {
        L1Client::new(&self.at)?;
        Ok(())
    }
}

/// L1 as a role is told of it, and what it has to have there.
#[derive(Debug, Clone, Copy)]
pub struct Inspection<'a> {
    /// Where L1 is.
    pub settings: &'a L1Settings,
    /// The rollup, if its files could be read.
    pub files: Option<&'a ChainFiles>,
    /// Accounts that act on L1: what they do, and who they are.
    pub accounts: &'a [(&'static str, Address)],
}

/// Where a fault is, and what it is.
type Found = (String, String);

impl Inspection<'_> {
    /// Asks every endpoint by itself, once, and looks at the accounts.
    pub async fn faults(&self) -> Vec<Found> {
        let once = L1Config { retries: 0, ..self.settings.at.clone() };
        let client = match L1Client::new(&once) {
            Ok(client) => client,
            Err(error) => return vec![("L1".to_owned(), error.to_string())],
        };
        let mut found = Vec::new();
        let mut answers = false;
        for node in client.node().each() {
            let host = node.hosts().concat();
            match self.execution(&node).await {
                Ok(faults) => {
                    answers = true;
                    found.extend(faults.into_iter().map(|fault| (host.clone(), fault)));
                }
                Err(error) => found.push((host, error.to_string())),
            }
        }
        for (api, http) in client.endpoints().into_iter().filter(|(api, _)| *api != "execution") {
            found.extend(beacon(&http).await.map(|fault| (format!("{} ({api})", http.host()), fault)));
        }
        if answers {
            found.extend(self.rollup(&client).await);
        }
        found
    }

    /// One execution node.
    async fn execution(&self, node: &Client) -> Result<Vec<String>, NodeError> {
        let mut faults = Vec::new();
        let chain = node.chain_id().await?;
        if let Some(expected) = self.files.map(|files| files.rollup.l1_chain_id).filter(|expected| *expected != chain) {
            return Ok(vec![format!("is chain {chain}, the rollup's L1 is chain {expected}")]);
        }
        let time = block(node, BlockNumberOrTag::Latest).await?.map_or(0, |block| block.timestamp.to::<u64>());
        let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().saturating_sub(time);
        if age > OLD * self.settings.block_time {
            faults.push(format!("its newest block is {age} s old, more than {OLD} block times of {} s", self.settings.block_time));
        }
        if let Some(anchor) = self.files.map(|files| files.rollup.genesis.l1) {
            match block(node, anchor.number.into()).await? {
                Some(block) if block.hash == anchor.hash => {}
                Some(block) => {
                    faults.push(format!("its block {} is {}, the rollup is anchored in {}", anchor.number, block.hash, anchor.hash))
                }
                None => faults.push(format!("it has no block {}, in which the rollup is anchored", anchor.number)),
            }
        }
        Ok(faults)
    }

    /// What the rollup needs of an L1 that answers.
    async fn rollup(&self, client: &L1Client) -> Vec<Found> {
        let mut found = Vec::new();
        if let Some(files) = self.files {
            let spec = l1_spec(client, files.rollup.l1_chain_id, self.settings).await;
            found.extend(spec.err().map(|error| ("L1".to_owned(), error.to_string())));
        }
        for (role, address) in self.accounts.iter().filter(|(role, _)| ["batcher", "proposer"].contains(role)) {
            match client.node().balance(*address, BlockId::latest()).await {
                Ok(balance) if !balance.is_zero() => {}
                Ok(_) => found.push((format!("{role} {address}"), "has nothing on L1 to pay with".to_owned())),
                Err(error) => found.push((format!("{role} {address}"), error.to_string())),
            }
        }
        if let (Some(files), Some((_, batcher))) = (self.files, self.accounts.iter().find(|(role, _)| *role == "batcher")) {
            found.extend(listens_to(client.node(), files, *batcher).await.map(|fault| (format!("batcher {batcher}"), fault)));
        }
        found
    }
}

/// What of a block is looked at here.
#[derive(serde::Deserialize)]
struct Seen {
    hash: alloy_primitives::B256,
    timestamp: alloy_primitives::U64,
}

async fn block(node: &Client, at: BlockNumberOrTag) -> Result<Option<Seen>, NodeError> {
    node.request("eth_getBlockByNumber", (at, false)).await
}

/// Whether a beacon node or an archive is there: what it answers depends on what it is.
async fn beacon(http: &Http) -> Option<String> {
    match http.get("/eth/v1/beacon/genesis").await {
        Ok(_) | Err(NodeError::Refused(_)) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Why batches of this account would not count.
async fn listens_to(node: &Client, files: &ChainFiles, batcher: Address) -> Option<String> {
    let asked = tributary_contracts::SystemConfig::batcherHashCall {};
    match node.view(files.contracts.system_config, &asked, BlockId::latest()).await {
        Ok(hash) if Address::from_word(hash) == batcher => None,
        Ok(hash) => Some(format!("L1 takes batches of {}", Address::from_word(hash))),
        Err(error) => Some(format!("L1 does not tell whose batches count: {error}")),
    }
}
