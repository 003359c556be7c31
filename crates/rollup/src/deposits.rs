//! Deposits: what L1 says and L2 must include (specs: protocol/deposits, protocol/isthmus/l1-attributes).

use crate::{Error, L1Header, L1Log};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, b256, keccak256};
use op_alloy_consensus::TxDeposit;
use tributary_primitives::{Block, L2BlockRef, RollupConfig, SystemConfig, rollup::predeploys};

/// keccak256 of `TransactionDeposited(address,address,uint256,bytes)`.
pub const TRANSACTION_DEPOSITED: B256 = b256!("b3813568d9991fc951961fcb4c784893574240a28925604d09fc577c55bb7c32");

/// First four bytes of keccak256 of `setL1BlockValuesIsthmus()`.
pub const SET_L1_BLOCK_VALUES_ISTHMUS: [u8; 4] = [0x09, 0x89, 0x99, 0xbe];

/// Gas limit of the L1-attributes transaction (since Regolith).
const L1_ATTRIBUTES_GAS: u64 = 1_000_000;

/// Length of the packed calldata of `setL1BlockValuesIsthmus`.
const L1_ATTRIBUTES_CALLDATA: usize = 176;

/// keccak256(domain ‖ keccak256(l1 block hash ‖ index)) (specs: protocol/deposits#source-hash-computation).
fn source_hash(domain: u64, l1_block: B256, index: u64) -> B256 {
    let mut id = [0u8; 64];
    id[..32].copy_from_slice(l1_block.as_slice());
    id[56..].copy_from_slice(&index.to_be_bytes());
    let mut preimage = [0u8; 64];
    preimage[24..32].copy_from_slice(&domain.to_be_bytes());
    preimage[32..].copy_from_slice(keccak256(id).as_slice());
    keccak256(preimage)
}

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
        source_hash: source_hash(0, l1_block, log.index),
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

/// What the first transaction of each L2 block tells the `L1Block` contract about L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L1Info {
    /// Number of the L1 origin.
    pub number: u64,
    /// Timestamp of the L1 origin, seconds.
    pub timestamp: u64,
    /// Base fee of the L1 origin, wei per gas.
    pub base_fee: U256,
    /// Blob base fee of the L1 origin, wei per blob gas.
    pub blob_base_fee: U256,
    /// Hash of the L1 origin.
    pub hash: B256,
    /// Position of the L2 block in its epoch.
    pub sequence_number: u64,
    /// The batcher's address as a version 0 batcher hash.
    pub batcher_hash: B256,
    /// Ecotone base fee scalar.
    pub base_fee_scalar: u32,
    /// Ecotone blob base fee scalar.
    pub blob_base_fee_scalar: u32,
    /// Isthmus operator fee scalar.
    pub operator_fee_scalar: u32,
    /// Isthmus operator fee constant.
    pub operator_fee_constant: u64,
}

impl L1Info {
    /// The attributes of L1 block `origin` under system configuration `config`.
    pub fn new(origin: &L1Header, sequence_number: u64, config: &SystemConfig) -> Self {
        let (base_fee_scalar, blob_base_fee_scalar) = config.fee_scalars();
        let (operator_fee_scalar, operator_fee_constant) = config.operator_fee();
        Self {
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
        }
    }

    /// Calldata of `setL1BlockValuesIsthmus`: 176 packed bytes.
    pub fn encode_calldata(&self) -> Bytes {
        let mut out = Vec::with_capacity(L1_ATTRIBUTES_CALLDATA);
        out.extend_from_slice(&SET_L1_BLOCK_VALUES_ISTHMUS);
        out.extend_from_slice(&self.base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.blob_base_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.sequence_number.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.base_fee.to_be_bytes::<32>());
        out.extend_from_slice(&self.blob_base_fee.to_be_bytes::<32>());
        out.extend_from_slice(self.hash.as_slice());
        out.extend_from_slice(self.batcher_hash.as_slice());
        out.extend_from_slice(&self.operator_fee_scalar.to_be_bytes());
        out.extend_from_slice(&self.operator_fee_constant.to_be_bytes());
        out.into()
    }

    /// The inverse of [`Self::encode_calldata`].
    ///
    /// # Errors
    /// [`Error::Malformed`] when length or selector differ.
    pub fn decode_calldata(data: &[u8]) -> Result<Self, Error> {
        let Some(data) = data.strip_prefix(&SET_L1_BLOCK_VALUES_ISTHMUS) else {
            return Err(Error::malformed("L1 attributes", "the selector is not setL1BlockValuesIsthmus"));
        };
        if data.len() != L1_ATTRIBUTES_CALLDATA - 4 {
            return Err(Error::malformed("L1 attributes", "the length is not 176 bytes"));
        }
        let u32_at = |at: usize| u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"));
        let u64_at = |at: usize| u64::from_be_bytes(data[at..at + 8].try_into().expect("eight bytes"));
        Ok(Self {
            base_fee_scalar: u32_at(0),
            blob_base_fee_scalar: u32_at(4),
            sequence_number: u64_at(8),
            timestamp: u64_at(16),
            number: u64_at(24),
            base_fee: U256::from_be_slice(&data[32..64]),
            blob_base_fee: U256::from_be_slice(&data[64..96]),
            hash: B256::from_slice(&data[96..128]),
            batcher_hash: B256::from_slice(&data[128..160]),
            operator_fee_scalar: u32_at(160),
            operator_fee_constant: u64_at(164),
        })
    }

    /// The L1-attributes transaction that carries this.
    pub fn to_deposit(&self) -> TxDeposit {
        TxDeposit {
            source_hash: source_hash(1, self.hash, self.sequence_number),
            from: predeploys::DEPOSITOR,
            to: TxKind::Call(predeploys::L1_BLOCK),
            mint: 0,
            value: U256::ZERO,
            gas_limit: L1_ATTRIBUTES_GAS,
            is_system_transaction: false,
            input: self.encode_calldata(),
        }
    }

    /// Reads the first transaction of an L2 block other than genesis.
    ///
    /// # Errors
    /// [`Error::Malformed`] when that is not an L1-attributes transaction.
    pub fn of_block(block: &Block) -> Result<Self, Error> {
        let deposit = block.body.transactions.first().and_then(|tx| tx.as_deposit());
        let deposit = deposit.ok_or(Error::malformed("L2 block", "its first transaction is not a deposit"))?;
        if deposit.from != predeploys::DEPOSITOR || deposit.to != TxKind::Call(predeploys::L1_BLOCK) {
            return Err(Error::malformed("L2 block", "its first transaction is not the L1 attributes"));
        }
        Self::decode_calldata(&deposit.input)
    }

    /// Number and hash of the L1 origin.
    pub const fn origin(&self) -> BlockNumHash {
        BlockNumHash { number: self.number, hash: self.hash }
    }

    /// The batcher's address.
    pub fn batcher(&self) -> Address {
        Address::from_word(self.batcher_hash)
    }
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
        let info = L1Info::of_block(block)?;
        (info.origin(), info.sequence_number)
    };
    Ok(L2BlockRef { hash, number: header.number, parent_hash: header.parent_hash, timestamp: header.timestamp, l1_origin, sequence_number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_and_selector_are_those_of_their_signatures() {
        assert_eq!(keccak256("TransactionDeposited(address,address,uint256,bytes)"), TRANSACTION_DEPOSITED);
        assert_eq!(keccak256("setL1BlockValuesIsthmus()")[..4], SET_L1_BLOCK_VALUES_ISTHMUS);
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
