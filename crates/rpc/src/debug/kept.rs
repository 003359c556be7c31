//! Blocks whose transactions were traced, kept for requests that follow: mostly all transactions of a block are asked for, one after the other.

use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap},
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicUsize, Ordering},
};
use tributary_execution::ReplayedBlock;
use tributary_primitives::{Account, StateError, StateReader};
use tributary_storage::{Snapshot, Store, StoredBlock};

/// Most blocks that are kept.
const MAX_BLOCKS: usize = 16;
/// Most values of their states that are kept, about 100 bytes each.
const MAX_VALUES: usize = 500_000;

/// Recent blocks, the one that was used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<Vec<Arc<KeptBlock>>>);

impl Replays {
    pub(crate) fn get(&self, hash: B256) -> Option<Arc<KeptBlock>> {
        let mut blocks = self.blocks();
        let at = blocks.iter().position(|block| block.stored.hash == hash)?;
        let block = blocks.remove(at);
        blocks.push(block.clone());
        Some(block)
    }

    /// Keeps a block, unless it is there already.
    pub(crate) fn keep(&self, block: KeptBlock) -> Arc<KeptBlock> {
        let mut blocks = self.blocks();
        if let Some(there) = blocks.iter().find(|there| there.stored.hash == block.stored.hash) {
            return there.clone();
        }
        let block = Arc::new(block);
        blocks.push(block.clone());
        block
    }

    /// Forgets what is too much, the oldest first.
    pub(crate) fn bound(&self) {
        let mut blocks = self.blocks();
        let mut values = 0;
        let fits = |block: &&Arc<KeptBlock>| {
            values += block.size();
            values <= MAX_VALUES
        };
        let kept = blocks.iter().rev().take(MAX_BLOCKS).take_while(fits).count();
        let gone = blocks.len() - kept;
        blocks.drain(..gone);
    }

    fn blocks(&self) -> MutexGuard<'_, Vec<Arc<KeptBlock>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sealed block, its parent's post-state as far as it was read, and what its first transactions changed.
#[derive(Debug)]
pub(crate) struct KeptBlock {
    pub(crate) stored: StoredBlock,
    pub(crate) state: Arc<RememberedState>,
    pub(crate) replayed: Arc<ReplayedBlock>,
}

impl KeptBlock {
    pub(crate) fn new(store: Store, stored: StoredBlock) -> Self {
        let header = &stored.block.header;
        let state = Arc::new(RememberedState {
            store,
            parent: (header.number.saturating_sub(1), header.parent_hash),
            values: RwLock::default(),
            readers: AtomicUsize::new(0),
            snapshot: Mutex::default(),
        });
        Self { replayed: Arc::new(ReplayedBlock::new(state.clone())), state, stored }
    }

    fn size(&self) -> usize {
        self.replayed.size() + self.state.values().len() + self.stored.senders.len()
    }
}

#[derive(Debug, Default)]
struct Values {
    accounts: AddressMap<Option<Account>>,
    storage: HashMap<(Address, U256), U256>,
    has_storage: AddressMap<bool>,
    code: B256Map<Bytes>,
    block_hashes: HashMap<u64, B256>,
}

impl Values {
    fn len(&self) -> usize {
        // A code is a kilobyte, more or less.
        self.accounts.len() + self.storage.len() + self.has_storage.len() + 64 * self.code.len() + self.block_hashes.len()
    }
}

/// The state after a block, of which each value is read once. The database is only held open while somebody reads.
#[derive(Debug)]
pub(crate) struct RememberedState {
    store: Store,
    parent: (u64, B256),
    values: RwLock<Values>,
    readers: AtomicUsize,
    snapshot: Mutex<Option<Snapshot>>,
}

/// Somebody reads.
#[derive(Debug)]
pub(crate) struct Reading<'a>(&'a RememberedState);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.0.readers.fetch_sub(1, Ordering::AcqRel) == 1 {
            *self.0.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl RememberedState {
    /// To be held while the state is read, so that the database is not opened for each value.
    pub(crate) fn begin(&self) -> Reading<'_> {
        self.readers.fetch_add(1, Ordering::AcqRel);
        Reading(self)
    }

    fn snapshot(&self) -> Result<Snapshot, StateError> {
        let mut held = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = &*held {
            return Ok(snapshot.clone());
        }
        let (number, hash) = self.parent;
        let snapshot = self.store.at(number).map_err(StateError::backend)?;
        if snapshot.header().hash() != hash {
            return Err(StateError::Missing(format!("the state after block {hash}, which is gone")));
        }
        if self.readers.load(Ordering::Acquire) > 0 {
            *held = Some(snapshot.clone());
        }
        Ok(snapshot)
    }

    fn values(&self) -> RwLockReadGuard<'_, Values> {
        self.values.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn values_mut(&self) -> RwLockWriteGuard<'_, Values> {
        self.values.write().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! remembered {
    ($state:ident, $map:ident, $key:expr, $read:expr) => {{
        if let Some(value) = $state.values().$map.get(&$key) {
            return Ok(value.clone());
        }
        let value = $read(&$state.snapshot()?)?;
        $state.values_mut().$map.insert($key, value.clone());
        Ok(value)
    }};
}

impl StateReader for RememberedState {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        remembered!(self, accounts, address, |state: &Snapshot| state.account(address))
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        remembered!(self, storage, (address, slot), |state: &Snapshot| state.storage(address, slot))
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        remembered!(self, has_storage, address, |state: &Snapshot| state.has_storage(address))
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        remembered!(self, code, hash, |state: &Snapshot| state.code(hash))
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        remembered!(self, block_hashes, number, |state: &Snapshot| state.block_hash(number))
    }

    fn may_be_kept(&self) -> bool {
        true
    }
}
