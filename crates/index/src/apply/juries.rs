use crate::{
    Error,
    book::{Book, Key},
    rows::{Appeal, Case, CaseOf, CasePhase, Round, Validator, Vote},
};
use alloy_primitives::{Address, Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::Juries::{self, JuriesEvents as Event};

pub(super) fn juries(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    let case = |id: U256| Key::all::<Case>().id(id);
    match event.data {
        Event::CaseOpened(event) => opened(book, &event),
        Event::JuryDrawn(event) => drawn(book, &event),
        Event::VerdictCommitted(event) => {
            book.change(&case(event.caseId), |case: &mut Case| vote(case, event.round, event.juror, |vote| vote.committed = true))
        }
        Event::VerdictRevealed(event) => book.change(&case(event.caseId), |case: &mut Case| {
            vote(case, event.round, event.juror, |vote| (vote.verdict, vote.reason) = (Some(event.verdict), Some(event.reason)));
        }),
        Event::Decided(event) => book.change(&case(event.caseId), |case: &mut Case| decided(case, event)),
        Event::Appealed(event) => appealed(book, &event),
        Event::AppealReason(event) => book.change(&case(event.caseId), |case: &mut Case| {
            if let Some(appeal) = case.appeals.last_mut() {
                appeal.reason = event.reason;
            }
        }),
        Event::PhaseChanged(event) => book.change(&case(event.caseId), |case: &mut Case| {
            case.phase = CasePhase::ALL.get(usize::from(event.phase)).copied().unwrap_or(case.phase);
            case.deadline = U64::from(event.deadline);
        }),
        Event::DrawAwaited(event) => book.change(&case(event.caseId), |case: &mut Case| {
            (case.phase, case.deadline, case.draw_origin) = (CasePhase::Drawing, U64::ZERO, U64::from(event.origin));
        }),
        Event::SeatSettled(event) => {
            book.change(&Key::all::<Validator>().address(event.juror), |validator: &mut Validator| {
                validator.stake = validator.stake.saturating_sub(event.slashed);
            })?;
            book.change(&case(event.caseId), |case: &mut Case| {
                vote(case, event.round, event.juror, |vote| (vote.pay, vote.slashed) = (event.pay, event.slashed));
            })
        }
        Event::CaseClosed(event) => book.change(&case(event.caseId), |case: &mut Case| {
            (case.phase, case.deadline, case.upheld) = (CasePhase::Final, U64::ZERO, Some(event.upheld));
        }),
        Event::Joined(event) => joined(book, event.validator, |validator| (validator.stake, validator.leaving_at) = (event.stake, None)),
        Event::Leaving(event) => joined(book, event.validator, |validator| validator.leaving_at = Some(U64::from(event.until))),
        Event::Left(event) => joined(book, event.validator, |validator| (validator.stake, validator.leaving_at) = (U256::ZERO, None)),
        _ => Ok(()),
    }
}

fn opened(book: &mut Book<'_, '_>, event: &Juries::CaseOpened) -> Result<(), Error> {
    for (account, role) in [(event.claimant, "claimant"), (event.decider, "decider")] {
        if !account.is_zero() {
            takes_part(book, event.caseId, account, role)?;
        }
    }
    let case = Case {
        id: event.caseId,
        client: event.client,
        subject: event.subject,
        kind: U64::from(event.kind),
        jurors: U64::from(event.jurors),
        decider: event.decider,
        claimant: event.claimant,
        phase: CasePhase::Drawing,
        deadline: U64::ZERO,
        draw_origin: U64::from(event.origin),
        upheld: None,
        rounds: Vec::new(),
        appeals: Vec::new(),
        origin: book.origin,
    };
    book.put(&Key::all::<Case>().id(event.caseId), &case)
}

fn drawn(book: &mut Book<'_, '_>, event: &Juries::JuryDrawn) -> Result<(), Error> {
    for juror in &event.jurors {
        takes_part(book, event.caseId, *juror, "juror")?;
    }
    let vote =
        |juror: &Address| Vote { juror: *juror, committed: false, verdict: None, reason: None, pay: U256::ZERO, slashed: U256::ZERO };
    book.change(&Key::all::<Case>().id(event.caseId), |case: &mut Case| {
        let number = U64::from(event.round);
        // A jury that is drawn once more takes the place of the one that said nothing.
        case.rounds.retain(|round| round.number != number);
        case.rounds.push(Round {
            number,
            commit_until: U64::from(event.commitUntil),
            reveal_until: U64::from(event.revealUntil),
            votes: event.jurors.iter().map(vote).collect(),
            upheld: None,
            by: None,
            reason: None,
        });
    })
}

/// Why is told by the event after it.
fn appealed(book: &mut Book<'_, '_>, event: &Juries::Appealed) -> Result<(), Error> {
    takes_part(book, event.caseId, event.appellant, "appellant")?;
    book.change(&Key::all::<Case>().id(event.caseId), |case: &mut Case| {
        let (round, appellant) = (U64::from(event.round), event.appellant);
        case.appeals.push(Appeal { round, appellant, bond: event.bond, reason: String::new() });
    })
}

fn takes_part(book: &mut Book<'_, '_>, case_id: U256, account: Address, role: &str) -> Result<(), Error> {
    let row = CaseOf { case_id, account, role: role.to_owned(), origin: book.origin };
    book.put(&Key::all::<CaseOf>().address(account).at(&book.origin).id(case_id), &row)
}

fn vote(case: &mut Case, round: u8, juror: Address, change: impl FnOnce(&mut Vote)) {
    let round = case.rounds.iter_mut().find(|found| found.number == U64::from(round));
    if let Some(vote) = round.and_then(|round| round.votes.iter_mut().find(|vote| vote.juror == juror)) {
        change(vote);
    }
}

fn decided(case: &mut Case, event: Juries::Decided) {
    case.upheld = Some(event.upheld);
    let number = U64::from(event.round);
    let by = Some(event.by).filter(|by| !by.is_zero());
    let reason = by.map(|_| event.reason);
    match case.rounds.iter_mut().find(|round| round.number == number) {
        Some(round) => (round.upheld, round.by, round.reason) = (Some(event.upheld), by, reason),
        None => case.rounds.push(Round {
            number,
            commit_until: U64::ZERO,
            reveal_until: U64::ZERO,
            votes: Vec::new(),
            upheld: Some(event.upheld),
            by,
            reason,
        }),
    }
}

fn joined(book: &mut Book<'_, '_>, account: Address, change: impl FnOnce(&mut Validator)) -> Result<(), Error> {
    let new = || Validator { account, stake: U256::ZERO, leaving_at: None };
    book.upsert(&Key::all::<Validator>().address(account), new, change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolEvent;

    #[test]
    fn a_verdict_whose_reason_is_no_text_is_a_verdict() {
        let said = Juries::VerdictRevealed {
            caseId: U256::from(7),
            round: 1,
            juror: Address::repeat_byte(3),
            verdict: true,
            reason: "because".to_owned(),
        };
        let told = said.encode_log_data();
        let mut data = told.data.to_vec();
        let at = data.windows(7).position(|bytes| bytes == b"because").unwrap();
        data[at..at + 2].copy_from_slice(&[0xff, 0xc3]);
        let log = Log::new_unchecked(Address::ZERO, told.topics().to_vec(), data.into());
        let Event::VerdictRevealed(event) = Event::decode_log(&log).unwrap().data else { panic!("another event") };
        assert!(event.verdict);
        assert_eq!(event.reason, "\u{fffd}\u{fffd}cause");
    }
}
