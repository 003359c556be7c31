//! Documents become rows, at once or after a review.

use super::{
    Error, juries,
    juries::Pending,
    people::Role,
    texts::Random,
    world::{Act, World, event},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolEvent, SolValue};
use tributary_contracts::{DatanetReview, Datanets, interfaces::datanet_review::IDatanetRecords::Revelation, predeploys::DATANETS};

/// `IDatanetRecords.Stage.Accepted`.
const ACCEPTED: u8 = 3;

/// Whose the datanet is.
pub(super) const CURATOR: usize = 0;

/// A datanet with a release.
#[derive(Debug)]
pub(super) struct Datanet {
    pub(super) id: U256,
    /// Who has a row, in their order.
    pub(super) authors: Vec<usize>,
}

/// Founds the datanet of the policy, has everybody contribute, first those who wrote something, and publishes it.
pub(super) fn found(world: &mut World, seed: u64) -> Result<Datanet, Error> {
    let create = Datanets::createCall { settings: world.policy.settings() };
    let id = event::<Datanets::DatanetCreated>(&world.once(Act::new(CURATOR, DATANETS, &create))?)?.datanetId;
    let mut authors = Vec::new();
    let mut commitments = Vec::new();
    for good in [true, false] {
        let mut wave = world.who(|person| person.document.as_ref().is_some_and(|document| document.good == good));
        Random::new(seed, 2).shuffle(&mut wave);
        if world.policy.reviewed {
            commitments.extend(hand_in(world, id, &wave)?);
        } else {
            authors.extend(contribute(world, id, &wave)?);
        }
    }
    if world.policy.reviewed {
        authors = review(world, commitments)?;
    }
    world.once(Act::new(CURATOR, DATANETS, &Datanets::publishCall { datanetId: id, note: "simulation".into() }))?;
    Ok(Datanet { id, authors })
}

/// At once. Whose document became a row.
fn contribute(world: &mut World, datanet: U256, wave: &[usize]) -> Result<Vec<usize>, Error> {
    let mut acts = Vec::new();
    for person in wave {
        let Some(document) = &world.people[*person].document else { continue };
        let act = |text: &str| {
            let call = Datanets::contributeCall { datanetId: datanet, document: Bytes::copy_from_slice(text.as_bytes()) };
            Act::new(*person, DATANETS, &call)
        };
        // The same bytes are refused always; what is not its author's may be.
        acts.extend(document.tried.iter().map(|text| act(text).refused()));
        acts.push(if document.good { act(&document.text) } else { act(&document.text).perhaps() });
    }
    let done = world.act(acts)?;
    Ok(authors(world, done.iter().flat_map(|mined| &mined.logs)))
}

fn authors<'a>(world: &World, logs: impl Iterator<Item = &'a alloy_primitives::Log>) -> Vec<usize> {
    let rows = logs.filter_map(|log| Datanets::Contributed::decode_log(log).ok());
    rows.filter_map(|row| world.person_of(row.account)).collect()
}

/// A commitment under review.
#[derive(Debug)]
struct Submission {
    id: U256,
    author: usize,
    case: Pending,
}

/// Commits to each document, shows it and hands it in to a jury.
fn hand_in(world: &mut World, datanet: U256, wave: &[usize]) -> Result<Vec<Submission>, Error> {
    let value = U256::from(world.policy.fee() + world.policy.bond());
    let mut commits = Vec::new();
    for person in wave {
        let call = DatanetReview::leafOfCall {
            datanetId: datanet,
            author: world.people[*person].address(),
            salt: salt(*person),
            index: 0,
            document: document(world, *person),
        };
        let root = world.view(DATANETS, &call)?;
        let call = DatanetReview::commitCall { datanetId: datanet, root, count: 1 };
        commits.push(Act::new(*person, DATANETS, &call).paying(value));
    }
    let committed = world.act(commits)?;
    let ids = committed.iter().map(|mined| Ok(event::<Datanets::Committed>(&mined.logs)?.commitmentId));
    let ids = ids.collect::<Result<Vec<_>, Error>>()?;
    let reveal = |(person, id): (&usize, &U256)| {
        let revelation = Revelation { document: document(world, *person), parent: u64::MAX, proof: Vec::new() };
        let call = DatanetReview::revealCall { commitmentId: *id, salt: salt(*person), revelations: vec![revelation] };
        Act::new(*person, DATANETS, &call)
    };
    let reveals = wave.iter().zip(&ids).map(reveal).collect();
    world.act(reveals)?;
    let Some(first) = ids.first() else { return Ok(Vec::new()) };
    // The same for each, of one document.
    let cost = world.view(DATANETS, &DatanetReview::reviewCostCall { commitmentId: *first })?;
    let submit = |(person, id): (&usize, &U256)| Act::new(*person, DATANETS, &DatanetReview::submitCall { commitmentId: *id }).paying(cost);
    let submitted = world.act(wave.iter().zip(&ids).map(submit).collect())?;
    let mut submissions = Vec::new();
    for ((person, id), mined) in wave.iter().zip(ids).zip(submitted) {
        let case = event::<Datanets::Submitted>(&mined.logs)?.caseId;
        let good = world.people[*person].document.as_ref().is_some_and(|document| document.good);
        // Who was wronged appeals: the author, or for everybody the curator.
        let case = Pending::new(case, good, if good { *person } else { CURATOR });
        submissions.push(Submission { id, author: *person, case });
    }
    Ok(submissions)
}

/// Lets the juries decide, and appends what they accepted in the order of commitment. Whose document became a row.
fn review(world: &mut World, submissions: Vec<Submission>) -> Result<Vec<usize>, Error> {
    juries::conclude(world, submissions.iter().map(|submission| submission.case.clone()).collect())?;
    let mut acts = Vec::new();
    let mut rejected = 0;
    for Submission { id, author, .. } in submissions {
        let info = world.view(DATANETS, &DatanetReview::commitmentInfoCall { commitmentId: id })?;
        if info.stage != ACCEPTED {
            rejected += 1;
            continue;
        }
        // An append passes few of them by itself.
        if rejected != 0 {
            let call = DatanetReview::advanceCall { datanetId: info.datanetId, most: U256::from(rejected) };
            acts.push(Act::new(CURATOR, DATANETS, &call));
            rejected = 0;
        }
        let call = DatanetReview::appendCall { commitmentId: id, index: 0, documents: vec![document(world, author)] };
        acts.push(Act::new(author, DATANETS, &call));
    }
    let done = world.act(acts)?;
    Ok(authors(world, done.iter().flat_map(|mined| &mined.logs)))
}

fn document(world: &World, person: usize) -> Bytes {
    let text = world.people[person].document.as_ref().map(|document| document.text.clone());
    text.unwrap_or_default().into_bytes().into()
}

fn salt(person: usize) -> B256 {
    keccak256(("salt", U256::from(person)).abi_encode())
}

impl Datanet {
    /// What a model that is trained on the datanet has learned, more of some than of others. Nobody asks for what farms wrote, nor for footers.
    pub(super) fn learned(&self, world: &World, seed: u64) -> Vec<String> {
        let quoted = |person: &&usize| !matches!(world.people[**person].role, Role::Farm | Role::Liar);
        let mut authors: Vec<_> = self.authors.iter().filter(quoted).collect();
        Random::new(seed, 3).shuffle(&mut authors);
        authors.into_iter().filter_map(|person| world.people[*person].document.as_ref()).map(|document| document.text.clone()).collect()
    }
}
