//! Blocks on demand, and travelling in time.
//!
//! A time that is further away than the next blocks is reached by a jump: L1 makes a block that is marked as one, and the rollup's block that begins its epoch
//! has its time, whatever lies between. That block stays open for a while, for what it was made for.

use super::{Asked, Controlled, Developer, LOOK, OrderRefusal, Stop, stopping};
use crate::producer::{Rewind, Sent, head_block};
use std::{convert::Infallible, time::Duration};
use tributary_rollup::L2Head;

/// Most blocks that are mined at once.
const MAX_BLOCKS: u64 = 1_000_000;

/// So many blocks take long enough that the other roles wait until they are mined.
const MANY: u64 = 1_000;

/// Most blocks that are mined at once when each is a jump.
const MAX_JUMPS: u64 = 1_000;

/// The last second that time may jump to: contracts keep times in 48 bits.
const LAST: u64 = (1 << 48) - 1;

impl Developer {
    /// Seals `blocks` blocks now, `interval` seconds after one another.
    pub(super) async fn mine(&self, asked: Asked, blocks: u64, interval: Option<u64>) -> Result<u64, Stop> {
        let chain = self.chain(asked);
        if blocks > MAX_BLOCKS {
            return Err(OrderRefusal::TooManyBlocks { most: MAX_BLOCKS }.into());
        }
        if blocks == 0 {
            return Ok(chain.store.heads()?.unsafe_head.number);
        }
        let Some(interval) = interval.filter(|interval| *interval > chain.block_time) else {
            let newest = self.seal_undisturbed(chain, blocks).await?;
            self.follow_l1(asked).await?;
            return Ok(newest);
        };
        if blocks > MAX_JUMPS {
            return Err(OrderRefusal::TooManyJumps { most: MAX_JUMPS, block_time: chain.block_time }.into());
        }
        self.mine_apart(asked, blocks, interval).await
    }

    /// Seals blocks. While they are many, the batcher and with it the verifier and the prover leave the machine to that; they catch up afterwards.
    async fn seal_undisturbed(&self, chain: &Controlled, blocks: u64) -> Result<u64, Stop> {
        if blocks < MANY {
            return chain.seal(blocks).await;
        }
        let undisturbed = async {
            let _closed = self.gate.close().await;
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            newest = chain.seal(blocks) => newest,
            never = undisturbed => match never {},
        }
    }

    /// Seals `blocks` blocks, each by a jump.
    async fn mine_apart(&self, asked: Asked, blocks: u64, interval: u64) -> Result<u64, Stop> {
        let chain = self.chain(asked);
        // One that is after a jump already is the first.
        let held = chain.held()?;
        if held.is_some() {
            chain.seal(1).await?;
        }
        let newest = chain.newest()?;
        let times = (1..=blocks - u64::from(held.is_some())).map(|turn| newest.saturating_add(interval.saturating_mul(turn)));
        self.standing(async {
            for time in times {
                self.jump_l1(time).await?;
            }
            self.adopt().await
        })
        .await?;
        self.l2.seal(1).await?;
        Ok(chain.store.heads()?.unsafe_head.number)
    }

    /// Lets time jump.
    pub(super) async fn increase_time(&self, asked: Asked, seconds: u64) -> Result<u64, Stop> {
        let chain = self.chain(asked);
        let now = self.clock.seconds().max(chain.held()?.unwrap_or_default());
        let to = now.saturating_add(seconds);
        if to > chain.open_time() {
            self.next_block_at(Asked::L2, to.max(chain.newest()? + 1)).await?;
            if asked == Asked::L1 {
                // L1 is there already, and goes on once the rollup is.
                self.l2.seal(1).await?;
            }
        }
        let to = self.l2.held()?.unwrap_or_default();
        Ok(self.clock.ahead(Duration::from_secs(to)))
    }

    /// Has the chain's next block have this time, or, where that is before the blocks that it must have first, the first that its block time allows.
    pub(super) async fn next_block_at(&self, asked: Asked, time: u64) -> Result<u64, Stop> {
        let chain = self.chain(asked);
        if time > LAST {
            return Err(OrderRefusal::JumpTooFar { last: LAST }.into());
        }
        let newest = chain.newest()?;
        if time <= newest {
            return Err(OrderRefusal::TimeNotAfterHead { time, newest }.into());
        }
        if time == chain.open_time() {
            return Ok(time);
        }
        match asked {
            Asked::L1 => chain.jump(time).await.map(|()| time),
            Asked::L2 => self.rollup_at(time).await,
        }
    }

    /// Has the rollup's next block have this time.
    async fn rollup_at(&self, time: u64) -> Result<u64, Stop> {
        self.standing(async {
            if self.l2.held()?.is_some() {
                self.withdraw_jump().await?;
            }
            let head = head_block(&self.l2.store)?;
            let (newest, origin) = (head.block.header.timestamp, L2Head::of_block(&self.config, &head.block, head.hash)?.block.l1_origin);
            // Every L1 block before the jump has a block of the rollup.
            let before = self.l1.store.heads()?.unsafe_head.number.saturating_sub(origin.number);
            let earliest = newest + (before + 1) * self.l2.block_time;
            if time > earliest && time > self.l1.newest()? {
                self.jump_l1(time).await?;
                self.adopt().await?;
            } else {
                let blocks = (time - newest).div_ceil(self.l2.block_time);
                if blocks > 1 {
                    self.l2.seal(blocks - 1).await?;
                }
            }
            Ok(self.l2.open_time())
        })
        .await
    }

    /// Takes back the jump that the rollup's open block follows: another was ordered before anybody used it.
    async fn withdraw_jump(&self) -> Result<(), Stop> {
        let jump = self.l1.store.heads()?.unsafe_head.number;
        // What is on its way to L1 names blocks that stay; it is included after the jump that takes this one's place.
        self.l1.rewind(Rewind { to: jump - 1, sent: Sent::Moved }).await?;
        if let Some(head) = self.view.truncate(jump - 1) {
            self.seen.send_modify(|status| status.head = head);
        }
        self.l2.reopen().await
    }

    /// Makes a block of L1 that is a jump.
    async fn jump_l1(&self, time: u64) -> Result<(), Stop> {
        if time > LAST {
            return Err(OrderRefusal::JumpTooFar { last: LAST }.into());
        }
        self.l1.jump(time).await?;
        self.l1.seal(1).await.map(drop)
    }

    /// Waits until the rollup's open block is in the epoch of the newest block of L1. What users sent is in it.
    async fn adopt(&self) -> Result<(), Stop> {
        let head = self.l1.store.heads()?.unsafe_head;
        let mut seen = self.seen.subscribe();
        seen.wait_for(|status| status.head.hash == head.hash || status.head.number > head.number).await.map_err(|_| stopping())?;
        self.l2.reopen().await?;
        let time = self.l1.newest()?;
        while self.l2.open_time() < time && self.l2.newest()? < time {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Lets the rollup follow a jump that was mined on L1: until then time goes on as it was.
    async fn follow_l1(&self, asked: Asked) -> Result<(), Stop> {
        if asked == Asked::L1 && Duration::from_secs(self.l1.newest()?) > self.clock.now() {
            self.standing(self.adopt()).await?;
            self.l2.seal(1).await?;
        }
        Ok(())
    }

    /// Does something while the clock stands. If it ran, it would be later than was asked.
    async fn standing<T>(&self, work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
        let stands = self.clock.is_stopped();
        self.clock.stop(true);
        let done = work.await;
        self.clock.stop(stands);
        done
    }
}
