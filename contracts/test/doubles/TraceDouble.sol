// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Stands in for the text attribution precompile: the test says in the answer itself who is credited, so that the
///         money's way can be tested for every possible trace.
contract TraceDouble {
    /// @dev To the real one 0 means "all rows" and "all contributors", which no contract of ours may ask for: rows that came after the question would
    ///      be traced to, and the gas of paying would have no bound.
    error Unbounded();

    /// @notice The "answer" is `abi.encode(contributors, credits, explained, total)`.
    function traceByContributor(uint256, uint64 upTo, bytes calldata output, uint16 topK)
        external
        pure
        returns (uint32[] memory contributors, uint256[] memory credits, uint256 explained, uint256 total)
    {
        if (upTo == 0 || topK == 0) revert Unbounded();
        return abi.decode(output, (uint32[], uint256[], uint256, uint256));
    }
}
