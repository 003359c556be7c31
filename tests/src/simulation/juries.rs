//! Cases, from the draw to the last wei: who sits, says and appeals what.

use super::{
    Error,
    people::Role,
    world::{Act, World},
};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use tributary_contracts::{
    Juries,
    interfaces::juries::IJuries::Case,
    predeploys::{JURIES, STAKES},
};

/// What a validator stakes: twice the least, so that what it loses in one run does not end its work.
const STAKE: u128 = 2_000_000_000_000_000_000_000;

// `IJuries.Phase`.
const DRAWING: u8 = 1;
const COMMITTING: u8 = 3;
const REVEALING: u8 = 4;
const APPEALABLE: u8 = 5;
const FINAL: u8 = 7;

// `IJuries.SeatState`.
const DRAWN: u8 = 1;
const COMMITTED: u8 = 2;

/// A case, what is right about it, and who appeals if a jury says otherwise.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) id: U256,
    pub(super) truth: bool,
    pub(super) appellant: usize,
    appealed: bool,
}

impl Pending {
    pub(super) const fn new(id: U256, truth: bool, appellant: usize) -> Self {
        Self { id, truth, appellant, appealed: false }
    }
}

/// Has the validators stake and join, and waits until they can be drawn.
pub(super) fn join(world: &mut World) -> Result<(), Error> {
    let amount = U256::from(STAKE);
    let mut acts = Vec::new();
    for person in world.who(|person| person.role.judges()) {
        acts.push(Act::new(person, STAKES, &tributary_contracts::Stakes::stakeCall { purpose: 0 }).paying(amount));
        acts.push(Act::new(person, JURIES, &Juries::joinCall { amount }));
    }
    world.act(acts)?;
    world.idle(2)
}

/// Goes on with all of them until each is final and its money is given away.
pub(super) fn conclude(world: &mut World, mut cases: Vec<Pending>) -> Result<(), Error> {
    let mut closed = Vec::new();
    while !cases.is_empty() {
        let mut acts = Vec::new();
        let mut deadline = u64::MAX;
        let mut drawing = false;
        let mut open = Vec::new();
        for mut pending in cases {
            let case = world.view(JURIES, &Juries::caseInfoCall { caseId: pending.id })?;
            if case.phase == FINAL {
                closed.push(pending);
                continue;
            }
            let steps = step(world, &mut pending, &case)?;
            drawing |= case.phase == DRAWING;
            if steps.is_empty() && case.phase != DRAWING {
                deadline = deadline.min(case.deadline);
            }
            acts.extend(steps);
            open.push(pending);
        }
        cases = open;
        if cases.is_empty() {
            break;
        }
        if acts.is_empty() {
            // Randomness comes with the next blocks; otherwise a phase is over then, and anyone may end it.
            if !drawing {
                world.chain.pass(deadline.saturating_sub(world.chain.time()));
            }
            world.idle(1)?;
        }
        world.act(acts)?;
    }
    let settle = |pending: &Pending| Act::new(0, JURIES, &Juries::settleCall { caseId: pending.id, seats: U256::from(64) });
    world.act(closed.iter().map(settle).collect())?;
    Ok(())
}

/// What can be done about a case now.
fn step(world: &World, pending: &mut Pending, case: &Case) -> Result<Vec<Act>, Error> {
    let id = pending.id;
    Ok(match case.phase {
        DRAWING if world.chain.origin()? >= case.origin => vec![Act::new(0, JURIES, &Juries::drawCall { caseId: id })],
        DRAWING => Vec::new(),
        _ if world.chain.time() > case.deadline => vec![Act::new(0, JURIES, &Juries::advanceCall { caseId: id })],
        COMMITTING | REVEALING => verdicts(world, pending, case)?,
        APPEALABLE => appeal(world, pending, case).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// Whoever has something to say in this phase and did not yet.
fn verdicts(world: &World, pending: &Pending, case: &Case) -> Result<Vec<Act>, Error> {
    let id = pending.id;
    let jury = world.view(JURIES, &Juries::juryOfCall { caseId: id, round: case.round })?;
    let mut acts = Vec::new();
    for (juror, state) in jury.jurors.iter().zip(&jury.states) {
        let person = world.person_of(*juror).ok_or_else(|| Error::Refused(format!("{juror} sits in a jury, and is nobody")))?;
        let role = world.people[person].role;
        let verdict = pending.truth || role == Role::Nodder;
        let reason = if verdict { "it is new" } else { "it is somebody else's" };
        let salt: B256 = keccak256((id, u64::from(case.round), *juror).abi_encode());
        if case.phase == COMMITTING && *state == DRAWN {
            let said = (id, U256::from(case.round), case.subject, verdict, keccak256(reason), salt, *juror);
            let commitment = keccak256(said.abi_encode());
            acts.push(Act::new(person, JURIES, &Juries::commitCall { caseId: id, commitment }));
        }
        if case.phase == REVEALING && *state == COMMITTED && role != Role::Absent {
            let reveal = Juries::revealCall { caseId: id, verdict, reason: reason.to_owned(), salt };
            acts.push(Act::new(person, JURIES, &reveal));
        }
    }
    Ok(acts)
}

/// Once, where there are enough others to sit.
fn appeal(world: &World, pending: &mut Pending, case: &Case) -> Option<Act> {
    let others = world.who(|person| person.role.judges()).len().checked_sub(2)?;
    if case.upheld == pending.truth || pending.appealed || 2 * usize::from(case.jurors) + 1 > others {
        return None;
    }
    pending.appealed = true;
    let call = Juries::appealCall { caseId: pending.id, reason: "look again".to_owned() };
    Some(Act::new(pending.appellant, JURIES, &call).paying(case.bond))
}
