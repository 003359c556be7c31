// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Vm.sol";
import {SplitDouble} from "./doubles/SplitDouble.sol";
import {StoreDouble} from "./doubles/StoreDouble.sol";
import {TraceDouble} from "./doubles/TraceDouble.sol";
import {Datanets} from "../src/l2/Datanets.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

/// @notice The L2 predeploys at their addresses, over doubles of the precompiles.
abstract contract L2Test is Test {
    Datanets internal constant datanets = Datanets(Predeploys.DATANETS);
    Inference internal constant inference = Inference(Predeploys.INFERENCE);

    function deployL2() internal {
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new StoreDouble()).code);
        vm.etch(address(Predeploys.TEXT_ATTRIBUTION), address(new TraceDouble()).code);
        vm.etch(address(Predeploys.REWARD_SPLIT), address(new SplitDouble()).code);
        vm.etch(Predeploys.DATANETS, address(new Datanets()).code);
        vm.etch(Predeploys.INFERENCE, address(new Inference()).code);
    }

    /// @dev An answer for which the trace finds the contributors 1, 2, … with these credits.
    function answerOf(uint256[] memory credits) internal pure returns (bytes memory) {
        uint32[] memory contributors = new uint32[](credits.length);
        uint256 explained;
        for (uint256 i = 0; i < credits.length; ++i) {
            contributors[i] = uint32(i + 1);
            explained += credits[i];
        }
        return abi.encode(contributors, credits, explained, explained + 1);
    }
}
