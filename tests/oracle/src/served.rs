//! Blocks as nodes serve them over JSON-RPC, decoded by the types that kona uses and held against every hash that they contain.

use crate::{Attributes, Error, Jovian, L1Block, holocene_extra_data, isthmus_attributes};
use alloy_consensus_1::{
    Block, BlockBody, EMPTY_OMMER_ROOT_HASH, Header, ReceiptEnvelope, TxEnvelope,
    proofs::{calculate_receipt_root, calculate_transaction_root, calculate_withdrawals_root},
};
use alloy_eips_1::{Encodable2718, eip4844::kzg_to_versioned_hash, eip4895::Withdrawals};
use alloy_primitives::{B64, B256, Bytes, keccak256};
use kona_protocol::OutputRoot;
use op_alloy_consensus_0::{OpReceiptEnvelope, OpTxEnvelope};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An L2 block.
#[derive(Debug, Clone)]
pub struct L2Block {
    /// keccak256 of the header's RLP.
    pub hash: B256,
    /// RLP of the block.
    pub rlp: Bytes,
    /// What the block must have been built from. `derived_from` is 0, since a block does not know it.
    pub attributes: Attributes,
    /// Storage root of the message passer, which the header commits to since Isthmus.
    pub withdrawals_root: B256,
    /// The output root (specs: protocol/proposals#l2-output-commitment-construction), by kona.
    pub output_root: B256,
    /// For each transaction whether it succeeded.
    pub succeeded: Vec<bool>,
    /// What a block of Jovian holds that its attributes, in the form of Isthmus, do not; none of genesis, which has no L1 attributes.
    pub jovian: Option<Jovian>,
}

/// An L1 block: `block` is what `eth_getBlockByNumber` answers with full transactions, `receipts` what `eth_getBlockReceipts` does, `sidecars`
/// what the beacon API answers at `blob_sidecars`.
///
/// # Errors
/// [`Error::Input`] when something does not decode or does not give the hash that it should. Blobs are held against nothing but the names that
/// their commitments give them.
pub fn served_l1_block(block: &Value, receipts: &Value, sidecars: &Value) -> Result<L1Block, Error> {
    let header = header(block)?;
    let transactions: Vec<TxEnvelope> = field(block, "transactions")?;
    let raw = encoded(&transactions, &block["transactions"])?;
    equal("transactions root", calculate_transaction_root(&transactions), header.transactions_root)?;
    let withdrawals: Option<Withdrawals> = field(block, "withdrawals")?;
    equal("withdrawals root", withdrawals.map(|withdrawals| calculate_withdrawals_root(&withdrawals)), header.withdrawals_root)?;
    let receipts: Vec<ReceiptEnvelope> = decode("receipts", receipts)?;
    equal("receipts root", calculate_receipt_root(&receipts), header.receipts_root)?;
    let blob = |sidecar: &Value| {
        let (commitment, blob): (Bytes, Bytes) = (field(sidecar, "kzg_commitment")?, field(sidecar, "blob")?);
        Ok((kzg_to_versioned_hash(&commitment), blob))
    };
    let blobs: Vec<Value> = field(sidecars, "data")?;
    Ok(L1Block {
        header: alloy_rlp::encode(&header).into(),
        transactions: raw,
        receipts: receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect(),
        blobs: blobs.iter().map(blob).collect::<Result<_, Error>>()?,
    })
}

/// An L2 block: `block` is what `eth_getBlockByNumber` answers with full transactions, `receipts` what `eth_getBlockReceipts` does.
///
/// # Errors
/// [`Error::Input`] when something does not decode, does not give the hash that it should, or is not as Isthmus or Jovian demands.
pub fn served_l2_block(block: &Value, receipts: &Value) -> Result<L2Block, Error> {
    let header = header(block)?;
    let hash = header.hash_slow();
    let transactions: Vec<OpTxEnvelope> = field(block, "transactions")?;
    let mut raw = encoded(&transactions, &block["transactions"])?;
    equal("transactions root", calculate_transaction_root(&transactions), header.transactions_root)?;
    let receipts: Vec<OpReceiptEnvelope> = decode("receipts", receipts)?;
    equal("receipts root", calculate_receipt_root(&receipts), header.receipts_root)?;
    equal("ommers hash", header.ommers_hash, EMPTY_OMMER_ROOT_HASH)?;
    let withdrawals: Withdrawals = field(block, "withdrawals")?;
    equal("withdrawals", withdrawals.len(), 0)?;
    let withdrawals_root = header.withdrawals_root.ok_or_else(|| Error::Input("no withdrawals root".into()))?;
    let (mut extra_data, mut jovian) = (header.extra_data.clone(), None);
    if extra_data.first() == Some(&1) {
        let (holocene, min_base_fee) = holocene_extra_data(&extra_data)?;
        extra_data = holocene;
        if let Some(first) = raw.first_mut() {
            let (isthmus, da_footprint_gas_scalar) = isthmus_attributes(first)?;
            *first = isthmus;
            jovian = Some(Jovian { min_base_fee, da_footprint_gas_scalar });
        }
    }
    let attributes = Attributes {
        timestamp: header.timestamp,
        prev_randao: header.mix_hash,
        fee_recipient: header.beneficiary,
        parent_beacon_block_root: header.parent_beacon_block_root.ok_or_else(|| Error::Input("no parent beacon block root".into()))?,
        transactions: raw,
        no_tx_pool: true,
        gas_limit: header.gas_limit,
        eip1559_params: eip1559_params(&extra_data)?,
        parent: header.parent_hash,
        derived_from: 0,
    };
    let output_root = OutputRoot::from_parts(header.state_root, withdrawals_root, hash).hash();
    let body = BlockBody { transactions, ommers: Vec::new(), withdrawals: Some(withdrawals) };
    let rlp = alloy_rlp::encode(Block { header, body }).into();
    let succeeded = receipts.iter().map(OpReceiptEnvelope::status).collect();
    Ok(L2Block { hash, rlp, attributes, withdrawals_root, output_root, succeeded, jovian })
}

/// The header, if it gives the hash that is served with it.
fn header(block: &Value) -> Result<Header, Error> {
    let header: Header = decode("header", block)?;
    equal("block hash", header.hash_slow(), field(block, "hash")?)?;
    Ok(header)
}

/// EIP-2718 bytes of transactions, if they give the hashes that are served with them.
fn encoded(transactions: &[impl Encodable2718], served: &Value) -> Result<Vec<Bytes>, Error> {
    let one = |(tx, served): (_, &Value)| {
        let bytes = Bytes::from(Encodable2718::encoded_2718(tx));
        equal("transaction hash", keccak256(&bytes), field(served, "hash")?)?;
        Ok(bytes)
    };
    transactions.iter().zip(served.as_array().into_iter().flatten()).map(one).collect()
}

/// Denominator and elasticity, which Holocene puts after a version byte (specs: protocol/holocene/exec-engine).
fn eip1559_params(extra_data: &Bytes) -> Result<B64, Error> {
    match extra_data.split_first() {
        Some((0, params)) => B64::try_from(params).map_err(|_| Error::Input(format!("extra data {extra_data}"))),
        _ => Err(Error::Input(format!("extra data {extra_data}"))),
    }
}

fn field<T: DeserializeOwned>(of: &Value, name: &str) -> Result<T, Error> {
    decode(name, &of[name])
}

fn decode<T: DeserializeOwned>(what: &str, value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|e| Error::Input(format!("{what}: {e}")))
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Input(format!("{what} is {found:?}, not {expected:?}"))) }
}
