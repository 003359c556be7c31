//! `tributary datanet export`: a release as files with a description in Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

use super::{
    Reference,
    pull::{self, Document},
};
use crate::{caller::Caller, chain::Chain, error::Error, report, terminal::say};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fmt::Write, path::Path};
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tributary_contracts::{Datanets, predeploys::DATANETS};

/// How many rows are asked about at a time.
const AT_ONCE: usize = 16;

/// The description's file.
const DESCRIPTION: &str = "croissant.json";

/// The table of documents, which the description is about.
const TABLE: &str = "documents.jsonl";

pub(super) async fn run(caller: &Caller, reference: Reference, dir: &Path) -> Result<(), Error> {
    let chain = &caller.chain;
    let Some(release) = reference.release else {
        let reason = "what is cited has to stay: export a release, as 3@7".to_owned();
        return Err(Error::Invalid { what: reference.to_string(), reason });
    };
    let (_, documents) = pull::documents(chain, reference).await?;
    let table = table(&documents, &authors(chain, reference.datanet, release, &documents).await?);
    let datanet = chain.ask("tributary_datanet", reference.datanet).await?.unwrap_or_default();
    let releases = chain.list("tributary_releases", Some(json!(reference.datanet))).await?;
    let found = releases.iter().find(|found| report::number(found, "id") == U256::from(release));
    let found = found.ok_or_else(|| Error::Unknown(format!("release {reference}")))?;
    let description = description(chain.id(), reference, (&datanet, found), &table);
    let described = serde_json::to_string_pretty(&description).unwrap_or_default();
    pull::write(dir, &documents, &[(TABLE, &table), (DESCRIPTION, &described)])?;
    if caller.for_scripts() {
        report::json(&description)
    } else {
        say(&format!("{} documents and {DESCRIPTION} in {}", documents.len(), dir.display()))
    }
    Ok(())
}

/// The authors of a release's rows, as they were then: whoever was given a row later is the author of later releases.
async fn authors(chain: &Chain, datanet: U256, release: u32, documents: &[Document]) -> Result<Vec<Address>, Error> {
    let release = chain.now(DATANETS, &Datanets::releaseCall { datanetId: datanet, releaseId: release }).await?;
    let mut authors = Vec::new();
    for rows in documents.chunks(AT_ONCE) {
        let mut asked = JoinSet::new();
        for Document { row, .. } in rows {
            let (client, call) = (chain.client().clone(), Datanets::contributorOfCall { datanetId: datanet, row: *row });
            asked.spawn(async move { client.view(DATANETS, &call, BlockId::latest()).await.map(|number| (call.row, number)) });
        }
        let mut numbers = asked.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        numbers.sort_unstable();
        let numbers = numbers.into_iter().map(|(_, number)| number).collect();
        // The number of a row that changed hands later leads to who had it then.
        let call = Datanets::accountsAtCall { datanetId: datanet, numbers, contributors: release.contributors };
        authors.extend(chain.now(DATANETS, &call).await?);
    }
    Ok(authors)
}

/// One document a line. Nothing is in it that may change: the same release is the same file for ever.
fn table(documents: &[Document], authors: &[Address]) -> String {
    let mut table = String::new();
    for (document, author) in documents.iter().zip(authors) {
        let line = json!({
            "row": document.row,
            "text": String::from_utf8_lossy(&document.body),
            "author": author,
            "keccak256": document.hash,
        });
        let _ = writeln!(table, "{line}");
    }
    table
}

fn description(chain_id: u64, reference: Reference, (datanet, release): (&Value, &Value), table: &str) -> Value {
    let field = |name: &str, about: &str, kind: &str| {
        json!({
            "@type": "cr:Field",
            "@id": format!("documents/{name}"),
            "name": name,
            "description": about,
            "dataType": kind,
            "source": { "fileObject": { "@id": TABLE }, "extract": { "column": name } },
        })
    };
    let name = report::text(datanet, "name");
    let note = report::text(release, "note");
    let purpose = report::text(datanet, "purpose");
    let described = [purpose.as_str(), note.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(". ");
    let identity = format!("eip155:{chain_id}/datanet/{reference}");
    json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "description": if described.is_empty() { name.clone() } else { described },
        "identifier": identity,
        "url": format!("urn:{identity}"),
        "version": format!("{}.0.0", reference.release.unwrap_or_default()),
        "datePublished": date(report::number(release, "blockTimestamp").saturating_to()),
        "license": format!("urn:keccak256:{}", report::text(&release["licence"], "text")),
        "creator": { "@type": "sc:Organization", "name": format!("contributors of {identity}") },
        "citeAs": format!("{name}, release {reference} of chain {chain_id}, root {}", report::text(release, "root")),
        "distribution": [{
            "@type": "cr:FileObject",
            "@id": TABLE,
            "name": TABLE,
            "description": "One document a line, with its author.",
            "contentUrl": TABLE,
            "contentSize": format!("{} B", table.len()),
            "encodingFormat": "application/jsonlines",
            "sha256": hex::encode(Sha256::digest(table)),
        }],
        "recordSet": [{
            "@type": "cr:RecordSet",
            "@id": "documents",
            "name": "documents",
            "description": "The documents of the release, in their order.",
            "key": { "@id": "documents/row" },
            "field": [
                field("row", "Number of the row.", "sc:Integer"),
                field("text", "The document.", "sc:Text"),
                field("author", "The account that was its author when the release was made.", "sc:Text"),
                field("keccak256", "Keccak-256 of the document.", "sc:Text"),
            ],
        }],
    })
}

/// The context that the specification prescribes.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "arrayShape": "cr:arrayShape",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "containedIn": "cr:containedIn",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "description": { "@container": "@language" },
        "equivalentProperty": "cr:equivalentProperty",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isArray": "cr:isArray",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "name": { "@container": "@language" },
        "parentField": "cr:parentField",
        "path": "cr:path",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform"
    })
}

/// The day of a time, seconds since 1970. No block is so late that it has none.
fn date(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map(|time| time.date().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, day) in [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_709_251_199, "2024-02-29"), (4_107_542_400, "2100-03-01")]
        {
            assert_eq!(date(seconds), day);
        }
    }

    #[test]
    fn the_context_has_the_keys_of_the_newest_specification() {
        let context = context();
        for name in ["arrayShape", "containedIn", "isArray"] {
            assert_eq!(context[name], format!("cr:{name}"));
        }
        for name in ["description", "name"] {
            assert_eq!(context[name], json!({ "@container": "@language" }));
        }
    }
}
