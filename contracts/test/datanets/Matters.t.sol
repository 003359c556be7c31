// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {IAttributionErrors} from "../../src/interfaces/IAttributionErrors.sol";

contract MattersTest is DatanetTest {
    uint256 private id;

    function setUp() public {
        deploy();
        id = createOpen();
        contribute(mallory, id, "text");
    }

    // ---- Withdrawal by review

    function test_AJuryWithdrawsARow() public {
        bytes32 subject = keccak256(
            abi.encode(block.chainid, id, 0, keccak256("text"), Matter.Withdrawal, bob, bytes32(0), keccak256("stolen"))
        );
        vm.expectEmit(address(datanets));
        emit MatterOpened(1, id, 0, Matter.Withdrawal, bob, BOND, subject, 0, "stolen");
        uint256 caseId = challenge(bob, id, 0);
        (IJuries.Opening memory opening, address[] memory parties) = juries.openingOf(caseId);
        vm.assertEq(opening.subject, subject, "subject");
        vm.assertEq(opening.kind, uint8(Matter.Withdrawal), "kind");
        vm.assertEq(opening.jurors, 3, "jurors");
        vm.assertEq(opening.decider, curator, "decider");
        vm.assertEq(opening.claimant, bob, "claimant");
        vm.assertEq(parties[0], mallory, "the row's author");
        checkRow(id, 0, mallory, ACTIVE);
        vm.expectEmit(address(datanets));
        emit MatterClosed(caseId, id, 0, true, true);
        juries.say(caseId, true);
        checkRow(id, 0, mallory, WITHDRAWN);
        vm.assertEq(payouts.owedFor(bob, IPayouts.Reason.Bond), BOND, "bond");
    }

    function test_WhoChallengesWronglyLosesItsBondToTheRowsAuthor() public {
        uint256 caseId = challenge(bob, id, 0);
        vm.expectEmit(address(datanets));
        emit MatterClosed(caseId, id, 0, false, false);
        juries.say(caseId, false);
        checkRow(id, 0, mallory, ACTIVE);
        vm.assertEq(payouts.owed(bob), 0, "claimant");
        vm.assertEq(payouts.owedFor(mallory, IPayouts.Reason.Slashing), BOND, "author");
        vm.assertEq(payouts.escrowOf(address(datanets)), 0, "escrow");
    }

    function test_AChallengeIsPaidForInFull() public {
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, BOND, BOND - 1));
        review.challenge{value: BOND - 1}(id, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IJuries.FeeTooSmall.selector, JURY, JURY - 1));
        review.challenge{value: BOND + JURY - 1}(id, 0, "");
        vm.expectRevert(abi.encodeWithSelector(UnknownRow.selector, id, 1));
        review.challenge{value: BOND + JURY}(id, 1, "");
    }

    function test_TheJuryOfAReviewedDatanetIsItsPolicys() public {
        vm.prank(curator);
        datanets.setPolicy(id, Policy(7, true, 0, 0, 0));
        vm.prank(bob);
        uint256 caseId = review.challenge{value: BOND + 0.7 ether}(id, 0, "");
        (IJuries.Opening memory opening,) = juries.openingOf(caseId);
        vm.assertEq(opening.jurors, 7, "jurors");
    }

    function test_WhatIsWithdrawnOrTheGovernorsIsNotChallenged() public {
        vm.prank(mallory);
        datanets.withdraw(id, 0);
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(AlreadyWithdrawn.selector, id, 0));
        review.challenge{value: BOND + JURY}(id, 0, "");
        vm.stopPrank();
        vm.prank(Predeploys.TIMELOCK);
        datanets.setStatus(id, 0, REFINEMENT);
        vm.prank(Predeploys.TIMELOCK);
        datanets.setStatus(id, 0, ACTIVE);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ChangesSpent.selector, id, 0));
        review.challenge{value: BOND + JURY}(id, 0, "");
    }

    /// @dev Many disputes at once about one row: none freezes another, and none makes the last word fail.
    function testFuzz_WhateverHappenedMeanwhileALastWordIsTaken(uint8[6] memory acts, uint8 verdicts) public {
        contribute(alice, id, "parent");
        vm.prank(mallory);
        datanets.refine(id, 1, "row");
        uint256[4] memory cases;
        (cases[0], cases[1]) = (challenge(bob, id, 2), challenge(alice, id, 2));
        (cases[2], cases[3]) = (claim(alice, id, 2, "row of alice"), claim(bob, id, 2, "row of bob"));
        vm.prank(mallory);
        uint256 refinement = review.reviewRefinement{value: JURY}(id, 2, "");
        for (uint256 i = 0; i < 6; ++i) {
            meddle(acts[i] % 4);
            if (i < 4) juries.say(cases[i], verdicts >> i & 1 == 1);
            else if (i == 4) juries.say(refinement, verdicts >> i & 1 == 1);
        }
        RowInfo memory info = datanets.rowInfo(id, 2);
        checkRow(id, 2, info.account, info.status);
        vm.assertEq(payouts.escrowOf(address(datanets)), 0, "escrow");
        vm.assertTrue(info.changes <= 4, "changes");
    }

    function meddle(uint8 act) private {
        if (act == 0) {
            vm.prank(datanets.rowInfo(id, 2).account);
            try datanets.withdraw(id, 2) {} catch {}
        } else if (act == 1) {
            vm.prank(Predeploys.TIMELOCK);
            try datanets.setStatus(id, 2, 2) {} catch {}
        } else if (act == 2) {
            vm.prank(curator);
            try datanets.acceptRefinement(id, 2) {} catch {}
        } else {
            vm.prank(alice);
            try datanets.withdraw(id, 1) {} catch {}
        }
    }

    // ---- Refinement by review

    function test_AJuryAcceptsARefinement() public {
        vm.prank(bob);
        datanets.refine(id, 0, "better text");
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, bob, mallory));
        review.reviewRefinement{value: JURY}(id, 1, "");
        vm.prank(bob);
        uint256 caseId = review.reviewRefinement{value: JURY}(id, 1, "adds a verse");
        (IJuries.Opening memory opening, address[] memory parties) = juries.openingOf(caseId);
        vm.assertEq(opening.kind, uint8(Matter.Refinement), "kind");
        vm.assertEq(parties[0], mallory, "the parent's author");
        juries.say(caseId, true);
        checkRow(id, 1, bob, REFINEMENT);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(NoRefinement.selector, id, 1));
        review.reviewRefinement{value: JURY}(id, 1, "");
    }

    function test_ARefinementThatAJuryDoesNotSeeIsARow() public {
        vm.startPrank(bob);
        datanets.refine(id, 0, "better text");
        uint256 caseId = review.reviewRefinement{value: JURY}(id, 1, "");
        vm.stopPrank();
        juries.say(caseId, false);
        checkRow(id, 1, bob, ACTIVE);
    }

    // ---- Authorship by recomputation

    /// @dev A commitment to a text that is row 0 of the datanet, to another datanet, before or after.
    function commitElsewhere(address author, bytes memory document) private returns (uint256 commitmentId) {
        commitmentId = commit(author, createCommitted(), one(document));
    }

    function test_AnEarlierCommitmentProvesWhoseARowIs() public {
        uint256 earlier = commitElsewhere(alice, "poem");
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, id, 1));
        review.disown(id, 1);
        reveal(alice, earlier, one("poem"), NONE);
        vm.expectEmit(address(datanets));
        emit Reassigned(id, 1, alice, 2, 1, earlier, 0);
        vm.prank(bob);
        review.disown(id, 1);
        checkRow(id, 1, alice, ACTIVE);
        checkRow(id, 0, mallory, ACTIVE);
        vm.assertEq(datanets.rowInfo(id, 1).commitmentId, earlier, "commitment");
        vm.assertEq(datanets.rowInfo(id, 1).authoredAt, 1_000_000, "time");
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, id, 1));
        review.disown(id, 1);
    }

    function test_ACommitmentOfTheSameMomentOrLaterProvesNothing() public {
        contribute(alice, id, "poem");
        uint256 same = commitElsewhere(mallory, "poem");
        reveal(mallory, same, one("poem"), NONE);
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, id, 1));
        review.disown(id, 1);
        checkRow(id, 1, alice, ACTIVE);
    }

    function test_OfTwoCommitmentsTheEarlierOneCountsWheneverItIsRevealed() public {
        uint256 reviewed = createReviewed();
        uint256 earlier = commitElsewhere(alice, "poem");
        (uint256 later, uint256 caseId) = handIn(mallory, reviewed, "poem");
        juries.say(caseId, true);
        append(later, "poem");
        checkRow(reviewed, 0, mallory, ACTIVE);
        vm.assertEq(review.firstCommitment(keccak256("poem")), later, "first shown");
        reveal(alice, earlier, one("poem"), NONE);
        vm.assertEq(review.firstCommitment(keccak256("poem")), earlier, "first committed to");
        review.disown(reviewed, 0);
        checkRow(reviewed, 0, alice, ACTIVE);
    }

    function test_AnEarlierRowOfAnotherDatanetProvesWhoseARowIs() public {
        uint256 first = createOpen();
        contribute(alice, first, "poem");
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, first, 0));
        review.disownByRow(first, 0, id);
        review.disownByRow(id, 1, first);
        checkRow(id, 1, alice, ACTIVE);
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, id, 1));
        review.disownByRow(id, 1, first);
        uint256 empty = createOpen();
        vm.expectRevert(abi.encodeWithSelector(UnknownDocument.selector, empty, keccak256("poem")));
        review.disownByRow(id, 1, empty);
    }

    function test_NobodyIsDisownedInItsOwnFavour() public {
        uint256 first = createOpen();
        contribute(alice, first, "poem");
        vm.warp(1_000_001);
        contribute(alice, id, "poem");
        vm.expectRevert(abi.encodeWithSelector(AlreadyAuthor.selector, id, 1, alice));
        review.disownByRow(id, 1, first);
    }

    function test_WhoWasTheAuthorWhenIsKnownForEver() public {
        uint256 earlier = commitElsewhere(alice, "text");
        vm.prank(curator);
        datanets.publish(id, "before");
        uint32 before = datanets.contributorCount(id);
        // The row was there in the same second, before the commitment: only a jury can know better.
        reveal(alice, earlier, one("text"), NONE);
        vm.expectRevert(abi.encodeWithSelector(NoEarlierAuthor.selector, id, 0));
        review.disown(id, 0);
        juries.say(claim(alice, id, 0, "the text"), true);
        uint32 number = datanets.contributorOf(id, 0);
        vm.assertEq(number, 2, "a number of its own");
        vm.assertEq(accountAt(id, number, before), mallory, "then");
        vm.assertEq(accountAt(id, number, before + 1), alice, "now");
        vm.assertEq(accountAt(id, 1, before + 1), mallory, "the old number is the old author's");
        vm.assertEq(accountAt(id, 3, 9), address(0), "nobody");
        vm.assertEq(datanets.release(id, 1).contributors, before, "release");
    }

    function testFuzz_TheAuthorsOfEveryMomentStayKnown(uint8 count) public {
        count = uint8(bound(count, 1, 12));
        address[] memory authors = new address[](count + 1);
        uint32[] memory moments = new uint32[](count + 1);
        (authors[0], moments[0]) = (mallory, datanets.contributorCount(id));
        for (uint160 i = 1; i <= count; ++i) {
            authors[i] = address(0xAA00 + i);
            vm.deal(authors[i], 10 ether);
            juries.say(claim(authors[i], id, 0, abi.encode(i)), true);
            moments[i] = datanets.contributorCount(id);
            contribute(address(0xBB00 + i), id, abi.encode("more", i));
        }
        uint32 number = datanets.contributorOf(id, 0);
        for (uint256 i = 0; i <= count; ++i) {
            vm.assertEq(accountAt(id, number, moments[i]), authors[i], "author");
        }
        vm.assertEq(accountAt(id, number, 0), address(0), "before anybody");
    }

    // ---- Authorship by juries

    function test_AJuryNamesTheAuthorOfACopiedText() public {
        copy("the whole poem", 0, 30);
        bytes32 evidence = keccak256("the whole poem");
        vm.prank(alice);
        uint256 caseId = review.claimAuthorship{value: BOND + JURY}(id, 0, 0, "the whole poem", "signed");
        (IJuries.Opening memory opening, address[] memory parties) = juries.openingOf(caseId);
        bytes32 subject = keccak256(
            abi.encode(block.chainid, id, 0, keccak256("text"), Matter.Authorship, alice, evidence, keccak256("signed"))
        );
        vm.assertEq(opening.subject, subject, "subject");
        vm.assertEq(parties[0], mallory, "the row's author");
        vm.expectEmit(address(datanets));
        emit Reassigned(id, 0, alice, 2, 1, 0, caseId);
        juries.say(caseId, true);
        checkRow(id, 0, alice, ACTIVE);
        vm.assertEq(datanets.rowInfo(id, 0).verdicts, 1, "verdicts");
        vm.assertEq(payouts.owedFor(alice, IPayouts.Reason.Bond), BOND, "bond");
    }

    function testFuzz_TooLittleThatWasCopiedIsNoMatter(uint8 percent) public {
        percent = uint8(bound(percent, 0, 100));
        copy("poem", 0, percent);
        if (percent < 30) {
            vm.expectRevert(abi.encodeWithSelector(CopiedTooLittle.selector, uint256(percent) * 100, 3_000));
        }
        vm.prank(alice);
        review.claimAuthorship{value: BOND + JURY}(id, 0, 0, "poem", "");
    }

    function test_WhatIsOtherRowsWordsIsNoMatterOfThisRow() public {
        copy("poem", 7, 100);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(CopiedTooLittle.selector, 0, 3_000));
        review.claimAuthorship{value: BOND + JURY}(id, 0, 0, "poem", "");
    }

    function test_AVersionThatDoesNotExistIsRefused() public {
        uint256 setId = setOf(id);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAttributionErrors.UnknownVersion.selector, setId, 9, 2));
        review.claimAuthorship{value: BOND + JURY}(id, 0, 9, "poem", "");
    }

    function test_NobodyClaimsItsOwnRow() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(AlreadyAuthor.selector, id, 0, mallory));
        review.claimAuthorship{value: BOND + JURY}(id, 0, 0, "poem", "");
    }

    function test_WhatAJurySaidIsNotUndoneWithoutOne() public {
        uint256 squatted = commitElsewhere(mallory, "poem");
        vm.warp(1_000_001);
        contribute(bob, id, "poem");
        reveal(mallory, squatted, one("poem"), NONE);
        juries.say(claim(alice, id, 1, "a poem"), true);
        vm.expectRevert(abi.encodeWithSelector(Judged.selector, id, 1));
        review.disown(id, 1);
        uint256 other = createOpen();
        vm.expectRevert(abi.encodeWithSelector(Judged.selector, id, 1));
        review.disownByRow(id, 1, other);
        checkRow(id, 1, alice, ACTIVE);
        juries.say(claim(bob, id, 1, "bob's poem"), true);
        checkRow(id, 1, bob, ACTIVE);
    }

    /// @dev Else a curator who decides alone in a datanet of its own could take rows of others.
    function test_WhatAJurySaidHoldsForItsRowAlone() public {
        uint256 own = createOpen();
        contribute(bob, own, "poem");
        vm.warp(1_000_001);
        contribute(alice, id, "poem");
        juries.say(claim(mallory, own, 0, "my poem"), true);
        vm.expectRevert(abi.encodeWithSelector(Judged.selector, own, 0));
        review.disownByRow(id, 1, own);
        checkRow(id, 1, alice, ACTIVE);
    }

    function test_OfTwoClaimsTheOneThatIsDecidedFirstHoldsUntilAnotherIsAsked() public {
        uint256 first = claim(alice, id, 0, "alice's");
        uint256 second = claim(bob, id, 0, "bob's");
        juries.say(first, true);
        vm.expectEmit(address(datanets));
        emit MatterClosed(second, id, 0, true, false);
        juries.say(second, true);
        checkRow(id, 0, alice, ACTIVE);
        vm.assertEq(payouts.owedFor(bob, IPayouts.Reason.Bond), BOND, "bond");
    }

    function test_AClaimThatRecomputationSettledMeanwhileIsAVerdictAllTheSame() public {
        uint256 earlier = commitElsewhere(alice, "poem");
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        uint256 caseId = claim(alice, id, 1, "a poem");
        reveal(alice, earlier, one("poem"), NONE);
        review.disown(id, 1);
        juries.say(caseId, true);
        checkRow(id, 1, alice, ACTIVE);
        vm.assertEq(datanets.rowInfo(id, 1).verdicts, 1, "verdicts");
    }
}
