//! `eth_simulateV1` (execution-apis): calls in a chain of pretended blocks on top of a real one, each block with its own overrides, and complete in the end:
//! receipts, state root, hash. Where the specification leaves a choice, this is what geth does.

use super::{
    abort::Abort,
    call::{Ending, check_request, outcome, run, tx_env},
    overrides,
    refusal::{Fault, Refusal, Stopped},
    simulate_error::{SimulateError, refused},
    simulated_tx::{no_recipient, unsigned, with_default_fees},
    state::State,
    transfers::Transfers,
};
use crate::{
    block::seal::{self, Body},
    error::Error,
    executor::Executor,
    fees::L1Fees,
    machine::{Leniency, Machine},
    overlay::{Overlay, TxChanges},
    traces::record::Observer,
};
use alloy_consensus::{Eip658Value, Header, Transaction as _, TransactionEnvelope as _};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawals};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, B256, Log};
use alloy_rpc_types_eth::{BlockOverrides, TransactionRequest, state::StateOverride};
use revm::DatabaseCommit;
use std::cmp::Ordering;
use tributary_primitives::{Account, ExecutedBlock, Receipt, RootedDiff, StateError, Transaction, TrieReader, TxType};

/// What is simulated, and on what.
#[derive(Debug)]
pub struct SimulationChain<'a> {
    /// What executes, under the chain's rules.
    pub executor: Executor,
    /// The block below the first simulated one.
    pub base: Header,
    /// Its hash; zero for an open block, which has none yet.
    pub base_hash: B256,
    /// The newest block with a state root: `base`, or the parent of an open one.
    pub sealed: Header,
    /// The state after it.
    pub state: State,
    /// The tries of that state.
    pub tries: &'a dyn TrieReader,
    /// What an open `base` changed on that state; nothing for a sealed one.
    pub before: TxChanges,
    /// What a rollup's `base` charges. Simulated blocks have no L1 attributes of their own.
    pub l1_fees: Option<L1Fees>,
    /// Most gas that all calls together may use.
    pub gas_cap: u64,
    /// Whether transfers of ether are among the logs.
    pub trace_transfers: bool,
    /// Whether nonces and fees must be right.
    pub validation: bool,
    /// Ends the simulation before its time.
    pub abort: Abort,
}

/// One block of a request.
#[derive(Debug, Clone, Default)]
pub struct SimulationBlock {
    /// Fields of the header that are not what they would be.
    pub overrides: BlockOverrides,
    /// Withdrawals; none by default.
    pub withdrawals: Withdrawals,
    /// Accounts that change before the first call.
    pub state: Option<StateOverride>,
    /// The calls.
    pub calls: Vec<TransactionRequest>,
}

/// A simulated block.
#[derive(Debug, Clone)]
pub struct SimulatedBlock {
    /// The block, with its calls as unsigned transactions. Its difference in state is that from the base.
    pub executed: ExecutedBlock,
    /// What became of the calls.
    pub calls: Vec<SimulatedCall>,
}

/// What became of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCall {
    /// How it ended; never refused, which ends the simulation.
    pub ending: Ending,
    /// Gas used after refunds.
    pub gas_used: u64,
    /// Most gas that was used at any time, which is before refunds.
    pub max_used_gas: u64,
    /// Logs with their index in the block, among them the transfers where they are traced; none unless it returned. What failed is counted, too.
    pub logs: Vec<(u64, Log)>,
}

/// A block while its calls are executed.
#[derive(Debug)]
struct Progress {
    header: Header,
    transactions: Vec<Transaction>,
    receipts: Vec<Receipt>,
    senders: Vec<Address>,
    gas_used: u64,
    blob_gas_used: u64,
    calls: Vec<SimulatedCall>,
    next_log: u64,
}

impl SimulationChain<'_> {
    /// Executes the blocks, those that fill gaps between their numbers included.
    ///
    /// # Errors
    /// [`SimulateError::Refused`] for the first block or call that cannot be; a call that fails while it runs is a result.
    pub fn simulate(&self, blocks: Vec<SimulationBlock>) -> Result<Vec<SimulatedBlock>, SimulateError> {
        let slots = self.slots(blocks)?;
        let mut overlay = self.overlay()?;
        overlay.set_block_hash(self.base.number, self.base_hash);
        let (mut parent, mut parent_hash) = (self.base.clone(), self.base_hash);
        let mut gas_left = self.gas_cap;
        let mut results = Vec::with_capacity(slots.len());
        for slot in slots {
            let header = self.header(&slot, &parent, parent_hash);
            let (simulated, after) = self.block(slot.block, header, overlay, &mut gas_left)?;
            overlay = after;
            parent = simulated.executed.block.header.clone();
            parent_hash = simulated.executed.hash;
            overlay.set_block_hash(parent.number, parent_hash);
            results.push(simulated);
        }
        Ok(results)
    }

    /// The state after the base.
    fn overlay(&self) -> Result<Overlay<State>, StateError> {
        let mut overlay = Overlay::new(self.state.clone());
        overlay.add(&self.before)?;
        Ok(overlay)
    }

    fn block(
        &self,
        block: SimulationBlock,
        header: Header,
        overlay: Overlay<State>,
        gas_left: &mut u64,
    ) -> Result<(SimulatedBlock, Overlay<State>), SimulateError> {
        let leniency = Leniency { nonce: !self.validation, base_fee: false, ..Leniency::CALL };
        let mut machine =
            Machine::new(&self.executor, &header, overlay, leniency, (Transfers::default(), Observer::ending(self.abort.clone())));
        machine.set_inspecting(false);
        if let Some(price) = block.overrides.blob_base_fee {
            overrides::set_blob_base_fee(&mut machine, price);
        }
        for (number, hash) in block.overrides.block_hash.iter().flatten() {
            machine.state_mut().set_block_hash(*number, *hash);
        }
        if let Some(accounts) = &block.state {
            overrides::apply_state(&mut machine, accounts)?;
        }
        machine.before_block(self.executor.spec(), header.parent_hash, header.parent_beacon_block_root)?;
        machine.set_inspecting(true);
        let mut progress = Progress {
            header,
            transactions: Vec::new(),
            receipts: Vec::new(),
            senders: Vec::new(),
            gas_used: 0,
            blob_gas_used: 0,
            calls: Vec::new(),
            next_log: 0,
        };
        for call in block.calls {
            self.call(&mut machine, &mut progress, call, gas_left)?;
        }
        machine.set_inspecting(false);
        self.finish(machine, progress, block.withdrawals)
    }

    /// Executes one call and commits it.
    fn call(
        &self,
        machine: &mut Machine<State, (Transfers, Observer)>,
        progress: &mut Progress,
        call: TransactionRequest,
        gas_left: &mut u64,
    ) -> Result<(), SimulateError> {
        let limit = progress.header.gas_limit;
        let gas = call.gas.unwrap_or(limit - progress.gas_used);
        let needed = progress.gas_used.saturating_add(gas);
        if needed > limit {
            return Err(refused(Fault::BlockGasLimit, format!("block gas limit reached: {needed} >= {limit}")));
        }
        check_request(self.executor.spec(), &call)?;
        let gas = gas.min(*gas_left);
        let call = with_default_fees(call, progress.header.base_fee_per_gas.is_some());
        let sender = call.from.unwrap_or_default();
        let account = machine.state_mut().account_now(sender)?.unwrap_or_default();
        let nonce = call.nonce.unwrap_or(account.nonce);
        let tx =
            unsigned(&call, self.executor.spec().chain_id, gas, nonce).ok_or_else(|| refused(Fault::Parameters, no_recipient(&call)))?;
        let blob_gas = self.blob_gas(&tx, progress)?;
        let offers_nothing =
            call.gas_price.or(call.max_fee_per_gas).unwrap_or_default() == 0 && call.max_priority_fee_per_gas.unwrap_or_default() == 0;
        machine.ignore_base_fee(!self.validation && offers_nothing);
        machine.inspector_mut().0 = Transfers::new(self.trace_transfers, progress.next_log);
        let wraps = self.check_nonce(sender, nonce, account.nonce, gas)?;
        if wraps {
            // geth's nonce starts again from zero, which the EVM refuses: it runs with the nonce before.
            machine.state_mut().set_account(sender, Some(Account { nonce: u64::MAX - 1, ..account }))?;
        }
        let nonce = nonce.min(u64::MAX - 1);
        let done = run(machine, tx_env(self.executor.spec(), &call, nonce, gas)).map_err(|stopped| match stopped {
            Stopped::Refused(Refusal { words, fault, .. }) => refused(fault, format!("err: {words} (supplied gas {gas})")),
            Stopped::Failed(error) => error.into(),
        })?;
        let max_used_gas = done.result.gas().total_gas_spent().max(done.result.gas().floor_gas());
        machine.state_mut().commit(done.state);
        if wraps {
            let after = machine.state_mut().account_now(sender)?.unwrap_or_default();
            machine.state_mut().set_account(sender, Some(Account { nonce: 0, ..after }))?;
        }
        let done = outcome(done.result, machine.inspector_mut().1.at());
        *gas_left = gas_left.saturating_sub(done.gas_used);
        progress.gas_used += done.gas_used;
        progress.blob_gas_used += blob_gas;
        let outcome = self.receipt_outcome(machine.state(), &progress.header, matches!(done.ending, Ending::Returned(_)))?;
        progress.receipts.push(Receipt {
            tx_type: tx.tx_type(),
            outcome,
            cumulative_gas_used: progress.gas_used,
            logs: done.logs.clone(),
            deposit_nonce: None,
            deposit_receipt_version: (tx.tx_type() == TxType::Deposit).then_some(1),
        });
        progress.transactions.push(tx);
        progress.senders.push(sender);
        let (logs, next_log) = std::mem::take(&mut machine.inspector_mut().0).merge(done.logs);
        progress.next_log = next_log;
        progress.calls.push(SimulatedCall { ending: done.ending, gas_used: done.gas_used, max_used_gas, logs });
        Ok(())
    }

    /// What a transaction adds to its block's blob gas, which on a rollup is the DA footprint. That must fit.
    fn blob_gas(&self, tx: &Transaction, progress: &Progress) -> Result<u64, SimulateError> {
        if !self.executor.spec().is_rollup() {
            return Ok(tx.blob_gas_used().unwrap_or_default());
        }
        let footprint = self.l1_fees.map_or(0, |fees| fees.da_footprint(&tx.encoded_2718()));
        let (needed, limit) = (progress.blob_gas_used.saturating_add(footprint), progress.header.gas_limit);
        if needed > limit {
            return Err(refused(Fault::BlockGasLimit, format!("block DA footprint limit reached: {needed} >= {limit}")));
        }
        Ok(footprint)
    }

    /// Holds the nonce against the account's, before anything else as in geth. Without validation any nonce will do; then this says whether the account's is
    /// the last one.
    fn check_nonce(&self, sender: Address, nonce: u64, state: u64, gas: u64) -> Result<bool, SimulateError> {
        if !self.validation {
            return Ok(state == u64::MAX);
        }
        let (fault, words) = match nonce.cmp(&state) {
            Ordering::Greater => (Fault::NonceTooHigh, format!("nonce too high: address {sender}, tx: {nonce} state: {state}")),
            Ordering::Less => (Fault::NonceTooLow, format!("nonce too low: address {sender}, tx: {nonce} state: {state}")),
            Ordering::Equal if nonce == u64::MAX => (Fault::Transaction, format!("nonce has max value: address {sender}, nonce: {nonce}")),
            Ordering::Equal => return Ok(false),
        };
        Err(refused(fault, format!("err: {words} (supplied gas {gas})")))
    }

    /// The receipt's status, or before Byzantium (EIP-658) the state root after the call.
    fn receipt_outcome(&self, overlay: &Overlay<State>, header: &Header, succeeded: bool) -> Result<Eip658Value, Error> {
        match self.executor.spec().is_active(EthereumHardfork::Byzantium, header.number, header.timestamp) {
            true => Ok(Eip658Value::Eip658(succeeded)),
            false => Ok(Eip658Value::PostState(self.rooted(overlay)?.state_root)),
        }
    }

    /// What the simulation and an open base have changed so far, rooted on the newest block that has a root.
    fn rooted(&self, overlay: &Overlay<State>) -> Result<RootedDiff, Error> {
        let diff = overlay.diff()?;
        let (state_root, trie) = tributary_trie::state_root(&self.tries, self.sealed.state_root, &diff)?;
        Ok(RootedDiff { diff, trie, state_root })
    }

    /// What comes after the last call; the complete block.
    fn finish(
        &self,
        mut machine: Machine<State, (Transfers, Observer)>,
        progress: Progress,
        withdrawals: Withdrawals,
    ) -> Result<(SimulatedBlock, Overlay<State>), SimulateError> {
        let Progress { header, transactions, receipts, senders, gas_used, blob_gas_used, calls, .. } = progress;
        let attributes = seal::attributes_of(self.executor.spec(), &header, withdrawals);
        let requests = seal::after_transactions(self.executor.spec(), &header, &attributes, &receipts, &mut machine)?;
        let overlay = machine.into_state();
        let rooted = self.rooted(&overlay)?;
        let body = Body { attributes, transactions, senders, receipts, requests, gas_used, blob_gas_used };
        Ok((SimulatedBlock { executed: seal::assemble(self.executor.spec(), &self.sealed, header, body, rooted), calls }, overlay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::EMPTY_ROOT_HASH;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{U256, hex};
    use alloy_rpc_types_eth::state::AccountOverride;
    use std::sync::Arc;
    use tributary_primitives::{ChainSpec, Eip1559Params, EmptyState, ExtraData};

    const RICH: Address = Address::repeat_byte(0xa1);
    const TARGET: Address = Address::repeat_byte(0xb1);

    fn chain(validation: bool) -> SimulationChain<'static> {
        let config = ChainConfig {
            london_block: Some(0),
            terminal_total_difficulty: Some(U256::ZERO),
            shanghai_time: Some(0),
            ..Default::default()
        };
        let base = Header {
            number: 7,
            timestamp: 100,
            gas_limit: 30_000_000,
            base_fee_per_gas: Some(1000),
            state_root: EMPTY_ROOT_HASH,
            ..Default::default()
        };
        SimulationChain {
            executor: Executor::new(Arc::new(ChainSpec::ethereum(Genesis { config, ..Default::default() }))),
            base_hash: base.hash_slow(),
            sealed: base.clone(),
            base,
            before: TxChanges::default(),
            l1_fees: None,
            state: Arc::new(EmptyState),
            tries: &EmptyState,
            gas_cap: 50_000_000,
            trace_transfers: true,
            validation,
            abort: Abort::default(),
        }
    }

    fn numbered(number: u64) -> SimulationBlock {
        SimulationBlock { overrides: BlockOverrides { number: Some(U256::from(number)), ..Default::default() }, ..Default::default() }
    }

    fn account(over: AccountOverride, at: Address) -> Option<StateOverride> {
        Some([(at, over)].into_iter().collect())
    }

    fn fault(blocks: Vec<SimulationBlock>, validation: bool) -> (Fault, String) {
        match chain(validation).simulate(blocks) {
            Err(SimulateError::Refused { fault, words }) => (fault, words),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn gaps_between_block_numbers_are_filled_and_every_block_has_its_parents_hash() {
        let blocks = chain(false).simulate(vec![numbered(10), SimulationBlock::default()]).unwrap();
        let headers: Vec<&Header> = blocks.iter().map(|block| &block.executed.block.header).collect();
        assert_eq!(
            headers.iter().map(|header| (header.number, header.timestamp)).collect::<Vec<_>>(),
            [(8, 112), (9, 124), (10, 136), (11, 148)]
        );
        assert_eq!(headers[0].parent_hash, chain(false).base_hash);
        for (parent, child) in blocks.iter().zip(&headers[1..]) {
            assert_eq!(child.parent_hash, parent.executed.hash);
        }
        assert_eq!(headers[3].base_fee_per_gas, Some(0), "without validation there is no base fee");
        assert_eq!(chain(true).simulate(vec![numbered(8)]).unwrap()[0].executed.block.header.base_fee_per_gas, Some(875));
    }

    #[test]
    fn blocks_must_rise_and_be_few() {
        let (fault_of_order, words) = fault(vec![numbered(9), numbered(9)], false);
        assert_eq!((fault_of_order, words.as_str()), (Fault::BlockOrder, "block numbers must be in order: 9 <= 9"));
        assert_eq!(fault(vec![numbered(7 + 257)], false).0, Fault::TooManyBlocks);
        let late = BlockOverrides { time: Some(100), ..Default::default() };
        assert_eq!(fault(vec![SimulationBlock { overrides: late, ..Default::default() }], false).0, Fault::TimestampOrder);
    }

    #[test]
    fn a_call_sees_the_blocks_and_the_state_before_it() {
        // BLOCKHASH(NUMBER − 1), returned; and a transfer, which is a log.
        let code = AccountOverride { code: Some(hex!("60014303405f5260205ff3").into()), ..Default::default() };
        let give = AccountOverride { balance: Some(U256::from(5)), ..Default::default() };
        let pay = TransactionRequest::default().from(RICH).to(TARGET).value(U256::from(3));
        let first = SimulationBlock { state: account(code, TARGET), ..Default::default() };
        let second = SimulationBlock { state: account(give, RICH), calls: vec![pay.clone(), pay], ..Default::default() };
        let chain = chain(false);
        let mut blocks = vec![first, second];
        let words = match chain.simulate(blocks.clone()) {
            Err(SimulateError::Refused { fault: Fault::InsufficientFunds, words }) => words,
            other => panic!("{other:?}"),
        };
        assert!(words.contains("have 2 want 3"), "{words}");
        blocks[1].calls.pop();
        let done = chain.simulate(blocks).unwrap();
        let call = &done[1].calls[0];
        assert_eq!(call.ending, Ending::Returned(done[0].executed.hash.to_vec().into()));
        assert_eq!(call.logs.len(), 1);
        assert!(done[1].executed.receipts[0].logs.is_empty(), "a transfer is no log of the block");
        assert_ne!(done[1].executed.state.state_root, done[0].executed.state.state_root);
    }

    #[test]
    fn with_validation_nonces_and_fees_must_be_right() {
        let call = |nonce| SimulationBlock {
            calls: vec![TransactionRequest { nonce: Some(nonce), ..TransactionRequest::default().from(RICH).to(TARGET) }],
            ..Default::default()
        };
        assert_eq!(fault(vec![call(1)], true).0, Fault::NonceTooHigh);
        assert_eq!(fault(vec![call(0)], true).0, Fault::FeeTooLow);
        chain(false).simulate(vec![call(1)]).unwrap();
    }

    #[test]
    fn calls_of_a_block_share_its_gas() {
        let call = TransactionRequest { gas: Some(20_000_000), ..TransactionRequest::default().from(RICH).to(TARGET) };
        let overrides = BlockOverrides { gas_limit: Some(20_000_000), ..Default::default() };
        let block = SimulationBlock { overrides, calls: vec![call.clone(), call], ..Default::default() };
        assert_eq!(fault(vec![block], false).0, Fault::BlockGasLimit);
    }

    #[test]
    fn blocks_of_jovian_tell_the_footprint_of_their_calls_and_take_no_more_than_fits() {
        let eip1559 = Eip1559Params { denominator: 250, elasticity: 2 };
        let config = ChainConfig { chain_id: 1, ..Default::default() };
        let spec = ChainSpec::rollup(Genesis { config, ..Default::default() }, eip1559).with_jovian();
        let l1_fees = Some(L1Fees {
            base_fee: 1,
            blob_base_fee: 1,
            base_fee_scalar: 0,
            blob_base_fee_scalar: 0,
            operator_fee_scalar: 0,
            operator_fee_constant: 0,
            da_footprint_gas_scalar: Some(u16::MAX),
        });
        let mut chain = SimulationChain { executor: Executor::new(Arc::new(spec)), l1_fees, ..chain(true) };
        chain.base.extra_data = ExtraData { eip1559, min_base_fee: Some(0) }.encode();
        let pay = |nonce| TransactionRequest {
            nonce: Some(nonce),
            gas: Some(21_000),
            max_fee_per_gas: Some(1_000_000),
            ..TransactionRequest::default().from(RICH).to(TARGET)
        };
        let give = AccountOverride { balance: Some(U256::MAX), ..Default::default() };
        let block = |calls: Vec<_>| SimulationBlock { state: account(give.clone(), RICH), calls, ..Default::default() };
        // A hundred bytes count as 6,553,500 gas: four fit into 30,000,000.
        let done = chain.simulate(vec![block((0..4).map(pay).collect()), SimulationBlock::default()]).unwrap();
        let headers = done.iter().map(|block| &block.executed.block.header).collect::<Vec<_>>();
        assert_eq!([0, 1].map(|at| headers[at].blob_gas_used), [Some(4 * 6_553_500), Some(0)]);
        assert!(headers[1].base_fee_per_gas > headers[0].base_fee_per_gas, "full of data, if not of gas");
        let Err(SimulateError::Refused { fault, words }) = chain.simulate(vec![block((0..5).map(pay).collect())]) else { panic!() };
        assert_eq!((fault, words.as_str()), (Fault::BlockGasLimit, "block DA footprint limit reached: 32767500 >= 30000000"));
    }
}
