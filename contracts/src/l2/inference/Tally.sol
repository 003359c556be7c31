// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Tally
/// @notice Signed sums by number, in memory: a hash table that grows. Numbers stand in the order in which they came.
library Tally {
    struct Table {
        uint32[] numbers;
        int256[] sums;
        uint256 count;
        /// Place in `numbers`, plus one; 0 for an empty slot. Its length is a power of two, at least twice theirs.
        uint256[] slots;
        /// Nobody who chooses a number knows it, so nobody can make numbers collide.
        uint256 seed;
    }

    function create(uint256 seed) internal pure returns (Table memory self) {
        self.seed = seed;
        _size(self, 32);
    }

    function add(Table memory self, uint32 number, int256 value) internal pure {
        uint256 slot = _slot(self, number);
        uint256 place = self.slots[slot];
        if (place == 0) {
            if (self.count == self.numbers.length) {
                _grow(self);
                slot = _slot(self, number);
            }
            place = ++self.count;
            self.slots[slot] = place;
            self.numbers[place - 1] = number;
        }
        self.sums[place - 1] += value;
    }

    /// @dev The slot of a number, or the empty one where it belongs.
    function _slot(Table memory self, uint32 key) private pure returns (uint256 slot) {
        uint256 mask = self.slots.length - 1;
        uint256 seed = self.seed;
        assembly ("memory-safe") {
            mstore(0, seed)
            mstore(32, key)
            slot := and(keccak256(0, 64), mask)
        }
        while (true) {
            uint256 place = self.slots[slot];
            if (place == 0 || self.numbers[place - 1] == key) return slot;
            slot = (slot + 1) & mask;
        }
    }

    function _grow(Table memory self) private pure {
        (uint32[] memory numbers, int256[] memory sums) = (self.numbers, self.sums);
        _size(self, 2 * numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            (self.numbers[i], self.sums[i]) = (numbers[i], sums[i]);
            self.slots[_slot(self, numbers[i])] = i + 1;
        }
    }

    function _size(Table memory self, uint256 length) private pure {
        (self.numbers, self.sums) = (new uint32[](length), new int256[](length));
        self.slots = new uint256[](2 * length);
    }
}
