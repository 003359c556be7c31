//! The prover and the proposer: ranges of safe blocks are executed again from a witness alone, attested, and posted to L1.

use crate::{Error, contracts::OutputProposals, gate::Gate, l1_view::gone, tasks::unless_passing};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tributary_chain::Derivation;
use tributary_dashboard::metrics::{PROPOSALS, PROPOSED_BLOCK, PROVE_SECONDS};
use tributary_l1::{L1Sender, TxRequest};
use tributary_primitives::rollup::output_root;
use tributary_prover_stub::{Attestation, RangeWitness, attest, prove, record};
use tributary_storage::Store;

/// Most blocks in one proposal.
const MAX_RANGE: u64 = 1024;

/// For so many L1 blocks, and some, a contract can tell the hash of a block (EIP-2935).
const KNOWN_TO_L1: u64 = 8_000;

/// Proves what the verifier derived, and proposes it.
#[derive(Debug)]
pub(crate) struct Proposer {
    /// The verifier's chain.
    pub(crate) store: Store,
    pub(crate) derivation: Arc<Derivation>,
    pub(crate) sender: L1Sender,
    pub(crate) outputs: Address,
    pub(crate) gate: Arc<Gate>,
    /// The attesting key. It pays for nothing.
    pub(crate) prover: Prover,
    /// Fewest blocks worth a proposal.
    pub(crate) interval: u64,
    pub(crate) every: Duration,
    /// The L2 block of the newest proposal, for the status line.
    pub(crate) last: watch::Sender<Option<u64>>,
}

/// The key that attests.
#[derive(Clone)]
pub(crate) struct Prover(pub(crate) PrivateKeySigner);

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prover({})", self.0.address())
    }
}

impl Proposer {
    /// Runs for ever. Failures of L1 are tried again; a re-execution that disagrees ends the node.
    pub(crate) async fn run(self) -> Result<(), Error> {
        loop {
            if let Some(proposed) = self.gate.pass(self.propose()).await {
                unless_passing(proposed, "output not proposed")?;
            }
            tokio::time::sleep(self.every).await;
        }
    }

    /// Proposes the next range, when there is one. Where the last one ended is read from L1 each time.
    async fn propose(&self) -> Result<(), Error> {
        let question = TransactionRequest::default().to(self.outputs).input(OutputProposals::latestBlockNumberCall {}.abi_encode().into());
        let answer = self.sender.client().call(&question, BlockNumberOrTag::Latest).await?;
        let start = U256::try_from_be_slice(&answer).unwrap_or_default().saturating_to::<u64>();
        let safe = self.store.heads()?.unsafe_head.number;
        let end = safe.min(start + MAX_RANGE);
        if end < start + self.interval {
            return Ok(());
        }
        // Known only for blocks that were derived since the start of this process, and to the contract only for so long; L1 may have moved on since,
        // which makes the claim no weaker.
        let finalized = self.sender.client().block_ref(BlockNumberOrTag::Finalized).await?;
        let finalized = finalized.ok_or_else(|| gone(BlockNumberOrTag::Finalized))?.id();
        let derived = self.derivation.of(end).map(|derived| derived.l1.id());
        let l1_head = derived.filter(|l1| l1.number + KNOWN_TO_L1 > finalized.number).unwrap_or(finalized);
        let this = (self.store.clone(), self.prover.clone());
        let work = move || attest_range(&this.0, start, end, l1_head.hash, &this.1);
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
        self.last.send_replace(Some(end));
        Ok(())
    }
}

/// Records a witness of the blocks `start + 1 ..= end`, executes them again from the witness alone, and signs what came of it. `None` when the verifier
/// takes them back meanwhile, which it also does when it begins: it derives again from the finalized block.
fn attest_range(store: &Store, start: u64, end: u64, l1_head: B256, prover: &Prover) -> Result<Option<Attestation>, Error> {
    let Some(parent) = store.header(start)? else { return Ok(None) };
    let mut witness = RangeWitness { start: parent.inner().clone(), blocks: Vec::new() };
    let mut header = parent.into_inner();
    for number in start + 1..=end {
        let Some(block) = store.block(number)? else { return Ok(None) };
        let state = match store.at(number - 1) {
            Err(tributary_storage::Error::UnknownBlock(_)) => return Ok(None),
            state => state?,
        };
        witness.blocks.push(record(store.spec().clone(), state, &header, &block.block, &block.senders)?);
        header = block.block.header;
    }
    // The bytes are what a prover elsewhere would get: nothing but them enters the proof.
    let witness = RangeWitness::decode(&witness.encode())?;
    let began = Instant::now();
    let output = prove(store.spec(), &witness)?;
    metrics::histogram!(PROVE_SECONDS).record(began.elapsed());
    let expected = output_root(header.state_root, header.withdrawals_root.unwrap_or_default(), header.hash_slow());
    if output.end_output_root != expected {
        return Err(Error::Disagreement(format!("blocks {}..={end}: the witness gives another output root", start + 1)));
    }
    Ok(Some(attest(&output, l1_head, &prover.0)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::Genesis;
    use tributary_primitives::{ChainSpec, Eip1559Params};
    use tributary_storage::Options;

    #[test]
    fn blocks_that_the_verifier_has_taken_back_are_not_attested_and_no_failure() {
        let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 2 });
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("chain"), Arc::new(spec), Options::default()).unwrap();
        let prover = Prover(PrivateKeySigner::random());
        for (start, end) in [(0, 1), (5, 6)] {
            assert!(attest_range(&store, start, end, B256::ZERO, &prover).unwrap().is_none());
        }
    }
}
