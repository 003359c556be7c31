// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../interfaces/IInference.sol";
import {IJuries} from "../../interfaces/IJuries.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Sessions} from "./Sessions.sol";

/// @title Disputes
/// @notice What jurors decide about answers, and what needs no jurors: an operator's promise that it did not keep.
library Disputes {
    IJuries private constant JURIES = IJuries(Predeploys.JURIES);

    /// @notice The payer contests what was posted without its signature, or anyone has an answer or its sketch computed again.
    function dispute(
        Sessions.State storage self,
        uint256 sessionId,
        uint32 index,
        IInference.Dispute kind,
        bytes calldata evidence
    ) internal returns (uint256 caseId) {
        IInference.Session storage session = Sessions.known(self, sessionId);
        if (session.status == IInference.Status.Closed) revert IInference.NotOpen(sessionId, session.status);
        _checkKind(sessionId, session, kind);
        uint32 settled = session.answers;
        bool whole = kind == IInference.Dispute.NoAnswer;
        // What was posted is contested as a whole: by its first answer.
        if (index == 0 || index > settled + (whole ? 1 : self.pending[sessionId].count) || whole && index <= settled) {
            revert IInference.UnknownAnswer(sessionId, index);
        }
        IInference.Case memory opened;
        (opened.sessionId, opened.index, opened.kind) = (sessionId, index, kind);
        if (index > settled) _takePending(self, opened);
        return _open(self, session, opened, evidence);
    }

    /// @notice A case is final.
    /// @dev It moves what is this contract's own and asks nobody but Payouts and Stakes: nothing that others control stops it.
    function ruled(Sessions.State storage self, uint256 caseId, bool upheld) internal {
        if (msg.sender != Predeploys.JURIES) revert IInference.NotJuries(msg.sender);
        IInference.Case memory closed = self.cases[caseId];
        if (closed.sessionId == 0) revert IInference.UnknownCase(caseId);
        delete self.cases[caseId];
        IInference.Session storage session = self.sessions[closed.sessionId];
        --session.openCases;
        IInference.Pending storage pending = self.pending[closed.sessionId];
        // What was posted may have been rejected by another case meanwhile.
        bool waits = closed.pending && pending.until != 0;
        if (waits) --pending.cases;
        Sessions.owe(closed.sessionId, upheld ? closed.claimant : session.operator, closed.bond, IPayouts.Reason.Bond);
        uint256 slashed;
        if (upheld) {
            if (waits) {
                delete self.pending[closed.sessionId];
                Sessions.end(closed.sessionId, session);
            }
            slashed = _slash(session, closed.sessionId, closed.claimant);
        }
        emit IInference.DisputeRuled(caseId, closed.sessionId, upheld, slashed);
    }

    /// @dev A promise, and what became of it.
    struct Promise {
        uint256 sessionId;
        uint32 index;
        bytes32 promptHash;
        /// `h(index - 1)`.
        bytes32 before;
    }

    /// @notice The operator promised an answer and gave none, or one to another prompt: recomputed here, without a vote.
    function showReceipt(
        Sessions.State storage self,
        Promise memory promised,
        bytes calldata signature,
        IInference.Link[] calldata links
    ) internal {
        uint256 sessionId = promised.sessionId;
        IInference.Session storage session = Sessions.known(self, sessionId);
        _checkOver(self, sessionId, session);
        if (session.receiptShown) revert IInference.AlreadyShown(sessionId);
        bytes32 digest = Sessions.DIVISION.receiptDigest(sessionId, promised.index, promised.promptHash);
        if (Sessions.DIVISION.signerOf(digest, signature) != session.operator) {
            revert IInference.NotPromised(session.operator, digest);
        }
        if (!_isBroken(session, promised, links)) revert IInference.NotBroken(sessionId, promised.index);
        session.receiptShown = true;
        uint256 slashed = _slash(session, sessionId, session.payer);
        emit IInference.ReceiptShown(sessionId, promised.index, promised.promptHash, slashed, msg.sender);
    }

    /// @dev Whether the time in which the operator could keep its promise is over, and its stake still there.
    function _checkOver(Sessions.State storage self, uint256 sessionId, IInference.Session storage session)
        private
        view
    {
        if (session.status == IInference.Status.Closed) revert IInference.NotOpen(sessionId, session.status);
        if (self.pending[sessionId].until != 0) revert IInference.IsPending(sessionId);
        bool over = session.status == IInference.Status.Ended || block.timestamp > session.deadline;
        if (!over) revert IInference.TooEarly(sessionId, session.deadline + 1);
    }

    /// @dev Nothing was settled at the promise's place, or what the chain says of it is another prompt. The chain's end binds the
    ///      links, and their places.
    function _isBroken(IInference.Session storage session, Promise memory promised, IInference.Link[] calldata links)
        private
        view
        returns (bool)
    {
        if (promised.index == 0 || promised.index > session.maxAnswers) return false;
        if (promised.index > session.answers) return true;
        if (links.length != uint256(session.answers) - promised.index + 1) return false;
        return links[0].promptHash != promised.promptHash
            && Sessions.DIVISION.chainOf(promised.before, promised.index, links) == session.head;
    }

    function _checkKind(uint256 sessionId, IInference.Session storage session, IInference.Dispute kind) private view {
        if (kind == IInference.Dispute.NoAnswer) {
            if (msg.sender != session.payer) revert IInference.NotPayer(sessionId, msg.sender);
            return;
        }
        bool possible = kind == IInference.Dispute.WrongAnswer && session.rules.deterministic
            || kind == IInference.Dispute.WrongSketch && session.rules.sketches;
        if (!possible) revert IInference.NotDisputable(sessionId, kind);
    }

    /// @dev Nothing that was posted is paid while there is a case about it.
    function _takePending(Sessions.State storage self, IInference.Case memory opened) private {
        IInference.Pending storage pending = self.pending[opened.sessionId];
        if (pending.until == 0) revert IInference.NothingPending(opened.sessionId);
        if (block.timestamp > pending.until) revert IInference.TooLate(opened.sessionId, pending.until);
        opened.pending = true;
        ++pending.cases;
    }

    function _open(
        Sessions.State storage self,
        IInference.Session storage session,
        IInference.Case memory opened,
        bytes calldata evidence
    ) private returns (uint256 caseId) {
        bytes32 about = keccak256(abi.encode(opened.sessionId, opened.index, opened.kind));
        if (self.disputed[about]) {
            revert IInference.AlreadyDisputed(opened.sessionId, opened.index, opened.kind);
        }
        self.disputed[about] = true;
        ++session.openCases;
        bytes32 head = opened.pending ? self.pending[opened.sessionId].head : session.head;
        bytes32 subject =
            keccak256(abi.encode(block.chainid, address(this), opened.sessionId, opened.index, opened.kind, head));
        uint256 fee = JURIES.fee(session.rules.jurors);
        uint256 needed = fee + session.rules.contestBond;
        if (msg.value < needed) revert IInference.BondTooSmall(needed, msg.value);
        if (msg.value > type(uint96).max) revert IInference.PaymentTooLarge(msg.value);
        (opened.claimant, opened.bond) = (msg.sender, uint96(msg.value - fee));
        Sessions.PAYOUTS.hold{value: opened.bond}();
        // Nobody judges its own case.
        address[] memory parties = new address[](2);
        (parties[0], parties[1]) = (session.payer, session.operator);
        caseId = JURIES.openAmong{value: fee}(
            IJuries.Opening(subject, uint8(opened.kind), session.rules.jurors, address(0), msg.sender), parties
        );
        self.cases[caseId] = opened;
        _emitDisputed(caseId, opened, subject, evidence);
    }

    function _emitDisputed(uint256 caseId, IInference.Case memory opened, bytes32 subject, bytes calldata evidence)
        private
    {
        emit IInference.Disputed(
            caseId, opened.sessionId, opened.index, opened.kind, subject, opened.claimant, opened.bond, evidence
        );
    }

    /// @dev The session's penalty, as far as the operator still has it at stake: a half to the wronged, in equal parts to the
    ///      payer and to who found out; the other to the protocol, so that no operator saves its stake by wronging itself.
    function _slash(IInference.Session storage session, uint256 sessionId, address finder)
        private
        returns (uint256 amount)
    {
        (, uint256 locked,,) = Sessions.STAKES.stakeOf(IStakes.Purpose.Operator, session.operator);
        amount = session.rules.penalty < locked ? session.rules.penalty : locked;
        _slashTo(session, sessionId, finder, amount / 4);
        _slashTo(session, sessionId, session.payer, amount / 4);
        _slashTo(session, sessionId, Predeploys.FEE_DISTRIBUTOR, amount - amount / 4 * 2);
    }

    function _slashTo(IInference.Session storage session, uint256 sessionId, address to, uint256 amount) private {
        if (amount == 0) return;
        Sessions.STAKES.slash(IStakes.Purpose.Operator, session.operator, amount, to, bytes32(sessionId << 32));
    }
}
