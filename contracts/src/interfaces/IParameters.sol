// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IParameters
/// @notice Numbers that governance may change, within bounds that it may not. Predeploy 0x00000000000000000000000000000000000a7717. Readers
///         take them when something is opened and keep them: a change never touches what is open. A jury is opened when it is
///         asked: what was committed to before is handed in at the juror's fee of that moment.
interface IParameters {
    event ParameterChanged(bytes32 indexed key, uint256 previous, uint256 current);

    /// @notice There is no such parameter (`Keys`).
    error UnknownParameter(bytes32 key);
    error OutOfBounds(bytes32 key, uint256 value, uint256 least, uint256 most);
    /// @notice The parts for treasury and burn would be more than the whole: lower one first.
    error PartsExceedWhole(uint256 sum, uint256 whole);

    /// @notice The Timelock changes a parameter.
    function set(bytes32 key, uint256 value) external;
    /// @notice A parameter's value now.
    function get(bytes32 key) external view returns (uint256);

    /// @return least Least value.
    /// @return most Greatest value.
    /// @return initial Its value until governance changes it.
    function bounds(bytes32 key) external view returns (uint256 least, uint256 most, uint256 initial);
}
