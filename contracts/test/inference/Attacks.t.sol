// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Rejecter} from "../money/Money.sol";
import {Words} from "../doubles/TraceDouble.sol";
import {MarketTest} from "./Market.sol";

/// @notice What was tried against payments, and what it brings.
contract AttacksTest is MarketTest {
    function setUp() public {
        deployMarket();
    }

    function wait() private {
        vm.warp(block.timestamp + CONTEST + 1);
    }

    function test_AnAnswerThatEvadesAttributionIsNoRefund() public {
        // Payer and operator agree on words that nobody contributed.
        settle(ask(10 ether), answers(answerOf(new uint256[](0), 1_000), 10 ether));
        vm.assertEq(owed(payer), 0, "payer");
        vm.assertEq(owed(operator), 2 ether, "operator: no more than of any other answer");
        vm.assertEq(commonsOf(datanetId), 6 ether, "commons");
    }

    function test_AnOperatorsOwnWordsInAnAnswerPayItNothingWithoutThePayer() public {
        // The operator contributed row 8, and adds its words as a footer.
        datanets.contribute(datanetId, operator);
        datanets.makeRelease(datanetId, 6_000, 10_000, 300);
        IModels.Source[] memory sources = sourcesOf(datanetId);
        sources[0].releaseId = 2;
        uint256 model = models.register(terms(), sources);
        lineageOf(model, trainer, curator);
        offer(model);
        uint256[] memory credits = new uint256[](9);
        (credits[0], credits[8]) = (100, 900);
        uint256 id = open(model, 1, 1 ether);
        post(id, answers(answerOf(credits, 0), PRICE));
        wait();
        inference.finalize(id);
        vm.assertEq(owed(operator), 0.2 ether, "operator");
        vm.assertEq(commonsOf(datanetId), 0.6 ether, "commons");
    }

    function test_BlankGlyphsAndCommentsMakeNothingDearer() public {
        // What is no word weighs nothing; foreign words only lower what is explained.
        settle(ask(10 ether), answers(quote(300, 100, 0), 10 ether));
        uint256 plain = owed(contributor(1));
        settle(ask(10 ether), answers(quote(300, 100, 10_000), 10 ether));
        vm.assertTrue(owed(contributor(1)) - plain < plain, "contributor");
        vm.assertEq(owed(operator), 4 ether, "operator: the same for both");
    }

    function test_ATwoWordSquatterDoesNotTakeAWholePool() public {
        settle(ask(10 ether), answers(quote(2, 0, 98), 10 ether));
        vm.assertEq(owed(contributor(1)), 0.2 ether, "two of sixty words");
        vm.assertEq(commonsOf(datanetId), 5.8 ether, "commons");
    }

    function test_ARegisteredAnswerIsNotTracedTo() public {
        uint256 id = ask(10 ether);
        // The answer is known and contributed before it is settled, in a row that it would be traced to.
        uint64 row = datanets.contribute(datanetId, address(0xBAD));
        datanets.makeRelease(datanetId, 6_000, 10_000, 300);
        Words[] memory words = new Words[](1);
        words[0] = Words(row, 1_000, false);
        settle(id, answers(abi.encode(words, 0), 10 ether));
        vm.assertEq(owed(address(0xBAD)), 0, "who registered it");
        vm.assertEq(commonsOf(datanetId), 6 ether, "commons");
        // Nor by a session that is opened later, as long as the model names the release before.
        settle(ask(10 ether), answers(abi.encode(words, 0), 10 ether));
        vm.assertEq(owed(address(0xBAD)), 0, "who registered it, later");
    }

    function test_DisowningPaysTheAuthorFromTheNextSessionOn() public {
        uint256 before = ask(10 ether);
        datanets.reassign(datanetId, 0, address(0xA0));
        uint256 later = ask(10 ether);
        settle(before, answers(quote(1, 0, 0), 10 ether));
        vm.assertEq(owed(contributor(1)), 6 ether, "what was open pays whom it named");
        settle(later, answers(quote(1, 0, 0), 10 ether));
        vm.assertEq(owed(contributor(1)), 6 ether, "the thief");
        vm.assertEq(owed(address(0xA0)), 6 ether, "the author, of a release from before");
    }

    function test_SelfRequestsCostTheProtocolsFeeAndTheCommonsGivesNoMoreBack() public {
        // Payer, operator, contributor, trainer and curator are one.
        uint256 own = datanetOf(0, 6_000, 10_000, 300);
        datanets.setCurator(own, payer);
        datanets.contribute(own, payer);
        datanets.makeRelease(own, 6_000, 10_000, 300);
        IModels.Source[] memory sources = sourcesOf(own);
        sources[0].releaseId = 2;
        uint256 model = models.register(terms(), sources);
        lineageOf(model, payer, payer);
        offer(model);
        // Somebody else's payment leaves six in the commons of this datanet.
        settle(open(model, 1, 10 ether), answers(answerOf(new uint256[](0), 1), 10 ether));
        uint256 before = owed(payer) + owed(operator);
        uint256[] memory credits = new uint256[](1);
        credits[0] = 1;
        settle(open(model, 1, 100 ether), answers(answerOf(credits, 0), 100 ether));
        uint256 back = owed(payer) + owed(operator) - before;
        vm.assertEq(back, 93 ether, "without the protocol's and the reviewers' parts");
        (uint64 epoch,,) = commons.epochNow();
        vm.warp(block.timestamp + 7 days + 1);
        commons.draw(own, epoch, payer);
        uint256 all = owed(payer) + owed(operator) - before;
        vm.assertEq(all - back, 3 ether, "five per cent of what it was paid as a contributor");
        vm.assertTrue(all < 100 ether, "less than was paid");
    }

    function test_ARecipientThatRejectsItsMoneyStopsNobody() public {
        Rejecter rejecter = new Rejecter();
        uint256 own = datanetOf(0, 6_000, 10_000, 300);
        datanets.contribute(own, address(rejecter));
        datanets.contribute(own, contributor(1));
        datanets.makeRelease(own, 6_000, 10_000, 300);
        IModels.Source[] memory sources = sourcesOf(own);
        sources[0].releaseId = 2;
        uint256 model = models.register(terms(), sources);
        lineageOf(model, trainer, curator);
        offer(model);
        settle(open(model, 1, 10 ether), answers(quote(1, 1, 0), 10 ether));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector, address(rejecter), 3 ether));
        rejecter.claim(payable(address(rejecter)));
        vm.prank(contributor(1));
        payouts.claim(payable(contributor(1)));
        vm.assertEq(contributor(1).balance, 3 ether, "the other is paid");
        rejecter.claim(payable(address(0xD00D)));
        vm.assertEq(address(0xD00D).balance, 3 ether, "and it, elsewhere");
    }

    function test_AnOperatorCannotSettleForItselfWhatThePayerContests() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(1, 0, 0), PRICE);
        bytes memory signature = voucher(id, all);
        post(id, all);
        contest(id, 1);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.HasCases.selector, id, 1));
        inference.settle(id, all, signature);
    }

    function test_AnOperatorSavesNoStakeByWrongingItself() public {
        // Before a case that it will lose is ruled, it breaks promises to itself.
        uint256 victim = ask(1 ether);
        post(victim, answers(answerOf(new uint256[](0), 0), PRICE));
        uint256 caseId = contest(victim, 1);
        address friend = address(0xF0);
        vm.deal(friend, 10 ether);
        IInference.Opening memory asked = opening(modelId, 1);
        for (uint256 i = 0; i < 5; ++i) {
            if (i > 0) stake(operator, PENALTY);
            vm.prank(friend);
            uint256 id = inference.open{value: 1 ether}(asked, "");
            vm.prank(operator);
            inference.refund(id);
            bytes memory signature = signed(OPERATOR_KEY, division.receiptDigest(id, 1, "asked"));
            inference.showReceipt(id, 1, "asked", signature, 0, new IInference.Link[](0));
        }
        vm.assertEq(owed(friend), 5 ether + 5 * PENALTY / 2, "half of what it loses");
        // To open each next session the stake had to be whole again.
        juries.ruleNow(caseId, true);
        vm.assertEq(owed(payer), 2 ether + PENALTY / 2, "the victim");
    }

    function test_DustIsPaidToTheWei() public {
        IModels.Terms memory free = terms();
        free.price = 0;
        uint256 model = models.register(free, sourcesOf(datanetId));
        lineageOf(model, trainer, curator);
        offer(model);
        for (uint256 wei_ = 0; wei_ < 25; ++wei_) {
            uint256 before = sum();
            settle(open(model, 1, wei_), answers(quote(1, 2, 1), wei_));
            vm.assertEq(sum() - before, wei_, "sum");
        }
        vm.assertEq(escrow(), 0, "escrow");
    }

    function sum() private view returns (uint256) {
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        return owedTotal + escrowTotal;
    }

    function test_ASessionOfManyAnswersCannotBeDrainedByOne() public {
        uint256 id = open(modelId, 10, 10 ether);
        // Unsigned, no answer costs more than its price.
        post(id, answers(quote(1, 0, 0), PRICE));
        wait();
        inference.finalize(id);
        inference.refund(id);
        vm.assertEq(owed(payer), 9 ether, "payer");
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR), 0.05 ether, "protocol");
    }
}
