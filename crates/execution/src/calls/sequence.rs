//! Calls that build on each other: each sees what those before it changed (`eth_callMany`, `debug_traceCallMany`, `trace_callMany`).

use super::{
    abort::Abort,
    call::{CallOutcome, Ending, Simulation, check_request, outcome, run},
    overrides,
    refusal::{Refusal, Stop, Stopped},
    state::State,
};
use crate::{
    error::Error,
    machine::Transacted,
    overlay::Overlay,
    traces::{
        parity::TraceTypes,
        record::Observer,
        trace::{run_traced, stopped},
        tracer::{Finished, Plan, Spent, Tracer, TracingMachine},
    },
};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest};
use alloy_rpc_types_trace::{
    geth::{GethDebugTracingOptions, GethTrace},
    parity::TraceResults,
};
use revm::{DatabaseCommit, context::TxEnv};

/// Gas without which nothing can be called.
const MIN_GAS: u64 = 21_000;

/// Calls in a row, in one block or in blocks that follow each other. Together they have the gas of one call ([`Simulation::gas_cap`]).
#[derive(Debug)]
pub struct CallSequence {
    /// What the calls believe of their block; its state is only the one below `overlay`.
    simulation: Simulation,
    /// Taken out while a call runs.
    overlay: Option<Overlay<State>>,
    spent: Spent,
}

impl CallSequence {
    /// Starts on the simulation's state, with its overrides.
    ///
    /// # Errors
    /// [`Error::Trace`] with the reason when the overrides contradict each other; when the state cannot be read.
    pub fn new(simulation: Simulation) -> Result<Self, Error> {
        let overlay = Overlay::new(simulation.state.clone());
        let mut machine = simulation.machine_on(overlay, simulation.header.clone(), &TransactionRequest::default(), Observer::default());
        if let Some(accounts) = &simulation.overrides.state {
            overrides::apply_state(&mut machine, accounts).map_err(stopped)?;
        }
        let mut sequence = Self { simulation, overlay: Some(machine.into_state()), spent: Spent::default() };
        let block = sequence.simulation.overrides.block.take();
        sequence.set_block(block);
        Ok(sequence)
    }

    /// What calls from here on see instead of the block's own fields. Replaces what was set before.
    pub fn set_block(&mut self, overrides: Option<BlockOverrides>) {
        let hashes = overrides.iter().filter_map(|block| block.block_hash.as_ref()).flatten();
        for (number, hash) in hashes {
            self.overlay.as_mut().expect("invariant: the overlay is there between calls").set_block_hash(*number, *hash);
        }
        self.simulation.overrides.block = overrides;
    }

    /// Goes on in the next block: its number and time are one more.
    pub fn next_block(&mut self) {
        self.simulation.header.number = self.simulation.header.number.saturating_add(1);
        self.simulation.header.timestamp = self.simulation.header.timestamp.saturating_add(1);
    }

    /// Executes a call and keeps what it changed. It ends early when `abort` is set.
    ///
    /// # Errors
    /// When the state cannot be read; whatever the call itself does is an [`Ending`].
    pub fn call(&mut self, request: &TransactionRequest, abort: &Abort) -> Result<CallOutcome, Error> {
        let refused = |words| Ok(CallOutcome { ending: Ending::Refused(words), gas_used: 0, logs: Vec::new() });
        let (mut machine, env) = match self.machine(request, Observer::ending(abort.clone())) {
            Ok(ready) => ready,
            Err(Stop::Refused(words)) => return refused(words),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let gas = env.gas_limit;
        let done = run(&mut machine, env);
        let at = machine.inspector_mut().at();
        let mut overlay = machine.into_state();
        let done = match done {
            Ok(Transacted { result, state }) => {
                overlay.commit(state);
                self.pay(result.tx_gas_used());
                Ok(outcome(result, at))
            }
            Err(Stopped::Refused(Refusal { words, .. })) => refused(format!("err: {words} (supplied gas {gas})")),
            Err(Stopped::Failed(error)) => Err(error),
        };
        self.overlay = Some(overlay);
        done
    }

    /// Traces a call and keeps what it changed.
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was told to end; [`Error::Trace`] when the call cannot start, in geth's words, or the tracer is unknown, misconfigured or would record too much.
    pub fn trace(&mut self, request: &TransactionRequest, options: &GethDebugTracingOptions, abort: &Abort) -> Result<GethTrace, Error> {
        let plan = Plan::new(options)?;
        let tracer = Observer::new(abort.clone(), plan.tracer(self.spent)?);
        self.traced(request, tracer, |tracer, done, simulation, env| plan.trace(tracer, done, &simulation.traced(env)))
    }

    /// As [`Self::trace`], in the form of OpenEthereum's `trace_call`.
    ///
    /// # Errors
    /// As [`Self::trace`].
    pub fn trace_parity(&mut self, request: &TransactionRequest, types: TraceTypes, abort: &Abort) -> Result<TraceResults, Error> {
        let tracer = Observer::new(abort.clone(), types.tracer(self.spent));
        self.traced(request, tracer, |tracer, done, _, _| types.results(tracer, done))
    }

    fn traced<T>(
        &mut self,
        request: &TransactionRequest,
        tracer: Observer,
        answer: impl FnOnce(Tracer, &Finished<'_>, &Simulation, &TxEnv) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (mut machine, env) = self.machine(request, tracer).map_err(stopped)?;
        let done = run_traced(&mut machine, env.clone());
        let (answer, state) = match done {
            Ok((tracer, result)) => {
                self.spent = tracer.spent();
                self.pay(result.result.tx_gas_used());
                let finished = Finished { machine: &machine, result: &result };
                (answer(tracer, &finished, &self.simulation, &env), result.state)
            }
            Err(error) => (Err(error), Default::default()),
        };
        let mut overlay = machine.into_state();
        overlay.commit(state);
        self.overlay = Some(overlay);
        answer
    }

    fn pay(&mut self, gas: u64) {
        self.simulation.gas_cap = self.simulation.gas_cap.saturating_sub(gas);
    }

    /// A machine on the state so far. It has the overlay until it gives it back.
    fn machine(&mut self, request: &TransactionRequest, tracer: Observer) -> Result<(TracingMachine, TxEnv), Stop> {
        let simulation = &self.simulation;
        check_request(simulation.executor.spec(), request)?;
        if simulation.gas_cap < MIN_GAS {
            return Err(Stop::Refused("the gas of all calls together is used up".into()));
        }
        let no_overrides = BlockOverrides::default();
        let block = simulation.overrides.block.as_ref().unwrap_or(&no_overrides);
        let (header, _) = overrides::of_block(&simulation.header, simulation.state.clone(), block);
        let overlay = self.overlay.take().expect("invariant: the overlay is there between calls");
        let mut machine = simulation.machine_on(overlay, header, request, tracer);
        if let Some(accounts) = &simulation.overrides.state {
            overrides::apply_precompiles(&mut machine, accounts)?;
        }
        let env = simulation.env(&mut machine, request)?;
        Ok((machine, env))
    }
}
