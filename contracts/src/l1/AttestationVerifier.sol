// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Claim, IOutputVerifier} from "./IOutputVerifier.sol";

/// @title AttestationVerifier
/// @notice Accepts a claim when the prover's key signed it. This is the one place that decides what a proof is; a
///         validity proof would replace this contract and nothing else.
/// @dev The key can't be changed: another one is another verifier, which OutputProposals takes after its delay only. Were
///      it otherwise, whoever could change the key would have no delay to respect.
contract AttestationVerifier is IOutputVerifier {
    /// @notice First word of every signed message, so that no other message of the key can be taken for a claim.
    bytes32 public constant DOMAIN = keccak256("tributary/output-attestation/v1");

    /// @notice Chain id of the L2 chain that claims are about.
    uint256 public immutable l2ChainId;

    /// @notice Address of the key whose attestations count.
    address public immutable prover;

    /// @notice The zero address can't sign.
    error ZeroProver();

    /// @param prover_ Address of the key whose attestations count.
    /// @param l2ChainId_ Chain id of the L2 chain that claims are about.
    constructor(address prover_, uint256 l2ChainId_) {
        if (prover_ == address(0)) revert ZeroProver();
        prover = prover_;
        l2ChainId = l2ChainId_;
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
}
