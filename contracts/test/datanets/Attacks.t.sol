// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice What was done to the first contracts, and what else came to mind. Each must fail, or be mended.
contract AttacksTest is DatanetTest {
    function setUp() public {
        deploy();
    }

    /// @dev Rejected, and then contributed by a copier: the copy is its author's.
    function test_WhoHasAVictimRejectedAndContributesTheCopyContributesForTheVictim() public {
        uint256 id = createReviewed();
        (, uint256 caseId) = handIn(alice, id, "poem");
        juries.say(caseId, false);
        (uint256 copied, uint256 copiedCase) = handIn(mallory, id, "poem");
        juries.say(copiedCase, true);
        append(copied, "poem");
        checkRow(id, 0, alice, ACTIVE);
        vm.assertEq(datanets.contributorNumber(id, mallory), 0, "the copier has no row");
    }

    function test_WhoHasAVictimsRowWithdrawnCannotContributeTheCopy() public {
        uint256 id = createOpen();
        contribute(alice, id, "poem");
        juries.say(challenge(mallory, id, 0), true);
        vm.expectRevert(abi.encodeWithSelector(Duplicate.selector, id, keccak256("poem"), 0));
        contribute(mallory, id, "poem");
    }

    /// @dev No function rejects; a curator only ever decides where Juries asks it, with a bond and an appeal.
    function test_ACuratorRejectsNothingByItself() public {
        uint256 id = createReviewed();
        (uint256 commitmentId, uint256 caseId) = handIn(alice, id, "poem");
        vm.startPrank(curator);
        vm.expectRevert(abi.encodeWithSelector(NotModule.selector, curator));
        Ruling(address(datanets)).ruled(caseId, false);
        datanets.setPolicy(id, Policy(1, true, 10_000, type(uint96).max, type(uint96).max));
        vm.stopPrank();
        juries.say(caseId, true);
        append(commitmentId, "poem");
        vm.startPrank(curator);
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, alice, curator));
        datanets.withdraw(id, 0);
        vm.stopPrank();
        checkRow(id, 0, alice, ACTIVE);
    }

    /// @dev The copy is decided first and waits for the original all the same.
    function test_ACopyOfAWaitingDocumentIsNotAcceptedFirst() public {
        uint256 id = createReviewed();
        (uint256 original, uint256 originalCase) = handIn(alice, id, "poem");
        (uint256 copied, uint256 copiedCase) = handIn(mallory, id, "poem, edited");
        juries.say(copiedCase, true);
        vm.warp(1_000_000 + 10 days);
        vm.expectRevert(abi.encodeWithSelector(NotItsTurn.selector, copied, original));
        append(copied, "poem, edited");
        juries.say(originalCase, true);
        append(original, "poem");
        append(copied, "poem, edited");
        checkRow(id, 0, alice, ACTIVE);
        checkRow(id, 1, mallory, ACTIVE);
    }

    /// @dev Even after everything took too long, an exact copy is the author's.
    function test_AnExactCopyIsTheAuthorsWhateverTheOrder() public {
        uint256 id = createReviewed();
        (uint256 original, uint256 originalCase) = handIn(alice, id, "poem");
        (uint256 copied, uint256 copiedCase) = handIn(mallory, id, "poem");
        juries.say(copiedCase, true);
        vm.warp(1_000_000 + 30 days);
        append(copied, "poem");
        checkRow(id, 0, alice, ACTIVE);
        juries.say(originalCase, true);
        vm.expectEmit(address(datanets));
        emit DocumentRefused(original, 0, keccak256("poem"), Refusal.Duplicate);
        append(original, "poem");
    }

    /// @dev Both reviews are paid for, and may accept it: the set has it once.
    function test_ADocumentThatItsAuthorHandsInTwiceIsOneRow() public {
        uint256 id = createReviewed();
        (uint256 first, uint256 firstCase) = handIn(alice, id, "poem");
        (uint256 second, uint256 secondCase) = handIn(alice, id, "poem");
        juries.say(secondCase, true);
        juries.say(firstCase, true);
        append(first, "poem");
        vm.expectEmit(address(datanets));
        emit DocumentRefused(second, 0, keccak256("poem"), Refusal.Duplicate);
        append(second, "poem");
        vm.assertEq(rowsOf(id), 1, "rows");
        checkRow(id, 0, alice, ACTIVE);
        checkStage(second, Stage.Complete);
    }

    function test_ACopiedRootProvesNothingForTheCopier() public {
        uint256 id = createCommitted();
        bytes32 root = rootOf(leavesOf(alice, id, one("poem")));
        vm.prank(mallory);
        uint256 copied = review.commit(id, root, 1);
        uint256 original = commit(alice, id, one("poem"));
        reveal(alice, original, one("poem"), NONE);
        Revelation[] memory shown = new Revelation[](1);
        shown[0] = Revelation("poem", NONE, new bytes32[](0));
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, copied, 0));
        review.reveal(copied, SALT, shown);
        vm.assertEq(review.firstCommitment(keccak256("poem")), original, "first");
    }

    function test_ARootIsOfOneDatanet() public {
        uint256 id = createCommitted();
        uint256 other = createCommitted();
        bytes32 root = rootOf(leavesOf(alice, id, one("poem")));
        vm.startPrank(alice);
        uint256 commitmentId = review.commit(other, root, 1);
        Revelation[] memory shown = new Revelation[](1);
        shown[0] = Revelation("poem", NONE, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 0));
        review.reveal(commitmentId, SALT, shown);
    }

    /// @dev Who sees a contribution on its way and comes first has it until its author shows an earlier commitment.
    function test_WhoRunsInFrontOfAContributionIsDisowned() public {
        uint256 id = createOpen();
        uint256 earlier = commit(alice, id, one("poem"));
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        vm.expectRevert(abi.encodeWithSelector(Duplicate.selector, id, keccak256("poem"), 0));
        contribute(alice, id, "poem");
        reveal(alice, earlier, one("poem"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, alice, ACTIVE);
    }

    /// @dev What was committed to and shown is its author's, also in an open datanet and another's call.
    function test_AShownDocumentIsContributedForItsAuthor() public {
        uint256 id = createReviewed();
        handIn(alice, id, "poem");
        uint256 open = createOpen();
        contribute(mallory, open, "poem");
        checkRow(open, 0, alice, ACTIVE);
    }

    function test_ASquatterWhoWithdrawsIsDisownedAndTheRowCountsAgain() public {
        uint256 id = createOpen();
        uint256 earlier = commit(alice, id, one("poem"));
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        vm.prank(mallory);
        datanets.withdraw(id, 0);
        checkRow(id, 0, mallory, WITHDRAWN);
        reveal(alice, earlier, one("poem"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, alice, ACTIVE);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, alice, mallory));
        datanets.withdraw(id, 0);
    }

    function test_ASquatterCannotWithdrawARefinementBeforeItIsDisowned() public {
        uint256 id = createOpen();
        contribute(bob, id, "text");
        vm.prank(mallory);
        datanets.refine(id, 0, "better text");
        vm.prank(curator);
        datanets.acceptRefinement(id, 1);
        uint256 caseId = claim(alice, id, 1, "alice's better text");
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(ChangesSpent.selector, id, 1));
        datanets.withdraw(id, 1);
        juries.say(caseId, true);
        checkRow(id, 1, alice, REFINEMENT);
        // Its author, too, asks a jury.
        juries.say(challenge(alice, id, 1), true);
        checkRow(id, 1, alice, WITHDRAWN);
    }

    /// @dev A spammer with several accounts uses up the changes of its row, so that no jury could withdraw it.
    function test_ARowIsNotShieldedFromJuriesByItsAuthors() public {
        uint256 id = createOpen();
        contribute(mallory, id, "parent");
        uint256 earlier = commit(bob, id, one("spam"));
        vm.warp(1_000_001);
        copy("spam", 0, 95);
        vm.startPrank(mallory);
        datanets.refine(id, 0, "spam");
        datanets.withdraw(id, 1);
        vm.stopPrank();
        reveal(bob, earlier, one("spam"), NONE);
        review.disown(id, 1);
        checkRow(id, 1, bob, ACTIVE);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ChangesSpent.selector, id, 1));
        datanets.withdraw(id, 1);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(ChangesSpent.selector, id, 1));
        datanets.acceptRefinement(id, 1);
        juries.say(challenge(alice, id, 1), true);
        checkRow(id, 1, bob, WITHDRAWN);
    }

    /// @dev A squatter that has a jury withdraw a stolen text, to leave its author unpaid, wins nothing by it.
    function test_AStolenTextThatAJuryWithdrewCountsAgainForItsAuthor() public {
        uint256 id = createOpen();
        contribute(mallory, id, "poem");
        juries.say(challenge(bob, id, 0), true);
        checkRow(id, 0, mallory, WITHDRAWN);
        juries.say(claim(alice, id, 0, "my poem"), true);
        checkRow(id, 0, alice, ACTIVE);
    }

    function test_AJuryThatFindsARowWithdrawnTakesItFromNobodyElse() public {
        uint256 id = createOpen();
        contribute(mallory, id, "poem");
        uint256 caseId = challenge(bob, id, 0);
        vm.prank(mallory);
        datanets.withdraw(id, 0);
        juries.say(caseId, true);
        juries.say(claim(alice, id, 0, "my poem"), true);
        checkRow(id, 0, alice, ACTIVE);
    }

    /// @dev A spammer passes its row on to accounts with earlier and earlier commitments: that mends it once.
    function test_TheSecondJurysWordStays() public {
        uint256 id = createOpen();
        uint256 first = commit(alice, id, one("spam"));
        uint256 second = commit(bob, id, one("spam"));
        vm.warp(1_000_001);
        contribute(mallory, id, "spam");
        juries.say(challenge(curator, id, 0), true);
        reveal(bob, second, one("spam"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, bob, ACTIVE);
        juries.say(challenge(curator, id, 0), true);
        reveal(alice, first, one("spam"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, alice, WITHDRAWN);
    }

    function test_TheGovernorsWithdrawalIsNotUndone() public {
        uint256 id = createOpen();
        uint256 earlier = commit(alice, id, one("poem"));
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        vm.prank(Predeploys.TIMELOCK);
        datanets.setStatus(id, 0, WITHDRAWN);
        reveal(alice, earlier, one("poem"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, alice, WITHDRAWN);
    }

    /// @dev Accounts of one squatter pass a row on with earlier and earlier commitments, to use up whatever might be counted.
    function test_PassingARowOnDoesNotShutItsAuthorOut() public {
        uint256 id = createOpen();
        uint256 elsewhere = createCommitted();
        uint256 original = commit(alice, elsewhere, one("poem"));
        uint256[8] memory squatted;
        for (uint160 i = 0; i < 8; ++i) {
            squatted[i] = commit(address(0xEE00 + i), elsewhere, one("poem"));
        }
        vm.warp(1_000_001);
        contribute(mallory, id, "poem");
        for (uint160 i = 8; i > 0; --i) {
            reveal(address(0xEE00 + i - 1), squatted[i - 1], one("poem"), NONE);
            review.disown(id, 0);
        }
        vm.assertEq(datanets.rowInfo(id, 0).account, address(0xEE00), "passed on");
        reveal(alice, original, one("poem"), NONE);
        review.disown(id, 0);
        checkRow(id, 0, alice, ACTIVE);
    }

    /// @dev Disputes cost a bond and a jury each, and none is in another's way.
    function test_OverlappingDisputesAreNotFreeAndFreezeNothing() public {
        uint256 id = createOpen();
        contribute(alice, id, "poem");
        uint256[5] memory cases;
        for (uint256 i = 0; i < 5; ++i) {
            cases[i] = challenge(mallory, id, 0);
        }
        vm.prank(alice);
        datanets.withdraw(id, 0);
        for (uint256 i = 0; i < 5; ++i) {
            juries.say(cases[i], false);
        }
        vm.assertEq(payouts.owedFor(alice, IPayouts.Reason.Slashing), 5 * BOND, "the author's");
        vm.assertEq(mallory.balance, 1_000_000 ether - 5 * (BOND + JURY), "the price");
    }

    function test_ACuratorDoesNotDecideItsOwnMatter() public {
        uint256 id = createOpen();
        contribute(curator, id, "poem");
        (, address[] memory parties) = juries.openingOf(claim(alice, id, 0, "my poem"));
        vm.assertEq(parties[0], curator, "a party");
    }

    /// @dev A document that nobody would know but by its hash is not committed to.
    function test_AHashIsNotEnoughToCommit() public view {
        bytes32 known = keccak256("a poem that was not shown");
        bytes32 forged = keccak256(abi.encode(keccak256(bytes.concat(known))));
        vm.assertTrue(
            review.leafOf(1, mallory, SALT, 0, "a poem that was not shown") != forged, "the leaf takes the bytes"
        );
    }

    function test_WhoAppendsASmallerPartFirstDoesNotStopALargerOne() public {
        uint256 id = createCommitted();
        bytes[] memory documents = folder("first", "second");
        uint256 commitmentId = commit(alice, id, documents);
        reveal(alice, commitmentId, documents, NONE);
        submit(alice, commitmentId);
        append(commitmentId, "first");
        append(commitmentId, "first");
        vm.prank(bob);
        review.append(commitmentId, 0, documents);
        vm.assertEq(rowsOf(id), 2, "rows");
        checkStage(commitmentId, Stage.Complete);
    }

    function test_SpamDrawsNothingFromTheReviewFund() public {
        uint256 id = createReviewed();
        vm.prank(bob);
        datanets.donate{value: 10 ether}(id);
        for (uint256 i = 0; i < 5; ++i) {
            (, uint256 caseId) = handIn(mallory, id, abi.encode("spam", i));
            juries.say(caseId, false);
        }
        vm.assertEq(payouts.owed(mallory), 0, "nothing");
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 10 ether, "fund");
    }

    /// @dev An overpaid jury is not paid back from the fund.
    function test_TheFundPaysNoMoreThanHalfOfTheFee() public {
        uint256 id = createReviewed();
        vm.prank(bob);
        datanets.donate{value: 10 ether}(id);
        uint256 commitmentId = commit(mallory, id, one("text"));
        reveal(mallory, commitmentId, one("text"), NONE);
        vm.prank(mallory);
        review.submit{value: 20 ether}(commitmentId);
        juries.say(1, true);
        vm.assertEq(payouts.owed(mallory), JURY / 2, "half of the fee");
    }

    function test_TheSecondHalfOfTheCodeHoldsNothingOfItsOwn() public {
        vm.expectRevert(abi.encodeWithSelector(UnknownDatanet.selector, 1));
        DatanetsAt(Predeploys.DATANET_REVIEW).commit(1, 0, 1);
    }

    function test_AJuryIsAskedAboutTheContentAndTheDatanet() public {
        uint256 id = createReviewed();
        (, uint256 first) = handIn(alice, id, "poem");
        (, uint256 second) = handIn(bob, id, "poem");
        (IJuries.Opening memory one_,) = juries.openingOf(first);
        (IJuries.Opening memory two,) = juries.openingOf(second);
        vm.assertTrue(one_.subject != two.subject, "subjects");
    }
}

interface Ruling {
    function ruled(uint256 caseId, bool upheld) external;
}

interface DatanetsAt {
    function commit(uint256 datanetId, bytes32 root, uint32 count) external payable returns (uint256);
}
