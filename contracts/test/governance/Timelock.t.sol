// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {TributaryTimelock} from "../../src/l2/governance/TributaryTimelock.sol";
import {GovernanceTest} from "./Governance.sol";

contract TimelockTest is GovernanceTest {
    address private constant NEXT = address(0x6073);

    function setUp() public {
        deployGovernance();
    }

    function test_ItBeginsWithItsRolesAndNoOthers() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        vm.assertTrue(timelock.hasRole(admin, Predeploys.TIMELOCK), "its own admin");
        vm.assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), Predeploys.GOVERNOR), "proposer");
        vm.assertTrue(timelock.hasRole(timelock.CANCELLER_ROLE(), Predeploys.GOVERNOR), "canceller");
        vm.assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)), "anyone executes");
        vm.assertTrue(!timelock.hasRole(admin, address(this)), "not who made it");
        vm.assertTrue(!timelock.hasRole(admin, Predeploys.GOVERNOR), "nor the Governor");
        vm.assertEq(timelock.getMinDelay(), 2 days, "delay");
    }

    function test_ItsStorageIsTheSameWhereverItIsMade() public {
        // Elsewhere, and at the predeploy itself.
        bytes memory creation = type(TributaryTimelock).creationCode;
        vm.record();
        address elsewhere = make(creation);
        (, bytes32[] memory written) = vm.accesses(elsewhere);
        bytes32[] memory values = new bytes32[](written.length);
        for (uint256 i = 0; i < written.length; ++i) {
            values[i] = vm.load(elsewhere, written[i]);
            vm.store(Predeploys.TIMELOCK, written[i], bytes32(0));
        }
        vm.etch(Predeploys.TIMELOCK, creation);
        (bool success, bytes memory code) = Predeploys.TIMELOCK.call("");
        vm.assertTrue(success, "made in place");
        vm.assertEq(keccak256(code), keccak256(elsewhere.code), "code");
        for (uint256 i = 0; i < written.length; ++i) {
            vm.assertEq(vm.load(Predeploys.TIMELOCK, written[i]), values[i], "slot");
        }
    }

    function test_OnlyTheGovernorSchedulesAndCancels() public {
        bytes32 proposer = timelock.PROPOSER_ROLE();
        bytes32 canceller = timelock.CANCELLER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, ALICE, proposer)
        );
        vm.prank(ALICE);
        timelock.schedule(BOB, 0, "", 0, 0, 2 days);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, ALICE, canceller)
        );
        vm.prank(ALICE);
        timelock.cancel(0);
    }

    function test_GovernanceSpendsTheTreasury() public {
        owe(Predeploys.TIMELOCK, 5 ether);
        Proposal memory made = proposal(Predeploys.PAYOUTS, abi.encodeCall(payouts.claim, (payable(BOB))));
        decide(made);
        execute(made);
        vm.assertEq(BOB.balance, 5 ether, "spent");
    }

    function test_TheTreasuryCanClaimToItself() public {
        owe(Predeploys.TIMELOCK, 5 ether);
        vm.prank(Predeploys.TIMELOCK);
        payouts.claim(payable(Predeploys.TIMELOCK));
        vm.assertEq(Predeploys.TIMELOCK.balance, 5 ether, "received");
    }

    function test_AnyoneExecutesOnTheTimelockItself() public {
        owe(Predeploys.TIMELOCK, 5 ether);
        Proposal memory made = proposal(Predeploys.PAYOUTS, abi.encodeCall(payouts.claim, (payable(BOB))));
        uint256 id = decide(made);
        bytes32 salt = bytes20(Predeploys.GOVERNOR) ^ keccak256("because");
        vm.prank(BOB);
        timelock.executeBatch(made.targets, made.values, made.calls, 0, salt);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed), "executed");
        vm.expectRevert();
        execute(made);
        vm.assertEq(BOB.balance, 5 ether, "once");
    }

    function test_GovernanceNamesAnotherGovernor() public {
        bytes32 proposer = timelock.PROPOSER_ROLE();
        Proposal memory made = proposal(Predeploys.TIMELOCK, abi.encodeCall(timelock.grantRole, (proposer, NEXT)));
        decide(made);
        execute(made);
        vm.prank(NEXT);
        timelock.schedule(
            Predeploys.PARAMETERS, 0, abi.encodeCall(parameters.set, (Keys.PROTOCOL_BPS, 1)), 0, 0, 2 days
        );
        vm.warp(vm.getBlockTimestamp() + 2 days);
        timelock.execute(Predeploys.PARAMETERS, 0, abi.encodeCall(parameters.set, (Keys.PROTOCOL_BPS, 1)), 0, 0);
        vm.assertEq(parameters.get(Keys.PROTOCOL_BPS), 1, "it governs");
    }

    function test_TheDelayChangesWithinBounds() public {
        vm.prank(Predeploys.TIMELOCK);
        timelock.updateDelay(1 days);
        vm.assertEq(timelock.getMinDelay(), 1 days, "least");
        vm.prank(Predeploys.TIMELOCK);
        timelock.updateDelay(30 days);
        vm.assertEq(timelock.getMinDelay(), 30 days, "most");
        uint256[3] memory wrong = [uint256(0), 1 days - 1, 30 days + 1];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(TributaryTimelock.DelayOutOfBounds.selector, wrong[i], 1 days, 30 days)
            );
            vm.prank(Predeploys.TIMELOCK);
            timelock.updateDelay(wrong[i]);
        }
    }

    function test_NobodyElseChangesTheDelay() public {
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, ALICE));
        vm.prank(ALICE);
        timelock.updateDelay(3 days);
    }
}
