//! What users of a development chain order.

use tokio::sync::oneshot;
use tributary_pool::Waiting;

/// A command on its way to the node.
#[derive(Debug)]
pub struct Order {
    /// What to do.
    pub command: Command,
    /// Where the node says what came of it; a number's meaning depends on the command.
    pub reply: oneshot::Sender<Result<u64, OrderRefusal>>,
}

/// What a development node does on demand. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Seals as many blocks, this long after one another where the chain's block time is not longer. Answers the newest block's number.
    Mine {
        /// How many.
        blocks: u64,
        /// Seconds from one to the next.
        interval: u64,
    },
    /// Sets the clock of all chains forward. Answers by how much it is ahead of the machine's.
    IncreaseTime(u64),
    /// Sets the clock so that the next block that can be sealed has this time (of the Unix epoch), or the first after it that the chain's block time
    /// allows.
    NextBlockTime(u64),
    /// Stops the clock (no block is sealed but by [`Self::Mine`]), or lets it run.
    StopClock(bool),
    /// Remembers the chains as they are. Answers the snapshot's id.
    Snapshot,
    /// Sets the chains back to a snapshot, which is gone then like those after it. Answers 1, and 0 when there is none with this id.
    Revert(u64),
    /// Replaces the newest blocks of L1 by others with the same transactions.
    Reorg {
        /// How many.
        depth: u64,
    },
    /// Forgets transactions that wait, for good: they do not come back with a restart. Answers how many.
    Drop(Waiting),
}

/// Why an order was not carried out. Numbers are of blocks, times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefusal {
    /// The rollup would have to build more blocks than a jump in time may ask for.
    JumpTooLong {
        /// Blocks that it would have to build.
        blocks: u64,
        /// From one to the next.
        block_time: u64,
        /// Most blocks.
        most: u64,
    },
    /// More blocks are asked for at once than are mined.
    TooManyBlocks {
        /// Most blocks.
        most: u64,
    },
    /// The next block cannot have this time: the newest has it already, or a later one.
    TimeNotAfterHead {
        /// The time that was asked for, since the Unix epoch.
        time: u64,
        /// The newest block's.
        newest: u64,
    },
    /// The chain has gone on from a snapshot for longer than it can be set back.
    SnapshotTooOld {
        /// Blocks since.
        behind: u64,
        /// Most blocks.
        most: u64,
    },
    /// Fewer blocks of L1 than this can be replaced.
    ReorgTooDeep {
        /// Blocks that were asked for.
        depth: u64,
        /// Blocks that are not final.
        most: u64,
    },
    /// A block that would have to go is final.
    Final {
        /// The block that the chain would have been set back to.
        to: u64,
    },
    /// The node stops.
    Stopping,
}
