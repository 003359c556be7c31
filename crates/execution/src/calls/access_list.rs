//! `eth_createAccessList`: the accounts and slots that a transaction touches beyond those that are warm anyway.

use super::{
    abort::Abort,
    call::{Simulation, run},
    refusal::{Refusal, Stop, Stopped},
};
use crate::{
    error::Error,
    traces::record::{Observer, words::of_halt},
};
use alloy_rpc_types_eth::{AccessList, TransactionRequest};
use revm::context::result::ExecutionResult;
use revm_inspectors::access_list::AccessListInspector;

/// Rounds after which a list that still changes is given back as it is. A contract can make its accesses depend on gas, and so on the list.
const ROUNDS: usize = 16;

/// What `eth_createAccessList` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessListOutcome {
    /// The list.
    Listed {
        /// Sorted by address and slot.
        access_list: AccessList,
        /// Gas that the transaction uses with the list.
        gas_used: u64,
        /// Why the transaction fails even so, in geth's words.
        error: Option<String>,
    },
    /// The transaction could not start, in geth's words.
    Refused(String),
}

impl Simulation {
    /// Executes a call again and again, each time with the list that the last time found, until the list stays the same.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn create_access_list(&self, request: &TransactionRequest, abort: &Abort) -> Result<AccessListOutcome, Error> {
        let mut request = request.clone();
        let mut list = sorted(request.access_list.take().unwrap_or_default());
        let mut round = 0;
        loop {
            round += 1;
            request.access_list = Some(list.clone());
            let (mut machine, env) = match self.machine(&request, (AccessListInspector::new(list.clone()), Observer::ending(abort.clone())))
            {
                Ok(ready) => ready,
                Err(Stop::Refused(words)) => return Ok(AccessListOutcome::Refused(words)),
                Err(Stop::Failed(error)) => return Err(error),
            };
            let result = match run(&mut machine, env) {
                Ok(done) => done.result,
                Err(Stopped::Refused(Refusal { words, .. })) => {
                    return Ok(AccessListOutcome::Refused(format!("failed to apply transaction: {words}")));
                }
                Err(Stopped::Failed(error)) => return Err(error),
            };
            let found = sorted(std::mem::take(&mut machine.inspector_mut().0).into_access_list());
            if found == list || round == ROUNDS {
                let gas_used = result.tx_gas_used();
                let error = match &result {
                    ExecutionResult::Success { .. } => None,
                    ExecutionResult::Revert { .. } => Some("execution reverted".to_owned()),
                    ExecutionResult::Halt { reason, .. } => Some(of_halt(reason, machine.inspector_mut().1.at())),
                };
                return Ok(AccessListOutcome::Listed { access_list: list, gas_used, error });
            }
            list = found;
        }
    }
}

fn sorted(mut list: AccessList) -> AccessList {
    list.0.sort_unstable_by_key(|item| item.address);
    for item in &mut list.0 {
        item.storage_keys.sort_unstable();
        item.storage_keys.dedup();
    }
    list
}
