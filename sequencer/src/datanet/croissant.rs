//! `tributary datanet export`: a release as files with a description in Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html).

use super::{Reference, pull};
use crate::{chain::Chain, error::Error, report, terminal::say};
use alloy_primitives::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// The description's file.
const DESCRIPTION: &str = "croissant.json";

/// The table of documents, which the description is about.
const TABLE: &str = "documents.jsonl";

pub(super) async fn run(chain: &Chain, reference: Reference, dir: &Path, told_in_json: bool) -> Result<(), Error> {
    let Some(release) = reference.release else {
        return Err(Error::Check("what is cited has to stay: export a release, as 3@7".to_owned()));
    };
    let (_, documents) = pull::documents(chain, reference).await?;
    pull::write(dir, &documents)?;
    let mut rows = BTreeMap::new();
    for row in chain.list("tributary_contributions", Some(json!(reference.datanet))).await? {
        rows.insert(report::number(&row, "row").saturating_to::<u64>(), row);
    }
    let mut table = String::new();
    for document in &documents {
        let row = rows.get(&document.row).ok_or_else(|| Error::Unknown(format!("row {} in the index", document.row)))?;
        let line = json!({
            "row": document.row,
            "text": String::from_utf8_lossy(&document.body),
            "author": report::text(row, "author"),
            "keccak256": document.hash,
            "status": row["status"],
        });
        let _ = writeln!(table, "{line}");
    }
    let datanet = chain.ask("tributary_datanet", reference.datanet).await?.unwrap_or_default();
    let releases = chain.list("tributary_releases", Some(json!(reference.datanet))).await?;
    let found = releases.iter().find(|found| report::number(found, "id") == alloy_primitives::U256::from(release));
    let found = found.ok_or_else(|| Error::Unknown(format!("release {reference}")))?;
    let description = description(chain.id(), reference, (&datanet, found), &table);
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::write(&path, text).map_err(|source| Error::Read { path, source })
    };
    write(TABLE, &table)?;
    write(DESCRIPTION, &serde_json::to_string_pretty(&description).unwrap_or_default())?;
    if told_in_json {
        report::json(&description)
    } else {
        say(&format!("{} documents and {DESCRIPTION} in {}", documents.len(), dir.display()))
    }
    Ok(())
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
        "datePublished": date(report::number(release, "blockTimestamp").to()),
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
                field("author", "The account that contributed it first, as far as is known.", "sc:Text"),
                field("keccak256", "Keccak-256 of the document.", "sc:Text"),
                field("status", "0 active, 1 refinement, 2 withdrawn.", "sc:Integer"),
            ],
        }],
    })
}

/// The context that the specification prescribes.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
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

/// The day of a time, seconds since 1970, in the proleptic Gregorian calendar.
fn date(seconds: u64) -> String {
    // Days are counted from March 1st of the year 0, so that a leap day is the last of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
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
}
