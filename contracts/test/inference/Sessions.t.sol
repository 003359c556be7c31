// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDivision} from "../../src/interfaces/IDivision.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Inference} from "../../src/l2/inference/Inference.sol";
import {MarketTest} from "./Market.sol";

contract SessionsTest is MarketTest {
    function setUp() public {
        deployMarket();
    }

    function locked() private view returns (uint256 amount) {
        (, amount,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
    }

    function expectNotOpened(IInference.Opening memory asked, uint256 payment, bytes memory problem) private {
        vm.prank(payer);
        vm.expectRevert(problem);
        inference.open{value: payment}(asked, "");
    }

    function test_APaymentIsEscrowInPayoutsAndNotInTheContract() public {
        uint256 id = ask(2 ether);
        vm.assertEq(escrow(), 2 ether, "escrow");
        vm.assertEq(address(inference).balance, 0, "balance");
        IInference.Session memory session = inference.sessionInfo(id);
        vm.assertEq(session.payer, payer, "payer");
        vm.assertEq(session.operator, operator, "operator");
        vm.assertEq(session.left, 2 ether, "left");
        vm.assertEq(session.deadline, block.timestamp + 600, "deadline");
        vm.assertEq(session.rules.protocolBps, 500, "protocol");
        vm.assertEq(session.contributors[0], 8, "contributors");
        vm.assertEq(inference.sessionCount(), 1, "sessions");
    }

    function test_ASessionTellsItsPromptAndKeepsItsHash() public {
        IInference.Opening memory asked = opening(modelId, 1);
        vm.prank(payer);
        uint256 id = inference.open{value: 1 ether}(asked, "what?");
        vm.assertEq(inference.sessionInfo(id).head, keccak256("what?"), "head");
        asked.promptHash = keccak256("another");
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.WrongPrompt.selector, asked.promptHash, keccak256("what?")));
        inference.open{value: 1 ether}(asked, "what?");
    }

    function test_TermsThatAreNotWhatThePayerSawAreRefused() public {
        IInference.Opening memory asked = opening(modelId, 1);
        asked.termsHash = "seen elsewhere";
        expectNotOpened(
            asked, 1 ether, abi.encodeWithSelector(IInference.WrongTerms.selector, asked.termsHash, hashOf(modelId))
        );
    }

    function test_TermsChangedJustBeforeARequestAreNotAgreedTo() public {
        IInference.Opening memory asked = opening(modelId, 1);
        IModels.Terms memory worse = terms();
        worse.contributorBps = 1;
        models.renew(modelId, worse, sourcesOf(datanetId));
        offer(modelId);
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.NotOffered.selector, modelId, 1));
        asked.version = 2;
        expectNotOpened(
            asked, 1 ether, abi.encodeWithSelector(IInference.WrongTerms.selector, asked.termsHash, hashOf(modelId))
        );
    }

    function test_AModelThatTakesNoRequestsIsNotAsked() public {
        IInference.Opening memory asked = opening(modelId, 1);
        models.retire(modelId);
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.NotOffered.selector, modelId, 1));
    }

    function test_NobodyIsMadeAnOperatorByOthers() public {
        IModels.Terms memory made = terms();
        made.operator = address(0xBEEF);
        uint256 model = models.register(made, sourcesOf(datanetId));
        IInference.Opening memory asked = opening(model, 1);
        expectNotOpened(
            asked, 1 ether, abi.encodeWithSelector(IInference.NotServed.selector, address(0xBEEF), asked.termsHash)
        );
        asked = opening(modelId, 1);
        vm.prank(operator);
        inference.serve(asked.termsHash, false);
        expectNotOpened(
            asked, 1 ether, abi.encodeWithSelector(IInference.NotServed.selector, operator, asked.termsHash)
        );
        vm.assertTrue(!inference.serves(operator, asked.termsHash), "serves");
    }

    function test_EveryAnswerIsPaidForAtLeast() public {
        IInference.Opening memory asked = opening(modelId, 3);
        expectNotOpened(
            asked, 3 ether - 1, abi.encodeWithSelector(IInference.PaymentTooSmall.selector, 3 ether, 3 ether - 1)
        );
        uint256 much = uint256(type(uint96).max) + 1;
        vm.deal(payer, much);
        expectNotOpened(asked, much, abi.encodeWithSelector(IInference.PaymentTooLarge.selector, much));
    }

    function test_ASessionHasAtLeastOneAnswerAndABound() public {
        IInference.Opening memory asked = opening(modelId, 0);
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.InvalidAnswers.selector, 0));
        asked.maxAnswers = 65_537;
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.InvalidAnswers.selector, 65_537));
    }

    function test_ADeadlineGivesTheOperatorItsTimeAndIsWithinSevenDays() public {
        IInference.Opening memory asked = opening(modelId, 1);
        asked.deadline = uint64(block.timestamp) + 599;
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.InvalidDeadline.selector, asked.deadline));
        asked.deadline = uint64(block.timestamp + 7 days + 1);
        expectNotOpened(asked, 1 ether, abi.encodeWithSelector(IInference.InvalidDeadline.selector, asked.deadline));
        asked.deadline = uint64(block.timestamp + 7 days);
        vm.prank(payer);
        inference.open{value: 1 ether}(asked, "");
    }

    function test_PartsThatAreMoreThanAPaymentAreRefused() public {
        IModels.Terms memory greedy = terms();
        greedy.contributorBps = 8_001;
        uint256 model = models.register(greedy, sourcesOf(datanetId));
        offer(model);
        expectNotOpened(opening(model, 1), 1 ether, abi.encodeWithSelector(IDivision.PartsTooLarge.selector, 10_001));
    }

    function test_OneLockAnswersForAllSessionsAndGoesWithTheLast() public {
        uint256 first = ask(1 ether);
        vm.assertEq(locked(), STAKE, "locked by the first");
        uint256 second = ask(1 ether);
        vm.assertEq(locked(), STAKE, "locked by both");
        vm.assertEq(inference.openSessions(operator), 2, "open sessions");
        vm.startPrank(operator);
        inference.refund(first);
        inference.refund(second);
        vm.stopPrank();
        vm.warp(block.timestamp + CONTEST + 1);
        inference.close(first);
        vm.assertEq(locked(), STAKE, "locked by the second");
        inference.close(second);
        vm.assertEq(locked(), 0, "locked by none");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, second, IInference.Status.Closed));
        inference.close(second);
    }

    function test_AnOperatorWithoutStakeIsNotAsked() public {
        vm.prank(operator);
        stakes.beginWithdrawal(IStakes.Purpose.Operator, 1);
        expectNotOpened(
            opening(modelId, 1),
            1 ether,
            abi.encodeWithSelector(IStakes.StakeTooSmall.selector, IStakes.Purpose.Operator, operator, STAKE - 1, STAKE)
        );
    }

    function test_AChangeOfParametersDoesNotTouchWhatIsOpen() public {
        uint256 id = ask(1 ether);
        vm.startPrank(Predeploys.TIMELOCK);
        parameters.set(Keys.PROTOCOL_BPS, 2_000);
        parameters.set(Keys.VALIDATOR_BPS, 0);
        parameters.set(Keys.CONTEST_SECONDS, 1 hours);
        parameters.set(Keys.OPERATOR_STAKE, 200 ether);
        parameters.set(Keys.CONTEST_JURORS, 8);
        vm.stopPrank();
        IInference.Session memory session = inference.sessionInfo(id);
        vm.assertEq(session.rules.contestSeconds, 3 days, "time to contest");
        settle(id, answers(quote(1, 1, 0), 1 ether));
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR), 0.05 ether, "protocol");
        vm.assertEq(datanets.reviewFund(datanetId), 0.02 ether, "reviewers");
        stake(operator, 100 ether);
        id = ask(1 ether);
        session = inference.sessionInfo(id);
        vm.assertEq(session.rules.protocolBps, 2_000, "the next session's protocol");
        vm.assertEq(session.rules.jurors, 9, "an odd jury");
        vm.assertEq(locked(), 200 ether, "the lock is filled up");
        vm.assertEq(session.rules.penalty, 40 ether, "the penalty grows with it");
    }

    function test_WhatIsNotAnsweredGoesBackAfterTheDeadline() public {
        uint256 id = ask(3 ether);
        vm.warp(block.timestamp + 600);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooEarly.selector, id, block.timestamp + 1));
        inference.refund(id);
        vm.warp(block.timestamp + 1);
        vm.assertEq(inference.refund(id), 3 ether, "amount");
        vm.assertEq(owed(payer), 3 ether, "payer");
        vm.assertEq(escrow(), 0, "escrow");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, id, IInference.Status.Ended));
        inference.refund(id);
    }

    function test_AnOperatorMayGiveThePaymentBackAtOnce() public {
        uint256 id = ask(3 ether);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooEarly.selector, id, block.timestamp + 601));
        inference.refund(id);
        vm.prank(operator);
        inference.refund(id);
        vm.assertEq(owed(payer), 3 ether, "payer");
    }

    function test_TheStakeStaysUntilNobodyCanDisputeAnyMore() public {
        uint256 id = ask(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, id, IInference.Status.Open));
        inference.close(id);
        settle(id, answers(quote(1, 1, 0), 1 ether));
        vm.warp(block.timestamp + CONTEST);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooEarly.selector, id, block.timestamp + 1));
        inference.close(id);
        vm.warp(block.timestamp + 1);
        inference.close(id);
    }

    function test_WhatDoesNotExistIsNotFound() public {
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownSession.selector, 7));
        inference.refund(7);
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownSession.selector, 7));
        inference.close(7);
        vm.expectRevert(abi.encodeWithSelector(IInference.UnknownSession.selector, 7));
        inference.finalize(7);
    }

    function test_OnlyGovernanceMendsTheContracts() public {
        address next = address(new Inference());
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        inference.upgradeToAndCall(next, "");
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        division.upgradeToAndCall(next, "");
        uint256 id = ask(1 ether);
        vm.prank(Predeploys.TIMELOCK);
        inference.upgradeToAndCall(next, "");
        vm.assertEq(inference.sessionInfo(id).left, 1 ether, "what was open stays");
    }
}
