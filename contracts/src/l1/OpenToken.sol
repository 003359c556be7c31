// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title OpenToken
/// @notice OPEN on L1: a plain ERC-20 of fixed supply. On L2 it is the native currency; TributaryPortal holds
///         on L1 exactly what exists on L2.
/// @dev The deployer must send the portal as much as the L2 genesis gives out, or the last withdrawals can't be paid.
contract OpenToken is ERC20 {
    /// @param holder Receives the whole supply.
    /// @param supply In wei, 18 decimals.
    constructor(address holder, uint256 supply) ERC20("OPEN", "OPEN") {
        _mint(holder, supply);
    }
}
