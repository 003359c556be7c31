//! Sealed blocks as a sequencer hands them to those who follow it: signed, so that whoever passes them on changes nothing.
//!
//! What is signed is `keccak256(domain ‖ chain id ‖ block hash)`, 32 bytes each; who signs is `unsafeBlockSigner` of the system configuration on L1, as for
//! the gossip of the OP Stack (specs, protocol/rollup-node-p2p), whose messages are others.

use alloy_primitives::{Address, B256, Bytes, Signature, U64, U256, b256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use serde::{Deserialize, Serialize};
use tributary_primitives::Block;

/// `keccak256("tributary.feed.1")`: keeps these signatures apart from all others.
const DOMAIN: B256 = b256!("0xb47a1c39617a2fd1a5aec9b842f5ac7ee6db9f5af413bbbce39f2618da458f46");

/// A sealed block with the sequencer's word for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedBlock {
    /// Its number.
    pub number: U64,
    /// Its hash.
    pub hash: B256,
    /// The block in RLP, as in `debug_getRawBlock`.
    pub block: Bytes,
    /// `r ‖ s ‖ v`.
    pub signature: Bytes,
}

/// Why a block of a feed is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// It is not what its number and hash say, or no block at all.
    #[error("block {0} of the feed is malformed")]
    Malformed(u64),
    /// Somebody else signed it.
    #[error("block {number} of the feed is signed by {found}, not by {expected}")]
    Signer {
        /// Of the block.
        number: u64,
        /// Who signed.
        found: Address,
        /// Whose signature counts.
        expected: Address,
    },
}

/// What a feed is signed with.
#[derive(Debug, Clone)]
pub struct FeedKey {
    key: PrivateKeySigner,
    chain_id: u64,
}

impl FeedKey {
    /// The key of a chain's sequencer.
    pub const fn new(key: PrivateKeySigner, chain_id: u64) -> Self {
        Self { key, chain_id }
    }

    /// Whose signatures these are.
    pub const fn address(&self) -> Address {
        self.key.address()
    }

    /// A block with a signature.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, block: &Block, hash: B256) -> Result<FeedBlock, alloy_signer::Error> {
        let signature = self.key.sign_hash_sync(&digest(self.chain_id, hash))?;
        Ok(FeedBlock {
            number: U64::from(block.header.number),
            hash,
            block: alloy_rlp::encode(block).into(),
            signature: signature.as_bytes().into(),
        })
    }
}

impl FeedBlock {
    /// The block, if it is what it says, and signed by `signer`.
    ///
    /// # Errors
    /// See [`FeedError`].
    pub fn open(&self, chain_id: u64, signer: Address) -> Result<Block, FeedError> {
        let number = self.number.to();
        let malformed = FeedError::Malformed(number);
        let Ok(signature) = Signature::from_raw(&self.signature) else { return Err(malformed) };
        let Ok(found) = signature.recover_address_from_prehash(&digest(chain_id, self.hash)) else { return Err(malformed) };
        if found != signer {
            return Err(FeedError::Signer { number, found, expected: signer });
        }
        let Ok(block) = alloy_rlp::decode_exact::<Block>(&self.block) else { return Err(malformed) };
        let is_it = block.header.number == number && block.header.hash_slow() == self.hash;
        if is_it { Ok(block) } else { Err(malformed) }
    }
}

fn digest(chain_id: u64, hash: B256) -> B256 {
    keccak256([DOMAIN, B256::from(U256::from(chain_id)), hash].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> FeedKey {
        FeedKey::new(PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap(), 7)
    }

    #[test]
    fn a_block_is_taken_from_its_signer_and_as_it_was_signed_only() {
        assert_eq!(DOMAIN, keccak256("tributary.feed.1"));
        let block = Block::default();
        let told = key(1).sign(&block, block.header.hash_slow()).unwrap();
        let ours = key(1).address();
        assert_eq!(told.open(7, ours).unwrap(), block);
        assert!(matches!(told.open(7, key(2).address()), Err(FeedError::Signer { .. })));
        assert!(matches!(told.open(8, ours), Err(FeedError::Signer { .. })), "of another chain");
        let mut other = Block::default();
        other.header.gas_limit = 1;
        let rlp: Bytes = alloy_rlp::encode(&other).into();
        for changed in [
            FeedBlock { block: rlp, ..told.clone() },
            FeedBlock { block: Bytes::new(), ..told.clone() },
            FeedBlock { number: U64::from(1), ..told.clone() },
            FeedBlock { signature: Bytes::new(), ..told.clone() },
        ] {
            assert!(matches!(changed.open(7, ours), Err(FeedError::Malformed(_))), "{changed:?}");
        }
        let other = FeedBlock { hash: other.header.hash_slow(), ..told };
        assert!(matches!(other.open(7, ours), Err(FeedError::Signer { .. })));
    }
}
