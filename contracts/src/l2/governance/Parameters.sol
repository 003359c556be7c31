// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IParameters} from "../../interfaces/IParameters.sol";
import {Governed} from "./Governed.sol";
import {Keys} from "./Keys.sol";

/// @title Parameters
/// @notice Numbers that governance may change within the bounds of `Keys`; predeploy
///         0x00000000000000000000000000000000000A7717.
contract Parameters is IParameters, Governed {
    uint256 private constant BPS = 10_000;

    /// @dev Value and one; zero where governance never set it. Bounds are far below 2²⁵⁶ − 1.
    mapping(bytes32 key => uint256) private changed;

    /// @inheritdoc IParameters
    function set(bytes32 key, uint256 value) external onlyGovernance {
        (uint256 least, uint256 most,) = bounds(key);
        if (value < least || value > most) revert OutOfBounds(key, value, least, most);
        uint256 previous = get(key);
        changed[key] = value + 1;
        _checkTogether(key);
        emit ParameterChanged(key, previous, value);
    }

    /// @inheritdoc IParameters
    function get(bytes32 key) public view returns (uint256) {
        uint256 value = changed[key];
        if (value != 0) return value - 1;
        (,, value) = bounds(key);
        return value;
    }

    /// @inheritdoc IParameters
    function bounds(bytes32 key) public pure returns (uint256 least, uint256 most, uint256 initial) {
        (least, most, initial) = Keys.bounds(key);
        if (most == 0) revert UnknownParameter(key);
    }

    /// @dev What several parameters may not do together, besides the bounds of each.
    function _checkTogether(bytes32 key) private view {
        if (key != Keys.TREASURY_BPS && key != Keys.BURN_BPS) return;
        uint256 sum = get(Keys.TREASURY_BPS) + get(Keys.BURN_BPS);
        if (sum > BPS) revert PartsExceedWhole(sum, BPS);
    }
}
