// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Words} from "../doubles/TraceDouble.sol";
import {Rejecter, Reentrant} from "../money/Money.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice What was done to the first contracts, to these.
contract EconomyAttacksTest is EconomyTest {
    function setUp() public {
        deployEconomy();
        joinValidators(VALIDATORS);
    }

    // ---- Whose a document is

    function test_RejectAVictimsRowAndContributeACopy() public {
        uint256 id = foundReviewed();
        uint256 victims = handIn(alice, id, "alice wrote this");
        judge(caseOf(victims), false);
        uint256 copies = handIn(mallory, id, "alice wrote this");
        judge(caseOf(copies), true);
        append(copies, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "the copy is the victim's");
    }

    function test_AcceptACopyOfAWaitingDocumentFirst() public {
        uint256 id = foundReviewed();
        uint256 victims = handIn(alice, id, "alice wrote this");
        uint256 copies = handIn(mallory, id, "alice wrote this");
        judge(caseOf(copies), true);
        vm.expectRevert(abi.encodeWithSelector(NotItsTurn.selector, copies, victims));
        append(copies, "alice wrote this");
        judge(caseOf(victims), true);
        append(victims, "alice wrote this");
        append(copies, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "the first's");
        vm.assertEq(datanets.datanetInfo(id).rows, 1, "once");
    }

    function test_ASquatterWhoWithdrawsAStolenTextIsDisownedAndItsAuthorIsPaid() public {
        uint256 committed = foundCommitted();
        uint256 id = foundOpen();
        uint256 earlier = commit(alice, committed, "alice wrote this");
        wait_(60);
        contribute(mallory, id, "alice wrote this");
        vm.prank(mallory);
        datanets.withdraw(id, 0);
        reveal(alice, earlier, "alice wrote this", NONE);
        review.disown(id, 0);
        publish(id);
        uint256 sessionId = open(register(id), 1);
        settle(sessionId, answers(1, output(100, 0, 0)));
        vm.assertEq(owed(alice), 0.3 ether, "half of the pool: the most for one");
        vm.assertEq(owed(mallory), 0, "the squatter");
    }

    function test_ATwoWordSquatterDoesNotTakeAWholePool() public {
        uint256 id = foundOpen();
        contribute(mallory, id, "of the");
        publish(id);
        uint256 sessionId = open(register(id), 1);
        settle(sessionId, answers(1, output(2, 0, 98)));
        // 2 % of the words at a whole of 60 %: a thirtieth.
        vm.assertEq(owed(mallory), 0.02 ether, "the squatter");
    }

    function test_ARegisteredAnswerIsNotTracedTo() public {
        (uint256 id, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 1);
        uint64 row = contribute(mallory, id, "the answer that will be given");
        publish(id);
        Words[] memory words = new Words[](1);
        words[0] = Words(row, 100, false);
        settle(sessionId, answers(1, abi.encode(words, uint256(0))));
        vm.assertEq(owed(mallory), 0, "came later");
        vm.assertEq(commonsOf(id), 0.6 ether, "the commons");
    }

    // ---- Answers

    function test_AnOperatorsFooterOrBlankGlyphsPayItNothingMore() public {
        (, uint256 modelId) = market();
        uint256 plain = open(modelId, 1);
        settle(plain, answers(1, output(60, 0, 0)));
        uint256 before = owed(operator);
        uint256 padded = open(modelId, 1);
        // Nine tenths of the answer are the operator's own words.
        settle(padded, answers(1, output(60, 0, 540)));
        vm.assertEq(owed(operator) - before, before, "the same, whatever it adds");
    }

    function test_AnAnswerThatEvadesAttributionIsNoRefund() public {
        (uint256 id, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 1);
        settle(sessionId, answers(1, output(0, 0, 100)));
        vm.assertEq(owed(payer), 0, "no refund");
        vm.assertEq(owed(operator), 0.2 ether, "no more");
        vm.assertEq(commonsOf(id), 0.6 ether, "the commons");
    }

    function test_AOneByteAnswerKeepsNoOperatorsShareWhenItIsContested() public {
        (, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 1);
        post(sessionId, answers(1, "x"));
        judge(contest(sessionId, 1), true);
        vm.assertEq(owed(operator), 0, "operator");
        vm.assertEq(owed(payer), 1 ether + 1 ether + 10 ether, "escrow, bond, half of the penalty");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, sessionId, IInference.Status.Ended));
        inference.finalize(sessionId);
    }

    function test_TermsChangedJustBeforeARequestAreRefused() public {
        (uint256 id, uint256 modelId) = market();
        IInference.Opening memory asked = IInference.Opening(modelId, 1, termsOf(modelId), 0, 1, 0);
        IModelRegistry.Registration memory entry = registration(id, 1);
        entry.contributorBps = 3_000;
        vm.prank(trainer);
        models.registerVersion(modelId, entry);
        serve(modelId);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOffered.selector, modelId, 1));
        vm.prank(payer);
        inference.open{value: PRICE}(asked, "");
        bytes32 seen = asked.termsHash;
        asked.version = 2;
        vm.expectRevert(abi.encodeWithSelector(IInference.WrongTerms.selector, seen, termsOf(modelId)));
        vm.prank(payer);
        inference.open{value: PRICE}(asked, "");
    }

    function test_TermsChangedUnderAnOpenSessionChangeNothing() public {
        (uint256 id, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 1);
        IModelRegistry.Registration memory entry = registration(id, 1);
        (entry.contributorBps, entry.operator) = (2_000 + 1_000, mallory);
        vm.prank(trainer);
        models.registerVersion(modelId, entry);
        vm.prank(curator);
        datanets.setShares(id, 0, 10_000, 1);
        settle(sessionId, answers(1, output(50, 50, 0)));
        vm.assertEq(owed(alice) + owed(bob), 0.6 ether, "contributors");
        vm.assertEq(owed(curator), 0.03 ether, "curator");
        vm.assertEq(owed(mallory), 0, "the next operator");
    }

    // ---- Sketches

    function test_APairOfOppositeSketchesIsRefused() public {
        uint256 id = foundOpen();
        contribute(alice, id, "alice wrote this");
        publish(id);
        vm.startPrank(trainer);
        uint256 modelId = models.create("model", "");
        uint256 setId = modelDisputes.createSketchSet(modelId, 32, 0, 63, "commitment");
        uint64[] memory rows = new uint64[](1);
        modelDisputes.appendSketches(setId, id, 1, rows, sketch(1));
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.DuplicateSketch.selector, setId, id, 0));
        modelDisputes.appendSketches(setId, id, 1, rows, sketch(-1));
        vm.stopPrank();
    }

    function sketch(int8 value) private pure returns (bytes memory made) {
        made = new bytes(33);
        for (uint256 i = 1; i < 33; ++i) {
            made[i] = bytes1(uint8(value));
        }
    }

    // ---- Money and standing

    function test_ClaimFromAContractThatRejectsStopsNobody() public {
        Rejecter rejecter = new Rejecter();
        uint256 id = foundOpen();
        contribute(address(rejecter), id, "the rejecter wrote this");
        contribute(bob, id, "bob wrote that");
        publish(id);
        uint256 sessionId = open(register(id), 1);
        settle(sessionId, answers(1, output(50, 50, 0)));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector, address(rejecter), 0.3 ether));
        rejecter.claim(payable(address(rejecter)));
        vm.assertEq(claimAs(bob), 0.3 ether, "bob is paid");
        rejecter.claim(payable(alice));
        vm.assertEq(owed(address(rejecter)), 0, "and it, elsewhere");
    }

    function test_WhoComesBackWhileItIsPaidIsPaidOnce() public {
        Reentrant thief = new Reentrant();
        uint256 id = foundOpen();
        contribute(address(thief), id, "the thief wrote this");
        contribute(bob, id, "bob wrote that");
        publish(id);
        settle(open(register(id), 1), answers(1, output(50, 50, 0)));
        thief.go(address(payouts), abi.encodeCall(IPayouts.claim, (payable(address(thief)))), 0);
        vm.assertTrue(!thief.again(), "the second claim finds nothing");
        vm.assertEq(address(thief).balance, 0.3 ether, "once");
        checkBooks();
    }

    /// @dev Mallory is payer, operator, contributor, curator and owner of the model, and others' money is in the commons.
    function test_SelfRequestsFarmNeitherReputationNorTheCommons() public {
        vm.deal(address(distributor), 0);
        (bool success,) = address(distributor).call{value: 0}("");
        vm.prank(alice);
        (success,) = address(distributor).call{value: 1_000 ether}("");
        vm.assertTrue(success, "fees");
        distributor.distribute();
        uint256 before = mallory.balance;
        (uint256 id, uint256 modelId) = mallorysMarket();
        for (uint256 i = 0; i < 5; ++i) {
            selfRequest(modelId);
        }
        (uint64 epoch,,) = commons.epochNow();
        wait_(8 days);
        commons.draw(0, epoch, mallory);
        try commons.draw(id, epoch, mallory) {} catch {}
        claimAs(mallory);
        vm.assertTrue(mallory.balance < before - 100 ether, "it lost more than its stakes");
        vm.assertTrue(mallory.balance + 200 ether < before, "even with them");
        (uint64 agreed, uint64 reversed, uint64 missed) = juries.reputation(mallory);
        vm.assertEq(uint256(agreed) + reversed + missed, 0, "reputation is not for sale");
    }

    function mallorysMarket() private returns (uint256 id, uint256 modelId) {
        Settings memory settings;
        (settings.name, settings.maxContributorBps, settings.curatorBps) = ("mine", 10_000, 1_000);
        settings.licence.mayTrain = true;
        settings.licence.commercial = true;
        settings.licence.maxRoyaltyBps = 10_000;
        vm.startPrank(mallory);
        id = datanets.create(settings);
        datanets.contribute(id, "mallory wrote this");
        datanets.publish(id, "");
        stakes.stake{value: 100 ether}(IStakes.Purpose.Operator);
        stakes.stake{value: 100 ether}(IStakes.Purpose.Trainer);
        modelId = models.create("mine", "");
        vm.stopPrank();
        IModelRegistry.Registration memory entry = registration(id, 1);
        (entry.operator, entry.contributorBps, entry.lineageBps) = (mallory, 8_300, 0);
        (entry.licence.minContributorBps, entry.licence.maxRoyaltyBps) = (0, 10_000);
        vm.startPrank(mallory);
        models.registerVersion(modelId, entry);
        inference.serve(termsOf(modelId), true);
        vm.stopPrank();
    }

    function selfRequest(uint256 modelId) private {
        IInference.Opening memory asked = IInference.Opening(modelId, 1, termsOf(modelId), 0, 1, 0);
        vm.startPrank(mallory);
        uint256 sessionId = inference.open{value: PRICE}(asked, "");
        inference.settle(sessionId, answers(1, output(100, 0, 0)), "");
        vm.stopPrank();
    }

    function test_FreeOverlappingDisputesDoNotFreezeReview() public {
        uint256 id = foundOpen();
        contribute(alice, id, "alice wrote this");
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, DISPUTE_BOND, 0));
        vm.prank(mallory);
        review.challenge(id, 0, "");
        uint256[5] memory cases;
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(mallory);
            cases[i] = review.challenge{value: DISPUTE_BOND + JURY}(id, 0, "spam");
        }
        vm.prank(bob);
        uint256 earnest = review.challenge{value: DISPUTE_BOND + JURY}(id, 0, "spam");
        judge(earnest, true);
        vm.assertEq(datanets.rowInfo(id, 0).status, WITHDRAWN, "decided, whatever else is open");
        vm.assertEq(owed(bob), DISPUTE_BOND, "the bond");
        for (uint256 i = 0; i < 5; ++i) {
            judge(cases[i], false);
        }
        vm.assertEq(owed(alice), 5 * DISPUTE_BOND, "spam pays whom it is about");
    }

    function commonsOf(uint256 id) private view returns (uint256 money) {
        (uint64 epoch,,) = commons.epochNow();
        (money,) = commons.potOf(id, epoch);
    }
}
