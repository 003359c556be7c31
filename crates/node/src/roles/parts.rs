//! The tasks that roles are made of.

use super::{L1Side, Rollup};
use crate::{
    Error,
    batcher::Batcher,
    config::DataAvailability,
    economy::Economist,
    indexer::Indexer,
    observer::{CALLDATA_GAS, Observed, Observer, Payer},
    pipeline::Pipeline,
    proposer::{Proposer, Proposing},
    prover::{Prover, ProverAt},
    report::{Backlog, Reporter, Rhythm},
    status::{BatchStatus, Status},
    verifier::{Difference, Verifier},
};
use alloy_eips::eip4844::DATA_GAS_PER_BLOB;
use alloy_signer_local::PrivateKeySigner;
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::watch;
use tributary_chain::{FeedKey, LostTransactions};
use tributary_dashboard::Health;
use tributary_l1::{L1Sender, SenderConfig};
use tributary_rollup::EncoderConfig;
use tributary_rpc::{IndexView, Network, RollupView};
use tributary_storage::Store;

/// How blocks are put on L1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batching {
    pub(crate) da: DataAvailability,
    /// Whether a channel is closed as soon as it holds what somebody sent, and does not wait to be worth its price.
    pub(crate) eager: bool,
}

/// About what a proposal uses.
const PROPOSAL_GAS: u64 = 300_000;

/// Gas, and gas of blobs, of the largest transaction of a batcher.
const fn largest_batch(encoding: &EncoderConfig) -> (u64, u64) {
    match encoding.da {
        tributary_rollup::DataAvailability::Blobs { per_transaction } => (50_000, per_transaction as u64 * DATA_GAS_PER_BLOB),
        tributary_rollup::DataAvailability::Calldata => (50_000 + encoding.max_frame_size as u64 * CALLDATA_GAS, 0),
    }
}

/// Who proposes outputs, and who attests them.
#[derive(Debug, Clone)]
pub(crate) struct ProposerKeys {
    pub(crate) proposer: PrivateKeySigner,
    pub(crate) prover: ProverAt,
}

/// What a node gives its word for, beside what it reads.
#[derive(Debug, Default)]
pub(crate) struct Word {
    /// Signs its blocks.
    pub(crate) feed: Option<FeedKey>,
    /// What it could not keep.
    pub(crate) lost: Option<LostTransactions>,
}

impl Rollup {
    /// Brings the index over attribution sets up to the head, and starts to keep it there.
    pub(crate) fn start_indexer(&self, chain: &Pipeline) -> Result<(), Error> {
        let events = chain.events.subscribe();
        let indexer = Indexer::open(&chain.store, &chain.executor)?;
        self.tasks.spawn("indexer", indexer.run(events));
        Ok(())
    }

    /// Opens the index of the economy, and starts to keep it up with the chain.
    pub(crate) fn start_economist(&self, chain: &Pipeline) -> Result<IndexView, Error> {
        let economist = Economist::open(&chain.store)?;
        let index = economist.view();
        self.tasks.spawn("index of the economy", economist.run(chain.events.subscribe()));
        Ok(index)
    }

    /// What a server of the rollup knows beside the chain.
    pub(crate) fn view(&self, l1: &L1Side, index: IndexView, word: Word) -> RollupView {
        RollupView {
            config: self.config.clone(),
            l1: l1.status.clone(),
            derivation: l1.derivation.clone(),
            network: Network { l1_url: l1.url.clone(), l1_contracts: self.contracts },
            index: Some(index),
            feed: word.feed,
            lost: word.lost,
        }
    }

    /// Starts what derives `chain` from L1, and moves the safe and finalized heads of `sequenced`, which is the same where nobody sequences.
    pub(crate) fn start_verifier(&self, l1: &L1Side, chain: &Pipeline, sequenced: &Store, at_a_difference: Difference) {
        let verifier = Verifier {
            at_a_difference,
            chain: chain.clone(),
            sequencer: sequenced.clone(),
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
    pub(crate) async fn start_batcher(
        &self,
        l1: &L1Side,
        chain: &Store,
        key: &PrivateKeySigner,
        batching: Batching,
    ) -> Result<watch::Receiver<Option<BatchStatus>>, Error> {
        let (last, last_batch) = watch::channel(None);
        let encoding = match batching.da {
            DataAvailability::Blob => EncoderConfig::BLOBS,
            DataAvailability::Calldata => EncoderConfig::CALLDATA,
        };
        let sender = L1Sender::new(l1.reader.client.clone(), key.clone(), self.sending()).await?;
        self.pays("batcher", &sender, largest_batch(&encoding));
        let batcher = Batcher {
            store: chain.clone(),
            config: self.config.clone(),
            encoding,
            sender,
            inbox: self.config.batch_inbox_address,
            gate: self.gate.clone(),
            l1: l1.status.clone(),
            derived: l1.derived.subscribe(),
            last,
            every: self.poll(),
            eager: batching.eager,
        };
        self.tasks.spawn("batcher", batcher.run());
        Ok(last_batch)
    }

    /// Starts what attests output roots of a derived chain, each of at least `interval` blocks, and puts them on L1; returns where it tells of itself.
    pub(crate) async fn start_proposer(
        &self,
        l1: &L1Side,
        derived: &Store,
        keys: &ProposerKeys,
        interval: u64,
    ) -> Result<watch::Receiver<Proposing>, Error> {
        let (told, proposing) = watch::channel(Proposing::default());
        let sender = L1Sender::new(l1.reader.client.clone(), keys.proposer.clone(), self.sending()).await?;
        self.pays("proposer", &sender, (PROPOSAL_GAS, 0));
        let proposer = Proposer {
            store: derived.clone(),
            derivation: l1.derivation.clone(),
            sender,
            outputs: self.contracts.outputs,
            gate: self.gate.clone(),
            prover: Arc::new(Prover::new(&keys.prover, derived)?),
            interval,
            every: self.poll(),
            told,
        };
        self.tasks.spawn("proposer", proposer.run());
        Ok(proposing)
    }

    /// Starts what gathers facts of a chain for people and monitors. `included` counts user transactions.
    pub(crate) fn start_reporter(
        &self,
        l1: &L1Side,
        chain: &Store,
        included: Arc<AtomicU64>,
        (last_batch, proposing): (watch::Receiver<Option<BatchStatus>>, watch::Receiver<Proposing>),
    ) -> Result<(Arc<Health>, watch::Receiver<Status>), Error> {
        let (clock, snapshots) = (self.clock.clone(), self.snapshots.clone());
        let observed = self.start_observer(l1, chain);
        let l1 = l1.status.clone();
        let reporter = Reporter {
            store: chain.clone(),
            included,
            l1,
            last_batch,
            proposing,
            clock,
            snapshots,
            observed,
            backlog: Backlog::default(),
            told: self.backlog.clone(),
        };
        reporter.start(&Rhythm { role: self.role, block_time: self.config.block_time, l1_block_time: self.l1_block_time }, &self.tasks)
    }

    /// Starts what looks at L1 for who operates the node; returns where it tells what it saw.
    fn start_observer(&self, l1: &L1Side, chain: &Store) -> watch::Receiver<Observed> {
        let (told, observed) = watch::channel(Observed::default());
        let every = Duration::from_millis(self.l1_block_time * 500).clamp(Duration::from_secs(1), Duration::from_secs(6));
        let (client, config, store) = (l1.reader.client.clone(), self.config.clone(), chain.clone());
        self.tasks.spawn("observer of L1", Observer { client, config, store, payers: self.payers.clone(), every, told }.run());
        observed
    }

    /// An account that pays on L1, and what one of its larger transactions uses there.
    fn pays(&self, role: &'static str, sender: &L1Sender, uses: (u64, u64)) {
        self.payers.add(Payer { role, address: sender.address(), spending: sender.spending(), uses });
    }

    /// How batcher and proposer send.
    fn sending(&self) -> SenderConfig {
        let resubmit_after = Duration::from_secs(self.l1_block_time * 4);
        SenderConfig { poll: self.poll(), resubmit_after, chain_id: Some(self.config.l1_chain_id), ..SenderConfig::default() }
    }
}
