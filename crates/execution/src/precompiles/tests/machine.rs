//! An EVM with the precompiles, over a state in memory, and programs that call them.

use crate::precompiles::{IndexCache, install};
use alloy_evm::{EthEvmFactory, Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use alloy_sol_types::{SolCall, SolError};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    context::{TxEnv, result::ExecutionResult},
    database::{CacheDB, EmptyDB},
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use std::convert::Infallible;
use std::sync::Arc;
use tributary_contracts::{
    genesis,
    predeploys::{ATTRIBUTION, ATTRIBUTION_STORE},
};

pub(super) const ALICE: Address = address!("00000000000000000000000000000000000A11CE");
pub(super) const BOB: Address = address!("0000000000000000000000000000000000000B0B");
/// Where programs are put.
pub(super) const PROGRAM: Address = address!("0000000000000000000000000000000000C0DE01");
pub(super) const OTHER_PROGRAM: Address = address!("0000000000000000000000000000000000C0DE02");
pub(super) const GAS: u64 = 900_000_000;

/// A chain of transactions, each of which is a block's only one.
#[derive(Clone, Default)]
pub(super) struct Machine {
    pub(super) state: CacheDB<EmptyDB>,
    pub(super) cache: Option<Arc<IndexCache>>,
    /// Accounts that the last transaction read from the state.
    pub(super) read: Vec<Address>,
}

/// The state, and a note of what is read from it.
#[derive(Debug)]
struct Noted<'m>(&'m mut CacheDB<EmptyDB>, &'m mut Vec<Address>);

impl Database for Noted<'_> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        self.1.push(address);
        self.0.basic(address)
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Infallible> {
        self.0.code_by_hash(hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        self.0.storage(address, slot)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Infallible> {
        self.0.block_hash(number)
    }
}

impl Machine {
    pub(super) fn new() -> Self {
        let mut machine = Self::default();
        let accounts = genesis::l2_accounts(genesis::L2Genesis { chain_id: 1, jovian: true });
        for address in ATTRIBUTION {
            let account = &accounts[&address];
            let code = Bytecode::new_legacy(account.code.clone().unwrap());
            let nonce = account.nonce.unwrap();
            machine.state.insert_account_info(address, AccountInfo::default().with_code(code).with_nonce(nonce));
        }
        for rich in [ALICE, BOB] {
            machine.state.insert_account_info(rich, AccountInfo::from_balance(U256::from(1_000_000)));
        }
        machine
    }

    pub(super) fn put(&mut self, at: Address, program: &[u8]) {
        let code = Bytecode::new_legacy(program.to_vec().into());
        self.state.insert_account_info(at, AccountInfo::default().with_code(code).with_nonce(1));
    }

    /// Executes a transaction and keeps what it changed.
    pub(super) fn transact(&mut self, from: Address, to: Address, data: Vec<u8>, value: u64) -> ExecutionResult {
        let mut env: EvmEnv = EvmEnv::default();
        env.cfg_env.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
        env.cfg_env.disable_nonce_check = true;
        env.block_env.gas_limit = GAS;
        self.read.clear();
        let mut evm = EthEvmFactory::default().create_evm(Noted(&mut self.state, &mut self.read), env);
        // Without a cache each transaction begins with an empty one.
        let cache = self.cache.clone().unwrap_or_else(|| Arc::new(IndexCache::new(usize::MAX)));
        install(evm.components_mut().2, &cache);
        let tx = TxEnv {
            caller: from,
            gas_limit: GAS,
            kind: TxKind::Call(to),
            data: data.into(),
            value: U256::from(value),
            ..Default::default()
        };
        let outcome = evm.transact_raw(tx).unwrap();
        drop(evm);
        self.state.commit(outcome.state);
        outcome.result
    }

    /// A slot of the store's.
    pub(super) fn slot(&mut self, slot: U256) -> U256 {
        self.state.storage(ATTRIBUTION_STORE, slot).unwrap()
    }

    /// Pretends that a slot of the store's holds something else.
    pub(super) fn pretend(&mut self, slot: U256, value: U256) {
        self.state.insert_account_storage(ATTRIBUTION_STORE, slot, value).unwrap();
    }

    /// Calls a function from outside.
    pub(super) fn call<C: SolCall>(&mut self, from: Address, to: Address, call: C) -> Result<C::Return, Bytes> {
        match self.transact(from, to, call.abi_encode(), 0) {
            ExecutionResult::Success { output, .. } => Ok(C::abi_decode_returns(output.data()).unwrap()),
            ExecutionResult::Revert { output, .. } => Err(output),
            ExecutionResult::Halt { reason, .. } => panic!("halted: {reason:?}"),
        }
    }

    /// Runs a program once: whether its last call succeeded, and what that returned.
    pub(super) fn run(&mut self, program: &Program) -> (bool, Bytes) {
        self.put(PROGRAM, &program.assemble());
        let result = self.transact(ALICE, PROGRAM, Vec::new(), 0);
        assert!(result.is_success(), "{result:?}");
        let output = result.output().unwrap();
        (output[31] == 1, output.slice(32..))
    }
}

/// The four ways to call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Opcode {
    Call = 0xF1,
    CallCode = 0xF2,
    DelegateCall = 0xF4,
    StaticCall = 0xFA,
}

/// Calls, one after another; then it returns or reverts with the last call's success and output.
#[derive(Clone, Default)]
pub(super) struct Program {
    calls: Vec<(Opcode, Address, Vec<u8>, u64)>,
    reverts: bool,
    /// What follows the calls instead of the return.
    then: Option<Vec<u8>>,
}

impl Program {
    pub(super) fn call(self, to: Address, call: impl SolCall) -> Self {
        self.with(Opcode::Call, to, call, GAS)
    }

    pub(super) fn with(self, opcode: Opcode, to: Address, call: impl SolCall, gas: u64) -> Self {
        self.raw(opcode, to, call.abi_encode(), gas)
    }

    pub(super) fn run(self, program: Address) -> Self {
        self.raw(Opcode::Call, program, Vec::new(), GAS)
    }

    pub(super) fn raw(mut self, opcode: Opcode, to: Address, data: Vec<u8>, gas: u64) -> Self {
        self.calls.push((opcode, to, data, gas));
        self
    }

    pub(super) fn reverting(mut self) -> Self {
        self.reverts = true;
        self
    }

    pub(super) fn then(mut self, code: Vec<u8>) -> Self {
        self.then = Some(code);
        self
    }

    /// RETURNDATACOPY to 32; RETURN or REVERT 32 + RETURNDATASIZE from 0.
    fn report(&self) -> Vec<u8> {
        let end = if self.reverts { 0xFD } else { 0xF3 };
        vec![0x3D, 0x5F, 0x60, 0x20, 0x3E, 0x3D, 0x60, 0x20, 0x01, 0x5F, end]
    }

    /// EVM code; the calls' data stands behind it.
    pub(super) fn assemble(&self) -> Vec<u8> {
        let end = self.then.clone().unwrap_or_else(|| self.report());
        let calls = self.calls.iter().map(|(opcode, ..)| 55 + usize::from(takes_value(*opcode)));
        let length = calls.sum::<usize>() + end.len();
        let (mut code, mut tail) = (Vec::new(), Vec::<u8>::new());
        for (opcode, to, data, gas) in &self.calls {
            let (at, size) = ((length + tail.len()) as u32, data.len() as u32);
            code.push(0x63);
            code.extend(size.to_be_bytes()); // size
            code.push(0x63);
            code.extend(at.to_be_bytes()); // offset in code
            code.extend([0x60, 0x20, 0x39]); // CODECOPY to 32
            code.extend([0x5F, 0x5F, 0x63]); // no output area
            code.extend(size.to_be_bytes());
            code.extend([0x60, 0x20]); // input from 32
            if takes_value(*opcode) {
                code.push(0x5F);
            }
            code.push(0x73);
            code.extend(to.as_slice());
            code.push(0x67);
            code.extend(gas.to_be_bytes());
            code.extend([*opcode as u8, 0x5F, 0x52]); // MSTORE success at 0
            tail.extend(data);
        }
        code.extend(end);
        assert_eq!(code.len(), length);
        code.extend(tail);
        code
    }
}

fn takes_value(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Call | Opcode::CallCode)
}

/// The call was refused with exactly this error.
#[track_caller]
pub(super) fn assert_refused<T>(result: Result<T, Bytes>, error: impl SolError) {
    assert_eq!(result.err(), Some(error.abi_encode().into()));
}
