// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Owing} from "../money/Owing.sol";

/// @title Sessions
/// @notice What a session is, how it begins and ends, and how answers come into it.
library Sessions {
    struct Carry {
        uint256 amount;
        bytes32 payeesHash;
    }

    struct State {
        uint256 count;
        mapping(uint256 sessionId => IInference.Session) sessions;
        mapping(uint256 sessionId => IInference.Pending) pending;
        mapping(uint256 caseId => IInference.Case) cases;
        /// Of keccak256(sessionId, index, kind).
        mapping(bytes32 subject => bool) disputed;
        mapping(uint256 settlementId => Carry) carried;
        mapping(address operator => mapping(bytes32 termsHash => bool)) serves;
        mapping(address operator => uint256) openSessions;
    }

    /// @notice Longest time of a session.
    uint64 internal constant MAX_SECONDS = 7 days;
    uint32 internal constant MAX_ANSWERS = 65_536;

    IPayouts internal constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);
    IStakes internal constant STAKES = IStakes(Predeploys.STAKES);
    IDivision internal constant DIVISION = IDivision(Predeploys.DIVISION);

    function open(State storage self, IInference.Opening calldata opening, bytes calldata prompt)
        internal
        returns (uint256 sessionId)
    {
        bytes32 promptHash = opening.promptHash;
        if (prompt.length != 0) {
            promptHash = keccak256(prompt);
            if (opening.promptHash != 0 && opening.promptHash != promptHash) {
                revert IInference.WrongPrompt(opening.promptHash, promptHash);
            }
        }
        sessionId = ++self.count;
        IInference.Session storage session = self.sessions[sessionId];
        session.head = promptHash;
        IDivision.Quote memory quoted = DIVISION.quote(opening.modelId, opening.version);
        _agree(self, session, opening, quoted);
        _pin(session, quoted);
        ++self.openSessions[session.operator];
        _lock(session.operator, quoted.stake);
        PAYOUTS.hold{value: msg.value}();
        emit IInference.SessionOpened(sessionId, session.modelId, msg.sender, session, prompt);
    }

    /// @dev What payer and operator agreed to, and what the payer wants. Everything is as it is now.
    function _agree(
        State storage self,
        IInference.Session storage session,
        IInference.Opening calldata opening,
        IDivision.Quote memory quoted
    ) private {
        if (!quoted.offered || opening.modelId > type(uint64).max) {
            revert IInference.NotOffered(opening.modelId, opening.version);
        }
        if (quoted.termsHash != opening.termsHash) {
            revert IInference.WrongTerms(opening.termsHash, quoted.termsHash);
        }
        if (!self.serves[quoted.operator][quoted.termsHash]) {
            revert IInference.NotServed(quoted.operator, quoted.termsHash);
        }
        if (opening.maxAnswers == 0 || opening.maxAnswers > MAX_ANSWERS) {
            revert IInference.InvalidAnswers(opening.maxAnswers);
        }
        if (msg.value > type(uint96).max) revert IInference.PaymentTooLarge(msg.value);
        uint256 needed = quoted.price * opening.maxAnswers;
        if (msg.value < needed) revert IInference.PaymentTooSmall(needed, msg.value);
        (session.payer, session.operator) = (msg.sender, quoted.operator);
        (session.modelId, session.version) = (uint64(opening.modelId), opening.version);
        (session.maxAnswers, session.left, session.price) =
        (opening.maxAnswers, uint96(msg.value), uint96(quoted.price));
        session.deadline = _deadline(opening.deadline, quoted.answerSeconds);
        session.status = IInference.Status.Open;
    }

    /// @dev No shorter than the operator's time to answer: who answers in it is not refunded under its hands.
    function _deadline(uint64 asked, uint64 answerSeconds) private view returns (uint64 deadline) {
        deadline = asked == 0 ? uint64(block.timestamp) + answerSeconds : asked;
        if (deadline < block.timestamp + answerSeconds || deadline > block.timestamp + MAX_SECONDS) {
            revert IInference.InvalidDeadline(deadline);
        }
    }

    /// @dev Parameters are within the bounds of their keys, and so within these types.
    function _pin(IInference.Session storage session, IDivision.Quote memory quoted) private {
        session.rules = IInference.Rules({
            protocolBps: quoted.protocolBps,
            validatorBps: quoted.validatorBps,
            contestSeconds: quoted.contestSeconds,
            jurors: quoted.jurors,
            penalty: uint88(quoted.penalty),
            contestBond: uint72(quoted.contestBond),
            deterministic: quoted.deterministic,
            sketches: quoted.sketches
        });
        (session.termsHash, session.contributors) = (quoted.termsHash, quoted.contributors);
    }

    /// @dev One lock for all of an operator's sessions, filled up again by each that is opened: who lost a part of it answers
    ///      no more until it staked again.
    function _lock(address operator, uint256 needed) private {
        (, uint256 locked,,) = STAKES.stakeOf(IStakes.Purpose.Operator, operator);
        if (locked < needed) STAKES.lock(IStakes.Purpose.Operator, operator, needed - locked);
    }

    // ---- Answers

    /// @notice Takes answers into the chain, without writing its new end.
    function chainOf(uint256 sessionId, IInference.Session storage session, IInference.Answer[] calldata answers)
        internal
        view
        returns (bytes32 head, uint256 amount, bytes32 digest)
    {
        uint32 count = session.answers;
        if (answers.length == 0 || answers.length > session.maxAnswers - count) {
            revert IInference.InvalidAnswers(answers.length);
        }
        head = session.head;
        // Until the first answer the head is the hash of the prompt that was named.
        if (count == 0 && head != 0 && head != answers[0].promptHash) {
            revert IInference.WrongPrompt(head, answers[0].promptHash);
        }
        (head, amount, digest) = DIVISION.voucherOf(sessionId, head, count + 1, session.paid, answers);
        if (amount > session.left) revert IInference.EscrowTooSmall(session.left, amount);
    }

    function emitAnswers(uint256 sessionId, uint32 first, IInference.Answer[] calldata answers) internal {
        for (uint256 i = 0; i < answers.length; ++i) {
            IInference.Answer calldata answer = answers[i];
            emit IInference.Answered(
                sessionId, first + uint32(i), answer.promptHash, answer.amount, answer.output, answer.query
            );
        }
    }

    function post(State storage self, uint256 sessionId, IInference.Answer[] calldata answers) internal {
        IInference.Session storage session = mustBeOpen(self, sessionId);
        if (msg.sender != session.operator) revert IInference.NotOperator(sessionId, msg.sender);
        checkInTime(sessionId, session);
        IInference.Pending storage pending = self.pending[sessionId];
        if (pending.until != 0) revert IInference.IsPending(sessionId);
        (bytes32 head, uint256 amount,) = chainOf(sessionId, session, answers);
        uint256 price = session.price;
        for (uint256 i = 0; i < answers.length; ++i) {
            if (answers[i].amount > price) revert IInference.AboveThePrice(price, answers[i].amount);
        }
        (pending.head, pending.amount, pending.count) = (head, uint96(amount), uint32(answers.length));
        pending.until = uint64(block.timestamp) + session.rules.contestSeconds;
        session.lastAt = uint64(block.timestamp);
        uint32 first = session.answers + 1;
        emitAnswers(sessionId, first, answers);
        emit IInference.Posted(sessionId, first, pending.count, amount, head, pending.until);
    }

    // ---- Ends

    function refund(State storage self, uint256 sessionId) internal returns (uint256 amount) {
        IInference.Session storage session = mustBeOpen(self, sessionId);
        if (self.pending[sessionId].until != 0) revert IInference.IsPending(sessionId);
        if (msg.sender != session.operator && block.timestamp <= session.deadline) {
            revert IInference.TooEarly(sessionId, session.deadline + 1);
        }
        return end(sessionId, session);
    }

    /// @notice Ends an open session: what is left is the payer's.
    function end(uint256 sessionId, IInference.Session storage session) internal returns (uint256 amount) {
        amount = session.left;
        (session.left, session.status) = (0, IInference.Status.Ended);
        session.lastAt = uint64(block.timestamp);
        owe(sessionId, session.payer, amount, IPayouts.Reason.Refund);
        emit IInference.Refunded(sessionId, session.payer, amount);
    }

    function close(State storage self, uint256 sessionId) internal {
        IInference.Session storage session = known(self, sessionId);
        if (session.status != IInference.Status.Ended) revert IInference.NotOpen(sessionId, session.status);
        if (session.openCases != 0) revert IInference.HasCases(sessionId, session.openCases);
        uint64 ready = session.lastAt + session.rules.contestSeconds + 1;
        if (block.timestamp < ready) revert IInference.TooEarly(sessionId, ready);
        session.status = IInference.Status.Closed;
        emit IInference.SessionClosed(sessionId);
        address operator = session.operator;
        if (--self.openSessions[operator] != 0) return;
        (, uint256 locked,,) = STAKES.stakeOf(IStakes.Purpose.Operator, operator);
        if (locked != 0) STAKES.unlock(IStakes.Purpose.Operator, operator, locked);
    }

    // ---- Shared

    /// @notice A part of this contract's escrow is owed to `account`.
    function owe(uint256 sessionId, address account, uint256 amount, IPayouts.Reason reason) internal {
        Owing.owe(account, amount, reason, bytes32(sessionId << 32));
    }

    function known(State storage self, uint256 sessionId) internal view returns (IInference.Session storage session) {
        session = self.sessions[sessionId];
        if (session.status == IInference.Status.None) revert IInference.UnknownSession(sessionId);
    }

    function mustBeOpen(State storage self, uint256 sessionId)
        internal
        view
        returns (IInference.Session storage session)
    {
        session = known(self, sessionId);
        if (session.status != IInference.Status.Open) revert IInference.NotOpen(sessionId, session.status);
    }

    function checkInTime(uint256 sessionId, IInference.Session storage session) internal view {
        if (block.timestamp > session.deadline) revert IInference.TooLate(sessionId, session.deadline);
    }
}
