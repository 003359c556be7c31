// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IL1Origins
/// @notice What draws ask of the L1Block predeploy, 0x4200000000000000000000000000000000000015.
interface IL1Origins {
    /// @notice Number of the L1 origin.
    function number() external view returns (uint64);

    /// @notice Time of the L1 origin, seconds.
    function timestamp() external view returns (uint64);

    /// @notice The prevrandao of one of the last 8,192 L1 origins; reverts for others.
    function randaoOf(uint64 origin) external view returns (bytes32);
}
