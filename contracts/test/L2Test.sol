// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Vm.sol";
import {SplitDouble} from "./doubles/SplitDouble.sol";
import {StoreDouble} from "./doubles/StoreDouble.sol";
import {TraceDouble, Words} from "./doubles/TraceDouble.sol";
import {FirstDatanets as Datanets} from "./doubles/FirstDatanets.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Datanets} from "../src/l2/Datanets.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

/// @notice The L2 predeploys at their addresses, over doubles of the precompiles.
abstract contract L2Test is Test {
    Datanets internal constant datanets = Datanets(Predeploys.DATANETS);

    function deployL2() internal {
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new StoreDouble()).code);
        vm.etch(address(Predeploys.TEXT_ATTRIBUTION), address(new TraceDouble()).code);
        vm.etch(address(Predeploys.REWARD_SPLIT), address(new SplitDouble()).code);
        vm.etch(Predeploys.DATANETS, address(new Datanets()).code);
    }

    /// @dev An answer made of the words of the rows 0, 1, … with these weights, and of nothing else.
    function answerOf(uint256[] memory credits) internal pure returns (bytes memory) {
        return answerOf(credits, 0);
    }

    /// @dev The same, and words that nobody contributed.
    function answerOf(uint256[] memory credits, uint256 unexplained) internal pure returns (bytes memory) {
        Words[] memory words = new Words[](credits.length);
        for (uint256 i = 0; i < credits.length; ++i) {
            words[i] = Words(uint64(i), credits[i], false);
        }
        return abi.encode(words, unexplained);
    }

    /// @dev An answer of words that nobody contributed.
    function foreignAnswer() internal pure returns (bytes memory) {
        return answerOf(new uint256[](0), 1);
    }
}
