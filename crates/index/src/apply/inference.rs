use crate::{
    Error,
    book::{Book, Key},
    rows::{
        Answer, Attribution, Part, Payee, PayeeOf, Prompt, Reason, Session, SessionOf, SessionOfModel, SessionStatus, Settlement, Shares,
    },
};
use alloy_primitives::{Log, U64, U256, keccak256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::interfaces::inference::{
    IInference,
    Inference::{self, InferenceEvents as Event},
};

pub(super) fn inference(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    match event.data {
        Event::SessionOpened(event) => opened(book, event),
        Event::Answered(event) => answered(book, &event),
        Event::Settled(event) => settled(book, &event),
        Event::Attributed(event) => settlement(book, event.settlementId, |settlement| {
            let attribution = |attribution: &IInference::Attribution| Attribution {
                datanet_id: attribution.datanetId,
                release_id: U64::from(attribution.releaseId),
                pool: attribution.pool,
                paid: attribution.paid,
                explained: attribution.explained,
                withheld: attribution.withheld,
                total: attribution.total,
            };
            settlement.attributions = event.attributions.iter().map(attribution).collect();
        }),
        Event::PartsPaid(event) => settlement(book, event.settlementId, |settlement| {
            let part = |part: &IInference::Part| {
                let reason = *Reason::ALL.get(usize::from(part.reason))?;
                Some(Part { reason, datanet_id: part.datanetId, account: part.account, amount: part.amount })
            };
            settlement.parts = event.parts.iter().filter_map(part).collect();
        }),
        Event::ContributorsPaid(event) => paid(book, event.settlementId, &event.payees),
        Event::Carried(event) => settlement(book, event.settlementId, |settlement| {
            settlement.carried += event.payees.iter().map(|payee| payee.amount).sum::<U256>();
        }),
        Event::Refunded(event) => book.change(&Key::all::<Session>().id(event.sessionId), |session: &mut Session| {
            session.status = SessionStatus::Ended;
            session.refunded += event.amount;
        }),
        Event::SessionClosed(event) => {
            book.change(&Key::all::<Session>().id(event.sessionId), |session: &mut Session| session.status = SessionStatus::Closed)
        }
        // Cases are told by Juries; what it costs whom, by Payouts and Stakes.
        _ => Ok(()),
    }
}

fn opened(book: &mut Book<'_, '_>, event: Inference::SessionOpened) -> Result<(), Error> {
    let session = &event.session;
    let (id, origin) = (event.sessionId, book.origin);
    for (account, role) in [(event.payer, "payer"), (session.operator, "operator")] {
        let row = SessionOf { session_id: id, account, role: role.to_owned(), origin };
        book.put(&Key::all::<SessionOf>().address(account).at(&origin).byte(u8::from(role == "operator")), &row)?;
    }
    let of_model =
        SessionOfModel { model_id: event.modelId, version: U64::from(session.version), session_id: id, payer: event.payer, origin };
    book.put(&Key::all::<SessionOfModel>().id(event.modelId).at(&origin), &of_model)?;
    let row = Session {
        id,
        model_id: event.modelId,
        version: U64::from(session.version),
        payer: event.payer,
        operator: session.operator,
        terms_hash: session.termsHash,
        deadline: U64::from(session.deadline),
        max_answers: U64::from(session.maxAnswers),
        escrow: U256::from(session.left),
        paid: U256::ZERO,
        refunded: U256::ZERO,
        answers: U64::ZERO,
        settlements: U64::ZERO,
        status: SessionStatus::Open,
        contributors: session.contributors.clone(),
        origin,
    };
    if !event.prompt.is_empty() {
        book.put(&Key::all::<Prompt>().id(id), &Prompt { prompt: event.prompt })?;
    }
    book.put(&Key::all::<Session>().id(id), &row)
}

fn answer_key(session: U256, index: u64) -> Key {
    Key::all::<Answer>().id(session).number(index)
}

fn answered(book: &mut Book<'_, '_>, event: &Inference::Answered) -> Result<(), Error> {
    let key = answer_key(event.sessionId, u64::from(event.index));
    // What was posted and contested may be answered again; a settlement stays with its answer.
    let before: Option<Answer> = book.get(&key)?;
    let row = Answer {
        session_id: event.sessionId,
        index: U64::from(event.index),
        prompt_hash: event.promptHash,
        amount: event.amount,
        output_hash: keccak256(&event.output),
        size: U64::from(event.output.len()),
        settlement_id: before.and_then(|answer| answer.settlement_id),
        origin: book.origin,
    };
    book.put(&key, &row)
}

fn settled(book: &mut Book<'_, '_>, event: &Inference::Settled) -> Result<(), Error> {
    let first = u64::from(event.first);
    for index in first..first + u64::from(event.count) {
        book.change(&answer_key(event.sessionId, index), |answer: &mut Answer| {
            answer.settlement_id = Some(event.settlementId);
        })?;
    }
    book.change(&Key::all::<Session>().id(event.sessionId), |session: &mut Session| {
        session.paid += event.amount;
        session.answers += U64::from(event.count);
        session.settlements += U64::from(1);
    })?;
    let origin = book.origin;
    settlement(book, event.settlementId, |settlement| {
        let shares = &event.shares;
        settlement.session_id = event.sessionId;
        (settlement.signed, settlement.amount) = (event.signed, event.amount);
        (settlement.first, settlement.count) = (U64::from(event.first), U64::from(event.count));
        settlement.shares = Shares {
            protocol: shares.protocol,
            validators: shares.validators,
            lineage: shares.lineage,
            curators: shares.curators,
            contributors: shares.contributors,
            commons: shares.commons,
            operator: shares.operator,
        };
        settlement.origin = origin;
    })
}

/// Changes a settlement, of which the parts may be told before the whole is.
fn settlement(book: &mut Book<'_, '_>, id: U256, change: impl FnOnce(&mut Settlement)) -> Result<(), Error> {
    let origin = book.origin;
    let zero = U256::ZERO;
    let new = || Settlement {
        id,
        session_id: id >> 32,
        signed: false,
        first: U64::ZERO,
        count: U64::ZERO,
        amount: zero,
        shares: Shares {
            protocol: zero,
            validators: zero,
            lineage: zero,
            curators: zero,
            contributors: zero,
            commons: zero,
            operator: zero,
        },
        attributions: Vec::new(),
        parts: Vec::new(),
        carried: zero,
        origin,
    };
    book.upsert(&Key::all::<Settlement>().id(id), new, change)
}

fn paid(book: &mut Book<'_, '_>, settlement_id: U256, payees: &[IInference::Payee]) -> Result<(), Error> {
    let origin = book.origin;
    let mut sum = U256::ZERO;
    for (place, payee) in payees.iter().enumerate() {
        sum += payee.amount;
        let row = Payee {
            settlement_id,
            account: payee.account,
            datanet_id: payee.datanetId,
            number: U64::from(payee.number),
            by_sketch: payee.bySketch,
            amount: payee.amount,
            weight: payee.weight,
            origin,
        };
        book.put(&Key::all::<Payee>().id(settlement_id).at(&origin).number(place as u64), &row)?;
        let key = Key::all::<PayeeOf>().address(payee.account).id(settlement_id);
        book.put(&key.at(&origin).number(place as u64), &PayeeOf(row))?;
    }
    settlement(book, settlement_id, |settlement| settlement.carried = settlement.carried.saturating_sub(sum))
}
