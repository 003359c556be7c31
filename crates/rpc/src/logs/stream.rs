//! A subscription to logs: each wanted log once and in order, from the place that the client names, whatever happens in between.
//!
//! What the client has been told ends with a block, [`Place`]. An event whose block follows on from it is passed on; when one does not, because
//! events were missed or the client begins in the past, blocks are read from the store until there is no gap any more. A reorg is told by logs with
//! `removed`, which needs the removed blocks themselves: who misses that event is cut off, and told so.

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
use alloy_primitives::B256;
use jsonrpsee::SubscriptionSink;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tributary_chain::{Event, SealedBlock};

/// Most logs that are read before they are sent.
const PIECE: usize = 1000;

/// Up to where a client has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// The first block that it has not been told of.
    next: u64,
    /// The hash of the block before, where it was told of that.
    last: Option<B256>,
    /// The last log that it has of the next block.
    seen: Option<Seen>,
}

/// How a subscription ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client went away or unsubscribed.
    ByClient,
    /// The node ended it, for this reason.
    CutOff(&'static str),
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

/// What an event means.
#[derive(Debug)]
enum Told {
    Logs(Vec<LogJson>),
    Gap,
}

/// A subscription that can begin.
#[derive(Debug)]
pub(crate) struct LogStream {
    api: Arc<Api>,
    query: Arc<LogQuery>,
    events: Receiver<Event>,
    place: Place,
    /// The blocks of which it tells.
    from: u64,
    to: Option<u64>,
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
        let (place, from, to) = api.workers.run(job).await?;
        Ok(Self { api, query, events, place, from, to })
    }

    /// Sends logs until the client goes away or has to be cut off.
    pub(crate) async fn run(mut self, sink: SubscriptionSink) -> Ended {
        match self.follow(&sink).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn follow(&mut self, sink: &SubscriptionSink) -> Result<std::convert::Infallible, Ended> {
        let mut behind = true;
        let mut missed = false;
        loop {
            if behind {
                behind = false;
                match self.catch_up(sink).await? {
                    true => missed = false,
                    false if missed => return Err(Ended::CutOff("subscription cut off: reader too slow to be told of a reorg")),
                    // The event that says so is on its way.
                    false => {}
                }
            }
            let event = tokio::select! {
                event = self.events.recv() => event,
                () = sink.closed() => return Err(Ended::ByClient),
            };
            match event {
                Ok(event) => match self.place.follow(&event, &self.query, self.from, self.to) {
                    Told::Logs(logs) => self.send(sink, logs).await?,
                    Told::Gap => behind = true,
                },
                Err(RecvError::Lagged(_)) => (behind, missed) = (true, true),
                Err(RecvError::Closed) => return Err(Ended::CutOff("server is stopping")),
            }
        }
    }

    /// Sends what the store has; whether it follows on from what the client was told.
    async fn catch_up(&mut self, sink: &SubscriptionSink) -> Result<bool, Ended> {
        loop {
            let (api, query, place, to) = (self.api.clone(), self.query.clone(), self.place, self.to);
            let read = self.api.workers.run(move || read(&api, &query, place, to)).await;
            match read.map_err(|_| Ended::CutOff("subscription cut off: server is busy"))? {
                Piece::Displaced => return Ok(false),
                Piece::Logs { logs, place, is_last } => {
                    self.send(sink, logs).await?;
                    self.place = place;
                    if is_last {
                        return Ok(true);
                    }
                }
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

/// Where a client begins, and the first and last block of which it wants to be told.
fn beginning(api: &Api, query: &LogQuery) -> Result<(Place, u64, Option<u64>), RpcError> {
    use BlockNumberOrTag as Tag;
    query.check()?;
    let head = api.chain.store.heads()?.unsafe_head;
    let live = Place { next: head.number + 1, last: Some(head.hash), seen: None };
    let past = |next| Place { next, last: None, seen: None };
    match query.range {
        Range::After(seen, _) => {
            let (_, to) = query.live_range()?;
            let search = api.chain.store.blocks_with_logs(seen.number, seen.number, &query.filter)?;
            search::check_seen(api, &search, seen)?;
            Ok((Place { seen: Some(seen), ..past(seen.number) }, 0, to))
        }
        Range::FromTo(from @ (Tag::Safe | Tag::Finalized), Tag::Latest) => {
            let Target::Sealed(BlockHashOrNumber::Number(from)) = api.by_tag(from)? else { return Ok((live, 0, None)) };
            Ok((past(from), from, None))
        }
        Range::FromTo(Tag::Number(_) | Tag::Earliest, _) => {
            let (from, to) = query.live_range()?;
            Ok((past(from), from, to))
        }
        Range::FromTo(..) | Range::Block(_) => {
            let (from, to) = query.live_range()?;
            Ok((live, from, to))
        }
    }
}

/// Reads some blocks after a place, all of one view of the chain.
fn read(api: &Api, query: &LogQuery, place: Place, to: Option<u64>) -> Result<Piece, RpcError> {
    let mut search = api.chain.store.blocks_with_logs(place.next, to.unwrap_or(u64::MAX), &query.filter)?;
    let head = search.head();
    if place.last.is_some() && search.hash_of(place.next.saturating_sub(1))? != place.last {
        return Ok(Piece::Displaced);
    }
    if head.number < place.next {
        return Ok(Piece::Logs { logs: Vec::new(), place, is_last: true });
    }
    let found = search::collect(&mut search, query, place.seen, Budget { logs: PIECE, ..Budget::of(api) })?;
    let (last, is_last) = match found.broken_off {
        None => (head, true),
        Some((_, number)) => {
            let hash = search.hash_of(number)?.ok_or_else(RpcError::header_not_found)?;
            (BlockNumHash { number, hash }, false)
        }
    };
    let place = Place { next: last.number + 1, last: Some(last.hash), seen: None };
    Ok(Piece::Logs { logs: found.logs, place, is_last })
}

impl Place {
    /// What an event means to a client that has been told up to here, of the blocks that it wants to be told of; and where it is then.
    fn follow(&mut self, event: &Event, query: &LogQuery, from: u64, to: Option<u64>) -> Told {
        let wanted = |block: &SealedBlock| {
            let number = block.block.header.number;
            from <= number && to.is_none_or(|to| number <= to)
        };
        match event {
            Event::Sealed(block) => {
                let header = &block.block.header;
                if header.number < self.next {
                    return Told::Logs(Vec::new());
                }
                let follows = header.number == self.next && self.last.is_none_or(|last| last == header.parent_hash);
                if !follows || self.seen.is_some() {
                    return Told::Gap;
                }
                *self = Self { next: header.number + 1, last: Some(block.hash), seen: None };
                Told::Logs(if wanted(block) { query.logs_of(block, false) } else { Vec::new() })
            }
            Event::Reorg { removed } => {
                // Blocks that this client has not been told of concern it as little as ones that were removed before it began.
                let newest = removed.iter().position(|block| Some(block.hash) == self.last);
                let gone = newest.map_or(&[][..], |newest| &removed[newest..]);
                if let Some(lowest) = gone.last().map(|block| &block.block.header) {
                    *self = Self { next: lowest.number, last: Some(lowest.parent_hash), seen: None };
                }
                Told::Logs(gone.iter().filter(|block| wanted(block)).flat_map(|block| query.logs_of(block, true)).collect())
            }
            _ => Told::Logs(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64, branch: u8) -> B256 {
        let mut hash = B256::with_last_byte(number as u8);
        hash.0[0] = branch;
        hash
    }

    /// A block with one log. `branch` tells blocks of the same number apart.
    fn block(number: u64, branch: u8, parent: B256) -> Arc<SealedBlock> {
        crate::logs::block_with_log(number, hash(number, branch), parent)
    }

    fn told(place: &mut Place, event: &Event) -> Option<Vec<(u64, bool)>> {
        match place.follow(event, &LogQuery::default(), 0, None) {
            Told::Logs(logs) => Some(logs.iter().map(|log| (log.block_number, log.removed)).collect()),
            Told::Gap => None,
        }
    }

    fn at(next: u64) -> Place {
        Place { next, last: Some(hash(next - 1, 1)), seen: None }
    }

    #[test]
    fn blocks_that_follow_on_are_told_and_those_before_are_not() {
        let mut place = at(5);
        assert_eq!(told(&mut place, &Event::Sealed(block(4, 1, hash(3, 1)))), Some(vec![]));
        assert_eq!(told(&mut place, &Event::Sealed(block(5, 1, hash(4, 1)))), Some(vec![(5, false)]));
        assert_eq!(place, at(6));
    }

    #[test]
    fn a_block_that_does_not_follow_on_is_a_gap() {
        let mut place = at(5);
        assert_eq!(told(&mut place, &Event::Sealed(block(6, 1, hash(5, 1)))), None);
        assert_eq!(told(&mut place, &Event::Sealed(block(5, 2, hash(4, 2)))), None, "of another branch");
        assert_eq!(place, at(5));
    }

    #[test]
    fn a_reorg_removes_what_was_told_and_what_replaces_it_is_told_anew() {
        let mut place = at(6);
        let removed = vec![block(6, 1, hash(5, 1)), block(5, 1, hash(4, 1)), block(4, 1, hash(3, 1))];
        assert_eq!(told(&mut place, &Event::Reorg { removed }), Some(vec![(5, true), (4, true)]), "block 6 was not told");
        assert_eq!(place, Place { next: 4, last: Some(hash(3, 1)), seen: None });
        assert_eq!(told(&mut place, &Event::Sealed(block(4, 2, hash(3, 1)))), Some(vec![(4, false)]));
        assert_eq!(told(&mut place, &Event::Sealed(block(5, 2, hash(4, 2)))), Some(vec![(5, false)]));
    }

    #[test]
    fn a_reorg_before_the_subscription_began_is_nothing_to_it() {
        let mut place = at(6);
        assert_eq!(told(&mut place, &Event::Reorg { removed: vec![block(5, 2, hash(4, 1))] }), Some(vec![]));
        assert_eq!(place, at(6));
    }

    #[test]
    fn blocks_outside_the_range_are_passed_over() {
        let mut place = at(5);
        let mut follow = |event: &Event| match place.follow(event, &LogQuery::default(), 6, Some(6)) {
            Told::Logs(logs) => logs.len(),
            Told::Gap => panic!("a gap"),
        };
        let blocks: Vec<_> = (5..8).map(|number| block(number, 1, hash(number - 1, 1))).collect();
        let counts: Vec<_> = blocks.iter().map(|block| follow(&Event::Sealed(block.clone()))).collect();
        assert_eq!(counts, [0, 1, 0]);
        assert_eq!(follow(&Event::Reorg { removed: blocks.into_iter().rev().collect() }), 1);
    }
}
