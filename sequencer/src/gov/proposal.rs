//! Proposals, as the Governor's events tell of them.

use super::{PARAMETER_NAMES, told};
use crate::{caller::Caller, chain::key, error::Error, report};
use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_client::Call;
use tributary_contracts::{
    Parameters, TributaryGovernor,
    predeploys::{GOVERNOR, PARAMETERS},
};

/// What the index has of a proposal.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    id: U256,
    proposer: Address,
    targets: Vec<Address>,
    values: Vec<U256>,
    calldatas: Vec<Bytes>,
    description: String,
    vote_start: U256,
    vote_end: U256,
}

/// `IGovernor.ProposalState`, in its order.
const STATES: [&str; 8] = ["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"];

fn read(row: Value) -> Result<Proposed, Error> {
    serde_json::from_value(row)
        .map_err(|error| Error::Invalid { what: "what the node's index tells of a proposal".to_owned(), reason: error.to_string() })
}

async fn one(caller: &Caller, id: U256) -> Result<Proposed, Error> {
    let found = caller.chain.ask("tributary_proposal", id).await?;
    read(found.ok_or_else(|| Error::Unknown(format!("proposal {id}")))?)
}

async fn state(caller: &Caller, id: U256) -> Result<&'static str, Error> {
    let state = caller.chain.now(GOVERNOR, &TributaryGovernor::stateCall { proposalId: id }).await?;
    Ok(STATES.get(usize::from(state)).copied().unwrap_or_default())
}

/// How far a proposal is that cannot go on now, and until when.
fn so_far(proposal: &Proposed, state: &str) -> String {
    let at = |time: U256| report::moment(time.saturating_to());
    match state {
        "pending" => format!("is pending: the vote begins at {}", at(proposal.vote_start)),
        "active" => format!("is active: the vote ends at {}", at(proposal.vote_end)),
        state => format!("is {state}"),
    }
}

fn not_yet(id: U256, why: &str) -> Error {
    Error::Invalid { what: format!("proposal {id}"), reason: format!("it {why}") }
}

pub(super) async fn queue(caller: &Caller, id: U256) -> Result<(), Error> {
    let proposal = one(caller, id).await?;
    let state = state(caller, id).await?;
    if state != "succeeded" {
        return Err(not_yet(id, &so_far(&proposal, state)));
    }
    let Proposed { targets, values, calldatas, description, .. } = proposal;
    let call = TributaryGovernor::queueCall { targets, values, calldatas, descriptionHash: keccak256(description) };
    let receipt = caller.send(&Call::of(GOVERNOR, &call), "queueing the proposal").await?;
    let ready = caller.chain.now(GOVERNOR, &TributaryGovernor::proposalEtaCall { proposalId: id }).await?;
    caller.tell_of(&receipt, &[("ready", json!(ready.saturating_to::<u64>()))], &[])
}

pub(super) async fn execute(caller: &Caller, id: U256) -> Result<(), Error> {
    let proposal = one(caller, id).await?;
    let state = state(caller, id).await?;
    let ready = caller.chain.now(GOVERNOR, &TributaryGovernor::proposalEtaCall { proposalId: id }).await?.saturating_to::<u64>();
    match state {
        "queued" if caller.chain.time().await? < ready => {
            return Err(not_yet(id, &format!("may be executed from {}", report::moment(ready))));
        }
        "queued" => {}
        "succeeded" => return Err(not_yet(id, &format!("won, and is queued first (`tributary gov queue {id}`)"))),
        _ => return Err(not_yet(id, &so_far(&proposal, state))),
    }
    let Proposed { targets, values, calldatas, description, .. } = proposal;
    let call = TributaryGovernor::executeCall { targets, values, calldatas, descriptionHash: keccak256(description) };
    caller.execute(&Call::of(GOVERNOR, &call), "executing the proposal").await
}

pub(super) async fn cancel(caller: &Caller, id: U256) -> Result<(), Error> {
    let Proposed { targets, values, calldatas, description, .. } = one(caller, id).await?;
    let call = TributaryGovernor::cancelCall { targets, values, calldatas, descriptionHash: keccak256(description) };
    caller.execute(&Call::of(GOVERNOR, &call), "canceling the proposal").await
}

/// What a proposal would do, in words where it sets a parameter.
fn calls(proposal: &Proposed) -> Vec<String> {
    let pairs = proposal.targets.iter().zip(&proposal.calldatas);
    let told = pairs.map(|(target, data)| match Parameters::setCall::abi_decode(data) {
        Ok(set) if *target == PARAMETERS => {
            let name = PARAMETER_NAMES.into_iter().find(|name| key(name) == set.key);
            name.map_or_else(|| format!("{target} {data}"), |name| format!("{name} = {}", told(name, set.value)))
        }
        _ => format!("{target} {data}"),
    });
    told.collect()
}

pub(super) async fn list(caller: &Caller) -> Result<(), Error> {
    let (mut items, mut rows) = (Vec::new(), Vec::new());
    for row in caller.chain.list("tributary_proposals", None).await? {
        let proposal = read(row)?;
        let state = state(caller, proposal.id).await?;
        items.push(about(&proposal, state));
        rows.push(vec![
            proposal.id.to_string(),
            state.to_owned(),
            report::brief(&calls(&proposal).join("; "), report::NOTE),
            report::brief(&proposal.description, report::NOTE),
        ]);
    }
    if caller.for_scripts() {
        report::json(&items);
        return Ok(());
    }
    report::table(&["proposal", "state", "does", "why"], &rows);
    Ok(())
}

fn about(proposal: &Proposed, state: &str) -> Value {
    json!({
        "proposalId": proposal.id.to_string(), "state": state, "proposer": proposal.proposer, "targets": proposal.targets,
        "calldatas": proposal.calldatas, "voteStart": proposal.vote_start, "voteEnd": proposal.vote_end, "does": calls(proposal),
        "why": proposal.description,
    })
}

pub(super) async fn show(caller: &Caller, id: U256) -> Result<(), Error> {
    let proposal = one(caller, id).await?;
    let state = state(caller, id).await?;
    let votes = caller.chain.now(GOVERNOR, &TributaryGovernor::proposalVotesCall { proposalId: id }).await?;
    let ready = caller.chain.now(GOVERNOR, &TributaryGovernor::proposalEtaCall { proposalId: id }).await?;
    // The quorum is of the moment that the vote begins: before it nobody knows.
    let quorum = match state {
        "pending" => None,
        _ => Some(caller.chain.now(GOVERNOR, &TributaryGovernor::quorumCall { timepoint: proposal.vote_start }).await?),
    };
    let mut value = about(&proposal, state);
    value["votes"] = json!({ "for": votes.forVotes, "against": votes.againstVotes, "abstain": votes.abstainVotes });
    value["quorum"] = json!(quorum.map(|votes| votes.to_string()));
    value["ready"] = json!(ready);
    caller.tell(
        &value,
        &[
            ("proposal", id.to_string()),
            ("by", proposal.proposer.to_string()),
            ("does", calls(&proposal).join("; ")),
            ("why", proposal.description.clone()),
            ("state", state.to_owned()),
            ("votes from", report::moment(proposal.vote_start.saturating_to())),
            ("until", report::moment(proposal.vote_end.saturating_to())),
            ("for", report::open(votes.forVotes)),
            ("against", report::open(votes.againstVotes)),
            ("abstain", report::open(votes.abstainVotes)),
            ("quorum", quorum.map_or_else(|| "not known before the vote".to_owned(), report::open)),
            ("ready", if ready.is_zero() { "not queued".to_owned() } else { report::moment(ready.saturating_to()) }),
        ],
    );
    Ok(())
}
