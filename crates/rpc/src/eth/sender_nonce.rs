//! Transactions by sender and nonce: `eth_getTransactionBySenderAndNonce` (reth, anvil) and `ots_getTransactionBySenderAndNonce`.

use super::transaction::by_transaction_hash;
use crate::{
    api::{Api, Module, heavy},
    error::RpcError,
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U64};
use jsonrpsee::server::RegisterMethodError;
use tributary_primitives::StateReader;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_getTransactionBySenderAndNonce", |api, args| {
        let (sender, nonce): (Address, U64) = (args.required()?, args.required()?);
        let nonce = nonce.to();
        let hash = match waiting(api, sender, nonce)? {
            Some(hash) => Some(hash),
            None => by_sender_and_nonce(api, sender, nonce)?,
        };
        hash.map_or(Ok(None), |hash| by_transaction_hash(api, hash))
    })
}

/// The transaction with this nonce that is in the pool or in the open block.
fn waiting(api: &Api, sender: Address, nonce: u64) -> Result<Option<B256>, RpcError> {
    if let Some(hash) = api.with_pool(|pool| pool.hash_at(sender, nonce)) {
        return Ok(Some(hash));
    }
    let open = api.open()?;
    let mut all = open.iter().flat_map(|open| open.transactions());
    Ok(all.find(|one| one.sender == sender && one.receipt.deposit_nonce.unwrap_or_else(|| one.tx.nonce()) == nonce).map(|one| one.hash))
}

/// The transaction by which an account used up a nonce. Nonces only grow, so that halving finds the block.
pub(crate) fn by_sender_and_nonce(api: &Api, sender: Address, nonce: u64) -> Result<Option<B256>, RpcError> {
    let store = &api.chain.store;
    let is_used =
        |number: u64| -> Result<bool, RpcError> { Ok(store.at(number)?.account(sender)?.is_some_and(|account| account.nonce > nonce)) };
    let (mut before, mut after) = (store.genesis().number, api.head()?);
    if !is_used(after)? || is_used(before)? {
        return Ok(None);
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if is_used(middle)? { after = middle } else { before = middle }
    }
    let Some(stored) = store.block(after)? else { return Ok(None) };
    let receipts = store.receipts(stored.hash)?.unwrap_or_default();
    for ((tx, from), receipt) in stored.block.body.transactions.iter().zip(&stored.senders).zip(&receipts) {
        if *from == sender && receipt.deposit_nonce.unwrap_or_else(|| tx.nonce()) == nonce {
            return Ok(Some(tx.hash()));
        }
    }
    Ok(None)
}
