//! The roles between the two chains of a development rollup: each a task.

use super::{chains::L1Side, ground::Ground};
use crate::{
    Error,
    batcher::Batcher,
    chain::RunningChain,
    config::{DataAvailability, PROPOSAL_INTERVAL},
    development::{Controlled, Developer},
    proposer::{Proposer, Proposing},
    prover::Prover,
    report::Reporter,
    status::{BatchStatus, Status},
    verifier::Verifier,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tributary_dashboard::Health;
use tributary_l1::{L1Sender, SenderConfig};
use tributary_rollup::EncoderConfig;

impl Ground {
    /// Starts what carries out the orders of development methods.
    pub(super) fn start_developer(&self, [l1, l2]: [Controlled; 2], l1_side: &L1Side) {
        let developer = Developer {
            clock: self.clock.clone(),
            l1,
            l2,
            view: l1_side.view.clone(),
            seen: l1_side.seen.clone(),
            snapshots: self.snapshots.clone(),
            gate: self.gate.clone(),
            config: self.rollup.clone(),
            operators: [self.operators.batcher.address(), self.operators.proposer.address()],
        };
        self.tasks.spawn("developer", developer.run());
    }

    /// Starts what derives the rollup from L1.
    pub(super) fn start_verifier(&self, l1: &L1Side) {
        let verifier = Verifier {
            chain: self.chains.verifier.clone(),
            sequencer: self.chains.l2.store.clone(),
            reader: l1.reader.clone(),
            reorgs: l1.view.reorgs(),
            l1: l1.seen.clone(),
            derived: l1.derived.clone(),
            derivation: l1.derivation.clone(),
            unfinal: Default::default(),
            deriver: None,
            derived_block: None,
        };
        self.tasks.spawn("verifier", verifier.run());
    }

    /// Starts what puts the sequencer's blocks on L1; returns where it tells of its newest batch.
    pub(super) async fn start_batcher(&self, l1: &L1Side) -> Result<watch::Receiver<Option<BatchStatus>>, Error> {
        let (last, last_batch) = watch::channel(None);
        let encoding = match self.config.da {
            DataAvailability::Blob => EncoderConfig::BLOBS,
            DataAvailability::Calldata => EncoderConfig::CALLDATA,
        };
        let batcher = Batcher {
            store: self.chains.l2.store.clone(),
            config: self.rollup.clone(),
            encoding,
            sender: L1Sender::new(l1.reader.client.clone(), self.operators.batcher.clone(), self.sending()).await?,
            inbox: self.rollup.batch_inbox_address,
            gate: self.gate.clone(),
            l1: l1.status.clone(),
            derived: l1.derived.subscribe(),
            last,
            every: self.poll(),
            // What users of a development chain send is safe with the next block of L1, which costs nothing.
            eager: true,
        };
        self.tasks.spawn("batcher", batcher.run());
        Ok(last_batch)
    }

    /// Starts what attests output roots and puts them on L1; returns where it tells of itself.
    pub(super) async fn start_proposer(&self, l1: &L1Side) -> Result<watch::Receiver<Proposing>, Error> {
        let (told, proposing) = watch::channel(Proposing::default());
        let proposer = Proposer {
            store: self.chains.verifier.store.clone(),
            derivation: l1.derivation.clone(),
            sender: L1Sender::new(l1.reader.client.clone(), self.operators.proposer.clone(), self.sending()).await?,
            outputs: self.genesis.contracts.outputs,
            gate: self.gate.clone(),
            prover: Arc::new(Prover::new(self.operators.prover.clone(), &self.chains.verifier.store)?),
            interval: PROPOSAL_INTERVAL,
            every: self.poll(),
            told,
        };
        self.tasks.spawn("proposer", proposer.run());
        Ok(proposing)
    }

    /// Starts what gathers facts for people and monitors.
    pub(super) fn start_reporter(
        &self,
        l1: &L1Side,
        l2: &RunningChain,
        (last_batch, proposing): (watch::Receiver<Option<BatchStatus>>, watch::Receiver<Proposing>),
    ) -> Result<(Arc<Health>, watch::Receiver<Status>), Error> {
        let (store, included) = (self.chains.l2.store.clone(), l2.included.clone());
        let (clock, snapshots) = (self.clock.clone(), self.snapshots.clone());
        let reporter = Reporter { store, included, l1: l1.status.clone(), last_batch, proposing, clock, snapshots };
        reporter.start(self.config.block_time, self.config.l1_block_time, &self.tasks)
    }

    /// How often the batcher and the proposer look.
    fn poll(&self) -> Duration {
        Duration::from_millis(self.config.l1_block_time * 1000 / 8).min(Duration::from_secs(1))
    }

    /// How they send.
    fn sending(&self) -> SenderConfig {
        let resubmit_after = Duration::from_secs(self.config.l1_block_time * 4);
        SenderConfig { poll: self.poll(), resubmit_after, ..SenderConfig::default() }
    }
}
