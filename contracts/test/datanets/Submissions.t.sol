// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IAttributionErrors} from "../../src/interfaces/IAttributionErrors.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

contract SubmissionsTest is DatanetTest {
    function setUp() public {
        deploy();
    }

    // ---- Commit

    function test_ACommitmentIsNumberedAndHasDeadlines() public {
        uint256 id = create(Policy(3, true, 9, 2, 5));
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 9, 0));
        review.commit(id, "root", 2);
        vm.expectEmit(address(datanets));
        emit Committed(1, id, alice, "root", 2, 3, 5, 1_000_000 + 1 days, 1_000_000 + 21 days);
        vm.prank(alice);
        uint256 commitmentId = review.commit{value: 9}(id, "root", 2);
        vm.assertEq(commitmentId, 1, "number");
        vm.assertEq(review.commitmentCount(), 1, "count");
        CommitmentInfo memory info = review.commitmentInfo(commitmentId);
        vm.assertEq(info.author, alice, "author");
        vm.assertEq(info.datanetId, id, "datanet");
        vm.assertEq(info.root, "root", "root");
        vm.assertEq(info.committedAt, 1_000_000, "time");
        vm.assertEq(info.minNoveltyBps, 9, "novelty");
        vm.assertEq(info.bond, 5, "bond");
        checkStage(commitmentId, Stage.Committed);
        vm.assertEq(payouts.escrowOf(address(datanets)), 5, "escrow");
        vm.assertEq(payouts.owed(Predeploys.FEE_DISTRIBUTOR), 4, "fee");
        vm.assertEq(datanets.datanetInfo(id).head, 1, "queue");
    }

    function test_AFolderHasBetweenOneAndManyDocuments() public {
        uint256 id = createCommitted();
        vm.expectRevert(abi.encodeWithSelector(InvalidCount.selector, 0));
        review.commit(id, "root", 0);
        vm.expectRevert(abi.encodeWithSelector(InvalidCount.selector, 65_537));
        review.commit(id, "root", 65_537);
        review.commit(id, "root", 65_536);
    }

    // ---- Reveal

    function testFuzz_AFolderIsRevealedByProofsInItsOrder(uint8 count, uint8 split) public {
        count = uint8(bound(count, 1, 24));
        split = uint8(bound(split, 0, count));
        uint256 id = createCommitted();
        bytes[] memory documents = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            documents[i] = abi.encodePacked("document ", bytes32(i));
        }
        uint256 commitmentId = commit(alice, id, documents);
        revealSome(commitmentId, documents, 0, split);
        revealSome(commitmentId, documents, split, count);
        CommitmentInfo memory info = review.commitmentInfo(commitmentId);
        vm.assertEq(info.revealed, count, "revealed");
        bytes32 contents;
        for (uint32 i = 0; i < count; ++i) {
            (bytes32 documentHash, uint64 parent) = review.documentOf(commitmentId, i);
            vm.assertEq(documentHash, keccak256(documents[i]), "hash");
            vm.assertEq(parent, NONE, "parent");
            vm.assertEq(review.firstCommitment(documentHash), commitmentId, "first");
            contents = keccak256(abi.encode(contents, documentHash, parent));
        }
        vm.assertEq(info.contents, contents, "contents");
        submit(alice, commitmentId);
        review.append(commitmentId, 0, documents);
        checkStage(commitmentId, Stage.Complete);
        for (uint64 i = 0; i < count; ++i) {
            vm.assertEq(datanets.rowInfo(id, i).documentHash, keccak256(documents[i]), "rows in the folder's order");
        }
    }

    function revealSome(uint256 commitmentId, bytes[] memory documents, uint256 from, uint256 to) private {
        bytes32[] memory leaves = leavesOf(alice, review.commitmentInfo(commitmentId).datanetId, documents);
        Revelation[] memory shown = new Revelation[](to - from);
        for (uint256 i = from; i < to; ++i) {
            shown[i - from] = Revelation(documents[i], NONE, proofOf(leaves, i));
        }
        vm.prank(alice);
        review.reveal(commitmentId, SALT, shown);
    }

    function show(bytes memory document, bytes32[] memory proof) private pure returns (Revelation[] memory shown) {
        shown = new Revelation[](1);
        shown[0] = Revelation(document, NONE, proof);
    }

    function test_WhatWasNotCommittedToIsNotRevealed() public {
        uint256 id = createCommitted();
        bytes[] memory documents = folder("first", "second");
        uint256 commitmentId = commit(alice, id, documents);
        bytes32[] memory leaves = leavesOf(alice, id, documents);
        vm.startPrank(alice);
        bytes memory refusal = abi.encodeWithSelector(WrongProof.selector, commitmentId, 0);
        vm.expectRevert(refusal);
        review.reveal(commitmentId, SALT, show("other", proofOf(leaves, 0)));
        vm.expectRevert(refusal);
        review.reveal(commitmentId, "pepper", show("first", proofOf(leaves, 0)));
        vm.expectRevert(refusal);
        review.reveal(commitmentId, SALT, show("second", proofOf(leaves, 1)));
        review.reveal(commitmentId, SALT, show("first", proofOf(leaves, 0)));
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 1));
        review.reveal(commitmentId, SALT, show("first", proofOf(leaves, 0)));
        review.reveal(commitmentId, SALT, show("second", proofOf(leaves, 1)));
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 2));
        review.reveal(commitmentId, SALT, show("second", proofOf(leaves, 1)));
    }

    function test_MoreThanWasCountedIsNotRevealed() public {
        uint256 id = createCommitted();
        bytes[] memory documents = folder("first", "second");
        bytes32[] memory leaves = leavesOf(alice, id, documents);
        vm.startPrank(alice);
        uint256 commitmentId = review.commit(id, rootOf(leaves), 1);
        review.reveal(commitmentId, SALT, show("first", proofOf(leaves, 0)));
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 1));
        review.reveal(commitmentId, SALT, show("second", proofOf(leaves, 1)));
    }

    /// @dev An inner node is never taken for a document, whatever its length.
    function testFuzz_AnInnerNodeIsNoDocument(bytes32 left, bytes32 right) public {
        uint256 id = createCommitted();
        bytes32 root = left < right ? keccak256(abi.encode(left, right)) : keccak256(abi.encode(right, left));
        vm.startPrank(alice);
        uint256 commitmentId = review.commit(id, root, 1);
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 0));
        review.reveal(commitmentId, SALT, show(abi.encode(left, right), new bytes32[](0)));
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector, commitmentId, 0));
        review.reveal(commitmentId, left, show(abi.encode(right), new bytes32[](0)));
    }

    function test_DocumentsHaveASize() public {
        uint256 id = createCommitted();
        uint256 commitmentId = commit(alice, id, one("text"));
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(InvalidDocument.selector, 0));
        review.reveal(commitmentId, SALT, show("", new bytes32[](0)));
        vm.expectRevert(abi.encodeWithSelector(InvalidDocument.selector, 131_073));
        review.reveal(commitmentId, SALT, show(new bytes(131_073), new bytes32[](0)));
    }

    function test_OnlyItsAuthorRevealsAndHandsInAndOnlyInTime() public {
        uint256 id = createCommitted();
        uint256 commitmentId = commit(alice, id, one("text"));
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, alice, mallory));
        review.reveal(commitmentId, SALT, show("text", new bytes32[](0)));
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, alice, mallory));
        review.submit(commitmentId);
        vm.expectRevert(abi.encodeWithSelector(UnknownCommitment.selector, 2));
        review.submit(2);
        vm.stopPrank();
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(NothingRevealed.selector, commitmentId));
        review.submit(commitmentId);
        vm.warp(1_000_000 + 1 days + 1);
        vm.expectRevert(abi.encodeWithSelector(TooLate.selector, 1_000_000 + 1 days));
        review.reveal(commitmentId, SALT, show("text", new bytes32[](0)));
        vm.expectRevert(abi.encodeWithSelector(TooLate.selector, 1_000_000 + 1 days));
        review.submit(commitmentId);
    }

    // ---- Hand in

    function test_AReviewedCommitmentIsOneCase() public {
        uint256 id = createReviewed();
        bytes[] memory documents = folder("first", "second");
        uint256 commitmentId = commit(alice, id, documents);
        reveal(alice, commitmentId, documents, NONE);
        bytes32 contents = review.commitmentInfo(commitmentId).contents;
        bytes32 root = review.commitmentInfo(commitmentId).root;
        bytes32 subject = keccak256(abi.encode(block.chainid, id, commitmentId, root, contents));
        vm.expectEmit(address(datanets));
        emit Submitted(commitmentId, 1, subject, 2);
        uint256 caseId = submit(alice, commitmentId);
        (IJuries.Opening memory opening, address[] memory parties) = juries.openingOf(caseId);
        vm.assertEq(opening.subject, subject, "subject");
        vm.assertEq(opening.kind, uint8(Matter.Submission), "kind");
        vm.assertEq(opening.jurors, 3, "jurors");
        vm.assertEq(opening.decider, curator, "decider");
        vm.assertEq(opening.claimant, alice, "claimant");
        vm.assertEq(parties.length, 0, "parties");
        vm.assertEq(rowsOf(id), 0, "no row");

        vm.expectRevert(abi.encodeWithSelector(WrongStage.selector, commitmentId, Stage.Reviewed));
        review.append(commitmentId, 0, documents);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(WrongStage.selector, commitmentId, Stage.Reviewed));
        review.submit(commitmentId);

        vm.expectEmit(address(datanets));
        emit CommitmentAccepted(commitmentId, caseId);
        juries.say(caseId, true);
        vm.prank(mallory);
        review.append(commitmentId, 0, documents);
        checkRow(id, 0, alice, ACTIVE);
        checkRow(id, 1, alice, ACTIVE);
        checkStage(commitmentId, Stage.Complete);
    }

    function test_AReviewThatIsNotPaidForIsNotOpened() public {
        uint256 id = createReviewed();
        uint256 commitmentId = commit(alice, id, one("text"));
        reveal(alice, commitmentId, one("text"), NONE);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 0.3 ether, 0.2 ether));
        review.submit{value: 0.2 ether}(commitmentId);
    }

    /// @dev A folder of thousands is not read for the price of a page.
    function test_AReviewCostsAJurysFeeForEachSixtyFourDocumentsBegun() public {
        uint256 id = createReviewed();
        bytes[] memory documents = new bytes[](65);
        for (uint256 i = 0; i < 65; ++i) {
            documents[i] = abi.encodePacked("document ", i);
        }
        uint256 commitmentId = commit(alice, id, documents);
        vm.assertEq(review.reviewCost(commitmentId), 0, "nothing to read");
        revealSome(commitmentId, documents, 0, 64);
        vm.assertEq(review.reviewCost(commitmentId), JURY, "one fee");
        revealSome(commitmentId, documents, 64, 65);
        vm.assertEq(review.reviewCost(commitmentId), 2 * JURY, "two");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 2 * JURY, JURY));
        review.submit{value: JURY}(commitmentId);
        submit(alice, commitmentId);
        vm.assertEq(payouts.escrowOf(Predeploys.JURIES), 2 * JURY, "the jurors'");
    }

    function test_WhereNobodyReviewsHandingInCostsNothing() public {
        uint256 id = createCommitted();
        uint256 commitmentId = commit(alice, id, one("text"));
        reveal(alice, commitmentId, one("text"), NONE);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 0, 1));
        review.submit{value: 1}(commitmentId);
        review.submit(commitmentId);
        checkStage(commitmentId, Stage.Accepted);
    }

    function test_APartOfAFolderMayBeHandedIn() public {
        uint256 id = createCommitted();
        bytes[] memory documents = folder("first", "second");
        uint256 commitmentId = commit(alice, id, documents);
        revealSome(commitmentId, documents, 0, 1);
        submit(alice, commitmentId);
        vm.expectRevert(abi.encodeWithSelector(WrongDocument.selector, commitmentId, 1));
        review.append(commitmentId, 0, documents);
        append(commitmentId, "first");
        checkStage(commitmentId, Stage.Complete);
    }

    // ---- Money

    function test_ABondComesBackWithAcceptanceAndHalfOfTheJurysCostFromTheFund() public {
        uint256 id = create(Policy(3, true, 0, 0, 5 ether));
        vm.prank(bob);
        datanets.donate{value: 0.2 ether}(id);
        (uint256 first, uint256 firstCase) = handIn(alice, id, "first");
        (, uint256 secondCase) = handIn(alice, id, "second");
        (, uint256 thirdCase) = handIn(alice, id, "third");
        vm.expectEmit(address(datanets));
        emit ReviewRepaid(id, first, 0.15 ether);
        juries.say(firstCase, true);
        vm.assertEq(payouts.owedFor(alice, IPayouts.Reason.Bond), 5 ether, "bond");
        vm.assertEq(payouts.owedFor(alice, IPayouts.Reason.Refund), 0.15 ether, "half");
        juries.say(secondCase, true);
        vm.assertEq(payouts.owedFor(alice, IPayouts.Reason.Refund), 0.2 ether, "what is left");
        juries.say(thirdCase, true);
        vm.assertEq(payouts.owed(alice), 15.2 ether, "bonds, and no more");
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 0, "fund");
        vm.assertEq(payouts.escrowOf(address(datanets)), 0, "escrow");
    }

    function test_WhereNoJurySatTheFundPaysNothing() public {
        uint256 id = create(Policy(3, true, 0, 0, 5 ether));
        vm.prank(bob);
        datanets.donate{value: 0.2 ether}(id);
        (, uint256 caseId) = handIn(alice, id, "first");
        juries.setEmpty(true);
        juries.say(caseId, true);
        vm.assertEq(payouts.owed(alice), 5 ether, "the bond alone");
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 0.2 ether, "fund");
    }

    function test_ARejectedCommitmentsBondIsTheReviewFunds() public {
        uint256 id = create(Policy(3, true, 0, 0, 5 ether));
        (uint256 commitmentId, uint256 caseId) = handIn(mallory, id, "spam");
        vm.expectEmit(address(datanets));
        emit CommitmentRejected(commitmentId, caseId);
        juries.say(caseId, false);
        checkStage(commitmentId, Stage.Rejected);
        vm.assertEq(payouts.owed(mallory), 0, "nothing back");
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 5 ether, "fund");
        vm.assertEq(payouts.escrowOf(address(datanets)), 5 ether, "escrow");
        vm.expectRevert(abi.encodeWithSelector(WrongStage.selector, commitmentId, Stage.Rejected));
        append(commitmentId, "spam");
    }

    // ---- Append

    function test_AppendedIsWhatWasAcceptedInItsOrder() public {
        uint256 id = createCommitted();
        bytes[] memory documents = folder("first", "second");
        uint256 commitmentId = commit(alice, id, documents);
        reveal(alice, commitmentId, documents, NONE);
        submit(alice, commitmentId);
        vm.expectRevert(abi.encodeWithSelector(WrongIndex.selector, commitmentId, 0, 1));
        review.append(commitmentId, 1, one("second"));
        vm.expectRevert(abi.encodeWithSelector(WrongDocument.selector, commitmentId, 0));
        review.append(commitmentId, 0, one("second"));
        vm.expectEmit(address(datanets));
        emit Contributed(id, 0, alice, 1, commitmentId, keccak256("first"), 5, 2, address(this));
        vm.expectEmit(address(datanets));
        emit Appended(commitmentId, 0, 0);
        review.append(commitmentId, 0, one("first"));
        vm.assertEq(review.commitmentInfo(commitmentId).appended, 1, "appended");
        review.append(commitmentId, 1, one("second"));
        vm.expectRevert(abi.encodeWithSelector(WrongStage.selector, commitmentId, Stage.Complete));
        review.append(commitmentId, 2, new bytes[](0));
    }

    function test_WhatIsNoRowIsLeftOutAndTheRestGoesOn() public {
        uint256 id = create(Policy(0, true, 5_000, 0, 0));
        bytes[] memory documents = new bytes[](4);
        (documents[0], documents[1], documents[2], documents[3]) = ("text", "text", hex"ff", "copied");
        uint256 commitmentId = commit(alice, id, documents);
        reveal(alice, commitmentId, documents, NONE);
        submit(alice, commitmentId);
        copy("copied", 0, 51);
        vm.expectEmit(address(datanets));
        emit DocumentRefused(commitmentId, 1, keccak256("text"), Refusal.Duplicate);
        vm.expectEmit(address(datanets));
        emit DocumentRefused(commitmentId, 2, keccak256(hex"ff"), Refusal.NotText);
        vm.expectEmit(address(datanets));
        emit DocumentRefused(commitmentId, 3, keccak256("copied"), Refusal.NotNovel);
        review.append(commitmentId, 0, documents);
        vm.assertEq(rowsOf(id), 1, "rows");
        checkStage(commitmentId, Stage.Complete);
    }

    function test_WhatIsNoTextIsLeftOutAlsoWhereNoveltyIsNotAsked() public {
        uint256 id = createCommitted();
        (uint256 commitmentId,) = handIn(alice, id, hex"ff");
        vm.expectEmit(address(datanets));
        emit DocumentRefused(commitmentId, 0, keccak256(hex"ff"), Refusal.NotText);
        append(commitmentId, hex"ff");
    }

    /// @dev Whoever appends with too little gas must not have somebody else's document left out.
    function testFuzz_TooLittleGasLeavesNothingOut(uint32 gasLimit) public {
        uint256 id = createCommitted();
        (uint256 commitmentId,) = handIn(alice, id, "text");
        bytes memory call = abi.encodeCall(review.append, (commitmentId, 0, one("text")));
        (bool success,) = address(datanets).call{gas: bound(gasLimit, 30_000, 600_000)}(call);
        vm.assertEq(rowsOf(id), success ? 1 : 0, "a row or nothing");
        vm.assertEq(review.commitmentInfo(commitmentId).appended, success ? 1 : 0, "appended");
    }

    function test_AReviewAcceptsARefinementAsWhatItSaysItIs() public {
        uint256 id = create(Policy(3, true, 5_000, 0, 0));
        (uint256 first, uint256 firstCase) = handIn(alice, id, "text");
        juries.say(firstCase, true);
        append(first, "text");
        uint256 commitmentId = commit(bob, id, one("better text"));
        Revelation[] memory shown = show("better text", new bytes32[](0));
        shown[0].parent = 7;
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(UnknownRow.selector, id, 7));
        review.reveal(commitmentId, SALT, shown);
        reveal(bob, commitmentId, one("better text"), 0);
        (, uint64 parent) = review.documentOf(commitmentId, 0);
        vm.assertEq(parent, 0, "parent");
        copy("better text", 0, 95);
        juries.say(submit(bob, commitmentId), true);
        append(commitmentId, "better text");
        checkRow(id, 1, bob, REFINEMENT);
    }

    function test_ARefinementOfWhatWasWithdrawnMeanwhileIsAnOrdinaryRow() public {
        uint256 id = createReviewed();
        (uint256 first, uint256 firstCase) = handIn(alice, id, "text");
        juries.say(firstCase, true);
        append(first, "text");
        uint256 commitmentId = commit(bob, id, one("better text"));
        reveal(bob, commitmentId, one("better text"), 0);
        juries.say(submit(bob, commitmentId), true);
        vm.prank(alice);
        datanets.withdraw(id, 0);
        append(commitmentId, "better text");
        checkRow(id, 1, bob, ACTIVE);
        vm.assertEq(datanets.rowInfo(id, 1).parent, NONE, "parent");
    }

    function test_APolicyThatChangesTouchesNothingThatWasCommitted() public {
        uint256 id = createCommitted();
        uint256 commitmentId = commit(alice, id, one("text"));
        vm.expectEmit(address(datanets));
        emit PolicyChanged(id, Policy(3, true, 10_000, 0, 0));
        vm.prank(curator);
        datanets.setPolicy(id, Policy(3, false, 10_000, 0, 0));
        reveal(alice, commitmentId, one("text"), NONE);
        submit(alice, commitmentId);
        copy("text", 0, 99);
        append(commitmentId, "text");
        checkRow(id, 0, alice, ACTIVE);
    }

    function test_OnlyJuriesRuleAndOnlyOnce() public {
        uint256 id = createReviewed();
        (, uint256 caseId) = handIn(alice, id, "text");
        vm.expectRevert(abi.encodeWithSelector(NotModule.selector, alice));
        vm.prank(alice);
        reviewAsClient().ruled(caseId, true);
        juries.say(caseId, true);
        vm.expectRevert(abi.encodeWithSelector(UnknownMatter.selector, caseId));
        juries.say(caseId, false);
    }

    function reviewAsClient() private pure returns (Client) {
        return Client(Predeploys.DATANETS);
    }

    function test_MoneyThatIsJustSentIsRefused() public {
        vm.deal(address(this), 1 ether);
        (bool success, bytes memory reason) = address(datanets).call{value: 1}("");
        vm.assertTrue(!success, "refused");
        vm.assertEq(reason, abi.encodeWithSelector(NotModule.selector, address(this)), "reason");
    }

    function test_WithoutItsSecondHalfTheContractSaysSo() public {
        uint256 id = createOpen();
        vm.etch(Predeploys.DATANET_REVIEW, "");
        vm.expectRevert(abi.encodeWithSelector(NoCode.selector, Predeploys.DATANET_REVIEW));
        review.advance(id, 1);
    }

    function test_AFailureOfTheStoreThatIsNoFaultOfTheTextLeavesNothingOut() public {
        uint256 id = createCommitted();
        (uint256 commitmentId,) = handIn(alice, id, "text");
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new FullStore()).code);
        vm.expectRevert(abi.encodeWithSelector(IAttributionErrors.SetFull.selector, 1, 2));
        append(commitmentId, "text");
    }
}

interface Client {
    function ruled(uint256 caseId, bool upheld) external;
}

contract FullStore is IAttributionErrors {
    function novelty(uint256, uint64, bytes calldata)
        external
        pure
        returns (uint256, uint256, uint256, uint64[] memory, uint256[] memory)
    {
        return (0, 0, 0, new uint64[](0), new uint256[](0));
    }

    function append(uint256, uint32, bytes calldata) external pure returns (uint64, uint32, uint64) {
        revert SetFull(1, 2);
    }
}
