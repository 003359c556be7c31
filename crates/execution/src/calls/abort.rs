//! Ending a call whose time is over. Nothing down here looks at a clock: whoever does sets the flag.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that ends a simulated call: while it is set, every frame runs out of gas at its next instruction. A clone is the same flag.
#[derive(Debug, Clone, Default)]
pub struct Abort(Arc<AtomicBool>);

impl Abort {
    /// Sets the flag.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is set; results from then on mean nothing.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
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
