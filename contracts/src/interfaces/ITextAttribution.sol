// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title ITextAttribution
/// @notice The precompile at 0x00000000000000000000000000000000000A7704: whose words a text is made of.
/// @dev `version` is the set's version that is traced to, 0 for the newest. `topK` bounds the result, 0 for all. Weights are
///      in 1/256 bit. A credit belongs to the row that the words were matched in and to the row of their origin, where they
///      were first contributed: the origin's contributor is who earns.
interface ITextAttribution is IAttributionErrors {
    /// @notice A run of words that was paid to one match. Offsets are bytes, ends exclusive; the three ranges hold the same words:
    ///         in the output, in the row, and in the row of their origin. Runs stand in the order of payment.
    /// @param withheld Nobody is credited: the origin is withdrawn, or the words are closed there.
    struct Evidence { uint64 row; uint64 origin; uint32 outputStart; uint32 outputEnd; uint32 rowStart; uint32 rowEnd; uint32 originStart; uint32 originEnd; uint64 weight; bool withheld; }

    /// @param rows Rows and `origins` with a credit, by credit descending, then row, then origin ascending.
    /// @param explained Weight of the output words that are covered: all credits, also those beyond `topK`, and what is withheld.
    /// @param withheld The part of it that nobody is credited for.
    /// @param total Weight of all words of the output.
    function trace(uint256 setId, uint64 version, bytes calldata output, uint16 topK) external view returns (uint64[] memory rows, uint64[] memory origins, uint256[] memory credits, uint256 explained, uint256 withheld, uint256 total);

    /// @notice The same, summed by the contributors of the origins; by credit descending, then contributor ascending.
    function traceByContributor(uint256 setId, uint64 version, bytes calldata output, uint16 topK) external view returns (uint32[] memory contributors, uint256[] memory credits, uint256 explained, uint256 withheld, uint256 total);

    /// @param most Most runs returned, 0 for all.
    function evidence(uint256 setId, uint64 version, bytes calldata output, uint16 most) external view returns (Evidence[] memory);
}
