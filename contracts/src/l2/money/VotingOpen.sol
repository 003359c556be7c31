// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title VotingOpen
/// @notice gOPEN: OPEN that votes, one to one; predeploy 0x00000000000000000000000000000000000a7719, immutable. OPEN goes in
///         at once and comes out after `UNLOCK_DELAY`; what leaves votes no more from the moment it begins to.
/// @dev An account votes for itself unless it delegated: gOPEN has no other use. Name and symbol are code and the EIP-712
///      domain is immutables, so this needs no storage to begin with.
contract VotingOpen is ERC20Permit, ERC20Votes {
    struct Leaving {
        uint208 amount;
        uint48 ready;
    }

    /// @notice A voting period and the Timelock's delay, as they are at first: who votes bears what was voted.
    uint48 public constant UNLOCK_DELAY = 7 days;

    mapping(address account => Leaving) private leaving;

    /// @notice `amount` (of gOPEN that is gone now) can be withdrawn from `ready` (seconds) on, with all that was leaving.
    event WithdrawalBegun(address indexed account, uint256 amount, uint48 ready);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    error ZeroAmount();
    error ZeroAccount();
    /// @notice Nothing leaves, or not yet.
    error NotReady(uint48 ready);
    /// @notice The recipient did not accept its money; nothing changed.
    error TransferFailed(address to, uint256 amount);

    constructor() ERC20("", "") ERC20Permit("Voting OPEN") {}

    /// @notice The same as `deposit`.
    receive() external payable {
        _deposit(msg.sender);
    }

    /// @notice Turns the OPEN sent into gOPEN of the caller.
    function deposit() external payable {
        _deposit(msg.sender);
    }

    /// @notice Turns the OPEN sent into gOPEN of `account`.
    function depositFor(address account) external payable {
        _deposit(account);
    }

    /// @notice Burns gOPEN of the caller; the OPEN can be withdrawn after `UNLOCK_DELAY`. What was leaving already begins its
    ///         delay anew.
    function beginWithdrawal(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        _burn(msg.sender, amount);
        Leaving storage entry = leaving[msg.sender];
        entry.amount += uint208(amount);
        entry.ready = clock() + UNLOCK_DELAY;
        emit WithdrawalBegun(msg.sender, amount, entry.ready);
    }

    /// @notice Sends `to` the OPEN of the caller that has left.
    function withdraw(address payable to) external returns (uint256 amount) {
        if (to == address(0)) revert ZeroAccount();
        Leaving memory entry = leaving[msg.sender];
        amount = entry.amount;
        if (amount == 0 || clock() < entry.ready) revert NotReady(entry.ready);
        delete leaving[msg.sender];
        emit Withdrawn(msg.sender, to, amount);
        (bool success,) = to.call{value: amount}("");
        if (!success) revert TransferFailed(to, amount);
    }

    // ---- Views

    /// @return amount OPEN of the account that is leaving.
    /// @return ready When it can be withdrawn (seconds).
    function leavingOf(address account) external view returns (uint256 amount, uint48 ready) {
        return (leaving[account].amount, leaving[account].ready);
    }

    function name() public pure override returns (string memory) {
        return "Voting OPEN";
    }

    function symbol() public pure override returns (string memory) {
        return "gOPEN";
    }

    /// @notice Votes are counted by time (EIP-6372), in seconds.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Of the next permit or delegation that an owner signs.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @notice Who votes with the account's gOPEN: itself unless it chose somebody.
    function delegates(address account) public view override returns (address) {
        address chosen = super.delegates(account);
        return chosen == address(0) ? account : chosen;
    }

    /// @dev Nobody chosen means the account itself, so that votes are never where `delegates` does not say.
    function _delegate(address account, address delegatee) internal override {
        super._delegate(account, delegatee == address(0) ? account : delegatee);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function _deposit(address account) private {
        if (msg.value == 0) revert ZeroAmount();
        _mint(account, msg.value);
    }
}
