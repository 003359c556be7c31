use super::{Attribution, Origin};
use crate::book::Row;
use alloy_primitives::{Address, B256, U64, U256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why an account is owed something (`IPayouts.Reason`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Reason {
    Contributor,
    Curator,
    Validator,
    Operator,
    Lineage,
    Protocol,
    Commons,
    Refund,
    Bond,
    Slashing,
}

impl Reason {
    /// In the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Contributor,
        Self::Curator,
        Self::Validator,
        Self::Operator,
        Self::Lineage,
        Self::Protocol,
        Self::Commons,
        Self::Refund,
        Self::Bond,
        Self::Slashing,
    ];
}

/// What an account came to be owed by one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Earning {
    /// The account.
    pub account: Address,
    /// The contract that decided it.
    pub module: Address,
    /// What the contract calls it: a settlement, a case.
    pub reference: B256,
    /// Why.
    pub reason: Reason,
    /// Wei.
    pub amount: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Earning {
    const KIND: u8 = b'e';
    const FIELDS: &'static [&'static str] = &["reason", "module", "reference"];
}

/// What an account came to be owed, and why so much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Earned {
    /// How much.
    #[serde(flatten)]
    pub earning: Earning,
    /// For a contributor's part of a settlement: what it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Why>,
}

/// What a contributor was paid by one division of a settlement's pool, and what of that pool nobody was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The datanet.
    pub datanet_id: U256,
    /// The contributor's number there, or in the model's sketch set.
    pub number: U64,
    /// Whether sketches decided it.
    pub by_sketch: bool,
    /// Wei.
    pub amount: U256,
    /// What it was credited for.
    pub weight: U256,
    /// How the pool was divided. What was not paid of it went to the commons: for words that were in no row, for those that nobody is credited for
    /// (`withheld`), and for what was beyond a contributor's greatest part.
    pub division: Option<Attribution>,
}

/// Money that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Whose it was.
    pub account: Address,
    /// Where it went.
    pub to: Address,
    /// Who sent for it.
    pub by: Address,
    /// Wei.
    pub amount: U256,
    /// The log.
    #[serde(flatten)]
    pub origin: Origin,
}

impl Row for Claim {
    const KIND: u8 = b'c';
    const FIELDS: &'static [&'static str] = &["to", "by"];
}

/// Sums of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// What it can claim, wei.
    pub owed: U256,
    /// What was claimed, wei.
    pub claimed: U256,
    /// What it was ever owed, by reason, wei.
    pub earned: BTreeMap<Reason, U256>,
    /// Who claims for it from `payeeEffective` on; absent when it does itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee: Option<Address>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_effective: Option<U64>,
}

impl Row for Account {
    const KIND: u8 = b'a';
}

/// What a stake is for (`IStakes.Purpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Purpose {
    Validator,
    Operator,
    Trainer,
}

impl Purpose {
    /// In the order of the contract.
    pub const ALL: [Self; 3] = [Self::Validator, Self::Operator, Self::Trainer];
}

/// What an account has at risk for one purpose, wei.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stake {
    /// Whose.
    pub account: Address,
    /// What for.
    pub purpose: Purpose,
    /// Neither locked nor leaving.
    pub free: U256,
    /// Locked by the purpose's contract.
    pub locked: U256,
    /// Can be withdrawn from `ready` on.
    pub leaving: U256,
    /// Seconds.
    pub ready: U64,
    /// What was ever taken.
    pub slashed: U256,
}

impl Row for Stake {
    const KIND: u8 = b's';
}
