// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";

/// @notice In which order commitments are appended, and that nobody holds it up for ever.
contract QueueTest is DatanetTest {
    uint256 private constant START = 1_000_000;
    uint256 private id;

    function setUp() public {
        deploy();
        id = createReviewed();
    }

    function mustWait(uint256 commitmentId, bytes memory document, uint256 head) private {
        vm.expectRevert(abi.encodeWithSelector(NotItsTurn.selector, commitmentId, head));
        append(commitmentId, document);
    }

    function test_TheOrderOfRowsIsThatOfCommitment() public {
        (uint256 first, uint256 firstCase) = handIn(alice, id, "first");
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        juries.say(secondCase, true);
        mustWait(second, "second", first);
        juries.say(firstCase, true);
        mustWait(second, "second", first);
        append(first, "first");
        append(second, "second");
        checkRow(id, 0, alice, ACTIVE);
        checkRow(id, 1, bob, ACTIVE);
    }

    function test_AnOpenRevealIsWaitedForUntilItsDeadline() public {
        uint256 first = commit(mallory, id, one("never shown"));
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        juries.say(secondCase, true);
        vm.warp(START + 1 days);
        mustWait(second, "second", first);
        vm.warp(START + 1 days + 1);
        vm.expectEmit(address(datanets));
        emit CommitmentLapsed(first);
        append(second, "second");
        checkStage(first, Stage.Lapsed);
        checkRow(id, 0, bob, ACTIVE);
    }

    function test_WhatLapsesLosesItsBondToTheReviewFund() public {
        uint256 bonded = create(Policy(3, true, 0, 0, 5 ether));
        commit(mallory, bonded, one("never shown"));
        vm.warp(START + 1 days + 1);
        review.advance(bonded, 1);
        vm.assertEq(datanets.datanetInfo(bonded).reviewFund, 5 ether, "fund");
        vm.assertEq(datanets.datanetInfo(bonded).head, 0, "queue");
    }

    function test_ARejectedCommitmentIsNotWaitedFor() public {
        (, uint256 firstCase) = handIn(mallory, id, "spam");
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        juries.say(secondCase, true);
        juries.say(firstCase, false);
        append(second, "second");
        checkRow(id, 0, bob, ACTIVE);
    }

    function test_AReviewIsWaitedForSoLongAndKeepsItsRight() public {
        (uint256 first, uint256 firstCase) = handIn(alice, id, "first");
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        juries.say(secondCase, true);
        vm.warp(START + 21 days);
        mustWait(second, "second", first);
        vm.warp(START + 21 days + 1);
        vm.expectEmit(address(datanets));
        emit CommitmentPassed(first);
        append(second, "second");
        juries.say(firstCase, true);
        append(first, "first");
        checkRow(id, 1, alice, ACTIVE);
    }

    function test_WhatIsAcceptedHasItsTimeAndIsThenPassed() public {
        (uint256 first, uint256 firstCase) = handIn(alice, id, "first");
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        juries.say(secondCase, true);
        vm.warp(START + 5 days);
        juries.say(firstCase, true);
        vm.warp(START + 6 days);
        mustWait(second, "second", first);
        vm.warp(START + 6 days + 1);
        append(second, "second");
        append(first, "first");
        checkRow(id, 0, bob, ACTIVE);
        checkRow(id, 1, alice, ACTIVE);
    }

    /// @dev Accepted long ago, but never able to be appended until now: its time begins now.
    function test_WhoWasHeldUpHasAllOfItsTimeAfterwards() public {
        (uint256 first, uint256 firstCase) = handIn(mallory, id, "held up in appeals");
        (uint256 second, uint256 secondCase) = handIn(alice, id, "second");
        (uint256 third, uint256 thirdCase) = handIn(mallory, id, "almost the second");
        juries.say(secondCase, true);
        juries.say(thirdCase, true);
        vm.warp(START + 15 days);
        juries.say(firstCase, false);
        mustWait(third, "almost the second", second);
        review.advance(id, 8);
        vm.warp(START + 16 days);
        mustWait(third, "almost the second", second);
        append(second, "second");
        append(third, "almost the second");
        checkRow(id, 0, alice, ACTIVE);
        vm.assertEq(datanets.datanetInfo(id).head, third, "head");
        checkStage(first, Stage.Rejected);
    }

    /// @dev Nobody appends what stands before it, and the whole time passed: it has an hour of its own at the head.
    function test_NobodyIsPassedInTheMomentInWhichItsTurnComes() public {
        (uint256 first, uint256 firstCase) = handIn(mallory, id, "first");
        (uint256 second, uint256 secondCase) = handIn(alice, id, "second");
        (uint256 third, uint256 thirdCase) = handIn(mallory, id, "third");
        juries.say(firstCase, true);
        juries.say(secondCase, true);
        juries.say(thirdCase, true);
        vm.warp(START + 10 days);
        mustWait(third, "third", second);
        review.advance(id, 8);
        vm.assertEq(datanets.datanetInfo(id).head, second, "the second's turn");
        vm.warp(START + 10 days + 1 hours);
        mustWait(third, "third", second);
        vm.warp(START + 10 days + 1 hours + 1);
        append(third, "third");
        append(second, "second");
        append(first, "first");
    }

    /// @dev Fifty that are accepted and that nobody appends hold up for hours, not for fifty days.
    function test_ManyThatNobodyAppendsHoldUpForAnHourEach() public {
        uint256 open = createCommitted();
        for (uint256 i = 0; i < 50; ++i) {
            handIn(mallory, open, abi.encode("junk", i));
        }
        (uint256 last,) = handIn(alice, open, "text");
        uint256 time = START + 1 days;
        for (uint256 i = 0; i < 50; ++i) {
            time += 1 hours + 1;
            vm.warp(time);
            review.advance(open, 50);
        }
        append(last, "text");
        checkRow(open, 0, alice, ACTIVE);
    }

    function test_AHundredThatLapsedAreGonePast() public {
        for (uint256 i = 0; i < 100; ++i) {
            commit(mallory, id, one("never shown"));
        }
        (uint256 last, uint256 caseId) = handIn(alice, id, "text");
        juries.say(caseId, true);
        vm.warp(START + 1 days + 1);
        mustWait(last, "text", 17);
        review.advance(id, 90);
        append(last, "text");
        checkRow(id, 0, alice, ACTIVE);
    }

    function test_EachDatanetHasItsOwnQueue() public {
        uint256 other = createReviewed();
        commit(alice, id, one("not shown yet"));
        (uint256 second, uint256 secondCase) = handIn(bob, other, "second");
        juries.say(secondCase, true);
        append(second, "second");
        checkRow(other, 0, bob, ACTIVE);
    }

    function test_AQueueThatWasEmptyBeginsAnew() public {
        (uint256 first, uint256 firstCase) = handIn(alice, id, "first");
        juries.say(firstCase, true);
        append(first, "first");
        review.advance(id, 9);
        vm.assertEq(datanets.datanetInfo(id).head, 0, "empty");
        vm.warp(START + 30 days);
        (uint256 second, uint256 secondCase) = handIn(bob, id, "second");
        vm.assertEq(datanets.datanetInfo(id).head, second, "head");
        (uint256 third, uint256 thirdCase) = handIn(bob, id, "third");
        juries.say(thirdCase, true);
        juries.say(secondCase, true);
        mustWait(third, "third", second);
        append(second, "second");
        append(third, "third");
    }
}
