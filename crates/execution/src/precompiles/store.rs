//! `IAttributionStore`: append-only sets of rows.

use super::{
    append::append,
    cache::IndexCache,
    call::{self, Call, Step, Stop, fail},
    changes, gas,
    sets::{Kind, MAX_PAYLOAD, SET_SLOTS, Set, Terms},
    shards::{MAX_EXPONENT, decode_text},
    sketch::{Scan, refuse},
    text,
    texts::Fault,
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use tributary_attribution::{
    scan,
    text::{Novelty, Status, novelty},
};
use tributary_contracts::{
    IAttributionErrors::{
        EmptyPayload, EmptySet, ExponentOutOfRange, InvalidDimension, NotOwner, PayloadTooLong, TooManyChanges, UnknownStatus,
    },
    IAttributionStore::{self, IAttributionStoreCalls as Function},
};

pub(super) use tributary_contracts::predeploys::ATTRIBUTION_STORE as ADDRESS;

/// Call data of an append before its payload: selector, three words, length.
const APPEND_HEAD: usize = 4 + 4 * 32;

pub(super) fn run(input: PrecompileInput<'_>, cache: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        if call.selector() == IAttributionStore::appendCall::SELECTOR {
            // Its price covers decoding whatever is not refused for its length.
            call.charge(gas::APPEND)?;
            if call.data().len() > APPEND_HEAD + MAX_PAYLOAD {
                let length = U256::from(call.data().len() - APPEND_HEAD);
                return fail(PayloadTooLong { length, most: U256::from(MAX_PAYLOAD) });
            }
        } else {
            call.charge_input()?;
        }
        match call.decode()? {
            Function::createSketchSet(args) => create(call, sketch_terms(&args)?),
            Function::createTextSet(_) => create(call, Terms::TEXT),
            Function::append(args) => append(call, args, cache),
            Function::setStatus(args) => set_status(call, &args),
            Function::reassign(args) => reassign(call, &args),
            Function::info(args) => info(call, args.setId),
            Function::row(args) => row(call, args.setId, args.index, cache),
            Function::novelty(args) => find_novelty(call, &args, cache),
            Function::nearest(args) => nearest(call, &args, cache),
        }
    })
}

fn sketch_terms(args: &IAttributionStore::createSketchSetCall) -> Step<Terms> {
    let terms = Terms { kind: Kind::Sketch, dim: args.dim, labelled: args.labelled, band: (args.minExponent, args.maxExponent) };
    if terms.layout().is_none() {
        return fail(InvalidDimension { dim: args.dim });
    }
    if args.maxExponent > MAX_EXPONENT {
        return fail(ExponentOutOfRange { row: 0, exponent: args.maxExponent });
    }
    if args.minExponent > args.maxExponent {
        return fail(ExponentOutOfRange { row: 0, exponent: args.minExponent });
    }
    Ok(terms)
}

fn create(call: &mut Call<'_>, terms: Terms) -> Step<Vec<u8>> {
    call.require_direct()?;
    call.charge(gas::CREATE)?;
    let owner = call.caller();
    let id = Set::create(call, owner, terms)?;
    let Terms { kind, dim, labelled, .. } = terms;
    call.log(&IAttributionStore::SetCreated { setId: id, owner, kind: kind as u8, dim, labelled });
    Ok(IAttributionStore::createTextSetCall::abi_encode_returns(&id))
}

fn set_status(call: &mut Call<'_>, args: &IAttributionStore::setStatusCall) -> Step<Vec<u8>> {
    call.require_direct()?;
    call.charge(gas::CHANGE)?;
    let mut set = owned(call, args.setId)?;
    set.require_versions()?;
    set.require_row(args.row)?;
    let Ok(status) = Status::try_from(args.status) else { return fail(UnknownStatus { status: args.status }) };
    let changes = changes::statuses(call, set.id, args.row)?;
    let Some(changed) = changes.with(set.version + 1, status) else { return fail(TooManyChanges { setId: set.id, row: args.row }) };
    if changes.as_slice().is_empty() && changes::contributor(call, set.id, args.row)?.is_none() {
        list(call, &mut set, args.row)?;
    }
    changes::save_statuses(call, set.id, args.row, &changed)?;
    let version = set.bump(call)?;
    call.log(&IAttributionStore::StatusChanged { setId: set.id, row: args.row, status: args.status, version });
    Ok(IAttributionStore::setStatusCall::abi_encode_returns(&version))
}

fn reassign(call: &mut Call<'_>, args: &IAttributionStore::reassignCall) -> Step<Vec<u8>> {
    call.require_direct()?;
    call.charge(gas::CHANGE)?;
    let mut set = owned(call, args.setId)?;
    set.require_row(args.row)?;
    if changes::contributor(call, set.id, args.row)?.is_none() && changes::statuses(call, set.id, args.row)?.as_slice().is_empty() {
        list(call, &mut set, args.row)?;
    }
    changes::save_contributor(call, set.id, args.row, args.contributor)?;
    call.log(&IAttributionStore::Reassigned { setId: set.id, row: args.row, contributor: args.contributor });
    Ok(Vec::new())
}

/// Lists a row at its first change, so that queries need not read the slots of those that were never changed.
fn list(call: &mut Call<'_>, set: &mut Set, row: u64) -> Step<()> {
    match u32::try_from(row) {
        Ok(row) => set.list_changed(call, row),
        // No set has as many.
        Err(_) => set.damaged(row),
    }
}

/// The set, when the caller owns it.
pub(super) fn owned(call: &mut Call<'_>, id: U256) -> Step<Set> {
    let set = Set::load(call, id)?;
    let caller = call.caller();
    if set.owner != caller {
        return fail(NotOwner { setId: id, caller });
    }
    Ok(set)
}

pub(super) fn check_length(payload: &[u8]) -> Step<()> {
    if payload.is_empty() {
        return fail(EmptyPayload {});
    }
    if payload.len() > MAX_PAYLOAD {
        return fail(PayloadTooLong { length: U256::from(payload.len()), most: U256::from(MAX_PAYLOAD) });
    }
    Ok(())
}

fn info(call: &mut Call<'_>, id: U256) -> Step<Vec<u8>> {
    call.charge_each(gas::SLOT, SET_SLOTS)?;
    let set = Set::load(call, id)?;
    Ok(IAttributionStore::infoCall::abi_encode_returns(&IAttributionStore::infoReturn {
        owner: set.owner,
        kind: set.terms.kind as u8,
        dim: set.terms.dim,
        labelled: set.terms.labelled,
        version: set.version,
        shards: set.shards,
        rows: set.rows,
        size: set.size,
        root: set.root,
    }))
}

fn row(call: &mut Call<'_>, id: U256, index: u64, cache: &IndexCache) -> Step<Vec<u8>> {
    call.charge_each(gas::SLOT, SET_SLOTS + 2)?;
    call.charge(gas::SHARD)?;
    let set = Set::load(call, id)?;
    set.require_row(index)?;
    let (contributor, born, data) = match set.terms.kind {
        Kind::Text => document(call, &set, index)?,
        Kind::Sketch => cache.with(call, &set, |call, found| {
            let length = set.terms.layout().map_or(0, |layout| layout.row_length());
            call.charge_each(gas::ROW_WORD, length.div_ceil(32) as u64)?;
            match (found.of_row(index), found.sketch(index)) {
                (Some((contributor, born)), Some(row)) => Ok((contributor, born, Bytes::copy_from_slice(row))),
                _ => Err(Stop::Fatal(format!("the index of set {}: row {index} is not in it", set.id))),
            }
        })?,
    };
    let contributor = changes::contributor(call, set.id, index)?.unwrap_or(contributor);
    let status = changes::statuses(call, set.id, index)?.at(set.version) as u8;
    Ok(IAttributionStore::rowCall::abi_encode_returns(&IAttributionStore::rowReturn { contributor, status, born, data }))
}

/// Contributor, version and document of a text, which is a shard of its own.
fn document(call: &mut Call<'_>, set: &Set, row: u64) -> Step<(u32, u64, Bytes)> {
    let (shard, _) = set.shard(call, row)?;
    let Some((_, document)) = decode_text(&shard.payload) else { return set.damaged(row) };
    call.charge_each(gas::ROW_WORD, shard.payload.len().div_ceil(32) as u64)?;
    Ok((shard.contributor, shard.born, document))
}

fn find_novelty(call: &mut Call<'_>, args: &IAttributionStore::noveltyCall, cache: &IndexCache) -> Step<Vec<u8>> {
    check_length(&args.document)?;
    let found: Novelty = text::query(call, cache, (args.setId, args.version), &args.document, |asked| -> Result<_, Fault> {
        novelty(&asked.texts, asked.version, asked.text, &mut &*asked.texts.payer)
    })?;
    let (rows, weights) = found.rows.into_iter().map(|(row, weight)| (row, U256::from(weight))).unzip();
    Ok(IAttributionStore::noveltyCall::abi_encode_returns(&IAttributionStore::noveltyReturn {
        inherited: U256::from(found.inherited),
        closed: U256::from(found.closed),
        total: U256::from(found.total),
        rows,
        weights,
    }))
}

fn nearest(call: &mut Call<'_>, args: &IAttributionStore::nearestCall, cache: &IndexCache) -> Step<Vec<u8>> {
    Scan::open(call, cache, (args.setId, args.version), |call, scan| {
        let query = scan.query(&args.sketch)?;
        scan.charge_query(call, 1)?;
        let found = scan::nearest(&scan.all(&[])?, &query).or_else(refuse)?;
        let Some((row, cosine)) = found else { return fail(EmptySet { setId: args.setId }) };
        let result = IAttributionStore::nearestReturn { row, cosineSquaredQ32: cosine };
        Ok(IAttributionStore::nearestCall::abi_encode_returns(&result))
    })
}
