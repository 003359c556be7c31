// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IFeeDistributor
/// @notice Divides what the fee vaults and the protocol's part of payments bring: treasury, burn, commons. Predeploy
///         0x00000000000000000000000000000000000A7718.
/// @dev Money gets here in any way: sent (fee vaults), moved in Payouts (`Payouts.move`), or owed (`Payouts.release`).
interface IFeeDistributor {
    /// @notice The three sum to what was there.
    event Distributed(uint256 treasury, uint256 burnt, uint256 commons);

    error NothingToDistribute();

    /// @notice Divides all that is there. Anyone may call it.
    function distribute() external returns (uint256 treasury, uint256 burnt, uint256 commons);

    /// @notice What `distribute` would divide.
    function pending() external view returns (uint256);

    /// @notice All OPEN that was ever destroyed here.
    function burntTotal() external view returns (uint256);
}
