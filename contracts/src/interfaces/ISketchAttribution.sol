// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title ISketchAttribution
/// @notice The precompile at 0x00000000000000000000000000000000000A7702: influence from whitened sketches.
/// @dev A query is `dim` bytes, each an i8. `version` is the set's version, 0 for the newest; rows that are withdrawn at it do not score. `topK`
///      bounds the result, 0 for all. Scores that are zero are left out; results are by score descending, then index ascending.
interface ISketchAttribution is IAttributionErrors {
    /// @param scores dot(row, query) * 2^(63 - exponent); negative ones come last.
    /// @param positive Sum of the positive scores of all rows that score.
    /// @param negative Sum of the negative ones.
    function influence(uint256 setId, uint64 version, bytes calldata query, uint16 topK) external view returns (uint64[] memory rows, int256[] memory scores, int256 positive, int256 negative);

    /// @param queries One to eight; their scores are summed before the positive part of each contributor's sum is taken.
    /// @param positive Sum of the positive parts of all contributors.
    function influenceByContributor(uint256 setId, uint64 version, bytes[] calldata queries, uint16 topK) external view returns (uint32[] memory contributors, int256[] memory scores, int256 positive);

    /// @notice DataInf's closed form. All rows that score must have the same exponent.
    function dataInf(uint256 setId, uint64 version, bytes calldata query, uint64 lambda, uint16 topK) external view returns (uint64[] memory rows, int256[] memory scores);
}
