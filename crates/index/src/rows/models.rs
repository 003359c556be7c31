use super::{Licence, Origin};
use crate::book::Row;
use alloy_primitives::{Address, B256, U64, U256};
use serde::{Deserialize, Serialize};

/// A model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its number.
    pub id: U256,
    /// Whose it is.
    pub owner: Address,
    /// To whom it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_to: Option<Address>,
    /// Its name.
    pub name: String,
    /// What it is, or where that is said.
    pub metadata: String,
    /// Its newest version; 0 for none yet.
    pub version: U64,
    /// Whether it takes no new requests.
    pub deprecated: bool,
    /// Its creation.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Model {
    const KIND: u8 = b'M';
    const FIELDS: &'static [&'static str] = &["owner", "deprecated"];
}

/// What a version was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The parent.
    pub parent_id: U256,
    /// Its version.
    pub parent_version: U64,
    /// The child.
    pub model_id: U256,
    /// Its version.
    pub version: U64,
    /// The part of what the child's lineage is paid that flows to the parent's, basis points.
    pub royalty_bps: u16,
    /// `base` or `adapter`.
    pub relation: String,
}

impl Row for Edge {
    const KIND: u8 = b'd';
    const FIELDS: &'static [&'static str] = &["relation"];
}

/// A release that answers for a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// The datanet.
    pub datanet_id: U256,
    /// Its release.
    pub release_id: U64,
    /// Its part of what is attributed by text, basis points.
    pub weight_bps: u16,
}

/// Whom a part of the lineage's payment goes to: the owner of this model at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineagePart {
    /// The model.
    pub model_id: U256,
    /// Of 10⁹.
    pub part: U256,
}

/// A version of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelVersion {
    /// The model.
    pub model_id: U256,
    /// Counted from 1.
    pub version: U64,
    /// Who registered it and is bonded for it.
    pub trainer: Address,
    /// Who answers.
    pub operator: Address,
    /// Least payment for one answer, wei.
    pub price: U256,
    /// For contributors, basis points of a payment.
    pub contributor_bps: u16,
    /// For the lineage, basis points of a payment.
    pub lineage_bps: u16,
    /// Of the contributors', what sketches decide, basis points.
    pub sketch_bps: u16,
    /// Time to answer, seconds.
    pub answer_seconds: U64,
    /// Whether anyone can compute an answer again.
    pub deterministic: bool,
    /// Keccak-256 of the weights.
    pub weights_hash: B256,
    /// Of the training's manifest.
    pub manifest_hash: B256,
    /// Of the metrics.
    pub metrics_hash: B256,
    /// Where they are.
    pub uri: String,
    /// What those who build on it must keep to.
    pub licence: Licence,
    /// What it was made from.
    pub parents: Vec<Edge>,
    /// Whose words answer for it.
    pub sources: Vec<Source>,
    /// The sketch set; zero for none.
    pub sketch_set_id: U256,
    /// Its version.
    pub sketch_version: U64,
    /// Who is paid for the lineage.
    pub lineage: Vec<LineagePart>,
    /// Its registration.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for ModelVersion {
    const KIND: u8 = b'V';
    const FIELDS: &'static [&'static str] = &["trainer", "operator", "deterministic"];
}

/// A model that an account created or was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelOf {
    /// The account.
    pub account: Address,
    /// The model.
    pub model_id: U256,
    /// Since when.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for ModelOf {
    const KIND: u8 = b'w';
}

/// A version of a model that a datanet answers for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelOn {
    /// The datanet.
    pub datanet_id: U256,
    /// Its release.
    pub release_id: U64,
    /// The model.
    pub model_id: U256,
    /// The model's version.
    pub version: U64,
    /// Its registration.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for ModelOn {
    const KIND: u8 = b'O';
    const FIELDS: &'static [&'static str] = &["releaseId", "modelId"];
}
