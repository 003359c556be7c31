// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Owned} from "./Owned.sol";
import {PauseClock} from "./PauseClock.sol";

/// @title ExitClock
/// @notice The time that exits take, and the guardian, who may stop it for a while. In the shape of the OP Stack's SuperchainConfig.
abstract contract ExitClock is Owned {
    using PauseClock for PauseClock.Clock;

    /// @notice May veto and pause, and nothing else; zero if there is none.
    address public guardian;

    PauseClock.Clock private pauses;

    /// @notice Nothing is finalized, and the clock of exits stands, before L1 time `until`.
    event Paused(uint256 until);
    /// @notice The pause was ended before its time.
    event Unpaused();
    /// @notice `current` is the guardian.
    event GuardianChanged(address indexed previous, address indexed current);

    /// @notice Only the guardian may.
    error NotGuardian(address caller);

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        _;
    }

    constructor(address owner, address guardian_) Owned(owner) {
        _setGuardian(guardian_);
    }

    /// @notice Stops finalizations, and the clock that exits and vetoes are timed by, for `duration` seconds. Deposits,
    ///         proposals and proofs go on. See PauseClock for how much of this there may be.
    function pause(uint256 duration) external onlyGuardian {
        emit Paused(pauses.begin(duration));
    }

    /// @notice Ends a pause before its time. The owner may, too.
    function unpause() external {
        if (msg.sender != owner() && msg.sender != guardian) revert NotGuardian(msg.sender);
        pauses.finish();
        emit Unpaused();
    }

    /// @notice Names the guardian; zero means that there is none. What is left of the time for pauses stays as it is.
    function setGuardian(address newGuardian) external onlyOwner {
        _setGuardian(newGuardian);
    }

    /// @notice L1 time without pauses. Whoever has to wait waits by this.
    function exitTime() public view returns (uint256) {
        return block.timestamp - pausedSeconds();
    }

    /// @notice Seconds of pause that have passed so far.
    function pausedSeconds() public view returns (uint256) {
        return pauses.passed();
    }

    /// @notice Whether a pause runs.
    function paused() public view returns (bool) {
        return pauses.isPaused();
    }

    /// @notice L1 time at which the newest pause ends or ended; zero if there was none.
    function pausedUntil() external view returns (uint256) {
        return pauses.until();
    }

    /// @notice The longest pause that the guardian could begin now, were none running.
    function pauseLeft() external view returns (uint256) {
        return pauses.left();
    }

    function _setGuardian(address newGuardian) private {
        emit GuardianChanged(guardian, newGuardian);
        guardian = newGuardian;
    }
}
