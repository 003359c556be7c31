// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries} from "../../interfaces/IJuries.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Cases} from "./Cases.sol";
import {Validators} from "./Validators.sol";

/// @title CaseSettlement
/// @notice Who gets what of a final case, a bounded number of seats at a time.
///
///         A seat that revealed is paid its part of the jury's pot, whatever its verdict. One that did not reveal, and one whose
///         verdict was that of its jury and was reversed, loses a part of its stake. A bond for the outcome comes back; one
///         against it is lost. What is lost pays, in this order: appellants who were right, what they gave for juries;
///         those who held a bond for the outcome, the lost bonds; jurors who voted for the outcome, at most one
///         more fee each, so that no verdict pays better than another. The rest is the FeeDistributor's.
library CaseSettlement {
    using Validators for Validators.Registry;

    struct Reputation {
        uint64 agreed;
        uint64 reversed;
        uint64 missed;
    }

    /// @notice A page of `settle`: where it is, and what is given away in it.
    struct Page {
        uint256 caseId;
        /// 0 while seats are judged, 1 while bonuses are paid, 2 at the end.
        uint256 pass;
        uint256 round;
        uint256 seat;
        uint256 bonus;
        /// Slashed in pages before, and in this one.
        uint256 lost;
        uint256 slashed;
        uint256 total;
        uint256 length;
        /// Least stake of a validator.
        uint256 least;
        IPayouts.Credit[] credits;
    }

    struct Book {
        Validators.Registry registry;
        mapping(address validator => Reputation) reputations;
    }

    uint256 internal constant MOST_SEATS = 64;
    /// @dev Four bonds, three appellants' fees, what no jury earned twice, the decider's pay, the rest.
    uint256 private constant OTHER_CREDITS = 11;

    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);
    IStakes private constant STAKES = IStakes(Predeploys.STAKES);

    function settle(Cases.Record storage self, uint256 caseId, Book storage book, uint256 seats)
        internal
        returns (bool)
    {
        Cases.expect(self, caseId, IJuries.Phase.Final);
        if (seats > MOST_SEATS) seats = MOST_SEATS;
        Page memory page = _open(self.progress, seats);
        if (page.pass == 2) revert IJuries.AlreadySettled(caseId);
        (page.caseId, page.least) = (caseId, self.terms.validatorStake);
        while (page.pass != 2) {
            (Cases.Jury storage jury, address juror) = _next(self, page);
            if (juror == address(0)) {
                if (page.pass == 0) _payBonds(self, page);
                else _payRest(self, page);
                continue;
            }
            if (seats == 0) break;
            --seats;
            if (page.pass == 0) {
                _judge(self, book, page, jury, juror);
            } else if (jury.seats[juror].state == _right(self)) {
                _credit(page, juror, page.bonus, IPayouts.Reason.Slashing);
            }
            ++page.seat;
        }
        _close(self, page);
        return page.pass == 2;
    }

    /// @dev `progress` is pass (8 bits) ‖ round (8) ‖ seat (16) ‖ bonus (96) ‖ slashed (128).
    function _open(uint256 progress, uint256 seats) private pure returns (Page memory page) {
        (page.pass, page.round, page.seat) = (progress >> 248, uint8(progress >> 240), uint16(progress >> 224));
        (page.bonus, page.lost) = (uint96(progress >> 128), uint128(progress));
        page.credits = new IPayouts.Credit[](seats + OTHER_CREDITS);
    }

    /// @dev The next seat that is not done, or nobody; juries without seats are passed over.
    function _next(Cases.Record storage self, Page memory page)
        private
        view
        returns (Cases.Jury storage jury, address juror)
    {
        jury = self.juries[uint8(page.round)];
        while (page.seat == jury.jurors.length && page.round <= self.round) {
            (page.round, page.seat) = (page.round + 1, 0);
            jury = self.juries[uint8(page.round)];
        }
        if (page.round <= self.round) juror = jury.jurors[page.seat];
    }

    // ---- Seats

    function _judge(
        Cases.Record storage self,
        Book storage book,
        Page memory page,
        Cases.Jury storage jury,
        address juror
    ) private {
        Reputation storage reputation = book.reputations[juror];
        uint256 pay;
        uint256 bps;
        IJuries.SeatState state = jury.seats[juror].state;
        if (uint8(state) < uint8(IJuries.SeatState.Upholds)) {
            bps = self.terms.missedBps;
            ++reputation.missed;
        } else {
            pay = jury.pot / jury.jurors.length;
            _credit(page, juror, pay, IPayouts.Reason.Validator);
            if (state == _right(self)) {
                ++reputation.agreed;
            } else if ((jury.upholding > jury.rejecting) != self.upheld) {
                bps = self.terms.reversedBps;
                ++reputation.reversed;
            }
        }
        uint256 lost = bps == 0 ? 0 : book.registry.cut(juror, bps, page.least);
        if (lost != 0) {
            page.slashed += lost;
            STAKES.slash(IStakes.Purpose.Validator, juror, lost, address(this), bytes32(page.caseId));
        }
        --book.registry.validators[juror].seats;
        emit IJuries.SeatSettled(page.caseId, uint8(page.round), juror, pay, lost, state);
    }

    function _right(Cases.Record storage self) private view returns (IJuries.SeatState) {
        return self.upheld ? IJuries.SeatState.Upholds : IJuries.SeatState.Rejects;
    }

    // ---- Bonds

    function _payBonds(Cases.Record storage self, Page memory page) private {
        _giveBack(self, page);
        _credit(page, self.decider, self.deciderPay, IPayouts.Reason.Validator);
        uint256 lostBonds;
        uint256 rightBonds;
        uint256 rightFees;
        uint256 bonds = self.bonds.length;
        for (uint256 i = 0; i < bonds; ++i) {
            Cases.Bond storage bond = self.bonds[i];
            if (bond.verdict != self.upheld) {
                lostBonds += bond.amount;
            } else {
                rightBonds += bond.amount;
                rightFees += bond.fee;
            }
        }
        uint256 lost = lostBonds + page.lost + page.slashed;
        uint256 refunded = lost < rightFees ? lost : rightFees;
        // Lost bonds pay first, so that what was slashed is left for jurors.
        uint256 winnings = rightBonds != 0 && lostBonds > refunded ? lostBonds - refunded : 0;
        for (uint256 i = 0; i < bonds; ++i) {
            Cases.Bond storage bond = self.bonds[i];
            if (bond.verdict != self.upheld) continue;
            uint256 amount = bond.amount;
            _credit(page, bond.holder, amount + winnings * amount / rightBonds, IPayouts.Reason.Bond);
            if (rightFees != 0) _credit(page, bond.holder, refunded * bond.fee / rightFees, IPayouts.Reason.Refund);
        }
        _beginBonuses(self, page, lost - refunded - winnings);
    }

    /// @dev What no jury could earn goes back: to the last appellant what it gave, the rest to the claimant.
    function _giveBack(Cases.Record storage self, Page memory page) private {
        uint128 unspent = self.pot;
        if (unspent == 0) return;
        uint256 bonds = self.bonds.length;
        if (bonds != 0) {
            Cases.Bond storage bond = self.bonds[bonds - 1];
            uint128 back = unspent < bond.fee ? unspent : bond.fee;
            bond.fee -= back;
            unspent -= back;
            _credit(page, bond.holder, back, IPayouts.Reason.Refund);
        }
        if (self.claimant != address(0)) _credit(page, self.claimant, unspent, IPayouts.Reason.Refund);
    }

    function _beginBonuses(Cases.Record storage self, Page memory page, uint256 amount) private view {
        uint256 right;
        for (uint8 round = 0; round <= self.round; ++round) {
            Cases.Jury storage jury = self.juries[round];
            right += self.upheld ? jury.upholding : jury.rejecting;
        }
        uint256 bonus = right == 0 ? 0 : amount / right;
        uint256 most = self.terms.jurorFee;
        page.bonus = bonus < most ? bonus : most;
        (page.pass, page.seat) = (1, 0);
        // Without a bonus the second pass is over at once.
        page.round = page.bonus == 0 ? page.round : 0;
    }

    // ---- The rest

    /// @dev Parts of seats that did not reveal, what rounding left, and what was lost beyond what others get of it: to nobody
    ///      who could have arranged it.
    function _payRest(Cases.Record storage self, Page memory page) private {
        uint256 rest = self.held + page.slashed - page.total;
        _credit(page, Predeploys.FEE_DISTRIBUTOR, rest, IPayouts.Reason.Protocol);
        page.pass = 2;
        emit IJuries.CaseSettled(page.caseId, page.lost + page.slashed, page.bonus, rest);
    }

    function _credit(Page memory page, address account, uint256 amount, IPayouts.Reason reason) private pure {
        if (amount == 0) return;
        page.credits[page.length++] = IPayouts.Credit(account, amount, reason);
        page.total += amount;
    }

    function _close(Cases.Record storage self, Page memory page) private {
        self.held = self.held + page.slashed - page.total;
        // A bonus is at most a juror's fee (100 OPEN), what is lost at most OPEN's supply.
        self.progress =
            page.pass << 248 | page.round << 240 | page.seat << 224 | page.bonus << 128 | (page.lost + page.slashed);
        // Stakes owes what was slashed to this contract: back into escrow with it.
        if (page.slashed != 0) PAYOUTS.hold{value: PAYOUTS.claim(payable(address(this)))}();
        if (page.length == 0) return;
        IPayouts.Credit[] memory credits = page.credits;
        uint256 length = page.length;
        assembly ("memory-safe") {
            // Shortens the array: its end was never filled.
            mstore(credits, length)
        }
        PAYOUTS.release(credits, bytes32(page.caseId));
    }
}
