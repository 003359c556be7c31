// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Datanets} from "../src/l2/Datanets.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";
import {ITextAttribution} from "../src/interfaces/ITextAttribution.sol";

contract InferenceTest is L2Test {
    address private constant curator = address(0xC0);
    address private constant operator = address(0x0909);
    address private constant asker = address(0xA5);
    uint64 private constant answerSeconds = 600;
    uint256 private constant price = 1 ether;

    uint256 private datanetId;

    function setUp() public {
        deployL2();
        vm.prank(curator);
        datanetId = datanets.createDatanet("poems", "", true);
        for (uint160 i = 1; i <= 8; ++i) {
            vm.prank(contributor(i));
            datanets.contribute(datanetId, "a poem");
        }
        offer(7_000);
        vm.deal(asker, type(uint128).max);
    }

    function contributor(uint256 number) private pure returns (address) {
        return address(uint160(0xAA00 + number));
    }

    function offer(uint16 contributorBps) private {
        vm.prank(curator);
        inference.setModel(datanetId, operator, price, contributorBps, answerSeconds);
    }

    function ask(uint256 payment) private returns (uint256) {
        vm.prank(asker);
        return inference.request{value: payment}(datanetId, "what depends upon the wheelbarrow?");
    }

    function settle(uint256 requestId, bytes memory answer) private {
        vm.prank(operator);
        inference.settle(requestId, answer);
    }

    function test_ContributorsGetTheirPartByCreditAndTheOperatorTheRest() public {
        uint256 id = ask(10 ether);
        uint256[] memory credits = new uint256[](2);
        (credits[0], credits[1]) = (300, 100);
        vm.expectEmit(address(inference));
        emit Inference.Credited(id, contributor(1), 1, 5.25 ether, 300);
        vm.expectEmit(address(inference));
        emit Inference.Credited(id, contributor(2), 2, 1.75 ether, 100);
        vm.expectEmit(address(inference));
        emit Inference.Settled(id, operator, 3 ether, 7 ether, 0, 400, 401, answerOf(credits));
        settle(id, answerOf(credits));
        vm.assertEq(inference.owed(contributor(1)), 5.25 ether, "first contributor");
        vm.assertEq(inference.owed(contributor(2)), 1.75 ether, "second contributor");
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
    }

    function test_WhatNobodyExplainsGoesBackToTheRequesterAndNotToTheOperator() public {
        uint256 id = ask(10 ether);
        bytes memory answer = answerOf(new uint256[](0));
        vm.expectEmit(address(inference));
        emit Inference.Settled(id, operator, 3 ether, 0, 7 ether, 0, 1, answer);
        settle(id, answer);
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
        vm.assertEq(inference.owed(asker), 7 ether, "requester");
        uint256 before = asker.balance;
        vm.prank(asker);
        inference.claim();
        vm.assertEq(asker.balance - before, 7 ether, "claimed");
    }

    function test_AnEmptyAnswerIsRefusedAndTheRequestStaysOpen() public {
        uint256 id = ask(price);
        vm.expectRevert(abi.encodeWithSelector(Inference.EmptyAnswer.selector, id));
        vm.prank(operator);
        inference.settle(id, "");
        settle(id, answerOf(new uint256[](0)));
    }

    function testFuzz_NoAnswerEarnsTheOperatorMoreThanAnother(uint256 payment, uint16 bps, uint64 credit) public {
        payment = bound(payment, price, type(uint96).max);
        offer(uint16(bound(bps, 0, 10_000)));
        uint256[] memory credits = new uint256[](1);
        credits[0] = uint256(credit) + 1;
        settle(ask(payment), answerOf(credits));
        uint256 honest = inference.owed(operator);
        settle(ask(payment), answerOf(new uint256[](0)));
        vm.assertEq(inference.owed(operator) - honest, honest, "hidden sources");
    }

    function testFuzz_ASettlementGivesOutThePaymentToTheWei(
        uint256 payment,
        uint16 bps,
        uint64[8] memory seeds,
        uint8 count
    ) public {
        payment = bound(payment, price, type(uint96).max);
        offer(uint16(bound(bps, 0, 10_000)));
        uint256[] memory credits = new uint256[](bound(count, 0, 8));
        for (uint256 i = 0; i < credits.length; ++i) {
            credits[i] = uint256(seeds[i]) + 1;
        }
        settle(ask(payment), answerOf(credits));
        uint256 sum = inference.owed(operator);
        for (uint256 i = 1; i <= 8; ++i) {
            sum += inference.owed(contributor(i));
        }
        uint256 pool = payment * inference.requestInfo(1).contributorBps / 10_000;
        vm.assertEq(inference.owed(asker), credits.length == 0 ? pool : 0, "requester");
        sum += inference.owed(asker);
        vm.assertEq(sum, payment, "shares");
        (uint256 owedTotal, uint256 escrowed) = inference.totals();
        vm.assertEq(owedTotal, payment, "owed");
        vm.assertEq(escrowed, 0, "escrowed");
    }

    function test_ALaterChangeOfTermsDoesNotTouchAnOpenRequest() public {
        uint256 id = ask(10 ether);
        offer(0);
        uint256[] memory credits = new uint256[](1);
        credits[0] = 1;
        settle(id, answerOf(credits));
        vm.assertEq(inference.owed(contributor(1)), 7 ether, "contributor");
    }

    function test_ARequestCountsOnlyDocumentsThatWereThereBefore() public {
        uint256 id = ask(price);
        vm.prank(contributor(9));
        datanets.contribute(datanetId, "a copy of the answer");
        vm.assertEq(inference.requestInfo(id).upTo, 8, "rows");
    }

    function test_AnAnswerIsTracedToTheRowsOfItsQuestionAndToABoundedNumberOfPayees() public {
        uint256 id = ask(price);
        vm.prank(contributor(9));
        datanets.contribute(datanetId, "a copy of the answer");
        (uint256 setId,) = datanets.setOf(datanetId);
        bytes memory answer = answerOf(new uint256[](0));
        vm.expectCall(
            address(Predeploys.TEXT_ATTRIBUTION),
            abi.encodeCall(ITextAttribution.traceByContributor, (setId, 8, answer, 256))
        );
        settle(id, answer);
    }

    function refuseReview(uint64 row, uint64 deadline) private {
        bytes memory refusal = abi.encodeWithSelector(Datanets.RowCovered.selector, datanetId, row, deadline);
        vm.startPrank(curator);
        vm.expectRevert(refusal);
        datanets.reject(datanetId, row);
        vm.expectRevert(refusal);
        datanets.accept(datanetId, row);
        vm.stopPrank();
    }

    function reject(uint64 row) private {
        vm.prank(curator);
        datanets.reject(datanetId, row);
    }

    function test_ARowThatAnOpenRequestIsTracedToIsNotReviewed() public {
        uint256 id = ask(price);
        uint64 deadline = uint64(block.timestamp) + answerSeconds;
        vm.prank(contributor(9));
        datanets.contribute(datanetId, "not traced");
        refuseReview(0, deadline);
        refuseReview(7, deadline);
        reject(8);
        settle(id, answerOf(new uint256[](0)));
        reject(0);
    }

    function test_AfterItsTimeOrItsRefundARequestCoversNothing() public {
        uint256 id = ask(price);
        uint64 deadline = uint64(vm.getBlockTimestamp()) + answerSeconds;
        vm.warp(deadline);
        refuseReview(0, deadline);
        vm.warp(deadline + 1);
        reject(0);
        // Nobody has refunded it, and it does not lengthen the next one.
        uint256 second = ask(price);
        refuseReview(0, deadline + 1 + answerSeconds);
        inference.refund(id);
        refuseReview(0, deadline + 1 + answerSeconds);
        settle(second, answerOf(new uint256[](0)));
        reject(1);
    }

    function test_AShorterTimeToAnswerDoesNotUncoverAnOlderRequest() public {
        uint64 deadline = uint64(vm.getBlockTimestamp()) + answerSeconds;
        uint256 long = ask(price);
        vm.prank(curator);
        inference.setModel(datanetId, operator, price, 0, 1);
        uint256 short = ask(price);
        settle(short, answerOf(new uint256[](0)));
        refuseReview(0, deadline);
        settle(long, answerOf(new uint256[](0)));
        reject(0);
    }

    function test_ACuratorAcceptsSubmissionsWhileRequestsAreOpen() public {
        vm.prank(curator);
        uint256 closed = datanets.createDatanet("prose", "", false);
        vm.prank(curator);
        inference.setModel(closed, operator, price, 0, answerSeconds);
        vm.expectRevert(abi.encodeWithSelector(Inference.EmptyDatanet.selector, closed));
        inference.request{value: price}(closed, "before anything was accepted");
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(contributor(1));
            datanets.contribute(closed, "a novel");
        }
        vm.prank(curator);
        datanets.acceptSubmission(closed, 1);
        vm.prank(asker);
        uint256 id = inference.request{value: price}(closed, "what happens in the end?");
        vm.assertEq(inference.requestInfo(id).upTo, 1, "rows");
        vm.prank(curator);
        vm.assertEq(datanets.acceptSubmission(closed, 0), 1, "row");
    }

    function test_AnotherDatanetIsNotCovered() public {
        vm.prank(curator);
        uint256 other = datanets.createDatanet("prose", "", true);
        datanets.contribute(other, "a novel");
        ask(price);
        vm.prank(curator);
        datanets.reject(other, 0);
    }

    function test_ACuratorEndsQuestionsWithAPriceAndThenReviews() public {
        ask(price);
        vm.prank(curator);
        inference.setModel(datanetId, operator, type(uint256).max, 0, answerSeconds);
        vm.expectRevert();
        vm.prank(asker);
        inference.request{value: type(uint128).max - price}(datanetId, "again?");
        vm.warp(vm.getBlockTimestamp() + answerSeconds + 1);
        reject(0);
    }

    function test_ClaimSendsOnceWhatIsOwed() public {
        settle(ask(price), answerOf(new uint256[](0)));
        vm.prank(operator);
        vm.assertEq(inference.claim(), 0.3 ether, "claimed");
        vm.assertEq(operator.balance, 0.3 ether, "balance");
        vm.expectRevert(abi.encodeWithSelector(Inference.NothingOwed.selector, operator));
        vm.prank(operator);
        inference.claim();
    }

    function test_AnUnansweredRequestIsRefundedAfterItsTimeAndNotBefore() public {
        uint256 id = ask(price);
        uint64 deadline = uint64(block.timestamp) + answerSeconds;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(Inference.TooEarly.selector, id, deadline));
        inference.refund(id);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Inference.TooLate.selector, id, deadline));
        vm.prank(operator);
        inference.settle(id, answerOf(new uint256[](0)));
        inference.refund(id);
        vm.assertEq(inference.owed(asker), price, "requester");
    }

    function test_ARequestEndsOnce() public {
        (uint256 settled, uint256 refunded) = (ask(price), ask(price));
        settle(settled, answerOf(new uint256[](0)));
        vm.warp(block.timestamp + answerSeconds + 1);
        inference.refund(refunded);
        for (uint256 id = settled; id <= refunded; ++id) {
            vm.expectRevert(abi.encodeWithSelector(Inference.NotOpen.selector, id));
            inference.refund(id);
            vm.expectRevert(abi.encodeWithSelector(Inference.NotOpen.selector, id));
            vm.prank(operator);
            inference.settle(id, "");
        }
    }

    function testFuzz_OnlyTheOperatorOfTheRequestSettles(address stranger) public {
        vm.assume(stranger != operator);
        uint256 id = ask(price);
        vm.expectRevert(abi.encodeWithSelector(Inference.NotOperator.selector, id, stranger));
        vm.prank(stranger);
        inference.settle(id, "");
    }

    function test_ARequestNeedsAModelADocumentAndThePrice() public {
        vm.prank(curator);
        uint256 empty = datanets.createDatanet("empty", "", true);
        vm.expectRevert(abi.encodeWithSelector(Inference.NoModel.selector, empty));
        inference.request(empty, "");
        vm.prank(curator);
        inference.setModel(empty, operator, 0, 5_000, 1);
        vm.expectRevert(abi.encodeWithSelector(Inference.EmptyDatanet.selector, empty));
        inference.request(empty, "");
        vm.expectRevert(abi.encodeWithSelector(Inference.PaymentTooSmall.selector, price, price - 1));
        vm.prank(asker);
        inference.request{value: price - 1}(datanetId, "");
    }

    function test_TermsAreCheckedAndBelongToTheCurator() public {
        vm.expectRevert(abi.encodeWithSelector(Inference.NotCurator.selector, datanetId, asker));
        vm.prank(asker);
        inference.setModel(datanetId, asker, 0, 0, 1);
        vm.startPrank(curator);
        vm.expectRevert(Inference.InvalidTerms.selector);
        inference.setModel(datanetId, address(0), 0, 0, 1);
        vm.expectRevert(Inference.InvalidTerms.selector);
        inference.setModel(datanetId, operator, 0, 10_001, 1);
        vm.expectRevert(Inference.InvalidTerms.selector);
        inference.setModel(datanetId, operator, 0, 0, 0);
        vm.expectRevert(Inference.InvalidTerms.selector);
        inference.setModel(datanetId, operator, 0, 0, type(uint64).max);
    }

    function test_AReentrantClaimGetsNothingMore() public {
        Reentrant thief = new Reentrant();
        vm.prank(curator);
        inference.setModel(datanetId, address(thief), price, 0, answerSeconds);
        uint256 id = ask(price);
        ask(price);
        vm.prank(address(thief));
        inference.settle(id, answerOf(new uint256[](0)));
        thief.steal();
        vm.assertEq(address(thief).balance, price, "thief");
        vm.assertEq(address(inference).balance, price, "held");
    }
}

/// @notice Claims again while it is being paid.
contract Reentrant is L2Test {
    function steal() external {
        inference.claim();
    }

    receive() external payable {
        try inference.claim() {} catch {}
    }
}
