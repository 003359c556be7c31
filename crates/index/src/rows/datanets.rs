use super::Origin;
use crate::book::Row;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

/// Terms that contracts enforce (`IDatanets.Licence`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Licence {
    /// Models may be trained.
    pub may_train: bool,
    /// And sold.
    pub commercial: bool,
    /// A model's licence must be share-alike, too.
    pub share_alike: bool,
    /// Least part of a payment for contributors, basis points.
    pub min_contributor_bps: u16,
    /// Most for lineage and operator together, basis points.
    pub max_royalty_bps: u16,
    /// Keccak-256 of the licence's text.
    pub text: B256,
}

/// What a contribution must pass (`IDatanetRecords.Policy`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Jurors of a submission's first round; 0 for none.
    pub jurors: u16,
    /// Whether a document is committed to first.
    pub committed: bool,
    /// Least part of a document's words that is its own, basis points.
    pub min_novelty_bps: u16,
    /// Per document, wei.
    pub fee: U256,
    /// Per commitment, wei.
    pub bond: U256,
}

/// A community's collection of texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Datanet {
    /// Its number.
    pub id: U256,
    /// Who keeps it.
    pub curator: Address,
    /// Who becomes curator by accepting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_curator: Option<Address>,
    /// Its set in the attribution store.
    pub set_id: U256,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Of later releases.
    pub licence: Licence,
    /// Of later contributions.
    pub policy: Policy,
    /// The curator's part of a payment, basis points.
    pub curator_bps: u16,
    /// Part of an answer's words that has to be explained for the whole pool to be paid, basis points.
    pub full_at_bps: u16,
    /// Most of one answer's pool for one contributor, basis points.
    pub max_contributor_bps: u16,
    /// How many documents are rows.
    pub rows: U64,
    /// Their bytes.
    pub size: U256,
    /// Versions that can be cited.
    pub releases: U64,
    /// Its founding.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Datanet {
    const KIND: u8 = b'D';
    const FIELDS: &'static [&'static str] = &["curator"];
}

/// A version of a datanet that can be cited for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// The datanet.
    pub datanet_id: U256,
    /// Counted from 1.
    pub id: U64,
    /// The set, its version and how many rows that has.
    pub set_id: U256,
    /// The set's version.
    pub version: U64,
    /// Rows of that version.
    pub rows: U64,
    /// Numbers of contributors that were given then.
    pub contributors: U64,
    /// Payload bytes.
    pub size: U256,
    /// The set's running root.
    pub root: B256,
    /// Terms of this release.
    pub licence: Licence,
    /// See [`Datanet`].
    pub full_at_bps: u16,
    /// See [`Datanet`].
    pub max_contributor_bps: u16,
    /// See [`Datanet`].
    pub curator_bps: u16,
    /// The curator's words.
    pub note: String,
    /// Its publication.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Release {
    const KIND: u8 = b'R';
}

/// What became of a row: its statuses and authors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// 0 active, 1 refinement, 2 withdrawn; absent for another author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u8>,
    /// The author from then on; absent for another status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Address>,
    /// The account that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Address>,
    /// The jury that decided it; zero for none.
    pub case_id: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A document that is a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contribution {
    /// The datanet.
    pub datanet_id: U256,
    /// Its row.
    pub row: U64,
    /// Its author, as far as is known.
    pub author: Address,
    /// The author's number.
    pub contributor: U64,
    /// Who appended it.
    pub by: Address,
    /// Keccak-256 of the document.
    pub document_hash: B256,
    /// Bytes.
    pub size: U64,
    /// The set's version since which it is there.
    pub version: U64,
    /// 0 active, 1 refinement, 2 withdrawn.
    pub status: u8,
    /// The commitment that it was revealed from; zero for none.
    pub commitment_id: U256,
    /// The row that it refines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<U64>,
    /// What of its document was somebody's when it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub novelty: Option<Novelty>,
    /// What became of it.
    pub changes: Vec<Change>,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Contribution {
    const KIND: u8 = b'C';
    const FIELDS: &'static [&'static str] = &["author", "by", "status", "commitmentId", "parent"];
}

/// A row that is or was an account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContributionOf {
    /// The account.
    pub account: Address,
    /// The datanet.
    pub datanet_id: U256,
    /// The row.
    pub row: U64,
    /// Since when.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for ContributionOf {
    const KIND: u8 = b'k';
    const FIELDS: &'static [&'static str] = &["datanetId"];
}

/// Where a document is a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentAt {
    /// Keccak-256 of the document.
    pub document_hash: B256,
    /// The datanet.
    pub datanet_id: U256,
    /// The row.
    pub row: U64,
}

impl Row for DocumentAt {
    const KIND: u8 = b'h';
}

/// How far a commitment is (`IDatanetRecords.Stage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Stage {
    Committed,
    Reviewed,
    Accepted,
    Rejected,
    Lapsed,
    Complete,
}

/// One document of a commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revealed {
    /// Its place.
    pub index: U64,
    /// Keccak-256 of the document.
    pub document_hash: B256,
    /// Bytes.
    pub size: U64,
    /// The row that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<U64>,
    /// Why it became none: `duplicate`, `notNovel`, `notText`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What of it was somebody's, where it came so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub novelty: Option<Novelty>,
}

/// Documents that were committed to together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Commitment {
    /// Its number; that of an earlier one is smaller.
    pub id: U256,
    /// The datanet.
    pub datanet_id: U256,
    /// Who.
    pub author: Address,
    /// Root of the tree over its documents.
    pub root: B256,
    /// How many documents.
    pub count: U64,
    /// How many were revealed.
    pub revealed: U64,
    /// How many became rows.
    pub appended: U64,
    /// How many were refused.
    pub refused: U64,
    /// How far it is.
    pub stage: Stage,
    /// Wei.
    pub bond: U256,
    /// Documents are revealed until then, seconds.
    pub reveal_until: U64,
    /// The jury; zero for none.
    pub case_id: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Commitment {
    const KIND: u8 = b'K';
    const FIELDS: &'static [&'static str] = &["datanetId", "author", "stage"];
}

/// A commitment of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitmentOf {
    /// The account.
    pub account: Address,
    /// The commitment.
    pub commitment_id: U256,
    /// The datanet.
    pub datanet_id: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for CommitmentOf {
    const KIND: u8 = b'o';
    const FIELDS: &'static [&'static str] = &["datanetId"];
}

/// A commitment to a datanet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitmentTo {
    /// The datanet.
    pub datanet_id: U256,
    /// The commitment.
    pub commitment_id: U256,
    /// Who committed.
    pub author: Address,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for CommitmentTo {
    const KIND: u8 = b'q';
    const FIELDS: &'static [&'static str] = &["author"];
}

/// How much of a document was somebody's when it came, in 1/256 bit (`IAttributionStore.novelty`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Novelty {
    /// Weight of the words that an earlier row had.
    pub inherited: U256,
    /// Weight of the words that are closed: among those of an edited copy.
    pub closed: U256,
    /// Weight of all words.
    pub total: U256,
}

/// The same, by document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NoveltyOf(pub(crate) Novelty);

impl Row for NoveltyOf {
    const KIND: u8 = b'n';
}

/// A document of a commitment.
impl Row for Revealed {
    const KIND: u8 = b'r';
    const FIELDS: &'static [&'static str] = &["row", "refusal"];
}

/// What a jury decides about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matter {
    /// The jury.
    pub case_id: U256,
    /// The datanet.
    pub datanet_id: U256,
    /// The row.
    pub row: U64,
    /// `submission`, `refinement`, `withdrawal`, `authorship`.
    pub matter: String,
    /// Who wants it upheld.
    pub claimant: Address,
    /// Wei.
    pub bond: U256,
    /// What it shows.
    pub evidence: B256,
    /// What it says.
    pub reason: Bytes,
    /// What it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upheld: Option<bool>,
    /// Whether it changed the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<bool>,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Matter {
    const KIND: u8 = b'm';
}
