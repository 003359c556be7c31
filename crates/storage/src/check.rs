//! The full check of a store (`db check`): everything that is derived is derived again and compared.

use crate::{
    Error, Snapshot, Store,
    blocks::read_body,
    heads::{heads, passer_owner},
    logs,
    tables::{self, Tables},
    v1::{self, NodeChanges, StateChanges},
    write::oldest_trie,
};
use alloy_consensus::Header;
use alloy_eips::{BlockNumHash, Encodable2718};
use alloy_primitives::{B256, Bytes, KECCAK256_EMPTY, hex, keccak256};
use signet_libmdbx::{Database, tx::aliases::RoTxSync};
use std::collections::{BTreeMap, BTreeSet};
use tributary_primitives::{Account, NodeUpdates, TrieUpdates};
use tributary_trie::{full_state_root, ordered_root};

/// What a check went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Blocks, the genesis included.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Accounts of the newest state.
    pub accounts: u64,
    /// Slots of the newest state.
    pub slots: u64,
    /// Trie nodes of the newest state.
    pub nodes: u64,
    /// Rows of history: replaced values, and versions of nodes within the window.
    pub history: u64,
}

/// A part of a check that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// What is looked at.
    pub part: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// How much there is.
    pub of: u64,
}

/// After so many things that were looked at, progress is told.
const TOLD_EVERY: u64 = 1024;

impl Store {
    /// Checks the whole store: headers form a chain and commit to their transactions and receipts, every index holds exactly what it should, the state
    /// gives the head's state root when computed from nothing, the trie nodes are those of that computation, and history is complete.
    ///
    /// Takes time and memory in proportion to the store; writers go on meanwhile.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the first fault.
    pub fn check(&self) -> Result<CheckReport, Error> {
        self.check_and_tell(&|_| {})
    }

    /// [`Store::check`], which tells now and then how far it is.
    ///
    /// # Errors
    /// As of [`Store::check`].
    pub fn check_and_tell(&self, tell: &dyn Fn(Checked)) -> Result<CheckReport, Error> {
        let snapshot = self.latest()?;
        let mut check = Check { tx: snapshot.transaction(), tables: &self.0.tables, report: CheckReport::default(), tell };
        check.heads()?;
        check.chain(self.genesis().number)?;
        check.state(&snapshot)?;
        check.history()?;
        check.blobs()?;
        Ok(check.report)
    }
}

struct Check<'s> {
    tx: &'s RoTxSync,
    tables: &'s Tables,
    report: CheckReport,
    tell: &'s dyn Fn(Checked),
}

impl Check<'_> {
    fn told(&self, part: &'static str, done: u64, of: u64) {
        if done.is_multiple_of(TOLD_EVERY) || done == of {
            (self.tell)(Checked { part, done, of });
        }
    }

    fn rows(&self, table: Database) -> Result<u64, Error> {
        Ok(self.tx.db_stat(&table)?.entries() as u64)
    }

    fn heads(&self) -> Result<(), Error> {
        let heads = heads(self.tx, self.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?;
        for (label, head) in [("unsafe", heads.unsafe_head), ("safe", heads.safe_head), ("finalized", heads.finalized_head)] {
            let row = tables::get(self.tx, self.tables.headers, &head.number.to_be_bytes())?;
            let found = row.map(|row| v1::header_hash(&row)).transpose()?;
            ensure(found == Some(head.hash), || format!("the {label} head {} is not on the chain", head.number))?;
        }
        let ordered = heads.finalized_head.number <= heads.safe_head.number && heads.safe_head.number <= heads.unsafe_head.number;
        ensure(ordered, || "the heads are out of order".into())
    }

    /// Headers, bodies, receipts and the indexes over them.
    fn chain(&mut self, genesis: u64) -> Result<(), Error> {
        let mut parent: Option<BlockNumHash> = None;
        let mut blocks: Vec<(u64, B256, Header)> = Vec::new();
        tables::visit(self.tx, self.tables.headers, &[], |key, row| {
            let (hash, header) = v1::decode_header(row)?;
            blocks.push((v1::decode_number(key)?, hash, header));
            Ok(())
        })?;
        let mut terms = 0;
        for (done, (number, hash, header)) in (1..).zip(&blocks) {
            self.told("blocks", done, blocks.len() as u64);
            let (number, hash) = (*number, *hash);
            ensure(keccak256(alloy_rlp::encode(header)) == hash && header.number == number, || format!("header {number} is not its own"))?;
            match parent {
                None => ensure(number == genesis, || format!("the chain begins with block {number}"))?,
                Some(parent) => ensure(number == parent.number + 1 && header.parent_hash == parent.hash, || {
                    format!("block {number} does not follow on from block {}", parent.number)
                })?,
            }
            let indexed = tables::get(self.tx, self.tables.numbers, hash.as_slice())?;
            ensure(indexed.as_deref() == Some(&number.to_be_bytes()), || format!("the hash index lacks block {number}"))?;
            self.transactions(number, header)?;
            terms += self.receipts(number, header)?;
            parent = Some(BlockNumHash { number, hash });
        }
        self.report.blocks = blocks.len() as u64;
        self.expect_rows("numbers", self.tables.numbers, self.report.blocks)?;
        self.expect_rows("bodies", self.tables.bodies, self.report.blocks)?;
        self.expect_rows("transactions", self.tables.transactions, self.report.transactions)?;
        self.expect_rows("receipts", self.tables.receipts, self.report.transactions)?;
        self.expect_rows("lookup", self.tables.lookup, self.report.transactions)?;
        self.expect_rows("logs", self.tables.logs, terms)
    }

    fn transactions(&mut self, number: u64, header: &Header) -> Result<(), Error> {
        let rows = tables::with_prefix(self.tx, self.tables.transactions, &number.to_be_bytes())?;
        let expected = read_body(self.tx, self.tables, number)?.transactions;
        ensure(rows.len() == expected as usize, || format!("block {number} has {} of its {expected} transactions", rows.len()))?;
        let mut encoded = Vec::with_capacity(rows.len());
        for (key, row) in &rows {
            let (_, transaction) = v1::decode_transaction(row)?;
            let found = tables::get(self.tx, self.tables.lookup, transaction.hash().as_slice())?;
            ensure(found.as_deref() == Some(key), || format!("the index lacks transaction {} of block {number}", transaction.hash()))?;
            encoded.push(transaction.encoded_2718());
        }
        ensure(ordered_root(&encoded) == header.transactions_root, || format!("the transactions of block {number} are not its own"))?;
        self.report.transactions += rows.len() as u64;
        Ok(())
    }

    /// Returns how many entries of the log index are the block's.
    fn receipts(&self, number: u64, header: &Header) -> Result<u64, Error> {
        let rows = tables::with_prefix(self.tx, self.tables.receipts, &number.to_be_bytes())?;
        let mut encoded = Vec::with_capacity(rows.len());
        let (mut logs, mut terms) = (0, BTreeSet::new());
        for (_, row) in &rows {
            let (first_log, receipt) = v1::decode_receipt(row)?;
            ensure(first_log as usize == logs, || format!("the logs of block {number} are misnumbered"))?;
            logs += receipt.logs.len();
            receipt.logs.iter().for_each(|log| logs::terms_of(log, &mut terms));
            encoded.push(receipt.encoded_2718());
        }
        ensure(ordered_root(&encoded) == header.receipts_root, || format!("the receipts of block {number} are not its own"))?;
        for term in &terms {
            let found: Option<[u8; 8]> = self.tx.cursor(self.tables.logs)?.get_both(term, &number.to_be_bytes())?;
            ensure(found.is_some(), || format!("the log index lacks block {number}"))?;
        }
        Ok(terms.len() as u64)
    }

    fn state(&mut self, snapshot: &Snapshot) -> Result<(), Error> {
        let mut accounts = Vec::new();
        let of = self.rows(self.tables.accounts)?;
        for (done, account) in (1..).zip(snapshot.accounts()) {
            self.told("accounts", done, of);
            let (address, account) = account?;
            self.code(&account)?;
            let slots = snapshot.slots(address).collect::<Result<Vec<_>, _>>()?;
            self.report.slots += slots.len() as u64;
            accounts.push((address, account, slots));
        }
        self.report.accounts = accounts.len() as u64;
        self.expect_rows("storage", self.tables.storage, self.report.slots)?;
        (self.tell)(Checked { part: "the state root", done: 0, of: self.report.accounts });
        let (root, nodes) = full_state_root(accounts);
        let header = snapshot.header();
        ensure(root == header.state_root, || format!("the state has root {root}, block {} says {}", header.number, header.state_root))?;
        self.nodes(&nodes)
    }

    fn code(&self, account: &Account) -> Result<(), Error> {
        if account.code_hash == KECCAK256_EMPTY {
            return Ok(());
        }
        let code = tables::get(self.tx, self.tables.code, account.code_hash.as_slice())?;
        let whole = code.is_some_and(|code| keccak256(code) == account.code_hash);
        ensure(whole, || format!("code {} is missing or damaged", account.code_hash))
    }

    fn nodes(&mut self, expected: &TrieUpdates) -> Result<(), Error> {
        let flat = |owner: &[u8], nodes: &NodeUpdates| -> Vec<(Vec<u8>, Bytes)> {
            nodes.iter().filter_map(|(path, node)| Some(([owner, &v1::path_key(path)].concat(), node.clone()?))).collect()
        };
        let accounts = flat(&[], &expected.accounts).into_iter().collect();
        let storage = expected.storage.iter().flat_map(|(owner, updates)| flat(owner.as_slice(), &updates.nodes)).collect();
        let versions = self.versions(self.tables.account_nodes, &accounts)? + self.versions(self.tables.storage_nodes, &storage)?;
        self.report.nodes = (accounts.len() + storage.len()) as u64;
        self.report.history += versions;
        self.listed_versions(versions)
    }

    /// Newest versions are the nodes expected, and what is older is there for a reason. Returns how many are newer than the oldest state kept.
    fn versions(&self, table: Database, expected: &BTreeMap<Vec<u8>, Bytes>) -> Result<u64, Error> {
        let (oldest, passer) = (oldest_trie(self.tx, self.tables)?, passer_owner());
        let (mut listed, mut live) = (0, 0);
        let mut previous: Option<(Vec<u8>, u64)> = None;
        tables::visit(self.tx, table, &[], |row, node| {
            let (key, since) = v1::decode_version(row)?;
            let newer = previous.take().filter(|(newer, _)| newer == key);
            if newer.is_none() && !node.is_empty() {
                live += 1;
                ensure(expected.get(key).is_some_and(|rlp| rlp == node), || {
                    format!("the trie node at {} is damaged or superfluous", hex::encode(key))
                })?;
            }
            listed += u64::from(since > oldest);
            let needed = since > oldest || !node.is_empty() && newer.is_none_or(|(_, newer)| newer > oldest);
            ensure(needed || key.starts_with(passer.as_slice()), || format!("a superseded trie node at {} is kept", hex::encode(key)))?;
            previous = Some((key.to_vec(), since));
            Ok(())
        })?;
        ensure(live == expected.len(), || format!("{live} trie nodes of {} are there", expected.len()))?;
        Ok(listed)
    }

    /// Blocks list exactly the versions that they made.
    fn listed_versions(&self, expected: u64) -> Result<(), Error> {
        let mut listed = 0;
        tables::visit(self.tx, self.tables.node_changes, &[], |key, row| {
            let (number, _) = v1::decode_indexed(key)?;
            let changes = NodeChanges::decode(row)?;
            let table = if changes.owner.is_empty() { self.tables.account_nodes } else { self.tables.storage_nodes };
            listed += changes.paths.len() as u64;
            changes.paths.iter().try_for_each(|path| {
                let row = tables::get(self.tx, table, &v1::version(&[changes.owner, path].concat(), number))?;
                ensure(row.is_some(), || format!("the trie of block {number} is incomplete"))
            })
        })?;
        ensure(listed == expected, || format!("blocks list {listed} trie nodes, {expected} are there"))
    }

    /// Every change that a block lists has its row of history, and there are no other rows.
    fn history(&mut self) -> Result<(), Error> {
        let (mut accounts, mut slots, mut done) = (0, 0, 0);
        let of = self.rows(self.tables.state_changes)?;
        tables::visit(self.tx, self.tables.state_changes, &[], |key, row| {
            done += 1;
            self.told("history", done, of);
            let (number, _) = v1::decode_indexed(key)?;
            match StateChanges::decode(row)? {
                StateChanges::Accounts(addresses) => {
                    accounts += addresses.len() as u64;
                    addresses.iter().try_for_each(|address| self.past(self.tables.account_history, address.as_slice(), number))
                }
                StateChanges::Slots(address, changed) => {
                    slots += changed.len() as u64;
                    changed.iter().try_for_each(|slot| self.past(self.tables.storage_history, &v1::slot_key(address, *slot), number))
                }
            }
        })?;
        self.expect_rows("account_history", self.tables.account_history, accounts)?;
        self.expect_rows("storage_history", self.tables.storage_history, slots)?;
        self.report.history += accounts + slots;
        Ok(())
    }

    fn past(&self, history: Database, key: &[u8], number: u64) -> Result<(), Error> {
        let row = tables::get(self.tx, history, &v1::at_block(key, number))?;
        ensure(row.is_some(), || format!("history of block {number} is incomplete"))
    }

    fn blobs(&self) -> Result<(), Error> {
        let mut used = BTreeSet::new();
        let mut uses = 0u64;
        tables::visit(self.tx, self.tables.block_blobs, &[], |_, hash| {
            used.insert(hash.to_vec());
            uses += 1;
            Ok(())
        })?;
        let mut counted = 0u64;
        for hash in &used {
            let row = tables::get(self.tx, self.tables.blobs, hash)?.ok_or_else(|| Error::corrupt("a blob is missing"))?;
            counted += u64::from(v1::blob_uses(&row)?);
        }
        ensure(counted == uses, || "blobs are miscounted".into())?;
        self.expect_rows("blobs", self.tables.blobs, used.len() as u64)
    }

    fn expect_rows(&self, name: &str, table: Database, expected: u64) -> Result<(), Error> {
        let found = self.tx.db_stat(&table)?.entries() as u64;
        ensure(found == expected, || format!("table {name} has {found} rows, {expected} were expected"))
    }
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Corrupt(fault())) }
}
