//! The open block as it would be if it ended now.

use super::{
    pending::PendingState,
    seal::{self, Body},
};
use crate::{
    error::Error,
    executor::Executor,
    fees::da_footprint,
    machine::{Leniency, Machine},
    overlay::Overlay,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::eip4895::Withdrawals;
use revm::inspector::NoOpInspector;
use tributary_primitives::{ExecutedBlock, StateReader, TrieReader};

impl<S: StateReader + TrieReader + Clone> PendingState<S> {
    /// The block with these transactions and no others, rooted and hashed: what [`OpenBlock::seal`](crate::OpenBlock::seal) would give. `parent` is the
    /// header of the state below. The block pays no withdrawals, like all that this node builds. Work is bounded by what the transactions changed.
    ///
    /// # Errors
    /// When the state or trie cannot be read or a system call fails.
    pub fn ended_now(&self, executor: &Executor, parent: &Header) -> Result<ExecutedBlock, Error> {
        let spec = executor.spec();
        let header = self.block().header().clone();
        let published = self.transactions();
        let transactions: Vec<_> = published.iter().map(|one| one.tx.clone()).collect();
        let receipts: Vec<_> = published.iter().map(|one| one.receipt.clone()).collect();
        let attributes = seal::attributes_of(spec, &header, Withdrawals::default());
        let mut overlay = Overlay::new(self.block().base().clone());
        overlay.add(&self.changes())?;
        let mut machine = Machine::new(executor, &header, overlay, Leniency::default(), NoOpInspector {});
        machine.set_inspecting(false);
        let requests = seal::after_transactions(spec, &header, &attributes, &receipts, &mut machine)?;
        let body = Body {
            attributes,
            gas_used: receipts.last().map_or(0, |last| last.cumulative_gas_used),
            blob_gas_used: match spec.is_rollup() {
                true => da_footprint(spec, &transactions),
                false => transactions.iter().filter_map(|tx| tx.blob_gas_used()).sum(),
            },
            senders: published.iter().map(|one| one.sender).collect(),
            transactions,
            receipts,
            requests,
        };
        seal::seal(executor, parent, header, body, machine.into_state())
    }
}
