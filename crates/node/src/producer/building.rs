//! The open block while it is built.

use super::scribe::Entry;
use crate::Error;
use alloy_consensus::Transaction as _;
use alloy_primitives::map::B256Set;
use std::time::{Duration, Instant};
use tributary_chain::Refusal;
use tributary_execution::{L1Fees, OpenBlock};
use tributary_pool::{Extra, PoolError, RecoveredTx, SenderState};
use tributary_primitives::ChainSpec;
use tributary_storage::{BlobSidecar, Tip};

/// The open block, with what only a producer keeps beside it.
pub(super) struct Building {
    pub(super) block: OpenBlock<Tip>,
    /// When the block's time is over, since the Unix epoch.
    pub(super) seal_at: Duration,
    /// The block stays open until then though its time is over, unless time runs away.
    pub(super) rests_until: Instant,
    pub(super) takes_transactions: bool,
    /// What a rollup's transactions pay beside gas and value.
    pub(super) l1_fees: Option<L1Fees>,
    /// Hashes of included transactions, to tell one that is sent again from one whose nonce is used.
    pub(super) included: B256Set,
    pub(super) sidecars: Vec<BlobSidecar>,
    /// What readers and the journal are still to be told of it.
    pub(super) unannounced: Option<Entry>,
}

impl Building {
    /// The sender's account as the open block has it, and what its transaction costs beside gas and value.
    pub(super) fn sender_state(&mut self, tx: &RecoveredTx) -> Result<SenderState, Error> {
        let account = self.block.account(tx.sender)?;
        Ok(SenderState { nonce: account.nonce, balance: account.balance, extra: self.extra(tx) })
    }

    pub(super) fn extra(&self, tx: &RecoveredTx) -> Extra {
        extra(self.l1_fees.as_ref(), tx)
    }

    /// Why a transaction would wait for ever: no block charges as little as it offers, or none has room for it. What waits already is not asked, since
    /// both bounds may move.
    pub(super) fn never_runs(&self, spec: &ChainSpec, tx: &RecoveredTx) -> Option<Refusal> {
        let (fee_cap, header) = (tx.tx.max_fee_per_gas(), self.block.header());
        let base_fee = header.base_fee_per_gas.unwrap_or_default();
        // The minimum for the block after this one, which this block's own fee may still be below.
        if fee_cap < u128::from(spec.min_base_fee(header).min(base_fee)) {
            return Some(PoolError::FeeCapBelowBaseFee { sender: tx.sender, fee_cap, base_fee }.into());
        }
        self.block.da_footprint(&tx.encoded).err().map(Refusal::from)
    }

    /// What the block charges, wei per gas.
    pub(super) fn base_fee(&self) -> u128 {
        u128::from(self.block.header().base_fee_per_gas.unwrap_or_default())
    }
}

/// What a transaction costs and takes beside gas and value; nothing on an Ethereum chain.
pub(super) fn extra(l1_fees: Option<&L1Fees>, tx: &RecoveredTx) -> Extra {
    l1_fees.map_or_else(Extra::default, |fees| Extra {
        fee: fees.rollup_cost(&tx.encoded, tx.tx.gas_limit()),
        da_footprint: fees.da_footprint(&tx.encoded),
    })
}
