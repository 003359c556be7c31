// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Payouts} from "../../src/l2/money/Payouts.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Forcer, MoneyTest, Reentrant, Rejecter, Wallet} from "./Money.sol";

contract PayoutsTest is MoneyTest {
    uint256 private constant KEY = 0xA11CE;
    address private constant BOB = address(0xB0B);
    address private constant COLD = address(0xC01D);
    address payable private constant SAFE = payable(address(0x5AFE));
    uint64 private constant DELAY = 2 days;

    address private alice;

    function setUp() public {
        deployMoney();
        alice = vm.addr(KEY);
    }

    // ---- Escrow

    function test_WhatIsHeldIsTheModulesEscrow() public {
        holdAs(MODULE, 3 ether);
        vm.assertEq(payouts.escrowOf(MODULE), 3 ether, "escrow");
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(owedTotal, 0, "nothing owed");
        vm.assertEq(escrowTotal, 3 ether, "total");
    }

    function test_ReleasePaysEachAndLeavesTheRest() public {
        holdAs(MODULE, 10 ether);
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](3);
        credits[0] = IPayouts.Credit(alice, 1 ether, IPayouts.Reason.Contributor);
        credits[1] = IPayouts.Credit(BOB, 2 ether, IPayouts.Reason.Operator);
        credits[2] = IPayouts.Credit(alice, 4 ether, IPayouts.Reason.Curator);
        vm.expectEmit(Predeploys.PAYOUTS);
        emit IPayouts.Credited(MODULE, alice, "ref", 1 ether, IPayouts.Reason.Contributor);
        vm.prank(MODULE);
        payouts.release(credits, "ref");
        vm.assertEq(payouts.owed(alice), 5 ether, "alice");
        vm.assertEq(payouts.owed(BOB), 2 ether, "bob");
        vm.assertEq(payouts.escrowOf(MODULE), 3 ether, "escrow");
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(owedTotal, 7 ether, "owed");
        vm.assertEq(escrowTotal, 3 ether, "total");
    }

    function test_AModuleGivesAwayNoMoreThanItsOwnEscrow() public {
        holdAs(MODULE, 1 ether);
        holdAs(BOB, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.EscrowTooSmall.selector, MODULE, 1 ether, 2 ether));
        vm.prank(MODULE);
        payouts.release(one(alice, 2 ether), "");
        vm.expectRevert(abi.encodeWithSelector(IPayouts.EscrowTooSmall.selector, MODULE, 1 ether, 2 ether));
        vm.prank(MODULE);
        payouts.move(BOB, 2 ether);
    }

    function test_ASumThatOverflowsIsNoWayIn() public {
        holdAs(MODULE, 1 ether);
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](2);
        credits[0] = IPayouts.Credit(alice, type(uint256).max, IPayouts.Reason.Contributor);
        credits[1] = IPayouts.Credit(BOB, 1 ether + 1, IPayouts.Reason.Contributor);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vm.prank(MODULE);
        payouts.release(credits, "");
        credits[1].amount = 0;
        vm.expectRevert(abi.encodeWithSelector(IPayouts.EscrowTooSmall.selector, MODULE, 1 ether, type(uint256).max));
        vm.prank(MODULE);
        payouts.release(credits, "");
    }

    function test_NothingIsOwedToTheZeroAddress() public {
        holdAs(MODULE, 1 ether);
        vm.expectRevert(IPayouts.ZeroAccount.selector);
        vm.prank(MODULE);
        payouts.release(one(address(0), 1), "");
        vm.expectRevert(IPayouts.ZeroAccount.selector);
        vm.prank(MODULE);
        payouts.move(address(0), 1);
    }

    function test_PartsOfNothingAreNoCredit() public {
        holdAs(MODULE, 1 ether);
        vm.recordLogs();
        vm.prank(MODULE);
        payouts.release(one(address(0), 0), "");
        vm.assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_EscrowMovesBetweenModules() public {
        holdAs(MODULE, 3 ether);
        vm.prank(MODULE);
        payouts.move(BOB, 2 ether);
        vm.assertEq(payouts.escrowOf(MODULE), 1 ether, "from");
        vm.assertEq(payouts.escrowOf(BOB), 2 ether, "to");
        vm.prank(MODULE);
        payouts.move(MODULE, 1 ether);
        vm.assertEq(payouts.escrowOf(MODULE), 1 ether, "to itself nothing changes");
    }

    // ---- Claims

    function test_AnAccountClaimsToAnywhereAndOnce() public {
        owe(alice, 3 ether);
        vm.prank(alice);
        vm.assertEq(payouts.claim(SAFE), 3 ether, "amount");
        vm.assertEq(SAFE.balance, 3 ether, "paid");
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, alice));
        vm.prank(alice);
        payouts.claim(SAFE);
    }

    function test_NobodyElseClaims() public {
        owe(alice, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, alice, BOB));
        vm.prank(BOB);
        payouts.claimFor(list(alice), payable(BOB));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, BOB));
        vm.prank(BOB);
        payouts.claim(payable(BOB));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, alice, MODULE));
        vm.prank(MODULE);
        payouts.claimFor(list(alice), payable(MODULE));
    }

    function test_AContractThatRejectsMoneyClaimsToAnother() public {
        Rejecter rejecter = new Rejecter();
        owe(address(rejecter), 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector, rejecter, 3 ether));
        rejecter.claim(payable(address(rejecter)));
        vm.assertEq(payouts.owed(address(rejecter)), 3 ether, "still owed");
        vm.assertEq(rejecter.claim(SAFE), 3 ether, "amount");
        vm.assertEq(SAFE.balance, 3 ether, "paid");
    }

    function test_MoneyIsNotSentToNobodyNorToPayoutsItself() public {
        owe(alice, 1 ether);
        vm.expectRevert(IPayouts.ZeroAccount.selector);
        vm.prank(alice);
        payouts.claim(payable(address(0)));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector, Predeploys.PAYOUTS, 1 ether));
        vm.prank(alice);
        payouts.claim(payable(Predeploys.PAYOUTS));
    }

    function test_WhoCallsBackWhileItIsPaidFindsNothingLeft() public {
        Reentrant thief = new Reentrant();
        owe(address(thief), 1 ether);
        owe(BOB, 9 ether);
        thief.go(Predeploys.PAYOUTS, abi.encodeCall(payouts.claim, (payable(address(thief)))), 0);
        vm.assertTrue(!thief.again(), "the second claim fails");
        vm.assertEq(address(thief).balance, 1 ether, "once");
        vm.assertEq(payouts.owed(BOB), 9 ether, "others untouched");
    }

    function test_ABatchClaimsEachAccountOnce() public {
        owe(alice, 1 ether);
        owe(BOB, 2 ether);
        vm.prank(alice);
        payouts.setPayee(COLD);
        vm.prank(BOB);
        payouts.setPayee(COLD);
        vm.warp(START + DELAY);
        vm.prank(COLD);
        vm.assertEq(payouts.claimFor(list(alice, BOB), SAFE), 3 ether, "both");
        owe(alice, 1 ether);
        vm.prank(COLD);
        vm.assertEq(payouts.claimFor(list(alice, alice), SAFE), 1 ether, "named twice, paid once");
        vm.assertEq(SAFE.balance, 4 ether, "paid");
    }

    function test_ABatchOfNothingIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, alice));
        vm.prank(alice);
        payouts.claimFor(list(alice, alice), SAFE);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, BOB));
        vm.prank(BOB);
        payouts.claimFor(new address[](0), SAFE);
    }

    function test_OneForeignAccountStopsTheWholeBatch() public {
        owe(BOB, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, BOB, BOB, alice));
        vm.prank(alice);
        payouts.claimFor(list(alice, BOB), SAFE);
    }

    // ---- Payees

    function test_ANewPayeeClaimsAfterTheDelayAndTheOldOneUntilThen() public {
        owe(alice, 1 ether);
        vm.prank(alice);
        payouts.setPayee(COLD);
        (address payee, address next, uint64 effective) = payouts.payeeOf(alice);
        vm.assertEq(payee, alice, "now");
        vm.assertEq(next, COLD, "next");
        vm.assertEq(effective, START + DELAY, "effective");

        vm.warp(START + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, alice, COLD));
        vm.prank(COLD);
        payouts.claimFor(list(alice), SAFE);
        vm.prank(alice);
        payouts.claim(SAFE);

        owe(alice, 2 ether);
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, COLD, alice));
        vm.prank(alice);
        payouts.claim(SAFE);
        vm.prank(COLD);
        payouts.claimFor(list(alice), SAFE);
        vm.assertEq(SAFE.balance, 3 ether, "paid");
    }

    function test_ASecondChangeReplacesTheOneUnderWay() public {
        vm.prank(alice);
        payouts.setPayee(COLD);
        vm.warp(START + DELAY - 1);
        vm.prank(alice);
        payouts.setPayee(BOB);
        vm.warp(START + 2 * DELAY - 2);
        (address payee, address next,) = payouts.payeeOf(alice);
        vm.assertEq(payee, alice, "the first never came");
        vm.assertEq(next, BOB, "the second comes");
        vm.warp(START + 2 * DELAY - 1);
        (payee,,) = payouts.payeeOf(alice);
        vm.assertEq(payee, BOB, "after its own delay");
    }

    function test_TheOldPayeeCannotKeepTheMoneyThatComesAfterIt() public {
        vm.prank(alice);
        payouts.setPayee(COLD);
        vm.warp(START + DELAY);
        vm.prank(alice);
        payouts.setPayee(alice);
        // Whatever it does with its own payee changes nothing.
        vm.prank(COLD);
        payouts.setPayee(COLD);
        owe(alice, 1 ether);
        vm.warp(START + 2 * DELAY);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, alice, COLD));
        vm.prank(COLD);
        payouts.claimFor(list(alice), SAFE);
        vm.prank(alice);
        vm.assertEq(payouts.claim(SAFE), 1 ether, "taken back");
    }

    function test_WhoStealsTheKeyIsTwoDaysLateForWhatIsOwed() public {
        vm.prank(alice);
        payouts.setPayee(COLD);
        vm.warp(START + DELAY);
        owe(alice, 5 ether);
        // The thief holds alice's key.
        vm.prank(alice);
        payouts.setPayee(BOB);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, COLD, alice));
        vm.prank(alice);
        payouts.claim(payable(BOB));
        vm.warp(START + 2 * DELAY - 1);
        vm.prank(COLD);
        vm.assertEq(payouts.claimFor(list(alice), SAFE), 5 ether, "saved");
    }

    function test_BeingNamedPayeeTakesNothingFromAnybody() public {
        owe(BOB, 1 ether);
        vm.prank(alice);
        payouts.setPayee(BOB);
        vm.warp(START + DELAY);
        vm.prank(BOB);
        vm.assertEq(payouts.claim(SAFE), 1 ether, "its own");
    }

    function test_ThePayeesPayeeIsNotThePayee() public {
        owe(alice, 1 ether);
        vm.prank(alice);
        payouts.setPayee(BOB);
        vm.prank(BOB);
        payouts.setPayee(COLD);
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NotPayee.selector, alice, BOB, COLD));
        vm.prank(COLD);
        payouts.claimFor(list(alice), SAFE);
    }

    function test_ThePayeeIsSomebody() public {
        vm.expectRevert(IPayouts.ZeroAccount.selector);
        vm.prank(alice);
        payouts.setPayee(address(0));
    }

    // ---- Payees by signature

    function test_ASignatureChangesThePayee() public {
        vm.expectEmit(Predeploys.PAYOUTS);
        emit IPayouts.PayeeChanged(alice, COLD, uint64(START) + DELAY);
        payouts.setPayeeFor(alice, COLD, 0, START, signed(KEY, payeeDigest(alice, COLD, 0, START)));
        (, address next,) = payouts.payeeOf(alice);
        vm.assertEq(next, COLD, "next");
        vm.assertEq(payouts.nonces(alice), 1, "nonce");
    }

    function test_AContractSignsByEip1271() public {
        Wallet wallet = new Wallet(alice);
        bytes memory signature = signed(KEY, payeeDigest(address(wallet), COLD, 0, START));
        payouts.setPayeeFor(address(wallet), COLD, 0, START, signature);
        (, address next,) = payouts.payeeOf(address(wallet));
        vm.assertEq(next, COLD, "next");
        signature = signed(0xBAD, payeeDigest(address(wallet), BOB, 1, START));
        vm.expectRevert(IPayouts.InvalidSignature.selector);
        payouts.setPayeeFor(address(wallet), BOB, 1, START, signature);
    }

    function test_AContractThatDoesNotKnowEip1271SignsNothing() public {
        address[2] memory contracts = [address(new Rejecter()), address(new Reentrant())];
        for (uint256 i = 0; i < contracts.length; ++i) {
            bytes memory signature = signed(KEY, payeeDigest(contracts[i], COLD, 0, START));
            vm.expectRevert(IPayouts.InvalidSignature.selector);
            payouts.setPayeeFor(contracts[i], COLD, 0, START, signature);
        }
    }

    function test_AKeyWhoseAccountDelegatedItsCodeStillSigns() public {
        vm.etch(alice, abi.encodePacked(hex"ef0100", address(new Rejecter())));
        payouts.setPayeeFor(alice, COLD, 0, START, signed(KEY, payeeDigest(alice, COLD, 0, START)));
        (, address next,) = payouts.payeeOf(alice);
        vm.assertEq(next, COLD, "next");
    }

    function test_ASignatureIsUsedOnce() public {
        bytes memory signature = signed(KEY, payeeDigest(alice, COLD, 0, START));
        payouts.setPayeeFor(alice, COLD, 0, START, signature);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.InvalidNonce.selector, alice, 1, 0));
        payouts.setPayeeFor(alice, COLD, 0, START, signature);
        vm.expectRevert(IPayouts.InvalidSignature.selector);
        payouts.setPayeeFor(alice, COLD, 1, START, signature);
    }

    function test_AnOldSignatureDiesWhenTheAccountChangesItsPayeeItself() public {
        bytes memory signature = signed(KEY, payeeDigest(alice, BOB, 0, START + 1));
        vm.prank(alice);
        payouts.setPayee(COLD);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.InvalidNonce.selector, alice, 1, 0));
        payouts.setPayeeFor(alice, BOB, 0, START + 1, signature);
    }

    function test_AnOldSignatureIsTooOld() public {
        bytes memory signature = signed(KEY, payeeDigest(alice, COLD, 0, START - 1));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.SignatureExpired.selector, START - 1));
        payouts.setPayeeFor(alice, COLD, 0, START - 1, signature);
    }

    function test_ASignatureForAnotherPayeeChainContractOrAccountIsNone() public {
        bytes32 structHash = payeeHash(alice, COLD, 0, START);
        refused(BOB, signed(KEY, payeeDigest(alice, COLD, 0, START)));
        refused(COLD, signed(0xBAD, payeeDigest(alice, COLD, 0, START)));
        refused(COLD, signed(KEY, digestOf(domainOf("Tributary Payouts", 1, Predeploys.PAYOUTS), structHash)));
        refused(COLD, signed(KEY, digestOf(domainOf("Tributary Payouts", block.chainid, BOB), structHash)));
        refused(COLD, signed(KEY, digestOf(domainOf("Payouts", block.chainid, Predeploys.PAYOUTS), structHash)));
        bytes memory other = signed(KEY, payeeDigest(alice, COLD, 0, START));
        vm.chainId(77);
        refused(COLD, other);
    }

    function test_AMalleableOrShortSignatureIsNone() public {
        bytes memory signature = signed(KEY, payeeDigest(alice, COLD, 0, START));
        refused(COLD, twin(signature));
        refused(COLD, "");
        refused(COLD, new bytes(65));
        vm.expectRevert(IPayouts.InvalidSignature.selector);
        payouts.setPayeeFor(address(0), COLD, 0, START, new bytes(65));
    }

    function test_TheDomainIsThatOfThisChainAndAddress() public {
        vm.assertEq(
            payouts.DOMAIN_SEPARATOR(), domainOf("Tributary Payouts", block.chainid, Predeploys.PAYOUTS), "here"
        );
        vm.chainId(77);
        vm.assertEq(payouts.DOMAIN_SEPARATOR(), domainOf("Tributary Payouts", 77, Predeploys.PAYOUTS), "elsewhere");
    }

    // ---- What is forced in

    function test_MoneyThatIsForcedInIsInNoBook() public {
        owe(alice, 1 ether);
        vm.deal(address(this), 5 ether);
        new Forcer{value: 5 ether}(payable(Predeploys.PAYOUTS));
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(owedTotal + escrowTotal, 1 ether, "books");
        vm.prank(alice);
        vm.assertEq(payouts.claim(SAFE), 1 ether, "claims go on");
        (bool success,) = Predeploys.PAYOUTS.call{value: 0}("");
        vm.assertTrue(!success, "and nothing comes in without a purpose");
    }

    function test_TheConstructorWritesNoStorage() public {
        vm.assertEq(place(Predeploys.PAYOUTS, type(Payouts).creationCode).length, 0, "slots");
    }

    function testFuzz_BooksAreTheBalance(uint96 held, uint96 first, uint96 second, uint96 moved) public {
        holdAs(MODULE, held);
        uint256 part = bound(first, 0, held);
        uint256 rest = bound(second, 0, held - part);
        vm.prank(MODULE);
        payouts.release(one(alice, part), "");
        vm.prank(MODULE);
        payouts.move(BOB, rest);
        vm.prank(BOB);
        payouts.release(one(COLD, bound(moved, 0, rest)), "");
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(owedTotal, payouts.owed(alice) + payouts.owed(COLD), "owed");
        vm.assertEq(escrowTotal, payouts.escrowOf(MODULE) + payouts.escrowOf(BOB), "escrow");
        vm.assertEq(owedTotal + escrowTotal, Predeploys.PAYOUTS.balance, "balance");
    }

    function refused(address payee, bytes memory signature) private {
        vm.expectRevert(IPayouts.InvalidSignature.selector);
        payouts.setPayeeFor(alice, payee, 0, START, signature);
    }

    function payeeHash(address account, address payee, uint256 nonce, uint256 deadline) private pure returns (bytes32) {
        bytes32 kind = keccak256("SetPayee(address account,address payee,uint256 nonce,uint256 deadline)");
        return keccak256(abi.encode(kind, account, payee, nonce, deadline));
    }

    function payeeDigest(address account, address payee, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 domain = domainOf("Tributary Payouts", block.chainid, Predeploys.PAYOUTS);
        return digestOf(domain, payeeHash(account, payee, nonce, deadline));
    }
}
