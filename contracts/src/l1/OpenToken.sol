// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title OpenToken
/// @notice OPEN on L1: an ERC-20 of fixed supply, with approvals by signature (EIP-2612) and votes (ERC-5805) that are counted
///         by time (ERC-6372). On L2 it is the native currency; TributaryPortal holds on L1 exactly what exists on L2.
/// @dev The deployer must send the portal as much as the L2 genesis gives out, or the last withdrawals can't be paid. What
///      the portal holds votes for nobody here: it never delegates, and no withdrawal may call this contract.
contract OpenToken is ERC20, ERC20Permit, ERC20Votes {
    /// @param holder Receives the whole supply.
    /// @param supply In wei, 18 decimals.
    constructor(address holder, uint256 supply) ERC20("OPEN", "OPEN") ERC20Permit("OPEN") {
        _mint(holder, supply);
    }

    /// @notice Votes are looked up by L1 time, in seconds.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice ERC-6372's name of that clock.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice The next nonce of `owner`'s signatures, of permits and of delegations alike.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
