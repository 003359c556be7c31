//! Where shards are read: the state of a call, or a state by itself.

use super::super::{
    call::{Call, Step, Stop},
    sets::Set,
    shards::{Shard, shard_address},
};
use alloy_primitives::B256;
use tributary_primitives::StateReader;

/// A state's shards.
pub(in super::super) trait Source {
    /// The hash of a shard's code, which is there.
    fn shard_hash(&mut self, set: &Set, index: u64) -> Step<B256>;
    /// A shard, and its code's hash.
    fn shard(&mut self, set: &Set, index: u64) -> Step<(Shard, B256)>;
}

impl Source for Call<'_> {
    fn shard_hash(&mut self, set: &Set, index: u64) -> Step<B256> {
        set.shard_hash(self, index)
    }

    fn shard(&mut self, set: &Set, index: u64) -> Step<(Shard, B256)> {
        set.shard(self, index)
    }
}

/// A state that nothing is executed on.
pub(super) struct Committed<'s>(pub(super) &'s dyn StateReader);

impl Source for Committed<'_> {
    fn shard_hash(&mut self, set: &Set, index: u64) -> Step<B256> {
        let account = self.0.account(shard_address(set.id, index)).map_err(unread)?;
        account.map_or_else(|| set.damaged(index), |account| Ok(account.code_hash))
    }

    fn shard(&mut self, set: &Set, index: u64) -> Step<(Shard, B256)> {
        let hash = self.shard_hash(set, index)?;
        let code = self.0.code(hash).map_err(unread)?;
        Shard::decode(set.terms.kind, &code).map_or_else(|| set.damaged(index), |shard| Ok((shard, hash)))
    }
}

/// State that cannot be read.
pub(super) fn unread(error: impl std::fmt::Display) -> Stop {
    Stop::Fatal(error.to_string())
}
