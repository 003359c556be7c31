//! Two models: one that is trained on a release, and one that is made from it.

use super::{
    cast::Cast,
    datanets::{Datanet, Release},
    review::stake,
};
use crate::{chain::Chain, error::Error, stake::Purpose};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use tributary_client::{Account, Call};
use tributary_contracts::{
    Models,
    interfaces::models::{
        IDatanets::Licence,
        IModelRegistry::{Parent, Registration},
        IModels,
    },
    predeploys::MODELS,
};

/// What an answer costs. Not a round number, so that its split leaves units over.
pub(crate) const PRICE: u128 = 50_000_000_000_000_007;

/// Parts of a payment, in basis points.
pub(crate) const CONTRIBUTOR_BPS: u16 = 7_000;
pub(crate) const LINEAGE_BPS: u16 = 500;

/// What of the child's lineage is its base's, in basis points.
pub(crate) const ROYALTY_BPS: u16 = 4_000;

/// A release that answers for a model, and its weight in basis points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) datanet: &'a Datanet,
    pub(crate) release: Release,
    pub(crate) weight_bps: u16,
}

/// A registered version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) id: U256,
    pub(crate) version: u32,
    pub(crate) terms_hash: B256,
}

/// The base model, from the first source alone.
pub(crate) async fn base(chain: &Chain, cast: &Cast, sources: &[Source<'_>]) -> Result<Model, Error> {
    let only = Source { weight_bps: 10_000, ..sources[0] };
    let registration = registration(cast.researcher.address(), &[only], vec![]);
    register(chain, &cast.researcher, "Common sense, base", registration).await
}

/// The model that answers: made from the base, from all sources.
pub(crate) async fn child(chain: &Chain, cast: &Cast, sources: &[Source<'_>], base: Model) -> Result<Model, Error> {
    let edge = Parent { modelId: base.id.to(), version: base.version, royaltyBps: ROYALTY_BPS, relation: 0 };
    let registration = registration(cast.operator.address(), sources, vec![edge]);
    register(chain, &cast.operator, "Common sense, tuned", registration).await
}

/// What is said of a version. Nothing is trained here; the hashes are of what such a training would start from.
fn registration(operator: Address, sources: &[Source<'_>], parents: Vec<Parent>) -> Registration {
    let of = |what: &str| {
        let releases: Vec<_> = sources.iter().map(|source| (source.datanet.id, source.release.version)).collect();
        keccak256((what.to_owned(), releases).abi_encode())
    };
    let licence = super::datanets::licence();
    Registration {
        parents,
        sources: sources
            .iter()
            .map(|source| IModels::Source { datanetId: source.datanet.id, releaseId: source.release.id, weightBps: source.weight_bps })
            .collect(),
        licence: Licence {
            mayTrain: true,
            commercial: true,
            shareAlike: false,
            minContributorBps: licence.minContributorBps,
            maxRoyaltyBps: licence.maxRoyaltyBps,
            text: licence.text,
        },
        weightsHash: of("weights"),
        manifestHash: of("manifest"),
        metricsHash: of("metrics"),
        uri: String::new(),
        operator,
        price: PRICE,
        contributorBps: CONTRIBUTOR_BPS,
        lineageBps: LINEAGE_BPS,
        royaltyBps: ROYALTY_BPS,
        sketchBps: 0,
        answerSeconds: 3_600,
        deterministic: false,
        sketchSetId: 0,
        seed: B256::ZERO,
        whiteningHash: B256::ZERO,
    }
}

async fn register(chain: &Chain, owner: &Account, name: &str, registration: Registration) -> Result<Model, Error> {
    let bond = chain.parameter("trainerBond").await?;
    stake(chain, owner, Purpose::Trainer, bond).await?;
    let create = Models::createCall { name: name.into(), metadata: String::new() };
    let created = chain.execute(owner, &Call::of(MODELS, &create), "creating a model").await?;
    let id = created.event::<Models::ModelCreated>(MODELS)?.modelId;
    let call = Models::registerVersionCall { modelId: id, registration };
    let registered = chain.execute(owner, &Call::of(MODELS, &call), "registering a model").await?;
    let version = registered.event::<Models::VersionRegistered>(MODELS)?.version;
    let terms_hash = chain.view(MODELS, &Models::termsHashCall { modelId: id, version }, BlockId::latest()).await?;
    Ok(Model { id, version, terms_hash })
}

/// Who is paid for the lineage of a model, and what part of 10⁹.
pub(crate) async fn lineage(chain: &Chain, model: Model) -> Result<Vec<(Address, U256)>, Error> {
    let call = Models::lineageCall { modelId: model.id, version: model.version };
    let lineage = chain.view(MODELS, &call, BlockId::latest()).await?;
    Ok(lineage.accounts.into_iter().zip(lineage.parts).collect())
}
