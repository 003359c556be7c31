//! The functions over sketches, whose cost is that of reading the rows.

use super::{
    Error,
    chain::{Ask, Chain},
    content::labelled_rows,
    table::Table,
};
use alloy_primitives::{Bytes, U256};
use tributary_contracts::{
    IAttributionStore as store, IShapleyAttribution as shapley, ISketchAttribution as sketch,
    predeploys::{ATTRIBUTION_STORE as STORE, SHAPLEY_ATTRIBUTION as SHAPLEY, SKETCH_ATTRIBUTION as SKETCH},
};

const SET: U256 = U256::ONE;
/// Bytes of rows of an append.
const SEGMENT: usize = 128 << 10;
/// Queries of a batch.
const BATCH: usize = 8;

/// A chain with one set of labelled rows, about `bytes` of them; and how many they are.
pub(super) fn chain_with(dim: u16, bytes: usize) -> Result<(Chain, usize), Error> {
    let chain = Chain::new()?;
    let create = store::createSketchSetCall { dim, labelled: true, minExponent: 0, maxExponent: 9 };
    chain.commit(&[vec![Ask::new(STORE, create)]])?;
    let each = SEGMENT / (usize::from(dim) + 3);
    let segments = bytes.div_ceil(SEGMENT);
    for at in 0..segments {
        chain.commit(&[vec![append(&labelled_rows(dim, each, at as u64), at as u32)]])?;
    }
    Ok((chain, segments * each))
}

pub(super) fn append(rows: &[u8], contributor: u32) -> Ask {
    Ask::new(STORE, store::appendCall { setId: SET, contributor, payload: rows.to_vec().into() })
}

pub(super) fn influence(version: u64, query: Bytes, top: u16) -> Ask {
    Ask::new(SKETCH, sketch::influenceCall { setId: SET, version, query, topK: top })
}

/// Every function over three dimensions and two sizes, and over a set of which rows were withdrawn.
pub(super) fn sketches(table: &mut Table) -> Result<(), Error> {
    for dim in [32, 256, 4096] {
        for megabytes in [1, 8] {
            let (chain, rows) = chain_with(dim, megabytes << 20)?;
            let case = format!("{rows} rows of {dim}");
            if megabytes == 1 {
                let one = labelled_rows(dim, 1, 77);
                table.measure("append of sketches", &format!("1 row of {dim}"), &chain, &[append(&one, 1)])?;
                let full = labelled_rows(dim, SEGMENT / (usize::from(dim) + 3), 78);
                table.measure("append of sketches", &format!("128 KiB of {dim}"), &chain, &[append(&full, 1)])?;
            }
            functions(table, &chain, dim, &case)?;
            if dim == 256 && megabytes == 8 {
                let withdraw = |row: u64| vec![Ask::new(STORE, store::setStatusCall { setId: SET, row: 31 * row, status: 2 })];
                chain.commit(&(0..1_000).map(withdraw).collect::<Vec<_>>())?;
                functions(table, &chain, dim, &format!("{case}, 1000 withdrawn"))?;
            }
        }
    }
    Ok(())
}

fn functions(table: &mut Table, chain: &Chain, dim: u16, case: &str) -> Result<(), Error> {
    let query = || Bytes::from(labelled_rows(dim, 1, 99).split_off(3));
    for top in [0, 100] {
        let case = if top == 0 { format!("{case}, all") } else { format!("{case}, top {top}") };
        table.measure("influence", &case, chain, &[influence(0, query(), top)])?;
        let call = sketch::dataInfCall { setId: SET, version: 0, query: query(), lambda: 9, topK: top };
        table.measure("dataInf", &case, chain, &[Ask::new(SKETCH, call)])?;
        let call = shapley::knnShapleyCall { setId: SET, version: 0, query: query(), label: 1, k: 5, topK: top };
        table.measure("knnShapley", &case, chain, &[Ask::new(SHAPLEY, call)])?;
    }
    for queries in [1, BATCH] {
        let call = sketch::influenceByContributorCall { setId: SET, version: 0, queries: vec![query(); queries], topK: 0 };
        table.measure("influenceByContributor", &format!("{case}, {queries} queries"), chain, &[Ask::new(SKETCH, call)])?;
    }
    let call = shapley::knnShapleyByContributorCall { setId: SET, version: 0, query: query(), label: 1, k: 5, topK: 0 };
    table.measure("knnShapleyByContributor", case, chain, &[Ask::new(SHAPLEY, call)])?;
    table.measure("nearest", case, chain, &[Ask::new(STORE, store::nearestCall { setId: SET, version: 0, sketch: query() })])
}
