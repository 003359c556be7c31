//! Calls that build on each other: `eth_callMany` (Erigon's and reth's) and `debug_traceCallMany` (reth's).
//!
//! Bundles of calls run on a block's state, or on the state in its middle after the first `transactionIndex` transactions. All calls of a request have
//! together the gas of one `eth_call`.

use super::state::simulate_at;
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    debug::{replay::simulate_within, trace::answer_of_calls},
    error::RpcError,
    script_host::TraceAnswer,
};
use alloy_eips::BlockId;
use alloy_primitives::Bytes;
use alloy_rpc_types_eth::{Bundle, StateContext, TransactionIndex, state::StateOverride};
use alloy_rpc_types_trace::geth::GethDebugTracingCallOptions;
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_execution::{CallSequence, Ending, Overrides, Simulation};

/// Most calls in one request.
const MAX_CALLS: usize = 1000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_callMany", call_many)
}

pub(crate) fn register_debug(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_traceCallMany", trace_call_many)
}

/// What became of one call: its output, or why it has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum CallAnswer {
    Value(Bytes),
    Error(String),
}

impl From<Ending> for CallAnswer {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Returned(output) => Self::Value(output),
            Ending::Reverted(data) => Self::Error(RpcError::reverted(&data).message),
            Ending::Halted(words) | Ending::Refused(words) => Self::Error(words),
        }
    }
}

/// (bundles, state context, state overrides, time-out). The time-out is Erigon's; calls have the time here that `eth_call` has.
fn call_many(api: &Api, args: &mut Args) -> Result<Vec<Vec<CallAnswer>>, RpcError> {
    let bundles = bundles(args)?;
    let context = args.optional::<StateContext>()?.unwrap_or_default();
    let state = args.optional::<StateOverride>()?;
    args.optional::<u64>()?;
    let mut sequence = CallSequence::new(simulation(api, context, Overrides { state, block: None })?)?;
    api.in_time(|abort| {
        let mut answers = Vec::with_capacity(bundles.len());
        for bundle in bundles {
            sequence.set_block(bundle.block_override);
            let calls = bundle.transactions.iter();
            answers.push(calls.map(|request| Ok(sequence.call(request, abort)?.ending.into())).collect::<Result<_, RpcError>>()?);
        }
        Ok(answers)
    })
}

/// (bundles, state context, tracing options). Each bundle is in a block of its own: number and time are one more than in the bundle before.
fn trace_call_many(api: &Api, args: &mut Args) -> Result<TraceAnswer, RpcError> {
    let bundles = bundles(args)?;
    let context = args.optional::<StateContext>()?.unwrap_or_default();
    let options: GethDebugTracingCallOptions = args.optional()?.unwrap_or_default();
    let overrides = Overrides { state: options.state_overrides, block: options.block_overrides };
    answer_of_calls(api, simulation(api, context, overrides)?, bundles, &options.tracing_options)
}

fn bundles(args: &mut Args) -> Result<Vec<Bundle>, RpcError> {
    let bundles: Vec<Bundle> = args.required()?;
    if bundles.is_empty() {
        return Err(RpcError::params("empty bundles"));
    }
    match bundles.iter().map(|bundle| bundle.transactions.len()).sum::<usize>() {
        count if count > MAX_CALLS => Err(RpcError::limit(format!("too many calls (max {MAX_CALLS})"))),
        _ => Ok(bundles),
    }
}

fn simulation(api: &Api, context: StateContext, overrides: Overrides) -> Result<Simulation, RpcError> {
    let at = context.block_number.unwrap_or(BlockId::latest());
    match context.transaction_index.unwrap_or_default() {
        TransactionIndex::All => simulate_at(api, at, overrides),
        TransactionIndex::Index(count) => simulate_within(api, at, count, overrides),
    }
}
