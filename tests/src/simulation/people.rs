//! Who takes part, as what, and with which text.

use super::{
    chain::CHAIN_ID,
    texts::{Random, edited, own, spaced, words},
};
use crate::wallet::Wallet;
use alloy_primitives::Address;
use std::fmt;

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Curator,
    /// Contributes a text of its own.
    Honest,
    /// Contributes an honest one's text: the same bytes, then the same words in other bytes.
    ExactCopy,
    /// One word in 16 is another.
    EditedCopy,
    /// Two honest ones' texts, one after the other.
    JoinedCopy,
    /// One of several accounts of the same person: a text once, then the same text with a word more.
    SameText,
    /// Two words.
    Dust,
    /// Author, payer and operator are the same person, who asks for nothing but its own text.
    Farm,
    Payer,
    Validator,
    /// Commits to a verdict and never reveals it.
    Absent,
    /// Upholds whatever it is.
    Nodder,
    Operator,
    Liar,
}

impl Role {
    /// In the order of the table.
    pub(super) const ALL: [Self; 14] = [
        Self::Honest,
        Self::ExactCopy,
        Self::EditedCopy,
        Self::JoinedCopy,
        Self::SameText,
        Self::Dust,
        Self::Farm,
        Self::Validator,
        Self::Absent,
        Self::Nodder,
        Self::Operator,
        Self::Liar,
        Self::Curator,
        Self::Payer,
    ];

    pub(super) const fn judges(self) -> bool {
        matches!(self, Self::Validator | Self::Absent | Self::Nodder)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Curator => "curator",
            Self::Honest => "honest contributor",
            Self::ExactCopy => "copycat, exact",
            Self::EditedCopy => "copycat, 1 word in 16",
            Self::JoinedCopy => "copycat, two joined",
            Self::SameText => "sybil, same text",
            Self::Dust => "sybil, two words",
            Self::Farm => "sybil, asks itself",
            Self::Payer => "payer",
            Self::Validator => "validator",
            Self::Absent => "validator, absent",
            Self::Nodder => "validator, always yes",
            Self::Operator => "operator",
            Self::Liar => "operator, lying",
        })
    }
}

/// A text that somebody contributes.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) text: String,
    /// What it tries before, which has to be refused where documents are taken at once.
    pub(super) tried: Option<String>,
    /// What who looks at it says: whether it is new.
    pub(super) good: bool,
}

/// One account.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) role: Role,
    pub(super) wallet: Wallet,
    pub(super) document: Option<Document>,
    /// Those of one farm.
    pub(super) farm: Option<usize>,
}

/// Accounts of one person with the same text.
const RING: usize = 10;

/// So many, in these parts of a thousand; the rest is honest. There are as many validators at least as an appeal needs.
pub(super) fn gather(agents: usize, seed: u64) -> Vec<Person> {
    let of = |thousandths: usize, least: usize| (agents * thousandths / 1_000).max(least);
    let mut roles = vec![Role::Curator];
    let mut add = |role, count: usize| roles.extend(std::iter::repeat_n(role, count));
    add(Role::ExactCopy, of(80, 2));
    add(Role::EditedCopy, of(80, 2));
    add(Role::JoinedCopy, of(40, 1));
    add(Role::SameText, of(100, 5));
    add(Role::Dust, of(70, 2));
    add(Role::Farm, 3 * of(10, 1));
    add(Role::Payer, of(100, 4));
    add(Role::Validator, of(42, 7));
    add(Role::Absent, of(9, 1));
    add(Role::Nodder, of(9, 1));
    add(Role::Operator, of(25, 2));
    add(Role::Liar, of(5, 1));
    let honest = agents.saturating_sub(roles.len()).max(4);
    roles.extend(std::iter::repeat_n(Role::Honest, honest));

    let mut farmers = 0..;
    let person = |(index, role): (usize, Role)| Person {
        role,
        wallet: Wallet::poor(seed.wrapping_mul(1 << 32) + index as u64, CHAIN_ID),
        document: None,
        farm: (role == Role::Farm).then(|| farmers.next().unwrap_or(0) / 3),
    };
    let mut people: Vec<_> = roles.into_iter().enumerate().map(person).collect();
    write(&mut people, seed);
    people
}

/// Gives each its text.
fn write(people: &mut [Person], seed: u64) {
    let mut random = Random::new(seed, 1);
    let honest: Vec<String> = people.iter().filter(|person| person.role == Role::Honest).map(|_| own(&mut random)).collect();
    let mut originals = honest.iter();
    let (mut ring, mut in_ring, mut farmers, mut copied) = (String::new(), 0, 0, 0);
    for person in people {
        let good = |text| Document { text, tried: None, good: true };
        let bad = |text| Document { text, tried: None, good: false };
        person.document = match person.role {
            Role::Honest => originals.next().cloned().map(good),
            Role::ExactCopy => {
                // Another's each, so that none is refused as the same bytes as another copy.
                copied += 1;
                let text = &honest[copied % honest.len()];
                Some(Document { text: spaced(text), tried: Some(text.clone()), good: false })
            }
            Role::EditedCopy => {
                let text = random.pick(&honest);
                Some(bad(edited(&mut random, text)))
            }
            Role::JoinedCopy => Some(bad(format!("{} {}", random.pick(&honest), random.pick(&honest)))),
            Role::SameText => {
                in_ring += 1;
                if in_ring % RING == 1 {
                    ring = own(&mut random);
                    Some(good(ring.clone()))
                } else {
                    Some(Document { text: format!("{ring} {in_ring}"), tried: Some(ring.clone()), good: false })
                }
            }
            Role::Dust => Some(bad(words(&mut random, 2))),
            Role::Farm => {
                farmers += 1;
                (farmers % 3 == 1).then(|| good(own(&mut random)))
            }
            Role::Liar => Some(good(words(&mut random, 40))),
            _ => None,
        };
    }
}

impl Person {
    pub(super) const fn address(&self) -> Address {
        self.wallet.address()
    }
}
