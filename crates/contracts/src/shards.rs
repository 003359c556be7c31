//! Shards: what one append to the attribution store wrote, as the code of an account (ATTRIBUTION, "Data on chain").

use alloy_primitives::{Address, B256, U256, keccak256};

/// What a shard begins with. 0xEF code can be deployed by nobody (EIP-3541); A702 tells it from EIP-7702's EF01 and from the first edition's shards.
pub const MAGIC: [u8; 3] = [0xEF, 0xA7, 0x02];
/// The kind of a shard that holds a document: the byte behind [`MAGIC`].
pub const TEXT: u8 = 2;
/// Bytes before a shard's payload: `MAGIC ‖ kind u8 ‖ contributor u32 ‖ rows u32 ‖ born u64`.
pub const HEADER: usize = 20;
/// Bytes of a stored run. A document's are before it, behind their number in 4 bytes.
pub const RUN: usize = 20;

/// Where a shard is.
pub fn address(set: U256, index: u64) -> Address {
    let preimage = [b"tributary/shard".as_slice(), &set.to_be_bytes::<32>(), &index.to_be_bytes()].concat();
    Address::from_word(keccak256(preimage))
}

/// A set's running root after one more shard.
pub fn next_root(root: B256, code_hash: B256) -> B256 {
    keccak256([root.0, code_hash.0].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn a_shard_is_at_the_hash_of_its_set_and_index() {
        let preimage = hex!(
            "7472696275746172792f7368617264"
            "0000000000000000000000000000000000000000000000000000000000000001"
            "0000000000000203"
        );
        assert_eq!(address(U256::ONE, 0x0203), Address::from_slice(&keccak256(preimage)[12..]));
    }
}
