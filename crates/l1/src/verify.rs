//! Checks of a node's answers against the hashes that they must give.

use crate::error::Error;
use alloy_consensus::{
    BlockBody, EMPTY_OMMER_ROOT_HASH, Header, Sealed,
    proofs::{calculate_transaction_root, calculate_withdrawals_root, ordered_trie_root_with_encoder},
};
use alloy_eips::{BlockId, BlockNumberOrTag, Decodable2718, Encodable2718, eip4895::Withdrawals};
use alloy_primitives::B256;
use alloy_rpc_types_eth::TransactionReceipt;
use serde::de::DeserializeOwned;
use tributary_client::Client;
use tributary_primitives::{Block, Receipt, Transaction, TxType};

/// A header as JSON-RPC gives it.
pub(crate) type RpcHeader = alloy_rpc_types_eth::Header;

/// A block with full transactions as JSON-RPC gives it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct RpcBlock {
    #[serde(flatten)]
    header: RpcHeader,
    transactions: Vec<Transaction>,
    #[serde(default)]
    withdrawals: Option<Withdrawals>,
}

/// What a node has at a number, tag or hash; `full` is whether with its transactions.
pub(crate) async fn ask<T: DeserializeOwned>(node: &Client, id: BlockId, full: bool) -> Result<Option<T>, Error> {
    let answer = match id {
        BlockId::Hash(hash) => node.request("eth_getBlockByHash", (hash.block_hash, full)).await,
        BlockId::Number(number) => node.request("eth_getBlockByNumber", (number, full)).await,
    };
    match answer {
        Err(tributary_client::Error::Rejected { fault, .. }) if is_unknown(&fault.message) => Ok(None),
        answer => Ok(answer?),
    }
}

/// What nodes say for `safe` and `finalized` before there is such a block.
fn is_unknown(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("not found") || message.contains("unknown block")
}

/// A header that a node has, verified.
pub(crate) async fn header_at(node: &Client, id: BlockId) -> Result<Option<Sealed<Header>>, Error> {
    ask::<RpcHeader>(node, id, false).await?.map(|rpc| header(rpc, id)).transpose()
}

/// The header, hashed, if it is the one that was asked for.
pub(crate) fn header(rpc: RpcHeader, asked: BlockId) -> Result<Sealed<Header>, Error> {
    let RpcHeader { hash: claimed, inner, .. } = rpc;
    let hash = inner.hash_slow();
    expect_equal("block hash", claimed, hash)?;
    match asked {
        BlockId::Hash(asked) => expect_equal("block hash", hash, asked.block_hash)?,
        BlockId::Number(BlockNumberOrTag::Number(number)) if number != inner.number => {
            return Err(Error::Inconsistent(format!("asked for block {number}, got {}", inner.number)));
        }
        BlockId::Number(_) => {}
    }
    Ok(Sealed::new_unchecked(inner, hash))
}

/// The block, if transactions and withdrawals give the header's roots. Blocks with ommers (before the merge) are not supported.
pub(crate) fn block(rpc: RpcBlock, asked: BlockId) -> Result<Sealed<Block>, Error> {
    let (header, hash) = header(rpc.header, asked)?.into_parts();
    expect_equal("transactions root", calculate_transaction_root(&rpc.transactions), header.transactions_root)?;
    let withdrawals_root = rpc.withdrawals.as_ref().map(|withdrawals| calculate_withdrawals_root(withdrawals));
    if withdrawals_root != header.withdrawals_root {
        return Err(Error::Inconsistent(format!("withdrawals root of block {hash}")));
    }
    expect_equal("ommers hash", header.ommers_hash, EMPTY_OMMER_ROOT_HASH)?;
    // The root covers the encoding, but not the hash that came along with each transaction.
    let transactions = rpc.transactions.iter().map(rehash).collect::<Result<_, _>>()?;
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: rpc.withdrawals };
    Ok(Sealed::new_unchecked(Block { header, body }, hash))
}

fn rehash(tx: &Transaction) -> Result<Transaction, Error> {
    let encoded = tx.encoded_2718();
    Transaction::decode_2718_exact(&encoded).map_err(|error| Error::Inconsistent(format!("transaction {}: {error}", tx.hash())))
}

/// The receipts, if they give the header's receipts root.
pub(crate) fn receipts(rpc: Vec<TransactionReceipt>, header: &Sealed<Header>) -> Result<Vec<Receipt>, Error> {
    let receipts = rpc.into_iter().map(receipt).collect::<Result<Vec<_>, _>>()?;
    let root = ordered_trie_root_with_encoder(&receipts, |receipt, buf| buf.extend_from_slice(&receipt.encoded_2718()));
    expect_equal("receipts root", root, header.receipts_root)?;
    Ok(receipts)
}

fn receipt(rpc: TransactionReceipt) -> Result<Receipt, Error> {
    let envelope = rpc.inner.into_primitives_receipt();
    let ty = envelope.tx_type() as u8;
    let tx_type = TxType::try_from(ty).map_err(|_| Error::Inconsistent(format!("receipt of unknown type {ty}")))?;
    let inner = envelope.into_receipt();
    Ok(Receipt {
        tx_type,
        outcome: inner.status,
        cumulative_gas_used: inner.cumulative_gas_used,
        logs: inner.logs,
        deposit_nonce: None,
        deposit_receipt_version: None,
    })
}

fn expect_equal(what: &str, got: B256, expected: B256) -> Result<(), Error> {
    if got == expected { Ok(()) } else { Err(Error::Inconsistent(format!("{what} is {got}, expected {expected}"))) }
}
