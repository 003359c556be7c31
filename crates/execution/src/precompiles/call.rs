//! One call of a precompile: its gas, its arguments, and what it may do to state.

use super::gas;
use crate::codes::bytecode;
use alloy_evm::{EvmInternals, precompiles::PrecompileInput};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, Log, U256};
use alloy_sol_types::{SolError, SolEvent, SolInterface};
use revm::{
    bytecode::Bytecode,
    precompile::{PrecompileError, PrecompileHalt, PrecompileOutput, PrecompileResult},
};
use tributary_contracts::{
    IAttributionErrors::{DirectCallOnly, InvalidArguments, NotPayable, UnknownFunction},
    predeploys::ATTRIBUTION_STORE as STORE,
};

/// Why a call ends without a result.
#[derive(Debug)]
pub(super) enum Stop {
    OutOfGas,
    /// ABI-encoded custom error.
    Revert(Bytes),
    /// State cannot be read: the block cannot be executed.
    Fatal(String),
}

pub(super) type Step<T> = Result<T, Stop>;

/// Ends the call with a custom error.
pub(super) fn fail<T>(error: impl SolError) -> Step<T> {
    Err(Stop::Revert(error.abi_encode().into()))
}

pub(super) struct Call<'a> {
    input: PrecompileInput<'a>,
    spent: u64,
}

/// Runs the body of a precompile and reports what it spent, never more than the call's gas.
pub(super) fn run(input: PrecompileInput<'_>, body: impl FnOnce(&mut Call<'_>) -> Step<Vec<u8>>) -> PrecompileResult {
    let reservoir = input.reservoir;
    let value = input.value;
    let mut call = Call { input, spent: 0 };
    let result = if value.is_zero() { body(&mut call) } else { fail(NotPayable { value }) };
    match result {
        Ok(bytes) => Ok(PrecompileOutput::new(call.spent, bytes.into(), reservoir)),
        Err(Stop::Revert(error)) => Ok(PrecompileOutput::revert(call.spent, error, reservoir)),
        Err(Stop::OutOfGas) => Ok(PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir)),
        Err(Stop::Fatal(reason)) => Err(PrecompileError::Fatal(reason)),
    }
}

impl<'a> Call<'a> {
    /// Takes gas for work that is about to be done.
    pub(super) fn charge(&mut self, gas: u64) -> Step<()> {
        let spent = self.spent.saturating_add(gas);
        if spent > self.input.gas {
            return Err(Stop::OutOfGas);
        }
        self.spent = spent;
        Ok(())
    }

    /// Takes gas for `count` things of one price.
    pub(super) fn charge_each(&mut self, price: u64, count: u64) -> Step<()> {
        self.charge(price.saturating_mul(count))
    }

    /// Takes gas for decoding the call data, which the caller may pass again and again at no cost.
    pub(super) fn charge_input(&mut self) -> Step<()> {
        self.charge(gas::CALL)?;
        self.charge_each(gas::WORD, self.data().len().div_ceil(32) as u64)
    }

    pub(super) fn data(&self) -> &'a [u8] {
        self.input.data
    }

    /// The first four bytes of the call data, zeros where it is shorter.
    pub(super) fn selector(&self) -> [u8; 4] {
        let mut selector = [0; 4];
        let given = self.data().len().min(4);
        selector[..given].copy_from_slice(&self.data()[..given]);
        selector
    }

    /// The function called and its arguments; padding that is not zero is refused, as in Solidity.
    pub(super) fn decode<C: SolInterface>(&self) -> Step<C> {
        let selector = self.selector();
        if self.data().len() < 4 || !C::valid_selector(selector) {
            return fail(UnknownFunction { selector: FixedBytes(selector) });
        }
        C::abi_decode_validate(self.data()).or_else(|_| fail(InvalidArguments {}))
    }

    pub(super) fn caller(&self) -> Address {
        self.input.caller
    }

    /// Refuses STATICCALL, DELEGATECALL and CALLCODE.
    pub(super) fn require_direct(&self) -> Step<()> {
        if self.input.is_static || !self.input.is_direct_call() {
            return fail(DirectCallOnly {});
        }
        Ok(())
    }

    /// The state, to a precompile that is about more than the store's account.
    pub(super) const fn internals(&mut self) -> &mut EvmInternals<'a> {
        &mut self.input.internals
    }

    /// A slot of the store's account, whichever precompile asks.
    pub(super) fn load(&mut self, slot: U256) -> Step<U256> {
        let loaded = self.input.internals.sload(STORE, slot).map_err(fatal)?;
        Ok(loaded.data)
    }

    pub(super) fn save(&mut self, slot: U256, value: U256) -> Step<()> {
        self.input.internals.sstore(STORE, slot, value).map_err(fatal)?;
        Ok(())
    }

    pub(super) fn log(&mut self, event: &impl SolEvent) {
        self.input.internals.log(Log { address: STORE, data: event.encode_log_data() });
    }

    pub(super) fn set_code(&mut self, address: Address, code: Bytes, hash: B256) -> Step<()> {
        self.input.internals.set_code_with_hash(address, bytecode(code), hash).map_err(fatal)
    }

    /// The hash of an account's code, when it has any, as [`Self::peek_code`] does.
    pub(super) fn peek_hash(&mut self, address: Address) -> Step<Option<B256>> {
        let internals = &mut self.input.internals;
        let checkpoint = internals.checkpoint();
        let loaded = internals.load_account(address).map_err(fatal).map(|account| {
            let info = &account.data.info;
            (!info.is_empty_code_hash() && !info.code_hash.is_zero()).then_some(info.code_hash)
        });
        internals.checkpoint_revert(checkpoint);
        loaded
    }

    /// An account's code and its hash, without making the account warm: whether it is read at all
    /// depends on what is indexed, and the price of a later EXTCODECOPY must not.
    pub(super) fn peek_code(&mut self, address: Address) -> Step<(Bytes, B256)> {
        let internals = &mut self.input.internals;
        let checkpoint = internals.checkpoint();
        let loaded = internals.load_account_code(address).map_err(fatal).map(|account| {
            let code = account.data.code().map(Bytecode::original_bytes).unwrap_or_default();
            (code, *account.data.code_hash())
        });
        internals.checkpoint_revert(checkpoint);
        loaded
    }
}

/// State that cannot be read.
pub(super) fn fatal(error: impl std::fmt::Display) -> Stop {
    Stop::Fatal(error.to_string())
}
