// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Wallet} from "../money/Money.sol";
import {MarketTest} from "./Market.sol";

contract VouchersTest is MarketTest {
    function setUp() public {
        deployMarket();
    }

    function settleWith(uint256 id, IInference.Answer[] memory all, bytes memory signature) private {
        vm.prank(operator);
        inference.settle(id, all, signature);
    }

    function expectNotSigned(uint256 id, IInference.Answer[] memory all, bytes memory signature) private {
        bytes32 expected = digest(id, all);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotSigned.selector, payer, expected));
        inference.settle(id, all, signature);
    }

    function two() private pure returns (IInference.Answer[] memory all) {
        all = new IInference.Answer[](2);
        (all[0], all[1]) = (answer(quote(1, 0, 0), 1 ether), answer(quote(0, 1, 0), 2 ether));
    }

    function test_TheDigestIsThatOfEip712() public view {
        bytes32 domain = domainOf("Tributary Inference", block.chainid, Predeploys.INFERENCE);
        vm.assertEq(division.domainSeparator(), domain, "domain");
        bytes32 kind = keccak256("Voucher(uint256 session,uint32 count,uint256 amount,bytes32 answers)");
        vm.assertEq(
            division.voucherDigest(3, 2, 5 ether, "head"),
            digestOf(domain, keccak256(abi.encode(kind, 3, 2, 5 ether, bytes32("head")))),
            "voucher"
        );
        kind = keccak256("Receipt(uint256 session,uint32 index,bytes32 promptHash)");
        vm.assertEq(
            division.receiptDigest(3, 2, "prompt"),
            digestOf(domain, keccak256(abi.encode(kind, 3, 2, bytes32("prompt")))),
            "receipt"
        );
    }

    function test_AnswersAreChainedInTheirOrderWithTheirPricesAndQueries() public view {
        IInference.Answer[] memory all = two();
        all[1].query = "query";
        bytes32 head = "before";
        for (uint32 i = 0; i < 2; ++i) {
            head = keccak256(
                abi.encode(
                    head, i + 5, all[i].promptHash, keccak256(all[i].output), keccak256(all[i].query), all[i].amount
                )
            );
        }
        (bytes32 found, uint256 amount, bytes32 signedDigest) = division.voucherOf(9, "before", 5, 4 ether, all);
        vm.assertEq(found, head, "head");
        vm.assertEq(amount, 3 ether, "amount");
        vm.assertEq(signedDigest, division.voucherDigest(9, 6, 7 ether, head), "digest");
    }

    function test_OnlyTextThatThePayerSignedForIsAttributed() public {
        uint256 id = open(modelId, 2, 3 ether);
        IInference.Answer[] memory all = two();
        bytes memory signature = voucher(id, all);
        IInference.Answer[] memory other = two();
        other[1].output = quote(0, 1, 1);
        expectNotSigned(id, other, signature);
        other = two();
        other[1].amount = 1 ether;
        expectNotSigned(id, other, signature);
        other = two();
        other[1].query = "steered";
        expectNotSigned(id, other, signature);
        other = two();
        other[0].promptHash = "another prompt";
        expectNotSigned(id, other, signature);
        other = two();
        (other[0], other[1]) = (other[1], other[0]);
        expectNotSigned(id, other, signature);
        settleWith(id, all, signature);
    }

    function test_AFooterThatThePayerDidNotSignForIsNotPaid() public {
        uint256 id = ask(1 ether);
        bytes memory signature = voucher(id, answers(quote(1, 0, 0), 1 ether));
        expectNotSigned(id, answers(quote(1, 99, 0), 1 ether), signature);
    }

    function test_AVoucherIsUsedOnceAndForItsSessionAndChainAlone() public {
        uint256 first = open(modelId, 2, 3 ether);
        uint256 second = open(modelId, 2, 3 ether);
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        bytes memory signature = voucher(first, all);
        expectNotSigned(second, all, signature);
        vm.chainId(block.chainid + 1);
        expectNotSigned(first, all, signature);
        vm.chainId(block.chainid - 1);
        settleWith(first, all, signature);
        expectNotSigned(first, all, signature);
    }

    function test_VouchersAreCumulativeAndMayBeSettledInSteps() public {
        uint256 id = open(modelId, 4, 10 ether);
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        settle(id, all);
        settle(id, two());
        IInference.Session memory session = inference.sessionInfo(id);
        vm.assertEq(session.answers, 3, "answers");
        vm.assertEq(session.paid, 4 ether, "paid");
        vm.assertEq(session.settlements, 2, "settlements");
        vm.assertEq(session.left, 6 ether, "left");
    }

    function test_AMalleableSignatureSettlesNothingTwice() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        expectNotSigned(id, all, twin(voucher(id, all)));
        expectNotSigned(id, all, "");
        expectNotSigned(id, all, signed(OPERATOR_KEY, digest(id, all)));
    }

    function test_AContractThatPaysSignsByItsOwnRule() public {
        address wallet = address(new Wallet(payer));
        vm.deal(wallet, 10 ether);
        IInference.Opening memory asked = opening(modelId, 1);
        vm.prank(wallet);
        uint256 id = inference.open{value: 1 ether}(asked, "");
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        bytes32 expected = digest(id, all);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotSigned.selector, wallet, expected));
        inference.settle(id, all, signed(OPERATOR_KEY, expected));
        settleWith(id, all, signed(PAYER_KEY, expected));
        vm.assertEq(owed(operator), 0.2 ether, "operator");
    }

    function test_AKeyWithDelegatedCodeStillSigns() public {
        uint256 id = ask(1 ether);
        vm.etch(payer, hex"5f5ffd");
        settle(id, answers(quote(1, 0, 0), 1 ether));
    }

    function test_OnlyTheOperatorBringsNewAnswers() public {
        uint256 id = ask(1 ether);
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        bytes memory signature = voucher(id, all);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOperator.selector, id, payer));
        inference.settle(id, all, signature);
    }

    function test_AnswersAreInTimeWithinTheEscrowAndNotEmpty() public {
        uint256 id = open(modelId, 2, 2 ether);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.EscrowTooSmall.selector, 2 ether, 3 ether));
        inference.settle(id, two(), "");
        vm.expectRevert(abi.encodeWithSelector(IInference.EmptyAnswer.selector, 1));
        inference.settle(id, answers("", 1 ether), "");
        vm.expectRevert(abi.encodeWithSelector(IInference.InvalidAnswers.selector, 0));
        inference.settle(id, new IInference.Answer[](0), "");
        vm.expectRevert(abi.encodeWithSelector(IInference.InvalidAnswers.selector, 3));
        inference.settle(id, new IInference.Answer[](3), "");
        vm.stopPrank();
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        bytes memory signature = voucher(id, all);
        vm.warp(block.timestamp + 601);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooLate.selector, id, block.timestamp - 1));
        inference.settle(id, all, signature);
    }

    function test_TheFirstAnswerIsToThePromptThatWasNamed() public {
        IInference.Opening memory asked = opening(modelId, 1);
        vm.prank(payer);
        uint256 id = inference.open{value: 1 ether}(asked, "what?");
        IInference.Answer[] memory all = answers(quote(1, 0, 0), 1 ether);
        vm.prank(operator);
        vm.expectRevert(
            abi.encodeWithSelector(IInference.WrongPrompt.selector, keccak256("what?"), keccak256("prompt"))
        );
        inference.settle(id, all, "");
        all[0].promptHash = keccak256("what?");
        settle(id, all);
    }

    // ---- Receipts

    function receipt(uint256 id, uint32 index, bytes32 promptHash) private view returns (bytes memory) {
        return signed(OPERATOR_KEY, division.receiptDigest(id, index, promptHash));
    }

    function link(IInference.Answer memory given) private pure returns (IInference.Link memory) {
        return IInference.Link(given.promptHash, keccak256(given.output), keccak256(given.query), given.amount);
    }

    function show(uint256 id, uint32 index, bytes32 promptHash, bytes32 before, IInference.Link[] memory links)
        private
    {
        inference.showReceipt(id, index, promptHash, receipt(id, index, promptHash), before, links);
    }

    function locked() private view returns (uint256 amount) {
        (, amount,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
    }

    function test_APromiseThatWasNotKeptCostsTheOperatorItsPenalty() public {
        uint256 id = open(modelId, 2, 2 ether);
        bytes memory signature = receipt(id, 2, "asked");
        IInference.Link[] memory none = new IInference.Link[](0);
        vm.expectRevert(abi.encodeWithSelector(IInference.TooEarly.selector, id, block.timestamp + 601));
        inference.showReceipt(id, 2, "asked", signature, 0, none);
        vm.warp(block.timestamp + 601);
        inference.refund(id);
        inference.showReceipt(id, 2, "asked", signature, 0, none);
        vm.assertEq(owed(payer), 2 ether + PENALTY / 2, "payer");
        vm.assertEq(locked(), STAKE - PENALTY, "stake");
        vm.expectRevert(abi.encodeWithSelector(IInference.AlreadyShown.selector, id));
        inference.showReceipt(id, 2, "asked", signature, 0, none);
    }

    function test_APromiseIsTheOperatorsOwn() public {
        uint256 id = ask(1 ether);
        vm.warp(block.timestamp + 601);
        bytes32 promised = division.receiptDigest(id, 1, "asked");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotPromised.selector, operator, promised));
        inference.showReceipt(id, 1, "asked", signed(PAYER_KEY, promised), 0, new IInference.Link[](0));
    }

    /// @dev Its word could be another one later. A payer takes no receipt of it.
    function test_AContractGivesNoReceipts() public {
        uint256 id = ask(1 ether);
        vm.etch(operator, address(new Wallet(payer)).code);
        vm.warp(block.timestamp + 601);
        bytes32 promised = division.receiptDigest(id, 1, "asked");
        bytes memory signature = signed(PAYER_KEY, promised);
        vm.assertTrue(division.isSigned(operator, promised, signature), "the contract says that it signed");
        vm.expectRevert(abi.encodeWithSelector(IInference.NotPromised.selector, operator, promised));
        inference.showReceipt(id, 1, "asked", signature, 0, new IInference.Link[](0));
    }

    function test_APromiseThatWasKeptCostsNothing() public {
        uint256 id = open(modelId, 3, 3 ether);
        IInference.Answer[] memory all = two();
        settle(id, all);
        vm.prank(operator);
        inference.refund(id);
        IInference.Link[] memory links = new IInference.Link[](2);
        (links[0], links[1]) = (link(all[0]), link(all[1]));
        expectNotBroken(id, 1, keccak256("prompt"), 0, links);
        // The same promise with a chain that is not the session's.
        links[0].promptHash = "forged";
        expectNotBroken(id, 1, keccak256("prompt"), 0, links);
        expectNotBroken(id, 1, keccak256("prompt"), 0, new IInference.Link[](0));
        // Places that no answer can have.
        expectNotBroken(id, 0, "asked", 0, links);
        expectNotBroken(id, 4, "asked", 0, links);
        vm.assertEq(locked(), STAKE, "stake");
    }

    function expectNotBroken(
        uint256 id,
        uint32 index,
        bytes32 promptHash,
        bytes32 before,
        IInference.Link[] memory links
    ) private {
        bytes memory signature = receipt(id, index, promptHash);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotBroken.selector, id, index));
        inference.showReceipt(id, index, promptHash, signature, before, links);
    }

    function test_WhoAnsweredAnotherPromptInsteadBrokeItsPromise() public {
        uint256 id = open(modelId, 3, 3 ether);
        IInference.Answer[] memory all = two();
        settle(id, all);
        vm.prank(operator);
        inference.refund(id);
        IInference.Link[] memory links = new IInference.Link[](1);
        links[0] = link(all[1]);
        IInference.Answer[] memory before = new IInference.Answer[](1);
        before[0] = all[0];
        (bytes32 head,,) = division.voucherOf(id, 0, 1, 0, before);
        show(id, 2, "asked", head, links);
        vm.assertEq(locked(), STAKE - PENALTY, "stake");
    }

    function test_APromiseIsShownOnlyWhenNothingIsOpenAndBeforeTheStakeIsFree() public {
        uint256 id = open(modelId, 2, 2 ether);
        bytes memory signature = receipt(id, 2, "asked");
        IInference.Link[] memory none = new IInference.Link[](0);
        post(id, answers(quote(1, 0, 0), 1 ether));
        vm.expectRevert(abi.encodeWithSelector(IInference.IsPending.selector, id));
        inference.showReceipt(id, 2, "asked", signature, 0, none);
        vm.warp(block.timestamp + CONTEST + 1);
        inference.finalize(id);
        inference.refund(id);
        vm.warp(block.timestamp + CONTEST + 1);
        inference.close(id);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotOpen.selector, id, IInference.Status.Closed));
        inference.showReceipt(id, 2, "asked", signature, 0, none);
    }
}
