// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title SafeCall
/// @notice A call that is sure to get the gas that was promised to it, or isn't made.
library SafeCall {
    /// @dev Covers the call's own cost (cold account 2,600, memory) with room to spare.
    uint256 private constant CALL_COST = 40_000;

    /// @dev Left for the caller's work after the call: reset of the sender, one event.
    uint256 private constant RESERVED = 5_000 + CALL_COST;

    /// @notice The transaction carries too little gas to give `minGas` to the target: send it again with more.
    error NotEnoughGas(uint256 minGas);

    /// @notice Calls `target` with at least `minGas` gas and no value. Returns whether it succeeded; what it returns is not
    ///         copied, so that a target can't make the caller pay for memory.
    function callWithMinGas(address target, uint256 minGas, bytes memory data) internal returns (bool success) {
        // EIP-150: a call passes on at most 63/64 of what is left. `minGas` near 2^256 must not wrap to a small number,
        // and no transaction has 2^64 gas.
        if (minGas > type(uint64).max || gasleft() * 63 < minGas * 64 + RESERVED * 63) revert NotEnoughGas(minGas);
        assembly ("memory-safe") {
            success := call(gas(), target, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
