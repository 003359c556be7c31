// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title L1Timelock
/// @notice Owns what can be changed on L1. Whatever it does was announced `getMinDelay()` before. Nobody administers it but itself.
contract L1Timelock is TimelockController {
    /// @param minDelay Seconds between the announcement of a call and the call.
    /// @param proposers May announce calls and take them back.
    /// @param executors May make announced calls when their time has come; the zero address means everybody.
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minDelay, proposers, executors, address(0))
    {}
}
