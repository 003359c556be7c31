// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {JuriesTest} from "./JuriesTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice What somebody would try against juries.
contract JuriesAttacksTest is JuriesTest {
    function setUp() public {
        deployJuries();
    }

    // ---- The draw

    function test_NobodyDrawsBeforeTheRandomnessIsThere() public {
        joinMany(5);
        uint256 caseId = open(3, CURATOR);
        pass(1);
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotYetDrawable.selector, caseId, juries.caseInfo(caseId).origin));
        juries.draw(caseId);
    }

    function test_AnL2ThatIsBehindL1DrawsFromABlockThatL1DoesNotHave() public {
        joinMany(5);
        // L2's clock is 10 L1 blocks after the block that it follows.
        vm.warp(vm.getBlockTimestamp() + 120);
        uint256 caseId = open(3, CURATOR);
        vm.assertEq(juries.caseInfo(caseId).origin, origins.number() + 12, "origin");
        vm.warp(vm.getBlockTimestamp() + 1 days);
        caseId = open(3, CURATOR);
        vm.assertEq(juries.caseInfo(caseId).origin, origins.number() + 256, "at most 254 more");
    }

    function test_WhoSeesTheRandomnessAndJoinsIsNotDrawn() public {
        joinMany(3);
        uint256 caseId = open(3, CURATOR);
        // In the same L1 origin, and when the randomness is there.
        join(LOSER, 1_000_000 * STAKE);
        pass(2);
        join(validator(9), 1_000_000 * STAKE);
        juries.draw(caseId);
        address[] memory jurors = jury(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(jurors[i] <= validator(3) && jurors[i] >= validator(1), "one of those before");
        }
    }

    function testFuzz_WhenAndByWhomADrawIsCalledChangesNothing(uint256 seed, uint64 later) public {
        joinMany(9);
        uint256 caseId = open(3, CURATOR);
        pass(2);
        uint256 state = vm.snapshotState();
        juries.draw(caseId);
        address[] memory expected = jury(caseId);
        vm.revertToState(state);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            if (random % 2 == 0) {
                join(validator(1 + (random >> 8) % 20), STAKE + (random >> 168));
            } else {
                vm.prank(validator(1 + (random >> 8) % 9));
                try juries.leave() {} catch {}
            }
            if (random % 3 == 0) pass(1);
        }
        uint64 least = origins.number();
        pass(uint64(bound(later, 0, 1_002 + 8_191 - least)));
        vm.prank(LOSER);
        juries.draw(caseId);
        address[] memory found = jury(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(found[i], expected[i], "the same jury");
        }
    }

    function test_RandomnessThatIsForgottenIsDrawnAnew() public {
        joinMany(5);
        uint256 caseId = open(3, CURATOR);
        pass(8_195);
        vm.expectEmit(Predeploys.JURIES);
        emit IJuries.DrawAwaited(caseId, 0, origins.number() + 2);
        juries.draw(caseId);
        assertPhase(caseId, IJuries.Phase.Drawing);
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotYetDrawable.selector, caseId, origins.number() + 2));
        juries.draw(caseId);
        drawAgain(caseId);
        assertPhase(caseId, IJuries.Phase.Committing);
    }

    function test_TheLastOriginThatIsRememberedStillDraws() public {
        joinMany(5);
        uint256 caseId = open(3, CURATOR);
        pass(2 + 8_191);
        juries.draw(caseId);
        assertPhase(caseId, IJuries.Phase.Committing);
    }

    function test_WhoLeavesWhenItSeesThatItIsDrawnSitsAndPays() public {
        joinMany(3);
        uint256 caseId = open(3, CURATOR);
        pass(2);
        vm.prank(validator(1));
        juries.leave();
        // It waits as long as it can: the jury is drawn at the last moment.
        pass(8_191);
        juries.draw(caseId);
        wait_(COMMIT);
        pass(HORIZON);
        juries.advance(caseId);
        vm.expectRevert(abi.encodeWithSelector(IJuries.StillBound.selector, validator(1), 1, 1_001 + 2 + 1 + HORIZON));
        vm.prank(validator(1));
        juries.exit();
        // Of the second jury it is none: two are too few.
        drawAgain(caseId);
        assertPhase(caseId, IJuries.Phase.Deciding);
        wait_(DECIDE);
        juries.advance(caseId);
        close(caseId);
        settleAll(caseId);
        vm.assertEq(locked(validator(1)), STAKE * 995 / 1_000, "slashed");
        vm.prank(validator(1));
        juries.exit();
        vm.assertEq(locked(validator(1)), 0, "free");
    }

    function test_StakeStaysUntilACaseIsSettled() public {
        joinMany(3);
        uint256 caseId = drawn(3);
        vm.prank(validator(1));
        juries.leave();
        uint64 until = origins.number() + 1 + HORIZON;
        vote(caseId, 3, 0);
        close(caseId);
        pass(HORIZON);
        vm.expectRevert(abi.encodeWithSelector(IJuries.StillBound.selector, validator(1), 1, until));
        vm.prank(validator(1));
        juries.exit();
        settleAll(caseId);
        vm.prank(validator(1));
        juries.exit();
    }

    // ---- Votes

    function test_ACopyOfAnothersCommitmentIsWorthNothing() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        bytes32 commitment = juries.commitmentOf(caseId, true, keccak256("because"), "salt", jurors[0]);
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(jurors[i]);
            juries.commit(caseId, commitment);
        }
        reveal(caseId, jurors[0], true);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongReveal.selector, caseId, jurors[1]));
        reveal(caseId, jurors[1], true);
    }

    function test_ACommitmentOfAnotherRoundOrCaseIsWorthNothing() public {
        joinMany(3);
        uint256 caseId = drawn(3);
        uint256 other = drawn(3);
        address juror = validator(1);
        bytes32 commitment = juries.commitmentOf(caseId, true, keccak256("because"), "salt", juror);
        vm.prank(juror);
        juries.commit(other, commitment);
        wait_(COMMIT);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongReveal.selector, other, juror));
        reveal(other, juror, true);
        juries.advance(caseId);
        drawAgain(caseId);
        vm.prank(juror);
        juries.commit(caseId, commitment);
        wait_(COMMIT);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongReveal.selector, caseId, juror));
        reveal(caseId, juror, true);
    }

    function test_NobodyRevealsWhileOthersMayCommit() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        commit(caseId, jurors[0], true);
        commit(caseId, jurors[1], true);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Committing));
        reveal(caseId, jurors[0], true);
        commit(caseId, jurors[2], true);
        reveal(caseId, jurors[0], true);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Revealing));
        vm.prank(jurors[2]);
        juries.commit(caseId, "another");
    }

    function test_ALateVoteDoesNotCount() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        commit(caseId, jurors[0], true);
        commit(caseId, jurors[1], false);
        uint64 deadline = juries.caseInfo(caseId).deadline;
        vm.warp(deadline + 1);
        bytes32 commitment = juries.commitmentOf(caseId, false, keccak256("because"), "salt", jurors[2]);
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooLate.selector, caseId, deadline));
        vm.prank(jurors[2]);
        juries.commit(caseId, commitment);
        reveal(caseId, jurors[0], true);
        vm.warp(deadline + REVEAL + 1);
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooLate.selector, caseId, deadline + REVEAL));
        reveal(caseId, jurors[1], false);
        juries.advance(caseId);
        close(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
        settleAll(caseId);
        vm.assertEq(locked(jurors[1]), STAKE * 995 / 1_000, "who did not reveal in time loses a little");
        assertOwed(jurors[1], 0, "and is not paid");
        assertNothingHeld(caseId);
    }

    // ---- Collusion

    function test_AColludingMinorityChangesNothingAndIsPaidLikeOthers() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        vote(caseId, 2, 1);
        close(caseId);
        settleAll(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            assertOwed(jurors[i], FEE, "flat pay");
            vm.assertEq(locked(jurors[i]), STAKE, "nobody is slashed for a verdict that stood");
        }
        assertReputation(jurors[0], 1, 0, 0);
        assertReputation(jurors[2], 0, 0, 0);
        assertNothingHeld(caseId);
    }

    function test_AColludingMajorityIsReversedAndPaysWhoWasRight() public {
        joinMany(20);
        uint256 caseId = drawn(3);
        address[] memory first = jury(caseId);
        vote(caseId, 2, 1);
        uint256 paid = appeal(caseId, LOSER);
        drawAgain(caseId);
        address[] memory second = jury(caseId);
        vote(caseId, 1, 6);
        close(caseId);
        vm.assertTrue(!client.outcome(caseId), "reversed");
        settleAll(caseId);
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(locked(first[i]), STAKE * 95 / 100, "slashed");
            assertOwed(first[i], FEE, "paid for its work, nevertheless");
            assertReputation(first[i], 0, 1, 0);
        }
        vm.assertEq(locked(first[2]), STAKE, "who was right keeps its stake");
        assertOwed(first[2], 2 * FEE, "and gets a fee more");
        assertReputation(first[2], 1, 0, 0);
        assertOwed(second[6], 2 * FEE, "so does the last jury");
        assertOwed(second[0], FEE, "its minority is paid, and not slashed: its jury was not reversed");
        vm.assertEq(locked(second[0]), STAKE, "not slashed");
        assertOwed(LOSER, paid, "the appellant has back all that it gave");
        // 100 OPEN were slashed: the jury's fees came from there, and seven bonuses.
        assertOwed(Predeploys.FEE_DISTRIBUTOR, 100 ether - 7 * FEE - 7 * FEE, "the rest");
        assertNothingHeld(caseId);
    }

    function test_AVerdictPaysAJuryTheSameWhateverItIs() public {
        joinMany(20);
        uint256 state;
        uint256[2] memory pay;
        for (uint256 i = 0; i < 2; ++i) {
            state = vm.snapshotState();
            uint256 caseId = drawn(3);
            vote(caseId, 3, 0);
            appeal(caseId, LOSER);
            drawAgain(caseId);
            address juror = jury(caseId)[0];
            vote(caseId, i == 0 ? 7 : 0, i == 0 ? 0 : 7);
            close(caseId);
            settleAll(caseId);
            pay[i] = payouts.owed(juror);
            vm.revertToState(state);
        }
        vm.assertEq(pay[0], 2 * FEE, "confirmed");
        vm.assertEq(pay[1], 2 * FEE, "reversed");
    }

    function test_ASilentJuryIsNotSlashingThoseBefore() public {
        joinMany(30);
        uint256 caseId = drawn(3);
        address[] memory first = jury(caseId);
        vote(caseId, 3, 0);
        appeal(caseId, LOSER);
        for (uint256 i = 0; i < 2; ++i) {
            drawAgain(caseId);
            wait_(COMMIT);
            juries.advance(caseId);
        }
        close(caseId);
        settleAll(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(locked(first[i]), STAKE, "not slashed");
        }
        assertNothingHeld(caseId);
    }

    // ---- Appeals and deciders

    function test_OnlyOneSideAppealsARound() public {
        joinMany(20);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        appeal(caseId, LOSER);
        vm.deal(CLAIMANT, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Drawing));
        vm.prank(CLAIMANT);
        juries.appeal{value: 20 ether}(caseId, "me, too");
    }

    function test_BothSidesAppealInTurnAndTheLosersBondIsTheWinners() public {
        joinMany(30);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        uint256 first = appeal(caseId, LOSER);
        drawAgain(caseId);
        vote(caseId, 0, 7);
        uint256 second = appeal(caseId, CLAIMANT);
        drawAgain(caseId);
        vote(caseId, 0, 15);
        close(caseId);
        settleAll(caseId);
        assertOwed(CLAIMANT, 0, "lost");
        // Out of the claimant's bond of 20 OPEN, the appellant's seven fees first.
        assertOwed(LOSER, first + 2 * BOND - 7 * FEE, "won");
        vm.assertEq(second, 2 * BOND + 15 * FEE, "what the claimant gave");
        assertNothingHeld(caseId);
    }

    function test_WhoAppealsForEverPaysForEveryRoundAndEndsAtGovernance() public {
        joinMany(30);
        uint256 caseId = drawn(3);
        uint256 paid;
        for (uint256 i = 0; i < 3; ++i) {
            if (i != 0) drawAgain(caseId);
            vote(caseId, jury(caseId).length, 0);
            paid += appeal(caseId, LOSER);
        }
        vm.assertEq(paid, 70 ether + 22 * FEE, "paid");
        assertPhase(caseId, IJuries.Phase.Governing);
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, "");
        settleAll(caseId);
        assertOwed(LOSER, 0, "lost");
        assertNothingHeld(caseId);
    }

    function test_WhoAppealsItsOwnVictoryLosesItsBond() public {
        joinMany(20);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        appeal(caseId, CLAIMANT);
        drawAgain(caseId);
        vote(caseId, 7, 0);
        close(caseId);
        settleAll(caseId);
        assertOwed(CLAIMANT, 0, "lost");
        assertOwed(Predeploys.FEE_DISTRIBUTOR, BOND - 10 * FEE, "not to those who could have arranged it");
        assertNothingHeld(caseId);
    }

    function test_AnAppellantDoesNotSitInTheJuryThatItAskedFor() public {
        joinMany(11);
        join(LOSER, 1_000 * STAKE);
        pass(1);
        uint256 caseId = open(3, LOSER);
        pass(2);
        juries.draw(caseId);
        vote(caseId, 3, 0);
        address appellant = validator(11);
        address[] memory first = jury(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            if (first[i] == appellant) appellant = validator(10);
        }
        appeal(caseId, appellant);
        drawAgain(caseId);
        address[] memory second = jury(caseId);
        vm.assertEq(second.length, 7, "the seven that are left");
        for (uint256 i = 0; i < 7; ++i) {
            vm.assertTrue(second[i] != appellant && second[i] != LOSER, "no party");
        }
    }

    function test_NobodyDecidesItsOwnCase() public {
        uint256 caseId = open(3, CLAIMANT);
        vm.assertEq(juries.caseInfo(caseId).decider, address(0), "the claimant");
        address[] memory parties = new address[](2);
        parties[1] = CURATOR;
        caseId = open(3, CURATOR, parties);
        vm.assertEq(juries.caseInfo(caseId).decider, address(0), "a party");
        pass(2);
        juries.draw(caseId);
        assertPhase(caseId, IJuries.Phase.Appealable);
    }

    // ---- Griefing

    function test_AClientThatComesBackInIsToldOnce() public {
        joinMany(5);
        client.beGreedy();
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        close(caseId);
        vm.assertEq(client.told(caseId), 1, "told");
    }

    function test_ACaseIsSettledOnceInPagesOfAnySize() public {
        joinMany(20);
        uint256 caseId = drawn(3);
        vote(caseId, 2, 1);
        appeal(caseId, LOSER);
        drawAgain(caseId);
        vote(caseId, 0, 6);
        wait_(REVEAL);
        close(caseId);
        uint256 state = vm.snapshotState();
        settleAll(caseId);
        uint256[] memory expected = owedAll();
        vm.revertToState(state);
        uint256 calls;
        while (!juries.settle(caseId, 1)) ++calls;
        vm.assertEq(calls + 1, 20, "two passes over ten seats");
        uint256[] memory found = owedAll();
        for (uint256 i = 0; i < found.length; ++i) {
            vm.assertEq(found[i], expected[i], "the same");
        }
        vm.expectRevert(abi.encodeWithSelector(IJuries.AlreadySettled.selector, caseId));
        juries.settle(caseId, 1);
        assertNothingHeld(caseId);
    }

    function owedAll() private view returns (uint256[] memory owed) {
        owed = new uint256[](22);
        for (uint256 i = 0; i < 20; ++i) {
            owed[i] = payouts.owed(validator(i + 1));
        }
        (owed[20], owed[21]) = (payouts.owed(LOSER), payouts.owed(Predeploys.FEE_DISTRIBUTOR));
    }

    function test_CasesDoNotWaitForEachOther() public {
        joinMany(5);
        uint256 stuck = open(3, CURATOR);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        close(caseId);
        settleAll(caseId);
        assertPhase(stuck, IJuries.Phase.Drawing);
        assertNothingHeld(caseId);
        (,, uint256 held) = juries.progressOf(stuck);
        vm.assertEq(held, 3 * FEE, "untouched");
    }

    function test_WhatIsMoreThanTheFeeIsTheJurors() public {
        joinMany(5);
        vm.deal(address(this), 1 ether);
        uint256 caseId = client.open{value: 1 ether}(opening(3, CURATOR), new address[](0));
        drawAgain(caseId);
        address[] memory jurors = jury(caseId);
        vote(caseId, 3, 0);
        close(caseId);
        settleAll(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            assertOwed(jurors[i], uint256(1 ether) / 3, "a third");
        }
        assertOwed(Predeploys.FEE_DISTRIBUTOR, 1, "what rounding left");
    }

    event Gas(string what, uint256 gas);

    /// @dev The largest juries there are: 21, 43 and 87, the last of a case in which all have sat.
    function test_TheLargestJuriesFitIntoBlocks() public {
        joinMany(200);
        uint256 caseId = drawn(21);
        for (uint256 i = 0; i < 2; ++i) {
            vote(caseId, i == 0 ? jury(caseId).length : 0, i == 0 ? 0 : jury(caseId).length);
            appeal(caseId, i == 0 ? LOSER : CLAIMANT);
            pass(2);
            uint256 before = gasleft();
            juries.draw(caseId);
            emit Gas("draw", before - gasleft());
            vm.assertTrue(before - gasleft() < 16_000_000, "draw");
        }
        vm.assertEq(jury(caseId).length, 87, "jury");
        vote(caseId, 40, 0);
        wait_(REVEAL);
        close(caseId);
        bool done;
        uint256 pages;
        while (!done) {
            uint256 before = gasleft();
            // Of which a page takes 64.
            done = juries.settle(caseId, 1_000);
            emit Gas("settle", before - gasleft());
            vm.assertTrue(before - gasleft() < 16_000_000, "settle");
            ++pages;
        }
        vm.assertEq(pages, 5, "pages");
        assertNothingHeld(caseId);
    }
}
