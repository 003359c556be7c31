//! Following a chain: every sealed block once and in order, from any block on, and back again when blocks leave the chain.
//!
//! What a reader has been told ends with a block, its [`Place`]. An event whose block follows on from it is passed on as it is; when one does not, because
//! events were missed or the reader begins in the past, blocks are read from the store until there is no gap any more. So memory holds no more than the
//! node's channel of events does, however far a reader is behind. A block that leaves the chain is told with its contents, which only the event that
//! takes it away has: who was too slow for that event is [`Lost::Displaced`].

use crate::{Event, SealedBlock};
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tributary_storage::Store;

/// Up to where a reader has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first block that it has not been told of.
    pub next: u64,
    /// The hash of the block before, where it was told of that.
    pub last: Option<B256>,
}

impl Place {
    /// Before a block, by a reader who has been told of none.
    pub const fn before(next: u64) -> Self {
        Self { next, last: None }
    }

    /// After a block.
    pub const fn after(block: BlockNumHash) -> Self {
        Self { next: block.number + 1, last: Some(block.hash) }
    }
}

/// What a reader is told.
#[derive(Debug, Clone)]
pub enum Step {
    /// The next block.
    Block(Arc<SealedBlock>),
    /// The newest block that it was told of has left the chain.
    Undo(Arc<SealedBlock>),
}

/// Why a reader is told no more.
#[derive(Debug)]
pub enum Lost {
    /// The node stops.
    Stopping,
    /// The block that the reader was told of last is not on the chain any more, and the event that said so was missed: the reader was too slow.
    Displaced(BlockNumHash),
    /// The store cannot be read.
    Storage(tributary_storage::Error),
}

impl From<tributary_storage::Error> for Lost {
    fn from(error: tributary_storage::Error) -> Self {
        Self::Storage(error)
    }
}

/// What reading the store came to.
#[derive(Debug)]
enum Read {
    Block(Arc<SealedBlock>),
    /// There is nothing newer.
    Nothing,
    /// The block up to which the reader was told is not on the chain any more.
    Displaced,
}

/// A reader of a chain that misses nothing.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    events: Receiver<Event>,
    place: Place,
    /// The lowest block that the reader was told of, or will be first.
    first: u64,
    /// Blocks that the reader was told of and that have left the chain, newest first; it has still to be told.
    undone: VecDeque<Arc<SealedBlock>>,
    /// Whether the store may have blocks that no event will tell of.
    is_behind: bool,
    /// Whether events were missed since the reader's place was last found on the chain.
    has_missed: bool,
}

impl Follower {
    /// Follows a chain from a place on. `events` are subscribed to before the place is looked up, so that nothing happens in between unseen.
    pub const fn new(store: Store, events: Receiver<Event>, place: Place) -> Self {
        Self { store, events, place, first: place.next, undone: VecDeque::new(), is_behind: true, has_missed: false }
    }

    /// Follows a chain from its newest block on, which the reader is not told of.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn from_head(store: Store, events: Receiver<Event>) -> Result<Self, tributary_storage::Error> {
        let place = Place::after(store.heads()?.unsafe_head);
        Ok(Self::new(store, events, place))
    }

    /// The reader has been told of everything before its place, by an earlier follower: it is told when that leaves the chain, too.
    #[must_use]
    pub const fn informed(mut self) -> Self {
        self.first = 0;
        self
    }

    /// Goes on from another place, as after [`Lost::Displaced`]; of what was before, the reader is told nothing more unless it is [informed](Self::informed).
    pub fn again_from(&mut self, place: Place) {
        self.first = if self.first == 0 { 0 } else { place.next };
        self.place = place;
        self.undone.clear();
        (self.is_behind, self.has_missed) = (true, false);
    }

    /// Where the reader is. Blocks that it has still to be undone are not counted back yet by it.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The next step. Waits for one when the reader is at the head; blocks for as long as the store takes to read a block when it is behind.
    ///
    /// # Errors
    /// See [`Lost`]. Nothing more comes after.
    pub async fn next(&mut self) -> Result<Step, Lost> {
        loop {
            if let Some(step) = self.live().await? {
                return Ok(step);
            }
            let read = read(&self.store, self.place)?;
            match read {
                Read::Block(block) => {
                    self.has_read(Place::after(block.id()), false);
                    return Ok(Step::Block(block));
                }
                Read::Nothing => self.has_read(self.place, true),
                Read::Displaced => self.displaced()?,
            }
        }
    }

    /// The next step of a reader that is at the head; `None` as soon as it is behind: it then has a faster way than [`Self::next`] to read from its place
    /// towards the newest block, and says how far it has with [`Self::has_read`].
    ///
    /// # Errors
    /// See [`Lost`]. Nothing more comes after.
    pub async fn live(&mut self) -> Result<Option<Step>, Lost> {
        loop {
            if let Some(block) = self.undone.pop_front() {
                self.place = Place { next: block.number(), last: Some(block.block.header.parent_hash) };
                // One before the place where the reader began is nothing to it; what comes instead is.
                if block.number() < self.first {
                    continue;
                }
                return Ok(Some(Step::Undo(block)));
            }
            if self.is_behind {
                return Ok(None);
            }
            match self.events.recv().await {
                Ok(event) => {
                    if let Some(block) = self.take(&event) {
                        return Ok(Some(Step::Block(block)));
                    }
                }
                Err(RecvError::Lagged(_)) => (self.is_behind, self.has_missed) = (true, true),
                Err(RecvError::Closed) => return Err(Lost::Stopping),
            }
        }
    }

    /// The reader has read up to a place, having found the one before on the chain. At the last one there is nothing more to be read.
    pub fn has_read(&mut self, place: Place, is_last: bool) {
        self.go_on(place);
        self.is_behind = !is_last;
        self.has_missed = false;
    }

    /// The reader found that the block before its place is not on the chain any more. The event that says so is on its way, unless it was missed.
    ///
    /// # Errors
    /// [`Lost::Displaced`] when it was.
    pub const fn displaced(&mut self) -> Result<(), Lost> {
        self.is_behind = false;
        match self.place.last {
            Some(hash) if self.has_missed => Err(Lost::Displaced(BlockNumHash { number: self.place.next - 1, hash })),
            _ => Ok(()),
        }
    }

    fn go_on(&mut self, place: Place) {
        if place.next > self.place.next {
            self.first = self.first.min(self.place.next);
        }
        self.place = place;
    }

    /// What an event means to a reader at this place: its next block, or blocks to undo, or a gap.
    fn take(&mut self, event: &Event) -> Option<Arc<SealedBlock>> {
        match event {
            Event::Sealed(block) if block.number() >= self.place.next => {
                let follows =
                    block.number() == self.place.next && self.place.last.is_none_or(|last| last == block.block.header.parent_hash);
                if !follows {
                    self.is_behind = true;
                    return None;
                }
                self.go_on(Place::after(block.id()));
                Some(block.clone())
            }
            Event::Reorg { removed } => {
                // Blocks that this reader has not been told of concern it as little as ones that were removed before it began.
                let newest = removed.iter().position(|block| Some(block.hash) == self.place.last);
                self.undone.extend(newest.into_iter().flat_map(|newest| &removed[newest..]).cloned());
                None
            }
            _ => None,
        }
    }
}

/// The block at a place.
fn read(store: &Store, place: Place) -> Result<Read, tributary_storage::Error> {
    loop {
        let Some(stored) = store.block(place.next)? else {
            let before = place.next.checked_sub(1).map(|number| store.hash_of(number)).transpose()?.flatten();
            let is_there = place.last.is_none_or(|last| before == Some(last));
            return Ok(if is_there { Read::Nothing } else { Read::Displaced });
        };
        if place.last.is_some_and(|last| last != stored.block.header.parent_hash) {
            return Ok(Read::Displaced);
        }
        // Where there are none, the block was taken back between the two reads.
        if let Some(receipts) = store.receipts(stored.hash)? {
            return Ok(Read::Block(Arc::new(SealedBlock { block: stored.block, hash: stored.hash, senders: stored.senders, receipts })));
        }
    }
}
