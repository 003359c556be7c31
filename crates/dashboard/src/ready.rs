//! Whether a node may lead, or serve: facts that the node gathers, judged one by one, so that who reads the answer knows what to do.

use alloy_primitives::{Address, U256};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What a node stands on, gathered from time to time. Times are seconds of the Unix epoch, on the chain's clock.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The time that the chain's clock shows.
    pub now: u64,
    /// The clock is stopped by a user of a development chain: nothing grows old.
    pub stopped: bool,
    /// The newest block's time.
    pub unsafe_head_time: u64,
    /// L1, once it has answered.
    pub l1: L1Standing,
    /// Whose money and signature is needed on L1.
    pub accounts: Vec<AccountStanding>,
}

/// L1 as it was last seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct L1Standing {
    /// Number and time of its newest block.
    pub head: (u64, u64),
    /// The block up to which the rollup is derived.
    pub derived: u64,
    /// When it last answered; never, where absent.
    pub answered: Option<Instant>,
}

/// An account that acts on L1 for this node. Its key is there, or it would not be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStanding {
    /// What it does.
    pub role: &'static str,
    /// Its address.
    pub address: Address,
    /// What it has on L1, wei, once that is known.
    pub balance: Option<U256>,
    /// Less than this, wei, does not pay for what it does before long.
    pub low: U256,
    /// Another account than this is expected, in which case L1 is not listening to it.
    pub expected: Option<Address>,
}

/// What a node is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyLimits {
    /// Age of the newest block.
    pub head_age: Duration,
    /// L1 blocks that are there and not derived.
    pub derivation_lag: u64,
    /// Since L1 last answered.
    pub l1_silence: Duration,
    /// Age of L1's newest block.
    pub l1_head_age: Duration,
}

/// L1 in a [`ReadyReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct L1Report {
    /// It has answered lately.
    pub reachable: bool,
    /// Seconds since it last answered.
    #[serde(rename = "lastAnswerSecondsAgo")]
    pub last_answer: Option<u64>,
    /// Number of its newest block.
    pub head: u64,
    /// Age of that block.
    #[serde(rename = "headAgeSeconds")]
    pub head_age: u64,
}

/// An account in a [`ReadyReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// What it does.
    pub role: &'static str,
    /// Its address.
    pub address: Address,
    /// Its key is here.
    pub signer: bool,
    /// Wei on L1, in decimals.
    pub balance_wei: Option<String>,
    /// Wei under which it counts as empty.
    pub low_wei: String,
}

/// What `/ready` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadyReport {
    /// No reason to the contrary.
    pub ready: bool,
    /// What the node is.
    pub role: &'static str,
    /// Why it may not lead or serve, in words.
    pub reasons: Vec<String>,
    /// Age of the newest block.
    #[serde(rename = "headAgeSeconds")]
    pub head_age: u64,
    /// L1 blocks that are there and not derived.
    #[serde(rename = "derivationLagBlocks")]
    pub derivation_lag: u64,
    /// L1.
    pub l1: L1Report,
    /// Accounts on L1.
    pub accounts: Vec<AccountReport>,
}

impl Standing {
    /// Age of the newest block, seconds.
    pub const fn head_age(&self) -> u64 {
        self.now.saturating_sub(self.unsafe_head_time)
    }

    /// Age of L1's newest block, seconds.
    pub const fn l1_head_age(&self) -> u64 {
        self.now.saturating_sub(self.l1.head.1)
    }

    /// L1 blocks that are there and not derived.
    pub const fn derivation_lag(&self) -> u64 {
        self.l1.head.0.saturating_sub(self.l1.derived)
    }

    /// Judges the facts at `now`; `before` are reasons that are known already.
    pub(crate) fn judge(&self, role: &'static str, limits: &ReadyLimits, before: Vec<String>, now: Instant) -> ReadyReport {
        let mut reasons = before;
        let silence = self.l1.answered.map(|answered| now.saturating_duration_since(answered));
        let reachable = silence.is_some_and(|silence| silence <= limits.l1_silence);
        if !self.stopped && self.head_age() > limits.head_age.as_secs() {
            reasons.push(format!("the newest block is {} s old, more than {} s", self.head_age(), limits.head_age.as_secs()));
        }
        if self.derivation_lag() > limits.derivation_lag {
            let lag = self.derivation_lag();
            reasons.push(format!("derivation is {lag} L1 blocks behind, more than {}", limits.derivation_lag));
        }
        match silence {
            None => reasons.push("L1 has not answered yet".to_owned()),
            Some(silence) if !reachable => reasons.push(format!("L1 has not answered for {} s", silence.as_secs())),
            Some(_) if !self.stopped && self.l1_head_age() > limits.l1_head_age.as_secs() => {
                let (age, most) = (self.l1_head_age(), limits.l1_head_age.as_secs());
                reasons.push(format!("L1's newest block is {age} s old, more than {most} s: L1 stands, or its node is behind"));
            }
            Some(_) => {}
        }
        reasons.extend(self.accounts.iter().flat_map(AccountStanding::reasons));
        let l1 = L1Report {
            reachable,
            last_answer: silence.map(|silence| silence.as_secs()),
            head: self.l1.head.0,
            head_age: self.l1_head_age(),
        };
        ReadyReport {
            ready: reasons.is_empty(),
            role,
            reasons,
            head_age: self.head_age(),
            derivation_lag: self.derivation_lag(),
            l1,
            accounts: self.accounts.iter().map(AccountStanding::report).collect(),
        }
    }
}

impl AccountStanding {
    fn reasons(&self) -> Vec<String> {
        let Self { role, address, balance, low, expected } = self;
        let mut reasons = Vec::new();
        if let Some(balance) = balance.filter(|balance| balance < low) {
            reasons.push(format!("the {role} {address} has {balance} wei on L1, less than {low}"));
        }
        if let Some(expected) = expected.filter(|expected| expected != address) {
            reasons.push(format!("the {role} is {address}, and L1 listens to {expected}"));
        }
        reasons
    }

    fn report(&self) -> AccountReport {
        AccountReport {
            role: self.role,
            address: self.address,
            signer: true,
            balance_wei: self.balance.map(|balance| balance.to_string()),
            low_wei: self.low.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ReadyLimits = ReadyLimits {
        head_age: Duration::from_secs(10),
        derivation_lag: 5,
        l1_silence: Duration::from_secs(20),
        l1_head_age: Duration::from_secs(60),
    };

    fn standing(now: Instant) -> Standing {
        let account = AccountStanding {
            role: "batcher",
            address: Address::repeat_byte(1),
            balance: Some(U256::from(100)),
            low: U256::from(100),
            expected: Some(Address::repeat_byte(1)),
        };
        let l1 = L1Standing { head: (100, 940), derived: 95, answered: Some(now) };
        Standing { now: 1000, stopped: false, unsafe_head_time: 990, l1, accounts: vec![account] }
    }

    fn reasons(standing: &Standing, now: Instant) -> Vec<String> {
        standing.judge("sequencer", &LIMITS, Vec::new(), now).reasons
    }

    #[test]
    fn a_node_at_its_limits_is_ready() {
        let now = Instant::now();
        let report = standing(now).judge("sequencer", &LIMITS, Vec::new(), now + Duration::from_secs(20));
        assert!(report.ready, "{report:?}");
        assert_eq!((report.head_age, report.derivation_lag, report.l1.head_age, report.l1.last_answer), (10, 5, 60, Some(20)));
    }

    #[test]
    fn each_fact_beyond_its_limit_is_a_reason_of_its_own() {
        type Spoil = fn(&mut Standing);
        let now = Instant::now();
        let spoil: [(&str, Spoil); 7] = [
            ("the newest block is 11 s old", |standing| standing.unsafe_head_time = 989),
            ("derivation is 6 L1 blocks behind", |standing| standing.l1.derived = 94),
            ("L1 has not answered yet", |standing| standing.l1.answered = None),
            ("L1's newest block is 61 s old", |standing| standing.l1.head.1 = 939),
            ("has 99 wei on L1, less than 100", |standing| standing.accounts[0].balance = Some(U256::from(99))),
            ("L1 listens to 0x0202", |standing| standing.accounts[0].expected = Some(Address::repeat_byte(2))),
            ("the newest block is 1000 s old", |standing| standing.unsafe_head_time = 0),
        ];
        for (words, spoil) in spoil {
            let mut standing = standing(now);
            spoil(&mut standing);
            let reasons = reasons(&standing, now);
            assert!(reasons.len() == 1 && reasons[0].contains(words), "{words}: {reasons:?}");
        }
        let silent = reasons(&standing(now), now + Duration::from_secs(21));
        assert_eq!(silent, ["L1 has not answered for 21 s"]);
    }

    #[test]
    fn nothing_grows_old_while_a_clock_is_stopped_and_an_unknown_balance_is_no_empty_one() {
        let now = Instant::now();
        let mut standing = Standing { stopped: true, unsafe_head_time: 0, ..standing(now) };
        standing.l1.head.1 = 0;
        standing.accounts[0].balance = None;
        assert!(reasons(&standing, now).is_empty());
        let report = standing.judge("dev", &LIMITS, vec!["halted: on purpose".to_owned()], now);
        assert!(!report.ready && report.reasons == ["halted: on purpose"]);
    }
}
