// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title TributaryTimelock
/// @notice Does what the Governor decided, after a delay; predeploy 0x00000000000000000000000000000000000A771b, immutable. It
///         is the owner of every proxy and of the treasury. The Governor proposes and cancels, anyone executes, nobody is
///         admin but this contract itself: a decision can name another Governor, and none takes effect in less than a day.
/// @dev The constructor writes roles and the delay to storage, the same from whatever address it runs at. Genesis runs it and
///      copies the code and all slots that it wrote.
contract TributaryTimelock is TimelockController {
    /// @notice Delay that the chain begins with, and bounds of what governance may make of it.
    uint256 public constant INITIAL_DELAY = 2 days;
    /// @notice Seconds.
    uint256 public constant LEAST_DELAY = 1 days;
    /// @notice Seconds.
    uint256 public constant MOST_DELAY = 30 days;

    error DelayOutOfBounds(uint256 delay, uint256 least, uint256 most);

    constructor() TimelockController(INITIAL_DELAY, _only(Predeploys.GOVERNOR), _only(address(0)), address(0)) {
        // Admin is the address where the code will be, which needn't be the one where it was made.
        _revokeRole(DEFAULT_ADMIN_ROLE, address(this));
        _grantRole(DEFAULT_ADMIN_ROLE, Predeploys.TIMELOCK);
    }

    /// @notice Changes the delay of what is scheduled from now on. Only by a decision that went through this contract.
    function updateDelay(uint256 newDelay) public override {
        if (newDelay < LEAST_DELAY || newDelay > MOST_DELAY) {
            revert DelayOutOfBounds(newDelay, LEAST_DELAY, MOST_DELAY);
        }
        super.updateDelay(newDelay);
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
