// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IFeeDistributor} from "../../src/interfaces/IFeeDistributor.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {OperatorFeeVault} from "../../src/l2/OperatorFeeVault.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Reserved} from "../../src/l2/governance/Reserved.sol";
import {Vm} from "../Vm.sol";
import {Forcer, MoneyTest} from "./Money.sol";

contract FeeDistributorTest is MoneyTest {
    address private constant ALICE = address(0xA11CE);
    address payable private constant SAFE = payable(address(0x5AFE));

    function setUp() public {
        deployMoney();
    }

    function test_AFeeVaultPaysItAndItKeepsNoBalance() public {
        OperatorFeeVault vault = new OperatorFeeVault(Predeploys.FEE_DISTRIBUTOR, 0);
        vm.deal(address(vault), 10 ether);
        vault.withdraw();
        vm.assertEq(Predeploys.FEE_DISTRIBUTOR.balance, 0, "no balance");
        vm.assertEq(payouts.escrowOf(Predeploys.FEE_DISTRIBUTOR), 10 ether, "escrow");
        vm.assertEq(distributor.pending(), 10 ether, "pending");
    }

    function test_AllThatIsThereIsDivided() public {
        send(10 ether);
        vm.expectEmit(Predeploys.FEE_DISTRIBUTOR);
        emit IFeeDistributor.Distributed(4 ether, 3 ether, 3 ether);
        vm.prank(ALICE);
        distributor.distribute();
        expectDivided(4 ether, 3 ether, 3 ether);
        vm.assertEq(distributor.burntTotal(), 3 ether, "burnt");
        (uint256 money,) = commons.potOf(0, 1);
        vm.assertEq(money, 3 ether, "the general pot");
    }

    function test_WhatIsBurntIsNowhere() public {
        send(10 ether);
        vm.recordLogs();
        distributor.distribute();
        address burner = claimant();
        vm.assertTrue(burner != address(0), "the claim names the burner");
        vm.assertEq(burner.balance, 0, "not in the burner");
        uint256 left = Predeploys.PAYOUTS.balance + Predeploys.FEE_DISTRIBUTOR.balance + Predeploys.COMMONS.balance;
        vm.assertEq(left, 7 ether, "nor anywhere else");
    }

    function test_WhatIsMovedOwedOrForcedIsDividedToo() public {
        send(1 ether);
        holdAs(Predeploys.INFERENCE, 2 ether);
        vm.prank(Predeploys.INFERENCE);
        payouts.move(Predeploys.FEE_DISTRIBUTOR, 2 ether);
        owe(Predeploys.FEE_DISTRIBUTOR, 3 ether);
        vm.deal(address(this), 4 ether);
        new Forcer{value: 4 ether}(payable(Predeploys.FEE_DISTRIBUTOR));
        vm.assertEq(distributor.pending(), 10 ether, "pending");
        distributor.distribute();
        expectDivided(4 ether, 3 ether, 3 ether);
    }

    function test_WhatSomebodyClaimsToItIsDividedToo() public {
        owe(ALICE, 10 ether);
        vm.prank(ALICE);
        payouts.claim(payable(Predeploys.FEE_DISTRIBUTOR));
        distributor.distribute();
        expectDivided(4 ether, 3 ether, 3 ether);
    }

    function test_NothingIsNotDivided() public {
        vm.expectRevert(IFeeDistributor.NothingToDistribute.selector);
        distributor.distribute();
        send(1 ether);
        distributor.distribute();
        vm.expectRevert(IFeeDistributor.NothingToDistribute.selector);
        distributor.distribute();
    }

    function test_APartMayBeNothingOrAll() public {
        parts(0, 0);
        send(1 ether);
        distributor.distribute();
        expectDivided(0, 0, 1 ether);
        parts(10_000, 0);
        send(1 ether);
        distributor.distribute();
        expectDivided(1 ether, 0, 1 ether);
        parts(0, 10_000);
        send(1 ether);
        distributor.distribute();
        expectDivided(1 ether, 1 ether, 1 ether);
    }

    function test_ASingleWeiGoesToTheCommons() public {
        send(1);
        distributor.distribute();
        expectDivided(0, 0, 1);
    }

    function test_TheTreasuryIsTheTimelocksToClaim() public {
        send(10 ether);
        distributor.distribute();
        vm.prank(Predeploys.TIMELOCK);
        payouts.claim(SAFE);
        vm.assertEq(SAFE.balance, 4 ether, "paid");
    }

    function test_GovernanceMendsIt() public {
        Reserved next = new Reserved();
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, ALICE));
        vm.prank(ALICE);
        distributor.upgradeToAndCall(address(next), "");
        send(10 ether);
        vm.prank(Predeploys.TIMELOCK);
        distributor.upgradeToAndCall(address(next), "");
        vm.assertEq(payouts.escrowOf(Predeploys.FEE_DISTRIBUTOR), 10 ether, "money stays where it is");
    }

    function testFuzz_PartsSumToTheWhole(uint96 amount, uint16 treasury, uint16 burn) public {
        uint256 first = bound(treasury, 0, 10_000);
        parts(first, bound(burn, 0, 10_000 - first));
        amount = uint96(bound(amount, 1, type(uint96).max));
        send(amount);
        (uint256 owed, uint256 burnt, uint256 rest) = distributor.distribute();
        vm.assertEq(owed + burnt + rest, amount, "sum");
        expectDivided(owed, burnt, rest);
    }

    function send(uint256 amount) private {
        vm.deal(address(this), amount);
        (bool success,) = Predeploys.FEE_DISTRIBUTOR.call{value: amount}("");
        vm.assertTrue(success, "sent");
    }

    function parts(uint256 treasury, uint256 burn) private {
        vm.startPrank(Predeploys.TIMELOCK);
        parameters.set(Keys.TREASURY_BPS, 0);
        parameters.set(Keys.BURN_BPS, burn);
        parameters.set(Keys.TREASURY_BPS, treasury);
        vm.stopPrank();
    }

    function expectDivided(uint256 treasury, uint256 burnt, uint256 rest) private view {
        vm.assertEq(payouts.owed(Predeploys.TIMELOCK), treasury, "treasury");
        vm.assertEq(distributor.burntTotal(), burnt, "burnt");
        vm.assertEq(payouts.escrowOf(Predeploys.COMMONS), rest, "commons");
        vm.assertEq(commons.held(), rest, "of a datanet");
        vm.assertEq(Predeploys.PAYOUTS.balance, treasury + rest, "all that is left");
        vm.assertEq(distributor.pending(), 0, "nothing stays");
    }

    function claimant() private returns (address to) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IPayouts.Claimed.selector) to = address(uint160(uint256(logs[i].topics[2])));
        }
    }
}
