//! Ending a call whose time is over. Nothing down here looks at a clock: whoever does sets the flag.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that ends a simulated call: while it is set, every frame runs out of gas at its next instruction. A clone is the same flag.
#[derive(Debug, Clone, Default)]
pub struct Abort {
    flag: Arc<AtomicBool>,
    allowance: Option<u64>,
}

impl Abort {
    /// A flag that a call sets itself, once it has used about so much gas, or before it calls a precompile that may take long.
    pub fn after(gas: u64) -> Self {
        Self { allowance: Some(gas), ..Self::default() }
    }

    /// Sets the flag.
    pub fn set(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether it is set; results from then on mean nothing.
    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// What a call may use before it sets the flag, gas.
    pub(crate) const fn allowance(&self) -> Option<u64> {
        self.allowance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessListOutcome, Ending, Estimate, calls::call::tests::simulation};
    use alloy_primitives::{Address, address, hex};
    use alloy_rpc_types_eth::TransactionRequest;

    const TARGET: Address = address!("00000000000000000000000000000000000000b1");

    #[test]
    fn a_call_that_uses_more_than_its_allowance_ends_itself() {
        // Calls itself as deep as it can; runs in circles; hashes a megabyte; lets a pairing be computed.
        for code in [&hex!("5f5f5f5f5f305af1")[..], &hex!("5b600056"), &hex!("621000005f20"), &hex!("5f5f5f5f60085afa")] {
            let (simulation, abort) = (simulation(code), Abort::after(50_000));
            simulation.call(&TransactionRequest::default().to(TARGET), &abort).unwrap();
            assert!(abort.is_set(), "{}", hex::encode(code));
        }
        // Adds two numbers; hashes with a precompile.
        for code in [&hex!("6001600201")[..], &hex!("5f5f60205f60025afa00")] {
            let (simulation, abort) = (simulation(code), Abort::after(50_000));
            let ending = simulation.call(&TransactionRequest::default().to(TARGET), &abort).unwrap().ending;
            assert_eq!((ending, abort.is_set()), (Ending::Returned(Default::default()), false), "{}", hex::encode(code));
        }
    }

    #[test]
    fn a_call_that_runs_in_circles_ends_when_it_is_told_to() {
        let mut simulation = simulation(&hex!("5b600056"));
        simulation.gas_cap = u64::MAX;
        let request = TransactionRequest::default().to(TARGET).gas_limit(u64::MAX / 2);
        let abort = Abort::default();
        let timer = std::thread::spawn({
            let abort = abort.clone();
            move || {
                std::thread::sleep(std::time::Duration::from_millis(50));
                abort.set();
            }
        });
        assert_eq!(simulation.call(&request, &abort).unwrap().ending, Ending::Halted("out of gas".into()));
        timer.join().unwrap();
        assert!(matches!(simulation.estimate_gas(&request, &abort).unwrap(), Estimate::Impossible(_)));
        let AccessListOutcome::Listed { error, .. } = simulation.create_access_list(&request, &abort).unwrap() else { panic!("refused") };
        assert_eq!(error.as_deref(), Some("out of gas"));
    }
}
