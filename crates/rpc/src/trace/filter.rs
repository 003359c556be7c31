//! `trace_filter`: the traces of a range of blocks that touch some addresses. There is no index of them: every block of the range is executed again,
//! so that the range is bounded in blocks and in gas.

use crate::{
    api::Api,
    args::Args,
    debug::replay::{block_of, replay},
    error::RpcError,
    resolve::Target,
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::Address;
use alloy_rpc_types_trace::{
    filter::{TraceFilter, TraceFilterMatcher, TraceFilterMode},
    parity::LocalizedTransactionTrace,
};
use serde::Deserialize;

/// Most blocks in one request.
const MAX_BLOCKS: u64 = 1000;
/// Most gas that the blocks of one request may have used; a block that was begun is finished.
const MAX_GAS: u64 = 2_000_000_000;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    from_block: Option<BlockNumberOrTag>,
    to_block: Option<BlockNumberOrTag>,
    from_address: Option<Vec<Address>>,
    to_address: Option<Vec<Address>>,
    #[serde(default)]
    mode: TraceFilterMode,
    #[serde(default, with = "alloy_serde::quantity::opt")]
    after: Option<u64>,
    #[serde(default, with = "alloy_serde::quantity::opt")]
    count: Option<u64>,
}

/// The traces that a filter selects, without the first `after` and at most `count`.
pub(crate) fn filter(api: &Api, args: &mut Args) -> Result<Vec<LocalizedTransactionTrace>, RpcError> {
    let filter: Filter = args.required()?;
    let (from, to, open) = range(api, &filter)?;
    let matcher = matcher(&filter);
    let most = api.chain.limits.logs;
    let mut found = Found {
        skip: filter.after.unwrap_or_default(),
        wanted: filter.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX)),
        traces: Vec::new(),
    };
    let mut gas = 0u64;
    let sealed = (from..=to).map(|number| Target::Sealed(number.into()));
    for target in sealed.chain(open) {
        if found.traces.len() >= found.wanted {
            break;
        }
        let Some(stored) = block_of(api, target)? else { continue };
        let header = &stored.block.header;
        if gas >= MAX_GAS {
            let last = header.number - 1;
            return Err(RpcError::limit(format!("blocks {from} to {to} used too much gas to be traced at once: ask for {from} to {last}")));
        }
        gas = gas.saturating_add(header.gas_used);
        found.take(replay(api, &stored, api.chain.limits.trace_time, |block| Ok(block.calls_of_block()?))?, &matcher);
        if found.traces.len() > most {
            return Err(RpcError::limit(format!("more than {most} traces: ask for fewer with \"count\" and \"after\"")));
        }
    }
    Ok(found.traces)
}

/// Sealed blocks from and to, without the genesis, which has nothing to trace; and the open block where it is asked for.
fn range(api: &Api, filter: &Filter) -> Result<(u64, u64, Option<Target>), RpcError> {
    let head = api.head()?;
    let number = |tag: BlockNumberOrTag| {
        Ok::<_, RpcError>(match api.by_tag(tag)? {
            Target::Open(open) => (open.header().number, Some(Target::Open(open))),
            Target::Sealed(alloy_eips::BlockHashOrNumber::Number(number)) => (number, None),
            Target::Sealed(alloy_eips::BlockHashOrNumber::Hash(_)) => (head, None),
        })
    };
    let (from, _) = number(filter.from_block.unwrap_or(BlockNumberOrTag::Earliest))?;
    let (to, open) = number(filter.to_block.unwrap_or(BlockNumberOrTag::Latest))?;
    if from > to {
        return Err(RpcError::params(format!("invalid block range: fromBlock {from} is after toBlock {to}")));
    }
    let (first, last) = (from.max(api.chain.store.genesis().number + 1), to.min(head));
    let count = (last + 1).saturating_sub(first);
    if count > MAX_BLOCKS {
        let hint = first + MAX_BLOCKS - 1;
        return Err(RpcError::limit(format!(
            "block range too large: {count} blocks, at most {MAX_BLOCKS} (for example {first:#x} to {hint:#x})"
        )));
    }
    Ok((first, last, open))
}

fn matcher(filter: &Filter) -> TraceFilterMatcher {
    TraceFilter {
        from_address: filter.from_address.clone().unwrap_or_default(),
        to_address: filter.to_address.clone().unwrap_or_default(),
        mode: filter.mode,
        ..Default::default()
    }
    .matcher()
}

#[derive(Debug)]
struct Found {
    skip: u64,
    wanted: usize,
    traces: Vec<LocalizedTransactionTrace>,
}

impl Found {
    fn take(&mut self, traces: Vec<LocalizedTransactionTrace>, matcher: &TraceFilterMatcher) {
        for trace in traces.into_iter().filter(|trace| matcher.matches(&trace.trace)) {
            if self.skip > 0 {
                self.skip -= 1;
            } else if self.traces.len() < self.wanted {
                self.traces.push(trace);
            }
        }
    }
}
