// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SumTree} from "./SumTree.sol";

/// @title Line
/// @notice The weights of a tree at one time, end to end, without the spans that were taken: so a draw takes each leaf at most
///         once, exactly by weight among those that are left, with one look-up and no second attempt.
library Line {
    using SumTree for SumTree.Tree;

    struct Points {
        uint64 time;
        /// Weight that is left, and of how many leaves.
        uint256 weight;
        uint256 count;
        /// Spans that were taken, in order.
        uint256 taken;
        uint256[] starts;
        uint256[] weights;
    }

    /// @param capacity How many spans may be taken.
    function at(SumTree.Tree storage tree, uint64 time, uint256 capacity) internal view returns (Points memory line) {
        line.time = time;
        (line.weight, line.count) = tree.total(time);
        line.starts = new uint256[](capacity);
        line.weights = new uint256[](capacity);
    }

    /// @notice Takes a leaf off the line; one that weighs nothing, or was taken already, changes nothing.
    function remove(Points memory line, SumTree.Tree storage tree, uint256 leaf) internal view {
        (uint256 start, uint256 weight) = tree.span(leaf, line.time);
        if (weight != 0) _take(line, start, weight);
    }

    /// @notice Takes the leaf at a random point off the line, of which something must be left.
    function draw(Points memory line, SumTree.Tree storage tree, uint256 random) internal view returns (uint256 leaf) {
        uint256 point = random % line.weight;
        for (uint256 i = 0; i < line.taken && line.starts[i] <= point; ++i) {
            point += line.weights[i];
        }
        uint256 start;
        uint256 weight;
        (leaf, start, weight) = tree.find(point, line.time);
        _take(line, start, weight);
    }

    function _take(Points memory line, uint256 start, uint256 weight) private pure {
        // Indices of spans that are there; the weight of one that was not taken is in what is left.
        unchecked {
            uint256 place = line.taken;
            while (place > 0 && line.starts[place - 1] > start) --place;
            if (place > 0 && line.starts[place - 1] == start) return;
            for (uint256 i = line.taken; i > place; --i) {
                (line.starts[i], line.weights[i]) = (line.starts[i - 1], line.weights[i - 1]);
            }
            (line.starts[place], line.weights[place]) = (start, weight);
            ++line.taken;
            line.weight -= weight;
            --line.count;
        }
    }
}
