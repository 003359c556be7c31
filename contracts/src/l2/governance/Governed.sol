// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Governed
/// @notice A contract behind a proxy that governance, through the Timelock, may mend.
abstract contract Governed is UUPSUpgradeable {
    /// @notice Only the Timelock may do this.
    error NotGovernance(address caller);

    modifier onlyGovernance() {
        _checkGovernance();
        _;
    }

    function _authorizeUpgrade(address) internal view override {
        _checkGovernance();
    }

    function _checkGovernance() private view {
        if (msg.sender != Predeploys.TIMELOCK) revert NotGovernance(msg.sender);
    }
}
