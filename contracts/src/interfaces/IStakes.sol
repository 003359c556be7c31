// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IStakes
/// @notice What accounts put at risk, by purpose. Predeploy 0x00000000000000000000000000000000000a7716, immutable. The one
///         module of a purpose locks, unlocks and slashes: Juries those of validators, Inference those of operators, Models
///         those of trainers. What is not locked goes back to its owner after a delay.
interface IStakes {
    enum Purpose {
        Validator,
        Operator,
        Trainer
    }

    event Staked(Purpose indexed purpose, address indexed account, uint256 amount, address by);
    event WithdrawalBegun(Purpose indexed purpose, address indexed account, uint256 amount, uint64 ready);
    event Withdrawn(Purpose indexed purpose, address indexed account, address to, uint256 amount);
    event Locked(Purpose indexed purpose, address indexed account, uint256 amount);
    event Unlocked(Purpose indexed purpose, address indexed account, uint256 amount);
    event Slashed(Purpose indexed purpose, address indexed account, address indexed to, uint256 amount, bytes32 ref);

    error ZeroAmount();
    error ZeroAccount();
    /// @notice The caller is not the module of this purpose.
    error NotModule(Purpose purpose, address caller);
    /// @notice Less is free (neither locked nor leaving) than was asked for.
    error StakeTooSmall(Purpose purpose, address account, uint256 free, uint256 amount);
    /// @notice Less is locked than was to be unlocked or slashed.
    error LockTooSmall(Purpose purpose, address account, uint256 locked, uint256 amount);
    /// @notice Nothing leaves, or not yet.
    error NotReady(uint64 ready);
    error TransferFailed(address to, uint256 amount);

    /// @notice Puts what is sent at risk for a purpose, as the caller's stake.
    function stake(Purpose purpose) external payable;
    /// @notice The same for another account, whose stake it is from then on.
    function stakeFor(Purpose purpose, address account) external payable;

    /// @notice `amount` of the caller's free stake leaves: it can be withdrawn after `WITHDRAWAL_DELAY`, and can be locked
    ///         no more. What was leaving already begins its delay anew.
    function beginWithdrawal(Purpose purpose, uint256 amount) external;
    /// @notice Sends `to` what the caller began to withdraw, once its delay is over.
    function withdraw(Purpose purpose, address payable to) external returns (uint256 amount);

    // ---- The purpose's module

    /// @notice Free stake is locked: it cannot leave, and can be slashed.
    function lock(Purpose purpose, address account, uint256 amount) external;
    /// @notice Locked stake is free again.
    function unlock(Purpose purpose, address account, uint256 amount) external;

    /// @notice Takes locked stake: it is owed to `to` in Payouts, with reason Slashing and `ref`.
    function slash(Purpose purpose, address account, uint256 amount, address to, bytes32 ref) external;

    /// @return free What can be locked or begin to leave.
    /// @return locked What a module has locked.
    /// @return leaving What can be withdrawn from `ready` (seconds) on.
    function stakeOf(Purpose purpose, address account)
        external
        view
        returns (uint256 free, uint256 locked, uint256 leaving, uint64 ready);
    /// @notice The one that locks and slashes what is staked for a purpose.
    function moduleOf(Purpose purpose) external view returns (address);
}
