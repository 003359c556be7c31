// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "../../src/interfaces/IAttributionErrors.sol";

/// @notice Stands in for the sketch attribution precompile: a query says in itself how much each contributor scores.
contract SketchDouble is IAttributionErrors {
    /// @dev No contract of ours may ask for the newest version, or for contributors without a bound.
    error Unbounded();

    struct Found {
        uint32[] contributors;
        int256[] scores;
        uint256 count;
    }

    /// @notice A query is `abi.encode(contributors, scores)`.
    function influenceByContributor(uint256, uint64 version, bytes[] calldata queries, uint16 topK)
        external
        pure
        returns (uint32[] memory, int256[] memory, int256 positive)
    {
        if (version == 0 || topK == 0) revert Unbounded();
        if (queries.length == 0 || queries.length > 8) revert InvalidBatch(queries.length);
        Found memory found;
        (found.contributors, found.scores) = (new uint32[](8_192), new int256[](8_192));
        for (uint256 i = 0; i < queries.length; ++i) {
            add(found, queries[i]);
        }
        for (uint256 i = 0; i < found.count; ++i) {
            if (found.scores[i] > 0) positive += found.scores[i];
        }
        rank(found);
        uint256 length = found.count < topK ? found.count : topK;
        (uint32[] memory contributors, int256[] memory scores) = (found.contributors, found.scores);
        assembly ("memory-safe") {
            mstore(contributors, length)
            mstore(scores, length)
        }
        return (contributors, scores, positive);
    }

    function add(Found memory found, bytes calldata query) private pure {
        (uint32[] memory contributors, int256[] memory scores) = abi.decode(query, (uint32[], int256[]));
        // A query of thousands of contributors stands alone, and in order.
        if (contributors.length > 256) {
            for (uint256 i = 0; i < contributors.length; ++i) {
                (found.contributors[i], found.scores[i]) = (contributors[i], scores[i]);
            }
            found.count = contributors.length;
            return;
        }
        for (uint256 i = 0; i < contributors.length; ++i) {
            uint256 at;
            while (at < found.count && found.contributors[at] != contributors[i]) ++at;
            if (at == found.count) ++found.count;
            found.contributors[at] = contributors[i];
            found.scores[at] += scores[i];
        }
    }

    /// @dev Without zeros; by score descending, then contributor ascending.
    function rank(Found memory found) private pure {
        if (found.count > 256) return;
        uint256 count;
        for (uint256 i = 0; i < found.count; ++i) {
            if (found.scores[i] == 0) continue;
            (found.contributors[count], found.scores[count]) = (found.contributors[i], found.scores[i]);
            for (uint256 j = count++; j > 0 && found.scores[j] > found.scores[j - 1]; --j) {
                (found.scores[j], found.scores[j - 1]) = (found.scores[j - 1], found.scores[j]);
                (found.contributors[j], found.contributors[j - 1]) = (found.contributors[j - 1], found.contributors[j]);
            }
        }
        found.count = count;
    }
}
