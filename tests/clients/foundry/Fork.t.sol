// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Counter} from "../contracts/Counter.sol";
import {Vm, vm} from "./Vm.sol";

/// A counter that lives on the node, seen from a fork of it. The environment says where it is, who counted how much, and in which block.
contract ForkTest {
    Counter private counter;
    address private owner;
    uint256 private total;

    event Counted(address indexed who, uint256 amount, string note);

    function setUp() external {
        counter = Counter(vm.envAddress("COUNTER"));
        owner = vm.envAddress("OWNER");
        total = vm.envUint("TOTAL");
    }

    function test_state_of_the_node_is_there() external view {
        require(counter.total() == total && counter.counted(owner) == total, "another state");
        require(owner.balance > 1 ether && owner.code.length == 0, "another account");
        require(block.chainid == vm.envUint("CHAIN_ID"), "another chain");
    }

    function test_state_goes_on_in_the_fork() external {
        vm.expectEmit(address(counter));
        emit Counted(address(7), 3, "forked");
        vm.prank(address(7));
        require(counter.count(3, "forked") == total + 3, "another sum");
    }

    function test_custom_error_is_told() external {
        uint256 limit = counter.limit();
        vm.expectRevert(abi.encodeWithSelector(Counter.LimitExceeded.selector, address(this), limit, total + limit));
        counter.count(limit, "");
    }

    function test_earlier_block_has_the_earlier_state() external {
        vm.rollFork(vm.envUint("BLOCK") - 1);
        require(counter.total() == 0, "the state of another block");
    }

    function test_logs_come_from_the_node() external {
        bytes32[] memory topics = new bytes32[](1);
        topics[0] = Counted.selector;
        uint256 number = vm.envUint("BLOCK");
        Vm.EthGetLogs[] memory logs = vm.eth_getLogs(number, number, address(counter), topics);
        require(logs.length == 1 && logs[0].emitter == address(counter), "other logs");
        (uint256 amount, string memory note) = abi.decode(logs[0].data, (uint256, string));
        require(amount == total && bytes(note).length > 0, "another event");
    }

    function testFuzz_counting_adds_up(uint8 amount) external {
        require(counter.count(amount, "") == total + amount, "another sum");
    }
}
