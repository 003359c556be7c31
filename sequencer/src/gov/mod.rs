//! `tributary gov`: OPEN that votes, and the rules that it changes.

mod proposal;

use crate::{
    caller::Caller,
    chain::key,
    error::Error,
    report,
    terminal::say,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tributary_client::Call;
use tributary_contracts::{
    Parameters, TributaryGovernor, VotingOpen,
    predeploys::{GOVERNOR, PARAMETERS, VOTING_OPEN},
};

const EXAMPLES: &str = "\
Examples:
  tributary gov parameters         what may be changed, and within which bounds
  tributary gov deposit 5000 --index 0
                                   OPEN as gOPEN, which votes; back with `unlock` and, 7 days later, `withdraw`
  tributary gov propose protocolBps 300 --why 'a smaller share for the protocol' --index 0
  tributary gov show               proposals; with a number, one of them
  tributary gov vote 5512… for --index 0
  tributary gov queue 5512… --index 0
  tributary gov execute 5512… --index 0";

/// All parameters (`Keys.sol`), and what they are in.
pub(super) const PARAMETER_NAMES: [&str; 30] = [
    "protocolBps",
    "validatorBps",
    "contestSeconds",
    "contestBond",
    "operatorStake",
    "penaltyBps",
    "contestJurors",
    "trainerBond",
    "commonsEpoch",
    "trainerSeconds",
    "challengeBond",
    "challengeJurors",
    "winnerBps",
    "commitSeconds",
    "revealSeconds",
    "appealSeconds",
    "decideSeconds",
    "governSeconds",
    "jurorFee",
    "appealBond",
    "validatorStake",
    "reversedBps",
    "missedBps",
    "documentsSeconds",
    "queueSeconds",
    "appendSeconds",
    "disputeBond",
    "copiedBps",
    "treasuryBps",
    "burnBps",
];

/// Parameters that are money.
const MONEY: [&str; 8] =
    ["contestBond", "operatorStake", "trainerBond", "challengeBond", "jurorFee", "appealBond", "validatorStake", "disputeBond"];

/// Flags of `tributary gov`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct GovArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

/// In the Governor's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Vote {
    Against,
    For,
    Abstain,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Turn OPEN into gOPEN, which votes.
    Deposit {
        /// OPEN.
        #[arg(value_parser = report::parse_open)]
        amount: U256,
    },
    /// Begin to turn gOPEN back. It votes no more.
    Unlock {
        /// gOPEN.
        #[arg(value_parser = report::parse_open)]
        amount: U256,
    },
    /// Take out what was unlocked 7 days ago.
    Withdraw {
        /// Who gets it [default: the account].
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Address>,
    },
    /// Propose to set a parameter.
    Propose {
        /// As `tributary gov parameters` names it.
        parameter: String,
        /// Its new value: OPEN for money, else a number.
        value: String,
        /// What for. The proposal's text.
        #[arg(long)]
        why: String,
    },
    /// Propose any call that the Timelock may make.
    ProposeCall {
        /// The contract.
        target: Address,
        /// Calldata.
        data: Bytes,
        /// What for. The proposal's text.
        #[arg(long)]
        why: String,
    },
    /// Vote on a proposal.
    Vote {
        proposal: U256,
        vote: Vote,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Hand a proposal that won to the Timelock.
    Queue { proposal: U256 },
    /// Execute a proposal whose delay is over.
    Execute { proposal: U256 },
    /// Take a proposal of the account back, before the vote begins.
    Cancel { proposal: U256 },
    /// Tell of a proposal, or of all.
    Show { proposal: Option<U256> },
    /// List what may be changed, with its bounds.
    Parameters,
}

/// Runs a command about governance.
pub(crate) async fn run(arguments: GovArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Deposit { amount } => {
            let call = Call::of(VOTING_OPEN, &VotingOpen::depositCall {}).with_value(amount);
            caller.execute(&call, "depositing").await
        }
        Command::Unlock { amount } => {
            let receipt = caller.send(&Call::of(VOTING_OPEN, &VotingOpen::beginWithdrawalCall { amount }), "unlocking").await?;
            let leaving = caller.chain.now(VOTING_OPEN, &VotingOpen::leavingOfCall { account: caller.account().await?.address() }).await?;
            caller.tell_of(&receipt, &[("ready", json!(leaving.ready.to::<u64>()))], &[("leaving", U256::from(leaving.amount))])
        }
        Command::Withdraw { to } => {
            let to = match to {
                Some(to) => to,
                None => caller.account().await?.address(),
            };
            caller.execute(&Call::of(VOTING_OPEN, &VotingOpen::withdrawCall { to }), "withdrawing").await
        }
        Command::Propose { parameter, value, why } => {
            let value = parse(&parameter, &value)?;
            within(&caller, &parameter, value).await?;
            let data = Parameters::setCall { key: key(&parameter), value }.abi_encode().into();
            propose(&caller, PARAMETERS, data, why).await
        }
        Command::ProposeCall { target, data, why } => propose(&caller, target, data, why).await,
        Command::Vote { proposal, vote, reason } => {
            let call = TributaryGovernor::castVoteWithReasonCall { proposalId: proposal, support: vote as u8, reason };
            let receipt = caller.send(&Call::of(GOVERNOR, &call), "voting").await?;
            let event: TributaryGovernor::VoteCast = receipt.event(GOVERNOR)?;
            caller.tell_of(&receipt, &[], &[("weight", event.weight)])
        }
        Command::Queue { proposal } => proposal::queue(&caller, proposal).await,
        Command::Execute { proposal } => proposal::execute(&caller, proposal).await,
        Command::Cancel { proposal } => proposal::cancel(&caller, proposal).await,
        Command::Show { proposal: Some(proposal) } => proposal::show(&caller, proposal).await,
        Command::Show { proposal: None } => proposal::list(&caller).await,
        Command::Parameters => parameters(&caller).await,
    }
}

fn parse(parameter: &str, value: &str) -> Result<U256, Error> {
    let invalid = |reason: String| Error::Invalid { what: parameter.to_owned(), reason };
    if !PARAMETER_NAMES.contains(&parameter) {
        return Err(invalid("there is no such parameter; `tributary gov parameters` lists them".to_owned()));
    }
    if MONEY.contains(&parameter) {
        return report::parse_open(value).map_err(invalid);
    }
    // An empty text would be 0.
    value.parse().ok().filter(|_| !value.is_empty()).ok_or_else(|| invalid(format!("{value} is not a number")))
}

/// A vote about what cannot be executed would be in vain.
async fn within(caller: &Caller, parameter: &str, value: U256) -> Result<(), Error> {
    let bounds = caller.chain.now(PARAMETERS, &Parameters::boundsCall { key: key(parameter) }).await?;
    if value < bounds.least || value > bounds.most {
        let (least, most) = (told(parameter, bounds.least), told(parameter, bounds.most));
        return Err(Error::Invalid { what: parameter.to_owned(), reason: format!("must be from {least} to {most}") });
    }
    Ok(())
}

/// A parameter's value as people read it.
fn told(parameter: &str, value: U256) -> String {
    if MONEY.contains(&parameter) { report::open(value) } else { value.to_string() }
}

async fn propose(caller: &Caller, target: Address, data: Bytes, why: String) -> Result<(), Error> {
    let call = TributaryGovernor::proposeCall { targets: vec![target], values: vec![U256::ZERO], calldatas: vec![data], description: why };
    let receipt = caller.send(&Call::of(GOVERNOR, &call), "proposing").await?;
    let event: TributaryGovernor::ProposalCreated = receipt.event(GOVERNOR)?;
    let made = [
        // In decimals, as the other commands take it.
        ("proposalId", json!(event.proposalId.to_string())),
        ("voteStart", json!(event.voteStart.saturating_to::<u64>())),
        ("voteEnd", json!(event.voteEnd.saturating_to::<u64>())),
    ];
    caller.tell_of(&receipt, &made, &[])
}

async fn parameters(caller: &Caller) -> Result<(), Error> {
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for name in PARAMETER_NAMES {
        let value = caller.chain.parameter(name).await?;
        let bounds = caller.chain.now(PARAMETERS, &Parameters::boundsCall { key: key(name) }).await?;
        let [least, most, initial] = [bounds.least, bounds.most, bounds.initial].map(|number| number.to_string());
        items.push(json!({ "name": name, "value": value.to_string(), "least": least, "most": most, "initial": initial }));
        rows.push(vec![name.to_owned(), told(name, value), told(name, bounds.least), told(name, bounds.most), told(name, bounds.initial)]);
    }
    if caller.for_scripts() {
        report::json(&items);
        return Ok(());
    }
    report::table(&["parameter", "value", "least", "most", "at first"], &rows);
    say("parts (…Bps) are in basis points, times (…Seconds, commonsEpoch) in seconds");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_those_of_the_contract() {
        let source = include_str!("../../../contracts/src/l2/governance/Keys.sol");
        let names: Vec<_> =
            source.lines().filter(|line| line.contains("bytes32 internal constant")).filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(names, PARAMETER_NAMES);
        let money: Vec<_> =
            PARAMETER_NAMES.into_iter().filter(|name| ["Bond", "Stake", "Fee"].iter().any(|end| name.ends_with(end))).collect();
        assert_eq!(money, MONEY);
    }

    #[test]
    fn a_value_is_read_as_what_the_parameter_is_in() {
        assert_eq!(parse("jurorFee", "0.5").unwrap(), U256::from(500_000_000_000_000_000u64));
        assert_eq!(parse("protocolBps", "300").unwrap(), U256::from(300));
        for (name, value, part) in
            [("protocolBps", "0.5", "not a number"), ("protocolBbs", "1", "no such parameter"), ("jurorFee", "x", "OPEN")]
        {
            let error = parse(name, value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(part), "{error}");
        }
    }
}
