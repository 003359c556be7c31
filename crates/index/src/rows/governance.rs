use super::Origin;
use crate::book::Row;
use alloy_primitives::{Address, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

/// What was said of a proposal last. Whether a vote was won is the Governor's `state`: it depends on the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ProposalStage {
    Proposed,
    Canceled,
    Queued,
    Executed,
}

/// A change of the rules that somebody proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Its number, which is a hash.
    pub id: U256,
    /// Who proposed it.
    pub proposer: Address,
    /// The contracts that it calls,
    pub targets: Vec<Address>,
    /// with so many wei,
    pub values: Vec<U256>,
    /// and with these data.
    pub calldatas: Vec<Bytes>,
    /// Why.
    pub description: String,
    /// Votes count from then on, seconds.
    pub vote_start: U64,
    /// And until then.
    pub vote_end: U64,
    /// Votes for it, wei of gOPEN.
    pub votes_for: U256,
    /// Votes against it.
    pub votes_against: U256,
    /// Votes that count for the quorum alone.
    pub votes_abstain: U256,
    /// How far it is.
    pub stage: ProposalStage,
    /// When it may be executed, seconds, once it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<U64>,
    /// The log that proposed it.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Proposal {
    const KIND: u8 = b'G';
    const FIELDS: &'static [&'static str] = &["stage", "proposer"];
}

/// Where a proposal is among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProposalPlace {
    pub(crate) origin: Origin,
}

impl Row for ProposalPlace {
    const KIND: u8 = b'g';
}

/// A vote about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ballot {
    /// The proposal.
    pub proposal_id: U256,
    /// Whose.
    pub voter: Address,
    /// `for`, `against` or `abstain`.
    pub support: Support,
    /// Wei of gOPEN.
    pub weight: U256,
    /// Why.
    pub reason: String,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Ballot {
    const KIND: u8 = b'B';
    const FIELDS: &'static [&'static str] = &["voter", "support"];
}

/// What a vote is for (`GovernorCountingSimple.VoteType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Support {
    Against,
    For,
    Abstain,
}

impl Support {
    /// In the order of the contract.
    pub const ALL: [Self; 3] = [Self::Against, Self::For, Self::Abstain];
}
