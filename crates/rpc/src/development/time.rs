//! Development nodes only: blocks on demand, the clock, snapshots and reorganisations, under the names of anvil, Hardhat and ganache.
//!
//! A rollup's blocks follow each other by its block time, on L1 blocks of their time. So time is what users move: blocks are sealed because their time has
//! come, on both chains, and a jump gives as many blocks as it is long.

use super::orders::{Command, Development};
use crate::{
    api::{Module, light},
    args::Args,
    error::RpcError,
};
use alloy_primitives::{B256, U64, U256};
use jsonrpsee::server::RegisterMethodError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    order(module, &["evm_mine"], |args| Ok(args.optional::<MineOptions>()?.unwrap_or_default().command()), |_| json!("0x0"))?;
    let mine = |args: &mut Args| {
        let (blocks, interval) = (args.optional::<Number>()?, args.optional::<Number>()?);
        Ok(vec![Command::Mine { blocks: blocks.map_or(Ok(1), small)?, interval: interval.map_or(Ok(1), small)? }])
    };
    order(module, &["anvil_mine", "hardhat_mine"], mine, |_| Value::Null)?;
    let increase = |args: &mut Args| Ok(vec![Command::IncreaseTime(small(args.required::<Number>()?)?)]);
    order(module, &["evm_increaseTime", "anvil_increaseTime"], increase, |ahead| json!(ahead))?;
    let next = |args: &mut Args| Ok(vec![Command::NextBlockTime(small(args.required::<Number>()?)?)]);
    order(module, &["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp", "evm_setTime", "anvil_setTime"], next, |_| Value::Null)?;
    order(module, &["evm_snapshot", "anvil_snapshot"], |_| Ok(vec![Command::Snapshot]), |id| json!(U64::from(id)))?;
    let revert = |args: &mut Args| Ok(vec![Command::Revert(small(args.required::<Number>()?)?)]);
    order(module, &["evm_revert", "anvil_revert"], revert, |found| json!(found != 0))?;
    let reorg = |args: &mut Args| {
        let ReorgOptions { depth, pairs } = args.reorg()?;
        if !pairs.is_empty() {
            return Err(RpcError::params("invalid argument 1: transactions cannot be placed in blocks of the new branch"));
        }
        Ok(vec![Command::Reorg { depth: small(depth)? }])
    };
    order(module, &["anvil_reorg"], reorg, |_| Value::Null)?;
    register_mining(module)?;
    for name in ["anvil_nodeInfo", "anvil_metadata", "hardhat_metadata"] {
        light(module, name, |api, _| {
            let head = api.chain.store.heads()?.unsafe_head;
            Ok(Metadata {
                client_version: crate::net_web3::client_version(true),
                chain_id: api.chain.spec.chain_id,
                // The chain's own name: it stays when the node restarts on a kept directory.
                instance_id: api.chain.store.genesis().hash(),
                latest_block_number: head.number,
                latest_block_hash: head.hash,
            })
        })?;
    }
    Ok(())
}

fn register_mining(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["evm_setAutomine", "anvil_setAutomine"] {
        module.register_async_method(name, |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let on = args.required()?;
            args.end()?;
            extras(&api)?.mine_by_itself(on).await.map(|()| true)
        })?;
    }
    for name in ["evm_setIntervalMining", "anvil_setIntervalMining"] {
        module.register_async_method(name, |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let Number(interval) = args.required()?;
            args.end()?;
            // Any interval is the chain's own block time; none means on demand.
            extras(&api)?.mine_by_itself(!interval.is_zero()).await.map(|()| true)
        })?;
    }
    light(module, "anvil_getIntervalMining", |api, _| {
        let of_rollup = api.chain.rollup.as_ref().map(|rollup| rollup.config.block_time);
        let block_time = of_rollup.or(api.chain.beacon.map(|beacon| beacon.seconds_per_slot));
        Ok(block_time.filter(|_| api.chain.development.as_ref().is_some_and(|extras| extras.mines_by_itself())))
    })?;
    // There is one log, and it is not the clients'.
    for name in ["anvil_setLoggingEnabled", "hardhat_setLoggingEnabled"] {
        light(module, name, |_, args| args.required::<bool>())?;
    }
    for name in ["anvil_getAutomine", "hardhat_getAutomine"] {
        light(module, name, |api, _| Ok(extras(api)?.mines_by_itself()))?;
    }
    Ok(())
}

/// What `evm_mine` takes: a time for the block, or how many blocks.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MineOptions {
    Time(Number),
    Options { timestamp: Option<Number>, blocks: Option<Number> },
}

impl Default for MineOptions {
    fn default() -> Self {
        Self::Options { timestamp: None, blocks: None }
    }
}

impl MineOptions {
    fn command(self) -> Vec<Command> {
        let (time, blocks) = match self {
            Self::Time(time) => (Some(time), None),
            Self::Options { timestamp, blocks } => (timestamp, blocks),
        };
        let time = time.map(|time| Command::NextBlockTime(time.0.saturating_to()));
        time.into_iter().chain([Command::Mine { blocks: blocks.map_or(1, |blocks| blocks.0.saturating_to()), interval: 1 }]).collect()
    }
}

/// What `anvil_reorg` takes, as an object or one after the other.
#[derive(Debug, Deserialize)]
struct ReorgOptions {
    depth: Number,
    #[serde(default, rename = "txBlockPairs", alias = "tx_block_pairs")]
    pairs: Vec<Value>,
}

impl Args {
    fn reorg(&mut self) -> Result<ReorgOptions, RpcError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum First {
            Depth(Number),
            Options(ReorgOptions),
        }
        match self.required()? {
            First::Options(options) => Ok(options),
            First::Depth(depth) => Ok(ReorgOptions { depth, pairs: self.optional()?.unwrap_or_default() }),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    client_version: String,
    chain_id: u64,
    instance_id: B256,
    latest_block_number: u64,
    latest_block_hash: B256,
}

/// Registers a method under all its names. It gives commands, and answers what the last one's number means.
fn order(
    module: &mut Module,
    names: &[&'static str],
    commands: fn(&mut Args) -> Result<Vec<Command>, RpcError>,
    answer: fn(u64) -> Value,
) -> Result<(), RegisterMethodError> {
    for name in names {
        module.register_async_method(name, move |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let commands = commands(&mut args)?;
            args.end()?;
            let mut number = 0;
            for command in commands {
                number = extras(&api)?.order(command).await?;
            }
            Ok::<_, RpcError>(answer(number))
        })?;
    }
    Ok(())
}

fn extras(api: &crate::api::Api) -> Result<Arc<Development>, RpcError> {
    api.chain.development.clone().ok_or_else(|| RpcError::server("this is not a development node"))
}

/// A number as clients write it here: as a quantity, with leading zeros too, as a decimal string or as a number.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Number(U256);

/// A number that fits 64 bits.
fn small(Number(number): Number) -> Result<u64, RpcError> {
    u64::try_from(number).map_err(|_| RpcError::params(format!("number {number} is too large")))
}
