//! `debug_trace*`: transactions and calls executed again under an inspector, with geth's built-in tracers.

use crate::{
    builder::encode,
    call::{Refusal, Simulation, State, Stop, Stopped, run},
    error::{DbError, Error},
    machine::{AnyInspector, Leniency, Machine, TransactError, Transacted},
    overlay::Overlay,
    rejection::invalid_words,
    tracer::{Plan, Tracer},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};
use alloy_rpc_types_eth::{TransactionInfo, TransactionRequest};
use alloy_rpc_types_trace::geth::{GethDebugTracingOptions, GethTrace, TraceResult};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    context::result::ResultAndState,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use std::{cell::RefCell, sync::Arc};
use tributary_primitives::{Block, ChainSpec};

/// A block to execute again on its parent's post-state.
#[derive(Debug)]
pub struct BlockReplay<'a> {
    /// The chain's rules.
    pub spec: Arc<ChainSpec>,
    /// The parent's post-state.
    pub state: State,
    /// The block.
    pub block: &'a Block,
    /// Its hash; zero while it is open.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: &'a [Address],
}

impl BlockReplay<'_> {
    /// The trace of the transaction at `index`, which must be in the block.
    ///
    /// # Errors
    /// [`Error::Trace`] when the tracer is unknown, misconfigured or would record too much; else as executing the block.
    pub fn trace_transaction(&self, index: usize, options: &GethDebugTracingOptions) -> Result<GethTrace, Error> {
        let plan = Plan::new(options)?;
        let mut machine = self.machine(Tracer::Off)?;
        for earlier in 0..index {
            let done = self.execute(&mut machine, earlier)?;
            machine.state_mut().commit(done.state);
        }
        Ok(self.trace_next(&mut machine, index, &plan)?.0)
    }

    /// The traces of all transactions; one that cannot be traced has an error in its place.
    ///
    /// # Errors
    /// As [`Self::trace_transaction`], but for what concerns a single transaction.
    pub fn trace_block(&self, options: &GethDebugTracingOptions) -> Result<Vec<TraceResult>, Error> {
        let plan = Plan::new(options)?;
        let mut machine = self.machine(Tracer::Off)?;
        let mut traces = Vec::with_capacity(self.senders.len());
        for (index, tx) in self.block.body.transactions.iter().enumerate() {
            let tx_hash = Some(tx.hash());
            let state = match self.trace_next(&mut machine, index, &plan) {
                Ok((result, state)) => {
                    traces.push(TraceResult::Success { result, tx_hash });
                    state
                }
                Err(Error::Trace(error)) => {
                    traces.push(TraceResult::Error { error, tx_hash });
                    machine.set_inspecting(false);
                    self.execute(&mut machine, index)?.state
                }
                Err(error) => return Err(error),
            };
            machine.state_mut().commit(state);
        }
        Ok(traces)
    }

    /// A machine after the system calls that precede the block's transactions.
    fn machine(&self, tracer: Tracer) -> Result<Machine<State, Tracer>, Error> {
        let header = &self.block.header;
        let mut machine = Machine::new(&self.spec, header, Overlay::new(self.state.clone()), Leniency::default(), tracer);
        machine.set_inspecting(false);
        machine.before_block(&self.spec, header.parent_hash, header.parent_beacon_block_root)?;
        Ok(machine)
    }

    fn execute<I: AnyInspector<State>>(&self, machine: &mut Machine<State, I>, index: usize) -> Result<Transacted, Error> {
        let tx = &self.block.body.transactions[index];
        machine.transact(tx, self.senders[index], encode(tx)).map_err(|error| match error {
            TransactError::Failed(error) => error,
            TransactError::Invalid(error) => Error::InvalidTransaction { index, hash: tx.hash(), reason: invalid_words(&error) },
        })
    }

    /// Traces the next transaction without committing it; the trace and what it changed.
    fn trace_next(
        &self,
        machine: &mut Machine<State, Tracer>,
        index: usize,
        plan: &Plan,
    ) -> Result<(GethTrace, revm::state::EvmState), Error> {
        let tx = &self.block.body.transactions[index];
        *machine.inspector_mut() = plan.tracer()?;
        machine.set_inspecting(true);
        let done = self.execute(machine, index);
        let tracer = std::mem::take(machine.inspector_mut());
        machine.set_inspecting(false);
        tracer.check()?;
        let done = done?;
        let context = Traced {
            sender: self.senders[index],
            gas_limit: tx.gas_limit(),
            info: TransactionInfo {
                hash: Some(tx.hash()),
                index: Some(index as u64),
                block_hash: Some(self.hash),
                block_number: Some(self.block.header.number),
                base_fee: self.block.header.base_fee_per_gas,
                ..Default::default()
            },
        };
        let result = ResultAndState { result: done.result, state: done.state };
        let trace = plan.trace(tracer, &result, &Before::new(machine.state_mut()), context)?;
        Ok((trace, result.state))
    }
}

impl Simulation {
    /// The trace of a simulated call.
    ///
    /// # Errors
    /// [`Error::Trace`] when the call cannot start, in geth's words, or the tracer is unknown, misconfigured or would record too much.
    pub fn trace_call(&self, request: &TransactionRequest, options: &GethDebugTracingOptions) -> Result<GethTrace, Error> {
        let plan = Plan::new(options)?;
        let (mut machine, env) = self.machine(request, plan.tracer()?).map_err(|stop| match stop {
            Stop::Refused(words) => Error::Trace(words),
            Stop::Failed(error) => error,
        })?;
        let context = Traced {
            sender: env.caller,
            gas_limit: env.gas_limit,
            info: TransactionInfo { block_number: Some(self.header.number), base_fee: self.header.base_fee_per_gas, ..Default::default() },
        };
        let done = run(&mut machine, env);
        let tracer = std::mem::take(machine.inspector_mut());
        tracer.check()?;
        let done = done.map_err(|stopped| match stopped {
            Stopped::Refused(Refusal { words, .. }) => Error::Trace(format!("tracing failed: {words}")),
            Stopped::Failed(error) => error,
        })?;
        let result = ResultAndState { result: done.result, state: done.state };
        plan.trace(tracer, &result, &Before::new(machine.state_mut()), context)
    }
}

/// What a tracer wants to know of a transaction beside its execution.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) sender: Address,
    pub(crate) gas_limit: u64,
    pub(crate) info: TransactionInfo,
}

/// The state before a transaction that was executed and not committed, for tracers that compare with it.
#[derive(Debug)]
pub(crate) struct Before<'a>(RefCell<&'a mut Overlay<State>>);

impl<'a> Before<'a> {
    fn new(overlay: &'a mut Overlay<State>) -> Self {
        Self(RefCell::new(overlay))
    }
}

impl DatabaseRef for Before<'_> {
    type Error = DbError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        self.0.borrow_mut().basic(address)
    }
    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DbError> {
        self.0.borrow_mut().code_by_hash(hash)
    }
    fn storage_ref(&self, address: Address, slot: StorageKey) -> Result<StorageValue, DbError> {
        self.0.borrow_mut().storage(address, slot)
    }
    fn block_hash_ref(&self, number: u64) -> Result<B256, DbError> {
        self.0.borrow_mut().block_hash(number)
    }
}
