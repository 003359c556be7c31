//! The datanet with reviews: validators, folders that are committed to, and juries.

use super::{
    cast::{Cast, OPEN},
    datanets::Datanet,
    texts::Text,
    time,
};
use crate::{
    chain::Chain,
    datanet::{
        NO_ROW,
        merkle::{Place, Tree},
    },
    error::Error,
    stake::Purpose,
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use tributary_client::{Account, Call};
use tributary_contracts::{
    DatanetReview, Datanets, Juries, Stakes,
    interfaces::{
        datanet_review::IDatanetRecords::{CommitmentInfo, Revelation},
        datanets::IDatanetRecords::Policy,
        juries::IJuries::Case,
    },
    predeploys::{DATANETS, JURIES, STAKES},
};

/// Jurors of a review.
const JURORS: u16 = 3;

// Phases of `IJuries.Phase`.
const COMMITTING: u8 = 3;
const APPEALABLE: u8 = 5;
const FINAL: u8 = 7;

// Stages of `IDatanetRecords.Stage`.
pub(crate) const REJECTED: u8 = 4;
pub(crate) const COMPLETE: u8 = 6;

/// Everything is committed to and reviewed, for a fee and a bond.
pub(crate) fn reviewed() -> Policy {
    let [fee, bond] = [OPEN / U256::from(100), OPEN / U256::from(2)].map(|wei| wei.to());
    Policy { jurors: JURORS, committed: true, minNoveltyBps: 0, fee, bond }
}

/// Has the validators stake and join, and waits until they can be drawn.
pub(crate) async fn join(chain: &Chain, cast: &Cast) -> Result<(), Error> {
    let least = OPEN * U256::from(1_000);
    let mut joined = false;
    for validator in &cast.validators {
        let info = chain.view(JURIES, &Juries::validatorInfoCall { validator: validator.address() }, BlockId::latest()).await?;
        if info.weight >= least {
            continue;
        }
        let amount = least - info.stake.min(least);
        stake(chain, validator, Purpose::Validator, amount).await?;
        chain.execute(validator, &Call::of(JURIES, &Juries::joinCall { amount }), "joining the validators").await?;
        joined = true;
    }
    // Those are drawn who had joined in an L1 block before that of the case.
    if joined { time::wait_for_origin(chain, time::origin(chain).await? + 2).await } else { Ok(()) }
}

/// Puts at stake what is missing of `amount` that is free.
pub(crate) async fn stake(chain: &Chain, account: &Account, purpose: Purpose, amount: U256) -> Result<(), Error> {
    let purpose = purpose as u8;
    let held = chain.view(STAKES, &Stakes::stakeOfCall { purpose, account: account.address() }, BlockId::latest()).await?;
    if held.free < amount {
        let call = Call::of(STAKES, &Stakes::stakeCall { purpose }).with_value(amount - held.free);
        chain.execute(account, &call, "staking").await?;
    }
    Ok(())
}

/// A folder that was committed to and handed in.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) commitment: U256,
    pub(crate) case: U256,
    pub(crate) root: B256,
    pub(crate) texts: Vec<Text>,
}

/// Commits to a folder by its root, shows it, and hands it in to a jury.
pub(crate) async fn hand_in(chain: &Chain, from: &Account, datanet: &Datanet, texts: Vec<Text>) -> Result<Folder, Error> {
    let salt = PrivateKeySigner::random().to_bytes();
    let place = Place { chain_id: chain.id(), datanets: DATANETS, datanet: datanet.id, author: from.address(), salt };
    let tree = Tree::of((0..).zip(&texts).map(|(index, text)| place.leaf(index, text.body.as_bytes())).collect());
    let policy = reviewed();
    let value = U256::from(policy.fee) * U256::from(texts.len()) + U256::from(policy.bond);
    let call = DatanetReview::commitCall { datanetId: datanet.id, root: tree.root(), count: texts.len() as u32 };
    let receipt = chain.execute(from, &Call::of(DATANETS, &call).with_value(value), "committing to a folder").await?;
    let commitment = receipt.event::<Datanets::Committed>(DATANETS)?.commitmentId;
    let shown = texts.iter().enumerate().map(|(index, text)| Revelation {
        document: text.body.clone().into_bytes().into(),
        parent: NO_ROW,
        proof: tree.proof(index),
    });
    let call = DatanetReview::revealCall { commitmentId: commitment, salt, revelations: shown.collect() };
    chain.execute(from, &Call::of(DATANETS, &call), "showing a folder").await?;
    let cost = chain.view(DATANETS, &DatanetReview::reviewCostCall { commitmentId: commitment }, BlockId::latest()).await?;
    let submit = Call::of(DATANETS, &DatanetReview::submitCall { commitmentId: commitment }).with_value(cost);
    let receipt = chain.execute(from, &submit, "handing a folder in").await?;
    let case = receipt.event::<Datanets::Submitted>(DATANETS)?.caseId;
    Ok(Folder { commitment, case, root: tree.root(), texts })
}

/// Draws a jury, every member of which commits to a verdict and then reveals it.
pub(crate) async fn judge(chain: &Chain, cast: &Cast, case: U256, (verdict, reason): (bool, &str)) -> Result<Vec<Account>, Error> {
    time::wait_for_origin(chain, info(chain, case).await?.origin).await?;
    chain.execute(&cast.operator, &Call::of(JURIES, &Juries::drawCall { caseId: case }), "drawing a jury").await?;
    let drawn = info(chain, case).await?;
    expect(case, drawn.phase, COMMITTING)?;
    let jury = chain.view(JURIES, &Juries::juryOfCall { caseId: case, round: drawn.round }, BlockId::latest()).await?;
    let jurors = jury.jurors.iter().map(|juror| cast.account(*juror).cloned()).collect::<Result<Vec<_>, _>>()?;
    let salts: Vec<B256> = jurors.iter().map(|_| PrivateKeySigner::random().to_bytes()).collect();
    for (juror, salt) in jurors.iter().zip(&salts) {
        let call = Juries::commitmentOfCall { caseId: case, verdict, reason: keccak256(reason), salt: *salt, juror: juror.address() };
        let commitment = chain.view(JURIES, &call, BlockId::latest()).await?;
        chain.execute(juror, &Call::of(JURIES, &Juries::commitCall { caseId: case, commitment }), "committing to a verdict").await?;
    }
    for (juror, salt) in jurors.iter().zip(salts) {
        let call = Juries::revealCall { caseId: case, verdict, reason: reason.to_owned(), salt };
        chain.execute(juror, &Call::of(JURIES, &call), "revealing a verdict").await?;
    }
    expect(case, info(chain, case).await?.phase, APPEALABLE)?;
    Ok(jurors)
}

/// Lets the time to appeal pass, and closes cases: clients are told, jurors are paid. Whether each was upheld.
pub(crate) async fn close(chain: &Chain, cast: &Cast, cases: &[U256]) -> Result<Vec<bool>, Error> {
    time::jump(chain, 3 * time::DAY + 60).await?;
    let mut outcomes = Vec::new();
    for case in cases {
        let advance = Call::of(JURIES, &Juries::advanceCall { caseId: *case });
        chain.execute(&cast.operator, &advance, "closing a case").await?;
        let settle = Juries::settleCall { caseId: *case, seats: U256::from(64) };
        chain.execute(&cast.operator, &Call::of(JURIES, &settle), "settling a case").await?;
        let closed = info(chain, *case).await?;
        expect(*case, closed.phase, FINAL)?;
        let progress = chain.view(JURIES, &Juries::progressOfCall { caseId: *case }, BlockId::latest()).await?;
        if !(progress.client && progress.settled && progress.held.is_zero()) {
            return Err(Error::Check(format!("case {case} is closed, and its client was not told or its money is still held")));
        }
        outcomes.push(closed.upheld);
    }
    Ok(outcomes)
}

/// Appends a folder that was accepted.
pub(crate) async fn append(
    chain: &Chain,
    from: &Account,
    datanet: &mut Datanet,
    folder: &Folder,
) -> Result<Vec<Datanets::Contributed>, Error> {
    let documents = folder.texts.iter().map(|text| text.body.clone().into_bytes().into()).collect();
    let call = DatanetReview::appendCall { commitmentId: folder.commitment, index: 0, documents };
    let receipt = chain.execute(from, &Call::of(DATANETS, &call), "appending a folder").await?;
    let rows: Vec<Datanets::Contributed> = receipt.events(DATANETS)?;
    for (event, text) in rows.iter().zip(&folder.texts) {
        datanet.take(event, text)?;
    }
    Ok(rows)
}

/// What became of a commitment.
pub(crate) async fn commitment(chain: &Chain, folder: &Folder) -> Result<CommitmentInfo, Error> {
    chain.view(DATANETS, &DatanetReview::commitmentInfoCall { commitmentId: folder.commitment }, BlockId::latest()).await
}

async fn info(chain: &Chain, case: U256) -> Result<Case, Error> {
    chain.view(JURIES, &Juries::caseInfoCall { caseId: case }, BlockId::latest()).await
}

fn expect(case: U256, phase: u8, expected: u8) -> Result<(), Error> {
    if phase == expected { Ok(()) } else { Err(Error::Check(format!("case {case} is in phase {phase}, not {expected}"))) }
}
