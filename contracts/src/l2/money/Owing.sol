// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Owing
/// @notice A part of the calling contract's escrow in Payouts is owed to one account from now on. No amount is no call.
library Owing {
    function owe(address account, uint256 amount, IPayouts.Reason reason, bytes32 ref) internal {
        if (amount == 0) return;
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](1);
        credits[0] = IPayouts.Credit(account, amount, reason);
        IPayouts(Predeploys.PAYOUTS).release(credits, ref);
    }
}
