// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {JuriesTest} from "./JuriesTest.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {SumTree} from "../../src/l2/juries/SumTree.sol";
import {Validators} from "../../src/l2/juries/Validators.sol";

/// @notice Joining, leaving and being drawn.
contract ValidatorsTest is JuriesTest {
    using Validators for Validators.Registry;

    Validators.Registry private registry;

    function setUp() public {
        deployJuries();
    }

    function test_AValidatorJoinsWithLockedStake() public {
        give(validator(1), 3 * STAKE);
        vm.expectRevert(abi.encodeWithSelector(IJuries.StakeBelowMinimum.selector, STAKE, STAKE - 1));
        vm.prank(validator(1));
        juries.join(STAKE - 1);
        vm.expectEmit(address(juries));
        emit IJuries.Joined(validator(1), STAKE);
        vm.prank(validator(1));
        juries.join(STAKE);
        vm.prank(validator(1));
        juries.join(1);
        vm.assertEq(locked(validator(1)), STAKE + 1, "locked");
        (uint256 stake, uint256 weight, uint32 seats, uint64 until) = juries.validatorInfo(validator(1));
        vm.assertEq(stake, STAKE + 1, "stake");
        vm.assertEq(weight, STAKE + 1, "weight");
        vm.assertEq(seats, 0, "seats");
        vm.assertEq(until, 0, "until");
        (uint256 total, uint256 count) = juries.validatorTotals();
        vm.assertEq(total, STAKE + 1, "total");
        vm.assertEq(count, 1, "count");
    }

    function test_NobodyJoinsWithWhatItDoesNotHave() public {
        give(validator(1), STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakes.StakeTooSmall.selector, IStakes.Purpose.Validator, validator(1), STAKE, 2 * STAKE
            )
        );
        vm.prank(validator(1));
        juries.join(2 * STAKE);
    }

    function test_OnlyAValidatorLeavesAndOnlyOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotValidator.selector, address(this)));
        juries.leave();
        joinMany(1);
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotLeaving.selector, validator(1)));
        vm.prank(validator(1));
        juries.exit();
        uint64 until = origins.number() + 1 + HORIZON;
        vm.expectEmit(address(juries));
        emit IJuries.Leaving(validator(1), until);
        vm.prank(validator(1));
        juries.leave();
        vm.expectRevert(abi.encodeWithSelector(IJuries.AlreadyLeaving.selector, validator(1), until));
        vm.prank(validator(1));
        juries.leave();
        (, uint256 weight,, uint64 shown) = juries.validatorInfo(validator(1));
        vm.assertEq(weight, 0, "weight");
        vm.assertEq(shown, until, "until");
    }

    function test_StakeComesBackWhenNoDrawCanReachItsOwner() public {
        joinMany(1);
        vm.prank(validator(1));
        juries.leave();
        pass(HORIZON);
        vm.expectRevert(abi.encodeWithSelector(IJuries.StillBound.selector, validator(1), 0, origins.number() + 1));
        vm.prank(validator(1));
        juries.exit();
        pass(1);
        vm.prank(validator(1));
        juries.exit();
        vm.assertEq(locked(validator(1)), 0, "unlocked");
        (uint256 free,,,) = stakes.stakeOf(IStakes.Purpose.Validator, validator(1));
        vm.assertEq(free, STAKE, "free");
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotValidator.selector, validator(1)));
        vm.prank(validator(1));
        juries.leave();
    }

    function test_WhoLeavesMayComeBack() public {
        joinMany(1);
        vm.startPrank(validator(1));
        juries.leave();
        juries.join(0);
        vm.stopPrank();
        (, uint256 weight,, uint64 until) = juries.validatorInfo(validator(1));
        vm.assertEq(weight, STAKE, "weight");
        vm.assertEq(until, 0, "until");
    }

    function test_APlaceIsUsedAgainAndItsPastIsNobodyElses() public {
        joinMany(3);
        vm.prank(validator(2));
        juries.leave();
        pass(HORIZON + 1);
        vm.prank(validator(2));
        juries.exit();
        join(validator(9), 2 * STAKE);
        pass(1);
        (uint256 total, uint256 count) = juries.validatorTotals();
        vm.assertEq(total, 4 * STAKE, "total");
        vm.assertEq(count, 3, "count");
        uint256 caseId = drawn(3);
        address[] memory jurors = jury(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(jurors[i] != validator(2), "who left is not drawn");
        }
    }

    function test_AFullTreeTakesNoMore() public {
        origins.set(1, 1);
        registry.places = uint32(SumTree.CAPACITY) - 1;
        registry.join(validator(1), STAKE, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IJuries.TooManyValidators.selector, SumTree.CAPACITY));
        this.joinRegistry(validator(2));
    }

    function joinRegistry(address account) external {
        registry.join(account, STAKE, STAKE);
    }

    function test_WhoLosesTooMuchIsDrawnNoMoreUntilItAddsStake() public {
        joinMany(3);
        uint256 caseId = drawn(3);
        wait_(COMMIT);
        juries.advance(caseId);
        // All sat already and are too few: they sit again.
        drawAgain(caseId);
        wait_(COMMIT);
        juries.advance(caseId);
        close(caseId);
        settleAll(caseId);
        (uint256 stake, uint256 weight, uint32 seats,) = juries.validatorInfo(validator(1));
        uint256 left = STAKE * 995 / 1_000 * 995 / 1_000;
        vm.assertEq(stake, left, "missed twice");
        vm.assertEq(weight, 0, "dropped");
        vm.assertEq(seats, 0, "seats");
        assertReputation(validator(1), 0, 0, 2);
        vm.assertEq(locked(validator(1)), left, "what is left is still locked");
        join(validator(1), STAKE - left);
        (, weight,,) = juries.validatorInfo(validator(1));
        vm.assertEq(weight, STAKE, "drawn again");
    }

    function testFuzz_JurorsAreDistinctValidatorsAndNoParty(uint256 seed) public {
        uint256 count = bound(seed, 8, 30);
        for (uint256 i = 1; i <= count; ++i) {
            join(validator(i), STAKE + uint256(keccak256(abi.encode(seed, i))) % (50 * STAKE));
        }
        join(CLAIMANT, 1_000 * STAKE);
        join(CURATOR, 1_000 * STAKE);
        join(LOSER, 1_000 * STAKE);
        pass(1);
        address[] memory parties = new address[](2);
        (parties[0], parties[1]) = (LOSER, validator(1));
        uint256 caseId = open(7, CURATOR, parties);
        origins.say(origins.number() + 2, keccak256(abi.encode(seed)));
        pass(2);
        juries.draw(caseId);
        address[] memory jurors = jury(caseId);
        vm.assertEq(jurors.length, 7, "size");
        for (uint256 i = 0; i < 7; ++i) {
            vm.assertTrue(jurors[i] > validator(1) && jurors[i] <= validator(count), "a validator that is no party");
            for (uint256 k = 0; k < i; ++k) {
                vm.assertTrue(jurors[i] != jurors[k], "distinct");
            }
        }
    }

    /// @dev Stakes 1 : 2 : 3 : 4; of 600 draws each share is within four standard deviations.
    function test_JurorsAreDrawnByStake() public {
        for (uint256 i = 1; i <= 4; ++i) {
            join(validator(i), i * STAKE);
        }
        pass(1);
        uint256[5] memory times;
        for (uint256 k = 0; k < 600; ++k) {
            ++times[uint160(jury(drawn(1))[0]) - uint160(validator(0))];
        }
        uint256[5] memory deviation = [uint256(0), 30, 40, 45, 48];
        for (uint256 i = 1; i <= 4; ++i) {
            uint256 expected = 60 * i;
            vm.assertTrue(times[i] + deviation[i] >= expected && times[i] <= expected + deviation[i], "share");
        }
    }
}
