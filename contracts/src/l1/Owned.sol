// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Owned
/// @notice An owner that is replaced in two steps, the second by the new one, and that never goes away.
abstract contract Owned is Ownable2Step {
    /// @notice Without an owner a chain that has stopped would stay so: hand ownership over instead.
    error OwnershipCannotBeRenounced();

    constructor(address owner) Ownable(owner) {}

    /// @notice Always refused.
    function renounceOwnership() public view override onlyOwner {
        revert OwnershipCannotBeRenounced();
    }
}
