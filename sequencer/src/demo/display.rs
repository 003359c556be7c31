//! What the demo prints, step by step.

use super::{
    answer::Question,
    checks::{Case, Reference, Verdict},
    economy::{Cast, Datanet},
    ledger::Claim,
    settlement::Settlement,
    texts::Text,
};
use crate::{
    chain::Chain,
    passages::{percent, quotation, says_something},
    terminal::say,
};
use alloy_primitives::{Address, utils::format_ether};
use std::cmp::Reverse;
use tributary_attribution::text::Evidence;
use tributary_contracts::{Datanets, Inference};

/// Most pieces of evidence that are shown per contributor, those that paid most.
const EVIDENCE: usize = 5;

/// Most characters of a quotation.
const QUOTATION: usize = 72;

/// Where the demo runs.
pub(crate) fn opening(chain: &Chain) {
    say(&format!("Tributary demo on {} (chain {})", chain.url(), chain.id()));
}

/// What is about to be contributed.
pub(crate) fn contributing(datanet: &Datanet, texts: &[Text], cast: &Cast) {
    say(&format!("\n1. {} texts of {} contributors go into datanet {}\n", texts.len(), cast.contributors.len(), datanet.id));
}

/// One contribution.
pub(crate) fn contributed(event: &Datanets::Contributed, text: &Text, block: u64) {
    let bytes = text.body.len();
    say(&format!("   row {:>3}  {:<20} {bytes:>6} B  by {}  in block {block}", event.row, text.name, short(event.account)));
}

/// The question, and the answer that is about to be settled.
pub(crate) fn asked(request: &Inference::Requested, question: &Question) {
    let (who, price) = (short(request.requester), format_ether(request.payment));
    say(&format!("\n2. {who} pays {price} OPEN for an answer to: {}", question.prompt));
    say(&format!("   It will be traced to version {} of the datanet.\n", request.version));
    for line in question.answer.lines() {
        say(format!("   | {line}").trim_end());
    }
}

/// The answer, handed in as a text once it was known.
pub(crate) fn too_late(event: &Datanets::Contributed, text: &Text, block: u64) {
    say("");
    contributed(event, text, block);
}

/// Who is paid how much for what.
pub(crate) fn payout(case: &Case<'_>, reference: &Reference) {
    let settled = case.settled;
    let event = &settled.event;
    let (explained, withheld) = (percent(event.explained, event.total), percent(event.withheld, event.total));
    let of_contributors = event.contributorsShare + event.commonsShare;
    say(&format!("\n3. Settled in block {} by transaction {}", settled.block, settled.transaction));
    say(&format!(
        "   {explained} of the answer, by rarity of its words, comes from the texts, and {withheld} from words that a copy put between others.\n   \
         Of {} OPEN for contributors, the authors share {}:",
        format_ether(of_contributors),
        format_ether(event.contributorsShare)
    ));
    for paid in &settled.credited {
        let names: Vec<&str> = texts_of(case, paid.contributor).map(|(_, text)| text.name.as_str()).collect();
        let share = percent(paid.share, of_contributors);
        say(&format!("\n   {}  {} OPEN  {share}  {}", short(paid.account), format_ether(paid.share), names.join(", ")));
        evidence(case, reference, paid.contributor);
    }
    say(&format!("\n   {}  {} OPEN  to the operator of the model", short(event.operator), format_ether(event.operatorShare)));
    say(&format!("   nobody       {} OPEN  for words that nobody is credited for", format_ether(event.commonsShare)));
}

/// Which words of the answer came from which bytes of a contributor's texts.
fn evidence(case: &Case<'_>, reference: &Reference, contributor: u32) {
    let rows: Vec<u64> = texts_of(case, contributor).map(|(row, _)| row as u64).collect();
    let words = |item: &Evidence| case.answer.get(item.output_start as usize..item.output_end as usize).unwrap_or_default();
    let told = |item: &&Evidence| rows.contains(&item.origin) && !item.withheld && says_something(words(item));
    let mut items: Vec<&Evidence> = reference.evidence.iter().filter(told).collect();
    items.sort_by_key(|item| (Reverse(item.weight), item.output_start));
    for item in items.iter().take(EVIDENCE) {
        let place = format!("{}..{}", item.output_start, item.output_end);
        let source = format!("{} {}..{}", case.texts[item.origin as usize].name, item.origin_start, item.origin_end);
        let way = match item.row == item.origin {
            true => String::new(),
            false => format!("  by way of \"{}\"", case.texts[item.row as usize].name),
        };
        say(&format!("      answer {place:<11} = {source:<28} \"{}\"{way}", quotation(words(item), QUOTATION)));
    }
    if items.len() > EVIDENCE {
        say(&format!("      and {} more", items.len() - EVIDENCE));
    }
}

/// The claimed balances.
pub(crate) fn claims(claims: &[Claim]) {
    say("\n4. Everybody claims\n");
    for claim in claims {
        let (claimed, after) = (format_ether(claim.claimed), format_ether(claim.after));
        say(&format!("   {}  claimed {claimed} OPEN, has {after} OPEN", short(claim.account)));
    }
}

/// Where it all is on L1.
pub(crate) fn settlement(settlement: &Settlement) {
    say(&format!("\n5. Block {} is on L1\n", settlement.block));
    say(&format!("   L1 transaction   {} in L1 block {}", settlement.batch.l1_transaction_hash, settlement.batch.l1_block_number));
    say(&format!("   sequencer built  {}", settlement.sequencer_hash));
    say(&format!("   verifier derived {}", settlement.verifier_hash));
}

/// What was checked.
pub(crate) fn verdict(verdict: &Verdict) {
    say("\n6. Checked\n");
    for (statement, holds) in &verdict.findings {
        say(&format!("   {}  {statement}", if *holds { "yes" } else { "NO " }));
    }
}

/// A contributor's texts with their rows.
fn texts_of<'a>(case: &Case<'a>, contributor: u32) -> impl Iterator<Item = (usize, &'a Text)> {
    let owners = case.datanet.contributors.iter();
    owners.zip(case.texts).enumerate().filter(move |(_, ((number, _), _))| *number == contributor).map(|(row, (_, text))| (row, text))
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
