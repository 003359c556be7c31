// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title IShapleyAttribution
/// @notice The precompile at 0x00000000000000000000000000000000000A7703: exact Shapley values of a nearest-neighbour model.
/// @dev Values are in units of 2^-62. `version`, `topK` and the order of results are those of ISketchAttribution.
interface IShapleyAttribution is IAttributionErrors {
    /// @notice Shapley values of rows for the nearest neighbours' vote on a query's label.
    function knnShapley(uint256 setId, uint64 version, bytes calldata query, uint16 label, uint16 k, uint16 topK) external view returns (uint64[] memory rows, int256[] memory values);
    /// @notice The same, summed by contributor.
    function knnShapleyByContributor(uint256 setId, uint64 version, bytes calldata query, uint16 label, uint16 k, uint16 topK) external view returns (uint32[] memory contributors, int256[] memory values);
}
