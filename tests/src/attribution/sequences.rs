//! Calls one after another, whose cost could depend on what happened before: gas is a function of content, time is not.

use super::{
    Error,
    chain::{Ask, Chain},
    content::{labelled_rows, prose},
    sketches,
    table::Table,
    texts::{append, chain_with, trace},
};

const WORDS: u64 = 1_000;

/// Appends, queries, reverts, versions, starts.
pub(super) fn sequences(table: &mut Table) -> Result<(), Error> {
    for texts in [16, 64] {
        let documents: Vec<_> = (0..texts).map(|seed| prose(seed, WORDS, 64 << 10)).collect();
        let mut chain = chain_with(&documents)?;
        in_one_transaction(table, &chain, texts)?;
        between_blocks(table, &mut chain, texts)?;
    }
    of_sketches(table)
}

fn in_one_transaction(table: &mut Table, chain: &Chain, texts: u64) -> Result<(), Error> {
    let over = |what: &str| format!("{what}; a set of {texts} texts of 64 KiB");
    let output = prose(500, WORDS, 4 << 10);
    let added = |seed: u64| append(&prose(1_000 + seed, WORDS, 16 << 10));
    let reverted: Vec<_> = (0..4).map(|seed| Ask::reverted(&[added(seed), trace(0, &output)])).collect();
    table.measure("sequence", &over("4 × (append 16 KiB, trace 4 KiB, revert)"), chain, &reverted)?;
    let again = [&reverted[..], &[trace(0, &output)]].concat();
    table.measure("sequence", &over("the same, then trace 4 KiB"), chain, &again)?;
    let tiny: Vec<_> = (0..50).map(|seed| append(&prose(2_000 + seed, WORDS, 1 << 10))).chain([trace(0, &output)]).collect();
    table.measure("sequence", &over("append 50 × 1 KiB, trace 4 KiB"), chain, &tiny)?;
    let turns: Vec<_> = (0..10).flat_map(|seed| [append(&prose(3_000 + seed, WORDS, 1 << 10)), trace(0, &output)]).collect();
    table.measure("sequence", &over("10 × (append 1 KiB, trace 4 KiB)"), chain, &turns)?;
    let small = prose(500, WORDS, 256);
    let tiny: Vec<_> = (0..20).map(|seed| Ask::reverted(&[append(format!("a{seed} b c").as_bytes()), trace(0, &small)])).collect();
    table.measure("sequence", &over("20 × (append 8 bytes, trace 256 bytes, revert)"), chain, &tiny)?;
    let versions: Vec<_> = (0..10).map(|at| trace(2 + at % 2 * (texts - 1), &output)).collect();
    table.measure("sequence", &over("trace 4 KiB at version 2 and at the newest by turns"), chain, &versions)?;
    table.measure("sequence", &over("trace 4 KiB at version 2"), chain, &[trace(2, &output)])
}

fn between_blocks(table: &mut Table, chain: &mut Chain, texts: u64) -> Result<(), Error> {
    let over = |what: &str| format!("{what}; a set of {texts} texts of 64 KiB");
    let output = prose(500, WORDS, 4 << 10);
    let added = append(&prose(4_000, WORDS, 64 << 10));
    table.measure_with("sequence", &over("trace 4 KiB after a block that is not made appended 64 KiB"), 1, || {
        chain.run(std::slice::from_ref(&added))?;
        chain.run(&[trace(0, &output)])
    })?;
    let small = prose(500, WORDS, 256);
    table.measure_with("first after a start", &over("trace 256 bytes"), 1, || {
        chain.start_again()?;
        chain.run(&[trace(0, &small)])
    })?;
    let tiny = append(b"a b c");
    table.measure_with("first after a start", &over("append 5 bytes"), 1, || {
        chain.start_again()?;
        chain.run(std::slice::from_ref(&tiny))
    })
}

fn of_sketches(table: &mut Table) -> Result<(), Error> {
    const DIM: u16 = 256;
    let (mut chain, rows) = sketches::chain_with(DIM, 8 << 20)?;
    let query = || labelled_rows(DIM, 1, 99).split_off(3).into();
    let added = |seed: u64| sketches::append(&labelled_rows(DIM, 60, seed), 7);
    let reverted: Vec<_> = (0..4).map(|seed| Ask::reverted(&[added(seed), sketches::influence(0, query(), 100)])).collect();
    let over = |what: &str| format!("{what}; a set of {rows} rows of {DIM}");
    table.measure("sequence", &over("4 × (append 60 rows, influence, revert)"), &chain, &reverted)?;
    let turns: Vec<_> = (0..10).flat_map(|seed| [added(seed), sketches::influence(0, query(), 100)]).collect();
    table.measure("sequence", &over("10 × (append 60 rows, influence)"), &chain, &turns)?;
    table.measure("sequence", &over("influence at version 2"), &chain, &[sketches::influence(2, query(), 100)])?;
    table.measure_with("first after a start", &over("influence at version 2"), 1, || {
        chain.start_again()?;
        chain.run(&[sketches::influence(2, query(), 100)])
    })
}
