//! The functions that look at no content: sets, rows, statuses, and the split.

use super::{
    Error,
    chain::{Ask, Chain},
    content::prose,
    table::Table,
    texts,
};
use alloy_primitives::U256;
use tributary_contracts::{
    IAttributionStore as store, IRewardSplit,
    predeploys::{ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT},
};

/// Calls in one transaction, because one alone takes less time than a transaction.
const CALLS: u64 = 40;

fn many(call: impl Fn(u64) -> Ask) -> Vec<Ask> {
    (0..CALLS).map(call).collect()
}

/// Everything but queries and appends.
pub(super) fn others(table: &mut Table) -> Result<(), Error> {
    let short: Vec<_> = (0..CALLS).map(|seed| prose(seed, 1_000, 1 << 10)).collect();
    let chain = texts::chain_with(&[short, vec![prose(0, 1_000_000, 128 << 10)]].concat())?;
    let set = texts::SET;
    table.measure("createTextSet", "", &chain, &many(|_| Ask::new(STORE, store::createTextSetCall {})))?;
    let create = store::createSketchSetCall { dim: 256, labelled: false, minExponent: 0, maxExponent: 9 };
    table.measure("createSketchSet", "", &chain, &many(|_| Ask::new(STORE, create.clone())))?;
    table.measure("info", "", &chain, &many(|_| Ask::new(STORE, store::infoCall { setId: set })))?;
    table.measure("row", "1 KiB", &chain, &many(|index| Ask::new(STORE, store::rowCall { setId: set, index })))?;
    table.measure("row", "128 KiB", &chain, &many(|_| Ask::new(STORE, store::rowCall { setId: set, index: CALLS })))?;
    table.measure("setStatus", "", &chain, &many(|row| Ask::new(STORE, store::setStatusCall { setId: set, row, status: 2 })))?;
    table.measure("reassign", "", &chain, &many(|row| Ask::new(STORE, store::reassignCall { setId: set, row, contributor: 9 })))?;
    for (weights, calls) in [(3_u64, CALLS as usize), (1_000, 4), (100_000, 1)] {
        splits(table, &chain, weights, calls)?;
    }
    Ok(())
}

fn splits(table: &mut Table, chain: &Chain, weights: u64, calls: usize) -> Result<(), Error> {
    // Wide numbers are divided slowly; equal remainders are sorted longest.
    type Weight = fn(u64) -> U256;
    let kinds: [(&str, U256, Weight); 2] = [
        ("equal weights", U256::from(u128::MAX), |_| U256::ONE),
        ("wide weights", U256::MAX >> 8, |at| (U256::MAX >> 64) / U256::from(7 * at + 3)),
    ];
    for (name, pool, weight) in kinds {
        let call = IRewardSplit::splitCall { pool, weights: (0..weights).map(weight).collect() };
        table.measure("split", &format!("{weights} {name}"), chain, &vec![Ask::new(SPLIT, call); calls])?;
    }
    Ok(())
}
