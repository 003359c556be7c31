// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {ModelsTest} from "./ModelsTest.sol";

/// @notice Does what owners, trainers, challengers, juries and time do, in any order, and keeps what was agreed.
contract Registrants is ModelsTest {
    struct Made {
        uint256 modelId;
        uint32 version;
        bytes32 termsHash;
    }

    Made[] private made;
    uint256 public constant ACCOUNTS = 4;
    uint256 public constant DATANETS = 4;
    mapping(uint256 modelId => mapping(uint32 version => uint256)) public placeOf;
    /// @notice Bonds of disputes that are open, by challenger.
    mapping(address account => uint256) public atStake;
    uint256[] private openCases;
    address[] private challengers;
    /// @notice How often a bond was released, or reduced without a ruling, while it was disputed.
    uint256 public escaped;
    uint256 private current;

    constructor() {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            fund(account(i), 1e9 ether);
        }
        publish(1, licence());
        IDatanets.Licence memory terms = licence();
        terms.shareAlike = true;
        publish(2, terms);
        terms = licence();
        (terms.commercial, terms.maxRoyaltyBps) = (false, 9_000);
        publish(3, terms);
        terms = licence();
        terms.minContributorBps = 3_000;
        publish(4, terms);
    }

    function registerNew(uint256 who, uint256 seed) external {
        vm.startPrank(account(who));
        current = models.create("", "");
        _register(current, seed);
        vm.stopPrank();
    }

    function registerNext(uint256 which, uint256 seed) external {
        if (models.modelCount() == 0) return;
        uint256 modelId = 1 + which % models.modelCount();
        (address owner,) = models.ownerOf(modelId);
        vm.startPrank(owner);
        _register(modelId, seed);
        vm.stopPrank();
    }

    function sell(uint256 which, uint256 to) external {
        if (models.modelCount() == 0) return;
        uint256 modelId = 1 + which % models.modelCount();
        (address owner,) = models.ownerOf(modelId);
        vm.prank(owner);
        models.offerOwnership(modelId, account(to));
        vm.prank(account(to));
        models.acceptOwnership(modelId);
    }

    function retire(uint256 which, bool again) external {
        if (models.modelCount() == 0) return;
        uint256 modelId = 1 + which % models.modelCount();
        (address owner,) = models.ownerOf(modelId);
        vm.startPrank(owner);
        if (again) {
            try models.reactivate(modelId) {} catch {}
        } else {
            try models.deprecate(modelId) {} catch {}
        }
        vm.stopPrank();
    }

    function release(uint256 which, uint256 who) external {
        if (models.modelCount() == 0) return;
        uint256 modelId = 1 + which % models.modelCount();
        (, uint32 disputed,) = models.bondOf(modelId, account(who));
        bool serving = active(modelId) && _newestTrainer(modelId) == account(who);
        vm.prank(account(who));
        try models.releaseBond(modelId) {
            if (disputed != 0 || serving) ++escaped;
        } catch {}
    }

    function challenge(uint256 which, uint256 who) external {
        if (made.length == 0) return;
        Made storage target = made[which % made.length];
        vm.deal(account(who), FEE + CHALLENGE);
        vm.prank(account(who));
        uint256 caseId = disputes.challenge{value: FEE + CHALLENGE}(target.modelId, target.version, "evidence");
        openCases.push(caseId);
        challengers.push(account(who));
        atStake[account(who)] += CHALLENGE;
    }

    function rule(uint256 which, bool upheld) external {
        uint256 count = openCases.length;
        if (count == 0) return;
        which %= count;
        juries.rule(openCases[which], upheld);
        atStake[challengers[which]] -= CHALLENGE;
        (openCases[which], challengers[which]) = (openCases[count - 1], challengers[count - 1]);
        openCases.pop();
        challengers.pop();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1 days, 40 days));
    }

    function account(uint256 seed) public pure returns (address) {
        return address(uint160(0xACC0 + seed % ACCOUNTS));
    }

    function count() external view returns (uint256) {
        return made.length;
    }

    function madeAt(uint256 index) external view returns (Made memory) {
        return made[index];
    }

    function openDisputes() external view returns (uint256) {
        return openCases.length;
    }

    function _newestTrainer(uint256 modelId) private view returns (address) {
        (uint32 version,) = models.latest(modelId);
        return models.facts(modelId, version).trainer;
    }

    function _register(uint256 modelId, uint256 seed) private {
        seed = uint256(keccak256(abi.encode(seed)));
        IModelRegistry.Registration memory entry = registration();
        // Weights that were there before, now and then.
        if (seed % 8 == 0) entry.weightsHash = keccak256(abi.encode("weights", seed % 5));
        entry.licence.shareAlike = seed >> 8 & 3 != 0;
        entry.price = seed >> 16 & 3 == 0 ? 1 : 0;
        if (seed >> 24 & 3 != 0) {
            entry.sources = sources(1 + (seed >> 32) % DATANETS, 1);
            entry.contributorBps = uint16(1_000 + (seed >> 40) % 8_001);
        }
        _addParents(entry, seed >> 56);
        try models.registerVersion(modelId, entry) returns (uint32 version) {
            made.push(Made(modelId, version, models.termsHash(modelId, version)));
            placeOf[modelId][version] = made.length;
        } catch {}
    }

    /// @dev Up to two of the versions that are there, of any model, also of the same.
    function _addParents(IModelRegistry.Registration memory entry, uint256 seed) private view {
        uint256 wanted = made.length == 0 ? 0 : seed % 3;
        if (wanted == 0) return;
        Made memory one = made[(seed >> 8) % made.length];
        Made memory two = made[(seed >> 24) % made.length];
        if (one.modelId > two.modelId) (one, two) = (two, one);
        if (one.modelId == two.modelId) wanted = 1;
        entry.parents = new IModelRegistry.Parent[](wanted);
        entry.parents[0] = edge(one.modelId, uint16((seed >> 40) % 5_001));
        entry.parents[0].version = one.version;
        if (wanted == 1) return;
        entry.parents[1] = edge(two.modelId, uint16((seed >> 56) % 5_001));
        entry.parents[1].version = two.version;
    }
}

contract ModelsInvariant is ModelsTest {
    Registrants private registrants;

    function setUp() public {
        deployModels();
        registrants = new Registrants();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(registrants);
    }

    function invariant_VersionsNeverChangeAndTheirLineageIsWhole() public view {
        for (uint256 i = 0; i < registrants.count(); ++i) {
            Registrants.Made memory entry = registrants.madeAt(i);
            vm.assertEq(models.termsHash(entry.modelId, entry.version), entry.termsHash, "terms");
            (, uint256[] memory parts) = models.lineage(entry.modelId, entry.version);
            vm.assertEq(sumOf(parts), 1e9, "sum of the lineage");
        }
    }

    function invariant_TheGraphIsAcyclicAndNoTermsAreLooserThanAParents() public view {
        for (uint256 i = 0; i < registrants.count(); ++i) {
            Registrants.Made memory entry = registrants.madeAt(i);
            uint8 deepest;
            IDatanets.Licence memory own = models.effectiveTerms(entry.modelId, entry.version);
            (IModels.Terms memory agreed, IModels.Source[] memory answering) =
                models.terms(entry.modelId, entry.version);
            IModelRegistry.Parent[] memory edges = models.parents(entry.modelId, entry.version);
            for (uint256 j = 0; j < edges.length; ++j) {
                IModelRegistry.Parent memory edge_ = edges[j];
                uint256 place = registrants.placeOf(edge_.modelId, edge_.version);
                vm.assertTrue(place != 0 && place < i + 1, "parents come first");
                uint8 depth = models.facts(edge_.modelId, edge_.version).depth + 1;
                if (depth > deepest) deepest = depth;
                _stricter(own, models.effectiveTerms(edge_.modelId, edge_.version), agreed);
            }
            for (uint256 j = 0; j < answering.length; ++j) {
                _stricter(own, datanets.release(answering[j].datanetId, answering[j].releaseId).licence, agreed);
            }
            vm.assertTrue(models.facts(entry.modelId, entry.version).depth == deepest && deepest <= 8, "depth");
        }
    }

    function invariant_WhatIsLockedIsBondsAndDisputesAndNoneEscapes() public view {
        uint256 open;
        for (uint256 i = 0; i < registrants.ACCOUNTS(); ++i) {
            address account = registrants.account(i);
            uint256 sum = registrants.atStake(account);
            for (uint256 modelId = 1; modelId <= models.modelCount(); ++modelId) {
                (uint256 amount, uint32 disputed,) = models.bondOf(modelId, account);
                (sum, open) = (sum + amount, open + disputed);
            }
            vm.assertEq(lockedOf(account), sum, "locked");
        }
        vm.assertEq(open, registrants.openDisputes(), "disputes");
        vm.assertEq(registrants.escaped(), 0, "bonds that left while they answered for something");
        vm.assertEq(Predeploys.MODELS.balance, 0, "no money is here");
    }

    function invariant_WhatTakesRequestsIsBonded() public view {
        for (uint256 modelId = 1; modelId <= models.modelCount(); ++modelId) {
            (uint32 version, bool isActive) = models.latest(modelId);
            if (!isActive) continue;
            IModelRegistry.Facts memory facts = models.facts(modelId, version);
            (uint256 amount,, uint64 releasable) = models.bondOf(modelId, facts.trainer);
            vm.assertTrue(!facts.struck && amount >= facts.bond && releasable == 0, "bonded, and not struck");
        }
    }

    function _stricter(IDatanets.Licence memory own, IDatanets.Licence memory origin, IModels.Terms memory agreed)
        private
        pure
    {
        vm.assertTrue(origin.mayTrain, "may be built on");
        vm.assertTrue(origin.commercial || (!own.commercial && agreed.price == 0), "commercial");
        vm.assertTrue(!origin.shareAlike || own.shareAlike, "share-alike");
        vm.assertTrue(
            own.minContributorBps >= origin.minContributorBps && agreed.contributorBps >= origin.minContributorBps,
            "least part"
        );
        vm.assertTrue(
            own.maxRoyaltyBps <= origin.maxRoyaltyBps && 10_000 - agreed.contributorBps <= origin.maxRoyaltyBps,
            "ceiling"
        );
    }
}
