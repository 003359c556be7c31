// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries} from "../../interfaces/IJuries.sol";
import {Line} from "./Line.sol";
import {Origins} from "./Origins.sol";
import {SumTree} from "./SumTree.sol";
import {Validators} from "./Validators.sol";

/// @title Cases
/// @notice A case's way from its opening to its end. Nothing here moves money; what comes in is counted in `held`.
library Cases {
    using Line for Line.Points;

    uint16 internal constant MOST_JURORS = 21;
    uint256 internal constant MOST_PARTIES = 8;
    /// @notice Juries decide until this many appeals were made; the last goes to governance.
    uint8 internal constant MOST_APPEALS = 3;
    /// @notice Bytes of a reason.
    uint256 internal constant MOST_REASON = 1_024;

    /// @dev All who can be taken off a line: claimant, decider, parties, those with bonds, and the jurors of three stages, each of
    ///      which may have had two juries.
    uint256 private constant MOST_TAKEN = 2 + MOST_PARTIES + 4 + 2 * (21 + 43 + 87);

    /// @notice Parameters as they were at the opening.
    struct Terms {
        uint32 commitSeconds;
        uint32 revealSeconds;
        uint32 appealSeconds;
        uint32 decideSeconds;
        uint32 governSeconds;
        uint16 missedBps;
        uint16 reversedBps;
        /// Of money at most 1,000,000 OPEN: three of them are one slot.
        uint80 jurorFee;
        uint80 appealBond;
        /// Least stake of a validator.
        uint80 validatorStake;
    }

    /// @notice Money that is at risk for a verdict: a decider's for its own, an appellant's against that which it appeals.
    struct Bond {
        address holder;
        bool verdict;
        /// What is lost if the outcome is another.
        uint128 amount;
        /// What an appellant gave for the next jury on top.
        uint128 fee;
    }

    struct Seat {
        IJuries.SeatState state;
        bytes32 commitment;
    }

    struct Jury {
        /// What its jurors are paid from, each seat an equal part.
        uint128 pot;
        uint16 committed;
        uint16 upholding;
        uint16 rejecting;
        address[] jurors;
        mapping(address juror => Seat) seats;
    }

    struct Record {
        bytes32 subject;
        address client;
        uint8 kind;
        IJuries.Phase phase;
        /// Counts verdicts and juries that gave none.
        uint8 round;
        uint8 appeals;
        uint16 jurors;
        bool upheld;
        /// A jury of this stage gave no verdict, and this is the second.
        bool again;
        bool told;
        address claimant;
        uint64 deadline;
        address decider;
        uint64 origin;
        uint64 snapshot;
        /// Paid for jurors, by nobody earned so far.
        uint128 pot;
        /// The decider's for its work.
        uint128 deciderPay;
        /// Wei in escrow for this case.
        uint256 held;
        Terms terms;
        /// How far `CaseSettlement` is.
        uint256 progress;
        address[] parties;
        Bond[] bonds;
        mapping(uint8 round => Jury) juries;
    }

    // ---- Drawing

    /// @dev `terms` are set already.
    function open(
        Record storage self,
        uint256 caseId,
        IJuries.Opening calldata opening,
        address[] memory parties,
        uint256 value
    ) internal {
        if (opening.jurors % 2 == 0 || opening.jurors > MOST_JURORS) {
            revert IJuries.InvalidJury(opening.jurors);
        }
        if (parties.length > MOST_PARTIES) revert IJuries.TooManyParties(parties.length, MOST_PARTIES);
        uint256 least = uint256(self.terms.jurorFee) * opening.jurors;
        if (value < least) revert IJuries.FeeTooSmall(least, value);
        (self.client, self.subject, self.kind) = (msg.sender, opening.subject, opening.kind);
        (self.jurors, self.claimant, self.parties) = (opening.jurors, opening.claimant, parties);
        self.decider = _neutral(opening, parties);
        (self.pot, self.held) = (uint128(value), value);
        _redraw(self, caseId);
        emit IJuries.CaseOpened(
            caseId,
            msg.sender,
            opening.subject,
            opening.kind,
            opening.jurors,
            self.decider,
            opening.claimant,
            self.origin
        );
    }

    /// @dev Nobody decides its own case.
    function _neutral(IJuries.Opening calldata opening, address[] memory parties) private pure returns (address) {
        if (opening.decider == opening.claimant) return address(0);
        for (uint256 i = 0; i < parties.length; ++i) {
            if (opening.decider == parties[i]) return address(0);
        }
        return opening.decider;
    }

    function draw(Record storage self, uint256 caseId, Validators.Registry storage registry) internal {
        expect(self, caseId, IJuries.Phase.Drawing);
        if (Origins.current() < self.origin) revert IJuries.NotYetDrawable(caseId, self.origin);
        if (Origins.forgotten(self.origin)) {
            _redraw(self, caseId);
            return;
        }
        bytes32 seed = keccak256(abi.encode(Origins.randomness(self.origin), caseId, self.round));
        address[] memory jurors = _drawn(self, registry, seed);
        if (jurors.length == 0) _undrawn(self, caseId);
        else _seat(self, caseId, registry, jurors);
    }

    /// @dev Empty if there are too few validators. Those who sat in the case before sit again only if there are too few others.
    function _drawn(Record storage self, Validators.Registry storage registry, bytes32 seed)
        private
        view
        returns (address[] memory jurors)
    {
        uint256 size = self.jurors;
        Line.Points memory line = _line(self, registry, true);
        if (line.count < size) line = _line(self, registry, false);
        if (line.count < size) return jurors;
        jurors = new address[](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            jurors[i] = registry.accounts[line.draw(registry.tree, random)];
        }
    }

    /// @dev All who may be drawn: of the validators of the snapshot, those who are no party and, if `fresh`, sat in no jury.
    function _line(Record storage self, Validators.Registry storage registry, bool fresh)
        private
        view
        returns (Line.Points memory line)
    {
        line = Line.at(registry.tree, self.snapshot, MOST_TAKEN);
        _remove(line, registry, self.claimant);
        _remove(line, registry, self.decider);
        for (uint256 i = 0; i < self.parties.length; ++i) {
            _remove(line, registry, self.parties[i]);
        }
        for (uint256 i = 0; i < self.bonds.length; ++i) {
            _remove(line, registry, self.bonds[i].holder);
        }
        for (uint8 round = 0; fresh && round < self.round; ++round) {
            address[] storage jurors = self.juries[round].jurors;
            for (uint256 i = 0; i < jurors.length; ++i) {
                _remove(line, registry, jurors[i]);
            }
        }
    }

    function _remove(Line.Points memory line, Validators.Registry storage registry, address account) private view {
        uint256 place = registry.validators[account].place;
        if (place != 0) line.remove(registry.tree, place - 1);
    }

    function _seat(Record storage self, uint256 caseId, Validators.Registry storage registry, address[] memory jurors)
        private
    {
        Jury storage jury = self.juries[self.round];
        (jury.pot, self.pot) = (self.pot, 0);
        jury.jurors = jurors;
        for (uint256 i = 0; i < jurors.length; ++i) {
            jury.seats[jurors[i]].state = IJuries.SeatState.Drawn;
            ++registry.validators[jurors[i]].seats;
        }
        _enter(self, caseId, IJuries.Phase.Committing, block.timestamp + self.terms.commitSeconds);
        uint64 revealUntil = self.deadline + self.terms.revealSeconds;
        emit IJuries.JuryDrawn(caseId, self.round, jurors, self.deadline, revealUntil);
    }

    /// @dev Too few validators: the decider decides at first, governance after an appeal.
    function _undrawn(Record storage self, uint256 caseId) private {
        if (self.appeals != 0) {
            _enter(self, caseId, IJuries.Phase.Governing, block.timestamp + self.terms.governSeconds);
        } else if (self.decider != address(0)) {
            _enter(self, caseId, IJuries.Phase.Deciding, block.timestamp + self.terms.decideSeconds);
        } else {
            decided(self, caseId, false, address(0), "");
        }
    }

    /// @dev Randomness to come, and the validators of now: whoever joined before knows nothing of it.
    function _redraw(Record storage self, uint256 caseId) private {
        (self.phase, self.deadline) = (IJuries.Phase.Drawing, 0);
        (self.origin, self.snapshot) = (Origins.next(), Origins.snapshot());
        emit IJuries.DrawAwaited(caseId, self.round, self.origin);
    }

    // ---- Verdicts

    function commit(Record storage self, uint256 caseId, bytes32 commitment) internal {
        _during(self, caseId, IJuries.Phase.Committing);
        Jury storage jury = self.juries[self.round];
        Seat storage seat = jury.seats[msg.sender];
        if (seat.state == IJuries.SeatState.None) revert IJuries.NotJuror(caseId, msg.sender);
        if (seat.state != IJuries.SeatState.Drawn) revert IJuries.AlreadyCommitted(caseId, msg.sender);
        (seat.state, seat.commitment) = (IJuries.SeatState.Committed, commitment);
        emit IJuries.VerdictCommitted(caseId, self.round, msg.sender, commitment);
        if (++jury.committed == jury.jurors.length) {
            _enter(self, caseId, IJuries.Phase.Revealing, block.timestamp + self.terms.revealSeconds);
        }
    }

    function reveal(Record storage self, uint256 caseId, bool verdict, string calldata reason, bytes32 salt) internal {
        _bounded(reason);
        if (self.phase == IJuries.Phase.Committing && block.timestamp > self.deadline) _endCommitting(self, caseId);
        _during(self, caseId, IJuries.Phase.Revealing);
        Jury storage jury = self.juries[self.round];
        Seat storage seat = jury.seats[msg.sender];
        if (
            seat.state != IJuries.SeatState.Committed
                || seat.commitment != commitmentOf(self, caseId, verdict, keccak256(bytes(reason)), salt, msg.sender)
        ) revert IJuries.WrongReveal(caseId, msg.sender);
        seat.state = verdict ? IJuries.SeatState.Upholds : IJuries.SeatState.Rejects;
        if (verdict) ++jury.upholding;
        else ++jury.rejecting;
        emit IJuries.VerdictRevealed(caseId, self.round, msg.sender, verdict, reason);
        if (jury.upholding + jury.rejecting == jury.committed) _count(self, caseId);
    }

    /// @dev Bound to everything that it is about: a copy of it is nobody else's verdict, here or elsewhere.
    function commitmentOf(
        Record storage self,
        uint256 caseId,
        bool verdict,
        bytes32 reason,
        bytes32 salt,
        address juror
    ) internal view returns (bytes32) {
        return keccak256(abi.encode(caseId, self.round, self.subject, verdict, reason, salt, juror));
    }

    function _endCommitting(Record storage self, uint256 caseId) private {
        _enter(self, caseId, IJuries.Phase.Revealing, uint256(self.deadline) + self.terms.revealSeconds);
    }

    /// @dev A tie does not uphold. A jury of which nobody reveals is drawn once more, from others if there are enough; if
    ///      nobody of that reveals either, everything stays as it was, which is not upheld at first.
    function _count(Record storage self, uint256 caseId) private {
        Jury storage jury = self.juries[self.round];
        if (jury.upholding + jury.rejecting != 0) {
            decided(self, caseId, jury.upholding > jury.rejecting, address(0), "");
            return;
        }
        (self.pot, jury.pot) = (jury.pot, 0);
        if (self.again) {
            decided(self, caseId, self.upheld, address(0), "");
            return;
        }
        self.again = true;
        ++self.round;
        _redraw(self, caseId);
    }

    /// @notice A verdict that may be appealed.
    function decided(Record storage self, uint256 caseId, bool verdict, address by, string memory reason) internal {
        self.upheld = verdict;
        emit IJuries.Decided(caseId, self.round, verdict, by, reason);
        _enter(self, caseId, IJuries.Phase.Appealable, block.timestamp + self.terms.appealSeconds);
    }

    function decide(Record storage self, uint256 caseId, bool verdict, string calldata reason) internal {
        _bounded(reason);
        _during(self, caseId, IJuries.Phase.Deciding);
        if (msg.sender != self.decider) revert IJuries.NotDecider(caseId, msg.sender);
        (uint128 amount,) = bond(self);
        if (msg.value != amount) revert IJuries.WrongBond(amount, msg.value);
        self.bonds.push(Bond(msg.sender, verdict, amount, 0));
        // It is paid like one juror, whatever it says.
        self.deciderPay = self.pot / self.jurors;
        self.pot -= self.deciderPay;
        self.held += amount;
        decided(self, caseId, verdict, msg.sender, reason);
    }

    // ---- Appeals

    /// @notice What a bond is now, and what an appellant gives for the next jury on top.
    function bond(Record storage self) internal view returns (uint128 amount, uint128 jurorFees) {
        if (self.phase == IJuries.Phase.Deciding) return (self.terms.appealBond, 0);
        if (self.phase != IJuries.Phase.Appealable) return (0, 0);
        amount = uint128(self.terms.appealBond) << self.appeals;
        if (self.appeals + 1 < MOST_APPEALS) {
            uint128 cost = uint128(self.terms.jurorFee) * _nextJurors(self);
            if (cost > self.pot) jurorFees = cost - self.pot;
        }
    }

    /// @dev Where no jury sat yet, the first may sit now.
    function _nextJurors(Record storage self) private view returns (uint16) {
        return self.juries[self.round].jurors.length == 0 ? self.jurors : 2 * self.jurors + 1;
    }

    function appeal(Record storage self, uint256 caseId, string calldata reason) internal {
        _bounded(reason);
        _during(self, caseId, IJuries.Phase.Appealable);
        (uint128 amount, uint128 jurorFees) = bond(self);
        if (msg.value != amount + jurorFees) revert IJuries.WrongBond(amount + jurorFees, msg.value);
        self.bonds.push(Bond(msg.sender, !self.upheld, amount, jurorFees));
        self.held += msg.value;
        self.pot += jurorFees;
        emit IJuries.Appealed(caseId, self.round, msg.sender, msg.value);
        emit IJuries.AppealReason(caseId, self.round, reason);
        uint16 next = _nextJurors(self);
        ++self.round;
        if (++self.appeals == MOST_APPEALS) {
            _enter(self, caseId, IJuries.Phase.Governing, block.timestamp + self.terms.governSeconds);
            return;
        }
        (self.jurors, self.again) = (next, false);
        _redraw(self, caseId);
    }

    // ---- Time

    /// @notice Ends a phase whose time is over.
    /// @return final_ Whether the last verdict is final.
    function advance(Record storage self, uint256 caseId) internal returns (bool final_) {
        IJuries.Phase phase = self.phase;
        // Drawing ends by `draw`; what is none or final has no end.
        if (phase == IJuries.Phase.Drawing || phase == IJuries.Phase.Final || phase == IJuries.Phase.None) {
            revert IJuries.WrongPhase(caseId, phase);
        }
        if (block.timestamp <= self.deadline) revert IJuries.TooEarly(caseId, self.deadline);
        if (phase == IJuries.Phase.Deciding) {
            decided(self, caseId, false, address(0), "");
        } else if (phase == IJuries.Phase.Committing) {
            _endCommitting(self, caseId);
            // Without a commitment there is nothing to wait for.
            if (self.juries[self.round].committed == 0 || block.timestamp > self.deadline) _count(self, caseId);
        } else if (phase == IJuries.Phase.Revealing) {
            _count(self, caseId);
        } else {
            close(self, caseId);
            return true;
        }
    }

    function rule(Record storage self, uint256 caseId, bool verdict, string calldata reason) internal {
        _bounded(reason);
        expect(self, caseId, IJuries.Phase.Governing);
        self.upheld = verdict;
        emit IJuries.Decided(caseId, self.round, verdict, msg.sender, reason);
        close(self, caseId);
    }

    function close(Record storage self, uint256 caseId) internal {
        _enter(self, caseId, IJuries.Phase.Final, 0);
        emit IJuries.CaseClosed(caseId, self.upheld);
    }

    function expect(Record storage self, uint256 caseId, IJuries.Phase phase) internal view {
        if (self.phase != phase) revert IJuries.WrongPhase(caseId, self.phase);
    }

    /// @dev What is kept for ever, and read by everybody, has a bound.
    function _bounded(string calldata reason) private pure {
        uint256 length = bytes(reason).length;
        if (length > MOST_REASON) revert IJuries.ReasonTooLong(MOST_REASON, length);
    }

    function _during(Record storage self, uint256 caseId, IJuries.Phase phase) private view {
        expect(self, caseId, phase);
        if (block.timestamp > self.deadline) revert IJuries.TooLate(caseId, self.deadline);
    }

    function _enter(Record storage self, uint256 caseId, IJuries.Phase phase, uint256 deadline) private {
        (self.phase, self.deadline) = (phase, uint64(deadline));
        emit IJuries.PhaseChanged(caseId, self.round, phase, uint64(deadline));
    }
}
