// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../Vm.sol";
import {Line} from "../../src/l2/juries/Line.sol";
import {SumTree} from "../../src/l2/juries/SumTree.sol";

/// @notice The sum tree and the line over it, compared with plain arrays.
contract SumTreeTest is Test {
    using Line for Line.Points;
    using SumTree for SumTree.Tree;

    uint256 private constant LEAVES = 24;

    SumTree.Tree private tree;
    /// @dev weights[time][i] of the leaf at place(i).
    uint128[LEAVES][] private weights;

    /// @dev Leaves near each other and far, the first and the last of the tree.
    function place(uint256 i) private pure returns (uint256) {
        if (i < 12) return i;
        return i < 23 ? i * i * 61 : SumTree.CAPACITY - 1;
    }

    /// @dev At each time from 1 on up to three leaves change, some of them to nothing.
    function grow(uint256 seed, uint256 times) private {
        uint128[LEAVES] memory now_;
        weights.push(now_);
        for (uint64 time = 1; time <= times; ++time) {
            uint256 changes = uint256(keccak256(abi.encode(seed, time))) % 4;
            for (uint256 k = 0; k < changes; ++k) {
                uint256 random = uint256(keccak256(abi.encode(seed, time, k)));
                uint128 weight = random % 5 == 0 ? 0 : uint128((random >> 128) % 1e27);
                now_[random % LEAVES] = weight;
                tree.set(place(random % LEAVES), weight, time);
            }
            weights.push(now_);
        }
    }

    function testFuzz_ATreeIsWhatAPlainArrayIsAtAnyTime(uint256 seed, uint64 time) public {
        grow(seed, 30);
        time = uint64(bound(time, 0, 30));
        uint256 sum;
        uint256 count;
        for (uint256 i = 0; i < LEAVES; ++i) {
            uint256 expected = weights[time][i];
            (uint256 start, uint256 weight) = tree.span(place(i), time);
            vm.assertEq(weight, expected, "weight");
            vm.assertEq(tree.weightOf(place(i)), weights[30][i], "weight of now");
            if (expected == 0) continue;
            vm.assertEq(start, sum, "start");
            assertFound(sum, time, i);
            assertFound(sum + expected - 1, time, i);
            assertFound(sum + seed % expected, time, i);
            sum += expected;
            ++count;
        }
        (uint256 total, uint256 leaves) = tree.total(time);
        vm.assertEq(total, sum, "total");
        vm.assertEq(leaves, count, "count");
    }

    function assertFound(uint256 point, uint64 time, uint256 i) private view {
        (uint256 leaf, uint256 start, uint256 weight) = tree.find(point, time);
        vm.assertEq(leaf, place(i), "found leaf");
        vm.assertTrue(point >= start && point < start + weight, "found span");
        vm.assertEq(weight, weights[time][i], "found weight");
    }

    function testFuzz_ALineGivesEachLeafOnceAndNoneThatWasRemoved(uint256 seed, uint256 removed) public {
        grow(seed, 30);
        Line.Points memory line = Line.at(tree, 30, 2 * LEAVES);
        bool[LEAVES] memory gone;
        for (uint256 i = 0; i < LEAVES; ++i) {
            if (removed >> i & 1 == 0) continue;
            gone[i] = true;
            line.remove(tree, place(i));
            // A second time changes nothing.
            line.remove(tree, place(i));
        }
        uint256 left;
        uint256 weight;
        for (uint256 i = 0; i < LEAVES; ++i) {
            if (gone[i] || weights[30][i] == 0) continue;
            ++left;
            weight += weights[30][i];
        }
        vm.assertEq(line.count, left, "count");
        vm.assertEq(line.weight, weight, "weight");
        for (uint256 k = 0; k < left; ++k) {
            uint256 leaf = line.draw(tree, uint256(keccak256(abi.encode(seed, "draw", k))));
            uint256 i = index(leaf);
            vm.assertTrue(!gone[i] && weights[30][i] != 0, "drawn once, and not removed");
            gone[i] = true;
        }
        vm.assertEq(line.count, 0, "all drawn");
        vm.assertEq(line.weight, 0, "nothing left");
    }

    function index(uint256 leaf) private pure returns (uint256 i) {
        while (place(i) != leaf) ++i;
    }

    /// @dev Every point of a small line belongs to the leaf that a plain walk over what is left finds.
    function testFuzz_APointOfALineIsThatOfAPlainWalk(uint256 seed, uint256 removed) public {
        uint128[LEAVES] memory small;
        for (uint256 i = 0; i < LEAVES; ++i) {
            small[i] = uint128(uint256(keccak256(abi.encode(seed, i))) % 4);
            tree.set(place(i), small[i], 1);
        }
        for (uint256 i = 0; i < LEAVES; ++i) {
            if (removed >> i & 1 == 1) small[i] = 0;
        }
        uint256 point;
        for (uint256 i = 0; i < LEAVES; ++i) {
            for (uint256 k = 0; k < small[i]; ++k) {
                Line.Points memory line = Line.at(tree, 1, LEAVES + 1);
                for (uint256 j = LEAVES; j > 0; --j) {
                    if (removed >> (j - 1) & 1 == 1) line.remove(tree, place(j - 1));
                }
                vm.assertEq(line.draw(tree, point++), place(i), "leaf");
            }
        }
    }

    function test_AWholeTreeIsSummed() public {
        for (uint256 i = 0; i < SumTree.CAPACITY; i += 7) {
            tree.set(i, 1, 1);
        }
        (uint256 total, uint256 count) = tree.total(1);
        vm.assertEq(total, (SumTree.CAPACITY + 6) / 7, "total");
        vm.assertEq(count, total, "count");
        (uint256 leaf,,) = tree.find(total - 1, 1);
        vm.assertEq(leaf, (total - 1) * 7, "last");
    }
}
