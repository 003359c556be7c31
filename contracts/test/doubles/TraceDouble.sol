// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {StoreDouble} from "./StoreDouble.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Words of an answer that were first contributed in row `origin`.
struct Words {
    uint64 origin;
    uint256 weight;
    /// Whether they earn only once the row is a refinement.
    bool closed;
}

/// @notice Stands in for the text attribution precompile: the test says in the answer itself whose words it is made of, so
///         that the money's way can be tested for every possible trace. What a version knows of the rows, and who their
///         authors are, is the store's business, as it really is.
contract TraceDouble {
    /// @dev To the real one 0 means "the newest version" and "all contributors", which no contract of ours may ask for: rows
    ///      that came after the question would be traced to, and the gas of paying would have no bound.
    error Unbounded();

    struct Found {
        uint32[] contributors;
        uint256[] credits;
        uint256 count;
        uint32 greatest;
        uint256 explained;
        uint256 withheld;
        uint256 total;
    }

    /// @notice The "answer" is `abi.encode(words, unexplained)`.
    function traceByContributor(uint256 setId, uint64 version, bytes calldata output, uint16 topK)
        external
        view
        returns (uint32[] memory, uint256[] memory, uint256, uint256, uint256)
    {
        if (version == 0 || topK == 0) revert Unbounded();
        (Words[] memory words, uint256 unexplained) = abi.decode(output, (Words[], uint256));
        Found memory found;
        (found.contributors, found.credits) = (new uint32[](words.length), new uint256[](words.length));
        found.total = unexplained;
        for (uint256 i = 0; i < words.length; ++i) {
            place(found, setId, version, words[i]);
        }
        rank(found.contributors, found.credits, found.count);
        cut(found.contributors, found.credits, found.count < topK ? found.count : topK);
        return (found.contributors, found.credits, found.explained, found.withheld, found.total);
    }

    function place(Found memory found, uint256 setId, uint64 version, Words memory words) private view {
        (bool exists, uint8 status, uint32 contributor) =
            StoreDouble(address(Predeploys.ATTRIBUTION_STORE)).rowAt(setId, version, words.origin);
        found.total += words.weight;
        if (!exists || words.weight == 0) return;
        found.explained += words.weight;
        if (status == 2 || words.closed && status != 1) {
            found.withheld += words.weight;
            return;
        }
        // Greater than all before: nobody who is there, and thousands need no search.
        uint256 at = contributor > found.greatest ? found.count : 0;
        if (contributor > found.greatest) found.greatest = contributor;
        while (at < found.count && found.contributors[at] != contributor) ++at;
        if (at == found.count) ++found.count;
        found.contributors[at] = contributor;
        found.credits[at] += words.weight;
    }

    /// @dev By credit descending, then contributor ascending.
    function rank(uint32[] memory contributors, uint256[] memory credits, uint256 count) private pure {
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j > 0; --j) {
                bool behind = credits[j] < credits[j - 1];
                if (behind || credits[j] == credits[j - 1] && contributors[j] > contributors[j - 1]) break;
                (credits[j], credits[j - 1]) = (credits[j - 1], credits[j]);
                (contributors[j], contributors[j - 1]) = (contributors[j - 1], contributors[j]);
            }
        }
    }

    function cut(uint32[] memory contributors, uint256[] memory credits, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(contributors, length)
            mstore(credits, length)
        }
    }
}
