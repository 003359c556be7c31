//! What a development node does on demand: blocks, time, snapshots, reorganisations of L1. One task, one command at a time, for both chains.

use crate::{
    Error,
    clock::Clock,
    gate::Gate,
    l1_view::L1View,
    producer::{BackTo, Control, Rewind, Sent, head_block},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, TxKind};
use alloy_sol_types::SolCall;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};
use tributary_chain::{Command, L1Status, Order, OrderRefusal};
use tributary_execution::{
    PendingBlock,
    precompiles::{DEVELOPER, DEVELOPMENT, IDevelopment},
};
use tributary_pool::{RecoveredTx, Waiting};
use tributary_primitives::{RollupConfig, StateReader, Transaction};
use tributary_rollup::L2Head;
use tributary_storage::Store;

/// Most blocks that one jump in time may ask of a chain.
const MAX_BLOCKS: u64 = 1_000_000;

/// Most snapshots that are held.
const MAX_SNAPSHOTS: usize = 1024;

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

/// The chains at one moment.
#[derive(Debug, Clone, Copy)]
struct Snapshot {
    l1: u64,
    l2: u64,
    /// The L1 block that the L2 block was built on.
    origin: u64,
    time: Duration,
}

/// Snapshots by id. Nothing that came after the oldest becomes final, so that it can be taken back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshots(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    by_id: BTreeMap<u64, Snapshot>,
    last_id: u64,
}

impl Snapshots {
    /// The highest L1 block that may become final.
    pub(crate) fn final_limit(&self) -> u64 {
        self.lock().by_id.values().map(|snapshot| snapshot.l1).min().unwrap_or(u64::MAX)
    }

    /// The oldest L1 block that the rollup may be built on again.
    pub(crate) fn oldest_origin(&self) -> u64 {
        self.lock().by_id.values().map(|snapshot| snapshot.origin).min().unwrap_or(u64::MAX)
    }

    fn hold(&self, snapshot: Snapshot) -> u64 {
        let mut held = self.lock();
        held.last_id += 1;
        let id = held.last_id;
        held.by_id.insert(id, snapshot);
        if held.by_id.len() > MAX_SNAPSHOTS {
            held.by_id.pop_first();
        }
        id
    }

    fn get(&self, id: u64) -> Option<Snapshot> {
        self.lock().by_id.get(&id).copied()
    }

    /// Lets a snapshot go, and all that are younger.
    fn release(&self, id: u64) {
        self.lock().by_id.split_off(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let chain = match asked {
            Asked::L1 => &self.l1,
            Asked::L2 => &self.l2,
        };
        match command {
            Command::Mine { blocks, interval } => self.mine(chain, blocks, interval).await,
            Command::IncreaseTime(seconds) => {
                self.jump(self.clock.now().saturating_add(Duration::from_secs(seconds)))?;
                Ok(self.clock.ahead())
            }
            Command::NextBlockTime(time) => self.next_block_at(chain, time).await,
            Command::StopClock(stop) => {
                self.clock.stop(stop);
                Ok(0)
            }
            Command::Snapshot => self.snapshot().await,
            Command::Revert(id) => self.revert(id).await,
            Command::Reorg { depth } => self.reorg(depth).await,
            Command::Drop(which) => chain.drop_waiting(which).await,
        }
    }

    /// Sets the clock forward.
    fn jump(&self, time: Duration) -> Result<(), Stop> {
        let newest = head_block(&self.l2.store)?.block.header.timestamp;
        let blocks = time.as_secs().saturating_sub(newest) / self.l2.block_time;
        if blocks > MAX_BLOCKS {
            return Err(OrderRefusal::JumpTooLong { blocks, block_time: self.l2.block_time, most: MAX_BLOCKS }.into());
        }
        self.clock.advance_to(time);
        Ok(())
    }

    /// Lets `blocks` block times pass, and waits for the blocks.
    async fn mine(&self, chain: &Controlled, blocks: u64, interval: u64) -> Result<u64, Stop> {
        if blocks > MAX_BLOCKS || interval > MAX_BLOCKS {
            return Err(OrderRefusal::TooManyBlocks { most: MAX_BLOCKS }.into());
        }
        self.standing(async {
            for _ in 0..blocks {
                let newest = head_block(&chain.store)?.block.header.timestamp;
                // Where the clock is a jump ahead of the chain, the block that is mined is the one at the end of the jump.
                let from = newest.max(self.clock.seconds());
                let time = chain.slot_after(from.max(newest + interval.max(1) - 1));
                self.build_to(chain, time).await?;
            }
            Ok(chain.store.heads()?.unsafe_head.number)
        })
        .await
    }

    /// Does something while the clock stands. If it ran, it would be later than was asked, or a slot that is waited for could go by.
    async fn standing<T>(&self, work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        let stands = self.clock.is_stopped();
        self.clock.stop(true);
        let done = work.await;
        self.clock.stop(stands);
        done
    }

    /// Sets the clock forward to `time` and waits for the chain's blocks up to there.
    async fn build_to(&self, chain: &Controlled, time: u64) -> Result<(), Stop> {
        self.jump(Duration::from_secs(time))?;
        // An open block that is later than that: there is none at `time`, whose slot went by without one.
        while head_block(&chain.store)?.block.header.timestamp < time && chain.open_time() <= time {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Moves the clock so that the open block of the chain is the one at `time`.
    async fn next_block_at(&self, chain: &Controlled, time: u64) -> Result<u64, Stop> {
        let newest = head_block(&chain.store)?.block.header.timestamp;
        if time <= newest {
            return Err(OrderRefusal::TimeNotAfterHead { time, newest }.into());
        }
        let slot = chain.slot_after(time - 1);
        self.standing(self.build_to(chain, slot - chain.block_time)).await?;
        Ok(slot)
    }

    /// Seals what is open on the rollup, and remembers both chains.
    async fn snapshot(&self) -> Result<u64, Stop> {
        self.mine(&self.l2, 1, 1).await?;
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
    /// The first time after `time` at which the chain can have a block.
    fn slot_after(&self, time: u64) -> u64 {
        let genesis = self.store.genesis().timestamp;
        let slots = (time.saturating_sub(genesis) / self.block_time).saturating_add(1);
        genesis.saturating_add(slots.saturating_mul(self.block_time))
    }

    /// The time of the open block, 0 while there is none.
    fn open_time(&self) -> u64 {
        self.open.borrow().as_ref().map_or(0, |open| open.header().timestamp)
    }

    async fn drop_waiting(&self, which: Waiting) -> Result<u64, Stop> {
        let (done, wait) = oneshot::channel();
        self.control.send(Control::Drop { which, done }).await.map_err(|_| stopping())?;
        wait.await.map_err(|_| stopping())
    }

    async fn rewind(&self, rewind: Rewind) -> Result<(), Stop> {
        let (done, wait) = oneshot::channel();
        let to = rewind.to;
        self.control.send(Control::Back(BackTo { rewind, done })).await.map_err(|_| stopping())?;
        match wait.await.map_err(|_| stopping())? {
            true => Ok(()),
            false => Err(OrderRefusal::Final { to }.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letting_a_snapshot_go_takes_the_younger_ones_with_it_and_lets_l1_become_final_again() {
        let snapshots = Snapshots::default();
        let at = |l1| Snapshot { l1, l2: 2 * l1, origin: l1 - 1, time: Duration::ZERO };
        let ids: Vec<u64> = [5, 6, 9].into_iter().map(|l1| snapshots.hold(at(l1))).collect();
        assert_eq!((snapshots.final_limit(), snapshots.oldest_origin()), (5, 4));
        assert_eq!(snapshots.get(ids[1]).map(|snapshot| snapshot.l2), Some(12));
        snapshots.release(ids[1]);
        assert!(snapshots.get(ids[2]).is_none());
        snapshots.release(ids[0]);
        assert_eq!(snapshots.final_limit(), u64::MAX);
        assert!(snapshots.hold(at(1)) > ids[2], "an id is never used again");
    }
}
