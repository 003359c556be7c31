//! The `txpool` namespace: transactions that wait. Those that were executed are in the open block, not here.

use crate::{
    api::{Module, heavy, light},
    json::{Place, TransactionJson},
};
use alloy_primitives::{Address, U64};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::collections::BTreeMap;
use tributary_pool::{Content, RecoveredTx};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "txpool_status", |api, _| {
        let status = api.with_pool(|pool| pool.status());
        Ok(Split { pending: U64::from(status.pending), queued: U64::from(status.queued) })
    })?;
    heavy(module, "txpool_content", |api, _| {
        let content = api.with_pool(|pool| pool.content());
        Ok(split(content, json))
    })?;
    heavy(module, "txpool_inspect", |api, _| {
        let content = api.with_pool(|pool| pool.content());
        Ok(split(content, RecoveredTx::summary))
    })?;
    heavy(module, "txpool_contentFrom", |api, args| {
        let sender: Address = args.required()?;
        let content = split(api.with_pool(|pool| pool.content_from(sender)), json);
        let own = |mut all: BySender<TransactionJson>| all.remove(&sender.to_string()).unwrap_or_default();
        Ok(Split { pending: own(content.pending), queued: own(content.queued) })
    })
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
