//! Development nodes only: blocks on demand, the clock, snapshots and reorganisations, under the names of anvil, Hardhat and ganache.
//!
//! A rollup's blocks follow each other by its block time, on L1 blocks of their time. Who mines a block, or waits for one, lets that time pass for both
//! chains; longer times are jumps, which L1 makes with one block and the rollup follows with one.

use super::{absent::block_time, info, orders::Development};
use crate::{
    api::{Api, Module, light},
    args::Args,
    count::Number,
    error::RpcError,
};
use alloy_primitives::U64;
use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::SystemTime};
use tributary_chain::{Command, Sealing};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    order(module, &["evm_mine"], |args| Ok(args.optional::<MineOptions>()?.unwrap_or_default().commands()), |_| json!("0x0"))?;
    let mine = |args: &mut Args| {
        let (blocks, interval) = (args.optional::<Number>()?, args.optional::<Number>()?);
        Ok(vec![Command::Mine { blocks: blocks.map_or(Ok(1), small)?, interval: interval.map(small).transpose()? }])
    };
    order(module, &["anvil_mine", "hardhat_mine"], mine, |_| Value::Null)?;
    let increase = |args: &mut Args| Ok(vec![Command::IncreaseTime(small(args.required::<Number>()?)?)]);
    order(module, &["evm_increaseTime", "anvil_increaseTime"], increase, |ahead| json!(ahead))?;
    let next = |args: &mut Args| Ok(vec![Command::NextBlockTime(small(args.required::<Number>()?)?)]);
    order(module, &["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"], next, |_| Value::Null)?;
    order(module, &["evm_setTime", "anvil_setTime"], next, |time| json!(time.saturating_sub(seconds_now())))?;
    register_snapshots(module)?;
    let reorg = |args: &mut Args| {
        let ReorgOptions { depth, pairs } = args.reorg()?;
        if !pairs.is_empty() {
            return Err(RpcError::params("invalid argument 1: transactions cannot be placed in blocks of the new branch"));
        }
        Ok(vec![Command::Reorg { depth: small(depth)? }])
    };
    order(module, &["anvil_reorg"], reorg, |_| Value::Null)?;
    register_mining(module)?;
    info::register(module)
}

fn register_snapshots(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["evm_snapshot", "anvil_snapshot"] {
        module.register_async_method(name, |params, api, _| async move {
            Args::new(&params)?.end()?;
            let extras = extras(&api)?;
            let id = extras.order(Command::Snapshot).await?;
            extras.note_snapshot(id, api.chain.store.heads()?.unsafe_head);
            Ok::<_, RpcError>(U64::from(id))
        })?;
    }
    for name in ["evm_revert", "anvil_revert"] {
        module.register_async_method(name, |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let id = small(args.required()?)?;
            args.end()?;
            let extras = extras(&api)?;
            let is_found = extras.order(Command::Revert(id)).await? != 0;
            if is_found {
                extras.forget_snapshots(id);
            }
            Ok::<_, RpcError>(is_found)
        })?;
    }
    Ok(())
}

fn register_mining(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["evm_setAutomine", "anvil_setAutomine"] {
        module.register_async_method(name, move |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let on = args.required()?;
            args.end()?;
            let extras = extras(&api)?;
            if let Some(sealing) = with_automine(&api, extras.sealing(), on) {
                extras.seal(sealing).await?;
            }
            Ok::<_, RpcError>(done(name))
        })?;
    }
    for name in ["evm_setIntervalMining", "anvil_setIntervalMining"] {
        module.register_async_method(name, move |params, api, _| async move {
            let mut args = Args::new(&params)?;
            let Number(interval) = args.required()?;
            args.end()?;
            // Any interval is the chain's own block time; none means on demand.
            let sealing = if interval.is_zero() { Sealing::OnDemand } else { Sealing::InTime };
            extras(&api)?.seal(sealing).await.map(|()| done(name))
        })?;
    }
    light(module, "anvil_getIntervalMining", |api, _| {
        let sealing = extras(api)?.sealing();
        Ok(block_time(api).filter(|_| sealing == Sealing::InTime))
    })?;
    // There is one log, and it is not the clients'.
    for name in ["anvil_setLoggingEnabled", "hardhat_setLoggingEnabled"] {
        light(module, name, move |_, args| args.required::<bool>().map(|_| done(name)))?;
    }
    for name in ["anvil_getAutomine", "hardhat_getAutomine"] {
        light(module, name, |api, _| Ok(extras(api)?.sealing() == Sealing::AtOnce))?;
    }
    Ok(())
}

/// What switching automining on or off means while blocks are sealed as they are, `None` when nothing changes: as in anvil, what is off already stays as it
/// is. The embedded L1 has no automining; there it is its rhythm that is switched.
fn with_automine(api: &Api, sealing: Sealing, on: bool) -> Option<Sealing> {
    let by_itself = if api.chain.rollup.is_some() { Sealing::AtOnce } else { Sealing::InTime };
    match (on, sealing == by_itself) {
        (true, false) => Some(by_itself),
        (false, true) => Some(Sealing::OnDemand),
        _ => None,
    }
}

/// What `evm_mine` takes: a time for the block, or how many blocks.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a time is asked for, or an object with timestamp and blocks")]
pub(crate) enum MineOptions {
    Time(Number),
    Options { timestamp: Option<Number>, blocks: Option<Number> },
}

impl Default for MineOptions {
    fn default() -> Self {
        Self::Options { timestamp: None, blocks: None }
    }
}

impl MineOptions {
    /// How many blocks.
    pub(crate) fn blocks(&self) -> u64 {
        match self {
            Self::Options { blocks: Some(blocks), .. } => blocks.0.saturating_to(),
            _ => 1,
        }
    }

    pub(crate) fn commands(&self) -> Vec<Command> {
        let time = match self {
            Self::Time(time) => Some(*time),
            Self::Options { timestamp, .. } => *timestamp,
        };
        let time = time.map(|time| Command::NextBlockTime(time.0.saturating_to()));
        time.into_iter().chain([Command::Mine { blocks: self.blocks(), interval: None }]).collect()
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
        #[serde(untagged, expecting = "a depth is asked for, or an object with depth and txBlockPairs")]
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
            Ok::<_, RpcError>(answer(order_all(&api, commands).await?))
        })?;
    }
    Ok(())
}

/// Has the node do one after the other; the last one's number.
pub(crate) async fn order_all(api: &Api, commands: Vec<Command>) -> Result<u64, RpcError> {
    let mut number = 0;
    for command in commands {
        number = extras(api)?.order(command).await?;
    }
    Ok(number)
}

/// The answer of a method that changes something, as the one whose name it has gives it: clients of anvil read null, those of Hardhat true.
pub(crate) fn done(name: &str) -> Value {
    if name.starts_with("anvil_") { Value::Null } else { Value::Bool(true) }
}

/// The machine's clock, seconds since the Unix epoch.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn extras(api: &Api) -> Result<Arc<Development>, RpcError> {
    api.chain.development.clone().ok_or_else(|| RpcError::server("this is not a development node"))
}

/// A number that fits 64 bits.
fn small(Number(number): Number) -> Result<u64, RpcError> {
    u64::try_from(number).map_err(|_| RpcError::params(format!("number {number} is too large")))
}
