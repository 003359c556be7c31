//! OpenEthereum's traces (`trace_*`): flat lists of calls, creations, self-destructs and rewards, and per transaction the difference in state and
//! the course of the machine.

use super::{
    frames::Frames,
    parity_diff::state_diff,
    record::Observer,
    trace::{BlockReplay, go_past, run_traced, stopped, taken},
    tracer::{Finished, Spent, Tracer, TracingMachine},
    vm_trace::vm_trace,
};
use crate::{
    block::rejection::Rejection,
    calls::{abort::Abort, call::Simulation},
    error::Error,
    machine::{Leniency, Machine, TransactError, Transacted},
    overlay::Overlay,
};
use alloy_evm::block::calc::{base_block_reward, block_reward, ommer_reward};
use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_types_eth::{BlockNumHash, TransactionRequest};
use alloy_rpc_types_trace::parity::{
    LocalizedTransactionTrace, RewardAction, RewardType, TraceResults, TraceResultsWithTransactionHash, TraceType,
};
use revm::context::result::ResultAndState;
use tributary_primitives::Transaction;

/// What `trace_call` and `trace_replay*` are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TraceTypes {
    /// `trace`: the flat list of calls.
    pub trace: bool,
    /// `vmTrace`: every instruction.
    pub vm_trace: bool,
    /// `stateDiff`: what changed in the state.
    pub state_diff: bool,
}

impl FromIterator<TraceType> for TraceTypes {
    fn from_iter<I: IntoIterator<Item = TraceType>>(types: I) -> Self {
        let mut all = Self::default();
        for one in types {
            match one {
                TraceType::Trace => all.trace = true,
                TraceType::VmTrace => all.vm_trace = true,
                TraceType::StateDiff => all.state_diff = true,
            }
        }
        all
    }
}

impl TraceTypes {
    /// A fresh inspector that records what is asked for.
    pub(crate) fn tracer(self, spent: Spent) -> Tracer {
        if self.vm_trace { Tracer::frames_and_steps(spent) } else { Tracer::frames(spent) }
    }

    /// The answer, from what was recorded.
    pub(crate) fn results(self, tracer: Tracer, done: &Finished<'_>) -> Result<TraceResults, Error> {
        let (frames, steps) = tracer.into_parts();
        let output = done.result.result.output().cloned().unwrap_or_default();
        let vm_trace = self.vm_trace.then(|| vm_trace(steps.as_ref().map_or(&[], |steps| &steps.items), done)).transpose()?;
        let state_diff = self.state_diff.then(|| state_diff(done)).transpose()?;
        let trace = frames.filter(|_| self.trace).map_or_else(Vec::new, Frames::into_parity);
        Ok(TraceResults { output, state_diff, trace, vm_trace })
    }
}

/// The calls of one transaction only.
const CALLS: TraceTypes = TraceTypes { trace: true, vm_trace: false, state_diff: false };

impl BlockReplay<'_> {
    /// The calls of the transaction at `index`, which must be in the block (`trace_transaction`).
    ///
    /// # Errors
    /// As executing the block, and [`Error::Trace`] when there would be too much to record.
    pub fn calls_of_transaction(&self, index: usize) -> Result<Vec<LocalizedTransactionTrace>, Error> {
        let mut machine = self.machine_at(index)?;
        Ok(self.calls_of_next(&mut machine, index)?.0)
    }

    /// The calls of all transactions and, on a chain that has them, the rewards (`trace_block`).
    ///
    /// # Errors
    /// As [`Self::calls_of_transaction`].
    pub fn calls_of_block(&self) -> Result<Vec<LocalizedTransactionTrace>, Error> {
        let mut machine = self.machine_before(0)?;
        let mut calls = Vec::new();
        for index in 0..self.senders.len() {
            let (of_transaction, done) = self.calls_of_next(&mut machine, index)?;
            calls.extend(of_transaction);
            go_past(&mut machine, done);
        }
        calls.extend(self.rewards());
        Ok(calls)
    }

    /// The transaction at `index`, which must be in the block, in all that `types` ask for (`trace_replayTransaction`).
    ///
    /// # Errors
    /// As [`Self::calls_of_transaction`].
    pub fn replay_transaction(&self, index: usize, types: TraceTypes) -> Result<TraceResults, Error> {
        let mut machine = self.machine_at(index)?;
        let (tracer, result) = self.run_next(&mut machine, index, types.tracer(Spent::default()))?;
        types.results(tracer, &Finished { machine: &machine, result: &result })
    }

    /// All transactions, in all that `types` ask for (`trace_replayBlockTransactions`).
    ///
    /// # Errors
    /// As [`Self::calls_of_transaction`].
    pub fn replay_transactions(&self, types: TraceTypes) -> Result<Vec<TraceResultsWithTransactionHash>, Error> {
        let mut machine = self.machine_before(0)?;
        let mut all = Vec::with_capacity(self.senders.len());
        let mut spent = Spent::default();
        for (index, tx) in self.block.body.transactions.iter().enumerate() {
            let (tracer, result) = self.run_next(&mut machine, index, types.tracer(spent))?;
            spent = tracer.spent();
            let full_trace = types.results(tracer, &Finished { machine: &machine, result: &result })?;
            all.push(TraceResultsWithTransactionHash { full_trace, transaction_hash: tx.hash() });
            go_past(&mut machine, result);
        }
        Ok(all)
    }

    fn calls_of_next(
        &self,
        machine: &mut TracingMachine,
        index: usize,
    ) -> Result<(Vec<LocalizedTransactionTrace>, ResultAndState<revm::context::result::HaltReason>), Error> {
        let (tracer, done) = self.run_next(machine, index, CALLS.tracer(Spent::default()))?;
        let info = self.traced(index).info;
        let localized = |trace| LocalizedTransactionTrace {
            trace,
            block_hash: info.block_hash,
            block_number: info.block_number,
            transaction_hash: info.hash,
            transaction_position: info.index,
        };
        let traces = tracer.into_parts().0.map_or_else(Vec::new, Frames::into_parity);
        Ok((traces.into_iter().map(localized).collect(), done))
    }

    /// What proof of work paid: to the block's author and to those of its ommers.
    fn rewards(&self) -> Vec<LocalizedTransactionTrace> {
        let header = &self.block.header;
        let before_merge = !self.executor.spec().is_rollup() && !header.difficulty.is_zero();
        let Some(base) = base_block_reward(&**self.executor.spec(), header.number).filter(|_| before_merge) else { return Vec::new() };
        let at = BlockNumHash { number: header.number, hash: self.hash };
        let reward =
            |author, reward_type, value: u128| RewardAction { author, reward_type, value: U256::from(value) }.into_localized_trace(at);
        let ommers = &self.block.body.ommers;
        let of_block = reward(header.beneficiary, RewardType::Block, block_reward(base, ommers.len()));
        let of_ommer =
            |ommer: &alloy_consensus::Header| reward(ommer.beneficiary, RewardType::Uncle, ommer_reward(base, header.number, ommer.number));
        std::iter::once(of_block).chain(ommers.iter().map(of_ommer)).collect()
    }
}

impl Simulation {
    /// A simulated call, in all that `types` ask for (`trace_call`).
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was told to end; [`Error::Trace`] when the call cannot start, in geth's words, or there would be too much to record.
    pub fn trace_parity(&self, request: &TransactionRequest, types: TraceTypes, abort: &Abort) -> Result<TraceResults, Error> {
        let (mut machine, env) = self.machine(request, Observer::new(abort.clone(), types.tracer(Spent::default()))).map_err(stopped)?;
        let (tracer, result) = run_traced(&mut machine, env)?;
        types.results(tracer, &Finished { machine: &machine, result: &result })
    }

    /// A signed transaction as it would run here, in all that `types` ask for (`trace_rawTransaction`). `encoded` are its EIP-2718 bytes.
    ///
    /// # Errors
    /// [`Error::Aborted`] when it was told to end; [`Error::Trace`] when the transaction is not valid here, in geth's words, or there would be too
    /// much to record.
    pub fn trace_signed(
        &self,
        (tx, sender): (&Transaction, Address),
        encoded: Bytes,
        types: TraceTypes,
        abort: &Abort,
    ) -> Result<TraceResults, Error> {
        let overlay = Overlay::new(self.state.clone());
        let inspector = Observer::new(abort.clone(), types.tracer(Spent::default()));
        let mut machine = Machine::new(&self.executor, &self.header, overlay, Leniency::default(), inspector);
        let done = machine.transact(tx, sender, encoded);
        let tracer = taken(&mut machine)?;
        let base_fee = machine.block_env().basefee;
        let funds = machine.state_mut().account_now(sender)?.unwrap_or_default().balance;
        let Transacted { result, state } = done.map_err(|error| match error {
            TransactError::Failed(error) => error,
            TransactError::Invalid(error) => Error::Trace(Rejection::new(error, tx, sender, funds, base_fee).to_string()),
        })?;
        types.results(tracer, &Finished { machine: &machine, result: &ResultAndState { result, state } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{calls::call::tests::simulation, executor::Executor};
    use alloy_consensus::Header;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::B256;
    use std::sync::Arc;
    use tributary_primitives::{Block, BlockBody, ChainSpec};

    fn rewards(difficulty: u64, byzantium: Option<u64>, ommers: Vec<Header>) -> Vec<(RewardType, Address, U256)> {
        let config = ChainConfig { byzantium_block: byzantium, ..Default::default() };
        let header = Header { number: 5, difficulty: U256::from(difficulty), beneficiary: Address::repeat_byte(1), ..Default::default() };
        let block = Block { header, body: BlockBody { ommers, ..Default::default() } };
        let spec = Arc::new(ChainSpec::ethereum(Genesis { config, ..Default::default() }));
        let replay = BlockReplay {
            executor: Executor::new(spec),
            state: simulation(&[]).state,
            block: &block,
            hash: B256::repeat_byte(5),
            senders: &[],
            replayed: None,
            abort: Abort::default(),
        };
        let traces = replay.calls_of_block().unwrap();
        let reward = |trace: LocalizedTransactionTrace| {
            assert_eq!((trace.block_number, trace.block_hash, trace.transaction_hash), (Some(5), Some(B256::repeat_byte(5)), None));
            let action = trace.trace.action.as_reward().unwrap();
            (action.reward_type, action.author, action.value)
        };
        traces.into_iter().map(reward).collect()
    }

    fn ether(thousandths: u64) -> U256 {
        U256::from(thousandths) * U256::from(10).pow(U256::from(15))
    }

    #[test]
    fn a_mined_block_pays_its_author_and_those_of_its_ommers() {
        assert_eq!(rewards(1, None, Vec::new()), [(RewardType::Block, Address::repeat_byte(1), ether(5000))]);
        let ommer = Header { number: 4, beneficiary: Address::repeat_byte(2), ..Default::default() };
        let expected = [
            (RewardType::Block, Address::repeat_byte(1), ether(3000) + ether(3000) / U256::from(32)),
            (RewardType::Uncle, Address::repeat_byte(2), ether(2625)),
        ];
        assert_eq!(rewards(1, Some(0), vec![ommer]), expected, "1/32 for the ommer, and 7/8 to its author");
        assert_eq!(rewards(0, None, Vec::new()), [], "no work, no reward");
    }
}
