//! The proposer: ranges of safe blocks are proved and posted to L1.

use crate::{Error, gate::Gate, l1_view::gone, prover::Prover, tasks::unless_passing};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::SolCall;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tributary_chain::Derivation;
use tributary_contracts::OutputProposals;
use tributary_dashboard::metrics::{PROPOSALS, PROPOSED_BLOCK};
use tributary_l1::{L1Sender, TxRequest};
use tributary_primitives::rollup::output_root;
use tributary_storage::Store;

/// Most blocks in one proposal.
const MAX_RANGE: u64 = 1024;

/// For so many L1 blocks, and some, a contract can tell the hash of a block (EIP-2935).
const KNOWN_TO_L1: u64 = 8_000;

/// Rest after L1 or the prover did not take what it was sent.
const REST: Duration = Duration::from_secs(2);

/// What the proposer tells of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Proposing {
    /// The L2 block of the newest proposal.
    pub(crate) last: Option<u64>,
    /// Why there are blocks to propose and none is proposed: what somebody else has to do on L1 first.
    pub(crate) waiting: Option<&'static str>,
}

/// The guardian vetoed an output.
const STOPPED: &str = "the guardian stopped them on L1; the L1 timelock has to resume them";

/// What is proposed next would start at an output that these blocks do not have.
const FOREIGN: &str = "the newest output on L1 is not that of this chain; the guardian has to veto it";

/// Proves what the verifier derived, and proposes it.
#[derive(Debug)]
pub(crate) struct Proposer {
    /// The verifier's chain.
    pub(crate) store: Store,
    pub(crate) derivation: Arc<Derivation>,
    pub(crate) sender: L1Sender,
    pub(crate) outputs: Address,
    pub(crate) gate: Arc<Gate>,
    pub(crate) prover: Arc<Prover>,
    /// Fewest blocks worth a proposal.
    pub(crate) interval: u64,
    pub(crate) every: Duration,
    /// For the status line and for `/health`.
    pub(crate) told: watch::Sender<Proposing>,
}

impl Proposer {
    /// Runs for ever. Failures of L1 are tried again; a re-execution that disagrees ends the node.
    pub(crate) async fn run(self) -> Result<(), Error> {
        loop {
            if let Some(proposed) = self.gate.pass(self.propose()).await
                && unless_passing(proposed, "output not proposed")?.is_none()
            {
                // A witness takes its time to record, and who did not take it now seldom does at once.
                tokio::time::sleep(REST).await;
            }
            tokio::time::sleep(self.every).await;
        }
    }

    /// Proposes the next range, when there is one. Where the last one ended is read from L1 each time.
    async fn propose(&self) -> Result<(), Error> {
        let start = self.ask(OutputProposals::latestBlockNumberCall {}).await?.saturating_to::<u64>();
        let safe = self.store.heads()?.unsafe_head.number;
        // A contract knows the hash of its own block's parent, and none of its own: so does who estimates what a call costs on the newest block. What L1's newest
        // block has brought is proposed with the next.
        let newest = self.sender.client().block_ref(BlockNumberOrTag::Latest).await?.ok_or_else(|| gone(BlockNumberOrTag::Latest))?.id();
        let is_known = |block: &u64| self.derivation.of(*block).is_none_or(|derived| derived.l1.number < newest.number);
        let end = (start..=safe.min(start.saturating_add(MAX_RANGE))).rev().find(is_known).unwrap_or(start);
        let worth_it = end >= start.saturating_add(self.interval);
        let waiting = if worth_it { self.obstacle(start).await? } else { None };
        self.tell_waiting(waiting);
        if !worth_it || waiting.is_some() {
            return Ok(());
        }
        // Known only for blocks that were derived since the start of this process, and to the contract only for so long; L1 may have moved on since,
        // which makes the claim no weaker.
        let finalized = self.sender.client().block_ref(BlockNumberOrTag::Finalized).await?;
        let finalized = finalized.ok_or_else(|| gone(BlockNumberOrTag::Finalized))?.id();
        let derived = self.derivation.of(end).map(|derived| derived.l1.id());
        let l1_head = derived.filter(|l1| l1.number + KNOWN_TO_L1 > finalized.number).unwrap_or(finalized);
        let this = (self.store.clone(), self.prover.clone());
        let work = move || this.1.attest_range(&this.0, (start, end), l1_head.hash);
        let proposed = self.store.hash_of(end)?;
        let attested = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped("prover"))?;
        if self.store.hash_of(end)? != proposed {
            // The verifier has taken blocks of the range back after an L1 reorg, so that neither a result nor a failure means anything.
            return Ok(());
        }
        let Some(attestation) = attested? else { return Ok(()) };
        let call = OutputProposals::proposeCall {
            l2BlockNumber: U256::from(end),
            outputRoot: attestation.claim.output_root,
            l1BlockNumber: U256::from(l1_head.number),
            l1Head: l1_head.hash,
            attestation: attestation.signature,
        };
        let receipt = self.sender.execute(TxRequest::call(self.outputs, call.abi_encode())).await?;
        tracing::debug!(start, end, l1_block = receipt.block_number, "output proposed");
        metrics::counter!(PROPOSALS).increment(1);
        metrics::gauge!(PROPOSED_BLOCK).set(end as f64);
        self.told.send_modify(|told| told.last = Some(end));
        Ok(())
    }

    /// Why a proposal that starts at block `start` would be refused, whatever is proved.
    async fn obstacle(&self, start: u64) -> Result<Option<&'static str>, Error> {
        if self.ask(OutputProposals::proposalsStoppedCall {}).await? {
            return Ok(Some(STOPPED));
        }
        let newest = self.ask(OutputProposals::latestOutputRootCall {}).await?;
        Ok(self.root_of(start)?.filter(|ours| *ours != newest).map(|_| FOREIGN))
    }

    /// The output root of a block, if it is there.
    fn root_of(&self, number: u64) -> Result<Option<B256>, Error> {
        let header = self.store.header(number)?;
        Ok(header.map(|header| output_root(header.state_root, header.withdrawals_root.unwrap_or_default(), header.hash())))
    }

    fn tell_waiting(&self, waiting: Option<&'static str>) {
        let changed = self.told.send_if_modified(|told| std::mem::replace(&mut told.waiting, waiting) != waiting);
        match waiting {
            Some(reason) if changed => tracing::warn!("no outputs are proposed: {reason}"),
            None if changed => tracing::info!("outputs are proposed again"),
            _ => {}
        }
    }

    /// What the contract answers.
    async fn ask<C: SolCall>(&self, call: C) -> Result<C::Return, Error> {
        let question = TransactionRequest::default().to(self.outputs).input(call.abi_encode().into());
        let answer = self.sender.client().node().call(&question, BlockNumberOrTag::Latest).await.map_err(tributary_l1::Error::from)?;
        let odd = |error| tributary_l1::Error::Inconsistent(format!("OutputProposals: {}: {error}", C::SIGNATURE));
        Ok(C::abi_decode_returns(&answer).map_err(odd)?)
    }
}
