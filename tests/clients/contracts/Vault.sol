// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// Holds money until a time: what tests of vesting, auctions and governance travel through.
contract Vault {
    error StillClosed(uint256 opens, uint256 now_);

    event Paid(address indexed from, uint256 amount);
    event Opened(address indexed to, uint256 amount, uint256 at);

    address payable public immutable owner;
    uint256 public immutable opens;

    constructor(uint256 delay) payable {
        owner = payable(msg.sender);
        opens = block.timestamp + delay;
    }

    receive() external payable {
        emit Paid(msg.sender, msg.value);
    }

    function open() external {
        if (block.timestamp < opens) revert StillClosed(opens, block.timestamp);
        emit Opened(owner, address(this).balance, block.timestamp);
        owner.transfer(address(this).balance);
    }
}
