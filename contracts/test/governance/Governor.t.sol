// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {TributaryGovernor} from "../../src/l2/governance/TributaryGovernor.sol";
import {GovernanceTest} from "./Governance.sol";

contract GovernorTest is GovernanceTest {
    function setUp() public {
        deployGovernance();
    }

    function test_ItBeginsWithItsSettings() public view {
        vm.assertEq(governor.name(), "Tributary Governor", "name");
        vm.assertEq(address(governor.token()), Predeploys.VOTING_OPEN, "token");
        vm.assertEq(governor.timelock(), Predeploys.TIMELOCK, "timelock");
        vm.assertEq(governor.votingDelay(), 1 days, "delay");
        vm.assertEq(governor.votingPeriod(), 5 days, "period");
        vm.assertEq(governor.proposalThreshold(), 1_000 ether, "threshold");
        vm.assertEq(governor.quorumNumerator(), 4, "quorum");
        vm.assertEq(governor.clock(), START + 1, "clock");
        vm.assertEq(governor.CLOCK_MODE(), "mode=timestamp", "mode");
        vm.assertTrue(governor.proposalNeedsQueuing(0), "queued");
    }

    function test_TheQuorumHoldsForChainsThatAreOlderThanItsCode() public view {
        vm.assertEq(governor.quorumNumerator(0), 4, "at the beginning of time");
        vm.assertEq(governor.quorumNumerator(START - 1), 4, "before it was made");
    }

    function test_GenesisIsTheSameWhereverAndWheneverItIsMade() public {
        bytes32[] memory written = place(address(0x77), type(TributaryGovernor).creationCode);
        vm.assertTrue(written.length >= 4, "name, settings, timelock and quorum");
        (, string memory name,, uint256 chain, address at,,) = governor.eip712Domain();
        vm.assertEq(name, "Tributary Governor", "domain");
        vm.assertEq(chain, block.chainid, "chain");
        vm.assertEq(at, Predeploys.GOVERNOR, "address");
    }

    function test_AProposalChangesAParameter() public {
        Proposal memory made =
            proposal(Predeploys.PARAMETERS, abi.encodeCall(IParameters.set, (Keys.PROTOCOL_BPS, 700)));
        uint256 id = decide(made);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Queued), "queued");
        vm.prank(BOB);
        execute(made);
        vm.assertEq(parameters.get(Keys.PROTOCOL_BPS), 700, "changed");
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed), "executed");
    }

    function test_NothingHappensBeforeTheVoteIsOverAndTheTimelockHasRun() public {
        Proposal memory made =
            proposal(Predeploys.PARAMETERS, abi.encodeCall(IParameters.set, (Keys.PROTOCOL_BPS, 700)));
        uint256 id = propose(ALICE, made);
        vm.expectRevert();
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.warp(START + 1 + VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.expectRevert();
        queue(made);
        vm.warp(START + 1 + VOTING_DELAY + 1 + VOTING_PERIOD);
        queue(made);
        vm.warp(START + 1 + VOTING_DELAY + VOTING_PERIOD + TIMELOCK_DELAY);
        vm.expectRevert();
        execute(made);
        vm.warp(START + 2 + VOTING_DELAY + VOTING_PERIOD + TIMELOCK_DELAY);
        execute(made);
    }

    function test_WhoHasTooFewVotesProposesNothing() public {
        vm.deal(BOB, 999 ether);
        vm.prank(BOB);
        gopen.deposit{value: 999 ether}();
        vm.warp(START + 10);
        Proposal memory made = proposal(BOB, "");
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, BOB, 999 ether, 1_000 ether)
        );
        propose(BOB, made);
    }

    function test_VotesBoughtAfterTheSnapshotDoNotCount() public {
        uint256 id = propose(ALICE, proposal(BOB, ""));
        vm.warp(START + 1 + VOTING_DELAY + 1);
        vm.deal(BOB, 1_000_000 ether);
        vm.prank(BOB);
        gopen.deposit{value: 1_000_000 ether}();
        vm.prank(BOB);
        vm.assertEq(governor.castVote(id, 0), 0, "weight");
    }

    function test_WhoVotesIsStillInWhenTheVoteTakesEffect() public {
        Proposal memory made = proposal(BOB, "");
        uint256 id = propose(ALICE, made);
        vm.warp(START + 1 + VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.prank(ALICE);
        gopen.beginWithdrawal(10_000 ether);
        (, uint48 ready) = gopen.leavingOf(ALICE);
        vm.warp(START + 1 + VOTING_DELAY + VOTING_PERIOD + 1);
        queue(made);
        vm.assertEq(ready, vm.getBlockTimestamp() + TIMELOCK_DELAY, "not before it can be executed");
    }

    function test_TheQuorumIsAPercentageOfAllGopenButNeverLessThanTheLeast() public {
        vm.assertEq(governor.quorum(START), 4_000 ether, "of 10,000");
        vm.deal(BOB, 990_000 ether);
        vm.prank(BOB);
        gopen.deposit{value: 990_000 ether}();
        vm.warp(START + 2);
        vm.assertEq(governor.quorum(START + 1), 40_000 ether, "of 1,000,000");
    }

    function test_WhoDepositsFirstDoesNotDecideAlone() public {
        vm.prank(ALICE);
        gopen.beginWithdrawal(6_001 ether);
        vm.warp(START + 2);
        Proposal memory made = proposal(BOB, "");
        uint256 id = carry(made);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated), "no quorum");
    }

    function test_TooFewVotesDecideNothing() public {
        vm.deal(BOB, 1_000_000 ether);
        vm.prank(BOB);
        gopen.deposit{value: 1_000_000 ether}();
        vm.warp(START + 10);
        Proposal memory made = proposal(BOB, "");
        uint256 id = carry(made);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated), "no quorum");
        vm.expectRevert();
        queue(made);
    }

    function test_AProposalThatNamesItsProposerCannotBeTakenAndCancelled() public {
        vm.deal(BOB, 2_000 ether);
        vm.prank(BOB);
        gopen.deposit{value: 2_000 ether}();
        vm.warp(START + 10);
        Proposal memory made = proposal(BOB, "");
        made.description = "because #proposer=0x00000000000000000000000000000000000a11ce";
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, BOB));
        propose(BOB, made);
        propose(ALICE, made);
    }

    function test_TheProposerCancelsBeforeTheVoteAndNobodyElse() public {
        Proposal memory made = proposal(BOB, "");
        uint256 id = propose(ALICE, made);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, BOB));
        vm.prank(BOB);
        governor.cancel(made.targets, made.values, made.calls, keccak256("because"));
        vm.prank(ALICE);
        governor.cancel(made.targets, made.values, made.calls, keccak256("because"));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled), "cancelled");
    }

    // ---- Its own settings

    function test_GovernanceChangesTheVotingDelay() public {
        governs(abi.encodeCall(governor.setVotingDelay, (2 days)));
        vm.assertEq(governor.votingDelay(), 2 days, "delay");
    }

    function test_GovernanceChangesTheVotingPeriod() public {
        governs(abi.encodeCall(governor.setVotingPeriod, (6 days)));
        vm.assertEq(governor.votingPeriod(), 6 days, "period");
    }

    function test_GovernanceChangesTheThreshold() public {
        governs(abi.encodeCall(governor.setProposalThreshold, (5 ether)));
        vm.assertEq(governor.proposalThreshold(), 5 ether, "threshold");
    }

    function test_ANewQuorumIsNotThatOfEarlierProposals() public {
        governs(abi.encodeCall(governor.updateQuorumNumerator, (10)));
        vm.assertEq(governor.quorumNumerator(), 10, "now");
        vm.assertEq(governor.quorumNumerator(START), 4, "then");
    }

    function test_NoSettingLeavesItsBounds() public {
        outOfBounds(
            "votingDelay",
            abi.encodeCall(governor.setVotingDelay, (1 hours - 1)),
            [uint256(1 hours - 1), 1 hours, 7 days]
        );
        outOfBounds(
            "votingDelay", abi.encodeCall(governor.setVotingDelay, (7 days + 1)), [uint256(7 days + 1), 1 hours, 7 days]
        );
        outOfBounds("votingPeriod", abi.encodeCall(governor.setVotingPeriod, (0)), [uint256(0), 1 days, 30 days]);
        outOfBounds(
            "votingPeriod", abi.encodeCall(governor.setVotingPeriod, (3650 days)), [uint256(3650 days), 1 days, 30 days]
        );
        outOfBounds(
            "proposalThreshold",
            abi.encodeCall(governor.setProposalThreshold, (0)),
            [uint256(0), 1 ether, 1_000_000 ether]
        );
        outOfBounds(
            "proposalThreshold",
            abi.encodeCall(governor.setProposalThreshold, (1e30)),
            [uint256(1e30), 1 ether, 1_000_000 ether]
        );
        outOfBounds("quorum", abi.encodeCall(governor.updateQuorumNumerator, (0)), [uint256(0), 1, 50]);
        outOfBounds("quorum", abi.encodeCall(governor.updateQuorumNumerator, (51)), [uint256(51), 1, 50]);
    }

    function test_TheTimelockCannotBeChanged() public {
        bytes memory call = abi.encodeCall(governor.updateTimelock, (TimelockController(payable(BOB))));
        Proposal memory made = proposal(Predeploys.GOVERNOR, call);
        decide(made);
        vm.expectRevert(TributaryGovernor.TimelockIsFixed.selector);
        execute(made);
    }

    function test_NobodyElseChangesSettings() public {
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, ALICE));
        vm.prank(ALICE);
        governor.setVotingDelay(2 days);
        // Not even the Timelock, except for a proposal that is being executed.
        vm.expectRevert();
        vm.prank(Predeploys.TIMELOCK);
        governor.setVotingDelay(2 days);
    }

    function test_SettingsChangeOnlyThroughTheGovernorsOwnExecution() public {
        Proposal memory made = proposal(Predeploys.GOVERNOR, abi.encodeCall(governor.setVotingDelay, (2 days)));
        decide(made);
        bytes32 salt = bytes20(Predeploys.GOVERNOR) ^ keccak256("because");
        vm.expectRevert();
        timelock.executeBatch(made.targets, made.values, made.calls, 0, salt);
        execute(made);
        vm.assertEq(governor.votingDelay(), 2 days, "and whoever tried the other way stopped nothing");
    }

    function test_ItTakesNoMoney() public {
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        (bool success,) = Predeploys.GOVERNOR.call{value: 1 ether}("");
        vm.assertTrue(!success, "refused");
    }

    function governs(bytes memory call) private {
        Proposal memory made = proposal(Predeploys.GOVERNOR, call);
        decide(made);
        execute(made);
    }

    function outOfBounds(bytes32 setting, bytes memory call, uint256[3] memory numbers) private {
        Proposal memory made = proposal(Predeploys.GOVERNOR, call);
        decide(made);
        vm.expectRevert(
            abi.encodeWithSelector(
                TributaryGovernor.SettingOutOfBounds.selector, setting, numbers[0], numbers[1], numbers[2]
            )
        );
        execute(made);
    }
}
