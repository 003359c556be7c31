// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../src/interfaces/ICommons.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Commons} from "../../src/l2/money/Commons.sol";
import {MoneyTest} from "./Money.sol";

contract CommonsTest is MoneyTest {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    uint256 private constant NET = 7;
    uint256 private constant ALL = 0;
    uint256 private constant PLENTY = 1e30;
    uint64 private constant WEEK = 7 days;

    function setUp() public {
        deployMoney();
    }

    // ---- Who may

    function test_OnlyInferenceAndFeeDistributorAddAndOnlyInferenceCredits() public {
        vm.expectRevert(abi.encodeWithSelector(ICommons.NotModule.selector, ALICE));
        vm.prank(ALICE);
        commons.add(NET, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NotModule.selector, Predeploys.FEE_DISTRIBUTOR));
        vm.prank(Predeploys.FEE_DISTRIBUTOR);
        commons.credit(NET, new ICommons.Credit[](0));
    }

    function test_WhatWasNotMovedIsNotAdded() public {
        add(NET, 5 ether);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NotMoved.selector, 0, 1));
        vm.prank(Predeploys.INFERENCE);
        commons.add(NET, 1);
    }

    function test_CreditsAreThoseOfADatanet() public {
        vm.expectRevert(ICommons.NoDatanet.selector);
        vm.prank(Predeploys.INFERENCE);
        commons.credit(ALL, new ICommons.Credit[](0));
    }

    // ---- Division

    function test_AnEpochsMoneyIsDividedByWeight() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 3, PLENTY);
        credit(NET, BOB, 1, PLENTY);
        vm.warp(START + WEEK);
        vm.expectEmit(Predeploys.COMMONS);
        emit ICommons.Drawn(NET, 1, ALICE, 7.5 ether, 0);
        vm.assertEq(commons.draw(NET, 1, ALICE), 7.5 ether, "alice");
        vm.assertEq(commons.draw(NET, 1, BOB), 2.5 ether, "bob");
        vm.assertEq(payouts.owed(ALICE), 7.5 ether, "owed");
        vm.assertEq(commons.held(), 0, "held");
        vm.assertEq(payouts.escrowOf(Predeploys.COMMONS), 0, "escrow");
    }

    function test_ADrawSaysInPayoutsWhereItComesFrom() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 3, PLENTY);
        vm.warp(START + WEEK);
        vm.expectEmit(Predeploys.PAYOUTS);
        emit IPayouts.Credited(Predeploys.COMMONS, ALICE, bytes32(NET << 64 | 1), 10 ether, IPayouts.Reason.Commons);
        commons.draw(NET, 1, ALICE);
    }

    function test_MoneyOfAnyTimeOfTheEpochIsForAllItsCredits() public {
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK - 1);
        add(NET, 4 ether);
        credit(NET, BOB, 1, PLENTY);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET, 1, ALICE) + commons.draw(NET, 1, BOB), 4 ether, "both");
        vm.assertEq(payouts.owed(ALICE), 2 ether, "half each");
    }

    function test_CreditsOfOneAccountAddUp() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, 1 ether);
        credit(NET, ALICE, 2, 2 ether);
        credit(NET, BOB, 1, PLENTY);
        (uint256 weight, uint256 cap) = commons.creditOf(NET, 1, ALICE);
        vm.assertEq(weight, 3, "weight");
        vm.assertEq(cap, 3 ether, "cap");
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET, 1, ALICE), 3 ether, "at most the cap");
    }

    function test_ACreditThatMayDrawNothingTakesNoPart() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        credit(NET, BOB, 1_000, 0);
        credit(NET, BOB, 0, PLENTY);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET, 1, ALICE), 10 ether, "all");
        vm.expectRevert(abi.encodeWithSelector(ICommons.NothingToDraw.selector, NET, 1, BOB));
        commons.draw(NET, 1, BOB);
    }

    function test_NobodyDrawsTwiceNorWithoutCredit() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK);
        commons.draw(NET, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NothingToDraw.selector, NET, 1, ALICE));
        commons.draw(NET, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NothingToDraw.selector, NET, 1, BOB));
        commons.draw(NET, 1, BOB);
    }

    function test_NobodyDrawsBeforeTheEpochIsOver() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommons.EpochNotOver.selector, 1, 1));
        commons.draw(NET, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(ICommons.EpochNotOver.selector, 9, 1));
        commons.draw(NET, 9, ALICE);
    }

    function test_OneWhoDrawsLateLosesNothing() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        credit(NET, BOB, 1, PLENTY);
        vm.warp(START + WEEK);
        commons.draw(NET, 1, ALICE);
        vm.warp(START + 100 * WEEK);
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + 200 * WEEK);
        vm.assertEq(commons.draw(NET, 1, BOB), 5 ether, "still there");
    }

    function test_DrawingForSomebodyElseOnlyPaysIt() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK);
        vm.prank(BOB);
        commons.draw(NET, 1, ALICE);
        vm.assertEq(payouts.owed(ALICE), 10 ether, "alice");
        vm.assertEq(payouts.owed(BOB), 0, "bob");
    }

    // ---- What rolls on

    function test_WhatACapLeavesIsDividedInTheEpochOfTheDraw() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, 4 ether);
        vm.warp(START + 3 * WEEK);
        vm.expectEmit(Predeploys.COMMONS);
        emit ICommons.Drawn(NET, 1, ALICE, 4 ether, 6 ether);
        commons.draw(NET, 1, ALICE);
        (uint256 money, uint256 weight) = commons.potOf(NET, 4);
        vm.assertEq(money, 6 ether, "money");
        vm.assertEq(weight, 0, "weight");
        credit(NET, BOB, 1, PLENTY);
        vm.warp(START + 4 * WEEK);
        vm.assertEq(commons.draw(NET, 4, BOB), 6 ether, "bob");
    }

    function test_MoneyOfAnEpochWithoutCreditsRollsOn() public {
        add(NET, 10 ether);
        vm.warp(START + 5 * WEEK);
        credit(NET, ALICE, 1, PLENTY);
        (uint256 money,) = commons.potOf(NET, 1);
        vm.assertEq(money, 0, "none is left");
        vm.warp(START + 6 * WEEK);
        vm.assertEq(commons.draw(NET, 6, ALICE), 10 ether, "alice");
    }

    function test_MoneyOfOneDatanetIsNotAnothers() public {
        add(NET, 10 ether);
        credit(NET + 1, ALICE, 1, PLENTY);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET + 1, 1, ALICE), 0, "nothing");
        (uint256 money,) = commons.potOf(NET, 1);
        vm.assertEq(money, 10 ether, "still there");
    }

    function test_MoneyOfAllIsDividedAmongAllDatanets() public {
        vm.deal(address(this), 10 ether);
        (bool sent,) = Predeploys.FEE_DISTRIBUTOR.call{value: 10 ether}("");
        vm.assertTrue(sent, "sent");
        distributor.distribute();
        credit(NET, ALICE, 2, PLENTY);
        credit(NET + 1, BOB, 1, PLENTY);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(ALL, 1, ALICE), 2 ether, "alice");
        vm.assertEq(commons.draw(ALL, 1, BOB), 1 ether, "bob");
    }

    function test_WhatSomebodyMovesHereIsSweptToAll() public {
        vm.deal(ALICE, 3 ether);
        vm.prank(ALICE);
        payouts.hold{value: 3 ether}();
        vm.prank(ALICE);
        payouts.move(Predeploys.COMMONS, 3 ether);
        vm.assertEq(commons.sweep(), 3 ether, "amount");
        (uint256 money,) = commons.potOf(ALL, 1);
        vm.assertEq(money, 3 ether, "money");
        vm.assertEq(commons.sweep(), 0, "once");
    }

    // ---- Attacks

    function test_SelfRequestsDrawNoMoreThanTheFeesThatTheyPaid() public {
        // There is much to win, in the datanet and in all of them.
        add(NET, 1_000 ether);
        add(ALL, 1_000 ether);
        uint256 fees = 5 ether;
        credit(NET, ALICE, 95 ether, fees);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET, 1, ALICE) + commons.draw(ALL, 1, ALICE), fees, "no more than the fees");
    }

    function test_ManyDatanetsAreNoWayAroundTheCap() public {
        for (uint256 net = 1; net <= 5; ++net) {
            add(net, 100 ether);
            credit(net, ALICE, 20 ether, 1 ether);
        }
        add(ALL, 100 ether);
        vm.warp(START + WEEK);
        uint256 drawn = commons.draw(ALL, 1, ALICE);
        for (uint256 net = 1; net <= 5; ++net) {
            drawn += commons.draw(net, 1, ALICE);
        }
        vm.assertEq(drawn, 5 ether, "the sum of the caps");
    }

    function test_TheOrderOfDrawsChangesNoSum(uint8 order) public {
        add(1, 4 ether);
        add(2, 1 ether);
        add(ALL, 3 ether);
        credit(1, ALICE, 1 ether, 2 ether);
        credit(2, ALICE, 1 ether, 3 ether);
        vm.warp(START + WEEK);
        uint256[3] memory nets =
            order % 3 == 0 ? [uint256(0), 1, 2] : order % 3 == 1 ? [uint256(1), 0, 2] : [uint256(2), 1, 0];
        uint256 drawn;
        for (uint256 i = 0; i < 3; ++i) {
            drawn += commons.draw(nets[i], 1, ALICE);
        }
        vm.assertEq(drawn, 5 ether, "2 + 1 + 3, at most the caps");
    }

    function test_ARequestInTheLastSecondTakesOnlyItsCap() public {
        add(NET, 100 ether);
        credit(NET, ALICE, 1 ether, 50 ether);
        vm.warp(START + WEEK - 1);
        credit(NET, BOB, 1_000_000 ether, 1 ether);
        vm.warp(START + WEEK);
        vm.assertEq(commons.draw(NET, 1, BOB), 1 ether, "bob");
        (uint256 money,) = commons.potOf(NET, 2);
        vm.assertTrue(money > 90 ether, "the rest is there for the next epoch");
    }

    function test_ACreditAtTheBoundaryIsOfTheNewEpoch() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK);
        credit(NET, BOB, 1, PLENTY);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NothingToDraw.selector, NET, 1, BOB));
        commons.draw(NET, 1, BOB);
        vm.assertEq(commons.draw(NET, 1, ALICE), 10 ether, "alice");
        vm.expectRevert(abi.encodeWithSelector(ICommons.EpochNotOver.selector, 2, 2));
        commons.draw(NET, 2, BOB);
    }

    // ---- Epochs

    function test_AnEpochKeepsTheLengthThatItBeganWith() public {
        add(NET, 10 ether);
        credit(NET, ALICE, 1, PLENTY);
        setEpoch(1 days);
        expectEpoch(1, START, WEEK);
        vm.warp(START + WEEK - 1);
        vm.expectRevert(abi.encodeWithSelector(ICommons.EpochNotOver.selector, 1, 1));
        commons.draw(NET, 1, ALICE);
        vm.warp(START + WEEK);
        expectEpoch(2, START + WEEK, 1 days);
        vm.assertEq(commons.draw(NET, 1, ALICE), 10 ether, "alice");
        setEpoch(90 days);
        vm.warp(START + WEEK + 1 days);
        expectEpoch(3, START + WEEK + 1 days, 90 days);
    }

    function test_AShorterLengthDoesNotOpenAnEpochThatIsOver() public {
        credit(NET, ALICE, 1, PLENTY);
        vm.warp(START + WEEK + 3 days + 5);
        setEpoch(1 days);
        credit(NET, ALICE, 1, PLENTY);
        expectEpoch(5, START + WEEK + 3 days, 1 days);
        (uint256 weight,) = commons.creditOf(NET, 5, ALICE);
        vm.assertEq(weight, 1, "in the epoch of now");
        vm.expectRevert(abi.encodeWithSelector(ICommons.EpochNotOver.selector, 5, 5));
        commons.draw(NET, 5, ALICE);
    }

    function test_TheFirstEpochBeginsWithTheFirstTouch() public {
        vm.warp(START + 3 days);
        expectEpoch(1, START + 3 days, WEEK);
        vm.expectEmit(Predeploys.COMMONS);
        emit ICommons.EpochBegun(1, uint64(START) + 3 days, WEEK);
        commons.sweep();
    }

    function test_TheConstructorWritesNoStorage() public {
        vm.assertEq(place(address(0x99), type(Commons).creationCode).length, 0, "slots");
    }

    function testFuzz_DrawsAreExactAndWithinCaps(uint96 money, uint96[4] memory weights, uint96[4] memory caps) public {
        add(NET, money);
        uint256 credited;
        for (uint256 i = 0; i < 4; ++i) {
            credit(NET, account(i), weights[i], caps[i]);
            if (weights[i] != 0 && caps[i] != 0) ++credited;
        }
        vm.warp(START + WEEK);
        uint256 drawn;
        for (uint256 i = 0; i < 4; ++i) {
            if (weights[i] == 0 || caps[i] == 0) continue;
            uint256 paid = commons.draw(NET, 1, account(i));
            vm.assertTrue(paid <= caps[i], "cap");
            drawn += paid;
        }
        (uint256 old,) = commons.potOf(NET, 1);
        (uint256 next,) = commons.potOf(NET, 2);
        vm.assertEq(drawn + old + next, money, "all of it");
        if (credited != 0) vm.assertEq(old, 0, "nothing stays behind");
        vm.assertEq(commons.held(), payouts.escrowOf(Predeploys.COMMONS), "held");
    }

    function add(uint256 net, uint256 amount) private {
        holdAs(Predeploys.INFERENCE, amount);
        vm.prank(Predeploys.INFERENCE);
        payouts.move(Predeploys.COMMONS, amount);
        vm.prank(Predeploys.INFERENCE);
        commons.add(net, amount);
    }

    function credit(uint256 net, address who, uint256 weight, uint256 cap) private {
        ICommons.Credit[] memory credits = new ICommons.Credit[](1);
        credits[0] = ICommons.Credit(who, weight, cap);
        vm.prank(Predeploys.INFERENCE);
        commons.credit(net, credits);
    }

    function setEpoch(uint256 length) private {
        vm.prank(Predeploys.TIMELOCK);
        parameters.set(Keys.COMMONS_EPOCH, length);
    }

    function expectEpoch(uint64 epoch, uint256 start, uint256 length) private view {
        (uint64 number, uint64 began, uint64 long) = commons.epochNow();
        vm.assertEq(number, epoch, "epoch");
        vm.assertEq(began, start, "start");
        vm.assertEq(long, length, "length");
    }

    function account(uint256 i) private pure returns (address) {
        return address(uint160(0xAC00 + i));
    }
}
