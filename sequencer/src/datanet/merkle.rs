//! The tree over the documents of a commitment, as OpenZeppelin's `MerkleProof` checks it: the halves of a node are hashed in ascending order.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

/// Whose commitment, and to which datanet: what a leaf binds beside its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) chain_id: u64,
    pub(crate) datanets: Address,
    pub(crate) datanet: U256,
    pub(crate) author: Address,
    pub(crate) salt: B256,
}

impl Place {
    /// The leaf of document `index` (`IDatanetReview.leafOf`).
    pub(crate) fn leaf(&self, index: u32, document: &[u8]) -> B256 {
        let place = (U256::from(self.chain_id), self.datanets, self.datanet, self.author, self.salt, U256::from(index)).abi_encode();
        // Hashed twice: no leaf is an inner node, whose two halves have 64 bytes.
        let once = keccak256([keccak256(place).as_slice(), document].concat());
        keccak256(once.abi_encode())
    }
}

/// All levels of a tree, leaves first. A node without a neighbour goes up as it is.
#[derive(Debug)]
pub(crate) struct Tree(Vec<Vec<B256>>);

impl Tree {
    /// The tree over at least one leaf.
    pub(crate) fn of(leaves: Vec<B256>) -> Self {
        let mut levels = vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let above = level.chunks(2).map(|pair| if let [left, right] = pair { parent(*left, *right) } else { pair[0] }).collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// The root; zero of no leaves.
    pub(crate) fn root(&self) -> B256 {
        self.0.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The siblings on the way from a leaf to the root.
    pub(crate) fn proof(&self, mut index: usize) -> Vec<B256> {
        let mut proof = Vec::new();
        for level in &self.0 {
            proof.extend(level.get(index ^ 1));
            index /= 2;
        }
        proof
    }
}

fn parent(left: B256, right: B256) -> B256 {
    let (low, high) = if left <= right { (left, right) } else { (right, left) };
    keccak256([low.as_slice(), high.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_is_proved_and_no_other() {
        for count in 1..20u8 {
            let leaves: Vec<_> = (0..count).map(|n| keccak256([n])).collect();
            let tree = Tree::of(leaves.clone());
            for (index, leaf) in leaves.iter().enumerate() {
                let climb = |leaf: B256| tree.proof(index).into_iter().fold(leaf, parent);
                assert_eq!(climb(*leaf), tree.root(), "{index} of {count}");
                assert_ne!(climb(keccak256([200])), tree.root());
            }
        }
    }
}
