// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";
import {Owing} from "../money/Owing.sol";

/// @title DatanetMoney
/// @notice The calling contract's money in Payouts. No amount is no call.
/// @dev References read as a word and a number: what the money was for, and which.
library DatanetMoney {
    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);

    bytes32 internal constant DATANET = "datanet";
    bytes32 internal constant COMMITMENT = "commitment";
    bytes32 internal constant CASE = "case";

    /// @notice `amount` of the call's value is escrow from now on.
    function hold(uint256 amount) internal {
        if (amount != 0) PAYOUTS.hold{value: amount}();
    }

    /// @notice `amount` of the escrow is owed to `account` from now on.
    function pay(address account, uint256 amount, IPayouts.Reason reason, bytes32 ref) internal {
        Owing.owe(account, amount, reason, ref);
    }

    /// @notice `amount` of the call's value is the protocol's from now on.
    function toProtocol(uint256 amount, bytes32 ref) internal {
        hold(amount);
        pay(Predeploys.FEE_DISTRIBUTOR, amount, IPayouts.Reason.Protocol, ref);
    }

    function refOf(bytes32 what, uint256 id) internal pure returns (bytes32) {
        return what | bytes32(id);
    }
}
