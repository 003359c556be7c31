//! `tributary model sketch-set` and `sketches`: what a trainer shows of what a model learnt from each document.

use super::registration::Hashed;
use crate::{caller::Caller, datanet::Reference, error::Error};
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;
use clap::Args;
use serde_json::json;
use std::{fs, path::PathBuf};
use tributary_client::Call;
use tributary_contracts::{ModelDisputes, predeploys::MODELS};

/// Bytes of sketches in one transaction.
const BATCH_BYTES: usize = 60_000;

/// Flags of `tributary model sketch-set`.
#[derive(Debug, Args)]
pub(super) struct SetArguments {
    model: U256,
    /// Values of a sketch, a multiple of 32 in 32 to 4096.
    #[arg(long, value_name = "N", default_value_t = 256)]
    dim: u16,
    /// Least exponent of a sketch.
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_exponent: u8,
    /// Greatest exponent of a sketch, at most 63.
    #[arg(long, value_name = "N", default_value_t = 63)]
    max_exponent: u8,
    /// Seed of the projection, which the version will show.
    #[arg(long, value_name = "HASH")]
    seed: B256,
    /// The whitening, which the version will show: a file or its hash.
    #[arg(long, value_name = "FILE|HASH")]
    whitening: Hashed,
    /// The training manifest, which the version will show: a file or its hash.
    #[arg(long, value_name = "FILE|HASH")]
    manifest: Hashed,
}

/// Makes a set for the next version's sketches.
pub(super) async fn create(caller: &Caller, arguments: SetArguments) -> Result<(), Error> {
    let commitment = keccak256((arguments.seed, arguments.whitening.0, arguments.manifest.0).abi_encode());
    let call = ModelDisputes::createSketchSetCall {
        modelId: arguments.model,
        dim: arguments.dim,
        minExponent: arguments.min_exponent,
        maxExponent: arguments.max_exponent,
        commitment,
    };
    let receipt = caller.send(&Call::of(MODELS, &call), "making a set of sketches").await?;
    let made: ModelDisputes::SketchSetCreated = receipt.event(MODELS)?;
    caller.tell_of(&receipt, &[("sketchSetId", json!(made.setId)), ("commitment", json!(commitment))], &[])
}

/// Flags of `tributary model sketches`.
#[derive(Debug, Args)]
pub(super) struct SketchesArguments {
    /// The set.
    set: U256,
    /// The release whose rows they are of, as 3@7.
    of: Reference,
    /// File with the sketches behind each other: of each an exponent and one signed byte for each dimension.
    file: PathBuf,
    /// The first row; the others follow it.
    #[arg(long, value_name = "ROW", default_value_t = 0)]
    first: u64,
    /// Values of a sketch.
    #[arg(long, value_name = "N", default_value_t = 256)]
    dim: u16,
}

/// Appends sketches of rows in a row, in as many transactions as it takes.
pub(super) async fn append(caller: &Caller, arguments: SketchesArguments) -> Result<(), Error> {
    let invalid = |what: String, reason: &str| Error::Invalid { what, reason: reason.to_owned() };
    let release = arguments.of.release.ok_or_else(|| invalid(arguments.of.to_string(), "name a release, as 3@7"))?;
    let path = &arguments.file;
    let bytes = fs::read(path).map_err(|source| Error::File { path: path.clone(), source })?;
    let size = 1 + usize::from(arguments.dim);
    if bytes.is_empty() || bytes.len() % size != 0 {
        return Err(invalid(path.display().to_string(), &format!("{} bytes are no sketches of {size} bytes each", bytes.len())));
    }
    let each = (BATCH_BYTES / size).max(1);
    let (mut row, mut sent) = (arguments.first, Vec::new());
    for batch in bytes.chunks(each * size) {
        let until = row + (batch.len() / size) as u64;
        let call = ModelDisputes::appendSketchesCall {
            setId: arguments.set,
            datanetId: arguments.of.datanet,
            releaseId: release,
            rows: (row..until).collect(),
            payload: batch.to_vec().into(),
        };
        sent.push(caller.send(&Call::of(MODELS, &call), "appending sketches").await?.hash());
        row = until;
    }
    let rows = row - arguments.first;
    let facts = [("rows", rows.to_string()), ("in transactions", sent.len().to_string())];
    caller.tell(&json!({ "firstRow": arguments.first, "rows": rows, "transactions": sent }), &facts);
    Ok(())
}
