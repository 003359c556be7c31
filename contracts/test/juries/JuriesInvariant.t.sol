// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {JuriesTest} from "./JuriesTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Does what clients, validators, appellants, deciders, governance and time do, in any order.
contract Court is JuriesTest {
    uint256 private constant VALIDATORS = 14;

    uint256 public paidIn;
    /// @notice Cases that were told more than once, or before they were final.
    uint256 public mistold;
    mapping(uint256 caseId => bool) private settled;

    constructor() {
        deployJuries();
        for (uint256 i = 1; i <= 9; ++i) {
            paidIn += STAKE;
            join(validator(i), STAKE);
        }
        pass(1);
    }

    // ---- Validators

    function joinSome(uint256 who, uint256 amount) external {
        amount = bound(amount, STAKE, 5 * STAKE);
        paidIn += amount;
        join(validator(bound(who, 1, VALIDATORS)), amount);
    }

    function leave(uint256 who) external {
        vm.prank(validator(bound(who, 1, VALIDATORS)));
        try juries.leave() {} catch {}
    }

    function exit(uint256 who, bool later) external {
        if (later) pass(HORIZON + 1);
        vm.prank(validator(bound(who, 1, VALIDATORS)));
        try juries.exit() {} catch {}
    }

    // ---- Cases

    function openOne(uint256 size, uint256 more, bool decider, uint256 party) external {
        address[] memory parties = new address[](1);
        parties[0] = validator(bound(party, 1, VALIDATORS));
        uint16 jurors = uint16(1 + 2 * bound(size, 0, 2));
        uint256 value = juries.fee(jurors) + bound(more, 0, 1 ether);
        paidIn += value;
        vm.deal(address(this), value);
        client.open{value: value}(opening(jurors, decider ? CURATOR : address(0)), parties);
    }

    /// @notice Whatever comes next, in a case that is not settled: most of what happens.
    function step(uint256 which, uint256 choice) public {
        uint256 count = juries.caseCount();
        if (count == 0) return;
        uint256 caseId = 1 + which % count;
        IJuries.Phase now_ = phase(caseId);
        // Time went on while other cases were looked at.
        bool over = vm.getBlockTimestamp() > juries.caseInfo(caseId).deadline;
        if (now_ == IJuries.Phase.Drawing) {
            // Now and then nobody draws as long as the randomness is remembered.
            pass(choice % 16 == 0 ? 9_000 : 2);
            try juries.draw(caseId) {} catch {}
        } else if (now_ == IJuries.Phase.Deciding && choice % 3 != 0 && !over) {
            paidIn += juries.caseInfo(caseId).bond;
            decide(caseId, choice % 2 == 0);
        } else if (now_ == IJuries.Phase.Committing && choice % 8 != 0) {
            commitSome(caseId, choice);
        } else if (now_ == IJuries.Phase.Revealing && choice % 8 != 0) {
            revealSome(caseId, choice);
        } else if (now_ == IJuries.Phase.Appealable && choice % 3 != 0 && !over) {
            paidIn += juries.caseInfo(caseId).bond;
            appeal(caseId, validator(1 + choice % VALIDATORS));
        } else if (now_ == IJuries.Phase.Governing && choice % 3 != 0) {
            vm.prank(Predeploys.TIMELOCK);
            juries.rule(caseId, choice % 2 == 0, "");
        } else if (now_ == IJuries.Phase.Final) {
            settleSome(caseId, choice % 6);
        } else {
            waitFor(caseId);
        }
        uint256 expected = phase(caseId) == IJuries.Phase.Final ? 1 : 0;
        if (client.told(caseId) != expected) ++mistold;
    }

    function steps(uint256 which, uint256 choice) external {
        for (uint256 i = 0; i < 8; ++i) {
            step(which, uint256(keccak256(abi.encode(choice, i))));
        }
    }

    function commitSome(uint256 caseId, uint256 choice) private {
        if (block.timestamp > juries.caseInfo(caseId).deadline) return;
        (address[] memory jurors, IJuries.SeatState[] memory states) =
            juries.juryOf(caseId, juries.caseInfo(caseId).round);
        for (uint256 i = 0; i < jurors.length; ++i) {
            bool skip = choice >> 16 + i & 7 == 0;
            if (states[i] == IJuries.SeatState.Drawn && !skip) {
                commit(caseId, jurors[i], verdictOf(caseId, jurors[i]));
            }
        }
    }

    function revealSome(uint256 caseId, uint256 choice) private {
        (address[] memory jurors, IJuries.SeatState[] memory states) =
            juries.juryOf(caseId, juries.caseInfo(caseId).round);
        for (uint256 i = 0; i < jurors.length; ++i) {
            if (phase(caseId) != IJuries.Phase.Revealing || block.timestamp > juries.caseInfo(caseId).deadline) return;
            bool skip = choice >> 16 + i & 7 == 0;
            if (states[i] == IJuries.SeatState.Committed && !skip) {
                reveal(caseId, jurors[i], verdictOf(caseId, jurors[i]));
            }
        }
    }

    function verdictOf(uint256 caseId, address juror) private view returns (bool) {
        return uint256(keccak256(abi.encode(caseId, juries.caseInfo(caseId).round, juror))) % 2 == 0;
    }

    function waitFor(uint256 caseId) private {
        uint64 deadline = juries.caseInfo(caseId).deadline;
        if (block.timestamp <= deadline) wait_(deadline - uint64(block.timestamp));
        juries.advance(caseId);
    }

    function settleSome(uint256 caseId, uint256 seats) private {
        if (settled[caseId]) {
            vm.expectRevert(abi.encodeWithSelector(IJuries.AlreadySettled.selector, caseId));
            juries.settle(caseId, seats);
        } else {
            settled[caseId] = juries.settle(caseId, seats);
        }
    }

    // ---- What is seen

    function heldByCases() external view returns (uint256 sum) {
        for (uint256 id = 1; id <= juries.caseCount(); ++id) {
            (, bool done, uint256 held) = juries.progressOf(id);
            if (done && held != 0) return type(uint256).max;
            sum += held;
        }
    }

    function owedToAccounts() external view returns (uint256 sum) {
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            sum += payouts.owed(validator(i));
        }
        sum += payouts.owed(CLAIMANT) + payouts.owed(CURATOR) + payouts.owed(Predeploys.FEE_DISTRIBUTOR);
    }

    function staked() external view returns (uint256 sum) {
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            (uint256 free, uint256 bound_,,) = stakes.stakeOf(IStakes.Purpose.Validator, validator(i));
            sum += free + bound_;
        }
    }

    /// @notice Validators whose locked stake is not what Juries counts, or that are bound to seats and are not there.
    function unbound() external view returns (uint256 count) {
        uint256[VALIDATORS + 1] memory seats;
        for (uint256 id = 1; id <= juries.caseCount(); ++id) {
            countSeats(id, seats);
        }
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            (uint256 stake,, uint32 bound_,) = juries.validatorInfo(validator(i));
            if (stake != locked(validator(i)) || (bound_ != 0 && stake == 0)) ++count;
            // Seats of settled pages are free already, all others bind.
            if (seats[i] < bound_) ++count;
        }
    }

    function countSeats(uint256 caseId, uint256[VALIDATORS + 1] memory seats) private view {
        (, bool done,) = juries.progressOf(caseId);
        if (done) return;
        for (uint8 round = 0; round <= juries.caseInfo(caseId).round; ++round) {
            (address[] memory jurors,) = juries.juryOf(caseId, round);
            for (uint256 i = 0; i < jurors.length; ++i) {
                ++seats[uint160(jurors[i]) - uint160(validator(0))];
            }
        }
    }

    function weights() external view returns (uint256 weight, uint256 count) {
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            (, uint256 one,,) = juries.validatorInfo(validator(i));
            weight += one;
            if (one != 0) ++count;
        }
    }
}

contract JuriesInvariant is JuriesTest {
    Court private court;

    function setUp() public {
        court = new Court();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(court);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](8);
        (selectors[0], selectors[1]) = (Court.openOne.selector, Court.joinSome.selector);
        (selectors[2], selectors[3]) = (Court.leave.selector, Court.exit.selector);
        (selectors[4], selectors[5]) = (Court.steps.selector, Court.steps.selector);
        (selectors[6], selectors[7]) = (Court.step.selector, Court.steps.selector);
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(court), selectors);
    }

    /// @dev Each call does up to eight steps of a case, so fewer calls go as far as elsewhere.
    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 64
    function invariant_MoneyIsExactStakeStaysAndClientsAreToldOnce() public view {
        vm.assertEq(
            court.paidIn(), court.staked() + court.heldByCases() + court.owedToAccounts(), "in = staked + held + owed"
        );
        vm.assertEq(payouts.escrowOf(Predeploys.JURIES), court.heldByCases(), "escrow");
        vm.assertEq(Predeploys.JURIES.balance, 0, "Juries keeps nothing");
        vm.assertEq(payouts.owed(Predeploys.JURIES), 0, "nothing is owed to it");
        vm.assertEq(court.unbound(), 0, "validators whose stake is not there");
        vm.assertEq(court.mistold(), 0, "told wrongly");
        (uint256 weight, uint256 count) = juries.validatorTotals();
        (uint256 expected, uint256 validators) = court.weights();
        vm.assertEq(weight, expected, "weight");
        vm.assertEq(count, validators, "count");
    }
}
