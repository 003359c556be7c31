//! A subscription to logs: each wanted log once and in order, from the place that the client names, whatever happens in between.
//!
//! The chain is followed by a [`Follower`]; what lies behind is read through the store's index of logs, which passes over blocks that have none. A reorg is
//! told by logs with `removed`, which needs the removed blocks themselves: who misses that event is cut off, and told so.

use super::{
    query::{LogQuery, Range, Seen},
    search::{self, Budget},
};
use crate::{
    api::{Api, to_json},
    error::RpcError,
    json::LogJson,
    resolve::Target,
};
use alloy_eips::{BlockHashOrNumber, BlockNumHash, BlockNumberOrTag};
use jsonrpsee::SubscriptionSink;
use std::sync::Arc;
use tributary_chain::{Follower, Lost, Place, SealedBlock, Step};

/// Most logs that are read before they are sent.
const PIECE: usize = 1000;

/// How a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client went away or unsubscribed.
    ByClient,
    /// The node ended it, for this reason.
    CutOff(&'static str),
}

impl From<Lost> for Ended {
    fn from(lost: Lost) -> Self {
        Self::CutOff(match lost {
            Lost::Stopping => "server is stopping",
            Lost::Displaced(_) => "subscription cut off: reader too slow to be told of a reorg",
            Lost::Storage(_) => "internal error",
        })
    }
}

/// What reading from the store came to.
enum Piece {
    Logs {
        logs: Vec<LogJson>,
        place: Place,
        is_last: bool,
    },
    /// The block up to which the client was told is not on the chain any more.
    Displaced,
}

/// The blocks of which a client wants to be told.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from: u64,
    to: Option<u64>,
    /// The last log that it has of the block that it begins with.
    seen: Option<Seen>,
}

/// A subscription that can begin.
#[derive(Debug)]
pub(crate) struct LogStream {
    api: Arc<Api>,
    query: Arc<LogQuery>,
    follower: Follower,
    wanted: Wanted,
}

impl LogStream {
    /// Finds out where the client begins.
    ///
    /// # Errors
    /// A range that makes no sense, or a log that is not on the chain any more.
    pub(crate) async fn begin(api: Arc<Api>, query: LogQuery) -> Result<Self, RpcError> {
        // Before the chain is looked at, so that nothing happens in between unseen.
        let events = api.chain.events.subscribe();
        let query = Arc::new(query);
        let job = {
            let (api, query) = (api.clone(), query.clone());
            move || beginning(&api, &query)
        };
        let (place, wanted) = api.workers.run(job).await?;
        let follower = Follower::new(api.chain.store.clone(), events, place);
        // Who has a log has those before it.
        let follower = if wanted.seen.is_some() { follower.informed() } else { follower };
        Ok(Self { api, query, follower, wanted })
    }

    /// Sends logs until the client goes away or has to be cut off.
    pub(crate) async fn run(mut self, sink: SubscriptionSink) -> Ended {
        match self.follow(&sink).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn follow(&mut self, sink: &SubscriptionSink) -> Result<std::convert::Infallible, Ended> {
        loop {
            let step = tokio::select! {
                step = self.follower.live() => step?,
                () = sink.closed() => return Err(Ended::ByClient),
            };
            match step {
                None => self.catch_up(sink).await?,
                Some(step) => {
                    let logs = self.wanted.logs_of(&step, &self.query);
                    self.send(sink, logs).await?;
                }
            }
        }
    }

    /// Sends a piece of what the store has.
    async fn catch_up(&mut self, sink: &SubscriptionSink) -> Result<(), Ended> {
        let (api, query, wanted, place) = (self.api.clone(), self.query.clone(), self.wanted, self.follower.place());
        let read = self.api.workers.run(move || read(&api, &query, place, wanted)).await;
        match read.map_err(|_| Ended::CutOff("subscription cut off: server is busy"))? {
            Piece::Displaced => Ok(self.follower.displaced()?),
            Piece::Logs { logs, place, is_last } => {
                self.send(sink, logs).await?;
                if place != self.follower.place() {
                    // It is past the block that it begins with.
                    self.wanted.seen = None;
                }
                self.follower.has_read(place, is_last);
                Ok(())
            }
        }
    }

    /// Sends logs, one after the other, as fast as the client takes them.
    async fn send(&self, sink: &SubscriptionSink, logs: Vec<LogJson>) -> Result<(), Ended> {
        for log in logs {
            let message = to_json(&log).map_err(|_| Ended::CutOff("internal error"))?;
            if sink.send_timeout(message, self.api.chain.limits.write_time).await.is_err() {
                return Err(if sink.is_closed() { Ended::ByClient } else { Ended::CutOff("subscription cut off: reader too slow") });
            }
        }
        Ok(())
    }
}

impl Wanted {
    /// Everything from the block that comes next.
    const ALL: Self = Self { from: 0, to: None, seen: None };

    fn has(&self, block: &SealedBlock) -> bool {
        let number = block.number();
        self.from <= number && self.to.is_none_or(|to| number <= to)
    }

    /// What a step means to the client.
    fn logs_of(&self, step: &Step, query: &LogQuery) -> Vec<LogJson> {
        let (block, removed) = match step {
            Step::Block(block) => (block, false),
            Step::Undo(block) => (block, true),
        };
        if !self.has(block) {
            return Vec::new();
        }
        let mut logs = query.logs_of(block, removed);
        if let Some(seen) = self.seen.filter(|seen| seen.number == block.number()) {
            logs.retain(|log| log.log_index > seen.index);
        }
        logs
    }
}

/// Where a client begins, and the first and last block of which it wants to be told.
fn beginning(api: &Api, query: &LogQuery) -> Result<(Place, Wanted), RpcError> {
    use BlockNumberOrTag as Tag;
    query.check()?;
    let head = api.chain.store.heads()?.unsafe_head;
    let live = Place::after(head);
    match query.range {
        Range::After(seen, _) => {
            let (_, to) = query.live_range()?;
            let search = api.chain.store.blocks_with_logs(seen.number, seen.number, &query.filter)?;
            search::check_seen(api, &search, seen)?;
            Ok((Place::before(seen.number), Wanted { to, seen: Some(seen), ..Wanted::ALL }))
        }
        Range::FromTo(from @ (Tag::Safe | Tag::Finalized), Tag::Latest) => {
            let Target::Sealed(BlockHashOrNumber::Number(from)) = api.by_tag(from)? else { return Ok((live, Wanted::ALL)) };
            Ok((Place::before(from), Wanted { from, ..Wanted::ALL }))
        }
        Range::FromTo(Tag::Number(_) | Tag::Earliest, _) => {
            let (from, to) = query.live_range()?;
            Ok((Place::before(from), Wanted { from, to, seen: None }))
        }
        Range::FromTo(..) | Range::Block(_) => {
            let (from, to) = query.live_range()?;
            Ok((live, Wanted { from, to, seen: None }))
        }
    }
}

/// Reads some blocks after a place, all of one view of the chain.
fn read(api: &Api, query: &LogQuery, place: Place, wanted: Wanted) -> Result<Piece, RpcError> {
    let mut search = api.chain.store.blocks_with_logs(place.next, wanted.to.unwrap_or(u64::MAX), &query.filter)?;
    let head = search.head();
    if place.last.is_some() && search.hash_of(place.next.saturating_sub(1))? != place.last {
        return Ok(Piece::Displaced);
    }
    if head.number < place.next {
        return Ok(Piece::Logs { logs: Vec::new(), place, is_last: true });
    }
    let found = search::collect(&mut search, query, wanted.seen, Budget { logs: PIECE, ..Budget::of(api) })?;
    let (last, is_last) = match found.broken_off {
        None => (head, true),
        Some((_, number)) => {
            let hash = search.hash_of(number)?.ok_or_else(RpcError::header_not_found)?;
            (BlockNumHash { number, hash }, false)
        }
    };
    Ok(Piece::Logs { logs: found.logs, place: Place::after(last), is_last })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::block_with_log;
    use alloy_primitives::B256;

    fn step(number: u64) -> Step {
        Step::Block(block_with_log(number, B256::with_last_byte(number as u8), B256::ZERO))
    }

    #[test]
    fn blocks_outside_the_range_are_passed_over() {
        let wanted = Wanted { from: 6, to: Some(6), seen: None };
        let counts: Vec<_> = (5..8).map(|number| wanted.logs_of(&step(number), &LogQuery::default()).len()).collect();
        assert_eq!(counts, [0, 1, 0]);
    }

    #[test]
    fn what_is_undone_is_told_as_removed() {
        let Step::Block(block) = step(6) else { panic!("a block") };
        let logs = Wanted::ALL.logs_of(&Step::Undo(block), &LogQuery::default());
        assert_eq!(logs.iter().map(|log| (log.block_number, log.removed)).collect::<Vec<_>>(), [(6, true)]);
    }

    #[test]
    fn a_log_that_the_client_has_is_not_told_again() {
        let seen = |index| Some(Seen { number: 6, hash: None, index });
        let count = |seen| Wanted { seen, ..Wanted::ALL }.logs_of(&step(6), &LogQuery::default()).len();
        assert_eq!((count(seen(0)), count(None)), (0, 1));
    }
}
