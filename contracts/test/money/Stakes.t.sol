// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Stakes} from "../../src/l2/money/Stakes.sol";
import {MoneyTest, Reentrant, Rejecter} from "./Money.sol";

contract StakesTest is MoneyTest {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    address payable private constant SAFE = payable(address(0x5AFE));
    uint64 private constant DELAY = 14 days;
    IStakes.Purpose private constant VALIDATOR = IStakes.Purpose.Validator;
    IStakes.Purpose private constant OPERATOR = IStakes.Purpose.Operator;
    IStakes.Purpose private constant TRAINER = IStakes.Purpose.Trainer;

    function setUp() public {
        deployMoney();
        vm.deal(ALICE, 100 ether);
        vm.deal(BOB, 100 ether);
    }

    function test_EachPurposeHasItsModule() public view {
        vm.assertEq(stakes.moduleOf(VALIDATOR), Predeploys.JURIES, "validators");
        vm.assertEq(stakes.moduleOf(OPERATOR), Predeploys.INFERENCE, "operators");
        vm.assertEq(stakes.moduleOf(TRAINER), Predeploys.MODELS, "trainers");
    }

    function test_StakeIsFreeUntilItIsLocked() public {
        vm.expectEmit(Predeploys.STAKES);
        emit IStakes.Staked(VALIDATOR, ALICE, 5 ether, ALICE);
        vm.prank(ALICE);
        stakes.stake{value: 5 ether}(VALIDATOR);
        expectStake(VALIDATOR, ALICE, [uint256(5 ether), 0, 0, 0]);
        vm.prank(Predeploys.JURIES);
        stakes.lock(VALIDATOR, ALICE, 3 ether);
        expectStake(VALIDATOR, ALICE, [uint256(2 ether), 3 ether, 0, 0]);
        vm.prank(Predeploys.JURIES);
        stakes.unlock(VALIDATOR, ALICE, 1 ether);
        expectStake(VALIDATOR, ALICE, [uint256(3 ether), 2 ether, 0, 0]);
        expectStake(OPERATOR, ALICE, [uint256(0), 0, 0, 0]);
    }

    function test_StakeOfAnotherIsItsOwn() public {
        vm.prank(BOB);
        stakes.stakeFor{value: 5 ether}(OPERATOR, ALICE);
        expectStake(OPERATOR, ALICE, [uint256(5 ether), 0, 0, 0]);
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, OPERATOR, BOB, 0, 1));
        vm.prank(BOB);
        stakes.beginWithdrawal(OPERATOR, 1);
    }

    function test_StakeIsSomethingOfSomebody() public {
        vm.expectRevert(IStakes.ZeroAmount.selector);
        stakes.stake(VALIDATOR);
        vm.expectRevert(IStakes.ZeroAmount.selector);
        stakes.stakeFor(VALIDATOR, ALICE);
        vm.expectRevert(IStakes.ZeroAccount.selector);
        stakes.stakeFor(VALIDATOR, address(0));
        vm.expectRevert(IStakes.ZeroAmount.selector);
        stakes.beginWithdrawal(VALIDATOR, 0);
    }

    function test_OnlyThePurposesModuleLocksUnlocksAndSlashes() public {
        stake(VALIDATOR, 5 ether);
        address[4] memory strangers = [ALICE, Predeploys.INFERENCE, Predeploys.MODELS, Predeploys.TIMELOCK];
        for (uint256 i = 0; i < strangers.length; ++i) {
            bytes memory problem = abi.encodeWithSelector(IStakes.NotModule.selector, VALIDATOR, strangers[i]);
            vm.expectRevert(problem);
            vm.prank(strangers[i]);
            stakes.lock(VALIDATOR, ALICE, 1);
            vm.expectRevert(problem);
            vm.prank(strangers[i]);
            stakes.unlock(VALIDATOR, ALICE, 1);
            vm.expectRevert(problem);
            vm.prank(strangers[i]);
            stakes.slash(VALIDATOR, ALICE, 1, SAFE, "");
        }
    }

    function test_NoMoreIsLockedThanIsFreeAndNoMoreSlashedThanIsLocked() public {
        stake(OPERATOR, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, OPERATOR, ALICE, 5 ether, 6 ether));
        vm.prank(Predeploys.INFERENCE);
        stakes.lock(OPERATOR, ALICE, 6 ether);
        vm.prank(Predeploys.INFERENCE);
        stakes.lock(OPERATOR, ALICE, 2 ether);
        bytes memory problem =
            abi.encodeWithSelector(IStakes.LockTooSmall.selector, OPERATOR, ALICE, 2 ether, 2 ether + 1);
        vm.expectRevert(problem);
        vm.prank(Predeploys.INFERENCE);
        stakes.slash(OPERATOR, ALICE, 2 ether + 1, SAFE, "");
        vm.expectRevert(problem);
        vm.prank(Predeploys.INFERENCE);
        stakes.unlock(OPERATOR, ALICE, 2 ether + 1);
    }

    function test_AmountsBeyond128BitsAreNoWayIn() public {
        stake(OPERATOR, 5 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IStakes.StakeTooSmall.selector, OPERATOR, ALICE, 5 ether, uint256(1) << 128)
        );
        vm.prank(Predeploys.INFERENCE);
        stakes.lock(OPERATOR, ALICE, uint256(1) << 128);
        vm.expectRevert(abi.encodeWithSelector(IStakes.LockTooSmall.selector, OPERATOR, ALICE, 0, uint256(1) << 128));
        vm.prank(Predeploys.INFERENCE);
        stakes.slash(OPERATOR, ALICE, uint256(1) << 128, SAFE, "");
    }

    function test_WhatIsSlashedIsOwedToTheRightSide() public {
        stake(TRAINER, 5 ether);
        vm.prank(Predeploys.MODELS);
        stakes.lock(TRAINER, ALICE, 4 ether);
        vm.expectEmit(Predeploys.PAYOUTS);
        emit IPayouts.Credited(Predeploys.STAKES, BOB, "case", 3 ether, IPayouts.Reason.Slashing);
        vm.prank(Predeploys.MODELS);
        stakes.slash(TRAINER, ALICE, 3 ether, BOB, "case");
        expectStake(TRAINER, ALICE, [uint256(1 ether), 1 ether, 0, 0]);
        vm.assertEq(payouts.owed(BOB), 3 ether, "owed");
        vm.assertEq(payouts.escrowOf(Predeploys.STAKES), 0, "nothing stays in escrow");
        vm.assertEq(Predeploys.STAKES.balance, 2 ether, "balance");
    }

    function test_SlashingIsForSomebodyAndMayBeOfNothing() public {
        stake(TRAINER, 5 ether);
        vm.expectRevert(IStakes.ZeroAccount.selector);
        vm.prank(Predeploys.MODELS);
        stakes.slash(TRAINER, ALICE, 0, address(0), "");
        vm.prank(Predeploys.MODELS);
        stakes.slash(TRAINER, ALICE, 0, BOB, "");
        vm.assertEq(payouts.owed(BOB), 0, "nothing");
    }

    function test_FreeStakeLeavesAfterTheDelay() public {
        stake(VALIDATOR, 5 ether);
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 2 ether);
        expectStake(VALIDATOR, ALICE, [uint256(3 ether), 0, 2 ether, START + DELAY]);
        vm.warp(START + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakes.NotReady.selector, START + DELAY));
        vm.prank(ALICE);
        stakes.withdraw(VALIDATOR, SAFE);
        vm.warp(START + DELAY);
        vm.expectRevert(IStakes.ZeroAccount.selector);
        vm.prank(ALICE);
        stakes.withdraw(VALIDATOR, payable(address(0)));
        vm.prank(ALICE);
        vm.assertEq(stakes.withdraw(VALIDATOR, SAFE), 2 ether, "amount");
        vm.assertEq(SAFE.balance, 2 ether, "paid");
        vm.expectRevert(abi.encodeWithSelector(IStakes.NotReady.selector, 0));
        vm.prank(ALICE);
        stakes.withdraw(VALIDATOR, SAFE);
    }

    function test_WhatBeginsToLeaveLaterDelaysWhatIsLeaving() public {
        stake(VALIDATOR, 5 ether);
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 2 ether);
        vm.warp(START + DELAY - 1);
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 1 ether);
        expectStake(VALIDATOR, ALICE, [uint256(2 ether), 0, 3 ether, START + 2 * DELAY - 1]);
    }

    function test_OthersCannotDelayAWithdrawal() public {
        stake(VALIDATOR, 5 ether);
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 5 ether);
        vm.warp(START + DELAY);
        vm.prank(BOB);
        stakes.stakeFor{value: 1 wei}(VALIDATOR, ALICE);
        vm.prank(ALICE);
        vm.assertEq(stakes.withdraw(VALIDATOR, SAFE), 5 ether, "amount");
    }

    function test_WhatIsLockedDoesNotLeave() public {
        stake(VALIDATOR, 5 ether);
        vm.prank(Predeploys.JURIES);
        stakes.lock(VALIDATOR, ALICE, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, VALIDATOR, ALICE, 0, 1));
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 1);
    }

    function test_WhatIsLeavingIsNotLocked() public {
        stake(VALIDATOR, 5 ether);
        vm.prank(ALICE);
        stakes.beginWithdrawal(VALIDATOR, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, VALIDATOR, ALICE, 1 ether, 2 ether));
        vm.prank(Predeploys.JURIES);
        stakes.lock(VALIDATOR, ALICE, 2 ether);
    }

    function test_APurposesModuleTouchesNoOtherPurpose() public {
        stake(VALIDATOR, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, OPERATOR, ALICE, 0, 1));
        vm.prank(Predeploys.INFERENCE);
        stakes.lock(OPERATOR, ALICE, 1);
    }

    function test_WhoRejectsItsStakeSendsItElsewhere() public {
        address rejecter = address(new Rejecter());
        vm.prank(ALICE);
        stakes.stakeFor{value: 1 ether}(VALIDATOR, rejecter);
        vm.prank(rejecter);
        stakes.beginWithdrawal(VALIDATOR, 1 ether);
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IStakes.TransferFailed.selector, rejecter, 1 ether));
        vm.prank(rejecter);
        stakes.withdraw(VALIDATOR, payable(rejecter));
        vm.prank(rejecter);
        stakes.withdraw(VALIDATOR, SAFE);
        vm.assertEq(SAFE.balance, 1 ether, "paid");
    }

    function test_WhoCallsBackWhileItWithdrawsGetsItOnce() public {
        Reentrant thief = new Reentrant();
        stake(VALIDATOR, 9 ether);
        vm.prank(BOB);
        stakes.stakeFor{value: 1 ether}(VALIDATOR, address(thief));
        vm.prank(address(thief));
        stakes.beginWithdrawal(VALIDATOR, 1 ether);
        vm.warp(START + DELAY);
        thief.go(Predeploys.STAKES, abi.encodeCall(stakes.withdraw, (VALIDATOR, payable(address(thief)))), 0);
        vm.assertTrue(!thief.again(), "the second withdrawal fails");
        vm.assertEq(address(thief).balance, 1 ether, "once");
    }

    function test_TheConstructorWritesNoStorage() public {
        vm.assertEq(place(Predeploys.STAKES, type(Stakes).creationCode).length, 0, "slots");
    }

    function testFuzz_StakeIsConserved(uint96 amount, uint96 locked, uint96 slashed, uint96 left) public {
        amount = uint96(bound(amount, 1, type(uint96).max));
        vm.deal(ALICE, amount);
        stake(VALIDATOR, amount);
        uint256 lock = bound(locked, 0, amount);
        vm.prank(Predeploys.JURIES);
        stakes.lock(VALIDATOR, ALICE, lock);
        uint256 lost = bound(slashed, 0, lock);
        vm.prank(Predeploys.JURIES);
        stakes.slash(VALIDATOR, ALICE, lost, BOB, "");
        uint256 leave = bound(left, 0, amount - lock);
        if (leave != 0) {
            vm.prank(ALICE);
            stakes.beginWithdrawal(VALIDATOR, leave);
        }
        (uint256 free, uint256 stillLocked, uint256 leaving,) = stakes.stakeOf(VALIDATOR, ALICE);
        vm.assertEq(free + stillLocked + leaving, Predeploys.STAKES.balance, "held");
        vm.assertEq(free + stillLocked + leaving + payouts.owed(BOB), amount, "all");
    }

    function stake(IStakes.Purpose purpose, uint256 amount) private {
        vm.prank(ALICE);
        stakes.stake{value: amount}(purpose);
    }

    function expectStake(IStakes.Purpose purpose, address account, uint256[4] memory expected) private view {
        (uint256 free, uint256 locked, uint256 leaving, uint64 ready) = stakes.stakeOf(purpose, account);
        vm.assertEq(free, expected[0], "free");
        vm.assertEq(locked, expected[1], "locked");
        vm.assertEq(leaving, expected[2], "leaving");
        vm.assertEq(ready, expected[3], "ready");
    }
}
