//! `IAttributionStore.append`: what comes in is checked, what it inherits is found, and one shard is written.

use super::{
    cache::IndexCache,
    call::{Call, Step, fail},
    gas,
    sets::{Kind, Set},
    shards::{RowFault, Shard, check_sketches, encode_text},
    store::{check_length, owned},
    texts::{Changed, Payer, Texts},
};
use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolCall;
use tributary_attribution::text::{self, RowEntry};
use tributary_contracts::{
    IAttributionErrors::{ExponentOutOfRange, NotUtf8, PartialRow, ValueOutOfRange},
    IAttributionStore,
};

/// Appends a payload to a set of the caller's.
pub(super) fn append(call: &mut Call<'_>, args: IAttributionStore::appendCall, cache: &IndexCache) -> Step<Vec<u8>> {
    call.require_direct()?;
    let payload: Bytes = args.payload;
    call.charge_each(gas::APPEND_BYTE, payload.len() as u64)?;
    let before = owned(call, args.setId)?;
    check_length(&payload)?;
    before.require_room(call, payload.len() as u64)?;
    let (first_row, index) = (before.rows, before.shards);
    let (rows, set) = match before.terms.kind {
        Kind::Text => {
            let Ok(document) = std::str::from_utf8(&payload) else { return fail(NotUtf8 {}) };
            let entry = decide(call, &before, (args.contributor, document), cache)?;
            let shard = encode_text(&entry.runs, document);
            let (set, hash) = write(call, before, (args.contributor, 1), (shard, payload.len()))?;
            cache.adopt(&before, hash, &entry, document);
            (1, set)
        }
        Kind::Sketch => {
            let rows = count_sketches(&before, &payload)?;
            let size = payload.len();
            (rows, write(call, before, (args.contributor, rows), (payload, size))?.0)
        }
    };
    let (set_id, version) = (set.id, set.version);
    call.log(&IAttributionStore::Appended {
        setId: set_id,
        contributor: args.contributor,
        shard: index,
        firstRow: first_row,
        rows,
        version,
    });
    Ok(IAttributionStore::appendCall::abi_encode_returns(&IAttributionStore::appendReturn { firstRow: first_row, rows, version }))
}

/// Finds the origins of a document's words.
fn decide(call: &mut Call<'_>, set: &Set, (contributor, document): (u32, &str), cache: &IndexCache) -> Step<RowEntry> {
    let changed = Changed::read(call, set)?;
    cache.with(call, set, |call, index| {
        let payer = Payer::new(call);
        let texts = Texts { payer: &payer, index: index.text()?, set, changed: &changed };
        text::append(&texts, document, contributor, &mut &payer).or_else(|fault| fault.stop(set))
    })
}

/// Writes the shard that makes the next version.
fn write(call: &mut Call<'_>, before: Set, (contributor, rows): (u32, u32), (payload, size): (Bytes, usize)) -> Step<(Set, B256)> {
    let mut set = before;
    let shard = Shard { kind: set.terms.kind, contributor, rows, born: set.version + 1, payload };
    let hash = set.append(call, &shard, size as u64)?;
    Ok((set, hash))
}

/// The number of rows in a payload of sketches.
fn count_sketches(set: &Set, payload: &[u8]) -> Step<u32> {
    let Some(layout) = set.terms.layout() else { return set.damaged(set.shards) };
    match check_sketches(layout, set.terms.band, payload) {
        Ok(rows) => Ok(rows),
        Err(RowFault::Partial) => fail(PartialRow { length: U256::from(payload.len()), rowLength: U256::from(layout.row_length()) }),
        Err(RowFault::Exponent { row, exponent }) => fail(ExponentOutOfRange { row, exponent }),
        Err(RowFault::Value { row }) => fail(ValueOutOfRange { row }),
    }
}
