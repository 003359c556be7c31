//! The `txs` part of a span batch: transactions taken apart into columns (specs: protocol/delta/span-batches#span-batch-format,
//! protocol/isthmus/derivation#span-batch-updates).

use crate::{
    Error,
    wire::{Reader, put_bits, put_uvarint},
};
use alloy_consensus::{Signed, Transaction as _, TxEip1559, TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::{Typed2718, eip2930::AccessList, eip7702::SignedAuthorization};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use alloy_rlp::{Decodable, Encodable, Header, RlpDecodable, RlpEncodable};
use tributary_primitives::Transaction;

/// What a legacy transaction keeps in `tx_datas`.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct LegacyData {
    value: U256,
    gas_price: u128,
    data: Bytes,
}

/// What an EIP-2930 transaction keeps in `tx_datas`.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Eip2930Data {
    value: U256,
    gas_price: u128,
    data: Bytes,
    access_list: AccessList,
}

/// What an EIP-1559 transaction keeps in `tx_datas`.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Eip1559Data {
    value: U256,
    max_priority_fee_per_gas: u128,
    max_fee_per_gas: u128,
    data: Bytes,
    access_list: AccessList,
}

/// What an EIP-7702 transaction keeps in `tx_datas`.
#[derive(Debug, RlpEncodable, RlpDecodable)]
struct Eip7702Data {
    value: U256,
    max_priority_fee_per_gas: u128,
    max_fee_per_gas: u128,
    data: Bytes,
    access_list: AccessList,
    authorization_list: Vec<SignedAuthorization>,
}

/// Appends the columns of `txs`, all of chain `chain_id`.
///
/// # Errors
/// [`Error::Unencodable`] for a transaction that no span batch can hold: a deposit, a blob transaction, one of another chain, or an EIP-7702
/// creation.
pub(crate) fn encode_transactions<'a>(
    txs: impl Iterator<Item = &'a Transaction> + Clone,
    chain_id: u64,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let unencodable = |why| Error::Unencodable { what: "span batch", why };
    let mut parities = Vec::new();
    let (mut creations, mut protected) = (Vec::new(), Vec::new());
    let (mut sigs, mut tos, mut datas) = (Vec::new(), Vec::new(), Vec::new());
    let (mut nonces, mut gases) = (Vec::new(), Vec::new());
    for tx in txs {
        if tx.chain_id().is_some_and(|id| id != chain_id) {
            return Err(unencodable("a transaction is for another chain"));
        }
        let signature = encode_data(tx, &mut datas).ok_or(unencodable("a transaction is of a type that batches do not carry"))?;
        creations.push(tx.is_create());
        parities.push(signature.v());
        sigs.extend_from_slice(&signature.r().to_be_bytes::<32>());
        sigs.extend_from_slice(&signature.s().to_be_bytes::<32>());
        if let Some(to) = tx.to() {
            tos.extend_from_slice(to.as_slice());
        }
        put_uvarint(&mut nonces, tx.nonce());
        put_uvarint(&mut gases, tx.gas_limit());
        if tx.is_legacy() {
            protected.push(tx.chain_id().is_some());
        }
    }
    put_bits(out, &creations);
    put_bits(out, &parities);
    for column in [&sigs, &tos, &datas, &nonces, &gases] {
        out.extend_from_slice(column);
    }
    put_bits(out, &protected);
    Ok(())
}

/// Appends a transaction's entry of `tx_datas` and returns its signature, `None` when its type has no such entry.
fn encode_data<'a>(tx: &'a Transaction, out: &mut Vec<u8>) -> Option<&'a Signature> {
    let (value, data) = (tx.value(), tx.input().clone());
    match tx {
        Transaction::Legacy(signed) => {
            LegacyData { value, gas_price: signed.tx().gas_price, data }.encode(out);
            Some(signed.signature())
        }
        Transaction::Eip2930(signed) => {
            out.push(tx.ty());
            let TxEip2930 { gas_price, access_list, .. } = signed.tx();
            Eip2930Data { value, gas_price: *gas_price, data, access_list: access_list.clone() }.encode(out);
            Some(signed.signature())
        }
        Transaction::Eip1559(signed) => {
            out.push(tx.ty());
            let TxEip1559 { max_priority_fee_per_gas, max_fee_per_gas, access_list, .. } = signed.tx().clone();
            Eip1559Data { value, max_priority_fee_per_gas, max_fee_per_gas, data, access_list }.encode(out);
            Some(signed.signature())
        }
        Transaction::Eip7702(signed) => {
            out.push(tx.ty());
            let TxEip7702 { max_priority_fee_per_gas, max_fee_per_gas, access_list, authorization_list, .. } = signed.tx().clone();
            Eip7702Data { value, max_priority_fee_per_gas, max_fee_per_gas, data, access_list, authorization_list }.encode(out);
            Some(signed.signature())
        }
        Transaction::Eip4844(_) | Transaction::Deposit(_) => None,
    }
}

/// Fields of a transaction that have a column of their own.
struct Columns {
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
    to: TxKind,
    signature: Signature,
}

/// The inverse of [`encode_transactions`] for `count` transactions.
pub(crate) fn decode_transactions(reader: &mut Reader<'_>, count: usize, chain_id: u64) -> Result<Vec<Transaction>, Error> {
    let creations = reader.bits(count)?;
    let parities = reader.bits(count)?;
    let mut sigs = Reader::new("span batch", reader.take(count * 64)?);
    let calls = creations.iter().filter(|creation| !**creation).count();
    let mut tos = Reader::new("span batch", reader.take(calls * 20)?);
    let datas = (0..count).map(|_| take_data(reader)).collect::<Result<Vec<_>, _>>()?;
    let nonces = (0..count).map(|_| reader.uvarint()).collect::<Result<Vec<_>, _>>()?;
    let gases = (0..count).map(|_| reader.uvarint()).collect::<Result<Vec<_>, _>>()?;
    let legacy = datas.iter().filter(|(ty, _)| *ty == 0).count();
    let mut protected = reader.bits(legacy)?.into_iter();

    let mut out = Vec::with_capacity(count);
    for (i, (ty, data)) in datas.into_iter().enumerate() {
        let (r, s) = (U256::from_be_bytes(sigs.array::<32>()?), U256::from_be_bytes(sigs.array::<32>()?));
        let to = if creations[i] { TxKind::Create } else { TxKind::Call(Address::from(tos.array::<20>()?)) };
        let signature = Signature::new(r, s, parities[i]);
        let columns = Columns { chain_id, nonce: nonces[i], gas_limit: gases[i], to, signature };
        let protected = ty == 0 && protected.next().expect("as many bits as legacy transactions");
        out.push(assemble(ty, data, columns, protected).map_err(|why| reader.malformed(why))?);
    }
    Ok(out)
}

/// Type and RLP of the next entry of `tx_datas`.
fn take_data<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a [u8]), Error> {
    let ty = match reader.rest().first() {
        Some(ty @ (1 | 2 | 4)) => *ty,
        Some(0xc0..) => return Ok((0, reader.rlp_list()?)),
        _ => return Err(reader.malformed("a transaction is of a type that batches do not carry")),
    };
    reader.take(1)?;
    Ok((ty, reader.rlp_list()?))
}

/// Puts a transaction together again.
fn assemble(ty: u8, data: &[u8], columns: Columns, protected: bool) -> Result<Transaction, &'static str> {
    let Columns { chain_id, nonce, gas_limit, to, signature } = columns;
    Ok(match ty {
        0 => {
            let LegacyData { value, gas_price, data } = decode_list(data)?;
            let chain_id = protected.then_some(chain_id);
            Transaction::Legacy(Signed::new_unhashed(TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input: data }, signature))
        }
        1 => {
            let Eip2930Data { value, gas_price, data, access_list } = decode_list(data)?;
            Transaction::Eip2930(Signed::new_unhashed(
                TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input: data },
                signature,
            ))
        }
        2 => {
            let Eip1559Data { value, max_priority_fee_per_gas, max_fee_per_gas, data, access_list } = decode_list(data)?;
            let tx =
                TxEip1559 { chain_id, nonce, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, to, value, access_list, input: data };
            Transaction::Eip1559(Signed::new_unhashed(tx, signature))
        }
        _ => {
            let Eip7702Data { value, max_priority_fee_per_gas, max_fee_per_gas, data, access_list, authorization_list } =
                decode_list(data)?;
            let TxKind::Call(to) = to else { return Err("an EIP-7702 transaction creates a contract") };
            let tx = TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to,
                value,
                access_list,
                authorization_list,
                input: data,
            };
            Transaction::Eip7702(Signed::new_unhashed(tx, signature))
        }
    })
}

/// Decodes one list and demands that it ends where its header says.
fn decode_list<T: Decodable>(mut list: &[u8]) -> Result<T, &'static str> {
    debug_assert!(Header::decode(&mut &*list).is_ok_and(|h| h.list));
    match T::decode(&mut list) {
        Ok(value) if list.is_empty() => Ok(value),
        _ => Err("a transaction's data does not decode"),
    }
}
