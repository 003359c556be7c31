// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDivision} from "../../src/interfaces/IDivision.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Tally} from "../../src/l2/inference/Tally.sol";
import {MarketTest} from "./Market.sol";

contract SketchesTest is MarketTest {
    using Tally for Tally.Table;

    uint256 private model;

    function setUp() public {
        deployMarket();
        model = sketched(10_000, datanetId);
        for (uint32 i = 1; i <= 8; ++i) {
            models.setSketchContributor(i, datanetId, contributor(i));
        }
    }

    function sketched(uint16 sketchBps, uint256 id) private returns (uint256 made) {
        IModels.Terms memory asked = terms();
        (asked.sketchBps, asked.sketchSetId, asked.sketchVersion) = (sketchBps, 77, 5);
        made = models.register(asked, sourcesOf(id));
        lineageOf(made, trainer, address(0x7B));
        offer(made);
    }

    function query(int256 first, int256 second) private pure returns (bytes memory) {
        uint32[] memory numbers = new uint32[](2);
        int256[] memory scores = new int256[](2);
        (numbers[0], numbers[1]) = (1, 2);
        (scores[0], scores[1]) = (first, second);
        return abi.encode(numbers, scores);
    }

    function answered(int256 first, int256 second, uint256 amount) private pure returns (IInference.Answer memory) {
        return IInference.Answer("prompt", amount, "an answer", query(first, second));
    }

    function one(int256 first, int256 second) private pure returns (IInference.Answer[] memory all) {
        all = new IInference.Answer[](1);
        all[0] = answered(first, second, 10 ether);
    }

    function test_SketchesPayByPositiveInfluence() public {
        settle(open(model, 1, 10 ether), one(300, 100));
        vm.assertEq(owed(contributor(1)), 4.5 ether, "first contributor");
        vm.assertEq(owed(contributor(2)), 1.5 ether, "second contributor");
        settle(open(model, 1, 10 ether), one(-300, 100));
        vm.assertEq(owed(contributor(1)), 4.5 ether, "who harmed is paid nothing");
        vm.assertEq(owed(contributor(2)), 7.5 ether, "the other is paid all");
    }

    function test_TextAndSketchesShareByTheModelsWeights() public {
        uint256 both = sketched(2_500, datanetId);
        IInference.Answer[] memory all = new IInference.Answer[](1);
        all[0] = IInference.Answer("prompt", 10 ether, quote(300, 100, 0), query(0, 50));
        settle(open(both, 1, 10 ether), all);
        vm.assertEq(owed(contributor(1)), 3.375 ether, "three quarters of 4.5");
        vm.assertEq(owed(contributor(2)), 1.125 ether + 1.5 ether, "a quarter of it, and all of 1.5");
    }

    function test_APairOfOppositeSketchesEarnsNothing() public {
        uint256 id = open(model, 2, 20 ether);
        IInference.Answer[] memory all = new IInference.Answer[](2);
        (all[0], all[1]) = (answered(500, 1, 10 ether), answered(-500, 1, 10 ether));
        settle(id, all);
        vm.assertEq(owed(contributor(1)), 0, "the pair");
        vm.assertEq(owed(contributor(2)), 12 ether, "the other");
    }

    function test_SignedScoresAreSummedOverMoreScansThanOne() public {
        uint256 id = open(model, 17, 17 ether);
        IInference.Answer[] memory all = new IInference.Answer[](17);
        for (uint256 i = 0; i < 16; ++i) {
            // Eight answers for and eight against: two scans whose positive parts would have paid the pair.
            all[i] = answered(i < 8 ? int256(500) : -500, 1, 1 ether);
        }
        all[16] = answered(-1, 0, 1 ether);
        settle(id, all);
        vm.assertEq(owed(contributor(1)), 0, "the pair");
        vm.assertEq(owed(contributor(2)), 10.2 ether, "the other");
    }

    function test_AScoreCountsAsMuchAsItsAnswerCost() public {
        uint256 id = open(model, 3, 10 ether);
        IInference.Answer[] memory all = new IInference.Answer[](3);
        (all[0], all[1]) = (answered(100, 0, 9 ether), answered(0, 100, 1 ether));
        all[2] = answered(0, 1e18, 0);
        settle(id, all);
        vm.assertEq(owed(contributor(1)), 5.4 ether, "nine tenths");
        vm.assertEq(owed(contributor(2)), 0.6 ether, "one tenth: a free answer brings nothing");
    }

    function test_NobodyGetsMoreThanItsMostByASketch() public {
        uint256 id = datanetOf(2, 6_000, 2_500, 0);
        uint256 capped = sketched(10_000, id);
        models.setSketchContributor(1, id, contributor(1));
        // The second is of a datanet that the model doesn't name.
        settle(open(capped, 1, 10 ether), one(300, 100));
        vm.assertEq(owed(contributor(1)), 1.5 ether, "a quarter");
        vm.assertEq(owed(contributor(2)), 0, "of a datanet whose terms nobody checked");
        vm.assertEq(commonsOf(id), 3 ether, "commons of the datanet");
        vm.assertEq(commonsOf(0), 1.5 ether, "commons of all");
    }

    function test_AnAccountHasOneMostUnderAllOfItsNumbersBySketchesToo() public {
        uint256 id = datanetOf(2, 6_000, 2_500, 0);
        uint256 capped = sketched(10_000, id);
        models.setSketchContributor(1, id, contributor(1));
        models.setSketchContributor(2, id, contributor(1));
        settle(open(capped, 1, 10 ether), one(300, 100));
        vm.assertEq(owed(contributor(1)), 1.5 ether, "a quarter, for all of the influence");
        vm.assertEq(commonsOf(id), 4.5 ether, "commons of the datanet");
        // An account's parts of two datanets have a most each.
        models.setSketchContributor(2, datanetOf(1, 6_000, 2_500, 0), contributor(1));
        settle(open(capped, 1, 10 ether), one(300, 100));
        vm.assertEq(owed(contributor(1)), 3 ether, "a quarter of the named one's");
    }

    function test_WhatNobodyInfluencedIsEverybodys() public {
        settle(open(model, 1, 10 ether), one(-1, 0));
        vm.assertEq(commonsOf(0), 6 ether, "commons of all");
        uint256 none = sketchless();
        settle(open(none, 1, 10 ether), one(1, 1));
        vm.assertEq(commonsOf(0), 12 ether, "a model without a set");
    }

    function sketchless() private returns (uint256 made) {
        IModels.Terms memory asked = terms();
        asked.sketchBps = 10_000;
        made = models.register(asked, sourcesOf(datanetId));
        lineageOf(made, trainer, address(0x7B));
        offer(made);
    }

    function test_AWrongSketchIsDisputed() public {
        uint256 id = open(model, 1, 10 ether);
        settle(id, one(1, 1));
        address finder = address(0xF1);
        vm.deal(finder, 10 ether);
        vm.prank(finder);
        uint256 caseId = inference.dispute{value: CONTEST_COST}(id, 1, IInference.Dispute.WrongSketch, "");
        juries.ruleNow(caseId, true);
        (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
        vm.assertEq(locked, STAKE - PENALTY, "stake");
    }

    function crowd(uint256 count) private pure returns (bytes memory) {
        uint32[] memory numbers = new uint32[](count);
        int256[] memory scores = new int256[](count);
        for (uint256 i = 0; i < count; ++i) {
            (numbers[i], scores[i]) = (uint32(i + 1), 1);
        }
        return abi.encode(numbers, scores);
    }

    function test_ContributorsBelowTheHighestOfAScanLeaveTheirPartToAll() public {
        IInference.Answer[] memory all = one(1, 1);
        all[0].query = crowd(5_000);
        (all[0].amount) = 10 ether;
        settle(open(model, 1, 10 ether), all);
        // 3,072 of 5,000 are listed, of which 8 are known.
        vm.assertEq(owed(contributor(1)), 0.0012 ether, "one of 5,000");
        vm.assertEq(commonsOf(0), 6 ether - 8 * 0.0012 ether, "the others");
    }

    function test_CutScansAreNotSummed() public {
        uint256 id = open(model, 2, 20 ether);
        IInference.Answer[] memory all = new IInference.Answer[](2);
        (all[0], all[1]) = (answered(1, 1, 10 ether), answered(1, 1, 5 ether));
        all[0].query = crowd(5_000);
        bytes memory signature = voucher(id, all);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IDivision.TooManyContributors.selector, 77));
        inference.settle(id, all, signature);
    }

    // ---- The table

    function testFuzz_ATableSumsByNumber(uint32[] calldata numbers, int128[] calldata values, uint256 seed)
        public
        pure
    {
        Tally.Table memory table = Tally.create(seed, 0);
        uint256 length = numbers.length < values.length ? numbers.length : values.length;
        if (length > 60) length = 60;
        for (uint256 i = 0; i < length; ++i) {
            // Few different numbers, so that they meet; many, so that the table grows.
            table.add(numbers[i] % 40, values[i]);
            table.add(numbers[i], values[i]);
        }
        for (uint256 j = 0; j < table.count; ++j) {
            int256 sum;
            for (uint256 i = 0; i < length; ++i) {
                if (numbers[i] % 40 == table.keys[j]) sum += values[i];
                if (numbers[i] == table.keys[j]) sum += values[i];
            }
            vm.assertTrue(table.sums[j] == sum, "sum");
        }
        for (uint256 i = 0; i < length; ++i) {
            vm.assertTrue(holds(table, numbers[i]), "each number is there");
        }
    }

    function holds(Tally.Table memory table, uint32 number) private pure returns (bool) {
        for (uint256 j = 0; j < table.count; ++j) {
            if (table.keys[j] == number) return true;
        }
        return false;
    }
}
