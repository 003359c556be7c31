use crate::{
    Error,
    book::{Book, Key},
    rows::{Edge, Licence, LineagePart, Model, ModelOf, ModelOn, ModelVersion, Source},
};
use alloy_primitives::{Address, Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::interfaces::models::{
    IDatanets,
    Models::{self, ModelsEvents as Event},
};

pub(super) fn models(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    match event.data {
        Event::ModelCreated(event) => {
            owns(book, event.owner, event.modelId)?;
            let row = Model {
                id: event.modelId,
                owner: event.owner,
                offered_to: None,
                name: event.name,
                metadata: event.metadata,
                version: U64::ZERO,
                deprecated: false,
                origin: book.origin,
            };
            book.put(&Key::all::<Model>().id(event.modelId), &row)
        }
        Event::VersionRegistered(event) => registered(book, event),
        Event::Derived(event) => {
            let edge = Edge {
                parent_id: event.parentId,
                parent_version: U64::from(event.parentVersion),
                model_id: event.modelId,
                version: U64::from(event.version),
                royalty_bps: event.royaltyBps,
                relation: relation(event.relation),
            };
            book.put(&Key::all::<Edge>().id(event.parentId).at(&book.origin), &edge)
        }
        Event::LineageFixed(event) => {
            let parts = event.modelIds.iter().zip(&event.parts).map(|(model_id, part)| LineagePart { model_id: *model_id, part: *part });
            let lineage: Vec<_> = parts.collect();
            book.change(&version_key(event.modelId, event.version), |version: &mut ModelVersion| version.lineage = lineage)
        }
        Event::OwnershipOffered(event) => model(book, event.modelId, |model| model.offered_to = Some(event.to).filter(|to| !to.is_zero())),
        Event::OwnerChanged(event) => {
            owns(book, event.current, event.modelId)?;
            model(book, event.modelId, |model| (model.owner, model.offered_to) = (event.current, None))
        }
        Event::Deprecated(event) => model(book, event.modelId, |model| model.deprecated = true),
        Event::Reactivated(event) => model(book, event.modelId, |model| model.deprecated = false),
        // Bonds are told by Stakes.
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

fn relation(relation: u8) -> String {
    if relation == 0 { "base" } else { "adapter" }.to_owned()
}

fn model(book: &mut Book<'_, '_>, id: U256, change: impl FnOnce(&mut Model)) -> Result<(), Error> {
    book.change(&Key::all::<Model>().id(id), change)
}

fn version_key(model: U256, version: u32) -> Key {
    Key::all::<ModelVersion>().id(model).number(u64::from(version))
}

fn owns(book: &mut Book<'_, '_>, account: Address, model_id: U256) -> Result<(), Error> {
    let origin = book.origin;
    book.put(&Key::all::<ModelOf>().address(account).at(&origin), &ModelOf { account, model_id, origin })
}

fn registered(book: &mut Book<'_, '_>, event: Models::VersionRegistered) -> Result<(), Error> {
    let (model_id, version, said) = (event.modelId, U64::from(event.version), event.registration);
    let parents = said.parents.iter().map(|parent| Edge {
        parent_id: U256::from(parent.modelId),
        parent_version: U64::from(parent.version),
        model_id,
        version,
        royalty_bps: parent.royaltyBps,
        relation: relation(parent.relation),
    });
    for (place, source) in said.sources.iter().enumerate() {
        let (datanet_id, release_id, origin) = (source.datanetId, U64::from(source.releaseId), book.origin);
        let key = Key::all::<ModelOn>().id(datanet_id).at(&origin).number(place as u64);
        book.put(&key, &ModelOn { datanet_id, release_id, model_id, version, origin })?;
    }
    let sources = said.sources.iter().map(|source| Source {
        datanet_id: source.datanetId,
        release_id: U64::from(source.releaseId),
        weight_bps: source.weightBps,
    });
    let row = ModelVersion {
        model_id,
        version,
        trainer: event.trainer,
        operator: said.operator,
        price: U256::from(said.price),
        contributor_bps: said.contributorBps,
        lineage_bps: said.lineageBps,
        sketch_bps: said.sketchBps,
        answer_seconds: U64::from(said.answerSeconds),
        deterministic: said.deterministic,
        weights_hash: said.weightsHash,
        manifest_hash: said.manifestHash,
        metrics_hash: said.metricsHash,
        licence: licence(&said.licence),
        parents: parents.collect(),
        sources: sources.collect(),
        sketch_set_id: U256::from(said.sketchSetId),
        sketch_version: U64::from(event.sketchVersion),
        lineage: Vec::new(),
        origin: book.origin,
        uri: said.uri,
    };
    // The lineage may be told before the version.
    let lineage = book.get(&version_key(model_id, event.version))?.map(|before: ModelVersion| before.lineage);
    book.put(&version_key(model_id, event.version), &ModelVersion { lineage: lineage.unwrap_or_default(), ..row })?;
    model(book, model_id, |model| (model.version, model.deprecated) = (version, false))
}
