//! Jovian, which kona 0.4.5 does not know. What it adds to a format is taken out before kona reads it, so that kona has an opinion of all the rest; what
//! was taken out is for the caller to judge (specs: protocol/jovian).

use crate::Error;
use alloy_consensus_1::Receipt;
use alloy_eips_1::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, b256};
use op_alloy_consensus_0::{OpBlock, OpTxEnvelope, TxDeposit};
use serde_json::Value;

/// Selectors of the L1 attributes.
const ISTHMUS: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];
const JOVIAN: [u8; 4] = [0x3d, 0xb6, 0xbe, 0x2b];

/// keccak256 of `ConfigUpdate(uint256,uint8,bytes)`.
const CONFIG_UPDATE: B256 = b256!("1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be");

/// What Jovian adds to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jovian {
    /// In the header's extra data, wei.
    pub min_base_fee: u64,
    /// In the L1 attributes.
    pub da_footprint_gas_scalar: u16,
}

/// Takes Jovian out of rollup.json; tells whether it was there.
pub(crate) fn take_from_config(config: &mut Value) -> bool {
    let Some(object) = config.as_object_mut() else { return false };
    let active = object.remove("jovian_time").is_some_and(|time| time.is_number());
    if let Some(genesis) = object.get_mut("genesis").and_then(|genesis| genesis["system_config"].as_object_mut()) {
        genesis.remove("minBaseFee");
        genesis.remove("daFootprintGasScalar");
    }
    active
}

/// The L1 attributes transaction as Isthmus has it, and the DA footprint gas scalar that it loses.
///
/// # Errors
/// [`Error::Input`] when it is not one of Jovian.
pub fn isthmus_attributes(transaction: &[u8]) -> Result<(Bytes, u16), Error> {
    let wrong = || Error::Input(format!("L1 attributes {}", Bytes::copy_from_slice(transaction)));
    let Ok(OpTxEnvelope::Deposit(deposit)) = OpTxEnvelope::decode_2718(&mut &*transaction) else { return Err(wrong()) };
    let (deposit, scalar) = isthmus_deposit(deposit.into_inner()).ok_or_else(wrong)?;
    Ok((deposit.encoded_2718().into(), scalar))
}

fn isthmus_deposit(deposit: TxDeposit) -> Option<(TxDeposit, u16)> {
    let (values, scalar) = deposit.input.strip_prefix(&JOVIAN)?.split_last_chunk()?;
    let input = [&ISTHMUS[..], values].concat().into();
    (values.len() == 172).then(|| (TxDeposit { input, ..deposit }, u16::from_be_bytes(*scalar)))
}

/// A header's extra data as Holocene has it, and the minimum base fee that it loses.
///
/// # Errors
/// [`Error::Input`] when it is not of Jovian.
pub fn holocene_extra_data(extra: &[u8]) -> Result<(Bytes, u64), Error> {
    match extra.split_last_chunk::<8>() {
        Some(([1, params @ ..], minimum)) if params.len() == 8 => Ok(([&[0], params].concat().into(), u64::from_be_bytes(*minimum))),
        _ => Err(Error::Input(format!("extra data {}", Bytes::copy_from_slice(extra)))),
    }
}

/// A block that kona reads. Its hash is no more what it was.
pub(crate) fn isthmus_block(mut block: OpBlock) -> Result<OpBlock, Error> {
    block.header.extra_data = holocene_extra_data(&block.header.extra_data)?.0;
    if let Some(OpTxEnvelope::Deposit(first)) = block.body.transactions.first_mut() {
        let (deposit, _) = isthmus_deposit(first.inner().clone()).ok_or_else(|| Error::Input("L1 attributes".into()))?;
        *first = alloy_consensus_1::Sealable::seal_slow(deposit);
    }
    Ok(block)
}

/// Makes nobody's of the updates of what Jovian has the system configuration hold; kona halts at them. Their places stay: deposits are counted by logs.
pub(crate) fn hide_updates(system_config: Address, receipts: &mut [Receipt]) {
    for log in receipts.iter_mut().flat_map(|receipt| &mut receipt.logs) {
        let kinds = [B256::with_last_byte(6), B256::with_last_byte(7)];
        if log.address == system_config && matches!(log.topics(), [CONFIG_UPDATE, _, kind] if kinds.contains(kind)) {
            log.address = Address::ZERO;
        }
    }
}
