// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Builds Merkle-Patricia proofs that a withdrawal is marked as sent, for the portal's tests: in a trie of one
///         leaf, and in one of sixteen children.
library StorageProof {
    /// @dev Key of `sentMessages[withdrawalHash]`, slot 0, in the secured trie.
    function keyOf(bytes32 withdrawalHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
    }

    /// @dev The trie that holds nothing but the withdrawal.
    function alone(bytes32 withdrawalHash) internal pure returns (bytes32 root, bytes[] memory proof) {
        proof = new bytes[](1);
        // List of 35 bytes: compact path (33 bytes, even leaf: prefix 0x20), value RLP(1).
        proof[0] = abi.encodePacked(hex"e3a120", keyOf(withdrawalHash), hex"01");
        root = keccak256(proof[0]);
    }

    /// @dev A trie whose root is a branch; all its other children are `sibling`.
    function amongSixteen(bytes32 withdrawalHash, bytes32 sibling)
        internal
        pure
        returns (bytes32 root, bytes[] memory proof)
    {
        bytes32 key = keyOf(withdrawalHash);
        proof = new bytes[](2);
        // 63 nibbles remain: prefix 3 and the first of them share a byte, so the path is 32 bytes.
        proof[1] = abi.encodePacked(
            hex"e2a0", (key & (bytes32(type(uint256).max) >> 4)) | bytes32(uint256(3) << 252), hex"01"
        );
        bytes memory children;
        for (uint8 i = 0; i < 16; ++i) {
            bytes32 child = i == uint8(key[0]) >> 4 ? keccak256(proof[1]) : sibling;
            children = abi.encodePacked(children, hex"a0", child);
        }
        // List of 16 × 33 + 1 = 529 bytes; the branch itself has no value.
        proof[0] = abi.encodePacked(hex"f90211", children, hex"80");
        root = keccak256(proof[0]);
    }
}
