// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IPayouts
/// @notice All OPEN that the economy holds: in escrow of a module until it is decided whose it is, then owed to an account
///         until that is claimed. Predeploy 0x00000000000000000000000000000000000a7712, immutable: a module moves its own
///         escrow and nothing else, and what is owed to an account only that account, or the payee it named, takes out.
interface IPayouts {
    /// @notice Why an account is owed something.
    enum Reason {
        Contributor,
        Curator,
        Validator,
        Operator,
        Lineage,
        Protocol,
        Commons,
        Refund,
        Bond,
        Slashing
    }

    struct Credit {
        address account;
        uint256 amount;
        Reason reason;
    }

    event Held(address indexed module, uint256 amount);
    /// @notice `account` is owed `amount` more, for what the module calls `ref` (a settlement, a case).
    event Credited(address indexed module, address indexed account, bytes32 indexed ref, uint256 amount, Reason reason);
    event EscrowMoved(address indexed from, address indexed to, uint256 amount);
    event Claimed(address indexed account, address indexed to, uint256 amount, address by);
    /// @notice From `effective` (seconds) on, `payee` claims what `account` is owed.
    event PayeeChanged(address indexed account, address indexed payee, uint64 effective);

    /// @notice The caller's escrow is smaller than what it gives away.
    error EscrowTooSmall(address module, uint256 escrow, uint256 amount);
    /// @notice Nothing is owed to the zero address.
    error ZeroAccount();
    /// @notice Nothing is owed to any of the accounts.
    error NothingOwed(address account);
    /// @notice Who claims is not whom the account's money goes to.
    error NotPayee(address account, address payee, address caller);
    /// @notice The recipient did not accept its money; nothing changed.
    error TransferFailed(address to, uint256 amount);
    error SignatureExpired(uint256 deadline);
    error InvalidSignature();
    error InvalidNonce(address account, uint256 expected, uint256 nonce);

    /// @notice The value sent is the caller's escrow from now on.
    function hold() external payable;

    /// @notice Parts of the caller's escrow are owed to accounts from now on.
    function release(Credit[] calldata credits, bytes32 ref) external;

    /// @notice A part of the caller's escrow is that of `module` from now on.
    function move(address module, uint256 amount) external;

    /// @notice Sends `to` what the caller is owed.
    function claim(address payable to) external returns (uint256 amount);

    /// @notice Sends `to` what the accounts are owed, each of which is the caller or named it as its payee.
    function claimFor(address[] calldata accounts, address payable to) external returns (uint256 amount);

    /// @notice From `PAYEE_DELAY` on, `payee` claims what the caller is owed and will be, also for old rows. The caller
    ///         itself, to take it back.
    function setPayee(address payee) external;

    /// @notice The same by the account's EIP-712 signature (EIP-1271 for contracts).
    function setPayeeFor(address account, address payee, uint256 nonce, uint256 deadline, bytes calldata signature)
        external;

    /// @notice What a module has in escrow, wei.
    function escrowOf(address module) external view returns (uint256);
    /// @notice What an account can claim, wei.
    function owed(address account) external view returns (uint256);

    /// @return owedTotal Sum over all accounts.
    /// @return escrowTotal Sum over all modules. Both together are this contract's balance, or less by what was forced in.
    function totals() external view returns (uint256 owedTotal, uint256 escrowTotal);

    /// @return payee Who claims now.
    /// @return next Who does from `effective` on; the same when nothing is under way.
    function payeeOf(address account) external view returns (address payee, address next, uint64 effective);
    /// @notice Of the next `setPayeeFor` that an account signs.
    function nonces(address account) external view returns (uint256);
}
