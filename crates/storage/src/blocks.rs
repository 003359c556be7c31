//! Reading blocks, transactions, receipts and blobs. Each call reads one consistent view.

use crate::{
    BlobSidecar, Error, Store,
    heads::read_header,
    tables::{self, Tables},
    v1,
};
use alloy_consensus::Header;
use alloy_eips::{BlockHashOrNumber, BlockNumHash};
use alloy_primitives::{Address, B256, Sealed};
use signet_libmdbx::tx::{TransactionKind, Tx};
use tributary_primitives::{Block, BlockBody, Receipt, Transaction};

/// The EIP-2718 type of the OP Stack's deposits.
const DEPOSIT_TX_TYPE_ID: u8 = 0x7e;

/// A block of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// Its hash.
    pub hash: B256,
    /// Senders, one per transaction.
    pub senders: Vec<Address>,
}

impl StoredBlock {
    /// Number and hash.
    pub fn id(&self) -> BlockNumHash {
        BlockNumHash { number: self.block.header.number, hash: self.hash }
    }
}

/// A transaction of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTransaction {
    /// The transaction.
    pub transaction: Transaction,
    /// Its sender.
    pub sender: Address,
}

/// A receipt with what RPC says about its place in the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// Gas that the transaction alone used.
    pub gas_used: u64,
    /// Index of its first log among the block's logs.
    pub first_log: u32,
}

impl Store {
    /// A block by number or hash, `None` when the chain has none.
    pub fn block(&self, id: impl Into<BlockHashOrNumber>) -> Result<Option<StoredBlock>, Error> {
        let tx = self.read()?;
        let tables = &self.0.tables;
        let Some(number) = number_of(&tx, tables, id.into())? else { return Ok(None) };
        let Some(header) = read_header(&tx, tables, number)? else { return Ok(None) };
        let body = read_body(&tx, tables, number)?;
        let mut senders = Vec::with_capacity(body.transactions as usize);
        let mut transactions = Vec::with_capacity(body.transactions as usize);
        tables::visit(&tx, tables.transactions, &number.to_be_bytes(), |_, row| {
            let (sender, transaction) = v1::decode_transaction(row)?;
            senders.push(sender);
            transactions.push(transaction);
            Ok(())
        })?;
        if transactions.len() != body.transactions as usize {
            return Err(Error::corrupt(format!("block {number} has {} of its {} transactions", transactions.len(), body.transactions)));
        }
        let hash = header.hash();
        let body = BlockBody { transactions, ommers: body.ommers, withdrawals: body.withdrawals };
        Ok(Some(StoredBlock { block: Block { header: header.into_inner(), body }, hash, senders }))
    }

    /// A header by number or hash, `None` when the chain has none.
    pub fn header(&self, id: impl Into<BlockHashOrNumber>) -> Result<Option<Sealed<Header>>, Error> {
        let tx = self.read()?;
        match number_of(&tx, &self.0.tables, id.into())? {
            Some(number) => read_header(&tx, &self.0.tables, number),
            None => Ok(None),
        }
    }

    /// The hash of the block with this number.
    pub fn hash_of(&self, number: u64) -> Result<Option<B256>, Error> {
        let tx = self.read()?;
        tables::get(&tx, self.0.tables.headers, &number.to_be_bytes())?.map(|row| v1::header_hash(&row)).transpose()
    }

    /// The number of the block with this hash; `None` when it is not on the chain.
    pub fn number_of(&self, hash: B256) -> Result<Option<u64>, Error> {
        number_of(&self.read()?, &self.0.tables, hash.into())
    }

    /// Whether the block is on the chain.
    pub fn is_canonical(&self, block: BlockNumHash) -> Result<bool, Error> {
        Ok(self.hash_of(block.number)? == Some(block.hash))
    }

    /// How many transactions a block has, `None` when the chain has no such block.
    pub fn transaction_count(&self, id: impl Into<BlockHashOrNumber>) -> Result<Option<u32>, Error> {
        let tx = self.read()?;
        let Some(number) = number_of(&tx, &self.0.tables, id.into())? else { return Ok(None) };
        let row = tables::get(&tx, self.0.tables.bodies, &number.to_be_bytes())?;
        row.map(|row| Ok(v1::Body::decode(&row)?.transactions)).transpose()
    }

    /// Bytes of a block's transactions as EIP-2718 has them, deposits left out; none when the chain has no such block. Nothing is decoded.
    pub fn transaction_bytes(&self, number: u64) -> Result<u64, Error> {
        let (tx, mut bytes) = (self.read()?, 0);
        tables::visit(&tx, self.0.tables.transactions, &number.to_be_bytes(), |_, row| {
            let encoded = v1::encoded_transaction(row);
            let is_deposit = encoded.first() == Some(&DEPOSIT_TX_TYPE_ID);
            bytes += if is_deposit { 0 } else { encoded.len() as u64 };
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Block number and index of the transaction with this hash.
    pub fn transaction_position(&self, hash: B256) -> Result<Option<(u64, u32)>, Error> {
        let tx = self.read()?;
        tables::get(&tx, self.0.tables.lookup, hash.as_slice())?.map(|row| v1::decode_indexed(&row)).transpose()
    }

    /// The transaction at `index` of block `number`, without reading the rest of the block.
    pub fn transaction(&self, number: u64, index: u32) -> Result<Option<StoredTransaction>, Error> {
        let tx = self.read()?;
        let row = tables::get(&tx, self.0.tables.transactions, &v1::indexed(number, index))?;
        row.map(|row| v1::decode_transaction(&row).map(|(sender, transaction)| StoredTransaction { transaction, sender })).transpose()
    }

    /// A block's receipts, `None` when the chain has no such block.
    pub fn receipts(&self, id: impl Into<BlockHashOrNumber>) -> Result<Option<Vec<Receipt>>, Error> {
        let tx = self.read()?;
        let Some(number) = number_of(&tx, &self.0.tables, id.into())? else { return Ok(None) };
        if tables::get(&tx, self.0.tables.bodies, &number.to_be_bytes())?.is_none() {
            return Ok(None);
        }
        let mut receipts = Vec::new();
        tables::visit(&tx, self.0.tables.receipts, &number.to_be_bytes(), |_, row| {
            receipts.push(v1::decode_receipt(row)?.1);
            Ok(())
        })?;
        Ok(Some(receipts))
    }

    /// The receipt of the transaction at `index` of block `number`, without reading the rest of the block.
    pub fn receipt(&self, number: u64, index: u32) -> Result<Option<StoredReceipt>, Error> {
        let tx = self.read()?;
        let read = |index| {
            let row = tables::get(&tx, self.0.tables.receipts, &v1::indexed(number, index))?;
            row.map(|row| v1::decode_receipt(&row)).transpose()
        };
        let Some((first_log, receipt)) = read(index)? else { return Ok(None) };
        let before = match index.checked_sub(1) {
            None => 0,
            Some(previous) => {
                read(previous)?.ok_or_else(|| Error::corrupt(format!("block {number} lacks receipt {previous}")))?.1.cumulative_gas_used
            }
        };
        let gas_used = receipt.cumulative_gas_used.saturating_sub(before);
        Ok(Some(StoredReceipt { receipt, gas_used, first_log }))
    }

    /// A blob by its versioned hash.
    pub fn blob(&self, versioned_hash: B256) -> Result<Option<BlobSidecar>, Error> {
        read_blob(&self.read()?, &self.0.tables, versioned_hash)
    }

    /// The blobs of a block, in the order in which they were committed; empty when it has none.
    pub fn blobs_of_block(&self, number: u64) -> Result<Vec<BlobSidecar>, Error> {
        let tx = self.read()?;
        let hashes = tables::with_prefix(&tx, self.0.tables.block_blobs, &number.to_be_bytes())?;
        let read = |hash: &[u8]| {
            let hash = B256::try_from(hash).map_err(|_| Error::corrupt("a versioned hash is malformed"))?;
            read_blob(&tx, &self.0.tables, hash)?.ok_or_else(|| Error::corrupt(format!("blob {hash} of block {number} is missing")))
        };
        hashes.iter().map(|(_, hash)| read(hash)).collect()
    }
}

/// The number of a block of the chain. Given by number it is taken at its word.
fn number_of<K: TransactionKind>(tx: &Tx<K>, tables: &Tables, id: BlockHashOrNumber) -> Result<Option<u64>, Error> {
    match id {
        BlockHashOrNumber::Number(number) => Ok(Some(number)),
        BlockHashOrNumber::Hash(hash) => tables::get(tx, tables.numbers, hash.as_slice())?.map(|row| v1::decode_number(&row)).transpose(),
    }
}

/// The body row of a block that is known to exist.
pub(crate) fn read_body<K: TransactionKind>(tx: &Tx<K>, tables: &Tables, number: u64) -> Result<v1::Body, Error> {
    let row =
        tables::get(tx, tables.bodies, &number.to_be_bytes())?.ok_or_else(|| Error::corrupt(format!("block {number} has no body")))?;
    v1::Body::decode(&row)
}

fn read_blob<K: TransactionKind>(tx: &Tx<K>, tables: &Tables, hash: B256) -> Result<Option<BlobSidecar>, Error> {
    tables::get(tx, tables.blobs, hash.as_slice())?.map(|row| v1::decode_blob(hash, &row)).transpose()
}
