use crate::{
    Error,
    book::{Book, Key},
    rows::{
        Change, Commitment, CommitmentOf, CommitmentTo, Contribution, ContributionOf, Datanet, DocumentAt, Licence, Matter, Novelty,
        NoveltyOf, Policy, Release, Revealed, Stage,
    },
};
use alloy_primitives::{Address, B256, Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::interfaces::datanets::{
    Datanets::{self, DatanetsEvents as Event},
    IDatanetRecords, IDatanets,
};

/// `parent` of a row that refines none.
const NO_ROW: u64 = u64::MAX;

pub(super) fn datanets(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    match event.data {
        Event::DatanetCreated(event) => founded(book, event),
        Event::LicenceChanged(event) => datanet(book, event.datanetId, |datanet| datanet.licence = licence(&event.licence)),
        Event::PolicyChanged(event) => datanet(book, event.datanetId, |datanet| datanet.policy = policy(&event.policy)),
        Event::SharesChanged(event) => datanet(book, event.datanetId, |datanet| {
            datanet.curator_bps = event.curatorBps;
            datanet.full_at_bps = event.fullAtBps;
            datanet.max_contributor_bps = event.maxContributorBps;
        }),
        Event::CuratorProposed(event) => {
            datanet(book, event.datanetId, |datanet| datanet.next_curator = Some(event.next).filter(|next| !next.is_zero()))
        }
        Event::CuratorChanged(event) => {
            datanet(book, event.datanetId, |datanet| (datanet.curator, datanet.next_curator) = (event.current, None))
        }
        Event::Released(event) => released(book, event),
        Event::Contributed(event) => contributed(book, &event),
        Event::RefinementProposed(event) => contribution(book, event.datanetId, event.row, |contribution| {
            contribution.parent = Some(U64::from(event.parent)).filter(|_| event.parent != NO_ROW);
        }),
        Event::StatusChanged(event) => {
            let (by, origin) = (Some(event.by), book.origin);
            contribution(book, event.datanetId, event.row, |contribution| {
                contribution.status = event.status;
                contribution.changes.push(Change { status: Some(event.status), author: None, by, case_id: event.caseId, origin });
            })
        }
        Event::Reassigned(event) => {
            let origin = book.origin;
            belongs(book, event.account, event.datanetId, event.row)?;
            contribution(book, event.datanetId, event.row, |contribution| {
                contribution.author = event.account;
                contribution.contributor = U64::from(event.contributor);
                let author = Some(event.account);
                contribution.changes.push(Change { status: None, author, by: None, case_id: event.caseId, origin });
            })
        }
        Event::MatterOpened(event) => opened(book, event),
        Event::MatterClosed(event) => book.change(&Key::all::<Matter>().id(event.caseId), |matter: &mut Matter| {
            (matter.upheld, matter.applied) = (Some(event.upheld), Some(event.applied));
        }),
        Event::Committed(event) => committed(book, &event),
        // Told before what becomes of the document.
        Event::NoveltyRecorded(event) => {
            let found = Novelty { inherited: event.inherited, closed: event.closed, total: event.total };
            book.put(&novelty(event.datanetId, event.documentHash), &NoveltyOf(found))
        }
        event => progressed(book, event),
    }
}

/// What happens to a commitment after its beginning.
fn progressed(book: &mut Book<'_, '_>, event: Event) -> Result<(), Error> {
    match event {
        Event::Revealed(event) => {
            let row = Revealed {
                index: U64::from(event.index),
                document_hash: event.documentHash,
                size: event.size.to(),
                row: None,
                refusal: None,
                novelty: None,
            };
            book.put(&document(event.commitmentId, event.index), &row)?;
            commitment(book, event.commitmentId, |commitment| commitment.revealed += U64::from(1))
        }
        Event::Submitted(event) => commitment(book, event.commitmentId, |commitment| {
            (commitment.stage, commitment.case_id) = (Stage::Reviewed, event.caseId);
        }),
        Event::CommitmentAccepted(event) => commitment(book, event.commitmentId, |commitment| commitment.stage = Stage::Accepted),
        Event::CommitmentRejected(event) => commitment(book, event.commitmentId, |commitment| commitment.stage = Stage::Rejected),
        Event::CommitmentLapsed(event) => commitment(book, event.commitmentId, |commitment| commitment.stage = Stage::Lapsed),
        Event::Appended(event) => {
            book.change(&document(event.commitmentId, event.index), |document: &mut Revealed| document.row = Some(U64::from(event.row)))?;
            commitment(book, event.commitmentId, |commitment| {
                commitment.appended += U64::from(1);
                taken(commitment);
            })
        }
        Event::DocumentRefused(event) => {
            let refusal = ["duplicate", "notNovel", "notText"].get(usize::from(event.refusal)).map(|word| (*word).to_owned());
            let of: Option<Commitment> = book.get(&Key::all::<Commitment>().id(event.commitmentId))?;
            let datanet_id = of.map(|commitment| commitment.datanet_id).unwrap_or_default();
            let found = book.get::<NoveltyOf>(&novelty(datanet_id, event.documentHash))?.map(|found| found.0);
            book.change(&document(event.commitmentId, event.index), |document: &mut Revealed| {
                (document.refusal, document.novelty) = (refusal, found);
            })?;
            commitment(book, event.commitmentId, |commitment| {
                commitment.refused += U64::from(1);
                taken(commitment);
            })
        }
        _ => Ok(()),
    }
}

fn licence(licence: &IDatanets::Licence) -> Licence {
    Licence {
        may_train: licence.mayTrain,
        commercial: licence.commercial,
        share_alike: licence.shareAlike,
        min_contributor_bps: licence.minContributorBps,
        max_royalty_bps: licence.maxRoyaltyBps,
        text: licence.text,
    }
}

fn policy(policy: &IDatanetRecords::Policy) -> Policy {
    Policy {
        jurors: policy.jurors,
        committed: policy.committed,
        min_novelty_bps: policy.minNoveltyBps,
        fee: U256::from(policy.fee),
        bond: U256::from(policy.bond),
    }
}

fn datanet(book: &mut Book<'_, '_>, id: U256, change: impl FnOnce(&mut Datanet)) -> Result<(), Error> {
    book.change(&Key::all::<Datanet>().id(id), change)
}

fn contribution(book: &mut Book<'_, '_>, datanet: U256, row: u64, change: impl FnOnce(&mut Contribution)) -> Result<(), Error> {
    book.change(&Key::all::<Contribution>().id(datanet).number(row), change)
}

fn commitment(book: &mut Book<'_, '_>, id: U256, change: impl FnOnce(&mut Commitment)) -> Result<(), Error> {
    book.change(&Key::all::<Commitment>().id(id), change)
}

fn novelty(datanet: U256, document: B256) -> Key {
    Key::all::<NoveltyOf>().id(datanet).hash(document)
}

/// One document of a commitment became a row, or none. With the last of them that was revealed the commitment is complete.
fn taken(commitment: &mut Commitment) {
    if commitment.stage == Stage::Accepted && commitment.appended + commitment.refused == commitment.revealed {
        commitment.stage = Stage::Complete;
    }
}

fn document(commitment: U256, index: u32) -> Key {
    Key::all::<Revealed>().id(commitment).number(u64::from(index))
}

fn belongs(book: &mut Book<'_, '_>, account: Address, datanet_id: U256, row: u64) -> Result<(), Error> {
    let origin = book.origin;
    let of = ContributionOf { account, datanet_id, row: U64::from(row), origin };
    book.put(&Key::all::<ContributionOf>().address(account).at(&origin).number(row), &of)
}

fn founded(book: &mut Book<'_, '_>, event: Datanets::DatanetCreated) -> Result<(), Error> {
    let row = Datanet {
        id: event.datanetId,
        curator: event.curator,
        next_curator: None,
        set_id: event.setId,
        name: event.name,
        purpose: event.purpose,
        licence: Licence::default(),
        policy: Policy::default(),
        curator_bps: 0,
        full_at_bps: 0,
        max_contributor_bps: 0,
        rows: U64::ZERO,
        size: U256::ZERO,
        releases: U64::ZERO,
        origin: book.origin,
    };
    book.put(&Key::all::<Datanet>().id(event.datanetId), &row)
}

fn released(book: &mut Book<'_, '_>, event: Datanets::Released) -> Result<(), Error> {
    let (id, release) = (event.releaseId, &event.release);
    let row = Release {
        datanet_id: event.datanetId,
        id: U64::from(id),
        set_id: release.setId,
        version: U64::from(release.version),
        rows: U64::from(release.rows),
        contributors: U64::from(release.contributors),
        size: release.size,
        root: release.root,
        licence: licence(&release.licence),
        full_at_bps: release.fullAtBps,
        max_contributor_bps: release.maxContributorBps,
        curator_bps: release.curatorBps,
        note: event.note,
        origin: book.origin,
    };
    book.put(&Key::all::<Release>().id(event.datanetId).number(u64::from(id)), &row)?;
    datanet(book, event.datanetId, |datanet| datanet.releases = U64::from(id))
}

fn contributed(book: &mut Book<'_, '_>, event: &Datanets::Contributed) -> Result<(), Error> {
    let (datanet_id, row, origin) = (event.datanetId, event.row, book.origin);
    let contribution = Contribution {
        datanet_id,
        row: U64::from(row),
        author: event.account,
        contributor: U64::from(event.contributor),
        by: event.by,
        document_hash: event.documentHash,
        size: event.size.to(),
        version: U64::from(event.version),
        status: 0,
        commitment_id: event.commitmentId,
        parent: None,
        novelty: book.get::<NoveltyOf>(&novelty(datanet_id, event.documentHash))?.map(|found| found.0),
        changes: Vec::new(),
        origin,
    };
    book.put(&Key::all::<Contribution>().id(datanet_id).number(row), &contribution)?;
    belongs(book, event.account, datanet_id, row)?;
    let at = DocumentAt { document_hash: event.documentHash, datanet_id, row: U64::from(row) };
    book.put(&Key::all::<DocumentAt>().hash(event.documentHash).id(datanet_id), &at)?;
    datanet(book, datanet_id, |datanet| {
        datanet.rows += U64::from(1);
        datanet.size += event.size;
    })
}

fn committed(book: &mut Book<'_, '_>, event: &Datanets::Committed) -> Result<(), Error> {
    let (id, origin) = (event.commitmentId, book.origin);
    let of = CommitmentOf { account: event.author, commitment_id: id, datanet_id: event.datanetId, origin };
    book.put(&Key::all::<CommitmentOf>().address(event.author).at(&origin), &of)?;
    let to = CommitmentTo { datanet_id: event.datanetId, commitment_id: id, author: event.author, origin };
    book.put(&Key::all::<CommitmentTo>().id(event.datanetId).at(&origin), &to)?;
    let row = Commitment {
        id,
        datanet_id: event.datanetId,
        author: event.author,
        root: event.root,
        count: U64::from(event.count),
        revealed: U64::ZERO,
        appended: U64::ZERO,
        refused: U64::ZERO,
        stage: Stage::Committed,
        bond: event.bond,
        reveal_until: U64::from(event.revealUntil),
        case_id: U256::ZERO,
        origin,
    };
    book.put(&Key::all::<Commitment>().id(id), &row)
}

fn opened(book: &mut Book<'_, '_>, event: Datanets::MatterOpened) -> Result<(), Error> {
    let matter = ["none", "submission", "refinement", "withdrawal", "authorship"].get(usize::from(event.matter));
    let row = Matter {
        case_id: event.caseId,
        datanet_id: event.datanetId,
        row: U64::from(event.row),
        matter: matter.copied().unwrap_or_default().to_owned(),
        claimant: event.claimant,
        bond: event.bond,
        evidence: event.evidence,
        reason: event.reason,
        upheld: None,
        applied: None,
        origin: book.origin,
    };
    book.put(&Key::all::<Matter>().id(event.caseId), &row)
}
