//! What is said of a model's version: by flags, or in a JSON file whose fields are the flags' names in camel case.

use crate::{error::Error, report};
use alloy_primitives::{Address, B256, U256, keccak256};
use clap::Args;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::{fs, path::Path, str::FromStr};
use tributary_contracts::interfaces::models::{IDatanets, IModelRegistry, IModels};

const BPS: u16 = 10_000;

/// A version, as flags or a file have it. What a flag says is stronger than the file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Version {
    /// A datanet's release that answers for it, with its part of what is attributed by text: as 3@7:10000. Without parts: equal ones.
    #[arg(long = "source", value_name = "DATANET@RELEASE[:BPS]")]
    #[serde(deserialize_with = "texts")]
    sources: Vec<Source>,
    /// A version that it was made from, with the part of what its lineage is paid: as 1@2:3000, or 1@2:3000:adapter.
    #[arg(long = "parent", value_name = "MODEL@VERSION:BPS[:adapter]")]
    #[serde(deserialize_with = "texts")]
    parents: Vec<Parent>,
    /// Its weights: a file that is hashed, or the hash (Keccak-256).
    #[arg(long, value_name = "FILE|HASH")]
    #[serde(deserialize_with = "text")]
    weights: Option<Hashed>,
    /// The manifest of its training.
    #[arg(long, value_name = "FILE|HASH")]
    #[serde(deserialize_with = "text")]
    manifest: Option<Hashed>,
    /// Its published metrics.
    #[arg(long, value_name = "FILE|HASH")]
    #[serde(deserialize_with = "text")]
    metrics: Option<Hashed>,
    /// Where weights, manifest and metrics are published.
    #[arg(long)]
    uri: Option<String>,
    /// Who answers [default: the account].
    #[arg(long, value_name = "ADDRESS")]
    operator: Option<Address>,
    /// Price of an answer, OPEN [default: 0].
    #[arg(long, value_name = "OPEN", value_parser = Amount::from_str)]
    #[serde(deserialize_with = "text")]
    price: Option<Amount>,
    /// Part of a payment for contributors, basis points [default: 7000 with sources, otherwise 0].
    #[arg(long, value_name = "BPS")]
    contributor_bps: Option<u16>,
    /// Part of a payment for the lineage's owners, basis points [default: 0].
    #[arg(long, value_name = "BPS")]
    lineage_bps: Option<u16>,
    /// Least part that an edge from a later model must carry, basis points [default: 0].
    #[arg(long, value_name = "BPS")]
    royalty_bps: Option<u16>,
    /// Part of the contributors' that is attributed by sketches, basis points [default: 0].
    #[arg(long, value_name = "BPS")]
    sketch_bps: Option<u16>,
    /// Time to answer, seconds [default: 86400].
    #[arg(long, value_name = "SECONDS")]
    answer_seconds: Option<u32>,
    /// Whoever runs it on the same prompt gets the same answer.
    #[arg(long)]
    deterministic: bool,
    /// Its sketch set.
    #[arg(long, value_name = "ID")]
    sketch_set: Option<u64>,
    /// Seed of the sketches' projection.
    #[arg(long, value_name = "HASH")]
    seed: Option<B256>,
    /// Hash of their whitening.
    #[arg(long, value_name = "HASH")]
    whitening: Option<B256>,
    /// No model may be made from it.
    #[arg(long)]
    no_training: bool,
    /// No model that is made from it may be sold.
    #[arg(long)]
    non_commercial: bool,
    /// What is made from it must be under the same terms.
    #[arg(long)]
    share_alike: bool,
    /// Least part of a payment for contributors in what is made from it, basis points [default: 0].
    #[arg(long, value_name = "BPS")]
    min_contributor_bps: Option<u16>,
    /// Most of a payment for lineage and operator in what is made from it, basis points [default: 10000].
    #[arg(long, value_name = "BPS")]
    max_royalty_bps: Option<u16>,
    /// The licence's text.
    #[arg(long, value_name = "FILE|HASH")]
    #[serde(deserialize_with = "text")]
    licence: Option<Hashed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    datanet: U256,
    release: u32,
    weight: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parent {
    model: u128,
    version: u32,
    royalty: u16,
    adapter: bool,
}

/// A hash that was given, or taken of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hashed(pub(super) B256);

/// Money in OPEN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amount(U256);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        report::parse_open(text).map(Self)
    }
}

impl FromStr for Hashed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("0x") && text.len() == 66 {
            return text.parse().map(Self).map_err(|_| "not a hash".to_owned());
        }
        fs::read(text).map(|bytes| Self(keccak256(bytes))).map_err(|error| format!("{text}: {error}"))
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            // An empty text would be datanet 0.
            let (datanet, rest) = text.split_once('@').filter(|(datanet, _)| !datanet.is_empty())?;
            let (release, weight) = rest.split_once(':').map_or((rest, None), |(release, weight)| (release, Some(weight)));
            let weight = weight.map(str::parse).transpose().ok()?;
            Some(Self { datanet: datanet.parse().ok()?, release: release.parse().ok()?, weight })
        };
        parse().ok_or_else(|| format!("{text} is not a datanet's release, as 3@7 or 3@7:5000"))
    }
}

impl FromStr for Parent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (model, rest) = text.split_once('@')?;
            let mut parts = rest.split(':');
            let (version, royalty) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let adapter = match parts.next() {
                None | Some("base") => false,
                Some("adapter") => true,
                Some(_) => return None,
            };
            parts.next().is_none().then_some(Self { model: model.parse().ok()?, version, royalty, adapter })
        };
        parse().ok_or_else(|| format!("{text} is not a model's version with its part, as 1@2:3000 or 1@2:3000:adapter"))
    }
}

fn text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let found = Option::<String>::deserialize(deserializer)?;
    found.map(|text| text.parse().map_err(D::Error::custom)).transpose()
}

fn texts<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let found = Vec::<String>::deserialize(deserializer)?;
    found.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

/// Reads a version from a file. Field by field, so that an error names its field.
pub(super) fn read(path: &Path) -> Result<Version, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let invalid = |reason: String| Error::Invalid { what: path.display().to_string(), reason };
    let fields: serde_json::Map<String, Value> = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    for (name, value) in &fields {
        let alone = Value::Object([(name.clone(), value.clone())].into_iter().collect());
        serde_json::from_value::<Version>(alone).map_err(|error| invalid(format!("{name}: {error}")))?;
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| invalid(error.to_string()))
}

impl Version {
    /// These flags over what the file says.
    pub(super) fn over(self, file: Self) -> Self {
        Self {
            sources: if self.sources.is_empty() { file.sources } else { self.sources },
            parents: if self.parents.is_empty() { file.parents } else { self.parents },
            weights: self.weights.or(file.weights),
            manifest: self.manifest.or(file.manifest),
            metrics: self.metrics.or(file.metrics),
            uri: self.uri.or(file.uri),
            operator: self.operator.or(file.operator),
            price: self.price.or(file.price),
            contributor_bps: self.contributor_bps.or(file.contributor_bps),
            lineage_bps: self.lineage_bps.or(file.lineage_bps),
            royalty_bps: self.royalty_bps.or(file.royalty_bps),
            sketch_bps: self.sketch_bps.or(file.sketch_bps),
            answer_seconds: self.answer_seconds.or(file.answer_seconds),
            deterministic: self.deterministic || file.deterministic,
            sketch_set: self.sketch_set.or(file.sketch_set),
            seed: self.seed.or(file.seed),
            whitening: self.whitening.or(file.whitening),
            no_training: self.no_training || file.no_training,
            non_commercial: self.non_commercial || file.non_commercial,
            share_alike: self.share_alike || file.share_alike,
            min_contributor_bps: self.min_contributor_bps.or(file.min_contributor_bps),
            max_royalty_bps: self.max_royalty_bps.or(file.max_royalty_bps),
            licence: self.licence.or(file.licence),
        }
    }

    /// What the contract is told. `account` answers where nobody else is named.
    pub(super) fn registration(&self, account: Address) -> Result<IModelRegistry::Registration, Error> {
        let demand = |hash: Option<Hashed>, what: &str| hash.map(|hash| hash.0).ok_or_else(|| missing(what));
        Ok(IModelRegistry::Registration {
            parents: self.parents(),
            sources: self.sources()?,
            licence: IDatanets::Licence {
                mayTrain: !self.no_training,
                commercial: !self.non_commercial,
                shareAlike: self.share_alike,
                minContributorBps: self.min_contributor_bps.unwrap_or_default(),
                maxRoyaltyBps: self.max_royalty_bps.unwrap_or(BPS),
                text: self.licence.map(|text| text.0).unwrap_or_default(),
            },
            weightsHash: demand(self.weights, "weights")?,
            manifestHash: demand(self.manifest, "manifest")?,
            metricsHash: demand(self.metrics, "metrics")?,
            uri: self.uri.clone().unwrap_or_default(),
            operator: self.operator.unwrap_or(account),
            price: u128::try_from(self.price.map(|price| price.0).unwrap_or_default())
                .map_err(|_| Error::Invalid { what: "price".to_owned(), reason: "more than there is".to_owned() })?,
            contributorBps: self.contributor_bps.unwrap_or(if self.sources.is_empty() && self.sketch_set.is_none() { 0 } else { 7_000 }),
            lineageBps: self.lineage_bps.unwrap_or_default(),
            royaltyBps: self.royalty_bps.unwrap_or_default(),
            sketchBps: self.sketch_bps.unwrap_or_default(),
            answerSeconds: self.answer_seconds.unwrap_or(86_400),
            deterministic: self.deterministic,
            sketchSetId: self.sketch_set.unwrap_or_default(),
            seed: self.seed.unwrap_or_default(),
            whiteningHash: self.whitening.unwrap_or_default(),
        })
    }

    /// Ascending by model, as the contract wants them.
    fn parents(&self) -> Vec<IModelRegistry::Parent> {
        let mut parents = self.parents.clone();
        parents.sort_by_key(|parent| parent.model);
        let told = parents.iter().map(|parent| IModelRegistry::Parent {
            modelId: parent.model,
            version: parent.version,
            royaltyBps: parent.royalty,
            relation: u8::from(parent.adapter),
        });
        told.collect()
    }

    /// Ascending by datanet, with parts that sum to the whole.
    fn sources(&self) -> Result<Vec<IModels::Source>, Error> {
        let mut sources = self.sources.clone();
        sources.sort_by_key(|source| source.datanet);
        let given = sources.iter().filter(|source| source.weight.is_some()).count();
        if given != 0 && given != sources.len() {
            return Err(Error::Invalid { what: "sources".to_owned(), reason: "give all of them a part, or none".to_owned() });
        }
        let count = u16::try_from(sources.len()).unwrap_or(u16::MAX).max(1);
        let told = sources.iter().enumerate().map(|(at, source)| IModels::Source {
            datanetId: source.datanet,
            releaseId: source.release,
            // The first ones get what does not divide.
            weightBps: source.weight.unwrap_or(BPS / count + u16::from(at < usize::from(BPS % count))),
        });
        Ok(told.collect())
    }
}

fn missing(what: &str) -> Error {
    Error::Invalid { what: what.to_owned(), reason: format!("missing: a file, or its hash (--{what}, or the field {what})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Version, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        read(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_error_of_a_file_names_the_field() {
        for (text, part) in [
            (r#"{"price": 1}"#, "price: invalid type"),
            (r#"{"price": "much"}"#, "price: not an amount"),
            (r#"{"sources": ["3"]}"#, "sources: 3 is not a datanet's release"),
            (r#"{"weights": "/nowhere/at/all"}"#, "weights: /nowhere/at/all: "),
            (r#"{"prize": "1"}"#, "prize: unknown field"),
            (r#"{"answerSeconds": -1}"#, "answerSeconds: "),
            ("[]", "invalid type"),
        ] {
            let error = file(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_flag_is_stronger_than_the_file() {
        let hash = |byte| format!("{}", B256::repeat_byte(byte));
        let text = format!(
            r#"{{"weights": "{}", "manifest": "{}", "metrics": "{}", "price": "0.5", "sources": ["9@1", "3@7", "4@1"], "parents": ["2@1:100:adapter"]}}"#,
            hash(1),
            hash(2),
            hash(3)
        );
        let flags = Version { price: Some(Amount(U256::from(7))), ..Version::default() };
        let told = flags.over(file(&text).unwrap()).registration(Address::repeat_byte(4)).unwrap();
        assert_eq!((told.price, told.weightsHash, told.operator), (7, B256::repeat_byte(1), Address::repeat_byte(4)));
        let sources: Vec<_> = told.sources.iter().map(|source| (source.datanetId.to::<u64>(), source.weightBps)).collect();
        assert_eq!(sources, [(3, 3_334), (4, 3_333), (9, 3_333)]);
        assert_eq!((told.parents[0].modelId, told.parents[0].royaltyBps, told.parents[0].relation), (2, 100, 1));
    }

    #[test]
    fn what_a_version_needs_is_asked_for_by_name() {
        let error = Version::default().registration(Address::ZERO).unwrap_err().to_string();
        assert!(error.contains("weights: missing"), "{error}");
        let mixed = Version {
            sources: vec!["1@1:5000".parse().unwrap(), "2@1".parse().unwrap()],
            weights: Some(Hashed(B256::ZERO)),
            ..Version::default()
        };
        assert!(mixed.registration(Address::ZERO).unwrap_err().to_string().contains("all of them"));
    }
}
