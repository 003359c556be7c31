//! `tributary rewards`: what an account earned, for what, and taking it out.

use crate::{
    caller::Caller,
    error::Error,
    passages::percent,
    report,
    terminal::say,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{Address, B256, U256};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tributary_client::Call;
use tributary_contracts::{
    Payouts,
    predeploys::{COMMONS, DATANETS, INFERENCE, JURIES, MODELS, PAYOUTS, STAKES},
};
use tributary_explanation::{Unearned, Unpaid};

const EXAMPLES: &str = "\
Examples:
  tributary rewards show 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
                                   what it earned, as whom, and for which settlements and cases
  tributary rewards show --index 1 --json | jq -r .account.owed
  tributary rewards why 4294967297 --index 1
                                   for which words of a settlement it was not paid, or less than their weight
  tributary rewards claim --index 1
  tributary rewards claim --to 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --index 1
  tributary rewards payee 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC --index 1
                                   who claims from two days from now on, also for what is earned until then";

/// Flags of `tributary rewards`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct RewardsArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell what an account earned and why.
    Show {
        /// [default: the account]
        address: Option<Address>,
    },
    /// Tell for which words of a settlement an account was not paid, or less than their weight, and why.
    Why {
        /// The settlement, as `tributary infer show` lists it.
        settlement: U256,
        /// [default: the account]
        address: Option<Address>,
    },
    /// Take out what the account is owed.
    Claim {
        /// Who gets it [default: the account].
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Address>,
        /// An account that named this one as its payee, instead of this one; again for more.
        #[arg(long = "for", value_name = "ADDRESS")]
        accounts: Vec<Address>,
    },
    /// Let another address claim for the account, from two days from now on.
    Payee { address: Address },
}

/// Runs a command about earnings.
pub(crate) async fn run(arguments: RewardsArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Show { address: Some(address) } => show(&caller, address).await,
        Command::Show { address: None } => {
            let address = caller.account().await?.address();
            show(&caller, address).await
        }
        Command::Why { settlement, address: Some(address) } => why(&caller, settlement, address).await,
        Command::Why { settlement, address: None } => {
            let address = caller.account().await?.address();
            why(&caller, settlement, address).await
        }
        Command::Claim { to, accounts } => claim(&caller, to, accounts).await,
        Command::Payee { address } => {
            let receipt = caller.send(&Call::of(PAYOUTS, &Payouts::setPayeeCall { payee: address }), "naming a payee").await?;
            let event: Payouts::PayeeChanged = receipt.event(PAYOUTS)?;
            caller.tell_of(&receipt, &[("payee", json!(event.payee)), ("effective", json!(event.effective))], &[])
        }
    }
}

async fn claim(caller: &Caller, to: Option<Address>, accounts: Vec<Address>) -> Result<(), Error> {
    let to = match to {
        Some(to) => to,
        None => caller.account().await?.address(),
    };
    let call = if accounts.is_empty() {
        Call::of(PAYOUTS, &Payouts::claimCall { to })
    } else {
        Call::of(PAYOUTS, &Payouts::claimForCall { accounts, to })
    };
    let receipt = caller.send(&call, "claiming").await?;
    let amount: U256 = receipt.events::<Payouts::Claimed>(PAYOUTS)?.iter().map(|event| event.amount).sum();
    caller.tell_of(&receipt, &[("to", json!(to))], &[("claimed", amount)])
}

async fn show(caller: &Caller, address: Address) -> Result<(), Error> {
    let account = caller.chain.ask("tributary_account", address).await?.unwrap_or_default();
    let earnings = caller.chain.list("tributary_earnings", Some(json!(address))).await?;
    let claims = caller.chain.list("tributary_claims", Some(json!(address))).await?;
    if caller.for_scripts() {
        report::json(&json!({ "address": address, "account": account, "earnings": earnings, "claims": claims }));
        return Ok(());
    }
    let money = |field: &str| report::open(report::number(&account, field));
    let mut facts = vec![("account", address.to_string()), ("owed", money("owed")), ("taken out", money("claimed"))];
    if account["payee"].is_string() {
        facts.push(("payee", format!("{} from {} on", report::text(&account, "payee"), report::time(&account, "payeeEffective"))));
    }
    report::facts(&facts);
    let sums = account["earned"].as_object().into_iter().flatten();
    let sums: Vec<_> = sums.map(|(reason, _)| vec![reason.clone(), report::open(report::number(&account["earned"], reason))]).collect();
    if sums.is_empty() {
        say("it earned nothing yet");
        return Ok(());
    }
    report::table(&["as", "in all"], &sums);
    let rows = earnings.iter().map(|earning| {
        let amount = report::open(report::number(earning, "amount"));
        vec![report::number(earning, "blockNumber").to_string(), report::text(earning, "reason"), amount, origin(earning), divided(earning)]
    });
    report::table(&["block", "as", "amount", "for", "of"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// What of the pools that a contributor was paid from anybody was.
fn divided(earning: &Value) -> String {
    let divided = |why: &Value| {
        let division = &why["division"];
        let [pool, paid, explained, withheld, total] =
            ["pool", "paid", "explained", "withheld", "total"].map(|field| report::number(division, field));
        let part = format!("{} pool, {} paid", report::open(pool), percent(paid, pool));
        if why["bySketch"] == true {
            return format!("sketches: {part}");
        }
        let words = format!("of its words {} found, {} withheld", percent(explained, total), percent(withheld, total));
        format!("datanet {}: {part}; {words}", report::number(why, "datanetId"))
    };
    let known = earning["why"].as_array().into_iter().flatten().filter(|why| why["division"].is_object());
    known.map(divided).collect::<Vec<_>>().join("; ")
}

async fn why(caller: &Caller, settlement: U256, address: Address) -> Result<(), Error> {
    let unpaid: Option<Vec<Unpaid>> = caller.chain.client().request("tributary_unpaid", (settlement, address)).await?;
    let unpaid = unpaid.ok_or_else(|| Error::Unknown(format!("settlement {settlement}")))?;
    if caller.for_scripts() {
        report::json(&unpaid);
        return Ok(());
    }
    if unpaid.is_empty() {
        say(&format!("no words of a row of {address} were found in it that were not paid by their weight"));
        return Ok(());
    }
    let row = |unpaid: &Unpaid| {
        let span = &unpaid.span;
        let why = match unpaid.reason {
            Unearned::Earlier => format!("earlier in row {} of {}", span.origin, span.author),
            Unearned::Withheld => "nobody is credited for them: closed, or withdrawn".to_owned(),
            Unearned::Capped => "beyond the greatest part of one account".to_owned(),
            Unearned::Unranked => "too many others had words of more weight".to_owned(),
        };
        let words = format!("{}..{}", span.output_start, span.output_end);
        vec![unpaid.answer.to_string(), words, unpaid.datanet_id.to_string(), span.row.to_string(), report::open(span.wei), why]
    };
    report::table(&["answer", "bytes", "datanet", "row", "earned", "why"], &unpaid.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

/// What the money is for, by the module that gave it and what it calls it.
fn origin(earning: &Value) -> String {
    let module = report::text(earning, "module").parse::<Address>().unwrap_or_default();
    let reference = report::text(earning, "reference").parse::<B256>().unwrap_or_default();
    let number = U256::from_be_bytes(reference.0);
    match module {
        // `sessionId << 32 | n`.
        INFERENCE => match (number >> 32usize, number & U256::from(u32::MAX)) {
            (session, settlement) if settlement.is_zero() => format!("session {session}"),
            (session, settlement) => format!("session {session}, its settlement {settlement} ({number})"),
        },
        JURIES => format!("jury, case {number}"),
        DATANETS => format!("datanets, {}", labelled(reference)),
        MODELS => format!("models, {}", labelled(reference)),
        // Inference slashes for a session, as above; no case has so great a number.
        STAKES if number >> 32usize != U256::ZERO && reference[..24] == [0; 24] => {
            format!("a slashed stake, session {}", number >> 32usize)
        }
        STAKES => format!("a slashed stake, {}", labelled(reference)),
        // `datanetId << 64 | epoch`.
        COMMONS => format!("commons of datanet {}, epoch {}", number >> 64usize, number & U256::from(u64::MAX)),
        _ => format!("{module}, {}", labelled(reference)),
    }
}

/// A reference that is a word and a number behind it, as "commitment 7"; any other as it is.
fn labelled(reference: B256) -> String {
    let letters = reference.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let zeros = reference[letters..].iter().take_while(|byte| **byte == 0).count();
    let number = U256::from_be_slice(&reference[letters..]);
    match std::str::from_utf8(&reference[..letters]) {
        Ok(label) if letters > 2 && zeros >= 8 => format!("{label} {number}"),
        _ if letters == 0 && zeros >= 24 => format!("case {number}"),
        _ => reference.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contributors_part_is_told_with_its_pool_and_what_nobody_was_paid_of_it() {
        let division =
            json!({ "pool": "0xde0b6b3a7640000", "paid": "0x6f05b59d3b20000", "explained": "0x3", "withheld": "0x1", "total": "0x4" });
        let by_words = json!({ "bySketch": false, "datanetId": "0x7", "division": division });
        let told = divided(&json!({ "why": [by_words] }));
        assert!(told.starts_with("datanet 7: 1 OPEN pool, 50.0 % paid; of its words 75.0 % found, 25.0 % withheld"), "{told}");
        let told = divided(&json!({ "why": [{ "bySketch": true, "division": division }, { "bySketch": true, "division": null }] }));
        assert!(told.starts_with("sketches: ") && !told.contains(';'), "{told}");
        assert_eq!(divided(&json!({})), "");
    }

    #[test]
    fn money_is_told_to_be_for_what_its_module_gave_it_for() {
        let told = |module: Address, number: U256| origin(&json!({ "module": module, "reference": B256::from(number) }));
        let session = U256::from(5u64 << 32);
        assert_eq!(told(INFERENCE, session), "session 5");
        assert_eq!(told(STAKES, session), "a slashed stake, session 5");
        assert_eq!(told(STAKES, U256::from(5)), "a slashed stake, case 5");
        assert_eq!(told(COMMONS, U256::from(3) << 64 | U256::from(20_000)), "commons of datanet 3, epoch 20000");
        let mut label = B256::with_last_byte(7);
        label[..9].copy_from_slice(b"challenge");
        assert_eq!(told(STAKES, label.into()), "a slashed stake, challenge 7");
    }

    #[test]
    fn a_reference_is_told_as_what_it_stands_for() {
        let mut reference = B256::with_last_byte(7);
        assert_eq!(labelled(reference), "case 7");
        reference[..10].copy_from_slice(b"commitment");
        assert_eq!(labelled(reference), "commitment 7");
        let hash = alloy_primitives::keccak256("x");
        assert_eq!(labelled(hash), hash.to_string());
    }
}
