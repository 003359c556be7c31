//! `IAttributionStore`: append-only sets of rows.

use super::{
    call::{self, Call, Step, fail},
    content::IndexCache,
    sets::{ActivityBit, Kind, MAX_PAYLOAD, SET_SLOTS, SLOT_GAS, Set, Shard},
    sketch,
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use tributary_attribution::sketch::{MAX_EXPONENT, nearest as nearest_row};
use tributary_contracts::{
    IAttributionErrors::{
        EmptyPayload, EmptySet, ExponentOutOfRange, InvalidDimension, NotOwner, NotUtf8, PartialRow, PayloadTooLong, ValueOutOfRange,
    },
    IAttributionStore::{self, IAttributionStoreCalls as Function},
};

pub(super) use tributary_contracts::predeploys::ATTRIBUTION_STORE as ADDRESS;

/// A new set: five slots that are written now or by the first append, and the event.
const CREATE_GAS: u64 = 72_000;
/// An append, whatever its size.
const APPEND_GAS: u64 = 32_000;
/// Each byte of its payload: state, hashing, checking, and building the index over it.
const APPEND_BYTE_GAS: u64 = 100;
/// A change of activity: the set, one slot written, the event.
const ACTIVITY_GAS: u64 = 30_000;
/// Reading one shard as if cold.
const SHARD_GAS: u64 = 2_600;
/// Each 32-byte word of a row returned.
const ROW_WORD_GAS: u64 = 6;

/// Call data of an append before its payload: selector, three words, length.
const APPEND_HEAD: usize = 4 + 4 * 32;

pub(super) fn run(input: PrecompileInput<'_>, contents: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        if call.selector() == IAttributionStore::appendCall::SELECTOR {
            // Its price covers decoding whatever is not refused for its length.
            call.charge(APPEND_GAS)?;
            if call.data().len() > APPEND_HEAD + MAX_PAYLOAD {
                let length = U256::from(call.data().len() - APPEND_HEAD);
                return fail(PayloadTooLong { length, most: U256::from(MAX_PAYLOAD) });
            }
        } else {
            call.charge_input()?;
        }
        match call.decode()? {
            Function::createSketchSet(args) => {
                if args.dim == 0 || !args.dim.is_multiple_of(32) || args.dim > 4096 {
                    return fail(InvalidDimension { dim: args.dim });
                }
                create(call, Kind::Sketch, args.dim, args.labelled)
            }
            Function::createTextSet(_) => create(call, Kind::Text, 0, false),
            Function::append(args) => append(call, args),
            Function::setActive(args) => set_active(call, args),
            Function::info(args) => info(call, args.setId),
            Function::row(args) => row(call, args.setId, args.index),
            Function::nearest(args) => nearest(call, args, contents),
        }
    })
}

fn create(call: &mut Call<'_>, kind: Kind, dim: u16, labelled: bool) -> Step<Vec<u8>> {
    call.require_direct()?;
    call.charge(CREATE_GAS)?;
    let owner = call.caller();
    let id = Set::create(call, owner, kind, dim, labelled)?;
    call.log(&IAttributionStore::SetCreated { setId: id, owner, kind: kind as u8, dim, labelled });
    Ok(IAttributionStore::createTextSetCall::abi_encode_returns(&id))
}

fn append(call: &mut Call<'_>, args: IAttributionStore::appendCall) -> Step<Vec<u8>> {
    call.require_direct()?;
    let payload: Bytes = args.payload;
    call.charge_each(APPEND_BYTE_GAS, payload.len() as u64)?;
    let mut set = owned(call, args.setId)?;
    let rows = match set.kind {
        Kind::Text => check_document(&payload)?,
        Kind::Sketch => check_sketches(&set, &payload)?,
    };
    let (first_row, shard) = (set.rows, set.shards);
    set.append(call, &Shard { kind: set.kind, contributor: args.contributor, rows, payload })?;
    call.log(&IAttributionStore::Appended { setId: set.id, contributor: args.contributor, shard, firstRow: first_row, rows });
    let result = IAttributionStore::appendReturn { firstRow: first_row, rows };
    Ok(IAttributionStore::appendCall::abi_encode_returns(&result))
}

fn set_active(call: &mut Call<'_>, args: IAttributionStore::setActiveCall) -> Step<Vec<u8>> {
    call.require_direct()?;
    call.charge(ACTIVITY_GAS)?;
    let set = owned(call, args.setId)?;
    set.require_row(args.row)?;
    let bit = ActivityBit::of(args.row);
    let word = bit.load(call, set.id)?;
    if bit.is_active(word) != args.active {
        bit.save(call, set.id, bit.set(word, args.active))?;
        call.log(&IAttributionStore::ActivityChanged { setId: set.id, row: args.row, active: args.active });
    }
    Ok(Vec::new())
}

/// The set, when the caller owns it.
fn owned(call: &mut Call<'_>, id: U256) -> Step<Set> {
    let set = Set::load(call, id)?;
    let caller = call.caller();
    if set.owner != caller {
        return fail(NotOwner { setId: id, caller });
    }
    Ok(set)
}

fn check_length(payload: &[u8]) -> Step<()> {
    if payload.is_empty() {
        return fail(EmptyPayload {});
    }
    if payload.len() > MAX_PAYLOAD {
        return fail(PayloadTooLong { length: U256::from(payload.len()), most: U256::from(MAX_PAYLOAD) });
    }
    Ok(())
}

/// A document is one row.
fn check_document(payload: &[u8]) -> Step<u32> {
    check_length(payload)?;
    if std::str::from_utf8(payload).is_err() {
        return fail(NotUtf8 {});
    }
    Ok(1)
}

/// The number of rows in a payload of sketches.
fn check_sketches(set: &Set, payload: &[u8]) -> Step<u32> {
    check_length(payload)?;
    let length = set.row_length();
    if !payload.len().is_multiple_of(length) {
        return fail(PartialRow { length: U256::from(payload.len()), rowLength: U256::from(length) });
    }
    let mut rows = 0;
    for row in payload.chunks_exact(length) {
        if row[0] > MAX_EXPONENT {
            return fail(ExponentOutOfRange { row: rows, exponent: row[0] });
        }
        if row[length - usize::from(set.dim)..].contains(&0x80) {
            return fail(ValueOutOfRange { row: rows });
        }
        rows += 1;
    }
    Ok(rows)
}

fn info(call: &mut Call<'_>, id: U256) -> Step<Vec<u8>> {
    call.charge_each(SLOT_GAS, SET_SLOTS)?;
    let set = Set::load(call, id)?;
    Ok(IAttributionStore::infoCall::abi_encode_returns(&IAttributionStore::infoReturn {
        owner: set.owner,
        kind: set.kind as u8,
        dim: set.dim,
        labelled: set.labelled,
        shards: set.shards,
        rows: set.rows,
        size: set.size,
        root: set.root,
    }))
}

fn row(call: &mut Call<'_>, id: U256, index: u64) -> Step<Vec<u8>> {
    call.charge_each(SLOT_GAS, SET_SLOTS + 1)?;
    let set = Set::load(call, id)?;
    set.require_row(index)?;
    let (shard, within) = find(call, &set, index)?;
    let length = if set.kind == Kind::Text { shard.payload.len() } else { set.row_length() };
    call.charge_each(ROW_WORD_GAS, length.div_ceil(32) as u64)?;
    let bit = ActivityBit::of(index);
    let active = bit.is_active(bit.load(call, set.id)?);
    let data = shard.payload.slice(within * length..(within + 1) * length);
    let result = IAttributionStore::rowReturn { contributor: shard.contributor, active, data };
    Ok(IAttributionStore::rowCall::abi_encode_returns(&result))
}

/// The shard that holds a row, and the row's position in it. A text is a shard of its own; shards
/// of sketches differ in length and are walked from the first.
fn find(call: &mut Call<'_>, set: &Set, index: u64) -> Step<(Shard, usize)> {
    if set.kind == Kind::Text {
        call.charge(SHARD_GAS)?;
        return Ok((set.shard(call, index)?.0, 0));
    }
    let mut before = 0;
    for position in 0..set.shards {
        call.charge(SHARD_GAS)?;
        let (shard, _) = set.shard(call, position)?;
        let after = before + u64::from(shard.rows);
        if index < after {
            return Ok((shard, (index - before) as usize));
        }
        before = after;
    }
    Err(call::Stop::Fatal(format!("set {} has fewer rows than it says", set.id)))
}

fn nearest(call: &mut Call<'_>, args: IAttributionStore::nearestCall, contents: &IndexCache) -> Step<Vec<u8>> {
    let scan = sketch::Scan::open(call, args.setId, args.upTo, contents)?;
    let query = scan.query(&args.sketch)?;
    scan.charge_query(call, 1)?;
    let found = nearest_row(&scan.rows(&vec![true; scan.counted()])?, &query).or_else(sketch::refuse)?;
    let Some((row, cosine)) = found else { return fail(EmptySet { setId: args.setId }) };
    let result = IAttributionStore::nearestReturn { row: row as u64, cosineSquaredQ32: cosine };
    Ok(IAttributionStore::nearestCall::abi_encode_returns(&result))
}
