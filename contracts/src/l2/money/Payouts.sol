// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Ledger} from "./Ledger.sol";
import {Payees} from "./Payees.sol";
import {Signatures} from "./Signatures.sol";

/// @title Payouts
/// @notice All OPEN that the economy holds; predeploy 0x00000000000000000000000000000000000a7712. Nobody owns this contract
///         and nothing can be upgraded in it. Anybody may hold, release and move: all of it touches only the caller's own
///         escrow, so there is no list of modules that governance could change.
/// @dev Money is pulled, so no recipient can stop a settlement; books are closed before it is sent, so that a recipient
///      that calls back finds nothing left. What is forced in (by a contract that destroys itself) is in no book and moves
///      nothing.
contract Payouts is IPayouts, EIP712 {
    using Ledger for Ledger.Book;
    using Payees for Payees.Payee;

    /// @notice Time until a change of payee takes effect: whoever steals an account's key cannot at once take what is owed
    ///         to it, if the account had named a payee whose key is kept elsewhere.
    uint64 public constant PAYEE_DELAY = 2 days;

    /// @notice What an account signs to change its payee (EIP-712).
    bytes32 public constant SET_PAYEE_TYPEHASH =
        keccak256("SetPayee(address account,address payee,uint256 nonce,uint256 deadline)");

    Ledger.Book private book;
    mapping(address account => Payees.Payee) private payees;

    /// @inheritdoc IPayouts
    mapping(address account => uint256) public nonces;

    constructor() EIP712("Tributary Payouts", "1") {}

    // ---- Modules

    /// @inheritdoc IPayouts
    function hold() external payable {
        book.hold(msg.sender, msg.value);
        emit Held(msg.sender, msg.value);
    }

    /// @inheritdoc IPayouts
    function release(Credit[] calldata credits, bytes32 ref) external {
        book.release(msg.sender, credits, ref);
    }

    /// @inheritdoc IPayouts
    function move(address module, uint256 amount) external {
        book.move(msg.sender, module, amount);
        emit EscrowMoved(msg.sender, module, amount);
    }

    // ---- Accounts

    /// @inheritdoc IPayouts
    function claim(address payable to) external returns (uint256 amount) {
        amount = _take(msg.sender, to);
        if (amount == 0) revert NothingOwed(msg.sender);
        _send(to, amount);
    }

    /// @inheritdoc IPayouts
    function claimFor(address[] calldata accounts, address payable to) external returns (uint256 amount) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            amount += _take(accounts[i], to);
        }
        if (amount == 0) revert NothingOwed(accounts.length == 0 ? msg.sender : accounts[0]);
        _send(to, amount);
    }

    /// @inheritdoc IPayouts
    /// @dev Takes a nonce, so that nobody can present a signature that the account gave before this.
    function setPayee(address payee) external {
        ++nonces[msg.sender];
        _setPayee(msg.sender, payee);
    }

    /// @inheritdoc IPayouts
    function setPayeeFor(address account, address payee, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
    {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        uint256 expected = nonces[account]++;
        if (nonce != expected) revert InvalidNonce(account, expected, nonce);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(SET_PAYEE_TYPEHASH, account, payee, nonce, deadline)));
        if (!Signatures.isValid(account, digest, signature)) revert InvalidSignature();
        _setPayee(account, payee);
    }

    // ---- Views

    /// @inheritdoc IPayouts
    function escrowOf(address module) external view returns (uint256) {
        return book.escrow[module];
    }

    /// @inheritdoc IPayouts
    function owed(address account) external view returns (uint256) {
        return book.owed[account];
    }

    /// @inheritdoc IPayouts
    function totals() external view returns (uint256 owedTotal, uint256 escrowTotal) {
        return (book.owedTotal, book.escrowTotal);
    }

    /// @inheritdoc IPayouts
    function payeeOf(address account) external view returns (address payee, address next, uint64 effective) {
        Payees.Payee storage entry = payees[account];
        effective = entry.effective;
        payee = entry.payeeOf(account);
        next = effective == 0 ? account : entry.next;
    }

    /// @notice Domain of the signatures of `setPayeeFor`.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _take(address account, address to) private returns (uint256 amount) {
        address payee = payees[account].payeeOf(account);
        if (payee != msg.sender) revert NotPayee(account, payee, msg.sender);
        amount = book.take(account);
        if (amount != 0) emit Claimed(account, to, amount, msg.sender);
    }

    function _send(address payable to, uint256 amount) private {
        if (to == address(0)) revert ZeroAccount();
        (bool success,) = to.call{value: amount}("");
        if (!success) revert TransferFailed(to, amount);
    }

    function _setPayee(address account, address payee) private {
        if (payee == address(0)) revert ZeroAccount();
        uint64 effective = uint64(block.timestamp) + PAYEE_DELAY;
        payees[account].change(account, payee, effective);
        emit PayeeChanged(account, payee, effective);
    }
}
