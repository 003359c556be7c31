// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice What the rules leave to people, so that nobody takes it for prevented.
contract LimitsTest is EconomyTest {
    function setUp() public {
        deployEconomy();
        joinValidators(VALIDATORS);
    }

    /// @dev One batch is posted at a time, for as long as it may be contested. Who promises another answer meanwhile to a payer
    ///      that signs nothing cannot post it before the session's end.
    function test_AnOperatorThatPromisesWhileAnswersArePostedMayBeUnableToKeepIt() public {
        (, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 2);
        post(sessionId, answers(1, "first"));
        bytes memory receipt = signed(OPERATOR_KEY, division.receiptDigest(sessionId, 2, keccak256("prompt")));
        vm.expectRevert(abi.encodeWithSelector(IInference.IsPending.selector, sessionId));
        post(sessionId, answers(1, "second"));
        wait_(3 days + 1);
        inference.finalize(sessionId);
        inference.showReceipt(sessionId, 2, keccak256("prompt"), receipt, 0, new IInference.Link[](0));
        vm.assertEq(owed(payer), 10 ether, "half of the penalty");
    }

    /// @dev One lock answers for all sessions. An operator that means to wrong somebody opens sessions with itself beforehand, and
    ///      breaks promises to itself when the case is about to be lost: it keeps half of its stake, and the wronged one gets its
    ///      escrow back, and no part of the penalty.
    function test_AnOperatorThatBreaksPromisesToItselfEmptiesTheLockForOthers() public {
        (, uint256 modelId) = market();
        address friend = address(0xF0);
        vm.deal(friend, 10 ether);
        IInference.Opening memory asked = IInference.Opening(modelId, 1, termsOf(modelId), 0, 1, 0);
        uint256[5] memory own;
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(friend);
            own[i] = inference.open{value: PRICE}(asked, "");
        }
        uint256 victim = open(modelId, 1);
        post(victim, answers(1, "no answer"));
        uint256 caseId = contest(victim, 1);
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(operator);
            inference.refund(own[i]);
            bytes memory receipt = signed(OPERATOR_KEY, division.receiptDigest(own[i], 1, "asked"));
            inference.showReceipt(own[i], 1, "asked", receipt, 0, new IInference.Link[](0));
        }
        vm.assertEq(owed(friend), 5 * PRICE + 50 ether, "half of the stake is with a friend");
        uint256 before = owed(payer);
        judge(caseId, true);
        // The bond comes back, too.
        vm.assertEq(owed(payer) - before, PRICE + 1 ether, "the victim has its escrow, and nothing of the penalty");
    }

    /// @dev A jury's withdrawal is mended once. What a second one withdraws counts again only by the Governor, stolen or not.
    function test_WhatASecondJuryWithdrewCountsAgainOnlyByTheGovernor() public {
        uint256 committed = foundCommitted();
        uint256 id = foundOpen();
        uint256 earlier = commit(alice, committed, "alice wrote this");
        wait_(60);
        contribute(mallory, id, "alice wrote this");
        vm.prank(bob);
        judge(review.challenge{value: DISPUTE_BOND + JURY}(id, 0, "stolen"), true);
        // A day and more have passed: it was revealed in time all the same, in another case.
        vm.warp(review.commitmentInfo(earlier).revealUntil);
        reveal(alice, earlier, "alice wrote this", NONE);
        review.disown(id, 0);
        vm.assertEq(authorOf(id, 0), alice, "hers");
        vm.assertEq(datanets.rowInfo(id, 0).status, 0, "and counts again");
        vm.prank(bob);
        judge(review.challenge{value: DISPUTE_BOND + JURY}(id, 0, "still stolen"), true);
        vm.assertEq(datanets.rowInfo(id, 0).status, WITHDRAWN, "and withdrawn");
        bytes32 documentHash = keccak256("alice wrote this");
        vm.expectRevert(abi.encodeWithSelector(Duplicate.selector, id, documentHash, 0));
        contribute(alice, id, "alice wrote this");
        vm.prank(Predeploys.TIMELOCK);
        datanets.setStatus(id, 0, 0);
        vm.assertEq(datanets.rowInfo(id, 0).status, 0, "the Governor mends it");
    }
}
