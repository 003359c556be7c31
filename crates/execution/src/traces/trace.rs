//! `debug_trace*`: transactions and calls executed again under an inspector, with geth's built-in tracers or a client's script.

use super::{
    record::Observer,
    tracer::{Finished, Plan, Spent, Traced, Tracer, TracingMachine},
};
use crate::{
    block::{builder::encode, rejection::invalid_words, replayed::ReplayedBlock},
    calls::{
        abort::Abort,
        call::{Simulation, run},
        refusal::{Refusal, Stop, Stopped},
        state::{Frozen, State},
    },
    error::Error,
    executor::Executor,
    machine::{Leniency, Machine, TransactError, Transacted},
    overlay::Overlay,
};
use alloy_consensus::Transaction as _;
use alloy_eips::eip7702::{RecoveredAuthorization, SignedAuthorization};
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::{TransactionInfo, TransactionRequest};
use alloy_rpc_types_trace::geth::{GethDebugTracingOptions, GethTrace, TraceResult};
use revm::{
    DatabaseCommit,
    context::{
        TxEnv,
        result::{HaltReason, ResultAndState},
    },
    context_interface::either::Either,
};
use std::sync::Arc;
use tributary_primitives::{Block, StateDiff, TrieReader};

/// A block to execute again on its parent's post-state.
#[derive(Debug)]
pub struct BlockReplay<'a> {
    /// What executes, under the chain's rules.
    pub executor: Executor,
    /// The parent's post-state.
    pub state: State,
    /// The block.
    pub block: &'a Block,
    /// Its hash; zero while it is open.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: &'a [Address],
    /// What was executed of it before, which is not executed again and grows by what is; `None` to begin at its beginning.
    pub replayed: Option<Arc<ReplayedBlock>>,
    /// Ends whatever is executed: with [`Error::Aborted`], during a transaction that is traced and between others.
    pub abort: Abort,
}

impl BlockReplay<'_> {
    /// The trace of the transaction at `index`, which must be in the block.
    ///
    /// # Errors
    /// [`Error::Trace`] when the tracer is unknown, misconfigured or would record too much; else as executing the block.
    pub fn trace_transaction(&self, index: usize, options: &GethDebugTracingOptions) -> Result<GethTrace, Error> {
        let plan = Plan::new(options)?;
        let mut machine = self.machine_at(index)?;
        let (tracer, result) = self.run_next(&mut machine, index, plan.tracer(Spent::default())?)?;
        plan.trace(tracer, &Finished { machine: &machine, result: &result }, &self.traced(index))
    }

    /// The traces of all transactions; one that cannot be traced has an error in its place.
    ///
    /// # Errors
    /// As [`Self::trace_transaction`], but for what concerns a single transaction.
    pub fn trace_block(&self, options: &GethDebugTracingOptions) -> Result<Vec<TraceResult>, Error> {
        let plan = Plan::new(options)?;
        let mut machine = self.machine_before(0)?;
        let mut traces = Vec::with_capacity(self.senders.len());
        let mut spent = Spent::default();
        for (index, tx) in self.block.body.transactions.iter().enumerate() {
            let tx_hash = Some(tx.hash());
            let traced = self.run_next(&mut machine, index, plan.tracer(spent)?).and_then(|(tracer, result)| {
                spent = tracer.spent();
                let trace = plan.trace(tracer, &Finished { machine: &machine, result: &result }, &self.traced(index))?;
                Ok((trace, result))
            });
            let done = match traced {
                Ok((result, done)) => {
                    traces.push(TraceResult::Success { result, tx_hash });
                    done
                }
                Err(Error::Trace(error)) => {
                    traces.push(TraceResult::Error { error, tx_hash });
                    self.execute(&mut machine, index)?.into()
                }
                Err(error) => return Err(error),
            };
            go_past(&mut machine, done);
        }
        Ok(traces)
    }

    /// The state after the first `count` transactions of the block, for calls.
    ///
    /// # Errors
    /// As executing the block.
    pub fn state_after(&self, count: usize) -> Result<State, Error> {
        Ok(Arc::new(Frozen::new(self.machine_at(count)?.into_state())))
    }

    /// What the first `count` transactions of the block, and what comes before them, change.
    ///
    /// # Errors
    /// As executing the block.
    pub fn changes_after(&self, count: usize) -> Result<StateDiff, Error> {
        Ok(self.machine_before(count)?.state().diff()?)
    }

    /// The state root after each transaction (geth's `debug_intermediateRoots`). `tries` are those of the parent's state, whose root is
    /// `parent_root`.
    ///
    /// # Errors
    /// As executing the block, and when a trie node is not there any more.
    pub fn intermediate_roots(&self, tries: &dyn TrieReader, parent_root: B256) -> Result<Vec<B256>, Error> {
        let mut machine = self.machine_before(0)?;
        let mut roots = Vec::with_capacity(self.senders.len());
        for index in 0..self.block.body.transactions.len() {
            self.go_on()?;
            let done = self.execute(&mut machine, index)?;
            go_past(&mut machine, done.into());
            let (root, _) = tributary_trie::state_root(&tries, parent_root, &machine.state().diff()?)?;
            roots.push(root);
        }
        Ok(roots)
    }

    fn machine_on(&self, state: State) -> TracingMachine {
        // It stays on: whatever is executed can be ended.
        let inspector = Observer::ending(self.abort.clone());
        Machine::new(&self.executor, &self.block.header, Overlay::new(state), Leniency::default(), inspector)
    }

    /// A machine on the state before the transaction at `index`, which it may have from what was executed before.
    pub(crate) fn machine_at(&self, index: usize) -> Result<TracingMachine, Error> {
        let Some(replayed) = &self.replayed else { return self.machine_before(index) };
        let (mut machine, first) = match replayed.executed() {
            Some(executed) => {
                let first = executed.min(index);
                (self.machine_on(replayed.state(first)), first)
            }
            None => {
                let mut machine = self.machine_before(0)?;
                replayed.add(0, machine.state_mut().take_changes(), 0);
                (machine, 0)
            }
        };
        machine.inspector_mut().pass_logs(usize::try_from(replayed.logs_before(first)).unwrap_or(usize::MAX));
        for next in first..index {
            self.go_on()?;
            let done = self.execute(&mut machine, next)?;
            self.go_on()?;
            let logs = done.result.logs().len();
            go_past(&mut machine, done.into());
            replayed.add(next + 1, machine.state_mut().take_changes(), logs);
        }
        Ok(machine)
    }

    /// A machine after the system calls that precede the block's transactions and after `count` of these. Its overlay has all that they changed.
    pub(crate) fn machine_before(&self, count: usize) -> Result<TracingMachine, Error> {
        let header = &self.block.header;
        let mut machine = self.machine_on(self.state.clone());
        machine.before_block(self.executor.spec(), header.parent_hash, header.parent_beacon_block_root)?;
        for index in 0..count {
            self.go_on()?;
            let done = self.execute(&mut machine, index)?;
            go_past(&mut machine, done.into());
        }
        Ok(machine)
    }

    /// An error when the time is over.
    fn go_on(&self) -> Result<(), Error> {
        if self.abort.is_set() { Err(Error::Aborted) } else { Ok(()) }
    }

    /// Executes the next transaction without a tracer and without committing it.
    pub(crate) fn execute(&self, machine: &mut TracingMachine, index: usize) -> Result<Transacted, Error> {
        let tx = &self.block.body.transactions[index];
        machine.transact(tx, self.senders[index], encode(tx)).map_err(|error| match error {
            TransactError::Failed(error) => error,
            TransactError::Invalid(error) => Error::InvalidTransaction { index, hash: tx.hash(), reason: invalid_words(&error) },
        })
    }

    /// Executes the next transaction under a tracer without committing it; the tracer with what it recorded, and what the transaction changed.
    pub(crate) fn run_next(
        &self,
        machine: &mut TracingMachine,
        index: usize,
        tracer: Tracer,
    ) -> Result<(Tracer, ResultAndState<HaltReason>), Error> {
        machine.inspector_mut().start(tracer);
        let done = self.execute(machine, index);
        let tracer = machine.inspector_mut().take_tracer();
        self.go_on()?;
        tracer.check()?;
        Ok((tracer, done?.into()))
    }

    /// Who and what the transaction at `index` is.
    pub(crate) fn traced(&self, index: usize) -> Traced {
        let tx = &self.block.body.transactions[index];
        let sender = self.senders[index];
        Traced {
            sender,
            to: tx.to().or_else(|| Some(sender.create(tx.nonce()))),
            gas_limit: tx.gas_limit(),
            gas_price: U256::from(tx.effective_gas_price(self.block.header.base_fee_per_gas)),
            authorities: tx.authorization_list().unwrap_or_default().iter().filter_map(|one| one.recover_authority().ok()).collect(),
            info: TransactionInfo {
                hash: Some(tx.hash()),
                index: Some(index as u64),
                block_hash: Some(self.hash),
                block_number: Some(self.block.header.number),
                base_fee: self.block.header.base_fee_per_gas,
                ..Default::default()
            },
        }
    }
}

/// Makes what a transaction changed the state of those after it.
pub(crate) fn go_past(machine: &mut TracingMachine, done: ResultAndState<HaltReason>) {
    machine.inspector_mut().pass_logs(done.result.logs().len());
    machine.state_mut().commit(done.state);
}

/// The words of a call that could not start, as a tracer's error.
pub(crate) fn stopped(stop: Stop) -> Error {
    match stop {
        Stop::Refused(words) => Error::Trace(words),
        Stop::Failed(error) => error,
    }
}

/// The machine's tracer with what it recorded; an error when time was over before, or there was too much.
pub(crate) fn taken(machine: &mut TracingMachine) -> Result<Tracer, Error> {
    let observer = machine.inspector_mut();
    let tracer = observer.take_tracer();
    if observer.abort.is_set() {
        return Err(Error::Aborted);
    }
    tracer.check().map(|()| tracer)
}

/// Executes a call under the machine's tracer without committing it.
pub(crate) fn run_traced(machine: &mut TracingMachine, env: TxEnv) -> Result<(Tracer, ResultAndState<HaltReason>), Error> {
    let done = run(machine, env);
    let tracer = taken(machine)?;
    let Transacted { result, state } = done.map_err(|stopped| match stopped {
        Stopped::Refused(Refusal { words, .. }) => Error::Trace(format!("tracing failed: {words}")),
        Stopped::Failed(error) => error,
    })?;
    Ok((tracer, ResultAndState { result, state }))
}

impl Simulation {
    /// The trace of a simulated call.
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was told to end; [`Error::Trace`] when the call cannot start, in geth's words, or the tracer is unknown, misconfigured or would record too much.
    pub fn trace_call(&self, request: &TransactionRequest, options: &GethDebugTracingOptions, abort: &Abort) -> Result<GethTrace, Error> {
        let plan = Plan::new(options)?;
        let (mut machine, env) = self.machine(request, Observer::new(abort.clone(), plan.tracer(Spent::default())?)).map_err(stopped)?;
        let traced = self.traced(&env);
        let (tracer, result) = run_traced(&mut machine, env)?;
        plan.trace(tracer, &Finished { machine: &machine, result: &result }, &traced)
    }

    /// Who and what a call is.
    pub(crate) fn traced(&self, env: &TxEnv) -> Traced {
        let info = TransactionInfo { block_number: Some(self.header.number), base_fee: self.header.base_fee_per_gas, ..Default::default() };
        let authority = |one: &Either<SignedAuthorization, RecoveredAuthorization>| match one {
            Either::Left(signed) => signed.recover_authority().ok(),
            Either::Right(recovered) => recovered.authority(),
        };
        Traced {
            sender: env.caller,
            to: env.kind.to().copied().or_else(|| Some(env.caller.create(env.nonce))),
            gas_limit: env.gas_limit,
            gas_price: U256::from(env.gas_price),
            authorities: env.authorization_list.iter().filter_map(authority).collect(),
            info,
        }
    }
}
