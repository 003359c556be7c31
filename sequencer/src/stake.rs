//! `tributary stake`: OPEN at risk, by what it is for.

use crate::{
    caller::Caller,
    error::Error,
    report,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{Address, U256};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use tributary_client::Call;
use tributary_contracts::{
    Juries, Stakes,
    predeploys::{JURIES, STAKES},
};

const EXAMPLES: &str = "\
Examples:
  tributary stake add operator 100 --index 0
                                   an operator's stake, for `tributary infer serve`
  tributary stake add trainer 100 --index 0
                                   a trainer's, for `tributary model register`
  tributary stake add validator 1000 --index 3
  tributary stake join 1000 --index 3
                                   from now on the account is drawn for juries
  tributary stake leave --index 3
  tributary stake exit --index 3
  tributary stake withdraw validator 1000 --index 3
                                   begins; the same without an amount takes it out, 14 days later
  tributary stake show 0x90F79bf6EB2c4f870365E785982E1f101E93b906";

/// Flags of `tributary stake`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct StakeArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

/// What a stake is for (`IStakes.Purpose`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    Validator,
    Operator,
    Trainer,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Put OPEN at risk.
    Add {
        purpose: Purpose,
        /// OPEN.
        #[arg(value_parser = report::parse_open)]
        amount: U256,
        /// Whose it is from then on [default: the account].
        #[arg(long = "for", value_name = "ADDRESS")]
        account: Option<Address>,
    },
    /// Begin to take OPEN back, or without an amount: take out what began to leave 14 days ago.
    Withdraw {
        purpose: Purpose,
        /// OPEN.
        #[arg(value_parser = report::parse_open)]
        amount: Option<U256>,
        /// Who gets it [default: the account].
        #[arg(long, value_name = "ADDRESS", conflicts_with = "amount")]
        to: Option<Address>,
    },
    /// Be drawn for juries, by this much of the account's stake of validators.
    Join {
        /// OPEN.
        #[arg(value_parser = report::parse_open)]
        amount: U256,
    },
    /// Be drawn no more.
    Leave,
    /// Have the stake back of which one was drawn, once no seat binds it.
    Exit,
    /// Tell what an account has at risk.
    Show {
        /// [default: the account]
        address: Option<Address>,
    },
}

/// Runs a command about stakes.
pub(crate) async fn run(arguments: StakeArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Add { purpose, amount, account } => {
            let purpose = purpose as u8;
            let call = match account {
                Some(account) => Call::of(STAKES, &Stakes::stakeForCall { purpose, account }),
                None => Call::of(STAKES, &Stakes::stakeCall { purpose }),
            };
            caller.execute(&call.with_value(amount), "staking").await
        }
        Command::Withdraw { purpose, amount: Some(amount), .. } => {
            let call = Call::of(STAKES, &Stakes::beginWithdrawalCall { purpose: purpose as u8, amount });
            let receipt = caller.send(&call, "beginning to take the stake back").await?;
            let event: Stakes::WithdrawalBegun = receipt.event(STAKES)?;
            caller.tell_of(&receipt, &[("ready", json!(event.ready))], &[("leaving", event.amount)])
        }
        Command::Withdraw { purpose, amount: None, to } => {
            let to = match to {
                Some(to) => to,
                None => caller.account().await?.address(),
            };
            let call = Call::of(STAKES, &Stakes::withdrawCall { purpose: purpose as u8, to });
            let receipt = caller.send(&call, "taking the stake out").await?;
            let amount: U256 = receipt.events::<Stakes::Withdrawn>(STAKES)?.iter().map(|event| event.amount).sum();
            caller.tell_of(&receipt, &[("to", json!(to))], &[("withdrawn", amount)])
        }
        Command::Join { amount } => caller.execute(&Call::of(JURIES, &Juries::joinCall { amount }), "joining the validators").await,
        Command::Leave => caller.execute(&Call::of(JURIES, &Juries::leaveCall {}), "leaving the validators").await,
        Command::Exit => caller.execute(&Call::of(JURIES, &Juries::exitCall {}), "taking the validator's stake back").await,
        Command::Show { address: Some(address) } => show(&caller, address).await,
        Command::Show { address: None } => {
            let address = caller.account().await?.address();
            show(&caller, address).await
        }
    }
}

async fn show(caller: &Caller, address: Address) -> Result<(), Error> {
    let stakes = caller.chain.ask("tributary_stakes", address).await?.unwrap_or_default();
    let validator = caller.chain.now(JURIES, &Juries::validatorInfoCall { validator: address }).await?;
    let record = caller.chain.now(JURIES, &Juries::reputationCall { validator: address }).await?;
    if caller.for_scripts() {
        let validator = json!({
            "stake": validator.stake, "weight": validator.weight.to_string(), "seats": validator.seats, "until": validator.until,
            "agreed": record.agreed, "reversed": record.reversed, "missed": record.missed,
        });
        report::json(&json!({ "address": address, "stakes": stakes, "validator": validator }));
        return Ok(());
    }
    let row = |stake: &Value| {
        let money = |field: &str| report::open(report::number(stake, field));
        let ready = report::time(stake, "ready");
        vec![report::text(stake, "purpose"), money("free"), money("locked"), money("leaving"), ready, money("slashed")]
    };
    let rows: Vec<_> = stakes.as_array().into_iter().flatten().map(row).collect();
    report::facts(&[
        ("account", address.to_string()),
        ("drawn by", report::open(validator.weight)),
        ("seats", validator.seats.to_string()),
        ("verdicts", format!("{} agreed, {} reversed, {} missed", record.agreed, record.reversed, record.missed)),
    ]);
    report::table(&["as", "free", "locked", "leaving", "ready", "slashed"], &rows);
    Ok(())
}
