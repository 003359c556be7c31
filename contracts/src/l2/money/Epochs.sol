// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Epochs
/// @notice Time in numbered pieces whose length may change: an epoch keeps the length that it began with.
library Epochs {
    struct Epoch {
        uint64 number;
        uint64 start;
        uint64 length;
    }

    /// @notice The epoch of now. `length` is that of an epoch that begins now, not zero.
    /// @dev Epochs that nobody saw begin were as long as the last one that somebody saw, as far as whole ones go. The number
    ///      never falls once it is stored, and an epoch that is stored ends after now.
    function current(Epoch memory self, uint64 length) internal view returns (Epoch memory) {
        uint64 time = uint64(block.timestamp);
        if (self.number == 0) return Epoch(1, time, length);
        if (time < self.start + self.length) return self;
        self = _skip(self, time);
        self.length = length;
        return _skip(self, time);
    }

    function _skip(Epoch memory self, uint64 time) private pure returns (Epoch memory) {
        uint64 over = (time - self.start) / self.length;
        return Epoch(self.number + over, self.start + over * self.length, self.length);
    }
}
