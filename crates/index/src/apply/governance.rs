use crate::{
    Error,
    book::{Book, Key},
    rows::{Ballot, Proposal, ProposalPlace, ProposalStage, Support},
};
use alloy_primitives::{Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::TributaryGovernor::{ProposalCreated, TributaryGovernorEvents as Event, VoteCast};

pub(super) fn governor(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    match event.data {
        Event::ProposalCreated(event) => created(book, event),
        Event::VoteCast(event) => voted(book, event),
        Event::VoteCastWithParams(event) => {
            let (voter, proposal, support, weight, reason) = (event.voter, event.proposalId, event.support, event.weight, event.reason);
            voted(book, VoteCast { voter, proposalId: proposal, support, weight, reason })
        }
        Event::ProposalQueued(event) => change(book, event.proposalId, |proposal| {
            proposal.stage = ProposalStage::Queued;
            proposal.ready = Some(U64::from(event.etaSeconds.saturating_to::<u64>()));
        }),
        Event::ProposalExecuted(event) => change(book, event.proposalId, |proposal| proposal.stage = ProposalStage::Executed),
        Event::ProposalCanceled(event) => change(book, event.proposalId, |proposal| proposal.stage = ProposalStage::Canceled),
        _ => Ok(()),
    }
}

fn created(book: &mut Book<'_, '_>, event: ProposalCreated) -> Result<(), Error> {
    let origin = book.origin;
    let seconds = |time: U256| U64::from(time.saturating_to::<u64>());
    let row = Proposal {
        id: event.proposalId,
        proposer: event.proposer,
        targets: event.targets,
        values: event.values,
        calldatas: event.calldatas,
        description: event.description,
        vote_start: seconds(event.voteStart),
        vote_end: seconds(event.voteEnd),
        votes_for: U256::ZERO,
        votes_against: U256::ZERO,
        votes_abstain: U256::ZERO,
        stage: ProposalStage::Proposed,
        ready: None,
        origin,
    };
    book.put(&Key::all::<ProposalPlace>().id(row.id), &ProposalPlace { origin })?;
    book.put(&Key::all::<Proposal>().at(&origin), &row)
}

fn voted(book: &mut Book<'_, '_>, event: VoteCast) -> Result<(), Error> {
    let Some(support) = Support::ALL.get(usize::from(event.support)).copied() else { return Ok(()) };
    let VoteCast { voter, proposalId: proposal_id, weight, reason, .. } = event;
    let origin = book.origin;
    change(book, proposal_id, |proposal| {
        *match support {
            Support::Against => &mut proposal.votes_against,
            Support::For => &mut proposal.votes_for,
            Support::Abstain => &mut proposal.votes_abstain,
        } += weight;
    })?;
    book.put(&Key::all::<Ballot>().id(proposal_id).at(&origin), &Ballot { proposal_id, voter, support, weight, reason, origin })
}

fn change(book: &mut Book<'_, '_>, id: U256, change: impl FnOnce(&mut Proposal)) -> Result<(), Error> {
    match book.get::<ProposalPlace>(&Key::all::<ProposalPlace>().id(id))? {
        Some(place) => book.change(&Key::all::<Proposal>().at(&place.origin), change),
        None => Ok(()),
    }
}
