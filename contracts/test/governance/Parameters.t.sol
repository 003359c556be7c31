// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Parameters} from "../../src/l2/governance/Parameters.sol";
import {Reserved} from "../../src/l2/governance/Reserved.sol";
import {MoneyTest} from "../money/Money.sol";

contract ParametersTest is MoneyTest {
    address private constant FREE = 0x00000000000000000000000000000000000a771c;

    function setUp() public {
        deployMoney();
        placeProxy(FREE, type(Reserved).creationCode);
    }

    /// @dev The longest session, and the longest contest after it.
    function test_ATrainersBondOutlastsEverythingThatItAnswersFor() public view {
        (uint256 least,,) = parameters.bounds(Keys.TRAINER_SECONDS);
        (, uint256 contest,) = parameters.bounds(Keys.CONTEST_SECONDS);
        vm.assertTrue(least >= 7 days + contest, "long enough");
    }

    function test_UntilGovernanceChangesItAParameterIsItsInitialValue() public view {
        bytes32[] memory all = keys();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 least, uint256 most, uint256 initial) = parameters.bounds(all[i]);
            vm.assertTrue(least <= initial && initial <= most, "the initial value is within bounds");
            vm.assertEq(parameters.get(all[i]), initial, "initial");
        }
    }

    function test_GovernanceSetsAValueWithinBoundsAlsoNothing() public {
        vm.expectEmit(Predeploys.PARAMETERS);
        emit IParameters.ParameterChanged(Keys.PROTOCOL_BPS, 500, 700);
        set(Keys.PROTOCOL_BPS, 700);
        vm.assertEq(parameters.get(Keys.PROTOCOL_BPS), 700, "changed");
        set(Keys.PROTOCOL_BPS, 0);
        vm.assertEq(parameters.get(Keys.PROTOCOL_BPS), 0, "nothing");
    }

    function test_BoundsHoldAtBothEndsOfEachParameter() public {
        bytes32[] memory all = keys();
        set(Keys.TREASURY_BPS, 0);
        set(Keys.BURN_BPS, 0);
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 least, uint256 most, uint256 initial) = parameters.bounds(all[i]);
            set(all[i], most);
            vm.assertEq(parameters.get(all[i]), most, "most");
            set(all[i], least);
            vm.assertEq(parameters.get(all[i]), least, "least");
            refused(all[i], most + 1, least, most);
            refused(all[i], type(uint256).max, least, most);
            if (least != 0) refused(all[i], least - 1, least, most);
            if (all[i] != Keys.TREASURY_BPS && all[i] != Keys.BURN_BPS) set(all[i], initial);
        }
    }

    function test_NobodyElseSets() public {
        address[3] memory strangers = [address(0xA11CE), Predeploys.GOVERNOR, Predeploys.PARAMETERS];
        for (uint256 i = 0; i < strangers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, strangers[i]));
            vm.prank(strangers[i]);
            parameters.set(Keys.PROTOCOL_BPS, 1);
        }
    }

    function test_AnUnknownParameterIsNone() public {
        bytes memory problem = abi.encodeWithSelector(IParameters.UnknownParameter.selector, bytes32("no"));
        vm.expectRevert(problem);
        parameters.get("no");
        vm.expectRevert(problem);
        parameters.bounds("no");
        vm.expectRevert(problem);
        set("no", 0);
    }

    function test_TreasuryAndBurnAreTogetherAtMostTheWhole() public {
        set(Keys.TREASURY_BPS, 7_000);
        vm.expectRevert(abi.encodeWithSelector(IParameters.PartsExceedWhole.selector, 10_001, 10_000));
        set(Keys.TREASURY_BPS, 7_001);
        vm.expectRevert(abi.encodeWithSelector(IParameters.PartsExceedWhole.selector, 10_001, 10_000));
        set(Keys.BURN_BPS, 3_001);
        vm.assertEq(parameters.get(Keys.TREASURY_BPS) + parameters.get(Keys.BURN_BPS), 10_000, "the whole");
    }

    // ---- Proxies

    function test_AReservedAddressGetsItsContractFromGovernance() public {
        Parameters next = new Parameters();
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        Reserved(FREE).upgradeToAndCall(address(next), "");
        vm.prank(Predeploys.TIMELOCK);
        Reserved(FREE).upgradeToAndCall(address(next), "");
        vm.assertEq(Parameters(FREE).get(Keys.PROTOCOL_BPS), 500, "answers");
    }

    function test_NoProxyBecomesSomethingThatCannotBeMended() public {
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, Predeploys.PAYOUTS));
        vm.prank(Predeploys.TIMELOCK);
        parameters.upgradeToAndCall(Predeploys.PAYOUTS, "");
    }

    function test_AnImplementationItselfCannotBeUpgraded() public {
        Parameters implementation = new Parameters();
        Reserved next = new Reserved();
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        vm.prank(Predeploys.TIMELOCK);
        implementation.upgradeToAndCall(address(next), "");
    }

    function test_ValuesSurviveAnUpgrade() public {
        set(Keys.PROTOCOL_BPS, 700);
        Parameters next = new Parameters();
        vm.prank(Predeploys.TIMELOCK);
        parameters.upgradeToAndCall(address(next), "");
        vm.assertEq(parameters.get(Keys.PROTOCOL_BPS), 700, "value");
    }

    function testFuzz_AValueIsSetIfAndOnlyIfItIsWithinBounds(uint8 which, uint256 value) public {
        bytes32[] memory all = keys();
        bytes32 key = all[which % all.length];
        set(Keys.TREASURY_BPS, 0);
        set(Keys.BURN_BPS, 0);
        (uint256 least, uint256 most,) = parameters.bounds(key);
        uint256 before = parameters.get(key);
        bool within = least <= value && value <= most;
        if (!within) {
            vm.expectRevert(abi.encodeWithSelector(IParameters.OutOfBounds.selector, key, value, least, most));
        }
        set(key, value);
        vm.assertEq(parameters.get(key), within ? value : before, "value");
    }

    function set(bytes32 key, uint256 value) private {
        vm.prank(Predeploys.TIMELOCK);
        parameters.set(key, value);
    }

    function refused(bytes32 key, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(IParameters.OutOfBounds.selector, key, value, least, most));
        set(key, value);
    }

    function keys() private pure returns (bytes32[] memory all) {
        all = new bytes32[](30);
        (all[0], all[1], all[2]) = (Keys.PROTOCOL_BPS, Keys.VALIDATOR_BPS, Keys.CONTEST_SECONDS);
        (all[3], all[4], all[5]) = (Keys.CONTEST_BOND, Keys.OPERATOR_STAKE, Keys.PENALTY_BPS);
        (all[6], all[7], all[8]) = (Keys.CONTEST_JURORS, Keys.TRAINER_BOND, Keys.COMMONS_EPOCH);
        (all[9], all[10], all[11]) = (Keys.TRAINER_SECONDS, Keys.CHALLENGE_BOND, Keys.CHALLENGE_JURORS);
        (all[12], all[13], all[14]) = (Keys.WINNER_BPS, Keys.COMMIT_SECONDS, Keys.REVEAL_SECONDS);
        (all[15], all[16], all[17]) = (Keys.APPEAL_SECONDS, Keys.DECIDE_SECONDS, Keys.GOVERN_SECONDS);
        (all[18], all[19], all[20]) = (Keys.JUROR_FEE, Keys.APPEAL_BOND, Keys.VALIDATOR_STAKE);
        (all[21], all[22], all[23]) = (Keys.REVERSED_BPS, Keys.MISSED_BPS, Keys.DOCUMENTS_SECONDS);
        (all[24], all[25], all[26]) = (Keys.QUEUE_SECONDS, Keys.APPEND_SECONDS, Keys.DISPUTE_BOND);
        (all[27], all[28], all[29]) = (Keys.COPIED_BPS, Keys.TREASURY_BPS, Keys.BURN_BPS);
    }
}
