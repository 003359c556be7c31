//! What is compared.

use tributary_contracts::interfaces::datanets::{
    IDatanetRecords::{self, Settings},
    IDatanets::Licence,
};

/// Jurors of a review's first round.
const JURORS: u16 = 3;

/// A datanet's rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    pub(super) name: &'static str,
    min_novelty_bps: u16,
    /// Whether juries review what is contributed.
    pub(super) reviewed: bool,
    full_at_bps: u16,
    max_contributor_bps: u16,
}

/// The first, and what differs from it in one thing each.
const OPEN: Policy = Policy { name: "open", min_novelty_bps: 0, reviewed: false, full_at_bps: 6_000, max_contributor_bps: 10_000 };

pub(super) const POLICIES: [Policy; 5] = [
    OPEN,
    Policy { name: "open, half of it new", min_novelty_bps: 5_000, ..OPEN },
    Policy { name: "reviewed by juries", reviewed: true, ..OPEN },
    Policy { name: "open, paid in full at 30 %", full_at_bps: 3_000, ..OPEN },
    Policy { name: "open, at most 20 % each", max_contributor_bps: 2_000, ..OPEN },
];

/// Wei.
pub(super) const MILLI_OPEN: u128 = 1_000_000_000_000_000;

impl Policy {
    /// For a document.
    pub(super) const fn fee(&self) -> u128 {
        if self.reviewed { 10 * MILLI_OPEN } else { 0 }
    }

    /// For a commitment.
    pub(super) const fn bond(&self) -> u128 {
        if self.reviewed { 500 * MILLI_OPEN } else { 0 }
    }

    /// In words, beside the name.
    pub(super) fn rules(&self) -> String {
        format!(
            "novelty ≥ {} %, {}, full pay at {} % explained, at most {} % for one contributor",
            self.min_novelty_bps / 100,
            if self.reviewed { format!("juries of {JURORS}, fee .01 and bond .5 OPEN") } else { "no review, no fee".to_owned() },
            self.full_at_bps / 100,
            self.max_contributor_bps / 100
        )
    }

    pub(super) fn settings(&self) -> Settings {
        let policy = IDatanetRecords::Policy {
            jurors: if self.reviewed { JURORS } else { 0 },
            committed: self.reviewed,
            minNoveltyBps: self.min_novelty_bps,
            fee: self.fee().try_into().unwrap_or_default(),
            bond: self.bond().try_into().unwrap_or_default(),
        };
        Settings {
            name: self.name.into(),
            purpose: "simulation".into(),
            licence: licence(),
            policy,
            curatorBps: 200,
            fullAtBps: self.full_at_bps,
            maxContributorBps: self.max_contributor_bps,
        }
    }
}

/// Half of a payment is the contributors' at least.
fn licence() -> Licence {
    Licence {
        mayTrain: true,
        commercial: true,
        shareAlike: false,
        minContributorBps: 5_000,
        maxRoyaltyBps: 5_000,
        text: Default::default(),
    }
}
