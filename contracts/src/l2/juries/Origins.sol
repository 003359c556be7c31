// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IL1Origins} from "../../interfaces/IL1Origins.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Origins
/// @notice Which L1 origin's randomness draws a jury. It must not be known when the draw is asked for, and the validators
///         that take part are those of the origin before: so nobody can see the randomness and then join, leave or open.
library Origins {
    /// @notice How many origins L1Block remembers.
    uint64 internal constant HISTORY = 8_192;
    /// @notice A draw's origin is at least this much later than that of the opening.
    uint64 internal constant DELAY = 2;
    /// @notice Seconds between blocks of L1, at least.
    uint64 internal constant SLOT = 12;
    /// @notice Most origins that L2 is taken to be behind L1.
    uint64 internal constant MOST_LAG = 254;
    /// @notice From this many origins after it left on, a validator can be drawn no more: nobody can still draw from a
    ///         snapshot in which it counts.
    uint64 internal constant HORIZON = HISTORY + DELAY + MOST_LAG;

    IL1Origins private constant L1 = IL1Origins(Predeploys.L1_BLOCK);

    function current() internal view returns (uint64) {
        return L1.number();
    }

    /// @notice The origin from which a draw that is asked for now takes its randomness.
    /// @dev L2's origin follows L1's head with some distance, so the block two after it may be there already. The blocks that
    ///      L1 can have made since, by the clock of L2, are added.
    function next() internal view returns (uint64) {
        uint64 at = L1.timestamp();
        uint256 lag = block.timestamp > at ? (block.timestamp - at) / SLOT : 0;
        return current() + DELAY + uint64(lag < MOST_LAG ? lag : MOST_LAG);
    }

    /// @notice The newest origin of which nothing changes any more: the validators of that moment can be drawn.
    function snapshot() internal view returns (uint64) {
        uint64 origin = current();
        return origin == 0 ? 0 : origin - 1;
    }

    function forgotten(uint64 origin) internal view returns (bool) {
        return current() >= origin + HISTORY;
    }

    function randomness(uint64 origin) internal view returns (bytes32) {
        return L1.randaoOf(origin);
    }
}
