// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Eoa
/// @notice Whether a caller is an account with a key, which acts under the same address on both layers.
library Eoa {
    /// @notice The sender of the transaction, or an account whose code is an EIP-7702 delegation (`0xef0100 ‖ address`): it is
    ///         called by somebody else then, a sponsor say. No contract can have such code, since none beginning with
    ///         0xef can be deployed (EIP-3541).
    function isCaller() internal view returns (bool) {
        if (msg.sender == tx.origin) return true;
        return msg.sender.code.length == 23 && bytes3(msg.sender.code) == 0xef0100;
    }
}
