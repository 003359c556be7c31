// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {WithdrawalTest} from "./WithdrawalTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {ExitClock} from "../src/l1/ExitClock.sol";
import {OutputProposals} from "../src/l1/OutputProposals.sol";
import {PauseClock} from "../src/l1/PauseClock.sol";
import {TributaryPortal} from "../src/l1/TributaryPortal.sol";
import {Withdrawals} from "../src/l1/Withdrawals.sol";

contract VetoTest is WithdrawalTest {
    function setUp() public {
        deployL1();
        open.transfer(address(portal), locked);
    }

    function veto(uint256 index) private {
        vm.prank(guardian);
        outputs.veto(index);
    }

    function resume() private {
        vm.prank(owner);
        outputs.resumeProposals();
    }

    function expectNoProposal(uint256 l2Block) private {
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, l2Block, genesisRoot);
        vm.expectRevert(OutputProposals.ProposalsAreStopped.selector);
        outputs.propose(l2Block, genesisRoot, number, hash, attestation);
    }

    function testFuzz_AVetoRestoresThePreviousOutputAndStopsProposals(uint8 count, uint8 index) public {
        count = uint8(bound(count, 1, 6));
        index %= count;
        for (uint256 i = 1; i <= count; ++i) {
            propose(i * 10, keccak256(abi.encode(i)));
        }
        vm.expectEmit(address(outputs));
        emit OutputProposals.OutputsVetoed(index, count - index, uint256(index) * 10);
        veto(index);
        vm.assertEq(outputs.gameCount(), index, "outputs that are left");
        vm.assertEq(outputs.latestBlockNumber(), uint256(index) * 10, "latest block");
        bytes32 root = index == 0 ? genesisRoot : keccak256(abi.encode(index));
        vm.assertEq(outputs.latestOutputRoot(), root, "latest root");
        vm.assertTrue(outputs.proposalsStopped(), "stopped");
        vm.assertEq(outputs.findLatestGames(outputs.GAME_TYPE(), index, 1).length, 0, "found");
        expectNoProposal(100);
        resume();
        propose(100, genesisRoot);
        vm.assertEq(outputs.gameCount(), uint256(index) + 1, "outputs after resuming");
    }

    function test_OnlyTheGuardianVetoesAndPausesAndOnlyTheOwnerResumes() public {
        propose(10, genesisRoot);
        address[3] memory strangers = [owner, address(this), vm.addr(proverKey)];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory refusal = abi.encodeWithSelector(ExitClock.NotGuardian.selector, strangers[i]);
            vm.startPrank(strangers[i]);
            vm.expectRevert(refusal);
            outputs.veto(0);
            vm.expectRevert(refusal);
            outputs.pause(1);
            vm.stopPrank();
        }
        veto(0);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        vm.prank(guardian);
        outputs.resumeProposals();
        resume();
        vm.expectRevert(OutputProposals.ProposalsAreNotStopped.selector);
        resume();
    }

    function test_TheGuardianCanDoNothingElse() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian);
        vm.startPrank(guardian);
        vm.expectRevert(refusal);
        outputs.setGuardian(bob);
        vm.expectRevert(refusal);
        outputs.proposeVerifier(verifier);
        vm.expectRevert(refusal);
        outputs.acceptVerifier();
        vm.expectRevert(refusal);
        outputs.transferOwnership(guardian);
        vm.expectRevert(refusal);
        config.setGasLimit(30_000_000);
    }

    function test_AnOutputThatIsNotThereCannotBeVetoed() public {
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.NoSuchOutput.selector, 0));
        veto(0);
    }

    function test_AFinalOutputCannotBeVetoedNorThoseBeforeIt() public {
        propose(10, genesisRoot);
        wait(finality - 1);
        propose(20, genesisRoot);
        vm.assertTrue(!outputs.isFinal(0), "final too early");
        wait(1);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.OutputIsFinal.selector, 0));
        veto(0);
        veto(1);
        vm.assertEq(outputs.latestBlockNumber(), 10, "latest");
    }

    function test_APauseDoesNotMakeAFinalOutputOpenToAVeto() public {
        propose(10, genesisRoot);
        wait(finality);
        vm.startPrank(guardian);
        outputs.pause(1 days);
        wait(100);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.OutputIsFinal.selector, 0));
        outputs.veto(0);
    }

    function test_WhatWasProvedAgainstAVetoedOutputIsNeverPaidAndCanBeProvedAgain() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 5, "");
        bytes32 hash = prove(withdrawal);
        (,, AttestedOutput bad) = outputs.gameAtIndex(0);
        veto(0);
        vm.assertTrue(outputs.isGameBlacklisted(address(bad)), "vetoed");
        vm.assertTrue(outputs.disputeGameBlacklist(address(bad)), "registry's list");
        vm.assertTrue(portal.disputeGameBlacklist(address(bad)), "portal's list");
        vm.assertTrue(outputs.isGameRegistered(address(bad)), "registered");
        vm.assertTrue(!outputs.isGameProper(address(bad)), "proper");
        resume();
        // The very same root again, at the same index: it is another output.
        (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
        vm.assertEq(index, 0, "index");
        wait(365 days);
        vm.expectRevert(TributaryPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertTrue(!outputs.isGameClaimValid(address(bad)), "still vetoed");

        portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
        vm.expectRevert(TributaryPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        ripen();
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(bob), 5, "paid");
        vm.assertTrue(portal.finalizedWithdrawals(hash), "finalized");
    }

    function test_AVetoLoopTouchesNoExitThatIsFinal() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 5, "");
        prove(withdrawal);
        wait(finality);
        // Whatever comes after it is vetoed, as often as the owner resumes.
        for (uint256 i = 0; i < 5; ++i) {
            propose(20 + i, keccak256(abi.encode(i)));
            veto(1);
            vm.expectRevert(abi.encodeWithSelector(OutputProposals.OutputIsFinal.selector, 0));
            veto(0);
            resume();
        }
        ripen();
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(bob), 5, "paid");
        // The owner ends the loop.
        vm.prank(owner);
        outputs.setGuardian(address(0));
        propose(30, genesisRoot);
        vm.expectRevert(abi.encodeWithSelector(ExitClock.NotGuardian.selector, guardian));
        veto(1);
    }
}

contract PauseTest is WithdrawalTest {
    function setUp() public {
        deployL1();
        open.transfer(address(portal), locked);
        // Longer ago than a window.
        wait(200 days);
    }

    function pause(uint256 duration) private {
        vm.prank(guardian);
        outputs.pause(duration);
    }

    function unpause() private {
        vm.prank(guardian);
        outputs.unpause();
    }

    function expectRefusal(uint256 asked, uint256 left) private {
        vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseOutOfRange.selector, asked, left));
        pause(asked);
    }

    function test_NothingIsPaidInAPauseAndProofsDepositsAndProposalsGoOn() public {
        Withdrawals.Transaction memory ripe = withdrawalTo(bob, 5, "");
        bytes32 hash = prove(ripe);
        ripen();
        vm.expectEmit(address(outputs));
        emit ExitClock.Paused(vm.getBlockTimestamp() + 1 days);
        pause(1 days);
        vm.assertTrue(portal.paused(), "paused");
        vm.assertEq(outputs.pausedUntil(), vm.getBlockTimestamp() + 1 days, "until");
        vm.expectRevert(TributaryPortal.OptimismPortal_CallPaused.selector);
        portal.finalizeWithdrawalTransaction(ripe);
        vm.expectRevert(TributaryPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.checkWithdrawal(hash, address(this));
        // Tools tell from these three that there is only a time to wait for.
        (,, AttestedOutput output) = outputs.gameAtIndex(0);
        vm.assertTrue(outputs.isGameProper(address(output)), "proper");
        vm.assertTrue(outputs.isGameRespected(address(output)), "respected");
        vm.assertTrue(!outputs.isGameFinalized(address(output)), "finalized");

        prove(withdrawalTo(bob, 6, ""));
        open.approve(address(portal), 1);
        portal.depositERC20Transaction(bob, 1, 1, 100_000, false, "");
        wait(1 days);
        portal.finalizeWithdrawalTransaction(ripe);
        vm.assertEq(open.balanceOf(bob), 5, "paid");
    }

    function testFuzz_APauseStopsTheClockOfAnExit(uint256 before, uint256 duration, uint256 unused) public {
        before = bound(before, 0, maturity);
        duration = bound(duration, 1, 7 days);
        unused = bound(unused, 0, duration - 1);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 5, "");
        bytes32 hash = prove(withdrawal);
        uint256 provedAt = vm.getBlockTimestamp();
        wait(before);
        pause(duration);
        wait(duration - unused);
        if (unused != 0) unpause();
        (, uint64 timestamp) = portal.provenWithdrawals(hash, address(this));
        vm.assertEq(timestamp, provedAt + duration - unused, "time that tools count from");
        wait(maturity - before);
        vm.expectRevert(TributaryPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        wait(1);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(bob), 5, "paid");
    }

    function testFuzz_AProofMadeInAPauseBeginsToRipenWhenThePauseEnds(uint256 duration, uint256 at) public {
        duration = bound(duration, 1, 7 days);
        at = bound(at, 0, duration);
        pause(duration);
        wait(at);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 5, "");
        prove(withdrawal);
        wait(duration - at + maturity);
        vm.expectRevert(TributaryPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        wait(1);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function testFuzz_APauseStopsTheClockOfAVeto(uint256 duration) public {
        duration = bound(duration, 1, 7 days);
        AttestedOutput output = propose(10, genesisRoot);
        wait(1);
        pause(duration);
        wait(duration);
        wait(finality - 2);
        vm.assertTrue(!outputs.isFinal(0), "final");
        wait(1);
        vm.assertTrue(outputs.isFinal(0), "not final");
        vm.assertTrue(outputs.isGameFinalized(address(output)), "not finalized");
    }

    function test_AnOutputOfAPauseCanBeVetoedForItsWholeDelayAfterwards() public {
        pause(7 days);
        wait(1 days);
        propose(10, genesisRoot);
        wait(6 days + finality - 1);
        vm.assertTrue(!outputs.isFinal(0), "final");
        vm.prank(guardian);
        outputs.veto(0);
        vm.assertEq(outputs.gameCount(), 0, "outputs");
    }

    function test_PausingAtTheVeryEndCostsAnExitNoMoreThanThePause() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 5, "");
        prove(withdrawal);
        wait(maturity);
        pause(7 days);
        wait(7 days);
        expectRefusal(1, 0);
        wait(1);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(bob), 5, "paid");
    }

    function test_SevenDaysInNinetyAndNotASecondMore() public {
        expectRefusal(0, 7 days);
        expectRefusal(7 days + 1, 7 days);
        pause(7 days);
        vm.expectRevert(PauseClock.AlreadyPaused.selector);
        pause(1);
        wait(7 days);
        expectRefusal(1, 0);
        // A second of it has left the 90 days.
        wait(83 days + 1);
        expectRefusal(2, 1);
        pause(1);
        wait(1);
        expectRefusal(2, 1);
    }

    function test_ManySmallPausesAreNoLongerThanALargeOne() public {
        for (uint256 i = 0; i < 7; ++i) {
            pause(1 days);
            wait(1 days);
        }
        expectRefusal(1, 0);
        wait(83 days);
        expectRefusal(1, 0);
        wait(1 days);
        expectRefusal(1 days + 1, 1 days);
    }

    function test_NoMoreThanEightPausesInNinetyDays() public {
        for (uint256 i = 0; i < 8; ++i) {
            pause(1 hours);
            // What is not used is not counted, but the pause is.
            unpause();
            wait(1);
        }
        vm.assertEq(outputs.pausedSeconds(), 0, "paused");
        vm.assertEq(outputs.pauseLeft(), 0, "left");
        expectRefusal(1, 0);
        wait(90 days);
        expectRefusal(8 days, 7 days);
        pause(7 days);
    }

    function test_AnotherGuardianHasNoTimeOfItsOwn() public {
        pause(7 days);
        wait(7 days);
        vm.prank(owner);
        outputs.setGuardian(bob);
        vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseOutOfRange.selector, 1, 0));
        vm.prank(bob);
        outputs.pause(1);
        vm.expectRevert(abi.encodeWithSelector(ExitClock.NotGuardian.selector, guardian));
        pause(1);
    }

    function test_TheOwnerAndTheGuardianEndAPauseAndNobodyElse() public {
        vm.expectRevert(PauseClock.NotPaused.selector);
        unpause();
        pause(2);
        vm.expectRevert(abi.encodeWithSelector(ExitClock.NotGuardian.selector, address(this)));
        outputs.unpause();
        vm.expectEmit(address(outputs));
        emit ExitClock.Unpaused();
        vm.prank(owner);
        outputs.unpause();
        vm.assertTrue(!outputs.paused(), "paused");
        pause(2);
        wait(2);
        vm.expectRevert(PauseClock.NotPaused.selector);
        unpause();
    }
}

/// @notice A guardian that pauses whenever it can, and a record of each second of it.
contract Guardian is WithdrawalTest {
    struct Span {
        uint256 start;
        uint256 end;
    }

    Span[] public spans;

    constructor() {
        deployL1();
        wait(200 days);
    }

    function clock() external view returns (OutputProposals) {
        return outputs;
    }

    function count() external view returns (uint256) {
        return spans.length;
    }

    function pause(uint256 duration) external {
        if (outputs.paused()) return;
        uint256 left = outputs.pauseLeft();
        if (left == 0) return;
        duration = duration % 3 == 0 ? left : bound(duration, 1, left);
        vm.prank(guardian);
        outputs.pause(duration);
        spans.push(Span(vm.getBlockTimestamp(), vm.getBlockTimestamp() + duration));
    }

    function unpause() external {
        if (!outputs.paused()) return;
        vm.prank(guardian);
        outputs.unpause();
        spans[spans.length - 1].end = vm.getBlockTimestamp();
    }

    function pass(uint32 time) external {
        wait(bound(time, 1, 30 days));
    }

    /// @dev Seconds of pause between two times, as recorded here.
    function within(uint256 from, uint256 to) public view returns (uint256 sum) {
        for (uint256 i = 0; i < spans.length; ++i) {
            uint256 start = spans[i].start > from ? spans[i].start : from;
            uint256 end = spans[i].end < to ? spans[i].end : to;
            if (end > start) sum += end - start;
        }
    }
}

contract PauseInvariant is WithdrawalTest {
    Guardian private handler;

    function setUp() public {
        handler = new Guardian();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(handler);
        selectors[0].selectors = new bytes4[](3);
        selectors[0].selectors[0] = Guardian.pause.selector;
        selectors[0].selectors[1] = Guardian.unpause.selector;
        selectors[0].selectors[2] = Guardian.pass.selector;
    }

    function invariant_NoNinetyDaysHoldMoreThanSevenOfPauseAndTheClockCountsEachSecondOnce() public view {
        // The windows that can hold most end where a pause does, or begin where one does.
        for (uint256 i = 0; i < handler.count(); ++i) {
            (uint256 start, uint256 end) = handler.spans(i);
            vm.assertTrue(end < 90 days || handler.within(end - 90 days, end) <= 7 days, "before");
            vm.assertTrue(handler.within(start, start + 90 days) <= 7 days, "after");
        }
        uint256 now_ = vm.getBlockTimestamp();
        vm.assertEq(handler.clock().pausedSeconds(), handler.within(0, now_), "passed");
    }
}
