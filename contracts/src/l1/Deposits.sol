// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Deposits
/// @notice Rules of the OP Stack's deposit event (specification, "Deposits"): encoding, aliasing, minimum gas.
library Deposits {
    /// @notice The only version of `opaqueData` there is.
    uint256 internal constant VERSION = 0;

    /// @notice A deposit of more data than this is refused; it bounds the size of a derived transaction.
    uint256 internal constant MAX_DATA = 120_000;

    /// @notice Added to the address of a contract, modulo 2^160.
    uint160 private constant ALIAS_OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @notice What the sender of a deposit asks for; all amounts in wei of OPEN.
    struct Request {
        address to;
        uint256 mint;
        uint256 value;
        uint64 gasLimit;
        bool isCreation;
        bytes data;
    }

    /// @notice Least L2 gas of a deposit with `byteCount` bytes of data. It pays for the bytes that every L2 node keeps:
    ///         they are part of what the deposit's L2 gas is bought for (DepositMeter).
    function minimumGasLimit(uint64 byteCount) internal pure returns (uint64) {
        return byteCount * 40 + 21_000;
    }

    /// @notice `mint u256 ‖ value u256 ‖ gasLimit u64 ‖ isCreation u8 ‖ data`.
    function opaqueData(Request memory request) internal pure returns (bytes memory) {
        return abi.encodePacked(request.mint, request.value, request.gasLimit, request.isCreation, request.data);
    }

    /// @notice L2 address under which an L1 contract acts, so that it can't be mistaken for an account with a key.
    function applyAlias(address sender) internal pure returns (address) {
        // Wrapping is the specification's arithmetic.
        unchecked {
            return address(uint160(sender) + ALIAS_OFFSET);
        }
    }
}
