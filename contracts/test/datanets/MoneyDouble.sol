// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPayouts} from "../../src/interfaces/IPayouts.sol";

/// @notice Stands in for Payouts as far as Datanets moves money: escrow by module, and what accounts are owed.
contract MoneyDouble {
    mapping(address module => uint256) public escrowOf;
    mapping(address account => uint256) public owed;
    mapping(address account => mapping(IPayouts.Reason => uint256)) public owedFor;
    uint256 public owedTotal;

    function hold() external payable {
        escrowOf[msg.sender] += msg.value;
    }

    function release(IPayouts.Credit[] calldata credits, bytes32 ref) external {
        for (uint256 i = 0; i < credits.length; ++i) {
            IPayouts.Credit calldata credit = credits[i];
            if (credit.account == address(0)) revert IPayouts.ZeroAccount();
            uint256 escrow = escrowOf[msg.sender];
            if (escrow < credit.amount) revert IPayouts.EscrowTooSmall(msg.sender, escrow, credit.amount);
            escrowOf[msg.sender] = escrow - credit.amount;
            owed[credit.account] += credit.amount;
            owedFor[credit.account][credit.reason] += credit.amount;
            owedTotal += credit.amount;
            emit IPayouts.Credited(msg.sender, credit.account, ref, credit.amount, credit.reason);
        }
    }

    function move(address module, uint256 amount) external {
        uint256 escrow = escrowOf[msg.sender];
        if (escrow < amount) revert IPayouts.EscrowTooSmall(msg.sender, escrow, amount);
        escrowOf[msg.sender] = escrow - amount;
        escrowOf[module] += amount;
    }
}
