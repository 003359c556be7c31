//! Storage format 1: how keys and values are laid out. Frozen: a change makes a `v2.rs` and a migration, never an edit here.
//!
//! Blocks, transactions, receipts and trie nodes are in their canonical consensus encoding (RLP, EIP-2718).

use crate::{BlobSidecar, Error};
use alloy_consensus::Header;
use alloy_eips::{
    BlockNumHash,
    eip4844::{BYTES_PER_BLOB, Blob, Bytes48},
    eip4895::Withdrawals,
};
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use alloy_rlp::{Decodable, Encodable};
use nybbles::Nibbles;
use tributary_primitives::{Account, Receipt, Transaction};

/// This format's number.
pub(crate) const FORMAT: u32 = 1;

/// An account: `nonce length u8 (bit 7: has code) ‖ balance length u8 ‖ nonce ‖ balance ‖ code hash, if any`; numbers big-endian without leading zeros.
pub(crate) fn encode_account(account: &Account) -> Vec<u8> {
    let nonce = account.nonce.to_be_bytes();
    let nonce = &nonce[account.nonce.leading_zeros() as usize / 8..];
    let balance = account.balance.to_be_bytes_trimmed_vec();
    let code = if account.has_code() { 0x80 } else { 0 };
    let mut out = Vec::with_capacity(2 + nonce.len() + balance.len() + 32);
    out.push(nonce.len() as u8 | code);
    out.push(balance.len() as u8);
    out.extend_from_slice(nonce);
    out.extend_from_slice(&balance);
    if account.has_code() {
        out.extend_from_slice(account.code_hash.as_slice());
    }
    out
}

/// The inverse of [`encode_account`].
pub(crate) fn decode_account(bytes: &[u8]) -> Result<Account, Error> {
    let malformed = || Error::corrupt(format!("an account of {} bytes", bytes.len()));
    let [nonce_length, balance_length, rest @ ..] = bytes else { return Err(malformed()) };
    let (nonce_length, balance_length, has_code) =
        (usize::from(nonce_length & 0x7f), usize::from(*balance_length), nonce_length & 0x80 != 0);
    let expected = nonce_length + balance_length + if has_code { 32 } else { 0 };
    if nonce_length > 8 || balance_length > 32 || rest.len() != expected {
        return Err(malformed());
    }
    let (nonce, rest) = rest.split_at(nonce_length);
    let (balance, code) = rest.split_at(balance_length);
    Ok(Account {
        nonce: nonce.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
        balance: U256::from_be_slice(balance),
        code_hash: if has_code { B256::from_slice(code) } else { KECCAK256_EMPTY },
    })
}

/// An account that may not exist: empty when it does not.
pub(crate) fn decode_maybe_account(bytes: &[u8]) -> Result<Option<Account>, Error> {
    if bytes.is_empty() { Ok(None) } else { decode_account(bytes).map(Some) }
}

/// A slot's value: big-endian without leading zeros, so zero is empty.
pub(crate) fn encode_value(value: U256) -> Vec<u8> {
    value.to_be_bytes_trimmed_vec()
}

/// The inverse of [`encode_value`].
pub(crate) fn decode_value(bytes: &[u8]) -> Result<U256, Error> {
    U256::try_from_be_slice(bytes).ok_or_else(|| Error::corrupt(format!("a slot of {} bytes", bytes.len())))
}

/// A path in a trie: each nibble plus one, then zero. No path's key begins with another's, and a node lies right before those below it, so that
/// a change, which goes from a leaf to the root, touches few pages.
pub(crate) fn path_key(path: &Nibbles) -> Vec<u8> {
    path.iter().map(|nibble| nibble + 1).chain([0]).collect()
}

/// Takes a path off the front of `bytes`: its key and its nibbles.
pub(crate) fn take_path<'b>(bytes: &mut &'b [u8]) -> Result<(&'b [u8], Nibbles), Error> {
    let malformed = || Error::corrupt("a trie path is malformed");
    let length = bytes.iter().position(|byte| *byte == 0).ok_or_else(malformed)?;
    let (key, rest) = bytes.split_at(length + 1);
    if length > 64 || key.iter().any(|byte| *byte > 16) {
        return Err(malformed());
    }
    *bytes = rest;
    Ok((key, Nibbles::from_iter_unchecked(key[..length].iter().map(|byte| byte - 1))))
}

/// The key of an account's storage slot.
pub(crate) fn slot_key(address: Address, slot: U256) -> [u8; 52] {
    let mut key = [0; 52];
    key[..20].copy_from_slice(address.as_slice());
    key[20..].copy_from_slice(&slot.to_be_bytes::<32>());
    key
}

/// `key ‖ number`: a row of a history table.
pub(crate) fn at_block(key: &[u8], number: u64) -> Vec<u8> {
    [key, &number.to_be_bytes()].concat()
}

/// `key ‖ !number`: a row of a table of versions, of which the newest comes first.
pub(crate) fn version(key: &[u8], number: u64) -> Vec<u8> {
    [key, &(!number).to_be_bytes()].concat()
}

/// The inverse of [`version`].
pub(crate) fn decode_version(row: &[u8]) -> Result<(&[u8], u64), Error> {
    let (key, number) = row.split_last_chunk().ok_or_else(|| Error::corrupt("a version is cut off"))?;
    Ok((key, !u64::from_be_bytes(*number)))
}

/// `number ‖ index`: a row of a table in which a block has several.
pub(crate) fn indexed(number: u64, index: u32) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_be_bytes());
    key[8..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The inverse of [`indexed`].
pub(crate) fn decode_indexed(bytes: &[u8]) -> Result<(u64, u32), Error> {
    if bytes.len() != 12 {
        return Err(Error::corrupt(format!("a position of {} bytes", bytes.len())));
    }
    let (number, index) = bytes.split_at(8);
    Ok((decode_number(number)?, index.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))))
}

/// A block number.
pub(crate) fn decode_number(bytes: &[u8]) -> Result<u64, Error> {
    Ok(u64::from_be_bytes(bytes.try_into().map_err(|_| Error::corrupt(format!("a block number of {} bytes", bytes.len())))?))
}

/// A block's number and hash, as heads are stored.
pub(crate) fn encode_id(id: BlockNumHash) -> Vec<u8> {
    [id.number.to_be_bytes().as_slice(), id.hash.as_slice()].concat()
}

/// The inverse of [`encode_id`].
pub(crate) fn decode_id(bytes: &[u8]) -> Result<BlockNumHash, Error> {
    if bytes.len() != 40 {
        return Err(Error::corrupt(format!("a head of {} bytes", bytes.len())));
    }
    Ok(BlockNumHash { number: decode_number(&bytes[..8])?, hash: B256::from_slice(&bytes[8..]) })
}

/// A header with its hash in front.
pub(crate) fn encode_header(hash: B256, header: &Header) -> Vec<u8> {
    let mut out = hash.to_vec();
    header.encode(&mut out);
    out
}

/// The inverse of [`encode_header`].
pub(crate) fn decode_header(bytes: &[u8]) -> Result<(B256, Header), Error> {
    let hash = header_hash(bytes)?;
    let header = alloy_rlp::decode_exact(&bytes[32..]).map_err(|e| Error::corrupt(format!("header {hash}: {e}")))?;
    Ok((hash, header))
}

/// Only the hash of an encoded header.
pub(crate) fn header_hash(bytes: &[u8]) -> Result<B256, Error> {
    bytes.get(..32).map(B256::from_slice).ok_or_else(|| Error::corrupt("a header is cut off"))
}

/// What a block holds beside its header and transactions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) transactions: u32,
    pub(crate) ommers: Vec<Header>,
    pub(crate) withdrawals: Option<Withdrawals>,
}

impl Body {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = self.transactions.to_be_bytes().to_vec();
        self.ommers.encode(&mut out);
        if let Some(withdrawals) = &self.withdrawals {
            withdrawals.encode(&mut out);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let malformed = |e: alloy_rlp::Error| Error::corrupt(format!("a block body: {e}"));
        let (count, mut rest) = bytes.split_first_chunk::<4>().ok_or_else(|| malformed(alloy_rlp::Error::InputTooShort))?;
        let ommers = Vec::<Header>::decode(&mut rest).map_err(malformed)?;
        let withdrawals = if rest.is_empty() { None } else { Some(alloy_rlp::decode_exact(rest).map_err(malformed)?) };
        Ok(Self { transactions: u32::from_be_bytes(*count), ommers, withdrawals })
    }
}

/// A transaction with its sender in front.
pub(crate) fn encode_transaction(sender: Address, transaction: &Transaction) -> Vec<u8> {
    use alloy_eips::Encodable2718;
    let mut out = sender.to_vec();
    transaction.encode_2718(&mut out);
    out
}

/// The inverse of [`encode_transaction`].
pub(crate) fn decode_transaction(bytes: &[u8]) -> Result<(Address, Transaction), Error> {
    use alloy_eips::Decodable2718;
    let (sender, encoded) = bytes.split_first_chunk::<20>().ok_or_else(|| Error::corrupt("a transaction is cut off"))?;
    let transaction = Transaction::decode_2718_exact(encoded).map_err(|e| Error::corrupt(format!("a transaction: {e}")))?;
    Ok((sender.into(), transaction))
}

/// What [`encode_transaction`] got, still encoded.
pub(crate) fn encoded_transaction(bytes: &[u8]) -> &[u8] {
    bytes.get(20..).unwrap_or_default()
}

/// Only the hash of an encoded transaction (EIP-2718: that of its bytes).
pub(crate) fn transaction_hash(bytes: &[u8]) -> Result<B256, Error> {
    bytes.get(20..).map(keccak256).ok_or_else(|| Error::corrupt("a transaction is cut off"))
}

/// A receipt with the index of its first log in front.
pub(crate) fn encode_receipt(first_log: u32, receipt: &Receipt) -> Vec<u8> {
    let mut out = first_log.to_be_bytes().to_vec();
    receipt.encode_stored(&mut out);
    out
}

/// The inverse of [`encode_receipt`].
pub(crate) fn decode_receipt(bytes: &[u8]) -> Result<(u32, Receipt), Error> {
    let (first_log, mut rest) = bytes.split_first_chunk::<4>().ok_or_else(|| Error::corrupt("a receipt is cut off"))?;
    let receipt = Receipt::decode_stored(&mut rest).map_err(|e| Error::corrupt(format!("a receipt: {e}")))?;
    if rest.is_empty() { Ok((u32::from_be_bytes(*first_log), receipt)) } else { Err(Error::corrupt("a receipt has bytes after its end")) }
}

/// A row of `state_changes`.
pub(crate) enum StateChanges {
    Accounts(Vec<Address>),
    Slots(Address, Vec<U256>),
}

impl StateChanges {
    pub(crate) fn decode(row: &[u8]) -> Result<Self, Error> {
        match row {
            [0, addresses @ ..] if addresses.len() % 20 == 0 => Ok(Self::Accounts(addresses.chunks(20).map(Address::from_slice).collect())),
            [1, rest @ ..] if rest.len() >= 20 && rest.len() % 32 == 20 => {
                let (address, slots) = rest.split_at(20);
                Ok(Self::Slots(Address::from_slice(address), slots.chunks(32).map(U256::from_be_slice).collect()))
            }
            _ => Err(Error::corrupt("a list of changed slots is malformed")),
        }
    }
}

/// A row of `node_changes`.
pub(crate) struct NodeChanges<'r> {
    /// Empty for the account trie.
    pub(crate) owner: &'r [u8],
    /// Path keys.
    pub(crate) paths: Vec<&'r [u8]>,
}

impl<'r> NodeChanges<'r> {
    pub(crate) fn decode(row: &'r [u8]) -> Result<Self, Error> {
        let (owner, mut rest) = match row {
            [0, rest @ ..] => rest.split_at(0),
            [1, rest @ ..] if rest.len() >= 32 => rest.split_at(32),
            _ => return Err(Error::corrupt("a list of changed nodes is malformed")),
        };
        let mut paths = Vec::new();
        while !rest.is_empty() {
            paths.push(take_path(&mut rest)?.0);
        }
        Ok(Self { owner, paths })
    }
}

/// A blob: uses u32 ‖ commitment ‖ proof ‖ blob.
pub(crate) fn encode_blob(uses: u32, sidecar: &BlobSidecar) -> Vec<u8> {
    [uses.to_be_bytes().as_slice(), sidecar.commitment.as_slice(), sidecar.proof.as_slice(), sidecar.blob.as_slice()].concat()
}

/// In how many places of the chain a stored blob is used.
pub(crate) fn blob_uses(row: &[u8]) -> Result<u32, Error> {
    row.first_chunk().copied().map(u32::from_be_bytes).ok_or_else(|| Error::corrupt("a blob is cut off"))
}

/// The inverse of [`encode_blob`], without the uses.
pub(crate) fn decode_blob(versioned_hash: B256, row: &[u8]) -> Result<BlobSidecar, Error> {
    if row.len() != 4 + 48 + 48 + BYTES_PER_BLOB {
        return Err(Error::corrupt(format!("a blob of {} bytes", row.len())));
    }
    Ok(BlobSidecar {
        versioned_hash,
        commitment: Bytes48::from_slice(&row[4..52]),
        proof: Bytes48::from_slice(&row[52..100]),
        blob: Box::new(Blob::from_slice(&row[100..])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_every_length_read_back_and_parents_lie_before_children() {
        let nibbles: Vec<u8> = (0..64).map(|n| n % 16).collect();
        let mut previous = Vec::new();
        for length in 0..=64 {
            let path = Nibbles::from_nibbles(&nibbles[..length]);
            let key = path_key(&path);
            assert!(length == 0 || key > previous && !key.starts_with(&previous));
            let mut bytes = [key.as_slice(), &[7]].concat();
            bytes.push(7);
            let mut rest = bytes.as_slice();
            assert_eq!(take_path(&mut rest).unwrap(), (key.as_slice(), path));
            assert_eq!(rest, [7, 7]);
            previous = key;
        }
    }

    #[test]
    fn malformed_rows_are_errors() {
        assert!(take_path(&mut &[1, 2][..]).is_err());
        assert!(take_path(&mut &[17, 0][..]).is_err());
        assert!(take_path(&mut &[[1; 65].as_slice(), &[0]].concat()[..]).is_err());
        for bytes in [&[][..], &[0], &[9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[0x80, 0], &[1, 1, 7]] {
            assert!(decode_account(bytes).is_err());
        }
        assert!(decode_value(&[1; 33]).is_err());
        assert!(decode_header(&[0; 40]).is_err());
        assert!(decode_transaction(&[0; 30]).is_err());
        assert!(decode_receipt(&[0; 3]).is_err());
        assert!(decode_blob(B256::ZERO, &[0; 99]).is_err());
    }

    #[test]
    fn an_account_takes_as_many_bytes_as_its_numbers() {
        let account = Account { nonce: 0x102, balance: U256::from(5), code_hash: KECCAK256_EMPTY };
        assert_eq!(encode_account(&account), [2, 1, 1, 2, 5]);
        let contract = Account { nonce: 0, balance: U256::ZERO, code_hash: B256::repeat_byte(9) };
        assert_eq!(encode_account(&contract), [&[0x80, 0][..], &[9; 32]].concat());
        for account in [account, contract, Account { nonce: u64::MAX, balance: U256::MAX, code_hash: B256::ZERO }] {
            assert_eq!(decode_account(&encode_account(&account)).unwrap(), account);
        }
    }
}
