// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {Predeploys} from "../Predeploys.sol";
import {ModelState} from "./ModelState.sol";

/// @title Licences
/// @notice Terms that execute: a model that breaks those of what it was made from isn't registered, and those of all its
///         ancestors together, each the strictest, are its own.
library Licences {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant MAX_SOURCES = 16;
    IDatanets private constant DATANETS = IDatanets(Predeploys.DATANETS);

    /// @notice Terms that forbid nothing.
    function free() internal pure returns (ModelState.Rules memory) {
        return ModelState.Rules(true, true, false, 0, uint16(BPS));
    }

    function rulesOf(IDatanets.Licence memory licence) internal pure returns (ModelState.Rules memory) {
        return ModelState.Rules(
            licence.mayTrain, licence.commercial, licence.shareAlike, licence.minContributorBps, licence.maxRoyaltyBps
        );
    }

    /// @notice Makes `rules` as strict as `other` where it is less.
    function tighten(ModelState.Rules memory rules, ModelState.Rules memory other) internal pure {
        rules.mayTrain = rules.mayTrain && other.mayTrain;
        rules.commercial = rules.commercial && other.commercial;
        rules.shareAlike = rules.shareAlike || other.shareAlike;
        if (other.minContributorBps > rules.minContributorBps) rules.minContributorBps = other.minContributorBps;
        if (other.maxRoyaltyBps < rules.maxRoyaltyBps) rules.maxRoyaltyBps = other.maxRoyaltyBps;
    }

    /// @notice The first term of `rules` that a registration breaks.
    /// @dev Lineage and operator take at most what contributors don't: the parts of protocol, validators and curators may
    ///      become zero later, and a licence holds whatever they are.
    function broken(ModelState.Rules memory rules, IModelRegistry.Registration memory made)
        internal
        pure
        returns (bool, IModelRegistry.Term)
    {
        if (!rules.mayTrain) return (true, IModelRegistry.Term.MayTrain);
        if (!rules.commercial && made.price != 0) return (true, IModelRegistry.Term.Commercial);
        if (rules.shareAlike && !made.licence.shareAlike) return (true, IModelRegistry.Term.ShareAlike);
        if (made.contributorBps < rules.minContributorBps) return (true, IModelRegistry.Term.MinContributorBps);
        if (BPS - made.contributorBps > rules.maxRoyaltyBps) return (true, IModelRegistry.Term.MaxRoyaltyBps);
        return (false, IModelRegistry.Term.MayTrain);
    }

    /// @notice Stores the sources of a version and tightens `rules` by the licence of each.
    /// @return hash Of the sources.
    function addSources(
        ModelState.Version storage version,
        IModelRegistry.Registration memory made,
        ModelState.Rules memory rules
    ) internal returns (bytes32 hash) {
        uint256 count = made.sources.length;
        if (count > MAX_SOURCES) revert IModelRegistry.TooManySources(count);
        uint256 sum;
        uint256 previous;
        for (uint256 i = 0; i < count; ++i) {
            IModels.Source memory source = made.sources[i];
            if (source.datanetId <= previous) revert IModelRegistry.SourcesNotAscending(i);
            if (source.weightBps == 0) revert IModelRegistry.InvalidWeights(0);
            (previous, sum) = (source.datanetId, sum + source.weightBps);
            bool binding = _tightenByRelease(source, made, rules);
            hash = keccak256(abi.encode(hash, source.datanetId, source.releaseId, source.weightBps));
            version.sources
                .push(ModelState.Source(uint128(source.datanetId), source.releaseId, source.weightBps, binding));
        }
        if (count == 0 ? made.contributorBps != 0 : sum != BPS) revert IModelRegistry.InvalidWeights(sum);
    }

    function _tightenByRelease(
        IModels.Source memory source,
        IModelRegistry.Registration memory made,
        ModelState.Rules memory rules
    ) private view returns (bool binding) {
        if (source.datanetId > type(uint128).max) {
            revert IModelRegistry.UnknownRelease(source.datanetId, source.releaseId);
        }
        IDatanets.Release memory release = DATANETS.release(source.datanetId, source.releaseId);
        ModelState.Rules memory asked = rulesOf(release.licence);
        (bool breaks, IModelRegistry.Term term) = broken(asked, made);
        if (breaks) revert IModelRegistry.LicenceBroken(source.datanetId, term);
        tighten(rules, asked);
        return asked.minContributorBps != 0;
    }

    /// @notice Refuses a model that breaks the effective terms of a parent, and tightens `rules` by them.
    function addParent(
        IModelRegistry.Parent memory edge,
        ModelState.Version storage parent,
        IModelRegistry.Registration memory made,
        ModelState.Rules memory rules
    ) internal view {
        ModelState.Rules memory asked = parent.effective;
        (bool breaks, IModelRegistry.Term term) = broken(asked, made);
        if (breaks) revert IModelRegistry.ParentLicenceBroken(edge.modelId, edge.version, term);
        if (!_answers(parent.sources, made.sources)) {
            revert IModelRegistry.ParentLicenceBroken(edge.modelId, edge.version, IModelRegistry.Term.Answers);
        }
        tighten(rules, asked);
    }

    /// @dev Whether each datanet that binds the parent is among the sources. Both ascend.
    function _answers(ModelState.Source[] storage bound, IModels.Source[] memory sources) private view returns (bool) {
        uint256 at;
        for (uint256 i = 0; i < bound.length; ++i) {
            ModelState.Source memory source = bound[i];
            if (!source.binding) continue;
            while (at < sources.length && sources[at].datanetId < source.datanetId) {
                ++at;
            }
            if (at == sources.length || sources[at].datanetId != source.datanetId) return false;
        }
        return true;
    }
}
