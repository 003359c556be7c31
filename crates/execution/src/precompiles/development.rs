//! `IDevelopment`: rewriting accounts on a development chain.
//!
//! What anvil and Hardhat do to their state behind the chain's back is a transaction here: it is in a block, in a batch and in a witness, so that
//! verifier and prover come to the same state without knowing of it.

use super::call::{self, Call, Step, fatal};
use alloy_evm::precompiles::{DynPrecompile, PrecompileInput, PrecompilesMap};
use alloy_primitives::{Address, Bytes, U256};
use revm::{
    bytecode::Bytecode,
    precompile::{PrecompileId, PrecompileResult},
};
use tributary_contracts::{
    IDevelopment::{self, IDevelopmentCalls as Function},
    predeploys::{DEVELOPER, DEVELOPMENT},
};

/// One change, whatever it is: no less than it costs a contract.
const CHANGE_GAS: u64 = 25_000;
/// Each byte of code, as of a creation.
const CODE_BYTE_GAS: u64 = 200;

/// Adds the precompile.
pub(crate) fn install(precompiles: &mut PrecompilesMap) {
    let precompile = DynPrecompile::new_stateful(PrecompileId::Custom("development".into()), run);
    precompiles.apply_precompile(&DEVELOPMENT, |_| Some(precompile));
}

fn run(input: PrecompileInput<'_>) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        call.require_direct()?;
        if call.caller() != DEVELOPER {
            return call::fail(IDevelopment::NotDeveloper { caller: call.caller() });
        }
        call.charge(CHANGE_GAS)?;
        match call.decode()? {
            Function::setBalance(args) => call.set_balance(args.account, args.balance)?,
            Function::setNonce(args) if args.nonce == u64::MAX => return call::fail(IDevelopment::NonceTooHigh { nonce: args.nonce }),
            Function::setNonce(args) => call.set_nonce(args.account, args.nonce)?,
            Function::setCode(args) => {
                call.charge_each(CODE_BYTE_GAS, args.code.len() as u64)?;
                call.replace_code(args.account, args.code)?;
            }
            Function::setStorageAt(args) => {
                if call.is_empty(args.account)? {
                    return call::fail(IDevelopment::EmptyAccount { account: args.account });
                }
                call.save_of(args.account, args.slot, args.value)?;
            }
        }
        Ok(Vec::new())
    })
}

impl Call<'_> {
    fn set_balance(&mut self, address: Address, balance: U256) -> Step<()> {
        self.internals().load_account_mut(address).map_err(fatal)?.data.set_balance(balance);
        Ok(())
    }

    fn set_nonce(&mut self, address: Address, nonce: u64) -> Step<()> {
        let mut account = self.internals().load_account_mut(address).map_err(fatal)?.data;
        account.touch();
        account.set_nonce(nonce);
        Ok(())
    }

    /// Code of any kind, an EIP-7702 designation among them.
    fn replace_code(&mut self, address: Address, code: Bytes) -> Step<()> {
        // Bytes that begin like a designation and are none are nothing that can be executed, as the same bytes in a creation.
        let code = Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code));
        self.internals().set_code(address, code).map_err(fatal)
    }

    fn is_empty(&mut self, address: Address) -> Step<bool> {
        Ok(self.internals().load_account(address).map_err(fatal)?.data.info.is_empty())
    }

    fn save_of(&mut self, address: Address, slot: U256, value: U256) -> Step<()> {
        self.internals().touch_account(address).map_err(fatal)?;
        self.internals().sstore(address, slot, value).map_err(fatal)?;
        Ok(())
    }
}
