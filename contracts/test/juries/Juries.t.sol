// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {JuriesTest} from "./JuriesTest.sol";
import {ClientDouble} from "./Doubles.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Juries} from "../../src/l2/juries/Juries.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice The ways that a case takes, and what each step refuses.
contract JuriesPathsTest is JuriesTest {
    function setUp() public {
        deployJuries();
    }

    // ---- Opening

    function test_OnlyAClientOpens() public {
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotClient.selector, address(this)));
        juries.open(opening(3, CURATOR));
        vm.deal(Predeploys.MODELS, 1 ether);
        vm.deal(Predeploys.INFERENCE, 1 ether);
        vm.prank(Predeploys.MODELS);
        juries.open{value: 0.3 ether}(opening(3, CURATOR));
        vm.prank(Predeploys.INFERENCE);
        vm.assertEq(juries.open{value: 0.3 ether}(opening(3, CURATOR)), 2, "second case");
        vm.assertEq(juries.caseInfo(2).client, Predeploys.INFERENCE, "client");
        vm.assertEq(juries.caseCount(), 2, "cases");
    }

    function test_AFirstJuryIsOddAndAtMostTwentyOne() public {
        uint16[3] memory sizes = [uint16(0), 2, 23];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IJuries.InvalidJury.selector, sizes[i]));
            vm.prank(Predeploys.DATANETS);
            juries.open(opening(sizes[i], CURATOR));
        }
        open(1, CURATOR);
        open(21, CURATOR);
    }

    function test_TheFeeIsThatOfItsJurors() public {
        vm.deal(Predeploys.DATANETS, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IJuries.FeeTooSmall.selector, 0.3 ether, 0.3 ether - 1));
        vm.prank(Predeploys.DATANETS);
        juries.open{value: 0.3 ether - 1}(opening(3, CURATOR));
    }

    function test_AtMostEightPartiesAreNamed() public {
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooManyParties.selector, 9, 8));
        vm.prank(Predeploys.DATANETS);
        juries.openAmong(opening(3, CURATOR), new address[](9));
    }

    function test_ACaseThatDoesNotExistIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IJuries.UnknownCase.selector, 1));
        juries.draw(1);
        vm.expectRevert(abi.encodeWithSelector(IJuries.UnknownCase.selector, 0));
        juries.caseInfo(0);
    }

    function test_AnOpenCaseIsWhatWasAskedFor() public {
        vm.expectEmit(Predeploys.JURIES);
        emit IJuries.CaseOpened(1, Predeploys.DATANETS, SUBJECT, 7, 3, CURATOR, CLAIMANT, 1_002);
        uint256 caseId = open(3, CURATOR);
        IJuries.Case memory found = juries.caseInfo(caseId);
        vm.assertEq(found.subject, SUBJECT, "subject");
        vm.assertEq(found.kind, 7, "kind");
        vm.assertEq(found.jurors, 3, "jurors");
        vm.assertEq(found.claimant, CLAIMANT, "claimant");
        vm.assertEq(found.decider, CURATOR, "decider");
        vm.assertEq(found.bond, 0, "bond");
        vm.assertEq(payouts.escrowOf(Predeploys.JURIES), 0.3 ether, "escrow");
        assertPhase(caseId, IJuries.Phase.Drawing);
    }

    // ---- A round

    function test_AMajorityUpholdsAndItsClientIsToldOnce() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        assertPhase(caseId, IJuries.Phase.Committing);
        vote(caseId, 2, 1);
        assertPhase(caseId, IJuries.Phase.Appealable);
        vm.assertTrue(juries.caseInfo(caseId).upheld, "upheld");
        vm.assertEq(client.told(caseId), 0, "not told before it is final");
        close(caseId);
        vm.assertEq(client.told(caseId), 1, "told");
        vm.assertTrue(client.outcome(caseId), "outcome");
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Final));
        juries.advance(caseId);
    }

    function test_AMajorityRejects() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 1, 2);
        close(caseId);
        vm.assertEq(client.told(caseId), 1, "told");
        vm.assertTrue(!client.outcome(caseId), "outcome");
    }

    function test_ATieDoesNotUphold() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 1, 1);
        close(caseId);
        vm.assertTrue(!client.outcome(caseId), "outcome");
    }

    function test_WhoDoesNotActIsNotWaitedForLongerThanItsTime() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        commit(caseId, jurors[0], true);
        commit(caseId, jurors[1], true);
        uint64 deadline = juries.caseInfo(caseId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooEarly.selector, caseId, deadline));
        juries.advance(caseId);
        vm.warp(deadline + 1);
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Revealing);
        vm.assertEq(juries.caseInfo(caseId).deadline, deadline + REVEAL, "the time to reveal begins at the deadline");
        reveal(caseId, jurors[1], true);
        vm.warp(deadline + REVEAL + 1);
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Appealable);
        vm.assertTrue(juries.caseInfo(caseId).upheld, "one verdict decides");
    }

    function test_BothTimesMayBeOverWhenSomebodyAdvances() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        commit(caseId, jury(caseId)[0], true);
        wait_(COMMIT + REVEAL);
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Drawing);
        vm.assertEq(juries.caseInfo(caseId).round, 1, "nobody revealed: another jury");
    }

    function test_EachStepBelongsToItsPhase() public {
        joinMany(5);
        uint256 caseId = open(3, CURATOR);
        bytes memory drawing = abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Drawing);
        vm.expectRevert(drawing);
        juries.commit(caseId, 0);
        vm.expectRevert(drawing);
        juries.reveal(caseId, true, "", 0);
        vm.expectRevert(drawing);
        juries.decide(caseId, true, "");
        vm.expectRevert(drawing);
        juries.appeal(caseId, "");
        vm.expectRevert(drawing);
        juries.advance(caseId);
        vm.expectRevert(drawing);
        juries.settle(caseId, 1);
        vm.expectRevert(drawing);
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, "");
        pass(2);
        juries.draw(caseId);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Committing));
        juries.draw(caseId);
    }

    function test_OnlyJurorsCommitAndOnlyOnce() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotJuror.selector, caseId, address(this)));
        juries.commit(caseId, "x");
        address juror = jury(caseId)[0];
        commit(caseId, juror, true);
        vm.expectRevert(abi.encodeWithSelector(IJuries.AlreadyCommitted.selector, caseId, juror));
        vm.prank(juror);
        juries.commit(caseId, "x");
    }

    function test_WhatIsRevealedIsWhatWasCommittedTo() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            commit(caseId, jurors[i], true);
        }
        bytes memory wrong = abi.encodeWithSelector(IJuries.WrongReveal.selector, caseId, jurors[0]);
        vm.expectRevert(wrong);
        reveal(caseId, jurors[0], false);
        vm.expectRevert(wrong);
        vm.prank(jurors[0]);
        juries.reveal(caseId, true, "another reason", "salt");
        vm.expectRevert(wrong);
        vm.prank(jurors[0]);
        juries.reveal(caseId, true, "because", "another salt");
        reveal(caseId, jurors[0], true);
        vm.expectRevert(wrong);
        reveal(caseId, jurors[0], true);
        (, IJuries.SeatState[] memory states) = juries.juryOf(caseId, 0);
        vm.assertEq(uint256(states[0]), uint256(IJuries.SeatState.Upholds), "revealed");
        vm.assertEq(uint256(states[1]), uint256(IJuries.SeatState.Committed), "committed");
    }

    function test_WhatIsSaidOfAVerdictIsWhatWasCommittedTo() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        string memory reason = words(1_024);
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 commitment =
                juries.commitmentOf(caseId, true, keccak256(bytes(i == 0 ? reason : "copied")), "salt", jurors[i]);
            vm.prank(jurors[i]);
            juries.commit(caseId, commitment);
        }
        vm.expectEmit(Predeploys.JURIES);
        emit IJuries.VerdictRevealed(caseId, 0, jurors[0], true, reason);
        vm.prank(jurors[0]);
        juries.reveal(caseId, true, reason, "salt");
        vm.expectEmit(Predeploys.JURIES);
        emit IJuries.VerdictRevealed(caseId, 0, jurors[1], true, "copied");
        vm.prank(jurors[1]);
        juries.reveal(caseId, true, "copied", "salt");
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongReveal.selector, caseId, jurors[2]));
        vm.prank(jurors[2]);
        juries.reveal(caseId, true, string(abi.encodePacked(keccak256("copied"))), "salt");
    }

    function test_AReasonHasABoundWhoeverGivesIt() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        string memory long = words(1_025);
        bytes memory tooLong = abi.encodeWithSelector(IJuries.ReasonTooLong.selector, 1_024, 1_025);
        for (uint256 i = 0; i < 3; ++i) {
            string memory reason = i == 0 ? long : "because";
            bytes32 commitment = juries.commitmentOf(caseId, true, keccak256(bytes(reason)), "salt", jurors[i]);
            vm.prank(jurors[i]);
            juries.commit(caseId, commitment);
        }
        vm.expectRevert(tooLong);
        vm.prank(jurors[0]);
        juries.reveal(caseId, true, long, "salt");
        reveal(caseId, jurors[1], true);
        reveal(caseId, jurors[2], true);
        wait_(REVEAL);
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Appealable);
        uint256 bond = juries.caseInfo(caseId).bond;
        vm.deal(address(this), bond);
        vm.expectRevert(tooLong);
        juries.appeal{value: bond}(caseId, long);
        vm.expectRevert(tooLong);
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, long);
        vm.expectRevert(tooLong);
        juries.decide(caseId, true, long);
    }

    function words(uint256 length) private pure returns (string memory) {
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = bytes1(uint8(97 + i % 26));
        }
        return string(text);
    }

    // ---- Appeals

    function test_AnAppealGoesToALargerJuryOfOthersAndThenToGovernance() public {
        joinMany(21);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        vm.assertEq(juries.caseInfo(caseId).bond, BOND + 7 * FEE, "bond of the first appeal");
        appeal(caseId, LOSER);
        drawAgain(caseId);
        vm.assertEq(jury(caseId).length, 7, "second jury");
        vote(caseId, 5, 2);
        vm.assertEq(juries.caseInfo(caseId).bond, 2 * BOND + 15 * FEE, "bond of the second appeal");
        appeal(caseId, LOSER);
        drawAgain(caseId);
        // 21 − 3 − 7 are too few others: all sit again.
        vm.assertEq(jury(caseId).length, 15, "third jury");
        vote(caseId, 15, 0);
        vm.assertEq(juries.caseInfo(caseId).bond, 4 * BOND, "bond of the last appeal");
        appeal(caseId, LOSER);
        assertPhase(caseId, IJuries.Phase.Governing);
        vm.assertEq(juries.caseInfo(caseId).bond, 0, "no more appeals");
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        juries.rule(caseId, false, "policy");
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, false, "policy");
        vm.assertEq(client.told(caseId), 1, "told");
        vm.assertTrue(!client.outcome(caseId), "outcome");
        settleAll(caseId);
        assertNothingHeld(caseId);
    }

    function test_ABondIsExact() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        vm.deal(address(this), 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongBond.selector, BOND + 7 * FEE, BOND));
        juries.appeal{value: BOND}(caseId, "");
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongBond.selector, BOND + 7 * FEE, 50 ether));
        juries.appeal{value: 50 ether}(caseId, "");
    }

    function test_AnAppealThatIsTooLateIsNone() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        uint64 deadline = juries.caseInfo(caseId).deadline;
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooEarly.selector, caseId, deadline));
        juries.advance(caseId);
        vm.warp(deadline + 1);
        vm.deal(LOSER, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooLate.selector, caseId, deadline));
        vm.prank(LOSER);
        juries.appeal{value: BOND + 7 * FEE}(caseId, "");
    }

    function test_ALargerJuryThatCannotBeDrawnIsGovernance() public {
        joinMany(6);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        appeal(caseId, LOSER);
        drawAgain(caseId);
        assertPhase(caseId, IJuries.Phase.Governing);
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, "");
        settleAll(caseId);
        // The jury that was paid for never sat; the bond is lost to those who were right.
        assertOwed(LOSER, 7 * FEE, "the fee of a jury that did not sit");
        assertNothingHeld(caseId);
    }

    function test_TheVerdictStaysIfGovernanceIsSilent() public {
        joinMany(6);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        appeal(caseId, LOSER);
        drawAgain(caseId);
        uint64 deadline = juries.caseInfo(caseId).deadline;
        vm.assertEq(deadline, vm.getBlockTimestamp() + GOVERN, "time of governance");
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooEarly.selector, caseId, deadline));
        juries.advance(caseId);
        wait_(GOVERN);
        juries.advance(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
    }

    function test_AJuryThatIsSilentIsDrawnOnceMore() public {
        joinMany(6);
        uint256 caseId = drawn(3);
        address[] memory first = jury(caseId);
        wait_(COMMIT);
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Drawing);
        drawAgain(caseId);
        address[] memory second = jury(caseId);
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertTrue(first[i / 3] != second[i % 3], "others");
        }
        vote(caseId, 2, 1);
        close(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
        settleAll(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            assertReputation(first[i], 0, 0, 1);
            vm.assertEq(locked(first[i]), STAKE - STAKE / 200, "missed");
            vm.assertTrue(payouts.owed(second[i]) >= FEE, "paid from the same fee");
        }
        assertNothingHeld(caseId);
    }

    function test_TwoSilentJuriesLeaveEverythingAsItWas() public {
        joinMany(30);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        appeal(caseId, LOSER);
        for (uint256 i = 0; i < 2; ++i) {
            drawAgain(caseId);
            wait_(COMMIT);
            juries.advance(caseId);
        }
        assertPhase(caseId, IJuries.Phase.Appealable);
        vm.assertTrue(juries.caseInfo(caseId).upheld, "upheld as before");
        // The next jury is paid by what the silent ones did not earn.
        vm.assertEq(juries.caseInfo(caseId).bond, 2 * BOND + 8 * FEE, "bond");
        close(caseId);
        settleAll(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
        assertNothingHeld(caseId);
    }

    function test_TwoSilentFirstJuriesDoNotUphold() public {
        joinMany(6);
        uint256 caseId = drawn(3);
        for (uint256 i = 0; i < 2; ++i) {
            if (i == 1) drawAgain(caseId);
            wait_(COMMIT);
            juries.advance(caseId);
        }
        close(caseId);
        vm.assertTrue(!client.outcome(caseId), "outcome");
        settleAll(caseId);
        assertOwed(CLAIMANT, 3 * FEE, "nobody earned the fee");
        assertNothingHeld(caseId);
    }

    // ---- The decider

    function test_BelowEnoughValidatorsTheDeciderDecidesWithABond() public {
        joinMany(2);
        uint256 caseId = drawn(3);
        assertPhase(caseId, IJuries.Phase.Deciding);
        vm.assertEq(juries.caseInfo(caseId).bond, BOND, "bond");
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotDecider.selector, caseId, address(this)));
        juries.decide(caseId, true, "");
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongBond.selector, BOND, 0));
        vm.prank(CURATOR);
        juries.decide(caseId, true, "");
        decide(caseId, true);
        assertPhase(caseId, IJuries.Phase.Appealable);
        close(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
        vm.assertTrue(juries.settle(caseId, 0), "no seat to settle");
        assertOwed(CURATOR, BOND + FEE, "bond and one juror's fee");
        assertOwed(CLAIMANT, 2 * FEE, "what no juror earned");
        assertNothingHeld(caseId);
    }

    function test_ADeciderThatIsTooLateDecidesNothing() public {
        uint256 caseId = drawn(3);
        uint64 deadline = juries.caseInfo(caseId).deadline;
        vm.assertEq(deadline, vm.getBlockTimestamp() + DECIDE, "deadline");
        wait_(DECIDE);
        vm.deal(CURATOR, BOND);
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooLate.selector, caseId, deadline));
        vm.prank(CURATOR);
        juries.decide{value: BOND}(caseId, true, "");
        juries.advance(caseId);
        assertPhase(caseId, IJuries.Phase.Appealable);
        vm.assertTrue(!juries.caseInfo(caseId).upheld, "not upheld");
        close(caseId);
        vm.assertTrue(!client.outcome(caseId), "outcome");
        settleAll(caseId);
        assertOwed(CLAIMANT, 3 * FEE, "nobody did anything");
        assertNothingHeld(caseId);
    }

    function test_WithoutADeciderNothingIsUpheldButMayBeAppealed() public {
        uint256 caseId = open(3, address(0));
        drawAgain(caseId);
        assertPhase(caseId, IJuries.Phase.Appealable);
        // The fee of the jury that never sat pays the one that will.
        vm.assertEq(juries.caseInfo(caseId).bond, BOND, "bond");
        joinMany(5);
        appeal(caseId, LOSER);
        drawAgain(caseId);
        vm.assertEq(jury(caseId).length, 3, "a first jury");
        vote(caseId, 3, 0);
        close(caseId);
        vm.assertTrue(client.outcome(caseId), "outcome");
        settleAll(caseId);
        assertOwed(LOSER, BOND, "the appellant was right");
        assertNothingHeld(caseId);
    }

    function test_ADeciderMayBeOverruledByAJury() public {
        uint256 caseId = drawn(3);
        decide(caseId, false);
        joinMany(5);
        vm.assertEq(juries.caseInfo(caseId).bond, BOND + FEE, "bond, and what the decider's pay took");
        appeal(caseId, LOSER);
        drawAgain(caseId);
        vote(caseId, 3, 0);
        close(caseId);
        settleAll(caseId);
        assertOwed(CURATOR, FEE, "paid for its work, its bond lost");
        assertOwed(LOSER, 2 * BOND, "its bond, its fee and what is left of the decider's");
        assertNothingHeld(caseId);
    }

    function test_ADeciderMayBeOverruledByGovernance() public {
        uint256 caseId = drawn(3);
        decide(caseId, false);
        appeal(caseId, LOSER);
        drawAgain(caseId);
        assertPhase(caseId, IJuries.Phase.Governing);
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, "");
        settleAll(caseId);
        assertOwed(LOSER, 2 * BOND + FEE, "both bonds and its fee");
        assertOwed(CLAIMANT, 2 * FEE, "what no jury earned");
        assertNothingHeld(caseId);
    }

    function test_WhatNobodyEarnedAndNobodyGaveIsTheFeeDistributors() public {
        IJuries.Opening memory nobody = opening(3, address(0));
        nobody.claimant = address(0);
        vm.deal(Predeploys.DATANETS, 1 ether);
        vm.prank(Predeploys.DATANETS);
        uint256 caseId = juries.open{value: 3 * FEE}(nobody);
        drawAgain(caseId);
        close(caseId);
        vm.assertTrue(juries.settle(caseId, 1), "done");
        assertOwed(Predeploys.FEE_DISTRIBUTOR, 3 * FEE, "the fee");
        assertNothingHeld(caseId);
    }

    function test_WhereSilenceCostsNothingNothingIsSlashed() public {
        vm.prank(Predeploys.TIMELOCK);
        IParameters(Predeploys.PARAMETERS).set(Keys.MISSED_BPS, 0);
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 2, 0);
        address missing = jury(caseId)[2];
        close(caseId);
        settleAll(caseId);
        vm.assertEq(locked(missing), STAKE, "stake");
        assertReputation(missing, 0, 0, 1);
        assertOwed(Predeploys.FEE_DISTRIBUTOR, FEE, "the part of who did not reveal");
        assertNothingHeld(caseId);
    }

    // ---- Parameters, clients, upgrades

    function test_AChangeOfParametersTouchesNoOpenCase() public {
        joinMany(10);
        uint256 caseId = open(3, CURATOR);
        IParameters parameters = IParameters(Predeploys.PARAMETERS);
        bytes32[8] memory keys = [
            Keys.COMMIT_SECONDS,
            Keys.REVEAL_SECONDS,
            Keys.APPEAL_SECONDS,
            Keys.DECIDE_SECONDS,
            Keys.JUROR_FEE,
            Keys.APPEAL_BOND,
            Keys.MISSED_BPS,
            Keys.REVERSED_BPS
        ];
        vm.startPrank(Predeploys.TIMELOCK);
        for (uint256 i = 0; i < keys.length; ++i) {
            parameters.set(keys[i], parameters.get(keys[i]) / 2);
        }
        parameters.set(Keys.VALIDATOR_STAKE, STAKE / 2);
        vm.stopPrank();
        pass(2);
        juries.draw(caseId);
        vm.assertEq(juries.caseInfo(caseId).deadline, vm.getBlockTimestamp() + COMMIT, "commit");
        vote(caseId, 2, 0);
        wait_(REVEAL);
        vm.assertEq(juries.caseInfo(caseId).bond, BOND + 7 * FEE, "bond");
        close(caseId);
        address missing = jury(caseId)[2];
        settleAll(caseId);
        vm.assertEq(locked(missing), STAKE - STAKE / 200, "missed");
        (, uint256 weight,,) = juries.validatorInfo(missing);
        vm.assertEq(weight, 0, "below the least stake of the case, and so dropped");
        vm.assertEq(juries.fee(3), 0.15 ether, "a new case costs less");
    }

    function test_AClientThatFailsIsToldAgain() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        client.breakDown(true);
        wait_(APPEAL);
        vm.expectEmit(Predeploys.JURIES);
        emit IJuries.ClientFailed(caseId, Predeploys.DATANETS);
        juries.advance(caseId);
        settleAll(caseId);
        assertNothingHeld(caseId);
        (bool told,,) = juries.progressOf(caseId);
        vm.assertTrue(!told, "not told");
        client.breakDown(false);
        juries.advance(caseId);
        vm.assertEq(client.told(caseId), 1, "told");
        vm.expectRevert(abi.encodeWithSelector(IJuries.WrongPhase.selector, caseId, IJuries.Phase.Final));
        juries.advance(caseId);
    }

    /// @dev An estimate of gas finds the least with which a call succeeds: it must not be one with which the client fails.
    function test_AClientIsToldWithAllTheGasItMayNeedOrNotAtAll() public {
        joinMany(5);
        uint256 caseId = drawn(3);
        vote(caseId, 3, 0);
        wait_(APPEAL);
        for (uint256 gas = 100_000; gas < 2_000_000; gas += 100_000) {
            (bool success, bytes memory problem) =
                Predeploys.JURIES.call{gas: gas}(abi.encodeCall(IJuries.advance, caseId));
            vm.assertTrue(!success, "too little");
            vm.assertEq(problem, abi.encodeWithSelector(IJuries.NotEnoughGas.selector, 2_000_000), "and it says so");
        }
        vm.assertEq(client.told(caseId), 0, "not told");
        (bool enough,) = Predeploys.JURIES.call{gas: 2_200_000}(abi.encodeCall(IJuries.advance, caseId));
        vm.assertTrue(enough && client.told(caseId) == 1, "told");
    }

    function test_OnlyPayoutsSendsMoneyHere() public {
        vm.deal(address(this), 1);
        (bool success, bytes memory data) = Predeploys.JURIES.call{value: 1}("");
        vm.assertTrue(!success, "refused");
        vm.assertEq(data, abi.encodeWithSelector(IJuries.NotPayouts.selector, address(this)), "error");
    }

    function test_OnlyGovernanceUpgrades() public {
        address next = address(new Juries());
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        juries.upgradeToAndCall(next, "");
        uint256 caseId = open(3, CURATOR);
        vm.prank(Predeploys.TIMELOCK);
        juries.upgradeToAndCall(next, "");
        vm.assertEq(juries.caseInfo(caseId).subject, SUBJECT, "the case is still there");
    }
}
