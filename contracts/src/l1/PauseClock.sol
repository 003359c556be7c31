// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title PauseClock
/// @notice Pauses, and a clock that stands still in them. However they are cut and placed, any 90 days hold at most
///         7 days of pause. Time that exits and vetoes have is counted by the clock, so that a pause takes from neither.
library PauseClock {
    /// @notice From `start` to before `end`, L1 time in seconds.
    struct Pause {
        uint64 start;
        uint64 end;
    }

    /// @notice The last eight pauses, in a ring; how many there ever were; and the seconds of all but the newest.
    struct Clock {
        Pause[8] recent;
        uint64 count;
        uint32 before;
    }

    /// @notice The span that a limit is for.
    uint256 internal constant WINDOW = 90 days;

    /// @notice Most seconds of pause in a window.
    uint256 internal constant LIMIT = 7 days;

    /// @notice Most pauses that begin in a window: as many as can be remembered.
    uint256 internal constant COUNT = 8;

    /// @notice The pause that runs has to end first.
    error AlreadyPaused();
    /// @notice There is no pause to end.
    error NotPaused();
    /// @notice A pause is of one second at least and of `left` at most.
    error PauseOutOfRange(uint256 asked, uint256 left);

    /// @notice Begins a pause that ends by itself.
    /// @return end When it does.
    function begin(Clock storage self, uint256 duration) internal returns (uint64 end) {
        if (isPaused(self)) revert AlreadyPaused();
        uint256 most = left(self);
        if (duration == 0 || duration > most) revert PauseOutOfRange(duration, most);
        self.before = uint32(passed(self));
        end = uint64(block.timestamp + duration);
        self.recent[self.count % COUNT] = Pause(uint64(block.timestamp), end);
        ++self.count;
    }

    /// @notice Ends the pause that runs. What it did not use can be used later.
    function finish(Clock storage self) internal {
        if (!isPaused(self)) revert NotPaused();
        _newest(self).end = uint64(block.timestamp);
    }

    /// @notice Whether a pause runs.
    function isPaused(Clock storage self) internal view returns (bool) {
        return block.timestamp < until(self);
    }

    /// @notice When the newest pause ends or ended; zero if there was none.
    function until(Clock storage self) internal view returns (uint64) {
        return self.count == 0 ? 0 : _newest(self).end;
    }

    /// @notice Seconds of pause that have passed so far. The clock is this much behind L1 time.
    function passed(Clock storage self) internal view returns (uint256) {
        if (self.count == 0) return 0;
        Pause memory newest = _newest(self);
        return self.before + Math.min(block.timestamp, newest.end) - newest.start;
    }

    /// @notice Longest pause that could begin now.
    /// @dev Counts what lies in the 90 days before now. A window that ends with the new pause lies in them and the pause;
    ///      and none holds more pause than one that ends where a pause does.
    function left(Clock storage self) internal view returns (uint256) {
        uint256 since = Math.saturatingSub(block.timestamp, WINDOW);
        // Would be forgotten, and still counts.
        if (self.count >= COUNT && self.recent[self.count % COUNT].end > since) return 0;
        uint256 used;
        for (uint256 i = 0; i < COUNT; ++i) {
            Pause memory pause = self.recent[i];
            used += Math.saturatingSub(pause.end, Math.max(pause.start, since));
        }
        return LIMIT - used;
    }

    function _newest(Clock storage self) private view returns (Pause storage) {
        return self.recent[(self.count - 1) % COUNT];
    }
}
