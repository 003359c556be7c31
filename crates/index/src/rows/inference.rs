use super::{Origin, Reason};
use crate::book::Row;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum SessionStatus {
    Open,
    Ended,
    Closed,
}

/// One escrow for answers (`IInference`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its number.
    pub id: U256,
    /// The model that answers, and its version.
    pub model_id: U256,
    /// The model's version.
    pub version: U64,
    /// Who pays.
    pub payer: Address,
    /// Who answers.
    pub operator: Address,
    /// The terms that both agreed to.
    pub terms_hash: B256,
    /// What is not settled or posted by then goes back, seconds.
    pub deadline: U64,
    /// Most answers.
    pub max_answers: U64,
    /// What was paid in, wei.
    pub escrow: U256,
    /// What was settled of it, wei.
    pub paid: U256,
    /// What was given back, wei.
    pub refunded: U256,
    /// Answers that are settled.
    pub answers: U64,
    /// Settlements.
    pub settlements: U64,
    /// How far it is.
    pub status: SessionStatus,
    /// How many numbers of contributors each source had given.
    pub contributors: Vec<u32>,
    /// Its opening.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Session {
    const KIND: u8 = b'S';
    const FIELDS: &'static [&'static str] = &["modelId", "payer", "operator", "status"];
}

/// The first prompt of a session, where it was told. It has a row of its own, because sessions change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// As it was asked.
    pub prompt: Bytes,
}

impl Row for Prompt {
    const KIND: u8 = b'Q';
}

/// A session with its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionAndPrompt {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Its prompt.
    #[serde(flatten)]
    pub prompt: Option<Prompt>,
}

/// A session that an account pays for or answers in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionOf {
    /// The session.
    pub session_id: U256,
    /// The account.
    pub account: Address,
    /// `payer` or `operator`.
    pub role: String,
    /// Its opening.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for SessionOf {
    const KIND: u8 = b'y';
    const FIELDS: &'static [&'static str] = &["role"];
}

/// A session of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionOfModel {
    /// The model.
    pub model_id: U256,
    /// Its version.
    pub version: U64,
    /// The session.
    pub session_id: U256,
    /// Who pays.
    pub payer: Address,
    /// Its opening.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for SessionOfModel {
    const KIND: u8 = b'x';
    const FIELDS: &'static [&'static str] = &["version", "payer"];
}

/// One answer. Its bytes are in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The session.
    pub session_id: U256,
    /// Counted from 1.
    pub index: U64,
    /// Keccak-256 of the prompt, or zero.
    pub prompt_hash: B256,
    /// What it cost, wei.
    pub amount: U256,
    /// Keccak-256 of the text.
    pub output_hash: B256,
    /// Bytes of the text.
    pub size: U64,
    /// The settlement that paid for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_id: Option<U256>,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Answer {
    const KIND: u8 = b'A';
    const FIELDS: &'static [&'static str] = &["settlementId", "promptHash"];
}

/// How a payment was divided, wei; the parts sum to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub struct Shares {
    pub protocol: U256,
    pub validators: U256,
    pub lineage: U256,
    pub curators: U256,
    pub contributors: U256,
    pub commons: U256,
    pub operator: U256,
}

/// One division of a pool among contributors: by text, for each source of the model; or by sketches, with datanet 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribution {
    /// The datanet.
    pub datanet_id: U256,
    /// Its release.
    pub release_id: U64,
    /// Wei that were to be divided.
    pub pool: U256,
    /// The contributors' part of it; the rest is the commons'.
    pub paid: U256,
    /// Weight of the words that were found, in 1/256 bit; by sketches, the sum of the positive weights.
    pub explained: U256,
    /// The part of it that nobody is credited for.
    pub withheld: U256,
    /// Weight of all words.
    pub total: U256,
}

/// What of a payment is whose, other than contributors'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Why.
    pub reason: Reason,
    /// The datanet; zero for all of them or none.
    pub datanet_id: U256,
    /// Who; zero for the commons, and for reviewers, who are paid by the reviews of their datanet.
    pub account: Address,
    /// Wei.
    pub amount: U256,
}

/// Answers that were paid for together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settlement {
    /// Its number; the reference of its payments.
    pub id: U256,
    /// The session.
    pub session_id: U256,
    /// Whether the payer signed for the answers; what is not signed for was not attributed.
    pub signed: bool,
    /// The first answer.
    pub first: U64,
    /// How many.
    pub count: U64,
    /// Wei.
    pub amount: U256,
    /// Its parts.
    pub shares: Shares,
    /// How the contributors' part was divided.
    pub attributions: Vec<Attribution>,
    /// The other parts.
    pub parts: Vec<Part>,
    /// Contributors who are paid later, wei.
    pub carried: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Settlement {
    const KIND: u8 = b'T';
    const FIELDS: &'static [&'static str] = &["signed"];
}

/// A contributor's part of a settlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payee {
    /// The settlement.
    pub settlement_id: U256,
    /// Whose.
    pub account: Address,
    /// The datanet.
    pub datanet_id: U256,
    /// Its number there, or in the model's sketch set.
    pub number: U64,
    /// Whether sketches decided it.
    pub by_sketch: bool,
    /// Wei.
    pub amount: U256,
    /// What it was credited for.
    pub weight: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Payee {
    const KIND: u8 = b'P';
    const FIELDS: &'static [&'static str] = &["account", "datanetId", "bySketch"];
}

/// The same, by account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PayeeOf(pub(crate) Payee);

impl Row for PayeeOf {
    const KIND: u8 = b'p';
}
