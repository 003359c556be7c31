// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Words} from "../doubles/TraceDouble.sol";
import {Vm} from "../Vm.sol";
import {MarketTest} from "./Market.sol";

contract SettlementTest is MarketTest {
    function setUp() public {
        deployMarket();
    }

    function test_APaymentIsDividedByTheTermsAndTheTrace() public {
        uint256 id = ask(10 ether);
        settle(id, answers(quote(300, 100, 0), 10 ether));
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR), 0.5 ether, "protocol");
        vm.assertEq(datanets.reviewFund(datanetId), 0.2 ether, "reviewers");
        vm.assertEq(payouts.escrowOf(Predeploys.DATANETS), 0.2 ether, "reviewers' money");
        vm.assertEq(owed(curator), 0.3 ether, "curator");
        vm.assertEq(owed(trainer), 0.7 ether, "lineage");
        vm.assertEq(owed(address(0x7B)), 0.3 ether, "lineage's second");
        vm.assertEq(owed(contributor(1)), 4.5 ether, "first contributor");
        vm.assertEq(owed(contributor(2)), 1.5 ether, "second contributor");
        vm.assertEq(owed(operator), 2 ether, "operator");
        vm.assertEq(commonsOf(datanetId), 0, "commons");
        vm.assertEq(escrow(), 0, "escrow");
    }

    function test_EachPartIsInALog() public {
        uint256 id = ask(10 ether);
        IInference.Answer[] memory all = answers(quote(300, 100, 600), 10 ether);
        bytes memory signature = voucher(id, all);
        uint256 settlementId = id << 32 | 1;
        vm.recordLogs();
        vm.prank(operator);
        inference.settle(id, all, signature);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        checkAnswered(find(logs, IInference.Answered.selector), id, all[0]);
        Vm.Log memory log = find(logs, IInference.Attributed.selector);
        vm.assertEq(log.topics[1], bytes32(settlementId), "attributed settlement");
        IInference.Attribution[] memory found = abi.decode(log.data, (IInference.Attribution[]));
        vm.assertEq(found.length, 1, "attributions");
        vm.assertEq(found[0].explained, 400, "explained");
        vm.assertEq(found[0].total, 1_000, "total");
        vm.assertEq(found[0].pool, 6 ether, "pool");
        vm.assertEq(found[0].paid, 4 ether, "paid");
        log = find(logs, IInference.ContributorsPaid.selector);
        IInference.Payee[] memory payees = abi.decode(log.data, (IInference.Payee[]));
        vm.assertEq(payees.length, 2, "payees");
        vm.assertEq(payees[0].account, contributor(1), "first payee");
        vm.assertEq(payees[0].amount, 3 ether, "first payee's amount");
        vm.assertEq(payees[0].weight, uint256(5 ether) << 32, "first payee's weight: 300 / (1000 * 0.6) of 10");
        log = find(logs, IInference.PartsPaid.selector);
        checkParts(abi.decode(log.data, (IInference.Part[])), 4 ether, 2 ether);
        log = find(logs, IInference.Settled.selector);
        vm.assertEq(log.topics[2], bytes32(id), "session");
    }

    function find(Vm.Log[] memory logs, bytes32 selector) private pure returns (Vm.Log memory) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == Predeploys.INFERENCE && logs[i].topics[0] == selector) return logs[i];
        }
        revert("no such log");
    }

    /// @dev Data of the `Carried` events, in their order.
    function waitingIn(Vm.Log[] memory logs) private pure returns (bytes[] memory pages) {
        pages = new bytes[](logs.length);
        uint256 count;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInference.Carried.selector) pages[count++] = logs[i].data;
        }
        assembly ("memory-safe") {
            mstore(pages, count)
        }
    }

    function checkAnswered(Vm.Log memory log, uint256 id, IInference.Answer memory given) private pure {
        vm.assertEq(log.topics[1], bytes32(id), "answered session");
        (bytes32 promptHash,, bytes memory output,) = abi.decode(log.data, (bytes32, uint256, bytes, bytes));
        vm.assertEq(promptHash, given.promptHash, "prompt");
        vm.assertEq(output, given.output, "output");
    }

    function checkParts(IInference.Part[] memory parts, uint256 contributors, uint256 common) private pure {
        uint256 sum;
        for (uint256 i = 0; i < parts.length; ++i) {
            sum += parts[i].amount;
            if (parts[i].reason == IPayouts.Reason.Commons) vm.assertEq(parts[i].amount, common, "commons");
        }
        vm.assertEq(sum + contributors, 10 ether, "parts and contributors sum to the payment");
    }

    function test_AboveFullAtTheWholePoolIsPaidAndBelowItThatPart() public {
        settle(ask(10 ether), answers(quote(300, 300, 400), 10 ether));
        vm.assertEq(owed(contributor(1)), 3 ether, "explained at full");
        settle(ask(10 ether), answers(quote(15, 15, 970), 10 ether));
        vm.assertEq(owed(contributor(1)), 3.15 ether, "three of a hundred words: a twentieth of the pool");
        vm.assertEq(commonsOf(datanetId), 5.7 ether, "commons");
    }

    function test_WhatIsWithheldIsTheCommonsAndMakesNothingElseDearer() public {
        Words[] memory words = new Words[](3);
        (words[0], words[1], words[2]) = (Words(0, 300, false), Words(1, 200, true), Words(2, 200, false));
        datanets.setStatus(datanetId, 2, 2);
        datanets.makeRelease(datanetId, 6_000, 10_000, 300);
        IModels.Source[] memory sources = sourcesOf(datanetId);
        sources[0].releaseId = 2;
        uint256 model = models.register(terms(), sources);
        lineageOf(model, trainer, curator);
        offer(model);
        settle(open(model, 1, 7 ether), answers(abi.encode(words, 0), 7 ether));
        vm.assertEq(owed(contributor(1)), 1.8 ether, "three sevenths of 4.2");
        vm.assertEq(owed(contributor(2)), 0, "closed");
        vm.assertEq(owed(contributor(3)), 0, "withdrawn");
        vm.assertEq(commonsOf(datanetId), 2.4 ether, "commons");
    }

    function test_NoContributorGetsMoreThanItsMostOfAnAnswer() public {
        uint256 id = datanetOf(8, 6_000, 2_500, 0);
        uint256 model = models.register(terms(), sourcesOf(id));
        lineageOf(model, trainer, curator);
        offer(model);
        settle(open(model, 1, 10 ether), answers(quote(900, 100, 0), 10 ether));
        vm.assertEq(owed(contributor(1)), 1.5 ether, "a quarter of the pool");
        vm.assertEq(owed(contributor(2)), 0.6 ether, "the other is paid no more");
        vm.assertEq(commonsOf(id), 3.9 ether, "commons");
        vm.assertEq(owed(operator), 2.3 ether, "operator, without a curator's part");
    }

    function test_AnAnswerWithoutWordsIsExplainedByNobody() public {
        settle(ask(10 ether), answers(answerOf(new uint256[](0), 0), 10 ether));
        vm.assertEq(commonsOf(datanetId), 6 ether, "commons");
        vm.assertEq(owed(operator), 2 ether, "operator");
        vm.assertEq(owed(payer), 0, "payer");
    }

    function test_ACheapLongAnswerTakesNothingFromADearShortOne() public {
        uint256 id = open(modelId, 2, 10 ether);
        IInference.Answer[] memory all = new IInference.Answer[](2);
        all[0] = answer(quote(10, 0, 0), 9 ether);
        all[1] = answer(quote(0, 1e9, 0), 1 ether);
        settle(id, all);
        vm.assertEq(owed(contributor(1)), 5.4 ether, "author of the dear answer");
        vm.assertEq(owed(contributor(2)), 0.6 ether, "author of the cheap one");
    }

    function test_ManyAnswersAreSettledAtOnceAndPayWhatEachWouldHave() public {
        uint256 id = open(modelId, 3, 30 ether);
        IInference.Answer[] memory all = new IInference.Answer[](3);
        all[0] = answer(quote(300, 100, 0), 10 ether);
        all[1] = answer(quote(100, 100, 800), 10 ether);
        all[2] = answer(quote(0, 100, 0), 4 ether);
        settle(id, all);
        vm.assertEq(owed(contributor(1)), 5.5 ether, "4.5 and 1");
        vm.assertEq(owed(contributor(2)), 4.9 ether, "1.5, 1 and 2.4");
        vm.assertEq(commonsOf(datanetId), 4 ether, "commons");
        vm.assertEq(owed(payer), 6 ether, "what is left goes back with the last answer");
        vm.assertEq(uint256(inference.sessionInfo(id).status), uint256(IInference.Status.Ended), "ended");
    }

    function test_SourcesShareByTheirWeights() public {
        uint256 other = datanetOf(3, 5_000, 10_000, 1_000);
        uint256 model = models.register(terms(), sourcesOf(datanetId, 7_500, other));
        lineageOf(model, trainer, address(0x7B));
        offer(model);
        settle(open(model, 1, 10 ether), answers(quote(300, 100, 600), 10 ether));
        // Of 4.5: 300 and 100 of 1,000 at 60 %. Of 1.5: of 1,000 at 50 %.
        vm.assertEq(owed(contributor(1)), 2.25 ether + 0.9 ether, "first contributor of both");
        vm.assertEq(owed(contributor(2)), 0.75 ether + 0.3 ether, "second contributor of both");
        vm.assertEq(commonsOf(datanetId), 1.5 ether, "first commons");
        vm.assertEq(commonsOf(other), 0.3 ether, "second commons");
        vm.assertEq(owed(curator), 0.225 ether + 0.25 ether, "the curator of both, by weight");
        vm.assertEq(datanets.reviewFund(datanetId), 0.15 ether, "first reviewers");
        vm.assertEq(datanets.reviewFund(other), 0.05 ether, "second reviewers");
    }

    function test_WhoIsPaidCanDrawFromTheCommonsNoMoreThanTheFeeThatItBore() public {
        settle(ask(10 ether), answers(quote(300, 100, 600), 10 ether));
        (uint64 epoch,,) = commons.epochNow();
        (uint256 weight, uint256 cap) = commons.creditOf(datanetId, epoch, contributor(1));
        vm.assertEq(weight, 3 ether, "weight");
        vm.assertEq(cap, 0.15 ether, "five per cent of what it was paid");
    }

    function test_WithoutSourcesTheContributorsPoolIsEverybodys() public {
        uint256 model = models.register(terms(), new IModels.Source[](0));
        lineageOf(model, trainer, address(0));
        offer(model);
        settle(open(model, 1, 10 ether), answers(quote(1, 1, 0), 10 ether));
        // The pool, the reviewers' part, and three tenths of the lineage's, which have nobody.
        vm.assertEq(commonsOf(0), 6.5 ether, "commons of all");
        vm.assertEq(owed(operator), 2.3 ether, "operator");
        vm.assertEq(owed(trainer), 0.7 ether, "trainer");
    }

    function test_ADatanetWithoutACuratorKeepsItsPart() public {
        datanets.setCurator(datanetId, address(0));
        settle(ask(10 ether), answers(quote(1, 1, 0), 10 ether));
        vm.assertEq(commonsOf(datanetId), 0.3 ether, "commons");
        vm.assertEq(owed(operator), 2 ether, "operator");
    }

    function test_NothingIsPaidByTermsThatChanged() public {
        uint256 id = ask(10 ether);
        bytes32 agreed = hashOf(modelId);
        IInference.Answer[] memory all = answers(quote(1, 1, 0), 10 ether);
        bytes memory signature = voucher(id, all);
        models.tamper(modelId, 0);
        bytes32 actual = hashOf(modelId);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.WrongTerms.selector, agreed, actual));
        inference.settle(id, all, signature);
        vm.warp(block.timestamp + 601);
        inference.refund(id);
        vm.assertEq(owed(payer), 10 ether, "payer");
    }

    /// @dev As many as a lineage may have.
    function test_ALineageOfManyIsPaidToTheWei() public {
        (address[] memory accounts, uint256[] memory weights) = (new address[](64), new uint256[](64));
        for (uint256 i = 0; i < 64; ++i) {
            (accounts[i], weights[i]) = (address(uint160(0x11AE0000 + i)), 15_625_000);
        }
        uint256 model = models.register(terms(), sourcesOf(datanetId));
        models.setLineage(model, accounts, weights);
        offer(model);
        vm.recordLogs();
        settle(open(model, 1, 10 ether), answers(quote(300, 100, 0), 10 ether));
        Vm.Log memory log = find(vm.getRecordedLogs(), IInference.PartsPaid.selector);
        vm.assertEq(abi.decode(log.data, (IInference.Part[])).length, 4 + 64, "each part is told");
        for (uint256 i = 0; i < 64; ++i) {
            vm.assertEq(owed(accounts[i]), 1 ether / 64, "each has its own");
        }
        vm.assertEq(escrow(), 0, "escrow");
    }

    // ---- More contributors than one settlement pays

    function crowd(uint256 count) private returns (uint256 id, bytes memory output) {
        id = datanetOf(count, 6_000, 10_000, 300);
        uint256[] memory credits = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            credits[i] = count - i;
        }
        output = answerOf(credits, 0);
    }

    function test_PayeesBeyondTheBoundAreCarriedAndNeverDropped() public {
        (uint256 id, bytes memory output) = crowd(300);
        uint256 model = models.register(terms(), sourcesOf(id));
        lineageOf(model, trainer, address(0x7B));
        offer(model);
        IInference.Answer[] memory all = answers(output, 10 ether);
        uint256 sessionId = open(model, 1, 10 ether);
        bytes memory signature = voucher(sessionId, all);
        vm.recordLogs();
        vm.prank(operator);
        uint256 settlementId = inference.settle(sessionId, all, signature);
        bytes[] memory pages = waitingIn(vm.getRecordedLogs());
        vm.assertEq(pages.length, 2, "of 128 and 44");
        bytes32 last = keccak256(abi.encode(keccak256(pages[1]), bytes32(0)));
        (uint256 amount, bytes32 hash) = inference.carriedOf(settlementId);
        vm.assertEq(hash, keccak256(abi.encode(keccak256(pages[0]), last)), "hash of the pages");
        vm.assertEq(escrow(), amount, "what waits is still escrow");
        vm.assertEq(owed(contributor(128)) == 0 ? 1 : 0, 0, "paid at once");
        vm.assertEq(owed(contributor(129)), 0, "not yet");

        expectNotTheirTurn(settlementId, "others", last);
        expectNotTheirTurn(settlementId, pages[0], 0);
        expectNotTheirTurn(settlementId, pages[1], 0);
        vm.recordLogs();
        inference.carry(settlementId, pages[0], last);
        Vm.Log memory log = find(vm.getRecordedLogs(), IInference.ContributorsPaid.selector);
        vm.assertEq(log.data, pages[0], "told again when they are paid");
        vm.assertTrue(owed(contributor(256)) != 0, "paid now");
        vm.assertEq(owed(contributor(257)), 0, "not yet");
        (amount, hash) = inference.carriedOf(settlementId);
        vm.assertEq(hash, last, "one page left");
        vm.assertEq(escrow(), amount, "and its money");
        expectNotTheirTurn(settlementId, pages[0], last);
        inference.carry(settlementId, pages[1], 0);
        expectNotTheirTurn(settlementId, pages[1], 0);
        (amount, hash) = inference.carriedOf(settlementId);
        vm.assertTrue(amount == 0 && hash == 0, "nobody waits");

        uint256 sum;
        for (uint256 i = 1; i <= 300; ++i) {
            sum += owed(contributor(i));
            vm.assertTrue(owed(contributor(i)) >= 6 ether * (301 - i) / 45_150, "each has its share");
        }
        vm.assertEq(sum, 6 ether, "all of the pool");
        vm.assertEq(escrow(), 0, "escrow");
    }

    function expectNotTheirTurn(uint256 settlementId, bytes memory page, bytes32 rest) private {
        vm.expectRevert(abi.encodeWithSelector(IInference.WrongPayees.selector, settlementId));
        inference.carry(settlementId, page, rest);
    }

    /// @dev Those whom a model credits in one answer are bounded over all its sources, not for each.
    function test_AllPoolsOfAnAnswerShareTheBoundOfContributors() public {
        (uint256 first, bytes memory output) = crowd(2_100);
        (uint256 second,) = crowd(2_100);
        uint256 model = models.register(terms(), sourcesOf(first, 5_000, second));
        lineageOf(model, trainer, address(0x7B));
        offer(model);
        uint256 sessionId = open(model, 1, PRICE);
        vm.recordLogs();
        settle(sessionId, answers(output, PRICE));
        bytes[] memory pages = waitingIn(vm.getRecordedLogs());
        vm.assertEq(pages.length, 23, "1,536 of each");
        vm.assertTrue(commonsOf(first) != 0 && commonsOf(second) != 0, "what the others had is the commons'");
    }

    // ---- Many numbers of one account

    /// @dev Each row that changed hands has a number of its own. Here the same author has three of them.
    function test_AnAccountHasOneMostUnderAllOfItsNumbers() public {
        uint256 id = datanetOf(4, 6_000, 2_500, 300);
        datanets.reassign(id, 1, contributor(1));
        datanets.reassign(id, 2, contributor(1));
        uint256 model = models.register(terms(), sourcesOf(id));
        lineageOf(model, trainer, address(0x7B));
        offer(model);
        uint256[] memory credits = new uint256[](4);
        (credits[0], credits[1], credits[2], credits[3]) = (300, 200, 300, 200);
        uint256 before = commonsOf(id);
        vm.recordLogs();
        settle(open(model, 1, 10 ether), answers(answerOf(credits, 0), 10 ether));
        vm.assertEq(owed(contributor(1)), 1.5 ether, "a quarter of six, for eight tenths of the words");
        vm.assertEq(owed(contributor(4)), 1.2 ether, "the other's fifth");
        vm.assertEq(commonsOf(id) - before, 3.3 ether, "the rest is the commons'");
        Vm.Log memory log = find(vm.getRecordedLogs(), IInference.ContributorsPaid.selector);
        IInference.Payee[] memory payees = abi.decode(log.data, (IInference.Payee[]));
        vm.assertEq(payees.length, 4, "each number is told");
        vm.assertEq(payees[0].amount, 0.5625 ether, "with its part of the most: three eighths");
    }

    // ---- Fuzz

    function testFuzz_SharesSumToThePaymentToTheWei(
        uint96 payment,
        uint64[6] calldata seeds,
        uint64 unexplained,
        uint16[4] calldata bps
    ) public {
        uint256 paid = bound(payment, 0, 1e26);
        uint256 id = datanetOf(6, uint16(bound(bps[0], 0, 10_000)), uint16(bound(bps[1], 0, 10_000)), 300);
        IModels.Terms memory made = terms();
        made.price = 0;
        made.contributorBps = uint16(bound(bps[2], 0, 9_000));
        made.lineageBps = 0;
        uint256 model = models.register(made, sourcesOf(datanetId, uint16(bound(bps[3], 0, 10_000)), id));
        offer(model);
        uint256[] memory credits = new uint256[](6);
        for (uint256 i = 0; i < 6; ++i) {
            credits[i] = seeds[i];
        }
        settle(open(model, 1, paid), answers(answerOf(credits, unexplained), paid));
        uint256 sum = owed(Predeploys.FEE_DISTRIBUTOR) + owed(curator) + owed(operator) + owed(payer);
        for (uint256 i = 1; i <= 8; ++i) {
            sum += owed(contributor(i));
        }
        sum += payouts.escrowOf(Predeploys.DATANETS) + payouts.escrowOf(Predeploys.COMMONS);
        vm.assertEq(sum, paid, "sum");
        vm.assertEq(escrow(), 0, "escrow");
        vm.assertEq(commons.held(), payouts.escrowOf(Predeploys.COMMONS), "all of the commons is some datanet's");
        vm.assertTrue(owed(operator) >= paid * (10_000 - 700 - 300 - made.contributorBps) / 10_000, "operator");
    }
}
