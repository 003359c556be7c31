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
    uint256 private constant BPS = 10_000;
    /// @notice Most contributors that are paid at once; the rest is carried. It bounds the gas of a settlement.
    uint256 internal constant MAX_PAYEES = 128;
    ICommons private constant COMMONS = ICommons(Predeploys.COMMONS);

    /// @dev Accounts are owed theirs; what is a datanet's goes to the contract that keeps it.
    function pay(
        Sessions.State storage self,
        uint256 settlementId,
        uint256 protocolBps,
        IDivision.Divided memory divided
    ) internal {
        _move(Predeploys.DATANETS, divided.shares.validators);
        _move(Predeploys.COMMONS, divided.shares.commons);
        IInference.Part[] memory parts = divided.parts;
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](parts.length);
        uint256 count;
        for (uint256 i = 0; i < parts.length; ++i) {
            IInference.Part memory part = parts[i];
            if (part.reason == IPayouts.Reason.Validator) {
                IDatanets(Predeploys.DATANETS).fundReview(part.datanetId, part.amount);
            } else if (part.reason == IPayouts.Reason.Commons) {
                COMMONS.add(part.datanetId, part.amount);
            } else {
                credits[count++] = IPayouts.Credit(part.account, part.amount, part.reason);
            }
        }
        assembly ("memory-safe") {
            mstore(credits, count)
        }
        _release(settlementId, credits);
        emit IInference.PartsPaid(settlementId, parts);
        _emitAttributed(settlementId, divided.attributions);
        payFirst(self, settlementId, divided.payees, protocolBps);
    }

    /// @notice Pays those contributors whose turn has not come.
    function carry(Sessions.State storage self, uint256 settlementId, IInference.Payee[] memory payees) internal {
        Sessions.Carry storage carried = self.carried[settlementId];
        if (carried.amount == 0 || carried.payeesHash != keccak256(abi.encode(payees))) {
            revert IInference.WrongPayees(settlementId);
        }
        delete self.carried[settlementId];
        payFirst(self, settlementId, payees, self.sessions[settlementId >> 32].protocolBps);
    }

    /// @dev Pays the first contributors, and keeps what is the others'.
    function payFirst(
        Sessions.State storage self,
        uint256 settlementId,
        IInference.Payee[] memory payees,
        uint256 protocolBps
    ) internal {
        if (payees.length == 0) return;
        if (payees.length > MAX_PAYEES) {
            _keep(self, settlementId, payees);
            _cut(payees, MAX_PAYEES);
        }
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](payees.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            credits[i] = IPayouts.Credit(payees[i].account, payees[i].amount, IPayouts.Reason.Contributor);
        }
        _release(settlementId, credits);
        emit IInference.ContributorsPaid(settlementId, payees);
        _credit(payees, protocolBps);
    }

    function _move(address module, uint256 amount) private {
        if (amount != 0) Sessions.PAYOUTS.move(module, amount);
    }

    function _release(uint256 settlementId, IPayouts.Credit[] memory credits) private {
        if (credits.length != 0) Sessions.PAYOUTS.release(credits, bytes32(settlementId));
    }

    /// @dev `emit Attributed(settlementId, attributions)` of what is encoded already.
    function _emitAttributed(uint256 settlementId, bytes memory attributions) private {
        bytes32 topic = IInference.Attributed.selector;
        assembly ("memory-safe") {
            log2(add(attributions, 32), mload(attributions), topic, settlementId)
        }
    }

    /// @dev What is left is told in an event, and only its hash is kept: whoever carries brings it again.
    function _keep(Sessions.State storage self, uint256 settlementId, IInference.Payee[] memory payees) private {
        IInference.Payee[] memory rest = new IInference.Payee[](payees.length - MAX_PAYEES);
        uint256 amount;
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = payees[MAX_PAYEES + i];
            amount += rest[i].amount;
        }
        self.carried[settlementId] = Sessions.Carry(amount, keccak256(abi.encode(rest)));
        emit IInference.Carried(settlementId, rest);
    }

    /// @dev Tells the commons who earned what, in runs of one datanet. A credit draws at most the protocol fee that it bore.
    function _credit(IInference.Payee[] memory payees, uint256 protocolBps) private {
        for (uint256 from = 0; from < payees.length;) {
            uint256 datanetId = payees[from].datanetId;
            uint256 to = from;
            while (to < payees.length && payees[to].datanetId == datanetId) ++to;
            ICommons.Credit[] memory credits = new ICommons.Credit[](to - from);
            for (uint256 i = from; i < to; ++i) {
                uint256 amount = payees[i].amount;
                credits[i - from] = ICommons.Credit(payees[i].account, amount, amount * protocolBps / BPS);
            }
            COMMONS.credit(datanetId, credits);
            from = to;
        }
    }

    function _cut(IInference.Payee[] memory payees, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(payees, length)
        }
    }
}
