// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

import {Counter} from "../contracts/Counter.sol";
import {vm} from "./Vm.sol";

/// Deploys a counter and counts, one transaction after the other.
contract Count {
    bool public constant IS_SCRIPT = true;

    function run(uint256 times) external returns (Counter counter) {
        vm.startBroadcast();
        counter = new Counter(1_000);
        for (uint256 i = 0; i < times; ++i) counter.count(1, "from a script");
        vm.stopBroadcast();
        require(counter.total() == times, "counted otherwise");
    }

    /// Counts more than the counter takes.
    function tooMuch(Counter counter) external {
        vm.startBroadcast();
        counter.count(1_000_000, "");
        vm.stopBroadcast();
    }
}
