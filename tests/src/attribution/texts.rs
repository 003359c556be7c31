//! The functions over texts, whose cost depends on the content most.

use super::{
    Error,
    chain::{Ask, Chain},
    content::{near_duplicate, prose},
    table::Table,
};
use alloy_primitives::U256;
use tributary_contracts::{
    IAttributionStore as store, ITextAttribution as text,
    predeploys::{ATTRIBUTION_STORE as STORE, TEXT_ATTRIBUTION as TEXT},
};

/// Most bytes of a text.
const LONGEST: usize = 128 << 10;
/// Bytes of the outputs that are traced.
const OUTPUTS: [usize; 2] = [1 << 10, 16 << 10];
/// Transactions in a block while a set is filled.
const PER_BLOCK: usize = 32;

pub(super) const SET: U256 = U256::ONE;

pub(super) fn append(document: &[u8]) -> Ask {
    Ask::new(STORE, store::appendCall { setId: SET, contributor: 1, payload: document.to_vec().into() })
}

pub(super) fn trace(version: u64, output: &[u8]) -> Ask {
    Ask::new(TEXT, text::traceCall { setId: SET, version, output: output.to_vec().into(), topK: 0 })
}

/// A chain with one set of these texts.
pub(super) fn chain_with(documents: &[Vec<u8>]) -> Result<Chain, Error> {
    let chain = Chain::new()?;
    chain.commit(&[vec![Ask::new(STORE, store::createTextSetCall {})]])?;
    for documents in documents.chunks(PER_BLOCK) {
        let appends: Vec<_> = documents.iter().map(|document| vec![append(document)]).collect();
        chain.commit(&appends)?;
    }
    Ok(chain)
}

/// What a set holds, and a text that is asked of it and appended to it.
struct Content {
    name: &'static str,
    documents: Vec<Vec<u8>>,
    asked: Vec<u8>,
}

/// Texts that make as much work for their length as we know how to.
fn contents() -> Vec<Content> {
    let symbol = vec![b'!'; LONGEST];
    let varied = |words: u64, texts: u64, bytes: usize| (0..texts).map(|seed| prose(seed, words, bytes)).collect::<Vec<_>>();
    let copies = |original: &[u8], texts: u64, every: usize| (1..=texts).map(|seed| near_duplicate(original, seed, every)).collect();
    let (short, long) = (prose(7, 1_000, 4 << 10), prose(7, 1_000, 32 << 10));
    let babble = prose(3, 10, 32 << 10);
    let content = |name, documents, asked| Content { name, documents, asked };
    vec![
        content("one symbol, 1 text of 128 KiB", vec![symbol.clone()], symbol.clone()),
        content("one symbol, 64 texts of 4 KB", vec![symbol[..4_000].to_vec(); 64], symbol),
        content("two words by turns, 64 texts of 4 KB", vec![b"a b ".repeat(1_000); 64], b"a b ".repeat(4 << 10)),
        content("ten words, 40 texts of 32 KiB", varied(10, 40, 32 << 10), prose(99, 10, LONGEST)),
        content("a hundred words, 40 texts of 32 KiB", varied(100, 40, 32 << 10), prose(99, 100, LONGEST)),
        content("a thousand words, 60 texts of 64 KiB", varied(1_000, 60, 64 << 10), prose(99, 1_000, LONGEST)),
        content("new words, 60 texts of 64 KiB", varied(u64::MAX >> 20, 60, 64 << 10), prose(99, u64::MAX >> 20, LONGEST)),
        content("a copy, 60 texts of 64 KiB", varied(100_000, 60, 64 << 10), prose(3, 100_000, 64 << 10)),
        content("near duplicates, 256 texts of 4 KiB, 1 word in 16", copies(&short, 256, 16), short.repeat(LONGEST / short.len())),
        content("near duplicates, 64 texts of 32 KiB, 1 word in 64", copies(&long, 64, 64), long.repeat(LONGEST / long.len())),
        content("near duplicates, 64 texts of 32 KiB, 1 word in 4", copies(&long, 64, 4), long.repeat(LONGEST / long.len())),
        content("near duplicates of babble, 64 texts of 32 KiB", copies(&babble, 64, 32), babble.repeat(LONGEST / babble.len())),
    ]
}

/// Every function over every content.
pub(super) fn texts(table: &mut Table) -> Result<(), Error> {
    for Content { name, documents, asked } in contents() {
        if !["append", "novelty", "trace", "traceByContributor", "evidence", "row", "setStatus"]
            .iter()
            .any(|of| table.wants(&format!("{of} {name}")))
        {
            continue;
        }
        let chain = chain_with(&documents)?;
        for bytes in [4 << 10, asked.len()] {
            table.measure("append", &format!("{} KiB; {name}", bytes >> 10), &chain, &[append(&asked[..bytes])])?;
        }
        for bytes in OUTPUTS {
            queries(table, &chain, name, &asked[..bytes])?;
        }
    }
    Ok(())
}

fn queries(table: &mut Table, chain: &Chain, name: &str, output: &[u8]) -> Result<(), Error> {
    let case = format!("{} KiB; {name}", output.len() >> 10);
    let bytes = || output.to_vec().into();
    table.measure("trace", &case, chain, &[trace(0, output)])?;
    let asked = text::traceByContributorCall { setId: SET, version: 0, output: bytes(), topK: 0 };
    table.measure("traceByContributor", &case, chain, &[Ask::new(TEXT, asked)])?;
    let asked = text::evidenceCall { setId: SET, version: 0, output: bytes(), most: 0 };
    table.measure("evidence", &case, chain, &[Ask::new(TEXT, asked)])?;
    let asked = store::noveltyCall { setId: SET, version: 0, document: bytes() };
    table.measure("novelty", &case, chain, &[Ask::new(STORE, asked)])
}
