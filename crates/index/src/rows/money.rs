use super::Origin;
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
