//! Which block is at a number, when several nodes are asked and none is believed alone.

use crate::{error::Error, verify};
use alloy_consensus::{Header, Sealed};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::B256;
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use tributary_client::Client;

/// What one node says is at a number or tag.
type Vote = Result<Option<Sealed<Header>>, Error>;

/// Execution nodes, of which some must agree.
#[derive(Debug)]
pub(crate) struct Quorum {
    voices: Vec<Client>,
    needed: usize,
}

impl Quorum {
    /// `needed` of the endpoints of `node`; nothing where one is enough.
    pub(crate) fn new(node: &Client, needed: usize) -> Result<Option<Self>, Error> {
        let voices = node.each();
        match needed {
            0 | 1 => Ok(None),
            needed if needed > voices.len() => {
                let why = format!("a quorum of {needed} needs as many execution endpoints, not {}", voices.len());
                Err(tributary_client::Error::Config(why).into())
            }
            needed => Ok(Some(Self { voices, needed })),
        }
    }

    /// The block that enough nodes have at this number; at a tag, that with the highest number which enough of them have reached and agree on.
    pub(crate) async fn header(&self, at: BlockNumberOrTag) -> Vote {
        match at {
            BlockNumberOrTag::Number(number) => self.at(number).await,
            BlockNumberOrTag::Earliest => self.at(0).await,
            tag => self.at_tag(tag).await,
        }
    }

    async fn at(&self, number: u64) -> Vote {
        tally(number, self.votes(BlockNumberOrTag::Number(number)).await, self.needed)
    }

    /// One that runs ahead on a branch of its own must not keep the others from agreeing on what they have.
    async fn at_tag(&self, tag: BlockNumberOrTag) -> Vote {
        let votes = self.votes(tag).await;
        let mut numbers: Vec<_> = votes.iter().flatten().flatten().map(|header| header.number).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let mut reached: Vec<_> = numbers.into_iter().skip(self.needed - 1).collect();
        reached.dedup();
        if reached.is_empty() {
            return undecided(votes, self.needed);
        }
        let mut outcome = Ok(None);
        for number in reached {
            outcome = self.at(number).await;
            if matches!(outcome, Ok(Some(_))) {
                break;
            }
        }
        outcome
    }

    async fn votes(&self, at: BlockNumberOrTag) -> Vec<Vote> {
        let mut asked = JoinSet::new();
        for voice in &self.voices {
            let voice = voice.clone();
            asked.spawn(async move { verify::header_at(&voice, BlockId::Number(at)).await });
        }
        asked.join_all().await
    }
}

/// The one block that `needed` votes are for.
fn tally(number: u64, votes: Vec<Vote>, needed: usize) -> Vote {
    let mut by_hash: BTreeMap<B256, Vec<&Sealed<Header>>> = BTreeMap::new();
    votes.iter().flatten().flatten().for_each(|header| by_hash.entry(header.seal()).or_default().push(header));
    let agreed: Vec<_> = by_hash.values().filter(|headers| headers.len() >= needed).collect();
    if let [headers] = agreed[..] {
        return Ok(headers.first().map(|header| (*header).clone()));
    }
    let mut hashes = by_hash.keys();
    match (hashes.next(), hashes.next()) {
        (Some(one), Some(other)) => Err(Error::Disagreement { number, one: *one, other: *other }),
        _ => undecided(votes, needed),
    }
}

/// Too few have a block there: there is none yet, unless too few answered at all.
fn undecided(votes: Vec<Vote>, needed: usize) -> Vote {
    let answered = votes.iter().filter(|vote| vote.is_ok()).count();
    if answered >= needed {
        return Ok(None);
    }
    let mut failures: Vec<_> = votes.into_iter().filter_map(Result::err).collect();
    failures.sort_by_key(|error| !error.is_retryable());
    failures.into_iter().next().map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(seed: u64) -> Vote {
        Ok(Some(Sealed::new(Header { number: 7, timestamp: seed, ..Default::default() })))
    }

    fn away() -> Vote {
        Err(tributary_client::Error::Unavailable(503).into())
    }

    #[test]
    fn a_block_is_believed_when_enough_have_it_and_no_other_is_believed_as_well() {
        assert_eq!(tally(7, vec![vote(1), vote(2), vote(1)], 2).unwrap(), vote(1).unwrap());
        assert_eq!(tally(7, vec![vote(1), away(), vote(1)], 2).unwrap(), vote(1).unwrap());
        assert!(matches!(tally(7, vec![vote(1), vote(2)], 2), Err(Error::Disagreement { number: 7, .. })));
        assert!(matches!(tally(7, vec![vote(1), vote(2), vote(2), vote(1)], 2), Err(Error::Disagreement { .. })));
    }

    #[test]
    fn a_block_that_too_few_have_is_not_there_yet_and_silence_is_not_absence() {
        assert!(tally(7, vec![vote(1), Ok(None), Ok(None)], 2).unwrap().is_none());
        assert!(tally(7, vec![vote(1), away(), away()], 2).unwrap_err().is_retryable());
        assert!(tally(7, vec![Ok(None), away(), Ok(None)], 2).unwrap().is_none());
    }
}
