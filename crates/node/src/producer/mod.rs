//! Producing a chain's blocks: the sequencer of the rollup, and the proposer of the embedded L1.
//!
//! One thread owns the open block. It executes transactions in the order in which they arrive, hands results to the [`scribe`], and seals when
//! the block's time is over. It waits for nothing but the disk.

mod adopt;
mod building;
mod control;
mod ordered;
mod plan;
#[cfg(test)]
mod power_cuts;
mod production;
mod records;
mod rewind;
mod scribe;
mod seal_policy;
mod transactions;

pub(crate) use control::{BackTo, Control};
pub(crate) use plan::{Rollup, Schedule, Slots, block_one, unix_time};
pub(crate) use production::{LOST, Production, ProductionParts, lost_of};
pub(crate) use rewind::{Rewind, Sent};
pub(crate) use scribe::{Pending, Scribe, View};
pub(crate) use seal_policy::SealPolicy;

pub(crate) use crate::pipeline::head_block;
use crate::{
    Error,
    batcher::most_data,
    clock::Clock,
    pipeline::{Invalid, Pipeline, Source, Work},
};
use adopt::REPLACED;
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, map::B256Set};
use building::{Building, extra};
use control::Ordered;
use metrics::{counter, gauge, histogram};
use plan::{Next, Plan};
use scribe::{Client, Entry};
use seal_policy::Demand;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot, watch};
use transactions::Origin;
use tributary_chain::{Accepted, LostTransactions, SealedBlock, Submission};
use tributary_dashboard::metrics::{GAS_USED, POOL_TRANSACTIONS, SEAL_SECONDS, TRANSACTIONS};
use tributary_execution::{Included, L1Fees, OpenBlock, Outcome, PendingBlock, PendingTransaction};
use tributary_journal::{JournalTransaction, OpenedBlock, Record, Recovered};
use tributary_pool::{Content, Fees, Pool, RecoveredTx};
use tributary_primitives::ChainSpec;
use tributary_rollup::TIME_JUMP;
use tributary_storage::{Snapshot, Store, StoredBlock, Tip};

/// Pause before L1 is looked at again that the next block needs more of.
const PATIENCE: Duration = Duration::from_millis(5);

/// A block that is so far behind the clock is sealed without a rest.
const RUN_AWAY: Duration = Duration::from_secs(200);

/// What a chain does with a block that is committed and announced.
pub(crate) type OnSealed = Box<dyn FnMut(&Store, &SealedBlock) -> Result<(), Error> + Send>;

/// Everything that the producing thread owns or shares.
pub(crate) struct Producer {
    pub(crate) chain: Pipeline,
    pub(crate) spec: Arc<ChainSpec>,
    pub(crate) schedule: Schedule,
    pub(crate) pool: Arc<Mutex<Pool>>,
    pub(crate) scribe: Scribe,
    pub(crate) submissions: mpsc::Receiver<Submission>,
    pub(crate) control: mpsc::Receiver<Control>,
    pub(crate) clock: Clock,
    pub(crate) policy: SealPolicy,
    /// Blocks that somebody ordered to be sealed before their time.
    pub(crate) ordered: Option<Ordered>,
    /// What L1 gives of this chain; the chain comes back to it when that is ordered.
    pub(crate) derived: Option<Store>,
    /// Whether blocks are taken from there, until there are no more that follow.
    pub(crate) is_adopting: bool,
    /// Where it is kept what was acknowledged and can run no more.
    pub(crate) lost: Option<LostTransactions>,
    /// Bytes of what users sent that wait for L1, where blocks are to be smaller while there are many.
    pub(crate) backlog: Option<watch::Receiver<u64>>,
    /// Clients that are answered when the open block is sealed, each with its transaction's position.
    pub(crate) awaiting: Vec<(Client, usize)>,
    /// Acknowledged transactions that are in no block: of blocks that left the chain, and of the journal. They run before anything else.
    pub(crate) returning: VecDeque<RecoveredTx>,
    /// Called with each block once it is committed and announced.
    pub(crate) sealed: OnSealed,
    /// What the pool was last told that a rollup's transactions pay beside gas and value.
    pub(crate) l1_fees: Option<L1Fees>,
    /// User transactions included since the start.
    pub(crate) included: Arc<AtomicU64>,
    pub(crate) stop: Arc<AtomicBool>,
    /// Blocks of the journal that are to be built again.
    pub(crate) recovered: VecDeque<OpenedBlock>,
    /// Told once everything that was acknowledged before a restart is there again.
    pub(crate) ready: Option<oneshot::Sender<()>>,
    /// Told once everything is there again that the chain was set back under.
    pub(crate) obeyed: Option<oneshot::Sender<bool>>,
    /// When the block that is being sealed ended.
    pub(crate) sealing_since: Instant,
    /// Whether readers and the journal were told of the open block.
    pub(crate) is_announced: bool,
    /// The block that was sealed last.
    pub(crate) head: Option<StoredBlock>,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("chain", &self.chain).field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

/// Why a producer that waits goes on.
enum Wake {
    Submission(Box<Submission>),
    Control(Control),
    /// It is time to look again.
    Time,
    /// Nobody can submit any more.
    Closed,
}

impl Source for Producer {
    async fn next(&mut self) -> Result<Option<Work>, Error> {
        while !self.stopping() {
            let parent = self.head_block()?;
            if let Some(block) = self.adopted(&parent)? {
                return Ok(Some(Work::Block(Box::new(block))));
            }
            let blocks = self.execute_ordered(&parent)?;
            if !blocks.is_empty() {
                return Ok(Some(Work::Executed(blocks)));
            }
            let Some(mut building) = self.begin(&parent)? else { continue };
            self.catch_up(&mut building)?;
            let control = self.take_submissions(&mut building)?;
            // Of a block in which nobody sent anything the journal has nothing.
            if self.stopping() || control.is_some() || !building.included.is_empty() {
                self.scribe.flush()?;
            }
            if self.stopping() {
                // The journal holds the block; it is built again at the next start.
                self.answer_waiting();
                break;
            }
            match control {
                Some(BackTo { rewind, done }) => {
                    self.rewind(rewind, Some(building))?;
                    self.obeyed = Some(done);
                }
                None => {
                    self.sealing_since = Instant::now();
                    let Building { block, sidecars, .. } = building;
                    return Ok(Some(Work::Open { block: Box::new(block), sidecars }));
                }
            }
        }
        Ok(None)
    }

    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error> {
        let sealed = outcome.map_err(|Invalid(error)| error)?;
        let header = &sealed.block.header;
        if self.is_announced {
            self.scribe.write(Entry::Sealed(BlockNumHash { number: header.number, hash: sealed.hash }))?;
        }
        self.head = Some(StoredBlock { block: sealed.block.clone(), hash: sealed.hash, senders: sealed.senders.clone() });
        self.forget(&sealed)?;
        self.metrics(header);
        self.answer_waiting();
        self.keep_pace(header);
        (self.sealed)(&self.chain.store, &sealed)
    }
}

impl Producer {
    /// Runs until told to stop. `journal` is what was open when the node last ended.
    ///
    /// # Errors
    /// When the disk, the state or the journal fails; the chain then stays at its last sealed block and nothing more is acknowledged.
    pub(crate) fn run(mut self, journal: Recovered) -> Result<(), Error> {
        self.recovered = journal.open.into();
        let chain = self.chain.clone();
        let ended = self.take_back(journal.waiting).and_then(|()| chain.run_here(&mut self));
        self.scribe.close();
        ended
    }

    /// The newest block, which seldom is another than the one that was sealed last.
    fn head_block(&mut self) -> Result<StoredBlock, Error> {
        let head = self.chain.store.heads()?.unsafe_head;
        match self.head.take().filter(|block| block.hash == head.hash) {
            Some(block) => Ok(block),
            None => head_block(&self.chain.store),
        }
    }

    /// The block after `parent`, opened: the one that was open when the node last ended, or a new one. `None` when it is to be tried again.
    fn begin(&mut self, parent: &StoredBlock) -> Result<Option<Building>, Error> {
        if let Some(open) = self.recovered.pop_front() {
            return self.reopen(parent, open).map(Some);
        }
        match self.schedule.next(parent, &self.chain.store, self.clock.now())? {
            Next::Block(plan) => self.open(parent, *plan, false).map(Some),
            Next::Wait => {
                std::thread::sleep(PATIENCE);
                Ok(None)
            }
            Next::Rewind(to) => self.rewind(Rewind { to, sent: Sent::Kept }, None).map(|()| None),
        }
    }

    /// Executes what was acknowledged before, and tells who waits for that.
    fn catch_up(&mut self, building: &mut Building) -> Result<(), Error> {
        if !self.recovered.is_empty() {
            return Ok(());
        }
        self.run_returning(building)?;
        self.run_pool(building)?;
        if self.ready.is_some() || self.obeyed.is_some() {
            self.scribe.flush()?;
            // Whoever waited may have given up.
            let _ = self.ready.take().map(|ready| ready.send(()));
            let _ = self.obeyed.take().map(|done| done.send(true));
        }
        Ok(())
    }

    /// Takes what the journal says was acknowledged and is in no block, unless it can run no more.
    fn take_back(&mut self, waiting: Vec<JournalTransaction>) -> Result<(), Error> {
        let state = self.chain.store.latest()?;
        let (mut gone, mut malformed) = (Vec::new(), Vec::new());
        for JournalTransaction { hash, raw } in waiting {
            match RecoveredTx::decode_on(&self.spec, &raw) {
                Ok(tx) if tx.nonce() >= nonce_of(&state, tx.sender) => self.returning.push_back(tx),
                // The node ended while the chain was going back to other blocks, or before the journal heard of its own.
                Ok(tx) => gone.push((tx, REPLACED.to_owned())),
                Err(_) => malformed.push(hash),
            }
        }
        self.give_up(state.header().number + 1, gone)?;
        self.drop(malformed)
    }

    /// Tells the journal of transactions that wait no more.
    fn drop(&self, hashes: impl IntoIterator<Item = B256>) -> Result<(), Error> {
        let hashes: Vec<_> = hashes.into_iter().collect();
        if hashes.is_empty() { Ok(()) } else { self.scribe.write(Entry::Dropped { hashes, done: None }) }
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Everything acknowledged that is in no block.
    fn waiting(&self) -> Vec<RecoveredTx> {
        let Content { pending, queued } = self.pool().content();
        let pooled = pending.into_values().chain(queued.into_values()).flat_map(BTreeMap::into_values);
        self.returning.iter().cloned().chain(pooled).collect()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        // A panic with the pool locked leaves at worst a transaction out of it.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the block after `parent`, executes what it must begin with, and shows it to readers.
    fn open(&mut self, parent: &StoredBlock, plan: Plan, resumed: bool) -> Result<Building, Error> {
        let Plan { attributes, seal_at, rest } = plan;
        let snapshot = self.chain.store.latest()?;
        let header = &parent.block.header;
        let mut block = OpenBlock::new(&self.chain.executor, snapshot.clone().into(), header, parent.hash, attributes.block.clone())?;
        let number = header.number + 1;
        let view = Arc::new(PendingBlock::new(snapshot, block.header().clone(), block.initial_changes().clone()));
        let show = |block: &OpenBlock<Tip>, included: Included| {
            view.publish(pending(block, &included), included.changes);
        };
        block.execute_forced(&attributes.transactions, show)?;
        // What was acknowledged fits again.
        let backlog = self.backlog.as_ref().filter(|_| !resumed).map(|backlog| *backlog.borrow());
        if let Some(bytes) = backlog.and_then(most_data) {
            block.bound_data(bytes);
        }
        let takes_transactions = !attributes.no_tx_pool;
        let fees = self.fees(block.header());
        let l1_fees = L1Fees::of_block(block.transactions()).filter(|_| self.spec.is_rollup());
        self.charge(fees, l1_fees);
        let opened = || Record::Opened { number, parent: parent.hash, attributes: Box::new(attributes) };
        let unannounced = Some(Entry::Opened { opening: (!resumed).then(opened), block: view });
        let (rests_until, included) = (Instant::now() + rest, B256Set::default());
        let mut building =
            Building { block, seal_at, rests_until, takes_transactions, l1_fees, included, sidecars: Vec::new(), unannounced };
        if self.ordered.as_ref().is_none_or(|ordered| ordered.blocks <= 1) {
            self.announce(&mut building)?;
        } else if std::mem::take(&mut self.is_announced) {
            // Of many blocks that somebody ordered nobody sees each open, unless something comes into it. Nor may readers keep the one before: with
            // the state under it, the database would keep every page that is replaced meanwhile.
            self.scribe.write(Entry::Closed)?;
        }
        Ok(building)
    }

    /// Shows the open block to readers, and tells the journal of it.
    fn announce(&mut self, building: &mut Building) -> Result<(), Error> {
        self.is_announced = true;
        building.unannounced.take().map_or(Ok(()), |opened| self.scribe.write(opened))
    }

    /// Opens the block that the journal describes and executes its transactions again, each to the result that was acknowledged.
    fn reopen(&mut self, parent: &StoredBlock, open: OpenedBlock) -> Result<Building, Error> {
        let lost = |why: String| Error::Disagreement(format!("an acknowledged transaction cannot be executed again: {why}"));
        let plan = Plan::reopened(open.attributes, self.clock.now());
        let mut building = self.open(parent, plan, true)?;
        for entry in &open.executed {
            let tx = RecoveredTx::decode_on(&self.spec, &entry.transaction.raw).map_err(|e| lost(e.to_string()))?;
            let outcome = self.execute(&mut building, &tx)?;
            let Outcome::Included(included) = outcome else { return Err(lost(format!("{} is {outcome:?}", tx.hash))) };
            let receipt = &building.block.receipts()[included.index];
            if records::result_hash(receipt) != entry.result || included.index as u64 != u64::from(entry.index) {
                return Err(lost(format!("{} has another result", tx.hash)));
            }
            self.record(&mut building, &tx, included, Origin::Journal)?;
        }
        Ok(building)
    }

    /// Takes submissions until the block is to be sealed, or until somebody sets the chain back. A block whose time was over from the start takes
    /// those that are waiting.
    fn take_submissions(&mut self, building: &mut Building) -> Result<Option<BackTo>, Error> {
        let mut demand = None;
        loop {
            if let Ok(control) = self.control.try_recv()
                && let Some(back) = self.obey(control)?
            {
                return Ok(Some(back));
            }
            while building.takes_transactions
                && let Ok(submission) = self.submissions.try_recv()
            {
                self.submit(building, submission)?;
                if self.is_over(building) || self.stopping() || demand.as_ref().is_some_and(Demand::is_urgent) {
                    return Ok(None);
                }
            }
            let is_wanted = self.policy == SealPolicy::AtOnce && !building.included.is_empty();
            if is_wanted != demand.is_some() {
                demand = if is_wanted { Some(Demand::new(self.scribe.barrier()?)) } else { None };
            }
            if self.is_over(building) || self.ordered.is_some() || demand.as_mut().is_some_and(Demand::is_met) {
                return Ok(None);
            }
            match self.wait(building, demand.as_mut()) {
                Wake::Submission(submission) => self.submit(building, *submission)?,
                Wake::Control(control) => {
                    if let Some(back) = self.obey(control)? {
                        return Ok(Some(back));
                    }
                }
                Wake::Closed => self.stop.store(true, Ordering::Relaxed),
                Wake::Time => {}
            }
            if self.stopping() {
                return Ok(None);
            }
        }
    }

    /// Waits until something happens that concerns the open block.
    fn wait(&mut self, building: &Building, demand: Option<&mut Demand>) -> Wake {
        let met = async {
            match demand {
                Some(demand) => demand.met().await,
                None => std::future::pending().await,
            }
        };
        let left = building.seal_at.saturating_sub(self.clock.now());
        let rest = building.rests_until.saturating_duration_since(Instant::now());
        // Short enough to notice a stop quickly.
        let (is_early, wait) = (!left.is_zero(), left.max(rest).min(Duration::from_millis(100)));
        let (submissions, control, clock) = (&mut self.submissions, &mut self.control, &self.clock);
        self.runtime.block_on(async {
            tokio::select! {
                submission = submissions.recv() => submission.map_or(Wake::Closed, |submission| Wake::Submission(Box::new(submission))),
                Some(control) = control.recv() => Wake::Control(control),
                () = met => Wake::Time,
                () = clock.moved(), if is_early => Wake::Time,
                () = tokio::time::sleep(wait) => Wake::Time,
            }
        })
    }

    /// Whether the block's time is over.
    fn is_over(&self, building: &Building) -> bool {
        let Some(since) = self.clock.now().checked_sub(building.seal_at) else { return false };
        since >= RUN_AWAY || Instant::now() >= building.rests_until
    }

    /// The clock and those who ordered blocks follow a sealed block.
    fn keep_pace(&mut self, header: &Header) {
        // One that was sealed early has come to its time with that. A jump of L1 counts once the rollup has followed, which else would fill the time up.
        if *header.extra_data != *TIME_JUMP {
            self.clock.advance_to(Duration::from_secs(header.timestamp));
        }
        if let Some(ordered) = &mut self.ordered {
            ordered.blocks = ordered.blocks.saturating_sub(1);
        }
        if let Some(Ordered { done, .. }) = self.ordered.take_if(|ordered| ordered.blocks == 0) {
            // Whoever ordered them may have gone.
            let _ = done.send(header.number);
        }
    }

    /// Answers the clients whose transactions are in a block now, or which do not wait for one any more. Everything is durable.
    fn answer_waiting(&mut self) {
        for (client, index) in self.awaiting.drain(..) {
            client.acknowledge(Accepted::Included { index });
        }
    }

    fn count(&self, outcome: &'static str) {
        if self.spec.is_rollup() {
            counter!(TRANSACTIONS, "outcome" => outcome).increment(1);
        }
    }

    /// Metrics are the rollup's: an embedded L1 is not what operators watch.
    fn metrics(&self, header: &Header) {
        if self.spec.is_rollup() {
            histogram!(SEAL_SECONDS).record(self.sealing_since.elapsed());
            counter!(GAS_USED).increment(header.gas_used);
            gauge!(POOL_TRANSACTIONS).set(self.pool().len() as f64);
        }
    }

    /// Takes what the block used up out of the pool.
    fn forget(&self, sealed: &SealedBlock) -> Result<(), Error> {
        let signed = sealed.block.body.transactions.iter().zip(&sealed.senders).filter(|(tx, _)| !tx.is_deposit());
        let used = signed.map(|(tx, sender)| (*sender, tx.nonce()));
        let fees = self.fees(&sealed.block.header);
        let gone = self.pool().on_block(used, fees);
        for tx in &gone {
            tracing::debug!(hash = %tx.hash, "a pooled transaction can never run any more");
        }
        if self.is_adopting {
            // Its sender has not replaced it: the block is not one that we built.
            return self.give_up(sealed.number(), gone.into_iter().map(|tx| (tx, REPLACED.to_owned())).collect());
        }
        self.drop(gone.iter().map(|tx| tx.hash))
    }

    /// Tells the pool what the open block charges.
    fn charge(&mut self, fees: Fees, l1_fees: Option<L1Fees>) {
        self.pool().set_fees(fees);
        if l1_fees != self.l1_fees {
            self.pool().reprice(|tx| extra(l1_fees.as_ref(), tx));
            self.l1_fees = l1_fees;
        }
    }

    /// What a block with this header charges. The next block's fees are set when it is opened.
    fn fees(&self, header: &Header) -> Fees {
        let blob_base_fee = self.spec.blob_params(header.timestamp).zip(header.excess_blob_gas).map(|(p, excess)| p.calc_blob_fee(excess));
        Fees { base_fee: header.base_fee_per_gas.unwrap_or_default(), blob_base_fee: blob_base_fee.unwrap_or_default() }
    }
}

/// The nonce of an account that can be read.
fn nonce_of(state: &Snapshot, address: Address) -> u64 {
    use tributary_primitives::StateReader;
    state.account(address).ok().flatten().unwrap_or_default().nonce
}

/// The transaction that was included last, as readers see it.
fn pending(block: &OpenBlock<Tip>, included: &Included) -> PendingTransaction {
    let Included { index, gas_used, .. } = *included;
    let (tx, sender, receipt) = (block.transactions()[index].clone(), block.senders()[index], block.receipts()[index].clone());
    PendingTransaction { hash: tx.hash(), tx, sender, receipt, gas_used }
}
