// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Authorizations} from "./Authorizations.sol";

/// @title WrappedOpen
/// @notice WOPEN: OPEN as an ERC-20, one to one; predeploy 0x4200000000000000000000000000000000000006, immutable. Functions,
///         events and behaviour of WETH9, and besides EIP-2612 and EIP-3009 (`Authorizations`), so that whoever pays needs
///         no OPEN for gas. WETH9's supply is its balance: what is forced in counts there, and belongs to nobody.
contract WrappedOpen is Authorizations {
    /// @notice Of ERC-20.
    string public constant name = "Wrapped OPEN";
    /// @notice Of ERC-20.
    string public constant symbol = "WOPEN";
    /// @notice Of ERC-20: those of OPEN.
    uint8 public constant decimals = 18;

    /// @notice WOPEN of an account, wei.
    mapping(address account => uint256) public balanceOf;
    /// @notice What a spender may still move of an owner, wei; the greatest value is without end.
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    error BalanceTooSmall(address account, uint256 balance, uint256 amount);
    error AllowanceTooSmall(address owner, address spender, uint256 allowance, uint256 amount);
    /// @notice The caller did not accept its OPEN.
    error TransferFailed(address to, uint256 amount);
    /// @notice There is no such function, and nothing was sent to be wrapped.
    error UnknownFunction(bytes4 selector);

    constructor() EIP712(name, "1") {}

    receive() external payable {
        deposit();
    }

    /// @notice Wraps what is sent, as WETH9 does. A call that sends nothing is refused: WETH9 lets any unknown function
    ///         succeed, which has cost callers who relied on one (a permit it does not have) their money.
    fallback() external payable {
        if (msg.value == 0) revert UnknownFunction(msg.sig);
        deposit();
    }

    /// @notice Wraps the OPEN sent.
    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Unwraps `wad` to the caller.
    function withdraw(uint256 wad) external {
        _take(msg.sender, wad);
        emit Withdrawal(msg.sender, wad);
        (bool success,) = msg.sender.call{value: wad}("");
        if (!success) revert TransferFailed(msg.sender, wad);
    }

    /// @notice All OPEN that is held here, wei.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    /// @notice Sets what `guy` may move of the caller.
    function approve(address guy, uint256 wad) external returns (bool) {
        _approve(msg.sender, guy, wad);
        return true;
    }

    /// @notice Moves `wad` from the caller to `dst`.
    function transfer(address dst, uint256 wad) external returns (bool) {
        _transfer(msg.sender, dst, wad);
        return true;
    }

    /// @notice The owner itself needs no allowance, and the greatest allowance is never used up.
    function transferFrom(address src, address dst, uint256 wad) external returns (bool) {
        if (src != msg.sender) {
            uint256 allowed = allowance[src][msg.sender];
            if (allowed != type(uint256).max) {
                if (allowed < wad) revert AllowanceTooSmall(src, msg.sender, allowed, wad);
                allowance[src][msg.sender] = allowed - wad;
            }
        }
        _transfer(src, dst, wad);
        return true;
    }

    function _approve(address owner, address spender, uint256 value) internal override {
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    function _transfer(address from, address to, uint256 value) internal override {
        _take(from, value);
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    function _take(address account, uint256 amount) private {
        uint256 balance = balanceOf[account];
        if (balance < amount) revert BalanceTooSmall(account, balance, amount);
        balanceOf[account] = balance - amount;
    }
}
