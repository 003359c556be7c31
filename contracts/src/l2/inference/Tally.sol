// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Tally
/// @notice Signed sums by key, in memory: a hash table that grows. Keys stand in the order in which they came.
library Tally {
    struct Table {
        uint256[] keys;
        /// One longer than `keys`, for whoever adds what nobody has.
        int256[] sums;
        uint256 count;
        /// Place in `keys`, plus one; 0 for an empty slot. Its length is a power of two, at least twice theirs.
        uint256[] slots;
        /// Nobody who chooses a key knows it, so nobody can make keys collide.
        uint256 seed;
    }

    function create(uint256 seed, uint256 room) internal pure returns (Table memory self) {
        self.seed = seed;
        reserve(self, room);
    }

    /// @notice Makes room for as many more keys at once: each growth leaves its old memory behind.
    function reserve(Table memory self, uint256 more) internal pure {
        uint256 needed = self.count + more;
        uint256 length = self.keys.length;
        if (needed <= length && length != 0) return;
        if (length == 0) length = 8;
        while (length < needed) length *= 2;
        _grow(self, length);
    }

    /// @return place Where the key's sum stands.
    function add(Table memory self, uint256 key, int256 value) internal pure returns (uint256 place) {
        uint256 slot = _slot(self, key);
        place = self.slots[slot];
        if (place == 0) {
            if (self.count == self.keys.length) {
                reserve(self, 1);
                slot = _slot(self, key);
            }
            place = ++self.count;
            self.slots[slot] = place;
            self.keys[place - 1] = key;
        }
        self.sums[--place] += value;
    }

    /// @dev The slot of a key, or the empty one where it belongs.
    function _slot(Table memory self, uint256 key) private pure returns (uint256 slot) {
        uint256 mask = self.slots.length - 1;
        uint256 seed = self.seed;
        assembly ("memory-safe") {
            mstore(0, seed)
            mstore(32, key)
            slot := and(keccak256(0, 64), mask)
        }
        while (true) {
            uint256 place = self.slots[slot];
            if (place == 0 || self.keys[place - 1] == key) return slot;
            slot = (slot + 1) & mask;
        }
    }

    function _grow(Table memory self, uint256 length) private pure {
        (uint256[] memory keys, int256[] memory sums) = (self.keys, self.sums);
        (self.keys, self.sums) = (new uint256[](length), new int256[](length + 1));
        self.slots = new uint256[](2 * length);
        for (uint256 i = 0; i < self.count; ++i) {
            (self.keys[i], self.sums[i]) = (keys[i], sums[i]);
            self.slots[_slot(self, keys[i])] = i + 1;
        }
    }
}
