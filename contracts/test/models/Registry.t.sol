// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {ModelsTest} from "./ModelsTest.sol";

/// @notice Models, owners, versions, and the bond that stands behind them.
contract RegistryTest is ModelsTest {
    function setUp() public {
        deployModels();
    }

    function test_AVersionSaysWhatItWasRegisteredWith() public {
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(3, licence());
        (entry.contributorBps, entry.royaltyBps) = (6_000, 250);
        uint256 modelId = register(entry);
        (IModels.Terms memory agreed, IModels.Source[] memory answering) = models.terms(modelId, 1);
        IModels.Terms memory expected = IModels.Terms(OPERATOR, 1 ether, 6_000, 1_000, 0, 0, 0, 1 hours, true);
        vm.assertEq(abi.encode(agreed), abi.encode(expected), "terms");
        vm.assertEq(abi.encode(answering), abi.encode(entry.sources), "sources");
        vm.assertEq(
            models.termsHash(modelId, 1),
            keccak256(abi.encode(modelId, uint32(1), expected, entry.sources)),
            "terms hash"
        );
        IModelRegistry.Facts memory facts = models.facts(modelId, 1);
        vm.assertEq(
            abi.encode(facts),
            abi.encode(
                IModelRegistry.Facts(
                    TRAINER,
                    uint64(block.timestamp),
                    0,
                    250,
                    false,
                    BOND,
                    entry.weightsHash,
                    entry.manifestHash,
                    entry.metricsHash,
                    entry.licence
                )
            ),
            "facts"
        );
        (uint256 first, uint32 version) = models.firstWith(entry.weightsHash);
        vm.assertTrue(first == modelId && version == 1, "first with these weights");
        vm.assertEq(models.modelCount(), 1, "models");
    }

    function test_EventsHoldAllThatWasSaid() public {
        uint256 parentId = register(registration());
        IModelRegistry.Registration memory entry = child(parentId, 300);
        vm.prank(TRAINER);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelRegistry.ModelCreated(2, TRAINER, "name", "about");
        models.create("name", "about");
        vm.prank(TRAINER);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelRegistry.BondLocked(2, TRAINER, BOND, BOND);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelRegistry.VersionRegistered(2, 1, TRAINER, 0, BOND, entry);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelRegistry.Derived(parentId, 1, 2, 1, 300, IModelRegistry.Relation.Base);
        models.registerVersion(2, entry);
    }

    function test_ANewPriceIsANewVersionAndTheOldTermsStay() public {
        IModelRegistry.Registration memory entry = registration();
        uint256 modelId = register(entry);
        bytes32 seen = models.termsHash(modelId, 1);
        entry.price = 9 ether;
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        (uint32 version, bool isActive) = models.latest(modelId);
        vm.assertTrue(version == 2 && isActive, "the newest takes requests");
        vm.assertEq(models.termsHash(modelId, 1), seen, "what was seen stays");
        vm.assertTrue(models.termsHash(modelId, 2) != seen, "what is asked for now is something else");
        vm.assertEq(lockedOf(TRAINER), BOND, "one bond for all versions of a model");
    }

    function test_AModelWithoutAVersionTakesNoRequests() public {
        vm.prank(TRAINER);
        uint256 modelId = models.create("", "");
        (uint32 version, bool isActive) = models.latest(modelId);
        vm.assertTrue(version == 0 && !isActive, "nothing to ask");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 1));
        models.terms(modelId, 1);
    }

    function test_WhatIsNotThereIsNotAnsweredFor() public {
        bytes memory unknown = abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, 7);
        vm.expectRevert(unknown);
        models.latest(7);
        vm.expectRevert(unknown);
        models.ownerOf(7);
        vm.expectRevert(unknown);
        models.children(7, 0, 1);
        vm.expectRevert(unknown);
        models.bondOf(7, TRAINER);
        IModelRegistry.Registration memory entry = registration();
        vm.expectRevert(unknown);
        models.registerVersion(7, entry);
    }

    function test_OnlyTheOwnerRegistersVersions() public {
        uint256 modelId = register(registration());
        IModelRegistry.Registration memory entry = registration();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.registerVersion(modelId, entry);
    }

    function test_IncompleteRegistrationsAreRefused() public {
        IModelRegistry.Registration memory entry = registration();
        entry.operator = address(0);
        refused(entry, abi.encodeWithSelector(IModelRegistry.ZeroOperator.selector));
        entry = registration();
        entry.weightsHash = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.ZeroHash.selector));
        entry = registration();
        entry.manifestHash = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.ZeroHash.selector));
        entry = registration();
        entry.metricsHash = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.ZeroHash.selector));
        entry = registration();
        entry.answerSeconds = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.InvalidAnswerTime.selector, 0));
        entry.answerSeconds = 7 days + 1;
        refused(entry, abi.encodeWithSelector(IModelRegistry.InvalidAnswerTime.selector, 7 days + 1));
        entry.answerSeconds = 7 days;
        register(entry);
    }

    function test_NoPartIsMoreThanAll() public {
        IModelRegistry.Registration memory entry = registration();
        entry.lineageBps = 10_001;
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
        entry = registration();
        entry.sketchBps = 10_001;
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
        entry = registration();
        entry.royaltyBps = 10_001;
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
        entry = registration();
        entry.licence.minContributorBps = 10_001;
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
        entry = registration();
        entry.licence.maxRoyaltyBps = 10_001;
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
    }

    function test_SourcesAscendAndTheirWeightsAreAll() public {
        IModelRegistry.Registration memory entry = registration();
        entry.contributorBps = 1;
        refused(entry, abi.encodeWithSelector(IModelRegistry.InvalidWeights.selector, 0));
        publish(1, licence());
        publish(2, licence());
        entry.sources = new IModels.Source[](2);
        entry.sources[0] = IModels.Source(2, 1, 5_000);
        entry.sources[1] = IModels.Source(2, 1, 5_000);
        refused(entry, abi.encodeWithSelector(IModelRegistry.SourcesNotAscending.selector, 1));
        entry.sources[0] = IModels.Source(1, 1, 5_001);
        refused(entry, abi.encodeWithSelector(IModelRegistry.InvalidWeights.selector, 10_001));
        entry.sources[0].weightBps = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.InvalidWeights.selector, 0));
        entry.sources[0] = IModels.Source(1, 2, 5_000);
        refused(entry, abi.encodeWithSelector(IModelRegistry.UnknownRelease.selector, 1, 2));
        entry.sources[0].releaseId = 1;
        register(entry);
        entry = registration();
        entry.sources = new IModels.Source[](1);
        entry.sources[0] = IModels.Source(uint256(1) << 128 | 1, 1, 10_000);
        refused(entry, abi.encodeWithSelector(IModelRegistry.UnknownRelease.selector, uint256(1) << 128 | 1, 1));
        entry.sources = new IModels.Source[](17);
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManySources.selector, 17));
    }

    // ---- Owners

    function test_AnOwnerIsOneThatAccepted() public {
        uint256 modelId = register(registration());
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.offerOwnership(modelId, OTHER);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOffered.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.acceptOwnership(modelId);
        vm.prank(TRAINER);
        models.offerOwnership(modelId, OTHER);
        (address owner, address offeredTo) = models.ownerOf(modelId);
        vm.assertTrue(owner == TRAINER && offeredTo == OTHER, "offered");
        vm.prank(OTHER);
        models.acceptOwnership(modelId);
        (owner, offeredTo) = models.ownerOf(modelId);
        vm.assertTrue(owner == OTHER && offeredTo == address(0), "accepted");
        (address[] memory accounts,) = models.lineage(modelId, 1);
        vm.assertTrue(accounts[0] == OTHER, "the new owner is paid");
    }

    function test_AnOfferCanBeTakenBack() public {
        uint256 modelId = register(registration());
        vm.startPrank(TRAINER);
        models.offerOwnership(modelId, OTHER);
        models.offerOwnership(modelId, address(0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOffered.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.acceptOwnership(modelId);
    }

    // ---- Deprecation and the bond

    function test_ABondIsLockedOrNothingIsRegistered() public {
        IModelRegistry.Registration memory entry = registration();
        address poor = address(0xF00);
        vm.startPrank(poor);
        uint256 modelId = models.create("", "");
        vm.expectRevert(abi.encodeWithSelector(IStakes.StakeTooSmall.selector, IStakes.Purpose.Trainer, poor, 0, BOND));
        models.registerVersion(modelId, entry);
        parameters.set(Keys.TRAINER_BOND, 0);
        models.registerVersion(modelId, entry);
        vm.stopPrank();
        vm.assertTrue(active(modelId), "no bond is asked for, none is needed");
    }

    function test_ABondIsReleasedSomeTimeAfterDeprecation() public {
        uint256 modelId = register(registration());
        bytes memory inUse = abi.encodeWithSelector(IModelRegistry.BondInUse.selector, modelId, TRAINER);
        vm.startPrank(TRAINER);
        vm.expectRevert(inUse);
        models.releaseBond(modelId);
        models.deprecate(modelId);
        vm.assertTrue(!active(modelId), "takes no requests");
        (uint256 amount,, uint64 releasable) = models.bondOf(modelId, TRAINER);
        vm.assertTrue(amount == BOND && releasable == block.timestamp + 30 days, "still locked");
        vm.warp(block.timestamp + 30 days - 1);
        vm.expectRevert(inUse);
        models.releaseBond(modelId);
        vm.warp(block.timestamp + 1);
        vm.assertEq(models.releaseBond(modelId), BOND, "released");
        vm.assertEq(lockedOf(TRAINER), 0, "nothing is locked");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NothingBonded.selector, modelId, TRAINER));
        models.releaseBond(modelId);
        models.reactivate(modelId);
        vm.stopPrank();
        vm.assertTrue(active(modelId) && lockedOf(TRAINER) == BOND, "bonded anew");
    }

    function test_WhoMayDeprecateAndReactivate() public {
        uint256 modelId = register(registration());
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.deprecate(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotDeprecated.selector, modelId));
        vm.prank(TRAINER);
        models.reactivate(modelId);
        vm.prank(TRAINER);
        models.deprecate(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.AlreadyDeprecated.selector, modelId));
        vm.prank(TRAINER);
        models.deprecate(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.reactivate(modelId);
        vm.prank(TRAINER);
        models.reactivate(modelId);
        vm.assertTrue(active(modelId), "again");
    }

    function test_ATrainerThatSoldItsModelIsNotBoundForEver() public {
        uint256 modelId = register(registration());
        vm.prank(TRAINER);
        models.offerOwnership(modelId, OTHER);
        vm.prank(OTHER);
        models.acceptOwnership(modelId);
        vm.prank(TRAINER);
        models.deprecate(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotTrainer.selector, modelId, OTHER));
        vm.prank(OTHER);
        models.reactivate(modelId);
        IModelRegistry.Registration memory entry = registration();
        vm.prank(OTHER);
        models.registerVersion(modelId, entry);
        vm.assertTrue(active(modelId) && lockedOf(OTHER) == BOND, "the new owner is bonded for its own version");
        vm.warp(block.timestamp + 30 days);
        vm.prank(TRAINER);
        models.releaseBond(modelId);
    }

    function test_ANewOwnersVersionRetiresTheOldTrainer() public {
        uint256 modelId = register(registration());
        vm.prank(TRAINER);
        models.offerOwnership(modelId, OTHER);
        vm.prank(OTHER);
        models.acceptOwnership(modelId);
        IModelRegistry.Registration memory entry = registration();
        vm.prank(OTHER);
        models.registerVersion(modelId, entry);
        (,, uint64 releasable) = models.bondOf(modelId, TRAINER);
        vm.assertEq(releasable, block.timestamp + 30 days, "from the takeover on");
    }

    function test_ABondStaysAsLongAsWhenItsVersionWasRegistered() public {
        IModelRegistry.Registration memory entry = registration();
        uint256 modelId = register(entry);
        parameters.set(Keys.TRAINER_SECONDS, 180 days);
        vm.startPrank(TRAINER);
        models.deprecate(modelId);
        (,, uint64 releasable) = models.bondOf(modelId, TRAINER);
        vm.assertEq(releasable, block.timestamp + 30 days, "what is open is not touched");
        models.reactivate(modelId);
        models.deprecate(modelId);
        (,, releasable) = models.bondOf(modelId, TRAINER);
        vm.assertEq(releasable, block.timestamp + 180 days, "who begins again is under what holds now");
        parameters.set(Keys.TRAINER_SECONDS, 20 days);
        models.registerVersion(modelId, entry);
        models.deprecate(modelId);
        (,, releasable) = models.bondOf(modelId, TRAINER);
        vm.assertEq(releasable, block.timestamp + 20 days, "and a new version, too");
        vm.stopPrank();
    }

    function test_AHigherBondIsAskedOfNewVersionsOnly() public {
        IModelRegistry.Registration memory entry = registration();
        uint256 modelId = register(entry);
        parameters.set(Keys.TRAINER_BOND, 300 ether);
        vm.assertTrue(active(modelId), "what is open is not touched");
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        vm.assertEq(lockedOf(TRAINER), 300 ether, "only what lacks is locked");
        parameters.set(Keys.TRAINER_BOND, 1 ether);
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        vm.assertEq(lockedOf(TRAINER), 300 ether, "and none is given back while the model serves");
    }

    // ---- Weights

    function test_TheSameWeightsKeepTheirOriginsInTheirModel() public {
        IModelRegistry.Registration memory entry = registration();
        IDatanets.Licence memory strict = licence();
        strict.minContributorBps = 5_000;
        entry.sources = publish(1, strict);
        entry.contributorBps = 5_000;
        uint256 modelId = register(entry);
        entry.sources = new IModels.Source[](0);
        entry.contributorBps = 0;
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelRegistry.OriginsDiffer.selector, modelId, 1));
    }

    function test_TheSameWeightsAreAChildElsewhere() public {
        IModelRegistry.Registration memory entry = registration();
        entry.licence.commercial = false;
        entry.price = 0;
        uint256 modelId = register(entry);
        IModelRegistry.Registration memory again = registration();
        again.weightsHash = entry.weightsHash;
        refused(again, abi.encodeWithSelector(IModelRegistry.WeightsKnown.selector, modelId, 1));
        again = child(modelId, 0);
        again.weightsHash = entry.weightsHash;
        refused(
            again,
            abi.encodeWithSelector(
                IModelRegistry.ParentLicenceBroken.selector, modelId, 1, IModelRegistry.Term.Commercial
            )
        );
        again.price = 0;
        register(again);
    }

    // ---- The contract

    function test_OnlyGovernanceMendsTheContract() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, address(this)));
        models.upgradeToAndCall(address(this), "");
    }

    function test_NoMoneyStaysHere() public {
        vm.deal(address(this), 1 ether);
        (bool success, bytes memory reason) = Predeploys.MODELS.call{value: 1 ether}("");
        vm.assertTrue(!success, "plain transfers are refused");
        vm.assertEq(reason, abi.encodeWithSelector(IModelRegistry.MoneyNotTaken.selector, 1 ether), "by name");
        (success,) = Predeploys.MODELS.call{value: 1 ether}(abi.encodeWithSelector(bytes4("none"), 1));
        vm.assertTrue(!success, "so are unknown calls");
        vm.etch(Predeploys.MODEL_DISPUTES, "");
        (success, reason) = Predeploys.MODELS.call{value: 1 ether}(abi.encodeWithSelector(bytes4("none"), 1));
        vm.assertTrue(!success, "and those whose part is missing");
        vm.assertEq(
            reason, abi.encodeWithSelector(IModelRegistry.NoCode.selector, Predeploys.MODEL_DISPUTES), "by name"
        );
    }
}
