// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {ModelsTest} from "./ModelsTest.sol";

/// @notice Terms of datanets and of parents execute, and are inherited.
contract LicencesTest is ModelsTest {
    function setUp() public {
        deployModels();
    }

    function broken(uint256 datanetId, IModelRegistry.Term term) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.LicenceBroken.selector, datanetId, term);
    }

    function brokenParent(uint256 parentId, IModelRegistry.Term term) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IModelRegistry.ParentLicenceBroken.selector, parentId, 1, term);
    }

    function test_NothingIsTrainedOnWhatMayNotBe() public {
        IDatanets.Licence memory terms = licence();
        terms.mayTrain = false;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        refused(entry, broken(4, IModelRegistry.Term.MayTrain));
    }

    function test_WhatIsNotForSaleHasNoPrice() public {
        IDatanets.Licence memory terms = licence();
        terms.commercial = false;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        entry.price = 1;
        refused(entry, broken(4, IModelRegistry.Term.Commercial));
        entry.price = 0;
        uint256 modelId = register(entry);
        vm.assertTrue(!models.effectiveTerms(modelId, 1).commercial, "nor is the model for sale");
    }

    function test_ShareAlikeIsPassedOn() public {
        IDatanets.Licence memory terms = licence();
        terms.shareAlike = true;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        refused(entry, broken(4, IModelRegistry.Term.ShareAlike));
        entry.licence.shareAlike = true;
        uint256 modelId = register(entry);
        refused(child(modelId, 0), brokenParent(modelId, IModelRegistry.Term.ShareAlike));
    }

    function test_ContributorsGetTheirLeastPart() public {
        IDatanets.Licence memory terms = licence();
        terms.minContributorBps = 6_000;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        entry.contributorBps = 5_999;
        refused(entry, broken(4, IModelRegistry.Term.MinContributorBps));
        entry.contributorBps = 6_000;
        uint256 modelId = register(entry);
        IModelRegistry.Registration memory next = child(modelId, 0);
        next.sources = sources(4, 1);
        next.contributorBps = 5_999;
        refused(next, broken(4, IModelRegistry.Term.MinContributorBps));
    }

    function test_LineageAndOperatorTakeNoMoreThanTheCeilingWhateverOthersTake() public {
        IDatanets.Licence memory terms = licence();
        terms.maxRoyaltyBps = 3_000;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        entry.contributorBps = 6_999;
        refused(entry, broken(4, IModelRegistry.Term.MaxRoyaltyBps));
        entry.contributorBps = 7_000;
        uint256 modelId = register(entry);
        IModelRegistry.Registration memory next = child(modelId, 0);
        publish(5, licence());
        next.sources = sources(5, 1);
        next.contributorBps = 6_999;
        refused(next, brokenParent(modelId, IModelRegistry.Term.MaxRoyaltyBps));
        next.contributorBps = 7_000;
        register(next);
    }

    /// @dev Trains on a strict datanet, then builds on the model with another datanet, of its own, as the only source.
    function test_AWrapperDoesNotShedTheDatanetThatIsOwedAPart() public {
        IDatanets.Licence memory terms = licence();
        terms.minContributorBps = 5_000;
        IModelRegistry.Registration memory entry = registration();
        entry.sources = publish(4, terms);
        entry.contributorBps = 5_000;
        uint256 modelId = register(entry);
        publish(3, licence());
        publish(5, licence());
        IModelRegistry.Registration memory next = child(modelId, 0);
        next.contributorBps = 5_000;
        next.sources = sources(3, 1);
        refused(next, brokenParent(modelId, IModelRegistry.Term.Answers));
        next.sources = sources(5, 1);
        refused(next, brokenParent(modelId, IModelRegistry.Term.Answers));
        next.sources = new IModels.Source[](3);
        next.sources[0] = IModels.Source(3, 1, 1_000);
        next.sources[1] = IModels.Source(4, 1, 8_000);
        next.sources[2] = IModels.Source(5, 1, 1_000);
        uint256 second = register(next);
        next = child(second, 0);
        next.contributorBps = 5_000;
        next.sources = sources(5, 1);
        refused(next, brokenParent(second, IModelRegistry.Term.Answers));
    }

    function test_AParentThatForbidsItHasNoChildren() public {
        IModelRegistry.Registration memory entry = registration();
        entry.licence.mayTrain = false;
        uint256 modelId = register(entry);
        refused(child(modelId, 0), brokenParent(modelId, IModelRegistry.Term.MayTrain));
    }

    function test_AModelsOwnLicenceBindsItsChildren() public {
        IModelRegistry.Registration memory entry = registration();
        entry.licence.commercial = false;
        (entry.licence.minContributorBps, entry.licence.text) = (100, "own");
        uint256 modelId = register(entry);
        IModelRegistry.Registration memory next = child(modelId, 0);
        refused(next, brokenParent(modelId, IModelRegistry.Term.Commercial));
        next.price = 0;
        refused(next, brokenParent(modelId, IModelRegistry.Term.MinContributorBps));
        publish(1, licence());
        (next.sources, next.contributorBps) = (sources(1, 1), 100);
        uint256 second = register(next);
        vm.assertEq(
            abi.encode(models.effectiveTerms(second, 1)),
            abi.encode(IDatanets.Licence(true, false, false, 100, 10_000, "licence")),
            "the strictest of all, under its own text"
        );
    }

    /// @dev The owner of a parent registers it again, looser: its children before are bound by what they named.
    function test_ALooserVersionOfAParentLoosensNoChild() public {
        IModelRegistry.Registration memory entry = registration();
        entry.licence.shareAlike = true;
        uint256 modelId = register(entry);
        IModelRegistry.Registration memory next = child(modelId, 0);
        next.licence.shareAlike = true;
        uint256 second = register(next);
        entry.licence.shareAlike = false;
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        vm.assertTrue(models.effectiveTerms(second, 1).shareAlike, "bound by the version it was made from");
    }

    function testFuzz_TermsAreNeverLooserThanThoseOfAnyOrigin(uint256 seed) public {
        uint256[] memory made = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            IModelRegistry.Registration memory entry = i == 0 ? registration() : child(made[seed % i], 0);
            entry.sources = publish(i + 1, drawn(seed = next(seed)));
            entry.licence = drawn(seed = next(seed));
            (entry.contributorBps, entry.price) = (uint16(seed % 10_001), uint128(seed >> 128 & 1));
            vm.startPrank(TRAINER);
            made[i] = models.create("", "");
            try models.registerVersion(made[i], entry) {
                stricter(models.effectiveTerms(made[i], 1), datanets.release(i + 1, 1).licence, entry);
                IDatanets.Licence memory own = models.effectiveTerms(made[i], 1);
                vm.assertTrue(own.minContributorBps >= entry.licence.minContributorBps, "own least part");
                if (i != 0) {
                    stricter(own, models.effectiveTerms(entry.parents[0].modelId, 1), entry);
                }
            } catch {
                // Not registered: the next may still build on the one before.
                made[i] = i == 0 ? registerFree() : made[i - 1];
            }
            vm.stopPrank();
        }
    }

    function registerFree() private returns (uint256 modelId) {
        modelId = models.create("", "");
        models.registerVersion(modelId, registration());
    }

    /// @dev Terms that are seldom so strict that nothing can be made.
    function drawn(uint256 seed) private pure returns (IDatanets.Licence memory) {
        return IDatanets.Licence(
            seed % 8 != 0,
            seed >> 8 & 3 != 0,
            seed >> 16 & 3 == 0,
            seed >> 24 & 1 == 0 ? 0 : uint16(seed >> 32) % 8_000,
            seed >> 48 & 1 == 0 ? 10_000 : uint16(seed >> 56) % 10_001,
            bytes32(seed)
        );
    }

    function next(uint256 seed) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    function stricter(
        IDatanets.Licence memory terms,
        IDatanets.Licence memory origin,
        IModelRegistry.Registration memory entry
    ) private pure {
        vm.assertTrue(origin.mayTrain, "made from what may be trained on");
        vm.assertTrue(origin.commercial || (!terms.commercial && entry.price == 0), "sold only what may be sold");
        vm.assertTrue(!origin.shareAlike || (terms.shareAlike && entry.licence.shareAlike), "shared alike");
        vm.assertTrue(
            terms.minContributorBps >= origin.minContributorBps && entry.contributorBps >= origin.minContributorBps,
            "least part"
        );
        vm.assertTrue(
            terms.maxRoyaltyBps <= origin.maxRoyaltyBps && 10_000 - entry.contributorBps <= origin.maxRoyaltyBps,
            "ceiling"
        );
    }
}
