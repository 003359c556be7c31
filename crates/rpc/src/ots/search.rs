//! `ots_searchTransactions*`: the transactions in which an address takes part: as sender, as receiver, or in a call inside.
//!
//! Who is called inside a transaction is not stored, and what the state's history tells does not suffice (a call need not change anything). So blocks
//! are executed again, each once: what was found is kept, within bounds. One request works for a bounded time. When that is over it answers with what
//! it found, which is never called the last page; when that is nothing, with an error that says where it has come to. Asked again it goes on there.

use super::explorer::{calls_of, count};
use crate::{
    api::{Api, Module, to_json},
    args::Args,
    debug::replay::replay,
    error::RpcError,
    eth::transaction::{by_transaction_hash, receipt},
    json::TransactionJson,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tributary_storage::StoredBlock;

/// Most transactions that may be asked for at once.
const PAGE: u64 = 1000;

/// Most blocks, and most places of addresses in them, that are kept. About a hundred megabytes.
const KEPT_BLOCKS: usize = 1 << 20;
const KEPT_PLACES: usize = 1 << 21;

/// What a transfer costs that runs no code (EIP-2); with anything more a call may have been made.
const TRANSFER_GAS: u64 = 21_000;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    let known = Arc::new(Participants::default());
    for (name, direction) in [("ots_searchTransactionsBefore", Direction::Before), ("ots_searchTransactionsAfter", Direction::After)] {
        let known = known.clone();
        module.register_async_method(name, move |params, api, _| {
            let (args, known) = (Args::new(&params), known.clone());
            async move {
                let mut args = args?;
                let (address, number, size) = (args.required()?, count(&mut args)?, count(&mut args)?);
                args.end()?;
                let workers = api.workers.clone();
                let search = move || to_json(&Search { api: &api, known: &known, address, direction }.page(number, size)?);
                workers.run(search).await
            }
        })?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// From a block towards the genesis.
    Before,
    /// From a block towards the newest.
    After,
}

/// A page of transactions, newest first, with their receipts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    txs: Vec<TransactionJson>,
    receipts: Vec<Value>,
    /// Whether there is nothing newer.
    first_page: bool,
    /// Whether there is nothing older.
    last_page: bool,
}

/// Where a transaction is.
type Position = (u64, u32);

/// One address and the index of a transaction in which it takes part, ascending by both.
type Places = Arc<[(Address, u32)]>;

/// Who takes part in the transactions of the blocks that were looked into.
#[derive(Debug, Default)]
struct Participants(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    blocks: BTreeMap<u64, (B256, Places)>,
    places: usize,
}

impl Participants {
    /// Those of the block with this number and hash, if they are known.
    fn get(&self, number: u64, hash: B256) -> Option<Places> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.blocks.get(&number).filter(|(of, _)| *of == hash).map(|(_, places)| places.clone())
    }

    /// Keeps those of a block, while there is room. Blocks without anything but the same system transaction share one list.
    fn keep(&self, number: u64, hash: B256, places: Places) -> Places {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let neighbours = [number.checked_sub(1), number.checked_add(1)];
        let alike = neighbours.into_iter().flatten().find_map(|near| kept.blocks.get(&near).filter(|(_, its)| *its == places).cloned());
        let cost = if alike.is_some() { 0 } else { places.len() };
        let places = alike.map_or(places, |(_, alike)| alike);
        if kept.blocks.len() < KEPT_BLOCKS && kept.places + cost <= KEPT_PLACES {
            kept.places += cost;
            kept.blocks.insert(number, (hash, places.clone()));
        }
        places
    }
}

struct Search<'a> {
    api: &'a Api,
    known: &'a Participants,
    address: Address,
    direction: Direction,
}

/// What a walk over blocks came to.
#[derive(Debug, Default)]
struct Walk {
    /// In the order of the walk.
    found: Vec<Position>,
    /// Whether there is more, as far as was looked.
    has_more: bool,
    /// The block before which time was over.
    stopped_at: Option<u64>,
}

impl Search<'_> {
    /// The page before or after block `number`, which is not part of it; 0 stands for the end at which the direction begins.
    fn page(&self, number: u64, size: u64) -> Result<Page, RpcError> {
        if size > PAGE {
            return Err(RpcError::server(format!("max allowed page size: {PAGE}")));
        }
        let oldest = self.api.chain.store.genesis().number + 1;
        let newest = self.api.head()?;
        let walk = match (self.direction, number) {
            (Direction::Before, 0) => self.walk((oldest..=newest).rev(), size)?,
            (Direction::Before, number) => self.walk((oldest..=newest.min(number - 1)).rev(), size)?,
            (Direction::After, 0) => self.walk(oldest..=newest, size)?,
            (Direction::After, number) => self.walk(oldest.max(number.saturating_add(1))..=newest, size)?,
        };
        if let (Some(block), true) = (walk.stopped_at, walk.found.is_empty()) {
            let words = format!("no transaction of {} found before time was over at block {block}: ask again to go on", self.address);
            return Err(RpcError::limit(words));
        }
        let is_end = !walk.has_more && walk.stopped_at.is_none();
        let (first_page, last_page) = match self.direction {
            Direction::Before => (number == 0, is_end),
            Direction::After => (is_end, number == 0),
        };
        let mut found = walk.found;
        if self.direction == Direction::After {
            found.reverse();
        }
        let mut page = Page { txs: Vec::new(), receipts: Vec::new(), first_page, last_page };
        for position in found {
            self.show(position, &mut page)?;
        }
        Ok(page)
    }

    /// Walks over blocks until there are `size` transactions and those of the last block are complete, and on until it is known whether there are more.
    fn walk(&self, blocks: impl Iterator<Item = u64>, size: u64) -> Result<Walk, RpcError> {
        let end = Instant::now() + self.api.chain.limits.call_time;
        let mut walk = Walk::default();
        let mut has_looked = false;
        for number in blocks {
            let Some(hash) = self.api.chain.store.hash_of(number)? else { continue };
            let places = match self.known.get(number, hash) {
                Some(places) => places,
                // However short the time, who asks again and again gets there, unless a single block takes longer than a trace may.
                None if has_looked && Instant::now() >= end => {
                    walk.stopped_at = Some(number);
                    break;
                }
                None => {
                    has_looked = true;
                    match self.look_into(number) {
                        Ok(places) => self.known.keep(number, hash, places),
                        Err(error) if walk.found.is_empty() => return Err(error),
                        // What was found is told; who asks to go on hears of it then.
                        Err(_) => {
                            walk.stopped_at = Some(number);
                            break;
                        }
                    }
                }
            };
            let first = places.partition_point(|(address, _)| *address < self.address);
            let mut indexes: Vec<u32> =
                places[first..].iter().take_while(|(address, _)| *address == self.address).map(|(_, index)| *index).collect();
            if !indexes.is_empty() && walk.found.len() as u64 >= size {
                walk.has_more = true;
                break;
            }
            if self.direction == Direction::Before {
                indexes.reverse();
            }
            walk.found.extend(indexes.into_iter().map(|index| (number, index)));
        }
        Ok(walk)
    }

    /// Executes a block again to see who takes part in its transactions.
    fn look_into(&self, number: u64) -> Result<Places, RpcError> {
        let Some(stored) = self.api.chain.store.block(number)? else { return Ok(Arc::default()) };
        let mut places = BTreeSet::new();
        for (index, (tx, from)) in (0..).zip(stored.block.body.transactions.iter().zip(&stored.senders)) {
            places.insert((*from, index));
            places.extend(tx.to().map(|to| (to, index)));
        }
        if self.has_calls(&stored)? {
            let calls = replay(self.api, &stored, self.api.chain.limits.trace_time, |block| calls_of(&block))
                .map_err(|error| RpcError::server(format!("block {number} cannot be searched: {}", error.message)))?;
            for (index, call) in (0..).zip(&calls) {
                for call in call.iter() {
                    places.insert((call.from, index));
                    places.extend(call.to.map(|to| (to, index)));
                }
            }
        }
        Ok(places.into_iter().collect())
    }

    /// Whether a transaction of the block used more gas than a transfer.
    fn has_calls(&self, stored: &StoredBlock) -> Result<bool, RpcError> {
        let mut before = 0;
        let receipts = self.api.chain.store.receipts(stored.hash)?.unwrap_or_default();
        Ok(receipts.iter().any(|receipt| {
            let gas = receipt.cumulative_gas_used.saturating_sub(before);
            before = receipt.cumulative_gas_used;
            gas > TRANSFER_GAS
        }))
    }

    fn show(&self, (number, index): Position, page: &mut Page) -> Result<(), RpcError> {
        let store = &self.api.chain.store;
        let (Some(stored), Some(header)) = (store.transaction(number, index)?, store.header(number)?) else { return Ok(()) };
        let hash = stored.transaction.hash();
        let (Some(tx), Some(receipt)) = (by_transaction_hash(self.api, hash)?, receipt(self.api, hash)?) else { return Ok(()) };
        let mut receipt = serde_json::to_value(receipt).map_err(|error| RpcError::internal(&error))?;
        receipt["timestamp"] = json!(header.timestamp);
        page.txs.push(tx);
        page.receipts.push(receipt);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(byte: u8) -> Places {
        Arc::new([(Address::repeat_byte(byte), 0)])
    }

    #[test]
    fn what_was_found_in_a_block_is_forgotten_with_the_block() {
        let known = Participants::default();
        known.keep(5, B256::repeat_byte(1), places(1));
        assert_eq!(known.get(5, B256::repeat_byte(1)), Some(places(1)));
        assert_eq!(known.get(5, B256::repeat_byte(2)), None);
        known.keep(5, B256::repeat_byte(2), places(2));
        assert_eq!(known.get(5, B256::repeat_byte(2)), Some(places(2)));
    }

    #[test]
    fn blocks_with_the_same_participants_share_them() {
        let known = Participants::default();
        let first = known.keep(5, B256::repeat_byte(1), places(1));
        let second = known.keep(4, B256::repeat_byte(2), places(1));
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(known.0.lock().unwrap().places, 1);
    }
}
