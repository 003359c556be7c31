//! The open datanet: founded, contributed to, copied from, refined, released.

use super::{cast::Cast, texts::Text};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256, keccak256};
use std::collections::BTreeMap;
use tributary_attribution::text::{MemoryIndex, Status, Unmetered};
use tributary_client::{Account, Call};
use tributary_contracts::{
    Datanets,
    interfaces::datanets::{
        IDatanetRecords::{Policy, Settings},
        IDatanets::Licence,
    },
    predeploys::DATANETS,
};

/// A datanet, and what this program knows of it without asking the chain.
#[derive(Debug)]
pub(crate) struct Datanet {
    pub(crate) id: U256,
    /// Its set in the attribution store.
    pub(crate) set: U256,
    pub(crate) name: &'static str,
    /// The texts, each at the row of its index.
    pub(crate) texts: Vec<Text>,
    /// Per text the contributor's number.
    pub(crate) numbers: Vec<u32>,
    /// Accounts by the contributors' numbers.
    pub(crate) accounts: BTreeMap<u32, Address>,
    /// The same set, kept by this program.
    pub(crate) index: MemoryIndex,
}

/// What a release fixes for those who are paid by it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release {
    pub(crate) id: u32,
    pub(crate) version: u64,
    pub(crate) full_at_bps: u16,
    pub(crate) max_contributor_bps: u16,
    pub(crate) curator_bps: u16,
}

/// The licence of everything in the demo: half of a payment at least is its contributors'.
pub(crate) fn licence() -> Licence {
    let text = keccak256("Whoever sells answers made of these texts pays their authors.");
    Licence { mayTrain: true, commercial: true, shareAlike: false, minContributorBps: 5_000, maxRoyaltyBps: 5_000, text }
}

/// Founds a datanet.
pub(crate) async fn found(chain: &Chain, cast: &Cast, name: &'static str, policy: Policy) -> Result<Datanet, Error> {
    let settings = Settings {
        name: name.into(),
        purpose: "tributary demo".into(),
        licence: licence(),
        policy,
        curatorBps: 200,
        fullAtBps: 0,
        maxContributorBps: 0,
    };
    let receipt = chain.execute(&cast.operator, &Call::of(DATANETS, &Datanets::createCall { settings }), "founding a datanet").await?;
    let created: Datanets::DatanetCreated = receipt.event(DATANETS)?;
    let (id, set) = (created.datanetId, created.setId);
    Ok(Datanet { id, set, name, texts: vec![], numbers: vec![], accounts: BTreeMap::new(), index: MemoryIndex::new() })
}

/// Everybody may contribute, at once and for nothing.
pub(crate) fn open() -> Policy {
    Policy { jurors: 0, committed: false, minNoveltyBps: 0, fee: Default::default(), bond: Default::default() }
}

/// Contributes a text, which becomes the datanet's next row.
pub(crate) async fn contribute(
    chain: &Chain,
    from: &Account,
    datanet: &mut Datanet,
    text: &Text,
) -> Result<(Datanets::Contributed, u64), Error> {
    let call = Datanets::contributeCall { datanetId: datanet.id, document: text.body.clone().into_bytes().into() };
    let receipt = chain.execute(from, &Call::of(DATANETS, &call), "contributing a text").await?;
    let event: Datanets::Contributed = receipt.event(DATANETS)?;
    datanet.take(&event, text)?;
    Ok((event, receipt.block()?))
}

/// Contributes a text that refines row `parent`, and has it accepted: by the parent's author, or by the curator where that one's word is not enough.
pub(crate) async fn refine(chain: &Chain, cast: &Cast, datanet: &mut Datanet, (parent, text): (u64, &Text)) -> Result<Refined, Error> {
    let document = text.body.clone().into_bytes().into();
    let call = Datanets::refineCall { datanetId: datanet.id, parent, document };
    let receipt = chain.execute(&cast.refiner, &Call::of(DATANETS, &call), "refining a text").await?;
    let event: Datanets::Contributed = receipt.event(DATANETS)?;
    datanet.take(&event, text)?;
    let before = datanet.version()?;
    let info = chain.view(DATANETS, &Datanets::rowInfoCall { datanetId: datanet.id, row: event.row }, BlockId::latest()).await?;
    let acceptor = if info.byParent { cast.contributor_of(parent as usize) } else { &cast.operator };
    let call = Datanets::acceptRefinementCall { datanetId: datanet.id, row: event.row };
    let accepted = chain.execute(acceptor, &Call::of(DATANETS, &call), "accepting a refinement").await?;
    let changed: Datanets::StatusChanged = accepted.event(DATANETS)?;
    let version = datanet.index.set_status(event.row, Status::Refinement)?;
    if changed.version != version {
        return Err(Error::Check(format!("the refinement made version {} of the set, not {version}", changed.version)));
    }
    Ok(Refined { event, by: acceptor.address(), before })
}

/// A refinement that was accepted.
#[derive(Debug)]
pub(crate) struct Refined {
    pub(crate) event: Datanets::Contributed,
    /// Who accepted it.
    pub(crate) by: Address,
    /// The set's version before.
    pub(crate) before: u64,
}

/// Names the newest version, so that models can cite it.
pub(crate) async fn publish(chain: &Chain, cast: &Cast, datanet: &Datanet) -> Result<Release, Error> {
    let call = Datanets::publishCall { datanetId: datanet.id, note: "as of the demo".into() };
    let receipt = chain.execute(&cast.operator, &Call::of(DATANETS, &call), "releasing a datanet").await?;
    let Datanets::Released { releaseId, release, .. } = receipt.event(DATANETS)?;
    if (release.version, release.rows) != (datanet.version()?, datanet.texts.len() as u64) {
        return Err(Error::Check(format!("release {releaseId} of datanet {} is another version than was made", datanet.id)));
    }
    Ok(Release {
        id: releaseId,
        version: release.version,
        full_at_bps: release.fullAtBps,
        max_contributor_bps: release.maxContributorBps,
        curator_bps: release.curatorBps,
    })
}

impl Datanet {
    /// Takes note of a text that became a row.
    pub(crate) fn take(&mut self, event: &Datanets::Contributed, text: &Text) -> Result<(), Error> {
        let entry = self.index.append(&text.body, event.contributor, &mut Unmetered)?;
        if (event.row, event.version) != (entry.row, self.version()?) {
            let at = (event.row, event.version);
            return Err(Error::Check(format!("{} became row and version {at:?} of a datanet that nobody else knows", text.name)));
        }
        self.texts.push(text.clone());
        self.numbers.push(event.contributor);
        self.accounts.insert(event.contributor, event.account);
        Ok(())
    }

    /// The newest version that this program knows.
    pub(crate) fn version(&self) -> Result<u64, Error> {
        Ok(tributary_attribution::text::TextIndex::version(&self.index)?)
    }
}
