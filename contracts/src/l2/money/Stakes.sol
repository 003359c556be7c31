// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Owing} from "./Owing.sol";

/// @title Stakes
/// @notice What accounts put at risk; predeploy 0x00000000000000000000000000000000000A7716, immutable. A module can slash
///         only what it locked, and lock only what is free: an upgrade of a module can endanger the stake of those who
///         serve it, never what is leaving nor the stake of another purpose.
contract Stakes is IStakes {
    using SafeCast for uint256;

    struct Stake {
        uint128 free;
        uint128 locked;
        uint128 leaving;
        uint64 ready;
    }

    /// @notice Time between the beginning of a withdrawal and its end. As long as the longest time in which an answer can
    ///         still be asked for and then be contested (a deadline of at most 7 days and `Keys.CONTEST_SECONDS`, at most 7
    ///         days): nobody who is seen to have a stake when a request is opened has taken it out before that is over.
    ///         What a dispute is about must be locked: a module locks when it opens something, and what is locked does
    ///         not begin to leave, however long the dispute takes.
    uint64 public constant WITHDRAWAL_DELAY = 14 days;

    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);

    mapping(Purpose purpose => mapping(address account => Stake)) private stakes;

    modifier onlyModule(Purpose purpose) {
        if (msg.sender != moduleOf(purpose)) revert NotModule(purpose, msg.sender);
        _;
    }

    // ---- Accounts

    /// @inheritdoc IStakes
    function stake(Purpose purpose) external payable {
        _stake(purpose, msg.sender);
    }

    /// @inheritdoc IStakes
    function stakeFor(Purpose purpose, address account) external payable {
        if (account == address(0)) revert ZeroAccount();
        _stake(purpose, account);
    }

    /// @inheritdoc IStakes
    function beginWithdrawal(Purpose purpose, uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        Stake storage entry = _takeFree(purpose, msg.sender, amount);
        entry.leaving += uint128(amount);
        entry.ready = uint64(block.timestamp) + WITHDRAWAL_DELAY;
        emit WithdrawalBegun(purpose, msg.sender, amount, entry.ready);
    }

    /// @inheritdoc IStakes
    function withdraw(Purpose purpose, address payable to) external returns (uint256 amount) {
        if (to == address(0)) revert ZeroAccount();
        Stake storage entry = stakes[purpose][msg.sender];
        amount = entry.leaving;
        if (amount == 0 || block.timestamp < entry.ready) revert NotReady(entry.ready);
        entry.leaving = 0;
        entry.ready = 0;
        emit Withdrawn(purpose, msg.sender, to, amount);
        (bool success,) = to.call{value: amount}("");
        if (!success) revert TransferFailed(to, amount);
    }

    // ---- The purpose's module

    /// @inheritdoc IStakes
    function lock(Purpose purpose, address account, uint256 amount) external onlyModule(purpose) {
        _takeFree(purpose, account, amount).locked += uint128(amount);
        emit Locked(purpose, account, amount);
    }

    /// @inheritdoc IStakes
    function unlock(Purpose purpose, address account, uint256 amount) external onlyModule(purpose) {
        _takeLocked(purpose, account, amount).free += uint128(amount);
        emit Unlocked(purpose, account, amount);
    }

    /// @inheritdoc IStakes
    function slash(Purpose purpose, address account, uint256 amount, address to, bytes32 ref)
        external
        onlyModule(purpose)
    {
        if (to == address(0)) revert ZeroAccount();
        _takeLocked(purpose, account, amount);
        emit Slashed(purpose, account, to, amount, ref);
        PAYOUTS.hold{value: amount}();
        Owing.owe(to, amount, IPayouts.Reason.Slashing, ref);
    }

    // ---- Views

    /// @inheritdoc IStakes
    function stakeOf(Purpose purpose, address account)
        external
        view
        returns (uint256 free, uint256 locked, uint256 leaving, uint64 ready)
    {
        Stake storage entry = stakes[purpose][account];
        return (entry.free, entry.locked, entry.leaving, entry.ready);
    }

    /// @inheritdoc IStakes
    function moduleOf(Purpose purpose) public pure returns (address) {
        if (purpose == Purpose.Validator) return Predeploys.JURIES;
        if (purpose == Purpose.Operator) return Predeploys.INFERENCE;
        return Predeploys.MODELS;
    }

    function _stake(Purpose purpose, address account) private {
        if (msg.value == 0) revert ZeroAmount();
        stakes[purpose][account].free += msg.value.toUint128();
        emit Staked(purpose, account, msg.value, msg.sender);
    }

    /// @dev What passes the comparison has 128 bits.
    function _takeFree(Purpose purpose, address account, uint256 amount) private returns (Stake storage entry) {
        entry = stakes[purpose][account];
        uint128 free = entry.free;
        if (free < amount) revert StakeTooSmall(purpose, account, free, amount);
        entry.free = free - uint128(amount);
    }

    function _takeLocked(Purpose purpose, address account, uint256 amount) private returns (Stake storage entry) {
        entry = stakes[purpose][account];
        uint128 locked = entry.locked;
        if (locked < amount) revert LockTooSmall(purpose, account, locked, amount);
        entry.locked = locked - uint128(amount);
    }
}
