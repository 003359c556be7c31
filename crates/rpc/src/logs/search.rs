//! `eth_getLogs`: which blocks a client means, and their logs, within bounds on what one answer may cost.
//!
//! The storage's index passes over blocks that cannot have a wanted log, so that a range may be of any length; bounded are the blocks that have to be
//! read, the logs in the answer and its size. A query that goes beyond is refused with a range that does not.

use super::query::{LogQuery, Range, Seen};
use crate::{
    api::Api,
    error::RpcError,
    json::{LogJson, LogPlace},
    open_block::Open,
    resolve::Target,
};
use alloy_eips::{BlockHashOrNumber, BlockNumberOrTag};
use alloy_primitives::B256;
use tributary_storage::{BlocksWithLogs, LogsOfBlock};

/// Most receipts that one query looks through; about a second's work.
const RECEIPTS: usize = 2_000_000;

/// Bytes of a log's JSON beside its topics and data.
const LOG_BYTES: usize = 420;

/// What a query may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Blocks that are read.
    pub(crate) blocks: u64,
    /// Logs that are found.
    pub(crate) logs: usize,
    /// Bytes of JSON.
    pub(crate) bytes: usize,
}

impl Budget {
    /// Of one answer.
    pub(crate) fn of(api: &Api) -> Self {
        let limits = &api.chain.limits;
        Self { blocks: limits.log_blocks.max(1), logs: limits.logs, bytes: limits.response_size as usize }
    }
}

/// Logs of a range of blocks, possibly broken off before its end.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) logs: Vec<LogJson>,
    /// Why they end early, and the last block up to which they are complete.
    pub(crate) broken_off: Option<(Excess, u64)>,
}

/// Of what a range has too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    Blocks,
    Logs,
    Bytes,
}

/// The blocks that a client means.
#[derive(Debug)]
enum Span {
    /// Sealed blocks.
    Sealed { from: u64, to: u64 },
    /// Sealed blocks, if any, and the open one.
    Open { from: u64, open: Open },
}

/// Answers `eth_getLogs`.
pub(crate) fn query(api: &Api, query: &LogQuery) -> Result<Vec<LogJson>, RpcError> {
    query.check()?;
    let (span, seen) = match query.range {
        Range::Block(hash) => {
            let number = api.chain.store.number_of(hash)?.ok_or_else(|| RpcError::server("unknown block"))?;
            (Span::Sealed { from: number, to: number }, None)
        }
        Range::FromTo(from, to) => (resolve(api, from, to)?, None),
        Range::After(seen, to) => (resolve(api, BlockNumberOrTag::Number(seen.number), to)?, Some(seen)),
    };
    let (from, to, open) = match span {
        Span::Sealed { from, to } => (from, Some(to), None),
        Span::Open { from, open } => (from, open.header().number.checked_sub(1).filter(|to| from <= *to), Some(open)),
    };
    let budget = Budget::of(api);
    let mut logs = Vec::new();
    if let Some(to) = to {
        let mut search = api.chain.store.blocks_with_logs(from, to, &query.filter)?;
        if let Some(seen) = seen {
            check_seen(api, &search, seen)?;
        }
        let found = collect(&mut search, query, seen, budget)?;
        if let Some((excess, complete)) = found.broken_off {
            return Err(too_much(api, excess, from, complete));
        }
        logs = found.logs;
    }
    logs.extend(open.iter().flat_map(|open| logs_of_open(query, open)));
    Ok(logs)
}

fn too_much(api: &Api, excess: Excess, from: u64, complete: u64) -> RpcError {
    let limits = &api.chain.limits;
    let words = match excess {
        Excess::Blocks => format!("query has to read more than {} blocks", limits.log_blocks),
        Excess::Logs => format!("query returned more than {} results", limits.logs),
        Excess::Bytes => format!("query returned more than {} bytes", limits.response_size),
    };
    RpcError::limit(format!("{words}. Try with this block range [{from:#x}, {complete:#x}]"))
}

/// The blocks that a client's range means. As in geth, `latest` is the newest sealed block and a range does not reach beyond it; but where receipts
/// come before the seal, the number that they name is the open block's, and asking for it by that number finds what they tell.
fn resolve(api: &Api, from: BlockNumberOrTag, to: BlockNumberOrTag) -> Result<Span, RpcError> {
    if BlockNumberOrTag::Pending == from || BlockNumberOrTag::Pending == to {
        return Err(RpcError::params("pending logs are not supported"));
    }
    let open = if api.is_realtime() { api.open()? } else { None };
    let head = api.head()?;
    let number = |tag| -> Result<u64, RpcError> {
        match api.by_tag(tag)? {
            Target::Sealed(BlockHashOrNumber::Number(number)) => Ok(number),
            _ => Ok(head),
        }
    };
    let (first, last) = (number(from)?, number(to)?);
    if let Some(open) = open {
        let next = open.header().number;
        let asked_for = last == next || from == BlockNumberOrTag::Number(next) && to == BlockNumberOrTag::Latest;
        if asked_for && first <= next {
            return Ok(Span::Open { from: first, open });
        }
    }
    if first > last {
        return Err(RpcError::params("invalid block range params"));
    }
    if last > head {
        return Err(RpcError::params("block range extends beyond current head block"));
    }
    Ok(Span::Sealed { from: first, to: last })
}

/// Whether a log that the client has is still on the chain.
pub(crate) fn check_seen(api: &Api, search: &BlocksWithLogs, seen: Seen) -> Result<(), RpcError> {
    let Some(hash) = seen.hash else { return Ok(()) };
    if search.hash_of(seen.number)? == Some(hash) {
        return Ok(());
    }
    let finalized = api.chain.store.heads()?.finalized_head.number;
    let words = format!("block {hash} of the log is not on the chain any more: begin again after block {finalized:#x}, which is final");
    Err(RpcError::server(words))
}

/// The wanted logs that a search finds, after `seen`. Breaks off before the block with which the budget is exceeded, if that is not the first.
pub(crate) fn collect(search: &mut BlocksWithLogs, query: &LogQuery, seen: Option<Seen>, budget: Budget) -> Result<Found, RpcError> {
    let mut logs: Vec<LogJson> = Vec::new();
    let (mut blocks, mut receipts, mut bytes) = (0, 0, 0);
    while let Some(number) = search.next() {
        let number = number?;
        let broken_off = |logs, excess| Ok(Found { logs, broken_off: Some((excess, number.saturating_sub(1))) });
        if blocks == budget.blocks || receipts > RECEIPTS {
            return broken_off(logs, Excess::Blocks);
        }
        let Some(block) = search.logs_of(number)? else { continue };
        receipts += block.receipts;
        let before = logs.len();
        take(block, query, seen, &mut logs);
        bytes += logs[before..].iter().map(size).sum::<usize>();
        let excess = if logs.len() > budget.logs { Some(Excess::Logs) } else { (bytes > budget.bytes).then_some(Excess::Bytes) };
        if let Some(excess) = excess.filter(|_| blocks > 0) {
            logs.truncate(before);
            return broken_off(logs, excess);
        }
        blocks += 1;
    }
    Ok(Found { logs, broken_off: None })
}

fn size(log: &LogJson) -> usize {
    LOG_BYTES + 69 * log.topics.len() + 2 * log.data.len()
}

fn take(block: LogsOfBlock, query: &LogQuery, seen: Option<Seen>, logs: &mut Vec<LogJson>) {
    let already = |index| seen.is_some_and(|seen| seen.number == block.block.number && index <= seen.index);
    for found in block.logs.iter().filter(|found| query.has_positions(&found.log) && !already(found.index)) {
        let place = LogPlace {
            block_number: block.block.number,
            block_hash: block.block.hash,
            block_timestamp: block.timestamp,
            transaction_hash: found.transaction_hash,
            transaction_index: found.transaction_index.into(),
        };
        logs.push(LogJson::new(&found.log, place, found.index));
    }
}

/// The wanted logs of the open block. As in receipts, the block's hash is zero.
fn logs_of_open(query: &LogQuery, open: &Open) -> Vec<LogJson> {
    let header = open.header();
    let mut logs = Vec::new();
    let mut log_index = 0;
    for (index, tx) in (0..).zip(open.transactions()) {
        for log in &tx.receipt.logs {
            if query.matches(log) {
                let place = LogPlace {
                    block_number: header.number,
                    block_hash: B256::ZERO,
                    block_timestamp: header.timestamp,
                    transaction_hash: tx.hash,
                    transaction_index: index,
                };
                logs.push(LogJson::new(log, place, log_index));
            }
            log_index += 1;
        }
    }
    logs
}
