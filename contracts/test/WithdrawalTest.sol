// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {StorageProof} from "./StorageProof.sol";
import {Withdrawals} from "../src/l1/Withdrawals.sol";

/// @notice Withdrawals that are on L2 as far as the L1 contracts can tell.
abstract contract WithdrawalTest is L1Test {
    address internal constant bob = address(0xB0B);
    uint256 internal constant locked = 500 ether;

    function withdrawalTo(address target, uint256 value, bytes memory data)
        internal
        pure
        returns (Withdrawals.Transaction memory)
    {
        return Withdrawals.Transaction(uint256(1) << 240, address(0x5E7D), target, value, 200_000, data);
    }

    /// @dev Proposes an output under which `withdrawal` is sent.
    function publish(Withdrawals.Transaction memory withdrawal)
        internal
        returns (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof)
    {
        bytes32 storageRoot;
        (storageRoot, proof) = StorageProof.amongSixteen(hashOf(withdrawal), keccak256("sibling"));
        rootProof = Withdrawals.OutputRootProof(0, keccak256("state"), storageRoot, keccak256("block"));
        index = outputs.gameCount();
        propose(outputs.latestBlockNumber() + 10, keccak256(abi.encode(rootProof)));
    }

    function prove(Withdrawals.Transaction memory withdrawal) internal returns (bytes32) {
        (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
        portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
        return hashOf(withdrawal);
    }

    function hashOf(Withdrawals.Transaction memory w) internal pure returns (bytes32) {
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }

    function ripen() internal {
        vm.warp(vm.getBlockTimestamp() + maturity + 1);
    }
}
