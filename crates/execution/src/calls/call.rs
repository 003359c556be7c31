//! Simulated calls: `eth_call` and what estimates, access lists and traces of calls share with it.

use super::{
    abort::Abort,
    overrides::{self, Overrides},
    refusal::{Fault, Refusal, Stop, Stopped},
    state::State,
};
use crate::{
    block::rejection::invalid_words,
    error::Error,
    executor::Executor,
    machine::{AnyInspector, Leniency, Machine, TransactError, Transacted},
    overlay::Overlay,
    traces::record::{
        Observer,
        words::{At, of_halt},
    },
};
use alloy_consensus::Header;
use alloy_eips::eip4844::VERSIONED_HASH_VERSION_KZG;
use alloy_primitives::{Address, Bytes, Log, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use revm::{
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason, InvalidTransaction},
    },
    context_interface::either::Either,
};
use tributary_primitives::ChainSpec;

/// Where and under which pretences calls are simulated.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// What executes, under the chain's rules.
    pub executor: Executor,
    /// The state that is called on.
    pub state: State,
    /// The block that the call believes to be in.
    pub header: Header,
    /// What differs from both.
    pub overrides: Overrides,
    /// Most gas that a call may use, whatever it asks for.
    pub gas_cap: u64,
}

/// What calls skip. A fee that is offered is held against the base fee; where none is, there is none ([`Simulation::machine`]).
const LENIENCY: Leniency = Leniency { base_fee: false, ..Leniency::CALL };

/// How a simulated call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It returned (for a creation: the deployed code).
    Returned(Bytes),
    /// It reverted with this data.
    Reverted(Bytes),
    /// It failed in some other way, in geth's words ("out of gas").
    Halted(String),
    /// It could not start, in geth's words ("intrinsic gas too low: …").
    Refused(String),
}

/// The result of a simulated call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOutcome {
    /// How it ended.
    pub ending: Ending,
    /// Gas used after refunds; zero when it could not start.
    pub gas_used: u64,
    /// Logs; empty unless it returned.
    pub logs: Vec<Log>,
}

impl Simulation {
    /// Executes a call, until it ends or is told to, and forgets what it changed.
    ///
    /// # Errors
    /// When the state cannot be read; whatever the call itself does is an [`Ending`].
    pub fn call(&self, request: &TransactionRequest, abort: &Abort) -> Result<CallOutcome, Error> {
        let refused = |words| Ok(CallOutcome { ending: Ending::Refused(words), gas_used: 0, logs: Vec::new() });
        let (mut machine, env) = match self.machine(request, Observer::ending(abort.clone())) {
            Ok(ready) => ready,
            Err(Stop::Refused(words)) => return refused(words),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let gas = env.gas_limit;
        match run(&mut machine, env) {
            Ok(done) => Ok(outcome(done.result, machine.inspector_mut().at())),
            Err(Stopped::Refused(reason)) => refused(format!("err: {} (supplied gas {gas})", reason.words)),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }

    /// A machine with all overrides applied, and the request in the EVM's terms.
    pub(crate) fn machine<I: AnyInspector<State>>(
        &self,
        request: &TransactionRequest,
        inspector: I,
    ) -> Result<(Machine<State, I>, TxEnv), Stop> {
        check_request(self.executor.spec(), request)?;
        let no_overrides = Default::default();
        let block = self.overrides.block.as_ref().unwrap_or(&no_overrides);
        let (header, state) = overrides::of_block(&self.header, self.state.clone(), block);
        let mut machine = self.machine_on(Overlay::new(state), header, request, inspector);
        if let Some(accounts) = &self.overrides.state {
            overrides::apply_state(&mut machine, accounts)?;
        }
        let env = self.env(&mut machine, request)?;
        Ok((machine, env))
    }

    /// A machine in a block with this header, as far as the request decides about the block: a call that offers no fee is not held against the base
    /// fee, and sees none (geth's NoBaseFee).
    pub(crate) fn machine_on<I: AnyInspector<State>>(
        &self,
        overlay: Overlay<State>,
        mut header: Header,
        request: &TransactionRequest,
        inspector: I,
    ) -> Machine<State, I> {
        if request.gas_price.unwrap_or_default() == 0 && request.max_fee_per_gas.unwrap_or_default() == 0 {
            header.base_fee_per_gas = header.base_fee_per_gas.map(|_| 0);
        }
        let mut machine = Machine::new(&self.executor, &header, overlay, LENIENCY, inspector);
        let pays_no_blob_fee = request.blob_versioned_hashes.is_some() && request.max_fee_per_blob_gas.unwrap_or_default() == 0;
        match self.overrides.block.as_ref().and_then(|block| block.blob_base_fee) {
            _ if pays_no_blob_fee => overrides::set_blob_base_fee(&mut machine, U256::ZERO),
            Some(price) => overrides::set_blob_base_fee(&mut machine, price),
            None => {}
        }
        machine
    }

    /// The request in the EVM's terms.
    pub(crate) fn env<I: AnyInspector<State>>(&self, machine: &mut Machine<State, I>, request: &TransactionRequest) -> Result<TxEnv, Stop> {
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => machine.state_mut().account_now(request.from.unwrap_or_default())?.unwrap_or_default().nonce,
        };
        Ok(tx_env(self.executor.spec(), request, nonce, self.gas_cap))
    }
}

/// geth's checks of a request before anything is executed.
pub(crate) fn check_request(spec: &ChainSpec, request: &TransactionRequest) -> Result<(), Stop> {
    if request.gas_price.is_some() && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some()) {
        return Err(Stop::Refused("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into()));
    }
    if let Some(want) = request.chain_id.filter(|id| *id != spec.chain_id) {
        return Err(Stop::Refused(format!("chainId does not match node's (have={want}, want={})", spec.chain_id)));
    }
    if let (Some(input), Some(data)) = (&request.input.input, &request.input.data)
        && input != data
    {
        return Err(Stop::Refused(
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass transaction call data".into(),
        ));
    }
    if request.blob_versioned_hashes.as_ref().is_some_and(Vec::is_empty) {
        return Err(Stop::Refused("need at least 1 blob for a blob transaction".into()));
    }
    Ok(())
}

/// The types of transactions that must name a recipient: with blobs, and with authorisations.
const EIP_4844: u8 = 3;
const EIP_7702: u8 = 4;

/// geth's words for one that does not.
pub(crate) fn no_recipient(has_authorizations: bool, sender: Address) -> String {
    match has_authorizations {
        true => format!("EIP-7702 transaction cannot be used to create contract (sender {sender})"),
        false => "blob transaction of type create".to_owned(),
    }
}

/// The request in the EVM's terms; its type follows from the fields that are present.
pub(crate) fn tx_env(spec: &ChainSpec, request: &TransactionRequest, nonce: u64, gas_cap: u64) -> TxEnv {
    let dynamic = request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    let tx_type = if request.authorization_list.is_some() {
        EIP_7702
    } else if request.blob_versioned_hashes.is_some() {
        EIP_4844
    } else if dynamic {
        2
    } else {
        u8::from(request.access_list.is_some())
    };
    let authorizations = request.authorization_list.clone().unwrap_or_default();
    TxEnv {
        tx_type,
        caller: request.from.unwrap_or_default(),
        gas_limit: request.gas.unwrap_or(gas_cap).min(gas_cap),
        gas_price: request.gas_price.or(request.max_fee_per_gas).unwrap_or_default(),
        kind: request.to.unwrap_or(TxKind::Create),
        value: request.value.unwrap_or_default(),
        data: request.input.input().cloned().unwrap_or_default(),
        nonce,
        chain_id: Some(spec.chain_id),
        access_list: request.access_list.clone().unwrap_or_default(),
        gas_priority_fee: (tx_type >= 2).then(|| request.max_priority_fee_per_gas.unwrap_or_default()),
        blob_hashes: request.blob_versioned_hashes.clone().unwrap_or_default(),
        max_fee_per_blob_gas: request.max_fee_per_blob_gas.unwrap_or_default(),
        authorization_list: authorizations.into_iter().map(Either::Left).collect(),
    }
}

/// Executes a simulated transaction without committing it.
pub(crate) fn run<I: AnyInspector<State>>(machine: &mut Machine<State, I>, env: TxEnv) -> Result<Transacted, Stopped> {
    let (sender, fee_cap, tip) = (env.caller, env.gas_price, env.gas_priority_fee);
    let base_fee = machine.block_env().basefee;
    // The machine does not look: a transaction that was signed cannot be like that.
    let needs_recipient = matches!(env.tx_type, EIP_4844 | EIP_7702) && env.kind.is_create();
    if needs_recipient {
        let words = no_recipient(env.tx_type == EIP_7702, sender);
        return Err(Stopped::Refused(Refusal { words, needs_gas: false, fault: Fault::Transaction }));
    }
    let bad_blob = env.blob_hashes.iter().position(|hash| hash[0] != VERSIONED_HASH_VERSION_KZG).unwrap_or_default();
    machine.call(env).map_err(|error| match error {
        TransactError::Failed(error) => Stopped::Failed(error),
        TransactError::Invalid(error) => {
            use InvalidTransaction as I;
            let needs_gas = matches!(error, I::CallGasCostMoreThanGasLimit { .. } | I::GasFloorMoreThanGasLimit { .. });
            let words = match &error {
                I::LackOfFundForMaxFee { fee, balance } => insufficient_funds(sender, **balance, **fee),
                I::GasPriceLessThanBasefee => {
                    format!("max fee per gas less than block base fee: address {sender}, maxFeePerGas: {fee_cap}, baseFee: {base_fee}")
                }
                I::PriorityFeeGreaterThanMaxFee => format!(
                    "max priority fee per gas higher than max fee per gas: address {sender}, maxPriorityFeePerGas: {}, maxFeePerGas: {fee_cap}",
                    tip.unwrap_or_default()
                ),
                I::EmptyAuthorizationList => format!("EIP-7702 transaction with empty auth list (sender {sender})"),
                I::BlobVersionNotSupported => format!("blob {bad_blob} has invalid hash version"),
                other => invalid_words(other),
            };
            Stopped::Refused(Refusal { words, needs_gas, fault: Fault::of(&error) })
        }
    })
}

fn insufficient_funds(sender: Address, have: U256, want: U256) -> String {
    format!("insufficient funds for gas * price + value: address {sender} have {have} want {want}")
}

/// What became of a call whose last instruction was `at`.
pub(crate) fn outcome(result: ExecutionResult<HaltReason>, at: At) -> CallOutcome {
    let gas_used = result.tx_gas_used();
    match result {
        ExecutionResult::Success { logs, output, .. } => CallOutcome { ending: Ending::Returned(output.into_data()), gas_used, logs },
        ExecutionResult::Revert { output, .. } => CallOutcome { ending: Ending::Reverted(output), gas_used, logs: Vec::new() },
        ExecutionResult::Halt { reason, .. } => CallOutcome { ending: Ending::Halted(of_halt(&reason, at)), gas_used, logs: Vec::new() },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{AccessListOutcome, Estimate};
    use alloy_genesis::Genesis;
    use alloy_primitives::{B256, Bytes, address, hex, keccak256};
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use tributary_primitives::{Account, Eip1559Params, StateError, StateReader};

    /// Accounts, slots and codes in memory.
    #[derive(Debug, Default)]
    pub(crate) struct Memory {
        accounts: BTreeMap<Address, Account>,
        slots: BTreeMap<(Address, U256), U256>,
        codes: BTreeMap<B256, Bytes>,
    }

    impl Memory {
        fn with_code(mut self, at: Address, code: &[u8]) -> Self {
            let code_hash = keccak256(code);
            self.codes.insert(code_hash, code.to_vec().into());
            self.accounts.insert(at, Account { code_hash, nonce: 1, ..Default::default() });
            self
        }
    }

    impl StateReader for Memory {
        fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
            Ok(self.accounts.get(&address).copied())
        }
        fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
            Ok(self.slots.get(&(address, slot)).copied().unwrap_or_default())
        }
        fn has_storage(&self, address: Address) -> Result<bool, StateError> {
            Ok(self.slots.iter().any(|((of, _), value)| *of == address && !value.is_zero()))
        }
        fn code(&self, hash: B256) -> Result<Bytes, StateError> {
            self.codes.get(&hash).cloned().ok_or_else(|| StateError::Missing(hash.to_string()))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    const RICH: Address = address!("00000000000000000000000000000000000000a1");
    const TARGET: Address = address!("00000000000000000000000000000000000000b1");

    /// A simulation with `code` at [`TARGET`], on a rollup at block 5.
    pub(crate) fn simulation(code: &[u8]) -> Simulation {
        let mut memory = Memory::default().with_code(TARGET, code);
        memory.accounts.insert(RICH, Account { balance: U256::from(10).pow(U256::from(18)), nonce: 3, ..Default::default() });
        let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
        let header = Header { number: 5, timestamp: 50, gas_limit: 30_000_000, base_fee_per_gas: Some(100), ..Default::default() };
        Simulation {
            executor: Executor::new(Arc::new(spec)),
            state: Arc::new(memory),
            header,
            overrides: Overrides::default(),
            gas_cap: 50_000_000,
        }
    }

    fn to_target() -> TransactionRequest {
        TransactionRequest::default().from(RICH).to(TARGET)
    }

    fn returned(simulation: &Simulation, request: &TransactionRequest) -> U256 {
        match simulation.call(request, &Abort::default()).unwrap().ending {
            Ending::Returned(output) => U256::from_be_slice(&output),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_call_without_a_fee_sees_no_base_fee_and_one_with_a_fee_does() {
        // BASEFEE, returned.
        let simulation = simulation(&hex!("4860005260206000f3"));
        assert_eq!(returned(&simulation, &to_target()), U256::ZERO);
        let paying = TransactionRequest { gas: Some(100_000), max_fee_per_gas: Some(100), ..to_target() };
        assert_eq!(returned(&simulation, &paying), U256::from(100));
        let stingy = TransactionRequest { max_fee_per_gas: Some(99), ..paying };
        let Ending::Refused(words) = simulation.call(&stingy, &Abort::default()).unwrap().ending else {
            panic!("a fee cap below the base fee passed")
        };
        assert!(words.contains("max fee per gas less than block base fee") && words.contains("maxFeePerGas: 99, baseFee: 100"), "{words}");
    }

    #[test]
    fn a_call_changes_nothing() {
        // Returns slot 0 and adds one to it.
        let simulation = simulation(&hex!("6000548060010160005560005260206000f3"));
        assert_eq!(returned(&simulation, &to_target()), U256::ZERO);
        assert_eq!(returned(&simulation, &to_target()), U256::ZERO);
    }

    #[test]
    fn block_overrides_reach_the_opcodes() {
        // NUMBER + TIMESTAMP + GASLIMIT, returned.
        let mut simulation = simulation(&hex!("434201450160005260206000f3"));
        simulation.overrides.block = Some(alloy_rpc_types_eth::BlockOverrides {
            number: Some(U256::from(1)),
            time: Some(20),
            gas_limit: Some(300),
            ..Default::default()
        });
        assert_eq!(returned(&simulation, &to_target()), U256::from(321));
    }

    #[test]
    fn an_estimate_covers_what_a_callee_must_be_left_with() {
        // Reverts unless more than 100,000 gas is left: the used gas is far below what is needed.
        let simulation = simulation(&hex!("620186a05a11600d57600080fd5b00"));
        let Estimate::Gas(gas) = simulation.estimate_gas(&to_target(), &Abort::default()).unwrap() else { panic!("no estimate") };
        assert!((121_000..124_000).contains(&gas), "{gas}");
        let with = |gas| simulation.call(&TransactionRequest { gas: Some(gas), ..to_target() }, &Abort::default()).unwrap().ending;
        assert!(matches!(with(gas), Ending::Returned(_)) && matches!(with(121_000), Ending::Reverted(_)));
    }

    #[test]
    fn an_estimate_stays_within_what_the_sender_can_pay() {
        let simulation = simulation(&hex!("5b600056"));
        // 10^18 wei / 10^13 wei per gas = 100,000 gas.
        let request = TransactionRequest { max_fee_per_gas: Some(10_000_000_000_000), ..to_target() };
        let estimate = simulation.estimate_gas(&request, &Abort::default()).unwrap();
        assert_eq!(estimate, Estimate::Impossible("gas required exceeds allowance (100000)".into()));
    }

    #[test]
    fn an_access_list_that_depends_on_itself_ends() {
        // Reads the slot that is the gas left.
        let simulation = simulation(&hex!("5a5400"));
        let AccessListOutcome::Listed { access_list, error, .. } = simulation.create_access_list(&to_target(), &Abort::default()).unwrap()
        else {
            panic!("refused")
        };
        assert_eq!((access_list.0[0].address, error), (TARGET, None));
    }

    #[test]
    fn halts_are_told_in_geths_words() {
        for (code, words) in [
            (&hex!("fe")[..], "invalid opcode: INVALID"),
            (&hex!("0c"), "invalid opcode: opcode 0xc not defined"),
            (&hex!("600356"), "invalid jump destination"),
            (&hex!("01"), "stack underflow (0 <=> 2)"),
            (&hex!("5b5f600056"), "stack limit reached 1024 (1023)"),
            (&hex!("60015f5f3e"), "return data out of bounds"),
            (&hex!("5b600056"), "out of gas"),
        ] {
            let ending =
                simulation(code).call(&TransactionRequest { gas: Some(100_000), ..to_target() }, &Abort::default()).unwrap().ending;
            assert_eq!(ending, Ending::Halted(words.into()));
        }
    }

    #[test]
    fn a_store_with_the_gas_of_a_stipend_is_out_of_gas() {
        let gas = 21_000 + 6 + 2_300;
        let ending =
            simulation(&hex!("6001600055")).call(&TransactionRequest { gas: Some(gas), ..to_target() }, &Abort::default()).unwrap().ending;
        assert_eq!(ending, Ending::Halted("out of gas: not enough gas for reentrancy sentry".into()));
    }
}
