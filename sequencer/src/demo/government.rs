//! Governance changes a parameter: a deposit, a proposal, a vote, the Timelock's delay, the change.

use super::{
    cast::{Cast, OPEN},
    market,
    models::Model,
    time,
};
use crate::{
    chain::{Chain, key},
    error::Error,
};
use alloy_eips::BlockId;
use alloy_primitives::{U256, keccak256};
use alloy_sol_types::SolCall;
use tributary_client::Call;
use tributary_contracts::{
    Parameters, TributaryGovernor, TributaryTimelock, VotingOpen,
    predeploys::{GOVERNOR, PARAMETERS, TIMELOCK, VOTING_OPEN},
};

/// Enough for the quorum while few vote; OPEN.
const VOTES: u64 = 4_000;

/// In favour (`GovernorCountingSimple`).
const FOR: u8 = 1;

/// The parameter, and what it becomes; what it was at first where it is that already.
pub(crate) const KEY: &str = "protocolBps";
const LOWER: u64 = 400;
const INITIAL: u64 = 500;

/// What was decided.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) before: U256,
    pub(crate) after: U256,
    /// What it should be now.
    pub(crate) voted: U256,
    /// What a session that is opened from now on would be opened under.
    pub(crate) quoted: u16,
    pub(crate) proposal: U256,
    pub(crate) block: u64,
}

/// Lets the payer, who holds the votes, lower the protocol's part of payments.
pub(crate) async fn decide(chain: &Chain, cast: &Cast, model: Model) -> Result<Decision, Error> {
    deposit(chain, cast).await?;
    let before = chain.parameter(KEY).await?;
    let value = U256::from(if before == U256::from(LOWER) { INITIAL } else { LOWER });
    let call = Parameters::setCall { key: key(KEY), value }.abi_encode();
    let block = chain.client().block_number().await?;
    // A proposal of these words can be made once.
    let description = format!("The protocol takes {value} basis points of a payment (asked in block {block})");
    let (targets, values, calldatas) = (vec![PARAMETERS], vec![U256::ZERO], vec![call.into()]);
    let propose = TributaryGovernor::proposeCall {
        targets: targets.clone(),
        values: values.clone(),
        calldatas: Vec::clone(&calldatas),
        description: description.clone(),
    };
    let receipt = chain.execute(&cast.payer, &Call::of(GOVERNOR, &propose), "proposing").await?;
    let proposal = receipt.event::<TributaryGovernor::ProposalCreated>(GOVERNOR)?.proposalId;

    let delay = chain.view(GOVERNOR, &TributaryGovernor::votingDelayCall {}, BlockId::latest()).await?;
    time::jump(chain, delay.to::<u64>() + 60).await?;
    let vote = TributaryGovernor::castVoteCall { proposalId: proposal, support: FOR };
    chain.execute(&cast.payer, &Call::of(GOVERNOR, &vote), "voting").await?;
    let period = chain.view(GOVERNOR, &TributaryGovernor::votingPeriodCall {}, BlockId::latest()).await?;
    time::jump(chain, period.to::<u64>() + 60).await?;

    let hash = keccak256(&description);
    let queue = TributaryGovernor::queueCall {
        targets: targets.clone(),
        values: values.clone(),
        calldatas: calldatas.clone(),
        descriptionHash: hash,
    };
    chain.execute(&cast.payer, &Call::of(GOVERNOR, &queue), "queueing a decision").await?;
    let delay = chain.view(TIMELOCK, &TributaryTimelock::getMinDelayCall {}, BlockId::latest()).await?;
    time::jump(chain, delay.to::<u64>() + 60).await?;
    let execute = TributaryGovernor::executeCall { targets, values, calldatas, descriptionHash: hash };
    let receipt = chain.execute(&cast.payer, &Call::of(GOVERNOR, &execute), "executing a decision").await?;
    Ok(Decision {
        before,
        after: chain.parameter(KEY).await?,
        voted: value,
        quoted: market::quote(chain, model).await?.protocolBps,
        proposal,
        block: receipt.block()?,
    })
}

async fn deposit(chain: &Chain, cast: &Cast) -> Result<(), Error> {
    let account = cast.payer.address();
    let has = chain.view(VOTING_OPEN, &VotingOpen::balanceOfCall { account }, BlockId::latest()).await?;
    let needed = OPEN * U256::from(VOTES);
    if has < needed {
        let call = Call::of(VOTING_OPEN, &VotingOpen::depositCall {}).with_value(needed - has);
        chain.execute(&cast.payer, &call, "turning OPEN into votes").await?;
    }
    Ok(())
}
