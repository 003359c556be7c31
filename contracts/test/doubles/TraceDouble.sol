// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Stands in for the text attribution precompile: the test says in the answer itself who is credited, so that the
///         money's way can be tested for every possible trace.
contract TraceDouble {
    /// @notice The "answer" is `abi.encode(contributors, credits, explained, total)`.
    function traceByContributor(uint256, uint64, bytes calldata output, uint16)
        external
        pure
        returns (uint32[] memory contributors, uint256[] memory credits, uint256 explained, uint256 total)
    {
        return abi.decode(output, (uint32[], uint256[], uint256, uint256));
    }
}
