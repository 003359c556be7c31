//! Whether the node does its work: facts from the node, judged against the time.

use crate::{
    metrics,
    ready::{ReadyLimits, ReadyReport, Standing},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use serde::Serialize;
use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tributary_primitives::Heads;

/// For how long a head may stand still before the node counts as unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The newest block: a few block times.
    pub unsafe_head: Duration,
    /// The newest block on L1: a few batches.
    pub safe_head: Duration,
    /// The newest block on finalized L1: L1's finality and a few batches.
    pub finalized_head: Duration,
}

/// Heads that stand still because somebody wants them to, as users of a development node may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Held {
    /// None.
    #[default]
    Nothing,
    /// Only finality: what a snapshot may take back is not final.
    Finality,
    /// All of them: the clock does not move.
    Everything,
}

/// A head and since when it stands where it does.
#[derive(Debug, Clone, Copy)]
struct Seen {
    head: BlockNumHash,
    since: Instant,
    /// When somebody last held it, from when on it has to move again.
    held: Instant,
}

impl Seen {
    fn update(&mut self, head: BlockNumHash, now: Instant) {
        if self.head != head {
            *self = Self { head, since: now, held: now };
        }
    }

    /// For how long it has stood still although nobody held it.
    fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since.max(self.held))
    }

    fn report(&self, now: Instant) -> HeadReport {
        HeadReport { number: self.head.number, hash: self.head.hash, unchanged_for: now.saturating_duration_since(self.since).as_secs() }
    }
}

#[derive(Debug)]
struct Facts {
    unsafe_head: Seen,
    safe_head: Seen,
    finalized_head: Seen,
    verifier_agrees: bool,
    journal_ok: bool,
    not_proposing: Option<&'static str>,
    halted: Option<String>,
    standing: Standing,
}

/// What the node knows of itself, shared between the node, which writes it, and the server, which judges it.
#[derive(Debug)]
pub struct Health {
    role: &'static str,
    limits: Limits,
    ready_limits: ReadyLimits,
    started: Instant,
    // A std mutex: it is held for a few assignments and never across an await.
    facts: Mutex<Facts>,
}

impl Health {
    /// A node of this role that starts at `now` with these heads. Until told otherwise the verifier agrees and the journal is in order.
    pub fn new(role: &'static str, (limits, ready_limits): (Limits, ReadyLimits), heads: Heads, now: Instant) -> Self {
        let seen = |head: BlockNumHash| Seen { head, since: now, held: now };
        let facts = Facts {
            unsafe_head: seen(heads.unsafe_head),
            safe_head: seen(heads.safe_head),
            finalized_head: seen(heads.finalized_head),
            verifier_agrees: true,
            journal_ok: true,
            not_proposing: None,
            halted: None,
            standing: Standing::default(),
        };
        metrics::set_heads(&heads);
        Self { role, limits, ready_limits, started: now, facts: Mutex::new(facts) }
    }

    /// The heads at `now`. A head counts as advancing when it is another block than before.
    pub fn set_heads(&self, heads: &Heads, now: Instant) {
        let mut facts = self.facts();
        facts.unsafe_head.update(heads.unsafe_head, now);
        facts.safe_head.update(heads.safe_head, now);
        facts.finalized_head.update(heads.finalized_head, now);
        metrics::set_heads(heads);
    }

    /// Which heads are held still at `now`; to be told as often as the heads while that is so. A held head is no reason to be unhealthy.
    pub fn set_held(&self, held: Held, now: Instant) {
        let mut facts = self.facts();
        if held == Held::Everything {
            facts.unsafe_head.held = now;
            facts.safe_head.held = now;
        }
        if held != Held::Nothing {
            facts.finalized_head.held = now;
        }
    }

    /// Whether the block that the verifier derived last has the sequencer's hash.
    pub fn set_verifier_agrees(&self, agrees: bool) {
        self.facts().verifier_agrees = agrees;
    }

    /// Whether the journal's last write reached the disk.
    pub fn set_journal_ok(&self, ok: bool) {
        self.facts().journal_ok = ok;
    }

    /// Why no outputs are proposed, in words, although there are some to propose. `None` when they are.
    pub fn set_not_proposing(&self, reason: Option<&'static str>) {
        self.facts().not_proposing = reason;
    }

    /// What the node stands on now.
    pub fn set_standing(&self, standing: Standing) {
        self.facts().standing = standing;
    }

    /// The node halted. The first reason stays.
    pub fn halt(&self, reason: impl Into<String>) {
        self.facts().halted.get_or_insert(reason.into());
    }

    /// Judges the facts at `now`.
    pub fn report(&self, now: Instant) -> Report {
        let facts = self.facts();
        let mut reasons = facts.faults();
        if let Some(reason) = facts.not_proposing {
            reasons.push(format!("no outputs are proposed: {reason}"));
        }
        let heads = [
            ("unsafe", &facts.unsafe_head, self.limits.unsafe_head),
            ("safe", &facts.safe_head, self.limits.safe_head),
            ("finalized", &facts.finalized_head, self.limits.finalized_head),
        ];
        for (name, head, limit) in heads {
            let still = head.idle(now);
            if still > limit {
                reasons.push(format!(
                    "the {name} head has been block {} for {} s, longer than {} s",
                    head.head.number,
                    still.as_secs(),
                    limit.as_secs()
                ));
            }
        }
        Report {
            healthy: reasons.is_empty(),
            reasons,
            unsafe_head: facts.unsafe_head.report(now),
            safe_head: facts.safe_head.report(now),
            finalized_head: facts.finalized_head.report(now),
            verifier_agrees: facts.verifier_agrees,
            journal_ok: facts.journal_ok,
            halted: facts.halted.clone(),
        }
    }

    /// Judges at `now` whether the node may lead, or serve.
    pub fn ready(&self, now: Instant) -> ReadyReport {
        let facts = self.facts();
        facts.standing.judge(self.role, &self.ready_limits, facts.faults(), now)
    }

    /// That the process answers at all, and since when: who halted stays alive, for its state to be looked at.
    pub fn live(&self, now: Instant) -> LiveReport {
        LiveReport { live: true, role: self.role, uptime: now.saturating_duration_since(self.started).as_secs() }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().expect("invariant: no holder of the lock panics")
    }
}

impl Facts {
    /// What no node may go on with.
    fn faults(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(reason) = &self.halted {
            reasons.push(format!("halted: {reason}"));
        }
        if !self.verifier_agrees {
            reasons.push("the verifier derives another block than the sequencer built".to_owned());
        }
        if !self.journal_ok {
            reasons.push("the journal could not be written".to_owned());
        }
        reasons
    }
}

/// What `/live` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveReport {
    /// True.
    pub live: bool,
    /// What the node is.
    pub role: &'static str,
    /// Seconds since its start.
    #[serde(rename = "uptimeSeconds")]
    pub uptime: u64,
}

/// A head in a [`Report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeadReport {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Whole seconds for which it has been this block.
    #[serde(rename = "unchangedForSeconds")]
    pub unchanged_for: u64,
}

/// What `/health` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// No reason to the contrary.
    pub healthy: bool,
    /// Why the node is not healthy, in words.
    pub reasons: Vec<String>,
    /// The newest block.
    pub unsafe_head: HeadReport,
    /// The newest block derived from L1.
    pub safe_head: HeadReport,
    /// The newest block derived from finalized L1.
    pub finalized_head: HeadReport,
    /// The verifier derives the sequencer's blocks.
    pub verifier_agrees: bool,
    /// The journal's last write reached the disk.
    pub journal_ok: bool,
    /// Why the node halted.
    pub halted: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: (Limits, ReadyLimits) = (
        Limits { unsafe_head: Duration::from_secs(5), safe_head: Duration::from_secs(30), finalized_head: Duration::from_secs(60) },
        ReadyLimits {
            head_age: Duration::from_secs(5),
            derivation_lag: 10,
            l1_silence: Duration::from_secs(5),
            l1_head_age: Duration::from_secs(5),
        },
    );

    fn heads(unsafe_head: u64, safe_head: u64, finalized_head: u64) -> Heads {
        let block = |number: u64| BlockNumHash { number, hash: B256::with_last_byte(number as u8) };
        Heads { unsafe_head: block(unsafe_head), safe_head: block(safe_head), finalized_head: block(finalized_head) }
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn a_node_is_healthy_while_its_heads_advance() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        health.set_heads(&heads(5, 3, 2), after(start, 29));
        let report = health.report(after(start, 34));
        assert!(report.healthy, "{report:?}");
        assert_eq!((report.unsafe_head.number, report.unsafe_head.unchanged_for), (5, 5));
    }

    #[test]
    fn telling_the_same_head_again_does_not_make_it_advance() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        health.set_heads(&heads(1, 1, 1), after(start, 6));
        let report = health.report(after(start, 6));
        assert_eq!(report.reasons, ["the unsafe head has been block 1 for 6 s, longer than 5 s"]);
    }

    #[test]
    fn each_head_has_its_own_patience() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        health.set_heads(&heads(2, 1, 1), after(start, 61));
        let report = health.report(after(start, 61));
        assert_eq!(report.reasons.len(), 2);
        assert!(report.reasons[0].starts_with("the safe head") && report.reasons[1].starts_with("the finalized head"));
    }

    #[test]
    fn a_head_that_somebody_holds_may_stand_still_and_has_its_time_again_afterwards() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        health.set_held(Held::Everything, after(start, 100));
        assert!(health.report(after(start, 104)).healthy);
        health.set_held(Held::Finality, after(start, 200));
        let report = health.report(after(start, 200));
        assert_eq!(report.reasons.len(), 2, "the unsafe and the safe head are late: {report:?}");
        assert_eq!(report.finalized_head.unchanged_for, 200, "what is so is told");
        assert_eq!(health.report(after(start, 261)).reasons.len(), 3);
    }

    #[test]
    fn a_replaced_head_of_the_same_number_counts_as_progress() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        let mut reorged = heads(1, 1, 1);
        reorged.unsafe_head.hash = B256::repeat_byte(9);
        health.set_heads(&reorged, after(start, 6));
        assert!(health.report(after(start, 7)).healthy);
    }

    #[test]
    fn a_proposer_that_waits_says_why_until_it_goes_on() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        health.set_not_proposing(Some("on purpose"));
        assert_eq!(health.report(start).reasons, ["no outputs are proposed: on purpose"]);
        health.set_not_proposing(None);
        assert!(health.report(start).healthy);
    }

    #[test]
    fn disagreement_a_lost_journal_and_a_halt_are_reasons() {
        let start = Instant::now();
        let health = Health::new("sequencer", LIMITS, heads(1, 1, 1), start);
        assert!(health.report(start).healthy);
        health.set_verifier_agrees(false);
        health.set_journal_ok(false);
        health.halt("disk full");
        health.halt("a consequence");
        let report = health.report(start);
        assert!(!report.healthy);
        assert_eq!(report.reasons[0], "halted: disk full");
        assert_eq!(report.reasons.len(), 3);
        assert_eq!(health.ready(start).reasons[..3], report.reasons[..], "who halted may not lead");
        assert!(health.live(after(start, 7)).live && health.live(after(start, 7)).uptime == 7, "and is there to be looked at");
    }
}
