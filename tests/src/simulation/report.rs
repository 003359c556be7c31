//! Who earned what, for people and for programs.

use super::{
    checks::{Check, Closing},
    people::Role,
    world::World,
};
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, fmt};

// `IPayouts.Reason`: what comes back of one's own.
const REFUND: usize = 7;
const BOND: usize = 8;

const OPEN: i128 = 1_000_000_000_000_000_000;

/// Everything that was simulated.
#[derive(Debug, Serialize)]
pub struct Report {
    /// One for each policy.
    pub policies: Vec<PolicyReport>,
}

/// What came of a policy. Money is in wei.
#[derive(Debug, Serialize)]
pub struct PolicyReport {
    /// What the policy is called.
    pub name: &'static str,
    /// What it says.
    pub rules: String,
    /// Answers that were asked for.
    pub requests: usize,
    /// Documents that became rows.
    pub rows: usize,
    /// Transactions of all.
    pub transactions: usize,
    /// Gas of all.
    pub gas: u64,
    /// Answers that were settled with the payer's signature for others, and refused.
    pub refused: usize,
    /// How long it took.
    pub seconds: f64,
    /// Who earned what.
    pub roles: Vec<Line>,
    /// What is nobody's who takes part.
    #[serde(serialize_with = "decimals")]
    pub others: BTreeMap<&'static str, u128>,
    /// What had to hold.
    pub checks: Vec<Check>,
}

/// All of one role together.
#[derive(Debug, Serialize)]
pub struct Line {
    /// The role.
    pub role: String,
    /// Whether its answers were paid for by itself, so that what they say of its texts is worth nothing.
    pub paid_by_itself: bool,
    /// How many.
    pub agents: usize,
    /// Texts that they contributed or tried to.
    pub texts: usize,
    /// Sent with calls: payments, fees, bonds; not stakes.
    #[serde(serialize_with = "decimal")]
    pub put_in: u128,
    /// Refunds and bonds that came back, with what they won.
    #[serde(serialize_with = "decimal")]
    pub back: u128,
    /// Of others, for whatever they did.
    #[serde(serialize_with = "decimal")]
    pub earned: u128,
    /// Of it as authors.
    #[serde(serialize_with = "decimal")]
    pub by_texts: u128,
    /// Of their stakes.
    #[serde(serialize_with = "decimal")]
    pub slashed: u128,
    /// For gas.
    #[serde(serialize_with = "decimal")]
    pub gas: u128,
    /// What they have more than at first.
    #[serde(serialize_with = "decimal")]
    pub net: i128,
}

/// Wei are more than a number of JSON holds elsewhere.
fn decimal<S: Serializer>(wei: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(wei)
}

fn decimals<S: Serializer>(wei: &BTreeMap<&'static str, u128>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(wei.iter().map(|(name, wei)| (name, wei.to_string())))
}

impl Report {
    /// Whether everything held that had to.
    pub fn held(&self) -> bool {
        self.policies.iter().flat_map(|policy| &policy.checks).all(|check| check.held)
    }
}

/// By role, in the order of the table; those without agents are left out.
pub(super) fn lines(world: &World, closing: &Closing, initial: u128) -> Vec<Line> {
    let line = |role: Role| {
        let people = world.who(|person| person.role == role);
        let sum = |of: &dyn Fn(usize) -> u128| people.iter().map(|person| of(*person)).sum::<u128>();
        let account = |person: usize| &world.accounts[person];
        let back = sum(&|person| account(person).credits[REFUND] + account(person).credits[BOND]);
        Line {
            role: role.to_string(),
            paid_by_itself: role == Role::Farm,
            agents: people.len(),
            texts: people.iter().filter(|person| world.people[**person].document.is_some()).count(),
            put_in: sum(&|person| account(person).sent),
            back,
            earned: sum(&|person| account(person).got()) - back,
            by_texts: sum(&|person| account(person).by_texts()),
            slashed: sum(&|person| account(person).slashed),
            gas: sum(&|person| account(person).gas),
            net: people.iter().map(|person| closing.net(*person, initial)).sum(),
        }
    };
    Role::ALL.into_iter().map(line).filter(|line| line.agents != 0).collect()
}

/// OPEN with three digits after the point.
fn open(wei: i128) -> String {
    let thousandths = (wei.abs() + OPEN / 2_000) / (OPEN / 1_000);
    let sign = if wei < 0 && thousandths != 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for policy in &self.policies {
            writeln!(f, "{policy}")?;
        }
        let checks: usize = self.policies.iter().map(|policy| policy.checks.len()).sum();
        let failed: Vec<_> = self.policies.iter().flat_map(|policy| policy.checks.iter().map(move |check| (policy.name, check))).collect();
        for (policy, check) in failed.iter().filter(|(_, check)| !check.held) {
            writeln!(f, "FAILED under \"{policy}\": {}", check.name)?;
        }
        if self.held() { write!(f, "All {checks} checks held.") } else { write!(f, "Some of {checks} checks failed.") }
    }
}

impl fmt::Display for PolicyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.rules)?;
        writeln!(
            f,
            "{} requests, {} rows, {} transactions, {} M gas, {:.1} s; {} settlements of unsigned answers refused",
            self.requests,
            self.rows,
            self.transactions,
            self.gas / 1_000_000,
            self.seconds,
            self.refused
        )?;
        writeln!(
            f,
            "{:<22} {:>6} {:>6} {:>12} {:>12} {:>12} {:>10} {:>8} {:>12} {:>10} {:>9}",
            "OPEN", "agents", "texts", "put in", "came back", "earned", "slashed", "gas", "net", "per text", "of honest"
        )?;
        let per_text = |line: &Line| line.by_texts.checked_div(line.texts as u128);
        let honest = self.roles.first().and_then(per_text).unwrap_or_default();
        for line in &self.roles {
            let [put_in, back, earned, slashed, gas] =
                [line.put_in, line.back, line.earned, line.slashed, line.gas].map(|wei| open(wei as i128));
            let each = per_text(line).map_or_else(String::new, |wei| open(wei as i128));
            let part = per_text(line).filter(|_| !line.paid_by_itself).and_then(|wei| (wei * 1_000).checked_div(honest));
            let part = part.map_or_else(String::new, |part| format!("{}.{:03}", part / 1_000, part % 1_000));
            writeln!(
                f,
                "{:<22} {:>6} {:>6} {put_in:>12} {back:>12} {earned:>12} {slashed:>10} {gas:>8} {:>12} {each:>10} {part:>9}",
                line.role,
                line.agents,
                line.texts,
                open(line.net)
            )?;
        }
        let others: Vec<_> = self.others.iter().map(|(name, wei)| format!("{name} {}", open(*wei as i128))).collect();
        writeln!(f, "nobody's: {}", others.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_to_thousandths_and_nothing_is_below_nothing() {
        assert_eq!([open(OPEN + 7), open(-OPEN / 2), open(-1), open(OPEN / 1_600)].join(" "), "1.000 -0.500 0.000 0.001");
    }
}
