// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../interfaces/ICommons.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";
import {Sessions} from "./Sessions.sol";

/// @title Payments
/// @notice Moves the parts of a payment, all from this contract's escrow in Payouts.
library Payments {
    ICommons private constant COMMONS = ICommons(Predeploys.COMMONS);

    function pay(Sessions.State storage self, uint256 settlementId, IDivision.Divided memory divided) internal {
        _move(Predeploys.DATANETS, divided.shares.validators);
        _move(Predeploys.COMMONS, divided.shares.commons);
        for (uint256 i = 0; i < divided.funds.length; ++i) {
            IDivision.Fund memory fund = divided.funds[i];
            if (fund.review) IDatanets(Predeploys.DATANETS).fundReview(fund.datanetId, fund.amount);
            else COMMONS.add(fund.datanetId, fund.amount);
        }
        _release(settlementId, divided.credits);
        _log(IInference.PartsPaid.selector, settlementId, divided.parts);
        _log(IInference.Attributed.selector, settlementId, divided.attributions);
        if (divided.payees.length == 0) return;
        _payPage(settlementId, divided.page, divided.payees[0]);
        if (divided.carriedHash == 0) return;
        self.carried[settlementId] = Sessions.Carry(divided.carriedAmount, divided.carriedHash);
        for (uint256 i = 1; i < divided.payees.length; ++i) {
            _log(IInference.Carried.selector, settlementId, divided.payees[i]);
        }
    }

    /// @notice Pays the next page of those contributors whose turn has not come. Of all that wait only a hash is kept: they were
    ///         told in events, and whoever carries brings them again.
    function carry(Sessions.State storage self, uint256 settlementId, bytes calldata payees, bytes32 rest) internal {
        Sessions.Carry storage carried = self.carried[settlementId];
        if (carried.payeesHash != keccak256(abi.encode(keccak256(payees), rest))) {
            revert IInference.WrongPayees(settlementId);
        }
        uint16 protocolBps = self.sessions[settlementId >> 32].rules.protocolBps;
        IDivision.Page memory page = Sessions.DIVISION.next(payees, protocolBps);
        carried.payeesHash = rest;
        carried.amount -= page.amount;
        _payPage(settlementId, page, payees);
    }

    function _payPage(uint256 settlementId, IDivision.Page memory page, bytes memory payees) private {
        _release(settlementId, page.credits);
        _log(IInference.ContributorsPaid.selector, settlementId, payees);
        for (uint256 i = 0; i < page.earned.length; ++i) {
            COMMONS.credit(page.earned[i].datanetId, page.earned[i].credits);
        }
    }

    function _move(address module, uint256 amount) private {
        if (amount != 0) Sessions.PAYOUTS.move(module, amount);
    }

    function _release(uint256 settlementId, IPayouts.Credit[] memory credits) private {
        if (credits.length != 0) Sessions.PAYOUTS.release(credits, bytes32(settlementId));
    }

    /// @dev Emits an event of a settlement whose one argument is encoded already.
    function _log(bytes32 selector, uint256 settlementId, bytes memory encoded) private {
        assembly ("memory-safe") {
            log2(add(encoded, 32), mload(encoded), selector, settlementId)
        }
    }
}
