//! The `txpool` namespace: transactions that wait, for a client: those of the open block, too, for one that knows sealed blocks only.

use crate::{
    api::{Api, Module, heavy, light},
    error::RpcError,
    json::{Place, TransactionJson},
};
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U64};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use tributary_execution::PendingTransaction;
use tributary_pool::{Content, RecoveredTx};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "txpool_status", |api, _| {
        let (status, pooled) = api.with_pool(|pool| (pool.status(), pool.hashes()));
        let executed = unsealed(api)?.iter().filter(|one| !pooled.contains(&one.hash)).count();
        Ok(Split { pending: U64::from(status.pending + executed), queued: U64::from(status.queued) })
    })?;
    heavy(module, "txpool_content", |api, _| Ok(split(content(api, None)?, json)))?;
    heavy(module, "txpool_inspect", |api, _| Ok(split(content(api, None)?, RecoveredTx::summary)))?;
    heavy(module, "txpool_contentFrom", |api, args| {
        let sender: Address = args.required()?;
        let content = split(content(api, Some(sender))?, json);
        let own = |mut all: BySender<TransactionJson>| all.remove(&sender.to_string()).unwrap_or_default();
        Ok(Split { pending: own(content.pending), queued: own(content.queued) })
    })
}

/// What waits, of one sender or of all.
pub(crate) fn content(api: &Api, sender: Option<Address>) -> Result<Content, RpcError> {
    // The pool first: what is then on its way into the open block is found in one of the two.
    let mut content = api.with_pool(|pool| sender.map_or_else(|| pool.content(), |sender| pool.content_from(sender)));
    for one in unsealed(api)?.iter().filter(|one| sender.is_none_or(|sender| sender == one.sender)) {
        let of_sender = content.pending.entry(one.sender).or_default();
        of_sender.entry(one.tx.nonce()).or_insert_with(|| RecoveredTx::new(one.tx.clone(), one.sender));
    }
    Ok(content)
}

/// What users sent of the open block, for a client to whom it waits.
fn unsealed(api: &Api) -> Result<Vec<Arc<PendingTransaction>>, RpcError> {
    let open = if api.is_realtime() { None } else { api.open()? };
    Ok(open.iter().flat_map(|open| open.transactions()).filter(|one| !one.tx.is_deposit()).collect())
}

/// Checksummed address → nonce in decimal → transaction.
type BySender<T> = BTreeMap<String, BTreeMap<String, T>>;

/// What can run as soon as there is room, and what is behind a gap.
#[derive(Debug, Clone, Serialize)]
struct Split<T> {
    pending: T,
    queued: T,
}

fn split<T>(content: Content, form: impl Fn(&RecoveredTx) -> T) -> Split<BySender<T>> {
    let by_sender = |all: BTreeMap<Address, BTreeMap<u64, RecoveredTx>>| {
        let of_sender = |txs: BTreeMap<u64, RecoveredTx>| txs.iter().map(|(nonce, tx)| (nonce.to_string(), form(tx))).collect();
        all.into_iter().map(|(sender, txs)| (sender.to_string(), of_sender(txs))).collect()
    };
    Split { pending: by_sender(content.pending), queued: by_sender(content.queued) }
}

fn json(tx: &RecoveredTx) -> TransactionJson {
    TransactionJson::new(&tx.tx, tx.sender, Place::default(), None)
}
