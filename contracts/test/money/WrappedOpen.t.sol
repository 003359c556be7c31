// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../../src/l2/Predeploys.sol";
import {WrappedOpen} from "../../src/l2/money/WrappedOpen.sol";
import {Forcer, MoneyTest, Reentrant, Rejecter} from "./Money.sol";

contract WrappedOpenTest is MoneyTest {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    function setUp() public {
        deployMoney();
        vm.deal(ALICE, 100 ether);
    }

    function test_ItIsNamed() public view {
        vm.assertEq(wopen.name(), "Wrapped OPEN", "name");
        vm.assertEq(wopen.symbol(), "WOPEN", "symbol");
        vm.assertEq(wopen.decimals(), 18, "decimals");
        vm.assertEq(wopen.version(), "1", "version");
    }

    function test_OpenIsWrappedByACallByAPlainTransferAndByAnyCallThatPays() public {
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit WrappedOpen.Deposit(ALICE, 1 ether);
        vm.prank(ALICE);
        wopen.deposit{value: 1 ether}();
        vm.prank(ALICE);
        (bool plain,) = Predeploys.WRAPPED_OPEN.call{value: 2 ether}("");
        vm.prank(ALICE);
        (bool other,) = Predeploys.WRAPPED_OPEN.call{value: 4 ether}(hex"12345678");
        vm.assertTrue(plain && other, "accepted");
        vm.assertEq(wopen.balanceOf(ALICE), 7 ether, "balance");
        vm.assertEq(wopen.totalSupply(), 7 ether, "supply");
    }

    function test_AFunctionThatIsNotThereDoesNotSucceedSilently() public {
        (bool success, bytes memory problem) = Predeploys.WRAPPED_OPEN.call(hex"12345678");
        vm.assertTrue(!success, "refused");
        vm.assertEq(
            problem, abi.encodeWithSelector(WrappedOpen.UnknownFunction.selector, bytes4(hex"12345678")), "problem"
        );
    }

    function test_OpenIsUnwrapped() public {
        wrap(3 ether);
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit WrappedOpen.Withdrawal(ALICE, 2 ether);
        vm.prank(ALICE);
        wopen.withdraw(2 ether);
        vm.assertEq(ALICE.balance, 99 ether, "OPEN");
        vm.assertEq(wopen.balanceOf(ALICE), 1 ether, "WOPEN");
        vm.expectRevert(abi.encodeWithSelector(WrappedOpen.BalanceTooSmall.selector, ALICE, 1 ether, 2 ether));
        vm.prank(ALICE);
        wopen.withdraw(2 ether);
    }

    function test_WhoRejectsOpenKeepsItsWopen() public {
        address rejecter = address(new Rejecter());
        wrap(1 ether);
        vm.prank(ALICE);
        wopen.transfer(rejecter, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(WrappedOpen.TransferFailed.selector, rejecter, 1 ether));
        vm.prank(rejecter);
        wopen.withdraw(1 ether);
        vm.assertEq(wopen.balanceOf(rejecter), 1 ether, "kept");
    }

    function test_WhoCallsBackWhileItUnwrapsGetsItOnce() public {
        Reentrant thief = new Reentrant();
        wrap(10 ether);
        vm.prank(ALICE);
        wopen.transfer(address(thief), 1 ether);
        thief.go(Predeploys.WRAPPED_OPEN, abi.encodeCall(wopen.withdraw, (1 ether)), 0);
        vm.assertTrue(!thief.again(), "the second fails");
        vm.assertEq(address(thief).balance, 1 ether, "once");
        vm.assertEq(wopen.totalSupply(), 9 ether, "supply");
    }

    function test_Transfers() public {
        wrap(3 ether);
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit WrappedOpen.Transfer(ALICE, BOB, 1 ether);
        vm.prank(ALICE);
        vm.assertTrue(wopen.transfer(BOB, 1 ether), "true");
        vm.prank(ALICE);
        wopen.transfer(ALICE, 2 ether);
        vm.assertEq(wopen.balanceOf(ALICE), 2 ether, "to itself nothing changes");
        vm.expectRevert(abi.encodeWithSelector(WrappedOpen.BalanceTooSmall.selector, ALICE, 2 ether, 3 ether));
        vm.prank(ALICE);
        wopen.transfer(BOB, 3 ether);
    }

    function test_AnAllowanceIsUsedUp() public {
        wrap(3 ether);
        vm.expectEmit(Predeploys.WRAPPED_OPEN);
        emit WrappedOpen.Approval(ALICE, BOB, 2 ether);
        vm.prank(ALICE);
        vm.assertTrue(wopen.approve(BOB, 2 ether), "true");
        vm.prank(BOB);
        vm.assertTrue(wopen.transferFrom(ALICE, BOB, 1.5 ether), "true");
        vm.assertEq(wopen.allowance(ALICE, BOB), 0.5 ether, "left");
        vm.expectRevert(abi.encodeWithSelector(WrappedOpen.AllowanceTooSmall.selector, ALICE, BOB, 0.5 ether, 1 ether));
        vm.prank(BOB);
        wopen.transferFrom(ALICE, BOB, 1 ether);
    }

    function test_TheGreatestAllowanceIsNeverUsedUpAndTheOwnerNeedsNone() public {
        wrap(3 ether);
        vm.prank(ALICE);
        wopen.approve(BOB, type(uint256).max);
        vm.prank(BOB);
        wopen.transferFrom(ALICE, BOB, 1 ether);
        vm.assertEq(wopen.allowance(ALICE, BOB), type(uint256).max, "the greatest");
        vm.prank(ALICE);
        wopen.transferFrom(ALICE, BOB, 1 ether);
        vm.assertEq(wopen.balanceOf(BOB), 2 ether, "moved");
    }

    function test_WhatIsForcedInIsSupplyOfNobody() public {
        wrap(1 ether);
        vm.deal(address(this), 5 ether);
        new Forcer{value: 5 ether}(payable(Predeploys.WRAPPED_OPEN));
        vm.assertEq(wopen.totalSupply(), 6 ether, "as WETH9");
        vm.prank(ALICE);
        wopen.withdraw(1 ether);
    }

    function test_TheConstructorWritesNoStorage() public {
        vm.assertEq(place(Predeploys.WRAPPED_OPEN, type(WrappedOpen).creationCode).length, 0, "slots");
    }

    function testFuzz_BalancesAreTheOpenHeld(uint96 amount, uint96 moved, uint96 out) public {
        vm.deal(ALICE, amount);
        wrap(amount);
        uint256 part = bound(moved, 0, amount);
        vm.prank(ALICE);
        wopen.transfer(BOB, part);
        uint256 back = bound(out, 0, part);
        vm.prank(BOB);
        wopen.withdraw(back);
        vm.assertEq(wopen.balanceOf(ALICE) + wopen.balanceOf(BOB), Predeploys.WRAPPED_OPEN.balance, "held");
        vm.assertEq(ALICE.balance + BOB.balance + Predeploys.WRAPPED_OPEN.balance, amount, "all");
    }

    function wrap(uint256 amount) private {
        vm.prank(ALICE);
        wopen.deposit{value: amount}();
    }
}
