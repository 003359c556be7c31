//! Contracts asked on a state, wherever that comes from.

use crate::Error;
use alloy_consensus::Header;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use std::{cell::Cell, sync::Arc};
use tributary_execution::{Abort, Ending, Executor, Overrides, Simulation, State};
use tributary_primitives::{ChainSpec, Eip1559Params};

/// Most gas of one call: a block's.
const GAS: u64 = 1_000_000_000;

/// Gas of all calls together: whoever makes up a receipt makes up the contracts that are called, too.
const ALL_GAS: u64 = 4 * GAS;

/// Views of contracts as they were after a block.
#[derive(Debug)]
pub struct Calls {
    simulation: Simulation,
    abort: Abort,
    /// Gas that is left.
    left: Cell<u64>,
}

impl Calls {
    /// On `state`, which is that after the block with this header. Nothing is taken from an index, so that whatever answers is in the state. Calls end
    /// when they are told to.
    pub fn new(chain_id: u64, state: State, header: Header, abort: Abort) -> Self {
        // What a view answers depends on no fee.
        let config = ChainConfig { chain_id, ..ChainConfig::default() };
        let spec = ChainSpec::rollup(Genesis { config, ..Genesis::default() }, Eip1559Params { denominator: 250, elasticity: 2 });
        let executor = Executor::new(Arc::new(spec));
        Self::by(executor, state, header, abort)
    }

    /// The same by an executor, with whatever it has indexed.
    pub fn by(executor: Executor, state: State, header: Header, abort: Abort) -> Self {
        let simulation = Simulation { executor, state, header, overrides: Overrides::default(), gas_cap: GAS };
        Self { simulation, abort, left: Cell::new(ALL_GAS) }
    }

    /// What a contract answers.
    ///
    /// # Errors
    /// [`Error::Call`] when it reverts or answers something else, [`Error::Execution`] when the state is not all there.
    pub fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        let failed = |reason: String| Error::Call { to, reason };
        let input = TransactionInput::new(Bytes::from(call.abi_encode()));
        let gas = Some(self.left.get().min(GAS));
        let request = TransactionRequest { to: Some(to.into()), input, gas, ..TransactionRequest::default() };
        let outcome = self.simulation.call(&request, &self.abort)?;
        self.left.set(self.left.get().saturating_sub(outcome.gas_used));
        match outcome.ending {
            Ending::Returned(output) => C::abi_decode_returns(&output).map_err(|error| failed(error.to_string())),
            Ending::Reverted(data) => Err(failed(format!("{} reverts with {data}", C::SIGNATURE))),
            Ending::Halted(words) | Ending::Refused(words) => Err(failed(format!("{}: {words}", C::SIGNATURE))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{B256, U256, keccak256};
    use tributary_contracts::{Inference, predeploys::INFERENCE};
    use tributary_primitives::{Account, StateError, StateReader};

    /// Every account is a contract that never ends: JUMPDEST PUSH0 JUMP.
    #[derive(Debug)]
    struct Loops;

    const LOOP: [u8; 3] = [0x5b, 0x5f, 0x56];

    impl StateReader for Loops {
        fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
            Ok(Some(Account { nonce: 1, balance: U256::ZERO, code_hash: keccak256(LOOP) }))
        }
        fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
            Ok(U256::ZERO)
        }
        fn has_storage(&self, _: Address) -> Result<bool, StateError> {
            Ok(false)
        }
        fn code(&self, _: B256) -> Result<Bytes, StateError> {
            Ok(Bytes::from_static(&LOOP))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    #[test]
    fn contracts_that_somebody_made_up_do_not_run_for_ever() {
        let header = Header { gas_limit: GAS, base_fee_per_gas: Some(1), ..Header::default() };
        let calls = Calls::new(1, Arc::new(Loops), header, Abort::default());
        calls.left.set(1_000_000);
        let ask = || calls.view(INFERENCE, &Inference::sessionCountCall {}).unwrap_err().to_string();
        let first = ask();
        assert!(first.contains("out of gas"), "{first}");
        assert_eq!(calls.left.get(), 0, "the first call took all");
        let next = ask();
        assert!(next.contains("gas"), "{next}");
    }
}
