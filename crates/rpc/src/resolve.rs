//! Which block and which state a client means by a number, a tag or a hash.
//!
//! `latest` is the newest sealed block and `pending` the open one, as in geth. On the realtime endpoint methods that read state or execute take `latest`
//! as the open block once that holds a transaction: who has a receipt in hand must find its effects. For the same reason the open block's number, which
//! its receipts name there, means the open block to such methods.

use crate::{api::Api, error::RpcError, open_block::Open};
use alloy_consensus::Header;
use alloy_eips::{BlockHashOrNumber, BlockId, BlockNumberOrTag};
use alloy_primitives::Address;
use std::sync::{Arc, PoisonError};
use tributary_execution::{L1Fees, State};
use tributary_primitives::{Account, Block, StateReader};
use tributary_storage::Snapshot;

/// A block that a client named.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Open(Open),
    /// Not necessarily one that exists.
    Sealed(BlockHashOrNumber),
}

/// A state to read or to execute on.
#[derive(Debug, Clone)]
pub(crate) struct StateAt {
    pub(crate) state: State,
    pub(crate) header: Header,
}

impl Api {
    /// Number of the newest sealed block.
    pub(crate) fn head(&self) -> Result<u64, RpcError> {
        Ok(self.chain.store.heads()?.unsafe_head.number)
    }

    /// The open block; `None` where there is none or it is sealed already.
    pub(crate) fn open(&self) -> Result<Option<Open>, RpcError> {
        let open = self.chain.pending.borrow().clone();
        match open {
            Some(open) if open.header().number > self.head()? => Ok(Some(open)),
            _ => Ok(None),
        }
    }

    /// The block that a tag or number means. Without an open block, `pending` means the newest.
    pub(crate) fn by_tag(&self, tag: BlockNumberOrTag) -> Result<Target, RpcError> {
        let store = &self.chain.store;
        let number = match tag {
            BlockNumberOrTag::Pending => match self.open()? {
                Some(open) => return Ok(Target::Open(open)),
                None => self.head()?,
            },
            BlockNumberOrTag::Latest => self.head()?,
            BlockNumberOrTag::Safe => store.heads()?.safe_head.number,
            BlockNumberOrTag::Finalized => store.heads()?.finalized_head.number,
            BlockNumberOrTag::Earliest => store.genesis().number,
            BlockNumberOrTag::Number(number) => number,
        };
        Ok(Target::Sealed(number.into()))
    }

    /// The block that a tag, number or hash means.
    pub(crate) fn by_id(&self, id: BlockId) -> Result<Target, RpcError> {
        match id {
            BlockId::Number(tag) => self.by_tag(tag),
            BlockId::Hash(hash) => Ok(Target::Sealed(hash.block_hash.into())),
        }
    }

    /// The state after a block, for methods that read state or execute.
    pub(crate) fn state_at(&self, id: BlockId) -> Result<StateAt, RpcError> {
        match self.target_of_state(id)? {
            Target::Open(open) => Ok(StateAt { header: open.header().clone(), state: Arc::new(open.state()) }),
            Target::Sealed(id) => {
                let snapshot = self.snapshot(id)?;
                Ok(StateAt { header: snapshot.header().inner().clone(), state: Arc::new(snapshot) })
            }
        }
    }

    /// The block after whose state a method that reads state or executes is asked for.
    pub(crate) fn target_of_state(&self, id: BlockId) -> Result<Target, RpcError> {
        match id {
            BlockId::Number(BlockNumberOrTag::Latest) => self.newest_state(),
            BlockId::Number(BlockNumberOrTag::Number(number)) => self.by_told_number(number),
            other => self.by_id(other),
        }
    }

    /// The block of a number that the client may have from a receipt: the open block's, too, where receipts come before the seal.
    pub(crate) fn by_told_number(&self, number: u64) -> Result<Target, RpcError> {
        if self.is_realtime()
            && let Some(open) = self.open()?.filter(|open| open.header().number == number)
        {
            return Ok(Target::Open(open));
        }
        Ok(Target::Sealed(number.into()))
    }

    /// The block of a tag, or of a number that the client may have from a receipt.
    pub(crate) fn by_told(&self, tag: BlockNumberOrTag) -> Result<Target, RpcError> {
        match tag {
            BlockNumberOrTag::Number(number) => self.by_told_number(number),
            tag => self.by_tag(tag),
        }
    }

    /// What `latest` means to a method that reads state.
    fn newest_state(&self) -> Result<Target, RpcError> {
        if self.is_realtime()
            && let Some(open) = self.open()?.filter(|open| self.is_in_use(open))
        {
            return Ok(Target::Open(open));
        }
        self.by_tag(BlockNumberOrTag::Latest)
    }

    /// Whether the open block holds anything but what every block of a rollup begins with, the L1 attributes. A deposit counts: it has a receipt, too.
    fn is_in_use(&self, open: &Open) -> bool {
        open.len() > usize::from(self.chain.spec.is_rollup())
    }

    /// The state after a sealed block.
    pub(crate) fn snapshot(&self, id: BlockHashOrNumber) -> Result<Snapshot, RpcError> {
        let number = match id {
            BlockHashOrNumber::Number(number) => number,
            BlockHashOrNumber::Hash(hash) => self.chain.store.number_of(hash)?.ok_or_else(RpcError::hash_not_found)?,
        };
        Ok(self.chain.store.at(number)?)
    }

    /// An account as of a block.
    pub(crate) fn account_at(&self, address: Address, id: BlockId) -> Result<Account, RpcError> {
        Ok(self.state_at(id)?.state.account(address)?.unwrap_or_default())
    }

    /// The nonce that a wallet should use next: what follows the transactions that are executed, and those that wait from there without a gap.
    pub(crate) fn next_nonce(&self, address: Address) -> Result<u64, RpcError> {
        // The pool first: what is then on its way into the open block is found in one of the two.
        let waiting = self.with_pool(|pool| pool.nonces(address));
        let executed = self.account_at(address, BlockId::pending())?.nonce;
        Ok((executed..).find(|nonce| !waiting.contains(nonce)).unwrap_or(u64::MAX))
    }

    /// The L1 fee parameters of a sealed block; `None` on an Ethereum chain and for a block without L1 attributes (genesis).
    pub(crate) fn sealed_fees(&self, number: u64) -> Result<Option<L1Fees>, RpcError> {
        if !self.chain.spec.is_rollup() {
            return Ok(None);
        }
        let first = self.chain.store.transaction(number, 0)?;
        Ok(first.and_then(|first| L1Fees::from_attributes(&first.transaction.as_deposit()?.input)))
    }

    /// The same of a block in hand.
    pub(crate) fn fees_of(&self, block: &Block) -> Option<L1Fees> {
        let first = block.body.transactions.first().filter(|_| self.chain.spec.is_rollup())?;
        L1Fees::from_attributes(&first.as_deposit()?.input)
    }

    /// The L1 fee parameters of the open block.
    pub(crate) fn open_fees(&self, open: &Open) -> Option<L1Fees> {
        if !self.chain.spec.is_rollup() {
            return None;
        }
        let parent = open.header().parent_hash;
        let mut cached = self.open_fees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fees)) = cached.filter(|(of, _)| *of == parent) {
            return Some(fees);
        }
        let fees = L1Fees::from_attributes(&open.get(0)?.tx.as_deposit()?.input)?;
        *cached = Some((parent, fees));
        Some(fees)
    }
}
