// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../interfaces/IInference.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Vouchers
/// @notice How answers are chained, and what payers and operators sign (EIP-712).
library Vouchers {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Tributary Inference");
    bytes32 private constant VERSION = keccak256("1");
    bytes32 private constant VOUCHER =
        keccak256("Voucher(uint256 session,uint32 count,uint256 amount,bytes32 answers)");
    bytes32 private constant RECEIPT = keccak256("Receipt(uint256 session,uint32 index,bytes32 promptHash)");

    /// @dev Computed each time: on a fork of the chain, no stored one would be right.
    function separator() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, Predeploys.INFERENCE));
    }

    function voucher(uint256 sessionId, uint32 count, uint256 amount, bytes32 answers) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(VOUCHER, sessionId, count, amount, answers)));
    }

    function receipt(uint256 sessionId, uint32 index, bytes32 promptHash) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(RECEIPT, sessionId, index, promptHash)));
    }

    /// @notice The chain's end after these answers, and what they cost.
    function chain(bytes32 head, uint32 first, IInference.Answer[] calldata answers)
        internal
        pure
        returns (bytes32, uint256 amount)
    {
        for (uint256 i = 0; i < answers.length; ++i) {
            IInference.Answer calldata answer = answers[i];
            uint32 index = first + uint32(i);
            if (answer.output.length == 0) revert IInference.EmptyAnswer(index);
            IInference.Link memory link =
                IInference.Link(answer.promptHash, keccak256(answer.output), keccak256(answer.query), answer.amount);
            head = extend(head, index, link);
            amount += answer.amount;
        }
        return (head, amount);
    }

    function extend(bytes32 head, uint32 index, IInference.Link memory link) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, index, link.promptHash, link.outputHash, link.queryHash, link.amount));
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", separator(), structHash));
    }
}
