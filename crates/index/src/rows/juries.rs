use super::Origin;
use crate::book::Row;
use alloy_primitives::{Address, B256, U64, U256};
use serde::{Deserialize, Serialize};

/// How far a case is (`IJuries.Phase`), as its last event told: what ends with time is over only when somebody says so in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum CasePhase {
    None,
    Drawing,
    Deciding,
    Committing,
    Revealing,
    Appealable,
    Governing,
    Final,
}

impl CasePhase {
    /// In the order of the contract.
    pub const ALL: [Self; 8] =
        [Self::None, Self::Drawing, Self::Deciding, Self::Committing, Self::Revealing, Self::Appealable, Self::Governing, Self::Final];
}

/// One juror's vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    /// Who.
    pub juror: Address,
    /// Whether it committed.
    pub committed: bool,
    /// What it revealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<bool>,
    /// Why, in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it was paid for it, wei.
    pub pay: U256,
    /// What it lost by it, wei.
    pub slashed: U256,
}

/// One jury.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// Counted from 0.
    pub number: U64,
    /// Jurors commit until then, seconds.
    pub commit_until: U64,
    /// And reveal until then.
    pub reveal_until: U64,
    /// In the order in which jurors were drawn; empty when somebody decided alone.
    pub votes: Vec<Vote>,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upheld: Option<bool>,
    /// Who decided, when no jury did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Address>,
    /// Why, in the words of who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Appeal {
    /// The round that it is against.
    pub round: U64,
    /// Who.
    pub appellant: Address,
    /// Wei.
    pub bond: U256,
    /// Why.
    pub reason: String,
}

/// What a jury decides about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// Its number.
    pub id: U256,
    /// The contract that asked.
    pub client: Address,
    /// What it is about.
    pub subject: B256,
    /// The client's number for what upholding means.
    pub kind: U64,
    /// Jurors of the first round.
    pub jurors: U64,
    /// Who decides where there are too few.
    pub decider: Address,
    /// Who wants it upheld.
    pub claimant: Address,
    /// How far it is.
    pub phase: CasePhase,
    /// When that ends, seconds; 0 where time ends nothing.
    pub deadline: U64,
    /// The L1 block whose randomness draws the next jury, or drew the last.
    pub draw_origin: U64,
    /// The last verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upheld: Option<bool>,
    /// All juries so far.
    pub rounds: Vec<Round>,
    /// All appeals so far.
    pub appeals: Vec<Appeal>,
    /// Its opening.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Case {
    const KIND: u8 = b'J';
    const FIELDS: &'static [&'static str] = &["phase", "client", "claimant", "upheld"];
}

/// A case that an account has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaseOf {
    /// The case.
    pub case_id: U256,
    /// The account.
    pub account: Address,
    /// `claimant`, `decider`, `juror` or `appellant`.
    pub role: String,
    /// When it became that.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for CaseOf {
    const KIND: u8 = b'j';
    const FIELDS: &'static [&'static str] = &["role"];
}

/// Who may be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validator {
    /// The account.
    pub account: Address,
    /// What it joined with and has not lost, wei; zero once it left.
    pub stake: U256,
    /// The L1 block at which it may leave, once it wants to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaving_at: Option<U64>,
}

impl Row for Validator {
    const KIND: u8 = b'v';
}
