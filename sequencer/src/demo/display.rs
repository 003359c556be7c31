//! What the demo prints, step by step.

use super::{
    answer::Question,
    cast::Cast,
    checks::Verdict,
    datanets::{Datanet, Refined, Release},
    dispute::Dispute,
    government::{Decision, KEY},
    ledger::Claim,
    market::Settled,
    models::{LINEAGE_BPS, Model, PRICE, ROYALTY_BPS, Source},
    reference::Reference,
    review::Folder,
    settlement::Settlement,
    texts::Text,
};
use crate::{
    chain::Chain,
    passages::{percent, quotation, says_something},
    report::open,
    terminal::say,
};
use alloy_primitives::{Address, U256};
use std::cmp::Reverse;
use tributary_attribution::text::Evidence;
use tributary_client::Account;
use tributary_contracts::Datanets;

/// Most pieces of evidence that are shown per contributor, those that paid most.
const EVIDENCE: usize = 2;

/// Most characters of a quotation.
const QUOTATION: usize = 64;

/// Numbers the steps: some chains have fewer.
#[derive(Debug, Default)]
pub(crate) struct Steps(u32);

impl Steps {
    /// Begins the next step.
    pub(crate) fn next(&mut self, what: &str) {
        self.0 += 1;
        say(&format!("\n{}. {what}\n", self.0));
    }
}

/// Where the demo runs.
pub(crate) fn opening(chain: &Chain, can_jump: bool) {
    say(&format!("Tributary demo on {} (chain {})", chain.url(), chain.id()));
    if !can_jump {
        say("This is no development chain, where days can be made to pass: there is no review, dispute, vote and commons this time.");
    }
}

/// One contribution.
pub(crate) fn contributed(event: &Datanets::Contributed, text: &Text, block: u64) {
    let bytes = text.body.len();
    say(&format!("   row {:>3}  {:<24} {bytes:>6} B  by {}  in block {block}", event.row, text.name, short(event.account)));
}

/// A refinement and who accepted it.
pub(crate) fn refined(refined: &Refined, text: &Text) {
    let event = &refined.event;
    let (bytes, by) = (text.body.len(), short(event.account));
    say(&format!("   row {:>3}  {:<24} {bytes:>6} B  by {by}  accepted by {}", event.row, text.name, short(refined.by)));
}

/// A release.
pub(crate) fn released(datanet: &Datanet, release: Release) {
    let (name, rows) = (datanet.name, datanet.texts.len());
    say(&format!("   Release {}@{} of \"{name}\": {rows} texts, version {}", datanet.id, release.id, release.version));
}

/// What became of two folders.
pub(crate) fn reviewed(accepted: (&Folder, &[Account]), rejected: (&Folder, &[Account])) {
    for ((folder, jurors), outcome) in [(accepted, "accepted"), (rejected, "rejected")] {
        let jurors: Vec<String> = jurors.iter().map(|juror| short(juror.address())).collect();
        let (names, root) = (folder.texts.iter().map(|text| text.name.as_str()).collect::<Vec<_>>().join(", "), folder.root);
        say(&format!("   commitment {} to {root}", folder.commitment));
        say(&format!("      {names}: {outcome} by {} (case {})", jurors.join(", "), folder.case));
    }
}

/// Both models.
pub(crate) fn models(base: Model, child: Model, sources: &[Source<'_>]) {
    let releases: Vec<String> =
        sources.iter().map(|source| format!("{}@{} ({} %)", source.datanet.id, source.release.id, source.weight_bps / 100)).collect();
    let (lineage, royalty) = (LINEAGE_BPS / 100, ROYALTY_BPS / 100);
    say(&format!("   model {}@{}, the base", base.id, base.version));
    say(&format!("   model {}@{}, made from it: {royalty} % of its lineage's {lineage} % are the base's", child.id, child.version));
    say(&format!("   Releases that answer for it: {}; an answer costs {}", releases.join(", "), open(U256::from(PRICE))));
}

/// The session, and its first answer.
pub(crate) fn session(cast: &Cast, settled: &Settled, question: &Question) {
    let (payer, count) = (short(cast.payer.address()), settled.answers.len());
    say(&format!("   {payer} opens session {} for {count} answers. The first: {}\n", settled.session, question.prompt));
    for line in question.answer.lines() {
        say(format!("   | {line}").trim_end());
    }
}

/// Who is paid how much for what.
pub(crate) fn payout(cast: &Cast, (sources, settled): (&[Source<'_>], &Settled), reference: &Reference) {
    let (count, gas) = (settled.answers.len(), settled.gas);
    let shares = &settled.event.shares;
    let (amount, block) = (open(settled.event.amount), settled.block);
    say(&format!("\n   {amount} for {count} answers are settled at once in block {block}, for {} gas an answer,", gas / count as u64));
    say(&format!("   by transaction {}", settled.transaction));
    for found in &settled.attributed.attributions {
        let (explained, withheld) = (percent(found.explained, found.total), percent(found.withheld, found.total));
        let (pool, paid) = (open(found.pool), open(found.paid));
        let from = format!("{}@{}", found.datanetId, found.releaseId);
        say(&format!("\n   {from}: {explained} of the words, by rarity, are from it, {withheld} from words that are nobody's"));
        say(&format!("   of {pool} for its contributors they get {paid}:"));
        let source = sources.iter().zip(&reference.evidence).find(|(source, _)| source.datanet.id == found.datanetId);
        for payee in settled.payees.payees.iter().filter(|payee| payee.datanetId == found.datanetId) {
            let role = cast.role(payee.account);
            say(&format!("\n   {}  {}  {}  {role}", short(payee.account), open(payee.amount), percent(payee.amount, found.pool)));
            if let Some((source, proofs)) = source {
                evidence(source, proofs, (payee.number, &settled.answers[0].output));
            }
        }
    }
    say(&format!("\n   operator {}, curators {}, lineage {},", open(shares.operator), open(shares.curators), open(shares.lineage)));
    say(&format!("   reviews {}, protocol {}, commons {}", open(shares.validators), open(shares.protocol), open(shares.commons)));
}

/// Which words of the first answer came from which bytes of a contributor's texts.
fn evidence(source: &Source<'_>, proofs: &[Evidence], (contributor, answer): (u32, &[u8])) {
    let answer = std::str::from_utf8(answer).unwrap_or_default();
    let words = |item: &Evidence| answer.get(item.output_start as usize..item.output_end as usize).unwrap_or_default();
    let is_theirs = |item: &Evidence| source.datanet.numbers.get(item.origin as usize) == Some(&contributor);
    let mut items: Vec<&Evidence> = proofs.iter().filter(|item| is_theirs(item) && !item.withheld && says_something(words(item))).collect();
    items.sort_by_key(|item| (Reverse(item.weight), item.output_start));
    for item in items.iter().take(EVIDENCE) {
        let name = |row: u64| source.datanet.texts[row as usize].name.as_str();
        let place = format!("{} {}..{}", name(item.origin), item.origin_start, item.origin_end);
        let way = if item.row == item.origin { String::new() } else { format!("  by way of \"{}\"", name(item.row)) };
        say(&format!("      {place:<34} \"{}\"{way}", quotation(words(item), QUOTATION)));
    }
    if items.len() > EVIDENCE {
        say(&format!("      and {} more", items.len() - EVIDENCE));
    }
}

/// The dispute and what it cost whom.
pub(crate) fn dispute(cast: &Cast, dispute: &Dispute) {
    let (payer, operator) = (short(cast.payer.address()), short(cast.operator.address()));
    let jurors: Vec<String> = dispute.jurors.iter().map(|juror| short(juror.address())).collect();
    say(&format!("   In session {} the operator {operator} answers with a full stop, and nobody signs for that.", dispute.session));
    say(&format!(
        "   {payer} contests it with a bond of {} and {} for jurors (case {}):",
        open(dispute.bond),
        open(dispute.fee),
        dispute.case
    ));
    say(&format!("   {} uphold that.", jurors.join(", ")));
    say(&format!("   The operator lost {} of its stake; the payer is owed {}.", open(dispute.lost), open(dispute.won)));
}

/// What was voted.
pub(crate) fn decision(cast: &Cast, decision: &Decision) {
    let (voter, proposal) = (short(cast.payer.address()), quotation(&decision.proposal.to_string(), 24));
    say(&format!("   {voter}, with 4,000 gOPEN, proposes that ({proposal}); a vote and two days later,"));
    say(&format!("   in block {}, {KEY} is no longer {} but {}.", decision.block, decision.before, decision.after));
}

/// The claimed balances.
pub(crate) fn claims(cast: &Cast, claims: &[Claim], drawn: U256) {
    if !drawn.is_zero() {
        say(&format!("   The commons pay {} over what was earned last week.\n", open(drawn)));
    }
    for claim in claims {
        let (account, role) = (short(claim.account), cast.role(claim.account));
        say(&format!("   {account}  {role:<12} claimed {}", open(claim.claimed)));
    }
}

/// Where it all is on L1.
pub(crate) fn settlement(settlement: &Settlement) {
    say(&format!("   Block             {}", settlement.block));
    say(&format!("   L1 transaction    {} in L1 block {}", settlement.batch.l1_transaction_hash, settlement.batch.l1_block_number));
    say(&format!("   sequencer built   {}", settlement.sequencer_hash));
    say(&format!("   verifier derived  {}", settlement.verifier_hash));
}

/// What was checked.
pub(crate) fn verdict(verdict: &Verdict) {
    for (statement, holds) in &verdict.findings {
        say(&format!("   {}  {statement}", if *holds { "yes" } else { "NO " }));
    }
}

/// `0x3C44…93BC`.
fn short(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[38..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_recognisable_when_short() {
        assert_eq!(short(Address::repeat_byte(0xab)).len(), "0xabab…abab".len());
    }
}
