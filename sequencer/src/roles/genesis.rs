//! `tributary genesis`: a new rollup, its contracts on L1 and its files.

use crate::{
    error::Error,
    report,
    terminal::{complain, say},
    wallet::WalletArguments,
};
use alloy_eips::{BlockId, BlockNumHash, BlockNumberOrTag};
use alloy_primitives::{
    Address, B256, U64, U256,
    utils::{format_ether, parse_ether},
};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::{
    path::PathBuf,
    str::FromStr,
    time::{Duration, Instant},
};
use tributary_client::{Account, Call, Client, ClientConfig, FeeLimits, TxFees};
use tributary_node::{DeploymentOperators, DeploymentPlan, DeploymentStep, Waits};

const EXAMPLES: &str = "\
Examples:
  TRIBUTARY_PRIVATE_KEY=0x… tributary genesis --l1-url http://127.0.0.1:8551 --out ./rollup --chain-id 4242 \\
      --batcher 0x7099… --prover 0x3C44… --fund 0xf39F…=1000000 --dry-run
                                   tells what would be deployed, and what it would cost
  tributary genesis … --keystore deployer.json --password-file password.txt
                                   deploys, and writes genesis.json, rollup.json and addresses.json; run again, it goes on where it was interrupted";

/// How long a transaction may take to be included.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often L1 is asked.
const LOOK: Duration = Duration::from_secs(1);

/// Flags of `tributary genesis`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GenesisArguments {
    /// JSON-RPC of L1.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1_URL", hide_env_values = true)]
    l1_url: String,
    /// Folder for the rollup's files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Chain id of the rollup.
    #[arg(long, value_name = "ID")]
    chain_id: u64,
    /// Seconds between L2 blocks.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    block_time: u64,
    /// Gas limit of L2 blocks.
    #[arg(long, value_name = "GAS", default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(30_000_000..=10_000_000_000))]
    gas_limit: u64,
    /// Whose batches count.
    #[arg(long, value_name = "ADDRESS")]
    batcher: Address,
    /// Whose attestations of outputs count.
    #[arg(long, value_name = "ADDRESS")]
    prover: Address,
    /// Owns the system configuration, is guardian, and the timelock's council [default: the deployer].
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<Address>,
    /// Signs the feed that replicas follow: `unsafeBlockSigner` of the system configuration [default: the batcher].
    #[arg(long, value_name = "ADDRESS")]
    feed: Option<Address>,
    /// OPEN at L2 genesis; again for more. The portal holds as much on L1.
    #[arg(long, value_name = "ADDRESS=OPEN")]
    fund: Vec<Grant>,
    /// OPEN on L1; again for more.
    #[arg(long, value_name = "ADDRESS=OPEN")]
    fund_l1: Vec<Grant>,
    /// Seconds after which an output may finalize withdrawals, and after which a proved withdrawal may.
    #[arg(long, value_name = "SECONDS", default_value_t = 302_400)]
    finality: u64,
    /// The L1 block in which the rollup is anchored: a number, `latest` or `finalized`.
    #[arg(long, value_name = "BLOCK", default_value = "finalized")]
    anchor: BlockNumberOrTag,
    /// Tell what would be deployed, and what it would cost.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    wallet: WalletArguments,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// OPEN for an account.
#[derive(Debug, Clone, Copy)]
struct Grant(Address, U256);

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, amount) = text.split_once('=').ok_or("it has the form ADDRESS=OPEN")?;
        let address = address.parse().map_err(|_| format!("{address} is no address"))?;
        Ok(Self(address, parse_ether(amount).map_err(|_| format!("{amount} is no amount of OPEN"))?))
    }
}

/// Deploys, or tells what that would do.
pub(crate) async fn run(arguments: GenesisArguments) -> Result<(), Error> {
    let url = &arguments.l1_url;
    let client = Client::new(&ClientConfig::at(url)).map_err(|error| Error::of_node(url, error))?;
    let signer = arguments.wallet.signer().await?;
    let account = Account::new(client, signer, FeeLimits::default()).await.map_err(|error| Error::of_node(url, error))?;
    let plan = plan(&arguments, &account).await?;
    let (steps, gas) = (plan.steps()?, plan.gas()?);
    if arguments.dry_run {
        return tell_cost(&arguments, &account, &plan, &steps.iter().zip(gas).collect::<Vec<_>>()).await;
    }
    if DeploymentPlan::is_done(&arguments.out) {
        return Err(Error::Usage(format!("{} holds a rollup's files already", arguments.out.display())));
    }
    plan.keep(&arguments.out)?;
    settled(&account).await?;
    for (step, gas) in steps.iter().zip(gas) {
        deploy(&account, step, gas).await?;
    }
    let files = plan.finish(&arguments.out)?;
    let facts = json!({
        "chainId": plan.l2_chain_id,
        "l1ChainId": plan.l1_chain_id,
        "genesis": files.rollup.genesis.l2.hash,
        "anchor": plan.anchor.number,
        "contracts": files.contracts,
    });
    if arguments.json {
        report::json(&facts);
        return Ok(());
    }
    report::facts(&[
        ("rollup", format!("chain {} with genesis {}", plan.l2_chain_id, files.rollup.genesis.l2.hash)),
        ("anchored in", format!("block {} of chain {}", plan.anchor.number, plan.l1_chain_id)),
        ("files", arguments.out.display().to_string()),
    ]);
    Ok(())
}

/// The plan of a deployment that was begun, or a new one.
async fn plan(arguments: &GenesisArguments, account: &Account) -> Result<DeploymentPlan, Error> {
    let deployer = account.address();
    let new = |anchor: BlockNumHash, time, first_nonce| DeploymentPlan {
        l1_chain_id: account.chain_id(),
        l2_chain_id: arguments.chain_id,
        anchor,
        time,
        block_time: arguments.block_time,
        gas_limit: arguments.gas_limit,
        operators: DeploymentOperators {
            deployer,
            owner: arguments.owner.unwrap_or(deployer),
            batcher: arguments.batcher,
            prover: arguments.prover,
            feed: arguments.feed.unwrap_or(arguments.batcher),
        },
        waits: Waits { finality: arguments.finality, verifier: 5 * arguments.finality, timelock: arguments.finality },
        funded: arguments.fund.iter().map(|grant| (grant.0, grant.1)).collect(),
        funded_on_l1: arguments.fund_l1.iter().map(|grant| (grant.0, grant.1)).collect(),
        first_nonce,
    };
    if let Some(begun) = DeploymentPlan::begun(&arguments.out)? {
        if new(begun.anchor, begun.time, begun.first_nonce) != begun {
            return Err(Error::Usage(format!(
                "a deployment with other parameters was begun in {}: run it as before, or choose another folder",
                arguments.out.display()
            )));
        }
        say(&format!("going on with the deployment that was begun in {}", arguments.out.display()));
        return Ok(begun);
    }
    let found = match block(account.client(), arguments.anchor).await? {
        Some(found) => found,
        None => {
            complain(&format!("L1 has no {} block; the rollup is anchored in the newest", arguments.anchor));
            let newest = block(account.client(), BlockNumberOrTag::Latest).await?;
            newest.ok_or_else(|| Error::Usage("L1 has no block".to_owned()))?
        }
    };
    let nonce = account.client().nonce(deployer, BlockId::latest()).await?;
    Ok(new(BlockNumHash { number: found.number.to(), hash: found.hash }, found.timestamp.to(), nonce))
}

/// What a block is known by.
#[derive(Debug, Deserialize)]
struct Header {
    number: U64,
    hash: B256,
    timestamp: U64,
}

async fn block(l1: &Client, at: BlockNumberOrTag) -> Result<Option<Header>, Error> {
    match l1.request("eth_getBlockByNumber", (at, false)).await {
        // geth has words for what others answer with nothing.
        Err(tributary_client::Error::Rejected { fault, .. }) if fault.message.contains("not found") => Ok(None),
        answer => Ok(answer?),
    }
}

/// Waits until nothing of the deployer's is on its way.
async fn settled(account: &Account) -> Result<(), Error> {
    let nonce = async |at| account.client().nonce(account.address(), at).await;
    let began = Instant::now();
    while nonce(BlockId::latest()).await? != nonce(BlockId::pending()).await? {
        if began.elapsed() > PATIENCE {
            return Err(Error::Usage(format!("transactions of {} wait on L1 and are not included", account.address())));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Sends a transaction of the deployment, unless an earlier run did.
async fn deploy(account: &Account, step: &DeploymentStep, gas: u64) -> Result<(), Error> {
    let included = account.client().nonce(account.address(), BlockId::latest()).await?;
    if included <= step.nonce {
        let call = Call { to: step.to, value: U256::ZERO, input: step.input.clone(), gas_limit: Some(gas + gas / 5) };
        account.execute(&call, PATIENCE).await?;
    }
    let Some(address) = step.creates else { return Ok(()) };
    if account.client().code(address, BlockId::latest()).await?.is_empty() {
        return Err(Error::Usage(format!(
            "{} is not at {address}: {} has used its transaction {} for something else; begin in another folder",
            step.what,
            account.address(),
            step.nonce
        )));
    }
    complain(&format!("{} is at {address}", step.what));
    Ok(())
}

async fn tell_cost(
    arguments: &GenesisArguments,
    account: &Account,
    plan: &DeploymentPlan,
    steps: &[(&DeploymentStep, u64)],
) -> Result<(), Error> {
    let fees = TxFees::estimate(account.client(), &FeeLimits::default()).await?;
    let gas: u64 = steps.iter().map(|(_, gas)| gas).sum();
    let most = U256::from(fees.max_fee) * U256::from(gas);
    let balance = account.client().balance(account.address(), BlockId::latest()).await?;
    if arguments.json {
        let steps: Vec<_> = steps.iter().map(|(step, gas)| json!({ "what": step.what, "gas": gas, "address": step.creates })).collect();
        report::json(&json!({
            "steps": steps,
            "gas": gas,
            "most": most.to_string(),
            "balance": balance.to_string(),
            "contracts": plan.contracts(),
        }));
        return Ok(());
    }
    let row = |(step, gas): &(&DeploymentStep, u64)| {
        vec![step.what.to_owned(), step.creates.map_or_else(String::new, |address| address.to_string()), gas.to_string()]
    };
    report::table(&["transaction", "address", "gas"], &steps.iter().map(row).collect::<Vec<_>>());
    let ether = |wei| format!("{} ETH", format_ether(wei));
    report::facts(&[
        ("gas", gas.to_string()),
        ("costs at most", ether(most)),
        ("deployer", account.address().to_string()),
        ("has", ether(balance)),
    ]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_an_address_and_an_amount_of_open() {
        let grant: Grant = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1.5".parse().unwrap();
        assert_eq!(grant.1, U256::from(1_500_000_000_000_000_000u64));
        for wrong in ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "me=1", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8=much"] {
            wrong.parse::<Grant>().unwrap_err();
        }
    }
}
