// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {FirstDatanets as Datanets} from "./doubles/FirstDatanets.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";
import {Words} from "./doubles/TraceDouble.sol";
import {IAttributionErrors} from "../src/interfaces/IAttributionErrors.sol";
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

    function commons() private view returns (uint256) {
        return inference.owed(address(inference));
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
        emit Inference.Settled(id, operator, 3 ether, 7 ether, 0, 400, 0, 400, answerOf(credits));
        settle(id, answerOf(credits));
        vm.assertEq(inference.owed(contributor(1)), 5.25 ether, "first contributor");
        vm.assertEq(inference.owed(contributor(2)), 1.75 ether, "second contributor");
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
    }

    function test_WhatNobodyExplainsGoesToNobody() public {
        uint256 id = ask(10 ether);
        bytes memory answer = foreignAnswer();
        vm.expectEmit(address(inference));
        emit Inference.Settled(id, operator, 3 ether, 0, 7 ether, 0, 0, 1, answer);
        settle(id, answer);
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
        vm.assertEq(inference.owed(asker), 0, "requester");
        vm.assertEq(inference.owed(curator), 0, "curator");
        vm.assertEq(commons(), 7 ether, "commons");
    }

    function test_AnAnswerWithoutAWordIsExplainedByNobody() public {
        settle(ask(10 ether), answerOf(new uint256[](0)));
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
        vm.assertEq(commons(), 7 ether, "commons");
    }

    function test_WhatIsExplainedInPartPaysThatPart() public {
        uint256 id = ask(10 ether);
        uint256[] memory credits = new uint256[](2);
        (credits[0], credits[1]) = (300, 100);
        settle(id, answerOf(credits, 300));
        vm.assertEq(inference.owed(contributor(1)), 3 ether, "first contributor");
        vm.assertEq(inference.owed(contributor(2)), 1 ether, "second contributor");
        vm.assertEq(commons(), 3 ether, "commons");
        vm.assertEq(inference.owed(operator), 3 ether, "operator");
    }

    function test_WhatIsWithheldIsPaidToNobody() public {
        // Row 1 copied row 0 and closed what it put between; row 2 is withdrawn.
        Words[] memory words = new Words[](3);
        (words[0], words[1], words[2]) = (Words(0, 300, false), Words(1, 200, true), Words(2, 200, false));
        bytes memory answer = abi.encode(words, 0);
        setStatus(2, 2);
        uint256 id = ask(10 ether);
        vm.expectEmit(address(inference));
        emit Inference.Credited(id, contributor(1), 1, 3 ether, 300);
        vm.expectEmit(address(inference));
        emit Inference.Settled(id, operator, 3 ether, 3 ether, 4 ether, 700, 400, 700, answer);
        settle(id, answer);
        for (uint256 i = 2; i <= 8; ++i) {
            vm.assertEq(inference.owed(contributor(i)), 0, "who is not credited");
        }
        vm.assertEq(inference.owed(asker), 0, "requester");
        vm.assertEq(inference.owed(curator), 0, "curator");
        vm.assertEq(commons(), 4 ether, "commons");
    }

    function testFuzz_WithheldWordsEarnNobodyMoreThanIfTheyWereNobodys(uint64 own, uint64 withheld, bool whole) public {
        Words[] memory words = new Words[](2);
        (words[0], words[1]) = (Words(0, own, false), Words(1, withheld, true));
        if (whole) setStatus(1, 2);
        settle(ask(10 ether), abi.encode(words, 0));
        uint256 earned = inference.owed(contributor(1));
        uint256[] memory credits = new uint256[](1);
        credits[0] = own;
        settle(ask(10 ether), answerOf(credits, withheld));
        vm.assertEq(inference.owed(contributor(1)) - earned, earned, "whose words they are not");
        vm.assertEq(inference.owed(contributor(2)), 0, "whose row they are in");
        vm.assertEq(inference.owed(asker) + inference.owed(curator), 0, "requester and curator");
        vm.assertEq(inference.owed(operator), 6 ether, "operator");
    }

    function test_TheCommonsAreNobodysToClaim() public {
        settle(ask(price), foreignAnswer());
        address[4] memory all = [asker, curator, contributor(1), address(0)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Inference.NothingOwed.selector, all[i]));
            vm.prank(all[i]);
            inference.claim();
        }
        vm.prank(operator);
        inference.claim();
        vm.assertEq(address(inference).balance, 0.7 ether, "held");
        (uint256 owedTotal, uint256 escrowed) = inference.totals();
        vm.assertEq(owedTotal, 0.7 ether, "owed");
        vm.assertEq(escrowed, 0, "escrowed");
    }

    function test_AnEmptyAnswerIsRefusedAndTheRequestStaysOpen() public {
        uint256 id = ask(price);
        vm.expectRevert(abi.encodeWithSelector(Inference.EmptyAnswer.selector, id));
        vm.prank(operator);
        inference.settle(id, "");
        settle(id, foreignAnswer());
    }

    function testFuzz_NoAnswerEarnsTheOperatorMoreThanAnother(uint256 payment, uint16 bps, uint64 credit) public {
        payment = bound(payment, price, type(uint96).max);
        offer(uint16(bound(bps, 0, 10_000)));
        uint256[] memory credits = new uint256[](1);
        credits[0] = uint256(credit) + 1;
        settle(ask(payment), answerOf(credits));
        uint256 honest = inference.owed(operator);
        settle(ask(payment), foreignAnswer());
        vm.assertEq(inference.owed(operator) - honest, honest, "hidden sources");
        vm.assertEq(inference.owed(asker), 0, "nor the requester");
    }

    function testFuzz_ASettlementGivesOutThePaymentToTheWei(
        uint256 payment,
        uint16 bps,
        uint64[8] memory seeds,
        uint8 count,
        uint64 unexplained
    ) public {
        payment = bound(payment, price, type(uint96).max);
        offer(uint16(bound(bps, 0, 10_000)));
        uint256[] memory credits = new uint256[](bound(count, 0, 8));
        for (uint256 i = 0; i < credits.length; ++i) {
            credits[i] = uint256(seeds[i]) + 1;
        }
        settle(ask(payment), answerOf(credits, unexplained));
        uint256 sum = inference.owed(operator);
        for (uint256 i = 1; i <= 8; ++i) {
            sum += inference.owed(contributor(i));
        }
        uint256 pool = payment * inference.requestInfo(1).contributorBps / 10_000;
        vm.assertEq(sum + commons() - inference.owed(operator), pool, "pool");
        vm.assertEq(inference.owed(asker), 0, "requester");
        sum += commons();
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

    function setStatus(uint64 row, uint8 status) private {
        vm.prank(curator);
        datanets.setStatus(datanetId, row, status);
    }

    function versionOf(uint256 id) private view returns (uint64 version) {
        (, version,,) = datanets.setOf(id);
    }

    /// @dev Words of all rows, in equal parts: of row 1 they are closed, row 2 is a refinement and its words are closed, row
    ///      3 is withdrawn, and row 8 is one that does not exist yet.
    function mixedAnswer() private pure returns (bytes memory) {
        Words[] memory words = new Words[](9);
        for (uint64 i = 0; i < 9; ++i) {
            words[i] = Words(i, 100, i == 1 || i == 2);
        }
        return abi.encode(words, 100);
    }

    /// @dev What a settlement gave to the contributors 1 to 9 and to the commons.
    function earnings(uint256 id, bytes memory answer) private returns (uint256[10] memory earned) {
        for (uint256 i = 0; i < 10; ++i) {
            earned[i] = inference.owed(i == 9 ? address(inference) : contributor(i + 1));
        }
        settle(id, answer);
        for (uint256 i = 0; i < 10; ++i) {
            earned[i] = inference.owed(i == 9 ? address(inference) : contributor(i + 1)) - earned[i];
        }
    }

    function checkSame(uint256[10] memory left, uint256[10] memory right, string memory reason) private pure {
        for (uint256 i = 0; i < 10; ++i) {
            vm.assertEq(left[i], right[i], reason);
        }
    }

    function test_NothingThatHappensAfterAQuestionMovesItsPayment() public {
        setStatus(2, 1);
        setStatus(3, 2);
        uint256[6] memory ids;
        for (uint256 i = 0; i < 6; ++i) {
            ids[i] = ask(10 ether);
        }
        uint256[10] memory expected = earnings(ids[0], mixedAnswer());
        vm.assertEq(expected[0], 0.7 ether, "own words");
        vm.assertEq(expected[1], 0, "closed words");
        vm.assertEq(expected[2], 0.7 ether, "closed words of a refinement");
        vm.assertEq(expected[3], 0, "words of a withdrawn row");
        vm.assertEq(expected[8], 0, "who contributed nothing");
        vm.assertEq(expected[9], 2.8 ether, "commons");

        vm.prank(contributor(9));
        datanets.contribute(datanetId, "a copy of the answer");
        checkSame(earnings(ids[1], mixedAnswer()), expected, "after a copy of the answer");
        setStatus(1, 1);
        checkSame(earnings(ids[2], mixedAnswer()), expected, "after a row became a refinement");
        setStatus(0, 2);
        checkSame(earnings(ids[3], mixedAnswer()), expected, "after a row was withdrawn");
        setStatus(3, 0);
        checkSame(earnings(ids[4], mixedAnswer()), expected, "after one came back");
        vm.prank(curator);
        datanets.reassign(datanetId, 4, contributor(9));
        checkSame(earnings(ids[5], mixedAnswer()), expected, "after a row was reassigned");

        // The next question is another matter.
        uint256[10] memory next = earnings(ask(10 ether), mixedAnswer());
        vm.assertEq(next[0], 0, "withdrawn");
        vm.assertEq(next[1], 0.7 ether, "refinement");
        vm.assertEq(next[3], 0.7 ether, "active again");
        vm.assertEq(next[4], 0, "reassigned");
        vm.assertEq(next[8], 1.4 ether, "the copy and the row that was reassigned");
    }

    function testFuzz_APaymentIsTheSameWhateverTheCuratorDoesMeanwhile(uint8[8] memory statuses, uint256 reassigned)
        public
    {
        (uint256 first, uint256 second) = (ask(10 ether), ask(10 ether));
        uint256[10] memory expected = earnings(first, mixedAnswer());
        vm.startPrank(curator);
        for (uint64 row = 0; row < 8; ++row) {
            datanets.setStatus(datanetId, row, statuses[row] % 3);
            if (reassigned & (1 << row) != 0) datanets.reassign(datanetId, row, curator);
        }
        vm.stopPrank();
        checkSame(earnings(second, mixedAnswer()), expected, "payment");
        vm.assertEq(inference.owed(curator), 0, "curator");
    }

    function test_AnAnswerIsTracedToTheVersionOfItsQuestionAndToABoundedNumberOfPayees() public {
        uint256 id = ask(price);
        vm.assertEq(inference.requestInfo(id).version, 9, "version");
        vm.prank(contributor(9));
        datanets.contribute(datanetId, "a copy of the answer");
        (uint256 setId,,,) = datanets.setOf(datanetId);
        vm.expectCall(
            address(Predeploys.TEXT_ATTRIBUTION),
            abi.encodeCall(ITextAttribution.traceByContributor, (setId, 9, foreignAnswer(), 256))
        );
        settle(id, foreignAnswer());
    }

    function test_AVersionOfTheFutureIsRefused() public {
        (uint256 setId, uint64 version,,) = datanets.setOf(datanetId);
        uint256[] memory credits = new uint256[](1);
        credits[0] = 1;
        Predeploys.TEXT_ATTRIBUTION.traceByContributor(setId, version, answerOf(credits), 1);
        bytes memory refusal =
            abi.encodeWithSelector(IAttributionErrors.UnknownVersion.selector, setId, version + 1, version);
        vm.expectRevert(refusal);
        Predeploys.TEXT_ATTRIBUTION.traceByContributor(setId, version + 1, answerOf(credits), 1);
    }

    function test_OnlyTheBestAreTracedAndTheirNumberIsBounded() public view {
        (uint256 setId, uint64 version,,) = datanets.setOf(datanetId);
        uint256[] memory credits = new uint256[](3);
        (credits[0], credits[1], credits[2]) = (5, 7, 7);
        (uint32[] memory contributors, uint256[] memory found,,,) =
            Predeploys.TEXT_ATTRIBUTION.traceByContributor(setId, version, answerOf(credits), 2);
        vm.assertEq(contributors.length, 2, "contributors");
        vm.assertEq(contributors[0], 2, "first");
        vm.assertEq(contributors[1], 3, "second");
        vm.assertEq(found[1], 7, "credit");
    }

    function test_ACuratorDecidesWhileRequestsAreOpen() public {
        ask(price);
        setStatus(0, 2);
        vm.prank(curator);
        datanets.reassign(datanetId, 1, contributor(2));
        vm.assertEq(versionOf(datanetId), 10, "version");
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
        vm.assertEq(inference.requestInfo(id).version, 2, "version");
        vm.prank(curator);
        vm.assertEq(datanets.acceptSubmission(closed, 0), 1, "row");
    }

    function test_ClaimSendsOnceWhatIsOwed() public {
        settle(ask(price), foreignAnswer());
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
        inference.settle(id, foreignAnswer());
        inference.refund(id);
        vm.assertEq(inference.owed(asker), price, "requester");
    }

    function test_ARequestEndsOnce() public {
        (uint256 settled, uint256 refunded) = (ask(price), ask(price));
        settle(settled, foreignAnswer());
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
        inference.settle(id, foreignAnswer());
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
