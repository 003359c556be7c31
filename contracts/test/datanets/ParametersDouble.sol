// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Keys} from "../../src/l2/governance/Keys.sol";

/// @notice Stands in for Parameters: initial values, unless a test says others.
contract ParametersDouble {
    mapping(bytes32 key => uint256) private values;

    function set(bytes32 key, uint256 value) external {
        values[key] = value;
    }

    function get(bytes32 key) external view returns (uint256 value) {
        value = values[key];
        if (value == 0) (,, value) = Keys.bounds(key);
    }
}
