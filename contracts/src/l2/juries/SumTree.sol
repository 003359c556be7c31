// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title SumTree
/// @notice Weights of numbered leaves and their sums, as they are and as they were: a tree of eight children a node and five
///         levels, each sum with its earlier values by time (any number that never falls). Setting a weight writes six
///         sums; a weight is found in at most 40 readings of sums.
library SumTree {
    uint256 internal constant BITS = 3;
    uint256 internal constant LEVELS = 5;
    uint256 internal constant CAPACITY = 1 << (BITS * LEVELS);
    uint256 private constant CHILDREN = 1 << BITS;
    uint256 private constant COUNT = 1 << 128;

    /// @dev A sum is one word: since (64 bits) ‖ how many earlier values (32) ‖ how many leaves weigh something (32) ‖ weight (128).
    struct Tree {
        mapping(uint256 node => uint256) sums;
        mapping(uint256 node => mapping(uint256 index => uint256)) earlier;
    }

    /// @notice Sets a leaf's weight from `time` on, which is not before any that was given.
    function set(Tree storage self, uint256 leaf, uint128 weight, uint64 time) internal {
        // Of OPEN's supply, a sum holds less than 2¹²⁸ wei, and nothing is taken off that was not added.
        unchecked {
            uint256 previous = weightOf(self, leaf);
            if (previous == weight) return;
            // What is added to a sum's count and weight. Together they stay below 2¹⁶⁰: the leaves fit in 32 bits, OPEN's supply in 128.
            uint256 more = (previous == 0 ? COUNT : 0) | weight;
            uint256 less = (weight == 0 ? COUNT : 0) | previous;
            for (uint256 level = LEVELS + 1; level-- > 0;) {
                uint256 node = _node(level, leaf >> (BITS * (LEVELS - level)));
                uint256 sum = self.sums[node];
                uint256 versions = uint32(sum >> 160);
                if (sum >> 192 != time) {
                    // Nothing was before the first value.
                    if (sum != 0) self.earlier[node][versions++] = sum;
                }
                self.sums[node] = uint256(time) << 192 | versions << 160 | uint160(sum) + more - less;
            }
        }
    }

    function weightOf(Tree storage self, uint256 leaf) internal view returns (uint256) {
        return uint128(self.sums[_node(LEVELS, leaf)]);
    }

    /// @notice Sum of all weights at `time`, and how many leaves weighed something.
    function total(Tree storage self, uint64 time) internal view returns (uint256 weight, uint256 count) {
        uint256 sum = _at(self, 0, time);
        return (uint128(sum), uint32(sum >> 128));
    }

    /// @notice A leaf's weight at `time`, and the sum of those before it.
    function span(Tree storage self, uint256 leaf, uint64 time) internal view returns (uint256 start, uint256 weight) {
        // Sums of weights, less than OPEN's supply.
        unchecked {
            weight = _weight(self, LEVELS, leaf, time);
            if (weight == 0) return (0, 0);
            for (uint256 level = LEVELS; level > 0; --level) {
                for (uint256 i = leaf - leaf % CHILDREN; i < leaf; ++i) {
                    start += _weight(self, level, i, time);
                }
                leaf >>= BITS;
            }
        }
    }

    /// @notice The leaf in whose span `point` was at `time`; `point` is below the total.
    function find(Tree storage self, uint256 point, uint64 time)
        internal
        view
        returns (uint256 leaf, uint256 start, uint256 weight)
    {
        // As `point` is below the total, some child's span has it, and `start` is never beyond it.
        unchecked {
            for (uint256 level = 1; level <= LEVELS; ++level) {
                leaf <<= BITS;
                weight = _weight(self, level, leaf, time);
                while (point - start >= weight) {
                    start += weight;
                    weight = _weight(self, level, ++leaf, time);
                }
            }
        }
    }

    function _weight(Tree storage self, uint256 level, uint256 index, uint64 time) private view returns (uint256) {
        return uint128(_at(self, _node(level, index), time));
    }

    /// @dev The newest value that is not after `time`; zero if there is none.
    function _at(Tree storage self, uint256 node, uint64 time) private view returns (uint256 sum) {
        // Indices of an array that was written.
        unchecked {
            sum = self.sums[node];
            if (sum >> 192 <= time) return sum;
            (uint256 low, uint256 high) = (0, uint32(sum >> 160));
            sum = 0;
            while (low < high) {
                uint256 middle = (low + high) / 2;
                uint256 found = self.earlier[node][middle];
                if (found >> 192 <= time) (low, sum) = (middle + 1, found);
                else high = middle;
            }
        }
    }

    function _node(uint256 level, uint256 index) private pure returns (uint256) {
        return level << 32 | index;
    }
}
