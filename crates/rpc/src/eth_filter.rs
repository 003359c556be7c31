//! `eth_getLogs` and the filters that clients poll.

use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    error::RpcError,
    filters::Watched,
    json::LogJson,
    logs::{self, LogQuery, Range},
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U128};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use std::sync::Arc;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "eth_getLogs", |api, args| logs::query(api, &args.required()?))?;
    light(module, "eth_newFilter", new_log_filter)?;
    light(module, "eth_newBlockFilter", |api, _| api.filters.add(Watched::Blocks, api.head()? + 1))?;
    light(module, "eth_newPendingTransactionFilter", |api, _| api.filters.add(Watched::Transactions, 0))?;
    light(module, "eth_uninstallFilter", |api, args| Ok(api.filters.remove(args.required()?)))?;
    heavy(module, "eth_getFilterChanges", |api, args| changes(api, args.required()?))?;
    heavy(module, "eth_getFilterLogs", |api, args| match api.filters.watched(args.required()?)? {
        Watched::Logs(query) => logs::query(api, &query),
        _ => Err(RpcError::server("filter not found")),
    })
}

fn new_log_filter(api: &Api, args: &mut Args) -> Result<U128, RpcError> {
    let query: LogQuery = args.optional()?.unwrap_or_default();
    let next = api.head()? + 1;
    let from = match query.range {
        Range::FromTo(BlockNumberOrTag::Pending, _) | Range::FromTo(_, BlockNumberOrTag::Pending) => {
            return Err(RpcError::params("pending logs are not supported"));
        }
        Range::FromTo(BlockNumberOrTag::Number(from), _) => from,
        _ => 0,
    };
    api.filters.add(Watched::Logs(Arc::new(query)), next.max(from))
}

/// What happened since the last poll.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Changes {
    Hashes(Vec<B256>),
    Logs(Vec<LogJson>),
}

fn changes(api: &Api, id: U128) -> Result<Changes, RpcError> {
    let mut poll = api.filters.poll(id)?;
    let head = api.head()?;
    let last = head.min(poll.next.saturating_add(api.chain.limits.log_blocks.max(1) - 1));
    match poll.watched.clone() {
        Watched::Transactions => Ok(Changes::Hashes(std::mem::take(&mut poll.hashes))),
        Watched::Blocks => {
            let hashes = (poll.next..=last).map(|number| api.chain.store.hash_of(number));
            let hashes: Vec<B256> = hashes.filter_map(Result::transpose).collect::<Result<_, _>>()?;
            api.filters.seen(id, &poll, poll.next.max(last + 1));
            Ok(Changes::Hashes(hashes))
        }
        Watched::Logs(query) => {
            let mut logs = std::mem::take(&mut poll.removed);
            let to = match query.range {
                Range::FromTo(_, BlockNumberOrTag::Number(to)) => last.min(to),
                _ => last,
            };
            if poll.next <= to {
                let found = logs::collect(api, &query, poll.next..=to)?;
                logs.extend(found.logs);
                api.filters.seen(id, &poll, found.complete_to.unwrap_or(to) + 1);
            }
            Ok(Changes::Logs(logs))
        }
    }
}
