//! Signing a result for L1, as `contracts/src/l1/AttestationVerifier.sol` checks it.

use crate::{Error, RangeOutput};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};

/// The preimage of `AttestationVerifier.DOMAIN`.
const DOMAIN: &[u8] = b"tributary/output-attestation/v1";

/// What a prover attests: the contract's struct of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Hash of the L1 block up to which the blocks were derived.
    pub l1_head: B256,
    /// Number of the block before the first.
    pub start_block: u64,
    /// Number of the last block.
    pub end_block: u64,
    /// Output root before the first block.
    pub start_output_root: B256,
    /// Output root after the last block.
    pub output_root: B256,
}

impl Claim {
    /// The claim that executing the blocks which L1 prescribes up to `l1_head` gave `output`.
    pub const fn new(output: &RangeOutput, l1_head: B256) -> Self {
        Self {
            l1_head,
            start_block: output.start_block,
            end_block: output.end_block,
            start_output_root: output.start_output_root,
            output_root: output.end_output_root,
        }
    }

    /// The 32 bytes that are signed, without any prefix: `AttestationVerifier.digest` for the rollup with this chain id.
    pub fn digest(&self, l2_chain_id: u64) -> B256 {
        let (start, end) = (U256::from(self.start_block), U256::from(self.end_block));
        let words = (keccak256(DOMAIN), U256::from(l2_chain_id), self.l1_head, start, end, self.start_output_root, self.output_root);
        keccak256(words.abi_encode())
    }
}

/// A signed claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// What is attested.
    pub claim: Claim,
    /// What was signed.
    pub digest: B256,
    /// r ‖ s ‖ v, 65 bytes, v 27 or 28, low s.
    pub signature: Bytes,
    /// Address of the key.
    pub signer: Address,
}

/// Signs the result of [`prove`](crate::prove). `l1_head` is the hash of the L1 block up to which the caller derived these very blocks.
///
/// # Errors
/// [`Error::Signing`] when the key does not sign.
pub fn attest(output: &RangeOutput, l1_head: B256, key: &PrivateKeySigner) -> Result<Attestation, Error> {
    let claim = Claim::new(output, l1_head);
    let digest = claim.digest(output.chain_id);
    let signature = key.sign_hash_sync(&digest)?.normalized_s();
    Ok(Attestation { claim, digest, signature: signature.as_bytes().into(), signer: key.address() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Signature;

    fn output() -> RangeOutput {
        RangeOutput {
            chain_id: 630_925,
            start_block: 3,
            end_block: 9,
            start_output_root: B256::repeat_byte(1),
            end_output_root: B256::repeat_byte(2),
            end_hash: B256::repeat_byte(3),
        }
    }

    #[test]
    fn the_signature_recovers_to_the_key_and_ends_in_27_or_28() {
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        let attestation = attest(&output(), B256::repeat_byte(4), &key).unwrap();
        assert_eq!(attestation.signature.len(), 65);
        assert!(matches!(attestation.signature[64], 27 | 28));
        let signature = Signature::from_raw(&attestation.signature).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&attestation.digest).unwrap(), key.address());
    }

    #[test]
    fn every_field_of_a_claim_is_in_what_is_signed() {
        let claim = Claim::new(&output(), B256::repeat_byte(4));
        let changed = [
            Claim { l1_head: B256::ZERO, ..claim },
            Claim { start_block: 4, ..claim },
            Claim { end_block: 10, ..claim },
            Claim { start_output_root: B256::ZERO, ..claim },
            Claim { output_root: B256::ZERO, ..claim },
        ];
        assert!(changed.iter().all(|other| other.digest(630_925) != claim.digest(630_925)));
        assert_ne!(claim.digest(1), claim.digest(630_925));
    }
}
