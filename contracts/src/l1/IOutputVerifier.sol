// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a prover attests: executing the L2 blocks `startBlock + 1 ..= endBlock`, as derived from the L1 chain
///         that ends in `l1Head`, on the state behind `startOutputRoot` leads to `outputRoot`.
struct Claim {
    bytes32 l1Head;
    uint256 startBlock;
    uint256 endBlock;
    bytes32 startOutputRoot;
    bytes32 outputRoot;
}

/// @title IOutputVerifier
/// @notice Decides what a proof is. OutputProposals asks one, and can be given another behind a delay.
interface IOutputVerifier {
    /// @notice Whether `proof` shows that `claim` is true.
    function isValid(Claim calldata claim, bytes calldata proof) external view returns (bool);
}
