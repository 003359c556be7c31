//! The form of a receipt. Quantities and bytes are hexadecimal, as everywhere in JSON-RPC.

use crate::block::BlockProof;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

/// The form that is written and read.
pub(crate) const FORMAT: u64 = 1;

/// An explanation and the proof of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// The form of this file: 1.
    pub format: U64,
    /// Which rollup it is of.
    pub rollup: Rollup,
    /// What is said.
    pub explanation: Explanation,
    /// What it is said by.
    pub proof: BlockProof,
    /// Whether the proof holds the sets of texts whole, so that the weights can be computed again, too.
    pub whole: bool,
}

/// A rollup, as the node calls it. Nothing in a receipt proves it: who checks knows the portal from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollup {
    /// Its chain id.
    pub chain_id: U64,
    /// Its portal on L1.
    pub portal: Address,
}

impl Receipt {
    /// A receipt in the present form.
    pub fn new(rollup: Rollup, explanation: Explanation, proof: BlockProof, whole: bool) -> Self {
        Self { format: U64::from(FORMAT), rollup, explanation, proof, whole }
    }
}

/// What a settlement paid for, and why whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Explanation {
    /// Its number.
    pub settlement_id: U256,
    /// The session.
    pub session_id: U256,
    /// The block that settled it.
    pub block_number: U64,
    /// The block's time, seconds.
    pub block_time: U64,
    /// Who paid.
    pub payer: Address,
    /// Who answered.
    pub operator: Address,
    /// The model that answered.
    pub model_id: U256,
    /// The model's version.
    pub version: U64,
    /// The terms that both agreed to.
    pub terms_hash: B256,
    /// Whether the payer signed for the answers; what is not signed for was not attributed.
    pub signed: bool,
    /// What was paid, wei.
    pub amount: U256,
    /// Its parts.
    pub shares: Shares,
    /// The end of the session's chain of answers before these (`IDivision.chainOf`).
    pub before: B256,
    /// The number of the first answer.
    pub first: U64,
    /// The answers.
    pub answers: Vec<AnswerExplained>,
    /// The releases that answer for the model.
    pub sources: Vec<Source>,
    /// The contributors who were paid, at once or later.
    pub payees: Vec<Payee>,
}

/// How a payment was divided, wei; the parts sum to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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

/// A release that answers for the model, and what of the payment was divided by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The datanet.
    pub datanet_id: U256,
    /// The release.
    pub release_id: U64,
    /// Its set of texts.
    pub set_id: U256,
    /// The set's version.
    pub version: U64,
    /// Keccak-256 of the licence's text.
    pub licence: B256,
    /// Its part of the text pool, basis points.
    pub weight_bps: U64,
    /// The part of an answer's words for which all of the pool is paid, basis points.
    pub full_at_bps: U64,
    /// Most of one answer's pool for one contributor, basis points.
    pub max_contributor_bps: U64,
    /// Wei that were to be divided.
    pub pool: U256,
    /// The contributors' part of it; the rest is the commons'.
    pub paid: U256,
}

/// An answer and whose words it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerExplained {
    /// Counted from 1.
    pub index: U64,
    /// Keccak-256 of the prompt, or zero.
    pub prompt_hash: B256,
    /// Keccak-256 of the sketch that was asked with it.
    pub query_hash: B256,
    /// What it cost, wei.
    pub amount: U256,
    /// Its bytes.
    pub output: Bytes,
    /// What was found, by source; nothing where nothing was attributed.
    pub traces: Vec<Trace>,
}

/// What was found of an answer in one source. Weights are in 1/256 bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trace {
    /// Which of the sources, counted from 0.
    pub source: U64,
    /// Weight of the words that were found.
    pub explained: U256,
    /// The part of it that nobody is credited for.
    pub withheld: U256,
    /// Weight of all words.
    pub total: U256,
    /// The words.
    pub spans: Vec<Span>,
}

/// Words of an answer that are somebody's. Ranges are of bytes, without the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names of the ranges say it")]
pub struct Span {
    pub output_start: U64,
    pub output_end: U64,
    /// The row that the words were found in.
    pub row: U64,
    pub row_start: U64,
    pub row_end: U64,
    /// The row that first contributed them.
    pub origin: U64,
    pub origin_start: U64,
    pub origin_end: U64,
    /// Keccak-256 of the origin's document.
    pub document: B256,
    /// The origin's contributor: its number in the datanet.
    pub contributor: U64,
    /// Its account, as the session was opened.
    pub author: Address,
    /// Weight of the words, in 1/256 bit.
    pub weight: U64,
    /// Whether nobody is credited for them.
    pub withheld: bool,
    /// What they earned their author, wei, rounded down.
    pub wei: U256,
}

/// A contributor's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payee {
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
}
