//! What a development node does on demand: blocks, time, snapshots, reorganisations of L1. One task, one command at a time, for both chains.

mod snapshots;
mod time;

pub(crate) use snapshots::Snapshots;

use crate::{
    Error,
    clock::Clock,
    gate::Gate,
    l1_view::L1View,
    producer::{BackTo, Control, Rewind, SealPolicy, Sent, head_block},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, TxKind};
use alloy_sol_types::SolCall;
use snapshots::Snapshot;
use std::{sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};
use tributary_chain::{Command, L1Status, Order, OrderRefusal, Sealing};
use tributary_execution::{
    PendingBlock,
    precompiles::{DEVELOPER, DEVELOPMENT, IDevelopment},
};
use tributary_pool::{RecoveredTx, Waiting};
use tributary_primitives::{RollupConfig, StateReader, Transaction};
use tributary_rollup::L2Head;
use tributary_storage::Store;

/// More transactions than an operator can have on their way to L1.
const MAX_SENT: u64 = 64;

/// Pause between two looks at a chain's head.
const LOOK: Duration = Duration::from_millis(2);

/// A chain that can be made to do what is asked.
#[derive(Debug)]
pub(crate) struct Controlled {
    pub(crate) store: Store,
    pub(crate) control: mpsc::Sender<Control>,
    pub(crate) commands: mpsc::Receiver<Order>,
    /// Its open block.
    pub(crate) open: watch::Receiver<Option<Arc<PendingBlock<tributary_storage::Snapshot>>>>,
    /// Seconds between its blocks, at least.
    pub(crate) block_time: u64,
}

/// Both chains and what they share.
#[derive(Debug)]
pub(crate) struct Developer {
    pub(crate) clock: Clock,
    pub(crate) l1: Controlled,
    pub(crate) l2: Controlled,
    pub(crate) view: Arc<L1View>,
    pub(crate) seen: watch::Sender<L1Status>,
    pub(crate) snapshots: Snapshots,
    pub(crate) gate: Arc<Gate>,
    pub(crate) config: Arc<RollupConfig>,
    /// Who sends to L1 for the rollup.
    pub(crate) operators: [Address; 2],
}

/// Which of the chains an order came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    L1,
    L2,
}

/// Why an order was not carried out.
enum Stop {
    /// The order is at fault.
    Refused(OrderRefusal),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OrderRefusal> for Stop {
    fn from(refusal: OrderRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A producer that ends says why itself.
fn stopping() -> Stop {
    Stop::Refused(OrderRefusal::Stopping)
}

impl Developer {
    /// Carries out orders until the node stops.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        loop {
            let (asked, order) = tokio::select! {
                Some(order) = self.l1.commands.recv() => (Asked::L1, order),
                Some(order) = self.l2.commands.recv() => (Asked::L2, order),
                else => return Ok(()),
            };
            let answer = match self.obey(asked, order.command).await {
                Ok(number) => Ok(number),
                Err(Stop::Refused(error)) => Err(error),
                Err(Stop::Failed(error)) => return Err(error),
            };
            // Whoever asked may have gone.
            let _ = order.reply.send(answer);
        }
    }

    async fn obey(&self, asked: Asked, command: Command) -> Result<u64, Stop> {
        match command {
            Command::Mine { blocks, interval } => self.mine(asked, blocks, interval).await,
            Command::IncreaseTime(seconds) => self.increase_time(asked, seconds).await,
            Command::NextBlockTime(time) => self.next_block_at(asked, time).await,
            Command::Seal(sealing) => self.seal(asked, sealing).await,
            Command::Snapshot => self.snapshot().await,
            Command::Revert(id) => self.revert(id).await,
            Command::Reorg { depth } => self.reorg(depth).await,
            Command::Drop(which) => self.chain(asked).drop_waiting(which).await,
        }
    }

    const fn chain(&self, asked: Asked) -> &Controlled {
        match asked {
            Asked::L1 => &self.l1,
            Asked::L2 => &self.l2,
        }
    }

    /// Has blocks sealed by another policy from now on.
    async fn seal(&self, asked: Asked, sealing: Sealing) -> Result<u64, Stop> {
        let policy = if sealing == Sealing::AtOnce { SealPolicy::AtOnce } else { SealPolicy::InTime };
        // The blocks of L1 carry what the rollup sends there: sealed at once they would drive the clock that drives the rollup.
        if asked == Asked::L2 {
            self.l2.order(Control::Policy(policy)).await?;
        }
        self.clock.stop(sealing == Sealing::OnDemand);
        Ok(0)
    }

    /// Seals what users sent to the rollup, and remembers both chains.
    async fn snapshot(&self) -> Result<u64, Stop> {
        if self.l2.has_sent() {
            self.l2.seal(1).await?;
        }
        let (l1, head) = (self.l1.store.heads()?.unsafe_head.number, head_block(&self.l2.store)?);
        let of_head = L2Head::of_block(&self.config, &head.block, head.hash)?.block;
        let (l2, origin) = (of_head.number, of_head.l1_origin.number);
        Ok(self.snapshots.hold(Snapshot { l1, l2, origin, time: self.clock.now() }))
    }

    async fn revert(&self, id: u64) -> Result<u64, Stop> {
        let Some(snapshot) = self.snapshots.get(id) else { return Ok(0) };
        let behind = self.l2.store.heads()?.unsafe_head.number.saturating_sub(snapshot.l2);
        let most = self.l2.store.trie_history();
        if behind > most {
            return Err(OrderRefusal::SnapshotTooOld { behind, most }.into());
        }
        // A batch or a proposal that arrived later would be of blocks that never were.
        let _closed = self.gate.close().await;
        let now = self.clock.now();
        // First, or both chains would at once build again what is taken back.
        self.clock.set(snapshot.time);
        if let Err(kept) = self.take_back(&snapshot).await {
            self.clock.advance_to(now);
            return Err(kept);
        }
        // Not before: until then nothing after it may become final.
        self.snapshots.release(id);
        Ok(1)
    }

    /// Takes both chains back to a snapshot; nothing may be on its way to L1.
    async fn take_back(&self, snapshot: &Snapshot) -> Result<(), Stop> {
        let voided = self.void_sent(snapshot.l1)?;
        self.l1.rewind(Rewind { to: snapshot.l1, sent: Sent::ReplacedBy(voided) }).await?;
        if let Some(head) = self.view.truncate(snapshot.l1) {
            self.seen.send_modify(|status| (status.head, status.current) = (head, status.finalized));
        }
        self.l2.rewind(Rewind { to: snapshot.l2, sent: Sent::ReplacedBy(Vec::new()) }).await
    }

    /// Transactions after block `to` of L1 under which nothing that the operators have sent so far can be included any more, wherever it is.
    fn void_sent(&self, to: u64) -> Result<Vec<RecoveredTx>, Stop> {
        let (now, then) = (self.l1.store.latest()?, self.l1.store.at(to)?);
        let nonce = |state: &tributary_storage::Snapshot, account| -> Result<u64, Stop> {
            Ok(state.account(account).map_err(|error| Error::Disagreement(error.to_string()))?.unwrap_or_default().nonce)
        };
        let first = nonce(&then, DEVELOPER)?;
        let void = |(turn, account): (u64, &Address)| {
            let call = IDevelopment::setNonceCall { account: *account, nonce: nonce(&now, *account)? + MAX_SENT };
            let tx = TxEip1559 {
                chain_id: self.l1.store.spec().chain_id,
                nonce: first + turn,
                gas_limit: 300_000,
                max_fee_per_gas: 100_000_000_000,
                to: TxKind::Call(DEVELOPMENT),
                input: call.abi_encode().into(),
                ..Default::default()
            };
            Ok(RecoveredTx::new(Transaction::unsigned(tx.into(), DEVELOPER), DEVELOPER))
        };
        (0..).zip(&self.operators).map(void).collect()
    }

    /// Replaces the newest L1 blocks. The rollup follows as it follows any L1.
    async fn reorg(&self, depth: u64) -> Result<u64, Stop> {
        let heads = self.l1.store.heads()?;
        let head = heads.unsafe_head.number;
        let most = head - heads.finalized_head.number;
        if depth > most {
            return Err(OrderRefusal::ReorgTooDeep { depth, most }.into());
        }
        if depth == 0 {
            return Ok(head);
        }
        self.l1.rewind(Rewind { to: head - depth, sent: Sent::Kept }).await?;
        while self.l1.store.heads()?.unsafe_head.number < head {
            tokio::time::sleep(LOOK).await;
        }
        Ok(head)
    }
}

impl Controlled {
    /// The time of the newest block, seconds of the Unix epoch.
    fn newest(&self) -> Result<u64, Stop> {
        Ok(head_block(&self.store)?.block.header.timestamp)
    }

    /// The time of the open block, 0 while there is none.
    fn open_time(&self) -> u64 {
        self.open.borrow().as_ref().map_or(0, |open| open.header().timestamp)
    }

    /// The time of the open block, where it is one after a jump that nobody has sealed yet.
    fn held(&self) -> Result<Option<u64>, Stop> {
        let open = self.open_time();
        Ok((open > self.newest()? + self.block_time).then_some(open))
    }

    /// Whether the open block has transactions that users sent.
    fn has_sent(&self) -> bool {
        let open = self.open.borrow().clone();
        open.is_some_and(|open| open.transactions().iter().any(|transaction| !transaction.tx.is_deposit()))
    }

    async fn order(&self, order: Control) -> Result<(), Stop> {
        self.control.send(order).await.map_err(|_| stopping())
    }

    /// Seals the open block and those that follow it, as many as that. The number of the newest.
    async fn seal(&self, blocks: u64) -> Result<u64, Stop> {
        let (done, wait) = oneshot::channel();
        self.order(Control::Seal { blocks, done }).await?;
        wait.await.map_err(|_| stopping())
    }

    /// Opens the next block again, on what is known by now.
    async fn reopen(&self) -> Result<(), Stop> {
        let (done, wait) = oneshot::channel();
        self.order(Control::Reopen { done }).await?;
        wait.await.map(drop).map_err(|_| stopping())
    }

    /// Of the embedded L1: opens the next block again, as a jump.
    async fn jump(&self, to: u64) -> Result<(), Stop> {
        let (done, wait) = oneshot::channel();
        self.order(Control::Jump { to, done }).await?;
        wait.await.map(drop).map_err(|_| stopping())
    }

    async fn drop_waiting(&self, which: Waiting) -> Result<u64, Stop> {
        let (done, wait) = oneshot::channel();
        self.order(Control::Drop { which, done }).await?;
        wait.await.map_err(|_| stopping())
    }

    async fn rewind(&self, rewind: Rewind) -> Result<(), Stop> {
        let (done, wait) = oneshot::channel();
        let to = rewind.to;
        self.order(Control::Back(BackTo { rewind, done })).await?;
        match wait.await.map_err(|_| stopping())? {
            true => Ok(()),
            false => Err(OrderRefusal::Final { to }.into()),
        }
    }
}
