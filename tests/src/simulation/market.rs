//! Models that answer from the release, and sessions in which they are asked.

use super::{
    Error, PRICE, Plan,
    lies::{self, Lie},
    people::Role,
    supply::Datanet,
    texts::{Random, answer},
    world::{Act, World, event},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use tributary_contracts::{
    Division, FeeDistributor, Inference, Models, Stakes,
    interfaces::{
        division,
        inference::IInference::{Answer, Opening},
        models::{IDatanets::Licence, IModelRegistry::Registration, IModels::Source},
    },
    predeploys::{DIVISION, FEE_DISTRIBUTOR, INFERENCE, MODELS, STAKES},
};

/// `IInference.Status.Open`.
const OPEN: u8 = 1;

const DAY: u64 = 86_400;

/// What an operator stakes: more than one lost case costs.
const OPERATOR_STAKE: u128 = 1_000 * 1_000_000_000_000_000_000;
const TRAINER_BOND: u128 = 100 * 1_000_000_000_000_000_000;

/// A version that takes requests.
#[derive(Debug, Clone, Copy)]
struct Model {
    id: U256,
    terms: B256,
    operator: usize,
}

/// A session that is open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) id: U256,
    pub(super) payer: usize,
    pub(super) operator: usize,
}

/// Everybody who operates registers a model and serves it.
fn models(world: &mut World, datanet: U256) -> Result<Vec<Model>, Error> {
    let operators = world.who(|person| matches!(person.role, Role::Operator | Role::Liar));
    let farms = world.who(|person| person.role == Role::Farm);
    // The third of each farm.
    let operators: Vec<_> = operators.into_iter().chain(farms.into_iter().skip(2).step_by(3)).collect();
    let mut acts = Vec::new();
    for operator in &operators {
        for (purpose, amount) in [(1, OPERATOR_STAKE), (2, TRAINER_BOND)] {
            acts.push(Act::new(*operator, STAKES, &Stakes::stakeCall { purpose }).paying(U256::from(amount)));
        }
        acts.push(Act::new(*operator, MODELS, &Models::createCall { name: "quoter".into(), metadata: String::new() }));
    }
    let created = world.act(acts)?;
    let ids = created.chunks(3).map(|three| Ok(event::<Models::ModelCreated>(&three[2].logs)?.modelId));
    let ids = ids.collect::<Result<Vec<_>, Error>>()?;
    let register = |(operator, id): (&usize, &U256)| {
        let registration = registration(world, *operator, datanet);
        Act::new(*operator, MODELS, &Models::registerVersionCall { modelId: *id, registration })
    };
    let acts = operators.iter().zip(&ids).map(register).collect();
    world.act(acts)?;
    let mut models = Vec::new();
    for (operator, id) in operators.into_iter().zip(ids) {
        let terms = world.view(MODELS, &Models::termsHashCall { modelId: id, version: 1 })?;
        models.push(Model { id, terms, operator });
    }
    let serve = |model: &Model| Act::new(model.operator, INFERENCE, &Inference::serveCall { termsHash: model.terms, on: true });
    world.act(models.iter().map(serve).collect())?;
    Ok(models)
}

/// Nothing is trained here; the hashes are of who would.
fn registration(world: &World, operator: usize, datanet: U256) -> Registration {
    let account = world.people[operator].address();
    let of = |what: &str| keccak256((what.to_owned(), account).abi_encode());
    Registration {
        parents: Vec::new(),
        sources: vec![Source { datanetId: datanet, releaseId: 1, weightBps: 10_000 }],
        licence: Licence {
            mayTrain: true,
            commercial: true,
            shareAlike: false,
            minContributorBps: 5_000,
            maxRoyaltyBps: 5_000,
            text: B256::ZERO,
        },
        weightsHash: of("weights"),
        manifestHash: of("manifest"),
        metricsHash: of("metrics"),
        uri: String::new(),
        operator: account,
        price: PRICE,
        contributorBps: 6_000,
        lineageBps: 500,
        royaltyBps: 0,
        sketchBps: 0,
        answerSeconds: 3_600,
        deterministic: false,
        sketchSetId: 0,
        seed: B256::ZERO,
        whiteningHash: B256::ZERO,
    }
}

/// Who asks whom: farms themselves, liars by turns with each of their lies, and payers the honest.
fn pairs(world: &World, models: &[Model], sessions: usize) -> Vec<(usize, Model)> {
    let of = |role| models.iter().filter(|model| world.people[model.operator].role == role).copied().collect::<Vec<_>>();
    let (honest, liars, farms) = (of(Role::Operator), of(Role::Liar), of(Role::Farm));
    let payers = world.who(|person| person.role == Role::Payer);
    let farmed = (sessions / 10).max(1);
    let lied = (sessions / 8).max(Lie::ALL.len());
    (0..sessions.max(farmed + lied + 1))
        .map(|at| match at {
            at if at < farmed => {
                let model = farms[at % farms.len()];
                // The payer of a farm comes before its operator.
                (model.operator - 1, model)
            }
            at if at < farmed + lied => (payers[at % payers.len()], liars[at / Lie::ALL.len() % liars.len()]),
            at => (payers[at % payers.len()], honest[at % honest.len()]),
        })
        .collect()
}

/// Opens, answers, signs, settles, posts, contests and closes all sessions. How many requests that were.
pub(super) fn trade(world: &mut World, datanet: &Datanet, plan: Plan) -> Result<(usize, lies::Told), Error> {
    let models = models(world, datanet.id)?;
    let learned = datanet.learned(world, plan.seed);
    let pairs = pairs(world, &models, plan.sessions);
    let mut random = Random::new(plan.seed, 4);
    let mut told = lies::Told::default();
    let mut all = Vec::new();
    let mut lied = 0;
    // In groups, so that each is settled long before its deadline.
    for pairs in pairs.chunks(32) {
        let sessions = open(world, pairs, plan.answers)?;
        let mut acts = Vec::new();
        for session in &sessions {
            let outputs: Vec<String> = match farm_text(world, session) {
                Some(text) => vec![text; plan.answers],
                None => (0..plan.answers).map(|_| answer(&mut random, &learned)).collect(),
            };
            if world.people[session.operator].role == Role::Liar {
                acts.extend(lies::tell(world, session, outputs, Lie::ALL[lied % Lie::ALL.len()], &mut told)?);
                lied += 1;
                continue;
            }
            acts.push(settle(world, session, &outputs, &outputs)?);
        }
        world.act(acts)?;
        all.extend(sessions);
    }
    // In the epoch of the credits that the protocol's part of it is for.
    world.once(Act::new(0, FEE_DISTRIBUTOR, &FeeDistributor::distributeCall {}))?;
    lies::contest(world, &mut told)?;
    end(world, &all, &told)?;
    Ok((all.len() * plan.answers, told))
}

/// What a farm asks for: its author comes two before its operator.
fn farm_text(world: &World, session: &Session) -> Option<String> {
    let operator = &world.people[session.operator];
    let author = session.operator.checked_sub(2).filter(|_| operator.role == Role::Farm)?;
    world.people[author].document.as_ref().map(|document| document.text.clone())
}

fn open(world: &mut World, pairs: &[(usize, Model)], answers: usize) -> Result<Vec<Session>, Error> {
    let escrow = U256::from(PRICE) * U256::from(answers);
    let act = |(payer, model): &(usize, Model)| {
        let opening = Opening {
            modelId: model.id,
            version: 1,
            termsHash: model.terms,
            promptHash: B256::ZERO,
            maxAnswers: answers as u32,
            deadline: 0,
        };
        Act::new(*payer, INFERENCE, &Inference::openCall { opening, prompt: Bytes::new() }).paying(escrow)
    };
    let opened = world.act(pairs.iter().map(act).collect())?;
    let session = |((payer, model), mined): (&(usize, Model), super::chain::Mined)| {
        let id = event::<Inference::SessionOpened>(&mined.logs)?.sessionId;
        Ok(Session { id, payer: *payer, operator: model.operator })
    };
    pairs.iter().zip(opened).map(session).collect()
}

/// The operator settles `claimed` with the payer's signature for what it `received`.
pub(super) fn settle(world: &World, session: &Session, claimed: &[String], received: &[String]) -> Result<Act, Error> {
    let call = Division::voucherOfCall {
        sessionId: session.id,
        before: B256::ZERO,
        first: 1,
        paid: U256::ZERO,
        answers: answers(received).into_iter().map(for_division).collect(),
    };
    let voucher = world.view(DIVISION, &call)?;
    let signature = world.people[session.payer].wallet.signature(voucher.digest).as_bytes().into();
    let call = Inference::settleCall { sessionId: session.id, answers: answers(claimed), signature };
    Ok(Act::new(session.operator, INFERENCE, &call))
}

/// At the model's price.
pub(super) fn answers(outputs: &[String]) -> Vec<Answer> {
    let answer = |(at, output): (usize, &String)| Answer {
        promptHash: prompt(at),
        amount: U256::from(PRICE),
        output: output.clone().into_bytes().into(),
        query: Bytes::new(),
    };
    outputs.iter().enumerate().map(answer).collect()
}

/// Of a session's question.
pub(super) fn prompt(at: usize) -> B256 {
    keccak256(U256::from(at).abi_encode())
}

fn for_division(answer: Answer) -> division::IInference::Answer {
    let Answer { promptHash, amount, output, query } = answer;
    division::IInference::Answer { promptHash, amount, output, query }
}

/// Pays what was posted, gives back what was not used, shows receipts, and closes every session.
fn end(world: &mut World, sessions: &[Session], told: &lies::Told) -> Result<(), Error> {
    world.chain.pass(4 * DAY);
    world.idle(1)?;
    let mut acts = Vec::new();
    for session in sessions {
        if world.view(INFERENCE, &Inference::pendingOfCall { sessionId: session.id })?.until != 0 {
            acts.push(Act::new(0, INFERENCE, &Inference::finalizeCall { sessionId: session.id }));
        }
    }
    world.act(acts)?;
    let mut acts = Vec::new();
    // The last answer ends a session.
    for session in sessions {
        if world.view(INFERENCE, &Inference::sessionInfoCall { sessionId: session.id })?.status == OPEN {
            acts.push(Act::new(session.payer, INFERENCE, &Inference::refundCall { sessionId: session.id }));
        }
    }
    world.act(acts)?;
    world.act(lies::receipts(told))?;
    world.chain.pass(4 * DAY);
    let close = |session: &Session| Act::new(0, INFERENCE, &Inference::closeCall { sessionId: session.id });
    world.act(sessions.iter().map(close).collect())?;
    Ok(())
}
