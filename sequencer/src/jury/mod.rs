//! `tributary jury`: cases, and the verdicts of those who are drawn.

mod secret;

use crate::{
    caller::Caller,
    error::Error,
    report,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use clap::{Args, Subcommand, ValueEnum};
use secret::{Seat, Secret};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tributary_client::Call;
use tributary_contracts::{
    Juries,
    interfaces::juries::IJuries::Case,
    predeploys::{DATANETS, INFERENCE, JURIES, MODELS},
};

const EXAMPLES: &str = "\
Examples:
  tributary jury list --of 0x90F79bf6EB2c4f870365E785982E1f101E93b906
                                   cases that an account sits in, opened or appealed
  tributary jury show 3
  tributary jury draw 3 --index 0  once L1 has the randomness; anyone may
  tributary jury commit 3 uphold --reason 'own work, well told' --index 3
                                   the verdict stays in a hidden file of this folder until it is revealed
  tributary jury commit 3 - --index 3 < verdict.txt
                                   the same from a file, whose first line is the verdict and the rest the reason: no other user sees it
  tributary jury reveal 3 --index 3
  tributary jury advance 3 --index 0
                                   ends a phase whose time is over
  tributary jury appeal 3 --reason 'copied from case 2' --index 1
  tributary jury settle 3 --index 0
                                   pays everybody who had a part in it";

/// States of a seat, in the contract's order.
const DRAWN: u8 = 1;
const COMMITTED: u8 = 2;
const SEATS: [&str; 5] = ["none", "drawn", "committed", "upholds", "rejects"];

/// Bytes of a reason (`Cases.MOST_REASON`).
const MOST_REASON: usize = 1_024;

/// `IJuries.Phase`, in its order.
const PHASES: [&str; 8] = ["none", "drawing", "deciding", "committing", "revealing", "appealable", "governing", "final"];

/// Flags of `tributary jury`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct JuryArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    /// Folder with the verdicts that wait to be revealed. It is made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    state: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verdict {
    Uphold,
    Reject,
}

/// A verdict that nobody else may know yet, or where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Chosen {
    Uphold,
    Reject,
    /// Standard input: its first line is the verdict, the rest the reason.
    #[value(name = "-")]
    Input,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell of all cases, or of those of an account.
    List {
        #[arg(long, value_name = "ADDRESS")]
        of: Option<Address>,
    },
    /// Tell of one case.
    Show { case: U256 },
    /// Draw the jury, once the randomness is known.
    Draw { case: U256 },
    /// Commit to a verdict, as a juror. Arguments are visible to other users of the machine; what is read from standard input is not.
    Commit {
        case: U256,
        verdict: Chosen,
        /// Why; told when the verdict is revealed.
        #[arg(long, conflicts_with = "reason_file")]
        reason: Option<String>,
        /// File with the reason.
        #[arg(long, value_name = "FILE")]
        reason_file: Option<PathBuf>,
    },
    /// Reveal the verdict, once nobody can commit any more.
    Reveal { case: U256 },
    /// End a phase whose time is over.
    Advance { case: U256 },
    /// Ask a larger jury, with a bond that is lost if the verdict stays.
    Appeal {
        case: U256,
        /// Why, for everybody.
        #[arg(long)]
        reason: String,
    },
    /// Decide, as who decides where there are too few validators, with a bond.
    Decide {
        case: U256,
        verdict: Verdict,
        /// Why, for everybody.
        #[arg(long)]
        reason: String,
    },
    /// Pay, slash and free the seats of a final case.
    Settle {
        case: U256,
        /// How many seats at most.
        #[arg(long, default_value_t = 64)]
        seats: u64,
    },
}

/// Runs a command about juries.
pub(crate) async fn run(arguments: JuryArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::List { of } => list(&caller, of).await,
        Command::Show { case } => show(&caller, case).await,
        Command::Draw { case } => {
            let receipt = caller.send(&Call::of(JURIES, &Juries::drawCall { caseId: case }), "drawing the jury").await?;
            let jurors: Vec<_> = receipt.events::<Juries::JuryDrawn>(JURIES)?.into_iter().flat_map(|event| event.jurors).collect();
            caller.tell_of(&receipt, &[("jurors", json!(jurors))], &[])
        }
        Command::Commit { case, verdict, reason, reason_file } => {
            let chosen = chosen(verdict, reason, reason_file)?;
            // One that is longer could not be revealed.
            report::limited("the reason", &chosen.1, MOST_REASON)?;
            commit(&caller, &arguments.state, case, chosen).await
        }
        Command::Reveal { case } => reveal(&caller, &arguments.state, case).await,
        Command::Advance { case } => {
            let receipt = caller.send(&Call::of(JURIES, &Juries::advanceCall { caseId: case }), "ending the phase").await?;
            let phase = PHASES.get(usize::from(info(&caller, case).await?.phase)).copied().unwrap_or_default();
            caller.tell_of(&receipt, &[("phase", json!(phase))], &[])
        }
        Command::Appeal { case, reason } => {
            report::limited("--reason", &reason, MOST_REASON)?;
            let bond = info(&caller, case).await?.bond;
            let call = Call::of(JURIES, &Juries::appealCall { caseId: case, reason }).with_value(bond);
            let receipt = caller.send(&call, "appealing").await?;
            caller.tell_of(&receipt, &[], &[("bond", bond)])
        }
        Command::Decide { case, verdict, reason } => {
            report::limited("--reason", &reason, MOST_REASON)?;
            let bond = info(&caller, case).await?.bond;
            let verdict = verdict == Verdict::Uphold;
            let call = Call::of(JURIES, &Juries::decideCall { caseId: case, verdict, reason }).with_value(bond);
            let receipt = caller.send(&call, "deciding").await?;
            caller.tell_of(&receipt, &[], &[("bond", bond)])
        }
        Command::Settle { case, seats } => {
            let call = Call::of(JURIES, &Juries::settleCall { caseId: case, seats: U256::from(seats) });
            let receipt = caller.send(&call, "settling the case").await?;
            let done = !receipt.events::<Juries::CaseSettled>(JURIES)?.is_empty();
            caller.tell_of(&receipt, &[("done", json!(done))], &[])
        }
    }
}

async fn info(caller: &Caller, case: U256) -> Result<Case, Error> {
    caller.chain.now(JURIES, &Juries::caseInfoCall { caseId: case }).await
}

/// What became of the account's seat in the round of now.
async fn seat_state(caller: &Caller, seat: &Seat) -> Result<Option<u8>, Error> {
    let jury = caller.chain.now(JURIES, &Juries::juryOfCall { caseId: seat.case, round: seat.round }).await?;
    let place = jury.jurors.iter().position(|juror| *juror == seat.juror);
    Ok(place.and_then(|place| jury.states.get(place).copied()))
}

/// The verdict, whether it upholds, and its reason.
fn chosen(verdict: Chosen, reason: Option<String>, file: Option<PathBuf>) -> Result<(bool, String), Error> {
    let failed = |path: &str| {
        let path = PathBuf::from(path);
        move |source| Error::File { path, source }
    };
    let of_file = |path: PathBuf| fs::read_to_string(&path).map_err(failed(&path.display().to_string()));
    let reason = reason.map_or_else(|| file.map(of_file).transpose(), |reason| Ok(Some(reason)))?;
    match verdict {
        Chosen::Uphold | Chosen::Reject => {
            let missing = || Error::Invalid { what: "--reason".to_owned(), reason: "missing: why, or --reason-file".to_owned() };
            Ok((verdict == Chosen::Uphold, reason.ok_or_else(missing)?.trim_end().to_owned()))
        }
        Chosen::Input => verdict_in(&io::read_to_string(io::stdin()).map_err(failed("standard input"))?, reason),
    }
}

/// The verdict in a text's first line, and the reason behind it, if there is none yet.
fn verdict_in(text: &str, reason: Option<String>) -> Result<(bool, String), Error> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let reason = reason.unwrap_or_else(|| rest.to_owned()).trim_end().to_owned();
    match (first.trim(), reason.is_empty()) {
        ("uphold", false) => Ok((true, reason)),
        ("reject", false) => Ok((false, reason)),
        _ => {
            let reason = "its first line is uphold or reject, and the reason is in the lines below".to_owned();
            Err(Error::Invalid { what: "standard input".to_owned(), reason })
        }
    }
}

/// The account's seat in a case's round of now, and the phase.
async fn seat(caller: &Caller, case: U256) -> Result<(Seat, &'static str), Error> {
    let (account, found) = (caller.account().await?, info(caller, case).await?);
    let phase = PHASES.get(usize::from(found.phase)).copied().unwrap_or_default();
    let seat =
        Seat { chain_id: caller.chain.id(), case, round: found.round, juror: account.address(), genesis: caller.chain.genesis().await? };
    Ok((seat, phase))
}

async fn commit(caller: &Caller, folder: &Path, case: U256, (verdict, reason): (bool, String)) -> Result<(), Error> {
    let (seat, phase) = seat(caller, case).await?;
    let refused = |reason: String| Err(Error::Invalid { what: format!("case {case}"), reason });
    // Asked for first: what is included between two questions is seen by the second.
    let waits = caller.chain.waits(seat.juror).await?;
    match seat_state(caller, &seat).await? {
        Some(DRAWN) => {}
        None => return refused(format!("{} has no seat in its round {}; the phase is {phase}", seat.juror, seat.round)),
        Some(COMMITTED) => return refused(format!("{} committed to its verdict already", seat.juror)),
        Some(_) => return refused(format!("{} told its verdict already", seat.juror)),
    }
    fs::create_dir_all(folder).map_err(|source| Error::File { path: folder.to_owned(), source })?;
    let _lock = seat.lock(folder)?;
    let kept = seat.read(folder)?;
    let same = |kept: &Secret| kept.verdict == verdict && kept.reason == reason;
    if waits && kept.as_ref().is_some_and(|kept| !same(kept)) {
        let path = seat.path(folder).display().to_string();
        let reason = "another verdict is kept there, and may be committed to: without its salt it could not be revealed".to_owned();
        return Err(Error::Invalid { what: path, reason });
    }
    // A commitment that was sent and is not included yet may be to what is kept: the same verdict is committed to again as it was.
    let kept = kept.filter(same);
    let new = || Secret { verdict, reason: reason.clone(), salt: PrivateKeySigner::random().to_bytes(), genesis: seat.genesis };
    let secret = kept.unwrap_or_else(new);
    seat.write(folder, &secret)?;
    let asked = Juries::commitmentOfCall {
        caseId: case,
        verdict: secret.verdict,
        reason: keccak256(&secret.reason),
        salt: secret.salt,
        juror: seat.juror,
    };
    let commitment: B256 = caller.chain.now(JURIES, &asked).await?;
    caller.execute(&Call::of(JURIES, &Juries::commitCall { caseId: case, commitment }), "committing to a verdict").await
}

async fn reveal(caller: &Caller, folder: &Path, case: U256) -> Result<(), Error> {
    let (seat, _) = seat(caller, case).await?;
    let unknown = || Error::Unknown(format!("verdict of {} on case {case} in {} (--state)", seat.juror, folder.display()));
    if seat.read(folder)?.is_none() {
        return Err(unknown());
    }
    let _lock = seat.lock(folder)?;
    let kept = seat.read(folder)?.ok_or_else(unknown)?;
    let call = Juries::revealCall { caseId: case, verdict: kept.verdict, reason: kept.reason.clone(), salt: kept.salt };
    let receipt = caller.send(&Call::of(JURIES, &call), "revealing the verdict").await?;
    seat.remove(folder)?;
    caller.tell_of(&receipt, &[("upholds", json!(kept.verdict)), ("reason", json!(kept.reason))], &[])
}

fn client(case: &Value) -> &'static str {
    match report::text(case, "client").parse::<Address>().unwrap_or_default() {
        DATANETS => "datanets",
        MODELS => "models",
        INFERENCE => "inference",
        _ => "unknown",
    }
}

async fn list(caller: &Caller, of: Option<Address>) -> Result<(), Error> {
    let cases = match of {
        None => caller.chain.list("tributary_cases", None).await?,
        Some(account) => caller.chain.list("tributary_casesOf", Some(json!(account))).await?,
    };
    if caller.for_scripts() {
        report::json(&cases);
        return Ok(());
    }
    let number = |case: &Value, field: &str| report::number(case, field).to_string();
    if of.is_some() {
        let row = |case: &Value| vec![number(case, "caseId"), report::text(case, "role"), number(case, "blockNumber")];
        report::table(&["case", "as", "block"], &cases.iter().map(row).collect::<Vec<_>>());
        return Ok(());
    }
    let row = |case: &Value| {
        let rounds = case["rounds"].as_array().map_or(0, Vec::len).to_string();
        vec![
            number(case, "id"),
            client(case).to_owned(),
            report::text(case, "phase"),
            rounds,
            report::text(case, "upheld"),
            report::time(case, "deadline"),
        ]
    };
    report::table(&["case", "about", "phase", "rounds", "upheld", "until"], &cases.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn show(caller: &Caller, id: U256) -> Result<(), Error> {
    let case = caller.chain.ask("tributary_case", id).await?.ok_or_else(|| Error::Unknown(format!("case {id}")))?;
    let matter = caller.chain.ask("tributary_matter", id).await?;
    let found = info(caller, id).await?;
    if caller.for_scripts() {
        report::json(&json!({ "case": case, "matter": matter, "bond": found.bond }));
        return Ok(());
    }
    let matter = matter.map_or_else(String::new, |matter| {
        let number = |field: &str| report::number(&matter, field);
        format!("{} of row {} of datanet {}", report::text(&matter, "matter"), number("row"), number("datanetId"))
    });
    report::facts(&[
        ("case", id.to_string()),
        ("about", format!("{} {matter}", client(&case)).trim_end().to_owned()),
        ("subject", report::text(&case, "subject")),
        ("claimant", report::text(&case, "claimant")),
        ("phase", PHASES.get(usize::from(found.phase)).copied().unwrap_or_default().to_owned()),
        ("until", report::moment(found.deadline)),
        ("L1 origin", found.origin.to_string()),
        ("upheld", report::text(&case, "upheld")),
        ("bond now", report::open(found.bond)),
    ]);
    let mut rows = Vec::new();
    for round in 0..=found.round {
        let jury = caller.chain.now(JURIES, &Juries::juryOfCall { caseId: id, round }).await?;
        rows.extend(jury.jurors.iter().zip(&jury.states).map(|(juror, state)| {
            let said = SEATS.get(usize::from(*state)).copied().unwrap_or_default();
            let juror = juror.to_string();
            let why = reason_of(&case, round, &juror);
            vec![round.to_string(), juror, said.to_owned(), why]
        }));
        rows.extend(others_of(&case, round));
    }
    if !rows.is_empty() {
        report::table(&["round", "who", "said", "why"], &rows);
    }
    Ok(())
}

/// Parts of a case that belong to a round.
fn parts_of<'case>(case: &'case Value, parts: &str, round: u8, field: &'case str) -> impl Iterator<Item = &'case Value> {
    let parts = case[parts].as_array().map_or(&[][..], Vec::as_slice);
    parts.iter().filter(move |part| report::number(part, field) == U256::from(round))
}

/// What a juror said of its verdict; nothing before it was revealed.
fn reason_of(case: &Value, round: u8, juror: &str) -> String {
    let votes = parts_of(case, "rounds", round, "number").flat_map(|round| round["votes"].as_array().into_iter().flatten());
    let own = |vote: &&Value| report::text(vote, "juror").eq_ignore_ascii_case(juror);
    votes.filter(own).map(|vote| report::text(vote, "reason")).next().unwrap_or_default()
}

/// What others than jurors said in a round: who decided alone, who appealed.
fn others_of(case: &Value, round: u8) -> Vec<Vec<String>> {
    let row = |part: &Value, who: &str, said: &str| {
        vec![round.to_string(), report::text(part, who), said.to_owned(), report::text(part, "reason")]
    };
    let alone = parts_of(case, "rounds", round, "number").filter(|round| round["by"].is_string());
    let decided = alone.map(|round| row(round, "by", if round["upheld"] == true { "upholds" } else { "rejects" }));
    let appealed = parts_of(case, "appeals", round, "round").map(|appeal| row(appeal, "appellant", "appeals"));
    decided.chain(appealed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_from_a_text_with_its_reason() {
        assert_eq!(verdict_in("uphold\nown work,\nwell told\n", None).unwrap(), (true, "own work,\nwell told".to_owned()));
        assert_eq!(verdict_in("reject\r\n", Some("copied\n".to_owned())).unwrap(), (false, "copied".to_owned()));
        for wrong in ["", "uphold", "uphold\n \n", "why\nuphold", "Uphold\nwhy"] {
            assert!(verdict_in(wrong, None).unwrap_err().to_string().contains("first line"), "{wrong}");
        }
    }

    #[test]
    fn everybody_is_told_why_who_said_what() {
        let [juror, silent, curator, loser] = [1, 2, 3, 4].map(|byte| Address::repeat_byte(byte).to_string());
        let case = json!({
            "rounds": [
                { "number": "0x0", "votes": [], "upheld": false, "by": curator.to_lowercase(), "reason": "not letters" },
                { "number": "0x1", "upheld": true, "votes": [
                    { "juror": juror.to_lowercase(), "committed": true, "verdict": true, "reason": "letters" },
                    { "juror": silent.to_lowercase(), "committed": true },
                ] },
            ],
            "appeals": [{ "round": "0x0", "appellant": loser, "reason": "they are" }],
        });
        assert_eq!(reason_of(&case, 1, &juror), "letters");
        assert_eq!(reason_of(&case, 1, &silent), "", "it told none yet");
        assert_eq!(reason_of(&case, 0, &juror), "", "it sits in another round");
        let row = |who: &str, said: &str, why: &str| ["0", who, said, why].map(str::to_owned).to_vec();
        assert_eq!(others_of(&case, 0), [row(&curator.to_lowercase(), "rejects", "not letters"), row(&loser, "appeals", "they are")]);
        assert!(others_of(&case, 1).is_empty());
    }

    #[test]
    fn a_verdict_has_a_reason() {
        let error = chosen(Chosen::Uphold, None, None).unwrap_err().to_string();
        assert!(error.contains("--reason-file"), "{error}");
        assert_eq!(chosen(Chosen::Reject, Some("copied".to_owned()), None).unwrap(), (false, "copied".to_owned()));
    }
}
