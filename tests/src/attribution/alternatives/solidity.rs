//! The same algorithms in Solidity, on the same EVM, over the same shards.

#![allow(clippy::disallowed_macros, reason = "a program prints its table as it is measured")]

use crate::attribution::{
    Error,
    chain::{Ask, Chain, Ran},
    content::Dice,
};
use alloy_primitives::{Address, Bytes, U256, address};
use alloy_sol_types::{SolCall, sol};
use std::{fs, path::Path, time::Duration};
use tributary_contracts::{
    IAttributionStore as store, IRewardSplit, ISketchAttribution as sketch,
    predeploys::{ATTRIBUTION_STORE as STORE, REWARD_SPLIT as SPLIT, SKETCH_ATTRIBUTION as SKETCH},
};

sol! {
    function influence(uint256 setId, uint64 shards, uint256 rows, bytes calldata query)
        external view returns (int256[] memory scores, int256 positive, int256 negative);
}

const CONTRACT: Address = address!("0000000000000000000000000000000000C0DE03");
const DIM: u16 = 256;
const RUNS: usize = 5;
/// Rows of a shard.
const SHARD: usize = 100;

/// Prints the precompile's time and gas beside those of a contract (`contracts/bench`), given as forge's output.
///
/// # Errors
/// When the results differ, which they must not.
pub fn solidity(compiled: &Path) -> Result<(), Error> {
    let chain = Chain::with_contracts(&[(CONTRACT, code(compiled)?)])?;
    println!("\n| beside Solidity on the same machine | precompile | Solidity | times as fast | gas |\n|---|--:|--:|--:|--:|");
    for (set, rows) in [(1, SHARD), (2, 10 * SHARD), (3, 100 * SHARD)] {
        scan(&chain, U256::from(set), rows)?;
    }
    split(&chain)?;
    let nowhere = best(&chain, &Ask::raw(Address::repeat_byte(0x77), Vec::new()))?;
    println!("| in each of them: a transaction with a call of an empty account | {:.0} µs | | | |", nowhere.taken.as_secs_f64() * 1e6);
    Ok(())
}

fn code(compiled: &Path) -> Result<Vec<u8>, Error> {
    let unusable = || Error::Corpus(format!("{} is not what forge writes", compiled.display()));
    let artifact: serde_json::Value = serde_json::from_str(&fs::read_to_string(compiled)?).map_err(|_| unusable())?;
    let code = artifact["deployedBytecode"]["object"].as_str().ok_or_else(unusable)?;
    Ok(code.parse::<Bytes>().map_err(|_| unusable())?.to_vec())
}

/// The best of some runs.
fn best(chain: &Chain, ask: &Ask) -> Result<Ran, Error> {
    let mut best = chain.run(std::slice::from_ref(ask))?;
    for _ in 1..RUNS {
        let ran = chain.run(std::slice::from_ref(ask))?;
        best.taken = best.taken.min(ran.taken);
    }
    if best.calls.iter().any(|(success, _)| !success) {
        return Err(Error::Refused("a contract beside a precompile".into()));
    }
    Ok(best)
}

fn scan(chain: &Chain, set: U256, rows: usize) -> Result<(), Error> {
    let mut dice = Dice::new(5);
    let mut values = |count: usize| (0..count).map(|_| (dice.below(255) as i16 - 127) as i8 as u8).collect::<Vec<_>>();
    let create = store::createSketchSetCall { dim: DIM, labelled: false, minExponent: 3, maxExponent: 3 };
    chain.commit(&[vec![Ask::new(STORE, create)]])?;
    for _ in 0..rows / SHARD {
        let payload = (0..SHARD).flat_map(|_| [vec![3], values(DIM.into())].concat()).collect::<Vec<u8>>().into();
        chain.commit(&[vec![Ask::new(STORE, store::appendCall { setId: set, contributor: 1, payload })]])?;
    }
    let query: Bytes = values(DIM.into()).into();
    let native = sketch::influenceCall { setId: set, version: 0, query: query.clone(), topK: 0 };
    let contract = influenceCall { setId: set, shards: (rows / SHARD) as u64, rows: U256::from(rows), query };
    let (ours, theirs) = (chain.ask(SKETCH, &native)?, chain.ask(CONTRACT, &contract)?);
    let agree = ours.rows.iter().zip(&ours.scores).all(|(row, score)| theirs.scores.get(*row as usize) == Some(score));
    if !agree || (ours.positive, ours.negative) != (theirs.positive, theirs.negative) {
        return Err(Error::Refused("Solidity's influence is not the precompile's; its comparison".into()));
    }
    let contract = Ask::new(CONTRACT, contract);
    let what = format!("influence, {rows} rows of {DIM}, all ranked and returned (Solidity ranks none)");
    print(&what, chain, &Ask::new(SKETCH, native.clone()), &contract)?;
    let best = Ask::new(SKETCH, sketch::influenceCall { topK: 100, ..native });
    print("the same, 100 returned (Solidity returns all)", chain, &best, &contract)
}

fn split(chain: &Chain) -> Result<(), Error> {
    let mut dice = Dice::new(6);
    let weights = (0..1_000).map(|_| U256::from(dice.below(1 << 40))).collect();
    let call = IRewardSplit::splitCall { pool: U256::from(10).pow(U256::from(18)), weights };
    if chain.ask(SPLIT, &call)? != chain.ask(CONTRACT, &call)? {
        return Err(Error::Refused("Solidity's split is not the precompile's; its comparison".into()));
    }
    let data = call.abi_encode();
    print("split of 1,000 weights", chain, &Ask::raw(SPLIT, data.clone()), &Ask::raw(CONTRACT, data))
}

fn print(what: &str, chain: &Chain, native: &Ask, contract: &Ask) -> Result<(), Error> {
    let (ours, theirs) = (best(chain, native)?, best(chain, contract)?);
    let micros = |taken: Duration| taken.as_secs_f64() * 1e6;
    let (faster, cheaper) = (micros(theirs.taken) / micros(ours.taken), theirs.gas() as f64 / ours.gas() as f64);
    println!(
        "| {what} | {:.0} µs, {} gas | {:.0} µs, {} gas | {faster:.0} × | 1/{cheaper:.0} |",
        micros(ours.taken),
        ours.gas(),
        micros(theirs.taken),
        theirs.gas()
    );
    Ok(())
}
