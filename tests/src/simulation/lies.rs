//! What a lying operator tries, once for each session.

use super::{
    Error,
    juries::{self, Pending},
    market::{Session, answers, prompt, settle},
    world::{Act, World, event},
};
use alloy_primitives::{B256, Bytes, U256};
use tributary_contracts::{
    Division, Inference, Juries,
    predeploys::{DIVISION, INFERENCE, JURIES},
};

/// `IInference.Dispute.NoAnswer`.
const NO_ANSWER: u8 = 1;

/// A way to cheat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// A text of its own under each answer, for which a payer who does not look signs.
    Footer,
    /// The same, settled with the payer's signature for answers without it; when that is refused, posted without one.
    Padded,
    /// One byte is posted as each answer. The payer contests it.
    Nothing,
    /// It promises an answer, and gives none.
    Promise,
}

impl Lie {
    pub(super) const ALL: [Self; 4] = [Self::Footer, Self::Padded, Self::Nothing, Self::Promise];
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Answers that were settled with the payer's signature for others, and refused.
    pub(super) refused: usize,
    posted: Vec<(Session, bool)>,
    promised: Vec<(Session, Bytes)>,
}

/// Gives these answers as a liar does.
pub(super) fn tell(world: &World, session: &Session, outputs: Vec<String>, lie: Lie, told: &mut Told) -> Result<Vec<Act>, Error> {
    let footer = world.people[session.operator].document.as_ref().map(|document| document.text.clone()).unwrap_or_default();
    let padded: Vec<_> = outputs.iter().map(|output| format!("{output} {footer}")).collect();
    let post = |outputs: &[String]| {
        let call = Inference::postCall { sessionId: session.id, answers: answers(outputs) };
        Act::new(session.operator, INFERENCE, &call)
    };
    Ok(match lie {
        Lie::Footer => vec![settle(world, session, &padded, &padded)?],
        Lie::Padded => {
            told.refused += 1;
            told.posted.push((*session, false));
            vec![settle(world, session, &padded, &outputs)?.refused(), post(&padded)]
        }
        Lie::Nothing => {
            told.posted.push((*session, true));
            vec![post(&vec![".".to_owned(); outputs.len()])]
        }
        Lie::Promise => {
            let call = Division::receiptDigestCall { sessionId: session.id, index: 1, promptHash: prompt(0) };
            let digest = world.view(DIVISION, &call)?;
            told.promised.push((*session, world.people[session.operator].wallet.signature(digest).as_bytes().into()));
            Vec::new()
        }
    })
}

/// Payers contest what is no answer, before a jury.
pub(super) fn contest(world: &mut World, told: &mut Told) -> Result<(), Error> {
    let mut acts = Vec::new();
    let contested: Vec<_> = told.posted.iter().filter(|(_, contested)| *contested).map(|(session, _)| *session).collect();
    for session in &contested {
        let rules = world.view(INFERENCE, &Inference::sessionInfoCall { sessionId: session.id })?.rules;
        let fee = world.view(JURIES, &Juries::feeCall { jurors: rules.jurors })?;
        let call =
            Inference::disputeCall { sessionId: session.id, index: 1, kind: NO_ANSWER, evidence: Bytes::from_static(b"a full stop") };
        acts.push(Act::new(session.payer, INFERENCE, &call).paying(fee + U256::from(rules.contestBond)));
    }
    let disputed = world.act(acts)?;
    let case = |(session, mined): (&Session, super::chain::Mined)| {
        Ok(Pending::new(event::<Inference::Disputed>(&mined.logs)?.caseId, true, session.payer))
    };
    let cases = contested.iter().zip(disputed).map(case).collect::<Result<Vec<_>, Error>>()?;
    juries::conclude(world, cases)
}

/// Payers show what they were promised.
pub(super) fn receipts(told: &Told) -> Vec<Act> {
    let show = |(session, signature): &(Session, Bytes)| {
        let call = Inference::showReceiptCall {
            sessionId: session.id,
            index: 1,
            promptHash: prompt(0),
            signature: signature.clone(),
            before: B256::ZERO,
            links: Vec::new(),
        };
        Act::new(session.payer, INFERENCE, &call)
    };
    told.promised.iter().map(show).collect()
}
