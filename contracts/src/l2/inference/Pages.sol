// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../interfaces/ICommons.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";

/// @title Pages
/// @notice Contributors by the page: those who are paid at once, and those who wait.
library Pages {
    uint256 private constant BPS = 10_000;
    /// @notice Most contributors that are paid at once; the rest is carried. It bounds the gas of a settlement.
    uint256 internal constant MAX_PAYEES = 128;

    function first(IInference.Payee[] memory payees, uint256 protocolBps)
        internal
        pure
        returns (IDivision.Page memory page)
    {
        if (payees.length > MAX_PAYEES) {
            IInference.Payee[] memory rest = new IInference.Payee[](payees.length - MAX_PAYEES);
            for (uint256 i = 0; i < rest.length; ++i) {
                rest[i] = payees[MAX_PAYEES + i];
                page.carriedAmount += rest[i].amount;
            }
            page.carried = abi.encode(rest);
            assembly ("memory-safe") {
                mstore(payees, MAX_PAYEES)
            }
        }
        page.credits = new IPayouts.Credit[](payees.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            page.credits[i] = IPayouts.Credit(payees[i].account, payees[i].amount, IPayouts.Reason.Contributor);
        }
        page.paid = abi.encode(payees);
        page.earned = _earned(payees, protocolBps);
    }

    /// @dev In runs of one datanet. A credit draws at most the protocol fee that it bore.
    function _earned(IInference.Payee[] memory payees, uint256 protocolBps)
        private
        pure
        returns (IDivision.Earned[] memory earned)
    {
        earned = new IDivision.Earned[](payees.length);
        uint256 count;
        for (uint256 from = 0; from < payees.length;) {
            uint256 datanetId = payees[from].datanetId;
            uint256 to = from;
            while (to < payees.length && payees[to].datanetId == datanetId) ++to;
            ICommons.Credit[] memory credits = new ICommons.Credit[](to - from);
            for (uint256 i = from; i < to; ++i) {
                uint256 amount = payees[i].amount;
                credits[i - from] = ICommons.Credit(payees[i].account, amount, amount * protocolBps / BPS);
            }
            earned[count++] = IDivision.Earned(datanetId, credits);
            from = to;
        }
        assembly ("memory-safe") {
            mstore(earned, count)
        }
    }
}
