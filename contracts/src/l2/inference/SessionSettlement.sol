// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {Payments} from "./Payments.sol";
import {Sessions} from "./Sessions.sol";

/// @title SessionSettlement
/// @notice Divides what answers cost. The parts of a payment are those that the session was opened under, and sum to it.
library SessionSettlement {
    /// @dev One settlement.
    struct Batch {
        uint256 sessionId;
        uint256 amount;
        bytes32 head;
        uint32 first;
        uint32 count;
        bool signed;
    }

    /// @notice With the payer's signature: contributors are paid.
    function settle(
        Sessions.State storage self,
        uint256 sessionId,
        IInference.Answer[] calldata answers,
        bytes calldata signature
    ) internal returns (uint256 settlementId) {
        IInference.Session storage session = Sessions.mustBeOpen(self, sessionId);
        Batch memory batch;
        bytes32 digest;
        (batch.head, batch.amount, digest) = Sessions.chainOf(sessionId, session, answers);
        (batch.sessionId, batch.first, batch.signed) = (sessionId, session.answers + 1, true);
        batch.count = uint32(answers.length);
        bool posted = _isPosted(self, sessionId, batch.head);
        if (!posted) {
            if (msg.sender != session.operator) revert IInference.NotOperator(sessionId, msg.sender);
            Sessions.checkInTime(sessionId, session);
        }
        address payer = session.payer;
        if (msg.sender != payer && !Sessions.DIVISION.isSigned(payer, digest, signature)) {
            revert IInference.NotSigned(payer, digest);
        }
        if (!posted) Sessions.emitAnswers(sessionId, batch.first, answers);
        return _pay(self, session, batch, answers);
    }

    /// @notice Without it: the contributors' pool is the commons'.
    function finalize(Sessions.State storage self, uint256 sessionId) internal returns (uint256 settlementId) {
        IInference.Session storage session = Sessions.mustBeOpen(self, sessionId);
        IInference.Pending memory pending = self.pending[sessionId];
        if (pending.until == 0) revert IInference.NothingPending(sessionId);
        if (pending.cases != 0) revert IInference.HasCases(sessionId, pending.cases);
        if (block.timestamp <= pending.until) revert IInference.TooEarly(sessionId, pending.until + 1);
        Batch memory batch = Batch(sessionId, pending.amount, pending.head, session.answers + 1, pending.count, false);
        return _pay(self, session, batch, _none());
    }

    /// @dev Whether these are the answers that wait. Nothing else may be settled meanwhile, and nothing that is contested.
    function _isPosted(Sessions.State storage self, uint256 sessionId, bytes32 head) private view returns (bool) {
        IInference.Pending storage pending = self.pending[sessionId];
        if (pending.until == 0) return false;
        if (pending.head != head) revert IInference.IsPending(sessionId);
        if (pending.cases != 0) revert IInference.HasCases(sessionId, pending.cases);
        return true;
    }

    /// @dev The session's books, then everybody's parts.
    function _pay(
        Sessions.State storage self,
        IInference.Session storage session,
        Batch memory batch,
        IInference.Answer[] calldata answers
    ) private returns (uint256 settlementId) {
        delete self.pending[batch.sessionId];
        session.answers += batch.count;
        session.head = batch.head;
        session.left -= uint96(batch.amount);
        session.paid += uint96(batch.amount);
        session.lastAt = uint64(block.timestamp);
        settlementId = batch.sessionId << 32 | ++session.settlements;
        IDivision.Payment memory payment;
        (payment.modelId, payment.version) = (session.modelId, session.version);
        (payment.termsHash, payment.contributors) = (session.termsHash, session.contributors);
        (payment.protocolBps, payment.validatorBps) = (session.rules.protocolBps, session.rules.validatorBps);
        (payment.amount, payment.head) = (batch.amount, batch.head);
        IDivision.Divided memory divided = Sessions.DIVISION.divide(payment, answers);
        Payments.pay(self, settlementId, divided);
        emit IInference.Settled(
            settlementId,
            batch.sessionId,
            batch.signed,
            batch.first,
            batch.count,
            batch.amount,
            batch.head,
            divided.shares
        );
        if (session.answers == session.maxAnswers) Sessions.end(batch.sessionId, session);
    }

    function _none() private pure returns (IInference.Answer[] calldata answers) {
        assembly ("memory-safe") {
            answers.offset := 0
            answers.length := 0
        }
    }
}
