//! `eth_simulateV1` (execution-apis): calls in pretended blocks on top of a real one.
//!
//! On the open block the first pretended block is the one after it, with the open block's transactions in its state; its parent's hash is zero, as
//! everywhere else where the open block's hash is asked for.

use super::state::block_or_latest;
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::{RpcError, code},
    json::{BlockJson, LogJson, LogPlace},
    resolve::Target,
};
use alloy_consensus::Header;
use alloy_eips::{BlockId, eip4895::Withdrawals};
use alloy_primitives::{B256, Bytes, U64};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use jsonrpsee::server::RegisterMethodError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tributary_execution::{
    Ending, Fault, L1Fees, SimulateError, SimulatedBlock, SimulatedCall, SimulationBlock, SimulationChain, TxChanges,
};
use tributary_storage::Snapshot;

/// Most blocks in one request.
const MAX_BLOCKS: usize = 256;
/// Code of a call that failed without reverting (execution-apis).
const VM_ERROR: i32 = -32015;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_simulateV1", simulate)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    block_state_calls: Vec<BlockRequest>,
    #[serde(default)]
    trace_transfers: bool,
    #[serde(default)]
    validation: bool,
    #[serde(default)]
    return_full_transactions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockRequest {
    block_overrides: Option<HeaderRequest>,
    state_overrides: Option<StateOverride>,
    calls: Option<Vec<TransactionRequest>>,
}

#[derive(Debug, Default, Deserialize)]
struct HeaderRequest {
    #[serde(flatten)]
    fields: BlockOverrides,
    withdrawals: Option<Withdrawals>,
}

impl From<BlockRequest> for SimulationBlock {
    fn from(request: BlockRequest) -> Self {
        let header = request.block_overrides.unwrap_or_default();
        Self {
            overrides: header.fields,
            withdrawals: header.withdrawals.unwrap_or_default(),
            state: request.state_overrides,
            calls: request.calls.unwrap_or_default(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Simulated {
    #[serde(flatten)]
    block: BlockJson,
    calls: Vec<CallJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CallJson {
    return_data: Bytes,
    logs: Vec<LogJson>,
    gas_used: U64,
    max_used_gas: U64,
    status: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CallError>,
}

#[derive(Debug, Serialize)]
struct CallError {
    message: String,
    code: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// The block that is simulated on.
struct Base {
    /// The newest sealed state in it or below it.
    snapshot: Snapshot,
    header: Header,
    hash: B256,
    before: TxChanges,
    l1_fees: Option<L1Fees>,
}

fn base(api: &Api, at: BlockId) -> Result<Base, RpcError> {
    match api.target_of_state(at)? {
        Target::Sealed(id) => {
            let snapshot = api.snapshot(id)?;
            let (header, hash) = (snapshot.header().inner().clone(), snapshot.header().hash());
            let block = api.chain.store.block(hash)?;
            let l1_fees = block.and_then(|stored| L1Fees::of_block(&stored.block.body.transactions));
            Ok(Base { snapshot, header, hash, before: TxChanges::default(), l1_fees })
        }
        Target::Open(open) => {
            let state = open.state();
            let header = state.ended_now(&api.chain.executor, open.base().header())?.block.header;
            Ok(Base { snapshot: open.base().clone(), header, hash: B256::ZERO, before: state.changes(), l1_fees: api.open_fees(&open) })
        }
    }
}

fn simulate(api: &Api, args: &mut Args) -> Result<Vec<Simulated>, RpcError> {
    let request: Request = args.required()?;
    let at = block_or_latest(args)?;
    if request.block_state_calls.is_empty() {
        return Err(RpcError::params("empty input"));
    }
    if request.block_state_calls.len() > MAX_BLOCKS {
        return Err(refusal(Fault::TooManyBlocks, "too many blocks".to_owned()));
    }
    let Base { snapshot, header, hash, before, l1_fees } = base(api, at)?;
    let blocks = request.block_state_calls.into_iter().map(SimulationBlock::from).collect();
    let simulated = api.in_time(|abort| {
        let chain = SimulationChain {
            executor: api.chain.executor.clone(),
            base: header,
            base_hash: hash,
            sealed: snapshot.header().inner().clone(),
            state: Arc::new(snapshot.clone()),
            tries: &snapshot,
            before,
            l1_fees,
            gas_cap: api.chain.limits.call_gas,
            trace_transfers: request.trace_transfers,
            validation: request.validation,
            abort: abort.clone(),
        };
        chain.simulate(blocks).map_err(|error| match error {
            SimulateError::Refused { fault, words } => refusal(fault, words),
            SimulateError::Failed(error) => error.into(),
            other => RpcError::internal(&other),
        })
    })?;
    Ok(simulated.into_iter().map(|block| json(block, request.return_full_transactions)).collect())
}

/// The specification's code of a fault.
fn refusal(fault: Fault, message: String) -> RpcError {
    let code = match fault {
        Fault::NonceTooLow => -38010,
        Fault::NonceTooHigh => -38011,
        Fault::FeeTooLow => -38012,
        Fault::IntrinsicGas => -38013,
        Fault::InsufficientFunds => -38014,
        Fault::BlockGasLimit => -38015,
        Fault::BlockOrder => -38020,
        Fault::TimestampOrder => -38021,
        Fault::SenderCode => -38024,
        Fault::InitCode => -38025,
        Fault::TooManyBlocks => -38026,
        Fault::Parameters => code::INVALID_PARAMS,
        // The specification has this code for invalid transactions that it has no other for.
        Fault::Transaction => code::INTERNAL,
        _ => code::SERVER_ERROR,
    };
    RpcError { code, message, data: None }
}

fn json(simulated: SimulatedBlock, full: bool) -> Simulated {
    let SimulatedBlock { executed, calls } = simulated;
    let (hash, header) = (executed.hash, &executed.block.header);
    let calls = calls.into_iter().zip(&executed.block.body.transactions).zip(0..);
    let calls = calls.map(|((call, tx), index)| {
        let place = LogPlace {
            block_number: header.number,
            block_hash: hash,
            block_timestamp: header.timestamp,
            transaction_hash: tx.hash(),
            transaction_index: index,
        };
        call_json(call, place)
    });
    let calls = calls.collect();
    Simulated { block: BlockJson::new(&executed.block, Some(hash), &executed.senders, full, &executed.receipts), calls }
}

fn call_json(call: SimulatedCall, place: LogPlace) -> CallJson {
    let logs = call.logs.iter().map(|(index, log)| LogJson::new(log, place, *index)).collect();
    let failed = |code, message, data| (Bytes::new(), Some(CallError { message, code, data }));
    let (return_data, error) = match call.ending {
        Ending::Returned(output) => (output, None),
        Ending::Reverted(data) => {
            let RpcError { code, message, data } = RpcError::reverted(&data);
            failed(code, message, data)
        }
        Ending::Halted(words) | Ending::Refused(words) => failed(VM_ERROR, words, None),
    };
    CallJson {
        return_data,
        logs,
        gas_used: U64::from(call.gas_used),
        max_used_gas: U64::from(call.max_used_gas),
        status: U64::from(u8::from(error.is_none())),
        error,
    }
}
