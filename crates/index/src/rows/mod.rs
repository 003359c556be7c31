//! What the index tells. A row is stored as it is answered: money in wei, times in seconds since 1970, numbers as JSON-RPC writes them.

mod datanets;
mod governance;
mod inference;
mod juries;
mod models;
mod money;

pub(crate) use datanets::NoveltyOf;
pub use datanets::{
    Change, Commitment, CommitmentOf, CommitmentTo, Contribution, ContributionOf, Datanet, DocumentAt, Licence, Matter, Novelty, Policy,
    Release, Revealed, Stage,
};
pub(crate) use governance::ProposalPlace;
pub use governance::{Ballot, Proposal, ProposalStage, Support};
pub(crate) use inference::PayeeOf;
pub use inference::{
    Answer, Attribution, Part, Payee, Prompt, Session, SessionAndPrompt, SessionOf, SessionOfModel, SessionStatus, Settlement, Shares,
};
pub use juries::{Appeal, Case, CaseOf, CasePhase, Round, Validator, Vote};
pub use models::{Edge, LineagePart, Model, ModelOf, ModelOn, ModelVersion, Source};
pub use money::{Account, Claim, Earned, Earning, Purpose, Reason, Stake, Why};

use alloy_primitives::{B256, U64};
use serde::{Deserialize, Serialize};

/// The log that a row comes of, or was changed by last: who doubts the index reads it with `eth_getLogs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// Number of the block.
    #[serde(rename = "blockNumber")]
    pub block: U64,
    /// Time of the block.
    #[serde(rename = "blockTimestamp")]
    pub time: U64,
    /// Hash of the transaction.
    #[serde(rename = "transactionHash")]
    pub transaction: B256,
    /// Index of the log in the block.
    pub log_index: U64,
}
