// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title IRewardSplit
/// @notice The precompile at 0x00000000000000000000000000000000000A7705: largest-remainder split, exact to the wei.
interface IRewardSplit is IAttributionErrors {
    /// @param shares They sum to `pool`, or are all zero when every weight is.
    function split(uint256 pool, uint256[] calldata weights) external pure returns (uint256[] memory shares);
}
