//! Producing a chain's blocks: the sequencer of the rollup, and the proposer of the embedded L1.
//!
//! One thread owns the open block. It executes transactions in the order in which they arrive, hands results to the [`scribe`], and seals when
//! the block's time is over. It waits for nothing but the disk.

mod control;
mod plan;
#[cfg(test)]
mod power_cuts;
mod production;
mod records;
mod rewind;
mod scribe;
mod seal_policy;

pub(crate) use control::{BackTo, Control};
pub(crate) use plan::{Rollup, Schedule, Slots, block_one, unix_time};
pub(crate) use production::{Production, ProductionParts};
pub(crate) use rewind::{Rewind, Sent};
pub(crate) use scribe::{Pending, Scribe, View};
pub(crate) use seal_policy::SealPolicy;

pub(crate) use crate::pipeline::head_block;
use crate::{
    Error,
    clock::Clock,
    pipeline::{Invalid, Pipeline, Source, Work},
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, U256, map::B256Set};
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
use tokio::sync::{mpsc, oneshot};
use tributary_chain::{Accepted, Endpoint, SealedBlock, Submission};
use tributary_dashboard::metrics::{GAS_USED, POOL_TRANSACTIONS, SEAL_SECONDS, TRANSACTIONS};
use tributary_execution::{Included, L1Fees, OpenBlock, Outcome, PendingBlock, PendingTransaction};
use tributary_journal::{JournalTransaction, OpenedBlock, Record, Recovered};
use tributary_pool::{Added, Content, Fees, Pool, PoolError, RecoveredTx, Room, SenderState, validate_account};
use tributary_primitives::ChainSpec;
use tributary_rollup::TIME_JUMP;
use tributary_storage::{BlobSidecar, Snapshot, Store, StoredBlock};

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
    pub(crate) runtime: tokio::runtime::Handle,
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("chain", &self.chain).field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

/// The open block, with what only a producer keeps beside it.
struct Building {
    block: OpenBlock<Snapshot>,
    /// When the block's time is over, since the Unix epoch.
    seal_at: Duration,
    /// The block stays open until then though its time is over, unless time runs away.
    rests_until: Instant,
    takes_transactions: bool,
    /// What a rollup's transactions pay beside gas and value.
    l1_fees: Option<L1Fees>,
    /// Hashes of included transactions, to tell one that is sent again from one whose nonce is used.
    included: B256Set,
    sidecars: Vec<BlobSidecar>,
    /// What readers and the journal are still to be told of it.
    unannounced: Option<Entry>,
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

/// Where an included transaction came from.
enum Origin {
    /// A client that waits for the answer.
    Client(Client),
    /// The pool; its sender was answered when it was taken in.
    Pool,
    /// The journal; its sender was answered before the restart.
    Journal,
}

impl Building {
    /// The sender's account as the open block has it, and what its transaction costs beside gas and value.
    fn sender_state(&mut self, tx: &RecoveredTx) -> Result<SenderState, Error> {
        let account = self.block.account(tx.sender)?;
        Ok(SenderState { nonce: account.nonce, balance: account.balance, extra_fee: self.extra_fee(tx) })
    }

    fn extra_fee(&self, tx: &RecoveredTx) -> U256 {
        extra_fee(self.l1_fees.as_ref(), tx)
    }
}

impl Source for Producer {
    async fn next(&mut self) -> Result<Option<Work>, Error> {
        while !self.stopping() {
            let parent = head_block(&self.chain.store)?;
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
        let mut gone = Vec::new();
        for JournalTransaction { hash, raw } in waiting {
            match RecoveredTx::decode_on(&self.spec, &raw) {
                Ok(tx) if tx.nonce() >= nonce_of(&state, tx.sender) => self.returning.push_back(tx),
                _ => gone.push(hash),
            }
        }
        self.drop(gone)
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
        let mut block = OpenBlock::new(&self.chain.executor, snapshot.clone(), header, parent.hash, attributes.block.clone())?;
        let number = header.number + 1;
        let view = Arc::new(PendingBlock::new(snapshot, block.header().clone(), block.initial_changes().clone()));
        let show = |block: &OpenBlock<Snapshot>, included: Included| {
            view.publish(pending(block, &included), included.changes);
        };
        block.execute_forced(&attributes.transactions, show)?;
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

    fn submit(&mut self, building: &mut Building, submission: Submission) -> Result<(), Error> {
        let Submission { tx, arrived, endpoint, reply } = submission;
        let client = Client { reply, arrived, endpoint };
        let account = building.block.account(tx.sender)?;
        if tx.nonce() < account.nonce {
            let error = if building.included.contains(&tx.hash) || self.chain.store.transaction_position(tx.hash)?.is_some() {
                PoolError::AlreadyKnown
            } else {
                PoolError::NonceTooLow { next: account.nonce, nonce: tx.nonce() }
            };
            client.refuse(error);
            return Ok(());
        }
        let runs_now = tx.nonce() == account.nonce && building.takes_transactions && tx.tx.max_fee_per_gas() >= base_fee(building);
        if !runs_now {
            return self.queue(building, tx, client);
        }
        if let Err(error) = validate_account(&tx, &building.sender_state(&tx)?) {
            self.count("rejected");
            client.refuse(error);
            return Ok(());
        }
        let sender = tx.sender;
        match self.execute(building, &tx)? {
            Outcome::Included(included) => {
                self.record(building, &tx, included, Origin::Client(client))?;
                self.promote(building, sender)
            }
            Outcome::Rejected(reason) => {
                self.count("rejected");
                client.refuse(reason);
                Ok(())
            }
            Outcome::Full => self.queue(building, tx, client),
        }
    }

    fn execute(&self, building: &mut Building, tx: &RecoveredTx) -> Result<Outcome, Error> {
        Ok(building.block.execute((*tx.tx).clone(), tx.sender, tx.encoded.clone())?)
    }

    /// Hands an included transaction over to be made durable, published and acknowledged.
    fn record(&mut self, building: &mut Building, tx: &RecoveredTx, included: Included, origin: Origin) -> Result<(), Error> {
        self.announce(building)?;
        building.sidecars.extend(sidecars(tx));
        building.included.insert(tx.hash);
        // One that a client sends now may have waited, and been sent again.
        let pooled = self.pool().take(tx.hash).is_some() || matches!(origin, Origin::Pool);
        let Included { index, .. } = included;
        let transaction = pending(&building.block, &included);
        let new = || records::executed(tx, index, &transaction.receipt);
        let (entry, client) = match origin {
            Origin::Client(client) if self.policy == SealPolicy::AtOnce && client.endpoint == Endpoint::Ordinary => {
                self.awaiting.push((client, index));
                (Some(new()), None)
            }
            Origin::Client(client) => (Some(new()), Some(client)),
            Origin::Pool => (Some(new()), None),
            Origin::Journal => (None, None),
        };
        self.included.fetch_add(1, Ordering::Relaxed);
        self.count("included");
        self.scribe.write(Entry::Executed { entry, index, transaction: Box::new(transaction), changes: included.changes, client, pooled })
    }

    /// Puts a transaction that cannot run now into the pool.
    fn queue(&mut self, building: &mut Building, tx: RecoveredTx, client: Client) -> Result<(), Error> {
        let added = self.pool().add(tx.clone(), &building.sender_state(&tx)?);
        match added {
            Ok(Added { replaced, evicted, .. }) => {
                self.drop(replaced.iter().chain(&evicted).map(|gone| gone.hash))?;
                let entry = records::acknowledged(&tx);
                self.scribe.write(Entry::Queued { entry, transaction: Arc::new(tx), client: Some(client) })
            }
            Err(error) => {
                client.refuse(error);
                Ok(())
            }
        }
    }

    /// Executes what the pool holds of a sender, as long as the nonces follow each other.
    fn promote(&mut self, building: &mut Building, sender: Address) -> Result<(), Error> {
        loop {
            let nonce = building.block.account(sender)?.nonce;
            let Some(tx) = self.pool().take_ready(sender, nonce) else { return Ok(()) };
            if !self.run_pooled(building, tx)? {
                return Ok(());
            }
        }
    }

    /// Executes what was in a block that left the chain, in the order that it had there. What cannot run now waits in the pool, if it can run at all.
    fn run_returning(&mut self, building: &mut Building) -> Result<(), Error> {
        while building.takes_transactions
            && let Some(tx) = self.returning.pop_front()
        {
            let state = building.sender_state(&tx)?;
            if tx.nonce() == state.nonce && tx.tx.max_fee_per_gas() >= base_fee(building) {
                if !self.run_pooled(building, tx)? {
                    return Ok(());
                }
                continue;
            }
            let hash = tx.hash;
            let added = self.pool().add(tx, &state);
            match added {
                Ok(Added { replaced, evicted, .. }) => self.drop(replaced.iter().chain(&evicted).map(|gone| gone.hash))?,
                Err(error) => {
                    tracing::debug!(%error, "a transaction of an earlier chain or run is no longer valid");
                    self.drop([hash])?;
                }
            }
        }
        Ok(())
    }

    /// Executes what waited for this block: the one before was full or dearer, or took no transactions.
    fn run_pool(&mut self, building: &mut Building) -> Result<(), Error> {
        while building.takes_transactions && self.clock.now() < building.seal_at {
            let room = Room { gas: building.block.gas_left(), blob_gas: building.block.blob_gas_left() };
            let Some(tx) = self.pool().take_next(room) else { return Ok(()) };
            if !self.run_pooled(building, tx)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Executes a transaction that was taken out of the pool. Tells whether the block has room for more; one that turns out to be invalid is
    /// dropped, its sender was told when it was taken in.
    fn run_pooled(&mut self, building: &mut Building, tx: RecoveredTx) -> Result<bool, Error> {
        match self.execute(building, &tx)? {
            Outcome::Included(included) => self.record(building, &tx, included, Origin::Pool).map(|()| true),
            Outcome::Rejected(reason) => {
                tracing::debug!(hash = %tx.hash, %reason, "a pooled transaction is no longer valid");
                self.pool().left(tx.hash);
                self.drop([tx.hash])?;
                Ok(true)
            }
            Outcome::Full => {
                let extra_fee = building.extra_fee(&tx);
                self.pool().put_back(tx, extra_fee);
                Ok(false)
            }
        }
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
        self.drop(gone.iter().map(|tx| tx.hash))
    }

    /// Tells the pool what the open block charges.
    fn charge(&mut self, fees: Fees, l1_fees: Option<L1Fees>) {
        self.pool().set_fees(fees);
        if l1_fees != self.l1_fees {
            self.pool().reprice(|tx| extra_fee(l1_fees.as_ref(), tx));
            self.l1_fees = l1_fees;
        }
    }

    /// What a block with this header charges. The next block's fees are set when it is opened.
    fn fees(&self, header: &Header) -> Fees {
        let blob_base_fee = self.spec.blob_params(header.timestamp).zip(header.excess_blob_gas).map(|(p, excess)| p.calc_blob_fee(excess));
        Fees { base_fee: header.base_fee_per_gas.unwrap_or_default(), blob_base_fee: blob_base_fee.unwrap_or_default() }
    }
}

/// L1 data fee and operator fee, wei; nothing on an Ethereum chain.
fn extra_fee(l1_fees: Option<&L1Fees>, tx: &RecoveredTx) -> U256 {
    l1_fees.map_or(U256::ZERO, |fees| fees.rollup_cost(&tx.encoded, tx.tx.gas_limit()))
}

fn base_fee(building: &Building) -> u128 {
    u128::from(building.block.header().base_fee_per_gas.unwrap_or_default())
}

/// The nonce of an account that can be read.
fn nonce_of(state: &Snapshot, address: Address) -> u64 {
    use tributary_primitives::StateReader;
    state.account(address).ok().flatten().unwrap_or_default().nonce
}

/// The transaction that was included last, as readers see it.
fn pending(block: &OpenBlock<Snapshot>, included: &Included) -> PendingTransaction {
    let Included { index, gas_used, .. } = *included;
    let (tx, sender, receipt) = (block.transactions()[index].clone(), block.senders()[index], block.receipts()[index].clone());
    PendingTransaction { hash: tx.hash(), tx, sender, receipt, gas_used }
}

/// The blobs of a transaction, as the beacon endpoint will serve them.
fn sidecars(tx: &RecoveredTx) -> Vec<BlobSidecar> {
    use alloy_eips::eip7594::BlobTransactionSidecarVariant as Sidecar;
    let Some(Sidecar::Eip4844(sidecar)) = tx.sidecar.as_deref() else { return Vec::new() };
    let parts = sidecar.blobs.iter().zip(&sidecar.commitments).zip(&sidecar.proofs).zip(sidecar.versioned_hashes());
    parts
        .map(|(((blob, commitment), proof), versioned_hash)| BlobSidecar {
            versioned_hash,
            commitment: *commitment,
            proof: *proof,
            blob: Box::new(*blob),
        })
        .collect()
}
