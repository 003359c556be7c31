//! Deposits: what L1 says and L2 must include (specs: protocol/deposits, protocol/isthmus/l1-attributes,
//! protocol/jovian/l1-attributes).

use crate::{Error, L1Header, L1Log};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, b256};
use op_alloy_consensus::TxDeposit;
use tributary_primitives::{Block, L1Info, L2BlockRef, RollupConfig, SystemConfig, deposit_source_hash};

/// keccak256 of `TransactionDeposited(address,address,uint256,bytes)`.
pub const TRANSACTION_DEPOSITED: B256 = b256!("b3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32");

/// The deposits that the portal's logs of an L1 block prescribe, in order.
///
/// # Errors
/// [`Error::Deposit`] when a `TransactionDeposited` log of the portal cannot be decoded.
pub fn user_deposits(cfg: &RollupConfig, origin: &L1Header, logs: &[L1Log]) -> Result<Vec<TxDeposit>, Error> {
    logs.iter()
        .filter(|l| l.log.address == cfg.deposit_contract_address && l.log.topics().first() == Some(&TRANSACTION_DEPOSITED))
        .map(|l| decode_deposit(origin.hash, l).map_err(|why| Error::Deposit { l1_block: origin.number, log_index: l.index, why }))
        .collect()
}

/// Decodes `TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData)`.
fn decode_deposit(l1_block: B256, log: &L1Log) -> Result<TxDeposit, &'static str> {
    let &[_, from, to, version] = log.log.topics() else { return Err("it has not four topics") };
    if version != B256::ZERO {
        return Err("its version is unknown");
    }
    let data = abi_bytes(&log.log.data.data).ok_or("its data is not one ABI-encoded byte string")?;
    // Version 0 packs mint u256, value u256, gas limit u64 and the creation flag before the calldata.
    let (fixed, input) = data.split_at_checked(73).ok_or("its opaque data is too short")?;
    let mint = U256::from_be_slice(&fixed[..32]);
    let gas_limit = u64::from_be_bytes(fixed[64..72].try_into().expect("eight bytes"));
    Ok(TxDeposit {
        source_hash: deposit_source_hash(0, l1_block, log.index),
        from: Address::from_word(from),
        to: if fixed[72] == 0 { TxKind::Call(Address::from_word(to)) } else { TxKind::Create },
        mint: mint.try_into().map_err(|_| "it mints more than 2^128 wei")?,
        value: U256::from_be_slice(&fixed[32..64]),
        gas_limit,
        is_system_transaction: false,
        input: Bytes::copy_from_slice(input),
    })
}

/// The content of the ABI encoding of a single `bytes`.
pub(crate) fn abi_bytes(data: &[u8]) -> Option<&[u8]> {
    let (offset, rest) = data.split_at_checked(32)?;
    let (length, rest) = rest.split_at_checked(32)?;
    if U256::from_be_slice(offset) != U256::from(32) {
        return None;
    }
    let length = usize::try_from(U256::from_be_slice(length)).ok()?;
    let padding = rest.len().checked_sub(length)?;
    (padding < 32 && rest.len().is_multiple_of(32)).then(|| &rest[..length])
}

/// What the L2 block at this position of the epoch of L1 block `origin` tells about it, under system configuration `config`.
pub fn l1_info(cfg: &RollupConfig, origin: &L1Header, sequence_number: u64, config: &SystemConfig) -> L1Info {
    let (base_fee_scalar, blob_base_fee_scalar) = config.fee_scalars();
    let (operator_fee_scalar, operator_fee_constant) = config.operator_fee();
    L1Info {
        number: origin.number,
        timestamp: origin.timestamp,
        base_fee: U256::from(origin.base_fee),
        blob_base_fee: U256::from(origin.blob_base_fee),
        hash: origin.hash,
        sequence_number,
        batcher_hash: config.batcher_addr.into_word(),
        base_fee_scalar,
        blob_base_fee_scalar,
        operator_fee_scalar,
        operator_fee_constant,
        da_footprint_gas_scalar: cfg.is_jovian().then(|| config.da_footprint_gas_scalar()),
    }
}

/// What an L2 block other than genesis tells about L1.
///
/// # Errors
/// [`Error::Malformed`] when its first transaction is not the L1 attributes.
pub(crate) fn l1_info_of(block: &Block) -> Result<L1Info, Error> {
    L1Info::of_block(block).map_err(|why| Error::malformed("L2 block", why))
}

/// The reference of an L2 block: its origin and sequence number come from its L1-attributes transaction, those of genesis from `cfg`.
///
/// # Errors
/// [`Error::Malformed`] when the block is not genesis and does not begin with L1 attributes.
pub fn l2_block_ref(cfg: &RollupConfig, block: &Block, hash: B256) -> Result<L2BlockRef, Error> {
    let header = &block.header;
    let (l1_origin, sequence_number) = if header.number == cfg.genesis.l2.number {
        if hash != cfg.genesis.l2.hash {
            return Err(Error::malformed("L2 block", "its hash is not that of genesis"));
        }
        (cfg.genesis.l1, 0)
    } else {
        let info = l1_info_of(block)?;
        (info.origin(), info.sequence_number)
    };
    Ok(L2BlockRef { hash, number: header.number, parent_hash: header.parent_hash, timestamp: header.timestamp, l1_origin, sequence_number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_that_of_its_signature() {
        assert_eq!(alloy_primitives::keccak256("TransactionDeposited(address,address,uint256,bytes)"), TRANSACTION_DEPOSITED);
    }

    #[test]
    fn abi_bytes_must_be_padded_to_words_and_not_more() {
        let word = |n: u64| U256::from(n).to_be_bytes::<32>();
        let one = [word(32), word(1), [7; 32]].concat();
        assert_eq!(abi_bytes(&one), Some(&[7u8][..]));
        assert_eq!(abi_bytes(&one[..95]), None);
        assert_eq!(abi_bytes(&[one.as_slice(), &[0; 32]].concat()), None);
        assert_eq!(abi_bytes(&[word(64), word(1), [7; 32]].concat()), None);
        assert_eq!(abi_bytes(&[word(32), [0xff; 32]].concat()), None);
    }
}
