// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {Predeploys} from "../Predeploys.sol";
import {Keys} from "../governance/Keys.sol";
import {Bonds} from "./Bonds.sol";
import {Licences} from "./Licences.sol";
import {Lineage} from "./Lineage.sol";
import {ModelState} from "./ModelState.sol";
import {Sketches} from "./Sketches.sol";

/// @title Registry
/// @notice Models, their owners and their versions.
library Registry {
    using ModelState for ModelState.State;
    using Lineage for ModelState.State;
    using Sketches for ModelState.State;

    uint256 internal constant MAX_ANSWER_SECONDS = 7 days;
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    function create(ModelState.State storage self, string calldata name, string calldata metadata)
        internal
        returns (uint256 modelId)
    {
        modelId = ++self.modelCount;
        self.models[modelId].owner = msg.sender;
        emit IModelRegistry.ModelCreated(modelId, msg.sender, name, metadata);
    }

    function registerVersion(ModelState.State storage self, uint256 modelId, IModelRegistry.Registration memory made)
        internal
        returns (uint32 number)
    {
        ModelState.Model storage model = self.owned(modelId);
        _check(made);
        bytes32 claim = ModelState.claimOf(made.weightsHash, made.manifestHash, made.metricsHash);
        if (model.struck[claim] || self.untrue[ModelState.saidBy(claim, msg.sender)]) {
            revert IModelRegistry.Struck(modelId, model.latest);
        }
        _takeOver(self, model);
        number = ++model.latest;
        ModelState.Version storage version = model.versions[number];
        _fill(version, made);
        bytes32 origins = _addOrigins(self, version, made, modelId);
        _notice(self, modelId, number, made, origins);
        version.sketchVersion = self.pin(modelId, made);
        if (self.isStruck(model, version)) revert IModelRegistry.Struck(modelId, number);
        version.bond = uint128(PARAMETERS.get(Keys.TRAINER_BOND));
        Bonds.engage(model, modelId, msg.sender, version.bond);
        model.deprecated = false;
        emit IModelRegistry.VersionRegistered(modelId, number, msg.sender, version.sketchVersion, version.bond, made);
        self.link(modelId, number, made.parents);
        (uint256[] memory models, uint256[] memory parts) = Lineage.table(version.flow);
        emit IModelRegistry.LineageFixed(modelId, number, models, parts);
    }

    function offer(ModelState.State storage self, uint256 modelId, address to) internal {
        self.owned(modelId).offeredTo = to;
        emit IModelRegistry.OwnershipOffered(modelId, msg.sender, to);
    }

    function accept(ModelState.State storage self, uint256 modelId) internal {
        ModelState.Model storage model = self.model(modelId);
        if (model.offeredTo != msg.sender) revert IModelRegistry.NotOffered(modelId, msg.sender);
        emit IModelRegistry.OwnerChanged(modelId, model.owner, msg.sender);
        (model.owner, model.offeredTo) = (msg.sender, address(0));
    }

    function deprecate(ModelState.State storage self, uint256 modelId) internal {
        ModelState.Model storage model = self.model(modelId);
        address trainer = model.versions[model.latest].trainer;
        if (msg.sender != model.owner && msg.sender != trainer) revert IModelRegistry.NotOwner(modelId, msg.sender);
        if (model.deprecated) revert IModelRegistry.AlreadyDeprecated(modelId);
        if (self.serves(model, trainer)) Bonds.retire(model, trainer);
        model.deprecated = true;
        emit IModelRegistry.Deprecated(modelId, model.latest, msg.sender);
    }

    /// @dev The trainer that left isn't bonded again by an owner that is another.
    function reactivate(ModelState.State storage self, uint256 modelId) internal {
        ModelState.Model storage model = self.owned(modelId);
        if (!model.deprecated) revert IModelRegistry.NotDeprecated(modelId);
        ModelState.Version storage newest = self.versionOf(modelId, model.latest);
        if (newest.trainer != msg.sender) revert IModelRegistry.NotTrainer(modelId, msg.sender);
        if (self.isStruck(model, newest)) revert IModelRegistry.Struck(modelId, model.latest);
        Bonds.engage(model, modelId, msg.sender, newest.bond);
        model.deprecated = false;
        emit IModelRegistry.Reactivated(modelId, model.latest);
    }

    function _check(IModelRegistry.Registration memory made) private pure {
        if (made.operator == address(0)) revert IModelRegistry.ZeroOperator();
        if (made.weightsHash == 0 || made.manifestHash == 0 || made.metricsHash == 0) revert IModelRegistry.ZeroHash();
        if (made.answerSeconds == 0 || made.answerSeconds > MAX_ANSWER_SECONDS) {
            revert IModelRegistry.InvalidAnswerTime(made.answerSeconds);
        }
        _requireWhole(uint256(made.contributorBps) + made.lineageBps);
        _requireWhole(made.sketchBps);
        _requireWhole(made.royaltyBps);
        _requireWhole(made.licence.minContributorBps);
        _requireWhole(made.licence.maxRoyaltyBps);
    }

    function _requireWhole(uint256 sum) private pure {
        if (sum > Licences.BPS) revert IModelRegistry.TooManyShares(sum);
    }

    /// @dev The trainer of the version before answers for it no more.
    function _takeOver(ModelState.State storage self, ModelState.Model storage model) private {
        address before = model.versions[model.latest].trainer;
        if (before != msg.sender && self.serves(model, before)) Bonds.retire(model, before);
    }

    function _fill(ModelState.Version storage version, IModelRegistry.Registration memory made) private {
        (version.operator, version.trainer) = (made.operator, msg.sender);
        (version.contributorBps, version.lineageBps) = (made.contributorBps, made.lineageBps);
        (version.sketchBps, version.royaltyBps) = (made.sketchBps, made.royaltyBps);
        (version.answerSeconds, version.deterministic) = (made.answerSeconds, made.deterministic);
        (version.price, version.sketchSetId) = (made.price, made.sketchSetId);
        version.weightsHash = made.weightsHash;
        version.manifestHash = made.manifestHash;
        version.metricsHash = made.metricsHash;
        version.licence = made.licence;
    }

    /// @dev What the version was made from, and what that asks of it. `registeredAt` comes last: until then it can't be its
    ///      own parent.
    function _addOrigins(
        ModelState.State storage self,
        ModelState.Version storage version,
        IModelRegistry.Registration memory made,
        uint256 modelId
    ) private returns (bytes32 origins) {
        ModelState.Rules memory rules = Licences.free();
        origins = keccak256(
            abi.encode(Licences.addSources(version, made, rules), self.addParents(version, made, rules, modelId))
        );
        Licences.tighten(rules, Licences.rulesOf(made.licence));
        version.effective = rules;
        version.registeredAt = uint64(block.timestamp);
    }

    /// @dev The same weights were made from the same: in their own model from exactly that, in another one from that model. So
    ///      nobody registers them anew to lose their terms or whom they pay.
    function _notice(
        ModelState.State storage self,
        uint256 modelId,
        uint32 number,
        IModelRegistry.Registration memory made,
        bytes32 origins
    ) private {
        ModelState.Known storage known = self.known[made.weightsHash];
        uint256 first = known.modelId;
        if (first == 0) {
            self.known[made.weightsHash] = ModelState.Known(uint128(modelId), number, origins);
        } else if (first == modelId) {
            if (known.origins != origins) revert IModelRegistry.OriginsDiffer(first, known.version);
        } else {
            for (uint256 i = 0; i < made.parents.length; ++i) {
                if (made.parents[i].modelId == first) return;
            }
            revert IModelRegistry.WeightsKnown(first, known.version);
        }
    }
}
