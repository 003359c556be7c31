// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MoneyTest} from "../money/Money.sol";

/// @notice Proposals from the idea to the deed.
abstract contract GovernanceTest is MoneyTest {
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    uint256 internal constant VOTING_DELAY = 1 days;
    uint256 internal constant VOTING_PERIOD = 5 days;
    uint256 internal constant TIMELOCK_DELAY = 2 days;

    /// @dev One call and its description.
    struct Proposal {
        address[] targets;
        uint256[] values;
        bytes[] calls;
        string description;
    }

    /// @dev Alice has votes enough to propose and decide, since a second.
    function deployGovernance() internal {
        deployMoney();
        vm.deal(ALICE, 10_000 ether);
        vm.prank(ALICE);
        gopen.deposit{value: 10_000 ether}();
        vm.warp(START + 1);
    }

    function proposal(address target, bytes memory call) internal pure returns (Proposal memory made) {
        made.targets = list(target);
        made.values = new uint256[](1);
        made.calls = new bytes[](1);
        made.calls[0] = call;
        made.description = "because";
    }

    function propose(address by, Proposal memory made) internal returns (uint256) {
        vm.prank(by);
        return governor.propose(made.targets, made.values, made.calls, made.description);
    }

    /// @dev Up to where it can be queued.
    function carry(Proposal memory made) internal returns (uint256 id) {
        id = propose(ALICE, made);
        vm.warp(vm.getBlockTimestamp() + VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.warp(vm.getBlockTimestamp() + VOTING_PERIOD);
    }

    function queue(Proposal memory made) internal {
        governor.queue(made.targets, made.values, made.calls, keccak256(bytes(made.description)));
    }

    function execute(Proposal memory made) internal {
        governor.execute(made.targets, made.values, made.calls, keccak256(bytes(made.description)));
    }

    /// @dev Up to where it can be executed.
    function decide(Proposal memory made) internal returns (uint256 id) {
        id = carry(made);
        queue(made);
        vm.warp(vm.getBlockTimestamp() + TIMELOCK_DELAY);
    }
}
