// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title ITextAttribution
/// @notice The precompile at 0x00000000000000000000000000000000000A7704: which documents a text came from.
/// @dev `upTo` is the number of rows counted, 0 for all. `topK` bounds the result, 0 for all. Results are by credit
///      descending, then row or contributor ascending.
interface ITextAttribution is IAttributionErrors {
    /// @notice A run of words that was paid to one match. Offsets are bytes, ends exclusive; the two ranges hold the same words.
    ///         Runs stand in the order of payment; the scores of a row's runs sum to its credit.
    struct Evidence { uint64 row; uint32 outputStart; uint32 outputEnd; uint32 rowStart; uint32 rowEnd; uint64 score; }

    /// @param credits Weight in 1/256 bit of the output words that each row explains.
    /// @param explained Sum of all credits, also of those beyond `topK`.
    /// @param total Weight of all words of the output.
    function trace(uint256 setId, uint64 upTo, bytes calldata output, uint16 topK) external view returns (uint64[] memory rows, uint256[] memory credits, uint256 explained, uint256 total);

    function traceByContributor(uint256 setId, uint64 upTo, bytes calldata output, uint16 topK) external view returns (uint32[] memory contributors, uint256[] memory credits, uint256 explained, uint256 total);

    /// @param most Most runs returned, 0 for all.
    function evidence(uint256 setId, uint64 upTo, bytes calldata output, uint16 most) external view returns (Evidence[] memory);
}
