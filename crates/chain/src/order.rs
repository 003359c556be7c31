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
    /// Seals as many blocks now. Answers the newest block's number.
    Mine {
        /// How many.
        blocks: u64,
        /// Seconds from one to the next, and to the first from the block before; a block time where there is none.
        interval: Option<u64>,
    },
    /// Lets time jump forward. Answers by how much it is ahead of the machine's clock then.
    IncreaseTime(u64),
    /// The next block is to have this time, in seconds of the Unix epoch. Answers the time that it will have.
    NextBlockTime(u64),
    /// When blocks are sealed from now on.
    Seal(Sealing),
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

/// When a development chain's blocks are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sealing {
    /// Once a transaction is executed and nothing else is waiting, and when their time is over.
    AtOnce,
    /// When their time is over.
    InTime,
    /// When somebody orders it ([`Command::Mine`]): time stands still.
    OnDemand,
}

/// Why an order was not carried out. Numbers are of blocks, times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefusal {
    /// Time cannot jump beyond what is counted.
    JumpTooFar {
        /// The last second that it can jump to, of the Unix epoch.
        last: u64,
    },
    /// More blocks are asked for at once than are mined at another interval than the block time, each of which is a jump.
    TooManyJumps {
        /// Most blocks.
        most: u64,
        /// The chain's block time.
        block_time: u64,
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
