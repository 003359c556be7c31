//! Contracts asked on a state, wherever that comes from.

use crate::Error;
use alloy_consensus::Header;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, Bytes};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use std::sync::Arc;
use tributary_execution::{Abort, Ending, Executor, Overrides, Simulation, State};
use tributary_primitives::{ChainSpec, Eip1559Params};

/// Most gas of one call: a block's.
const GAS: u64 = 1_000_000_000;

/// Views of contracts as they were after a block.
#[derive(Debug)]
pub struct Calls {
    simulation: Simulation,
    abort: Abort,
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
        Self { simulation: Simulation { executor, state, header, overrides: Overrides::default(), gas_cap: GAS }, abort }
    }

    /// What a contract answers.
    ///
    /// # Errors
    /// [`Error::Call`] when it reverts or answers something else, [`Error::Execution`] when the state is not all there.
    pub fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        let failed = |reason: String| Error::Call { to, reason };
        let input = TransactionInput::new(Bytes::from(call.abi_encode()));
        let request = TransactionRequest { to: Some(to.into()), input, ..TransactionRequest::default() };
        match self.simulation.call(&request, &self.abort)?.ending {
            Ending::Returned(output) => C::abi_decode_returns(&output).map_err(|error| failed(error.to_string())),
            Ending::Reverted(data) => Err(failed(format!("{} reverts with {data}", C::SIGNATURE))),
            Ending::Halted(words) | Ending::Refused(words) => Err(failed(format!("{}: {words}", C::SIGNATURE))),
        }
    }
}
