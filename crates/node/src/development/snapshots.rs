//! Moments that both chains can be set back to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Most snapshots that are held.
const MAX_SNAPSHOTS: usize = 1024;

/// The chains at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot {
    pub(super) l1: u64,
    pub(super) l2: u64,
    /// The L1 block that the L2 block was built on.
    pub(super) origin: u64,
    pub(super) time: Duration,
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

    pub(super) fn hold(&self, snapshot: Snapshot) -> u64 {
        let mut held = self.lock();
        held.last_id += 1;
        let id = held.last_id;
        held.by_id.insert(id, snapshot);
        if held.by_id.len() > MAX_SNAPSHOTS {
            held.by_id.pop_first();
        }
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<Snapshot> {
        self.lock().by_id.get(&id).copied()
    }

    /// Lets a snapshot go, and all that are younger.
    pub(super) fn release(&self, id: u64) {
        self.lock().by_id.split_off(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
