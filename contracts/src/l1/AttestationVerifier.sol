// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice What a prover attests: executing the L2 blocks `startBlock + 1 ..= endBlock`, as derived from the L1 chain
///         that ends in `l1Head`, on the state behind `startOutputRoot` leads to `outputRoot`.
struct Claim {
    bytes32 l1Head;
    uint256 startBlock;
    uint256 endBlock;
    bytes32 startOutputRoot;
    bytes32 outputRoot;
}

/// @title AttestationVerifier
/// @notice Accepts a claim when the prover's key signed it. This is the one place that decides what a proof is; a
///         validity proof would replace this contract and nothing else.
contract AttestationVerifier is Ownable {
    /// @notice First word of every signed message, so that no other message of the key can be taken for a claim.
    bytes32 public constant DOMAIN = keccak256("tributary/output-attestation/v1");

    /// @notice Chain id of the L2 chain that claims are about.
    uint256 public immutable l2ChainId;

    /// @notice Address of the key whose attestations count.
    address public prover;

    event ProverChanged(address indexed previous, address indexed current);

    /// @notice The zero address can't sign.
    error ZeroProver();

    constructor(address owner, address prover_, uint256 l2ChainId_) Ownable(owner) {
        l2ChainId = l2ChainId_;
        _setProver(prover_);
    }

    function setProver(address newProver) external onlyOwner {
        _setProver(newProver);
    }

    /// @notice The 32 bytes that the prover signs, without any prefix.
    function digest(Claim calldata claim) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN,
                l2ChainId,
                claim.l1Head,
                claim.startBlock,
                claim.endBlock,
                claim.startOutputRoot,
                claim.outputRoot
            )
        );
    }

    /// @notice Whether `attestation` (65 bytes: r ‖ s ‖ v, v 27 or 28, low s) is the prover's signature of `claim`.
    function isValid(Claim calldata claim, bytes calldata attestation) external view returns (bool) {
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecover(digest(claim), attestation);
        return err == ECDSA.RecoverError.NoError && signer == prover;
    }

    function _setProver(address newProver) private {
        if (newProver == address(0)) revert ZeroProver();
        emit ProverChanged(prover, newProver);
        prover = newProver;
    }
}
