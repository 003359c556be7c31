//! `eth_getLogs` and the filters that clients poll.

use super::{filters::Watched, transaction::by_transaction_hash};
use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    error::RpcError,
    json::{LogJson, TransactionJson},
    logs::{
        query::LogQuery,
        search::{self, Budget},
    },
};
use alloy_primitives::{B256, U128};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::sync::Arc;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_getLogs", |api, args| search::query(api, &args.required()?))?;
    light(module, "eth_newFilter", new_log_filter)?;
    light(module, "eth_newBlockFilter", |api, _| api.filters.add(Watched::Blocks, api.head()? + 1))?;
    light(module, "eth_newPendingTransactionFilter", |api, args| {
        let full = args.optional()?.unwrap_or_default();
        api.filters.add(Watched::Transactions { full }, 0)
    })?;
    light(module, "eth_uninstallFilter", |api, args| Ok(id(args)?.is_some_and(|id| api.filters.remove(id))))?;
    heavy(module, "eth_getFilterChanges", |api, args| changes(api, known(args)?))?;
    heavy(module, "eth_getFilterLogs", |api, args| match api.filters.watched(known(args)?)? {
        Watched::Logs(query) => search::query(api, &query),
        _ => Err(not_found()),
    })
}

fn not_found() -> RpcError {
    RpcError::server("filter not found")
}

/// The filter that the next parameter names. Names that this server never gave out are those of filters that are not there.
fn id(args: &mut Args) -> Result<Option<U128>, RpcError> {
    let text: String = args.required()?;
    Ok(text.strip_prefix("0x").filter(|digits| !digits.is_empty()).and_then(|digits| U128::from_str_radix(digits, 16).ok()))
}

fn known(args: &mut Args) -> Result<U128, RpcError> {
    id(args)?.ok_or_else(not_found)
}

fn new_log_filter(api: &Api, args: &mut Args) -> Result<U128, RpcError> {
    let query: LogQuery = args.optional()?.unwrap_or_default();
    let (from, _) = query.live_range()?;
    let next = api.head()? + 1;
    api.filters.add(Watched::Logs(Arc::new(query)), next.max(from))
}

/// What happened since the last poll.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Changes {
    Hashes(Vec<B256>),
    Transactions(Vec<TransactionJson>),
    Logs(Vec<LogJson>),
}

fn changes(api: &Api, id: U128) -> Result<Changes, RpcError> {
    let mut poll = api.filters.poll(id)?;
    let last = api.head()?.min(poll.next.saturating_add(api.chain.limits.log_blocks.max(1) - 1));
    match poll.watched.clone() {
        Watched::Transactions { full: false } => Ok(Changes::Hashes(std::mem::take(&mut poll.hashes))),
        Watched::Transactions { full: true } => {
            // One that was dropped meanwhile is nowhere any more.
            let found = poll.hashes.iter().filter_map(|hash| by_transaction_hash(api, *hash).transpose());
            Ok(Changes::Transactions(found.collect::<Result<_, _>>()?))
        }
        Watched::Blocks => {
            let hashes = (poll.next..=last).map(|number| api.chain.store.hash_of(number));
            let hashes: Vec<B256> = hashes.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            api.filters.seen(id, &poll, poll.next.max(last + 1));
            Ok(Changes::Hashes(hashes))
        }
        Watched::Logs(query) => {
            let mut logs = std::mem::take(&mut poll.removed);
            let to = query.live_range()?.1.unwrap_or(u64::MAX);
            let mut search = api.chain.store.blocks_with_logs(poll.next, to, &query.filter)?;
            let head = search.head().number;
            if poll.next <= head {
                let found = search::collect(&mut search, &query, None, Budget::of(api))?;
                logs.extend(found.logs);
                api.filters.seen(id, &poll, found.broken_off.map_or(head, |(_, complete)| complete) + 1);
            }
            Ok(Changes::Logs(logs))
        }
    }
}
