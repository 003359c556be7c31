// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {MarketTest} from "./Market.sol";

contract DisputesTest is MarketTest {
    address private constant finder = address(0xF1);

    function setUp() public {
        deployMarket();
        vm.deal(finder, 100 ether);
    }

    function locked() private view returns (uint256 amount) {
        (, amount,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
    }

    function oneByte() private pure returns (IInference.Answer[] memory) {
        return answers(answerOf(new uint256[](0), 0), PRICE);
    }

    function deterministic() private returns (uint256 model) {
        IModels.Terms memory made = terms();
        made.deterministic = true;
        model = models.register(made, sourcesOf(datanetId));
        lineageOf(model, trainer, curator);
        offer(model);
    }

    function dispute(uint256 id, uint32 index) private returns (uint256) {
        vm.prank(finder);
        return inference.dispute{value: CONTEST_COST}(id, index, IInference.Dispute.WrongAnswer, "computed again");
    }

    // ---- Without the payer's signature

    function test_WithoutASignatureTheContributorsPoolIsTheCommonsAndTheOperatorWaits() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(300, 100, 0), PRICE);
        post(id, all);
        vm.assertEq(owed(operator), 0, "not yet");
        vm.warp(block.timestamp + CONTEST);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooEarly.selector, id, block.timestamp + 1));
        inference.finalize(id);
        vm.warp(block.timestamp + 1);
        inference.finalize(id);
        vm.assertEq(owed(operator), 0.2 ether, "operator");
        vm.assertEq(owed(contributor(1)), 0, "contributor");
        vm.assertEq(commonsOf(datanetId), 0.6 ether, "commons");
        vm.assertEq(owed(curator), 0.03 ether, "curator");
        vm.assertEq(owed(trainer), 0.07 ether, "trainer");
        vm.assertEq(escrow(), 0, "escrow");
    }

    function test_WhatWasPostedIsAttributedOnceThePayerSigns() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(300, 100, 0), PRICE);
        post(id, all);
        bytes memory signature = voucher(id, all);
        vm.warp(block.timestamp + 1 days);
        vm.prank(finder);
        inference.settle(id, all, signature);
        vm.assertEq(owed(contributor(1)), 0.45 ether, "contributor");
        vm.assertEq(inference.pendingOf(id).until, 0, "nothing waits");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, id, IInference.Status.Ended));
        inference.finalize(id);
    }

    function test_ThePayerItselfNeedsNoSignature() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(300, 100, 0), PRICE);
        post(id, all);
        vm.prank(payer);
        inference.settle(id, all, "");
        vm.assertEq(owed(contributor(1)), 0.45 ether, "contributor");
    }

    function test_WhatIsPostedStandsInTheWayOfOthers() public {
        uint256 id = open(modelId, 3, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IInference.NothingPending.selector, id));
        inference.finalize(id);
        post(id, answers(quote(300, 100, 0), PRICE));
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.IsPending.selector, id));
        inference.post(id, answers(quote(1, 1, 0), PRICE));
        vm.expectRevert(abi.encodeWithSelector(IInference.IsPending.selector, id));
        inference.settle(id, answers(quote(1, 1, 0), PRICE), "");
        vm.expectRevert(abi.encodeWithSelector(IInference.IsPending.selector, id));
        inference.refund(id);
        vm.stopPrank();
    }

    function test_OnlyTheOperatorPostsInTimeAndAtMostAtThePrice() public {
        uint256 id = ask(3 ether);
        vm.prank(finder);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOperator.selector, id, finder));
        inference.post(id, oneByte());
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.AboveThePrice.selector, PRICE, PRICE + 1));
        inference.post(id, answers(quote(1, 1, 0), PRICE + 1));
        vm.warp(block.timestamp + 601);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooLate.selector, id, block.timestamp - 1));
        inference.post(id, oneByte());
    }

    // ---- Contests

    function test_AOneByteAnswerCostsTheOperatorItsShareAndAPartOfItsStake() public {
        uint256 id = ask(1 ether);
        uint256 before = payer.balance;
        post(id, oneByte());
        uint256 caseId = contest(id, 1);
        vm.assertEq(before - payer.balance, CONTEST_COST, "cost");
        vm.assertEq(escrow(), 2 ether, "payment and bond");
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IInference.HasCases.selector, id, 1));
        inference.finalize(id);
        juries.ruleNow(caseId, true);
        vm.assertEq(owed(payer), 1 ether + 1 ether + PENALTY / 2, "refund, bond, half of the penalty");
        vm.assertEq(owed(operator), 0, "operator");
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR), PENALTY / 2, "protocol");
        vm.assertEq(locked(), STAKE - PENALTY, "stake");
        vm.assertEq(escrow(), 0, "escrow");
        vm.assertEq(uint256(inference.sessionInfo(id).status), uint256(IInference.Status.Ended), "ended");
    }

    function test_AContestThatIsLostPaysTheOperatorTheBond() public {
        uint256 id = ask(1 ether);
        post(id, answers(quote(300, 100, 0), PRICE));
        uint256 caseId = contest(id, 1);
        IInference.Answer[] memory all = answers(quote(300, 100, 0), PRICE);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.HasCases.selector, id, 1));
        inference.settle(id, all, "");
        vm.warp(block.timestamp + CONTEST + 1);
        juries.ruleNow(caseId, false);
        vm.assertEq(owed(operator), 1 ether, "bond");
        inference.finalize(id);
        vm.assertEq(owed(operator), 1.2 ether, "bond and share");
        vm.assertEq(locked(), STAKE, "stake");
        vm.assertEq(owed(payer), 0, "payer");
        vm.assertEq(escrow(), 0, "escrow");
    }

    function test_ACaseNamesItsSubjectAndItsClaimant() public {
        uint256 id = ask(1 ether);
        post(id, oneByte());
        bytes32 head = inference.pendingOf(id).head;
        uint256 caseId = contest(id, 1);
        (address client, bytes32 subject, uint8 kind, uint16 jurors, address decider, address claimant) =
            juries.opened(caseId);
        vm.assertEq(client, address(inference), "client");
        vm.assertEq(
            subject,
            keccak256(abi.encode(block.chainid, address(inference), id, uint32(1), IInference.Dispute.NoAnswer, head)),
            "subject"
        );
        vm.assertEq(uint256(kind), 1, "kind");
        vm.assertEq(uint256(jurors), 5, "jurors");
        vm.assertEq(decider, address(0), "decider");
        vm.assertEq(claimant, payer, "claimant");
        vm.assertEq(juries.parties(caseId, 0), payer, "the payer does not judge");
        vm.assertEq(juries.parties(caseId, 1), operator, "nor does the operator");
        vm.assertEq(inference.caseOf(caseId).sessionId, id, "case");
    }

    function test_OnlyThePayerContestsInTimeOnceAndWithABond() public {
        uint256 id = ask(1 ether);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.NothingPending.selector, id));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
        post(id, oneByte());
        vm.prank(finder);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotPayer.selector, id, finder));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.BondTooSmall.selector, CONTEST_COST, CONTEST_COST - 1));
        inference.dispute{value: CONTEST_COST - 1}(id, 1, IInference.Dispute.NoAnswer, "");
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownAnswer.selector, id, 2));
        inference.dispute{value: CONTEST_COST}(id, 2, IInference.Dispute.NoAnswer, "");
        vm.deal(payer, 1 << 97);
        vm.expectRevert(abi.encodeWithSelector(IInference.PaymentTooLarge.selector, 1 << 96));
        inference.dispute{value: 1 << 96}(id, 1, IInference.Dispute.NoAnswer, "");
        uint256 until = inference.pendingOf(id).until;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooLate.selector, id, until));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
        vm.warp(until);
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
        vm.expectRevert(abi.encodeWithSelector(IInference.AlreadyDisputed.selector, id, 1, IInference.Dispute.NoAnswer));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
        vm.stopPrank();
    }

    function test_WhatWasSignedForIsNotContested() public {
        uint256 id = open(modelId, 2, 2 ether);
        settle(id, answers(quote(1, 1, 0), PRICE));
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownAnswer.selector, id, 1));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.NoAnswer, "");
    }

    function test_OnlyJuriesRuleAndOnlyWhatIsOpen() public {
        uint256 id = ask(1 ether);
        post(id, oneByte());
        uint256 caseId = contest(id, 1);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotJuries.selector, address(this)));
        inference.ruled(caseId, true);
        juries.ruleNow(caseId, true);
        vm.prank(Predeploys.JURIES);
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownCase.selector, caseId));
        inference.ruled(caseId, true);
    }

    function test_ASlashTakesNoMoreThanIsLocked() public {
        uint256[6] memory ids;
        for (uint256 i = 0; i < 6; ++i) {
            ids[i] = ask(1 ether);
        }
        for (uint256 i = 0; i < 6; ++i) {
            post(ids[i], oneByte());
            juries.ruleNow(contest(ids[i], 1), true);
        }
        vm.assertEq(locked(), 0, "stake");
        vm.assertEq(owed(payer), 6 * 2 ether + 5 * PENALTY / 2, "payer");
        vm.warp(block.timestamp + CONTEST + 1);
        for (uint256 i = 0; i < 6; ++i) {
            inference.close(ids[i]);
        }
    }

    function test_WhoLostStakeAnswersNoMoreUntilItStakedAgain() public {
        uint256 id = ask(1 ether);
        post(id, oneByte());
        juries.ruleNow(contest(id, 1), true);
        IInference.Opening memory asked = opening(modelId, 1);
        vm.prank(payer);
        vm.expectRevert(
            abi.encodeWithSelector(IStakes.StakeTooSmall.selector, IStakes.Purpose.Operator, operator, 0, PENALTY)
        );
        inference.open{value: 1 ether}(asked, "");
        stake(operator, PENALTY);
        ask(1 ether);
    }

    // ---- Recomputed

    function test_WhoRecomputesADeterministicModelAndDiffersIsPaidByTheOperator() public {
        uint256 id = open(deterministic(), 1, 1 ether);
        settle(id, answers(quote(300, 100, 0), PRICE));
        uint256 before = owed(operator);
        uint256 caseId = dispute(id, 1);
        vm.warp(block.timestamp + CONTEST + 1);
        vm.expectRevert(abi.encodeWithSelector(IInference.HasCases.selector, id, 1));
        inference.close(id);
        juries.ruleNow(caseId, true);
        vm.assertEq(owed(finder), 1 ether + PENALTY / 4, "bond and a quarter");
        vm.assertEq(owed(payer), PENALTY / 4, "a quarter");
        vm.assertEq(owed(operator), before, "what was paid stays");
        vm.assertEq(locked(), STAKE - PENALTY, "stake");
        inference.close(id);
        vm.assertEq(locked(), 0, "free");
    }

    function test_WhoRecomputesWhatIsPostedStopsItsPayment() public {
        uint256 id = open(deterministic(), 2, 2 ether);
        IInference.Answer[] memory all = new IInference.Answer[](2);
        (all[0], all[1]) = (answer(quote(1, 1, 0), PRICE), answer(quote(1, 1, 0), PRICE));
        post(id, all);
        uint256 first = dispute(id, 1);
        uint256 second = dispute(id, 2);
        vm.assertEq(inference.pendingOf(id).cases, 2, "cases");
        juries.ruleNow(second, true);
        vm.assertEq(owed(payer), 2 ether + PENALTY / 4, "refund and a quarter of the penalty");
        vm.assertEq(uint256(inference.sessionInfo(id).status), uint256(IInference.Status.Ended), "ended");
        juries.ruleNow(first, false);
        vm.assertEq(owed(operator), 1 ether, "the other's bond");
        vm.assertEq(escrow(), 0, "escrow");
    }

    function test_AWrongDisputePaysTheOperator() public {
        uint256 id = open(deterministic(), 1, 1 ether);
        settle(id, answers(quote(300, 100, 0), PRICE));
        uint256 before = owed(operator);
        juries.ruleNow(dispute(id, 1), false);
        vm.assertEq(owed(operator), before + 1 ether, "bond");
        vm.expectRevert(
            abi.encodeWithSelector(IInference.AlreadyDisputed.selector, id, 1, IInference.Dispute.WrongAnswer)
        );
        dispute(id, 1);
    }

    function test_OnlyWhatCanBeRecomputedIsDisputed() public {
        uint256 id = ask(1 ether);
        settle(id, answers(quote(300, 100, 0), PRICE));
        vm.startPrank(finder);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotDisputable.selector, id, IInference.Dispute.WrongAnswer));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.WrongAnswer, "");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotDisputable.selector, id, IInference.Dispute.WrongSketch));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.WrongSketch, "");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotDisputable.selector, id, IInference.Dispute.None));
        inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.None, "");
        vm.stopPrank();
    }

    function test_AnAnswerThatIsNotThereIsNotDisputed() public {
        uint256 id = open(deterministic(), 2, 2 ether);
        settle(id, answers(quote(300, 100, 0), PRICE));
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownAnswer.selector, id, 0));
        dispute(id, 0);
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownAnswer.selector, id, 2));
        dispute(id, 2);
        vm.prank(operator);
        inference.refund(id);
        vm.warp(block.timestamp + CONTEST + 1);
        inference.close(id);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, id, IInference.Status.Closed));
        dispute(id, 1);
    }
}
