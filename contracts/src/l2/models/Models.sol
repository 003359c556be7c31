// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {Predeploys} from "../Predeploys.sol";
import {Governed} from "../governance/Governed.sol";
import {Bonds} from "./Bonds.sol";
import {Lineage} from "./Lineage.sol";
import {ModelState} from "./ModelState.sol";
import {Registry} from "./Registry.sol";
import {Sketches} from "./Sketches.sol";

/// @title Models
/// @notice Models, what they were made from and under what terms they answer. Predeploy
///         0x00000000000000000000000000000000000a7714, behind a proxy.
///
///         A version names the models it was made from, whose owners its lineage pays, and the releases of datanets that
///         answer for it: what was contributed later shaped nothing. Terms of licences execute: a version that breaks those
///         of what it was made from is refused, and inherits them. A version never changes, and only a model's
///         newest takes requests.
///
///         Who registers a version, its trainer, is bonded for what it says of it. Anyone may dispute that before a jury;
///         what was found untrue takes no more requests, whatever version says it again. No money is here: bonds are
///         locked stake in Stakes, fees of juries go on to Juries at once.
/// @dev Sketches and disputes are the code of `ModelDisputes`, on the same storage: one contract of both is larger than a
///      contract may be. Their functions are those of `IModelDisputes`.
contract Models is Governed, Proxy, IModels, IModelRegistry {
    using Lineage for ModelState.State;
    using ModelState for ModelState.State;
    using Registry for ModelState.State;
    using Sketches for ModelState.State;

    ModelState.State private state;

    /// @dev Money comes with calls that say what for.
    receive() external payable {
        revert MoneyNotTaken(msg.value);
    }

    // ---- Registering

    /// @inheritdoc IModelRegistry
    function create(string calldata name, string calldata metadata) external returns (uint256 modelId) {
        return state.create(name, metadata);
    }

    /// @inheritdoc IModelRegistry
    function registerVersion(uint256 modelId, Registration calldata registration) external returns (uint32 version) {
        return state.registerVersion(modelId, registration);
    }

    /// @inheritdoc IModelRegistry
    function offerOwnership(uint256 modelId, address to) external {
        state.offer(modelId, to);
    }

    /// @inheritdoc IModelRegistry
    function acceptOwnership(uint256 modelId) external {
        state.accept(modelId);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(uint256 modelId) external {
        state.deprecate(modelId);
    }

    /// @inheritdoc IModelRegistry
    function reactivate(uint256 modelId) external {
        state.reactivate(modelId);
    }

    /// @inheritdoc IModelRegistry
    function releaseBond(uint256 modelId) external returns (uint256 amount) {
        return Bonds.release(state, modelId);
    }

    // ---- What inference asks

    /// @inheritdoc IModels
    function terms(uint256 modelId, uint32 version) public view returns (Terms memory agreed, Source[] memory sources) {
        ModelState.Version storage found = state.versionOf(modelId, version);
        agreed = Terms(
            found.operator,
            found.price,
            found.contributorBps,
            found.lineageBps,
            found.sketchBps,
            found.sketchSetId,
            found.sketchVersion,
            found.answerSeconds,
            found.deterministic
        );
        sources = new Source[](found.sources.length);
        for (uint256 i = 0; i < sources.length; ++i) {
            ModelState.Source memory source = found.sources[i];
            sources[i] = Source(source.datanetId, source.releaseId, source.weightBps);
        }
    }

    /// @inheritdoc IModels
    function termsHash(uint256 modelId, uint32 version) external view returns (bytes32) {
        (Terms memory agreed, Source[] memory sources) = terms(modelId, version);
        return keccak256(abi.encode(modelId, version, agreed, sources));
    }

    /// @inheritdoc IModels
    function latest(uint256 modelId) external view returns (uint32 version, bool active) {
        ModelState.Model storage model = state.model(modelId);
        return (model.latest, state.isActive(model));
    }

    /// @inheritdoc IModels
    function lineage(uint256 modelId, uint32 version)
        external
        view
        returns (address[] memory accounts, uint256[] memory parts)
    {
        return state.payees(state.versionOf(modelId, version).flow);
    }

    /// @inheritdoc IModels
    function sketchContributors(uint256 modelId, uint32[] calldata numbers)
        external
        view
        returns (uint256[] memory datanetIds, address[] memory accounts)
    {
        return state.contributors(modelId, numbers);
    }

    // ---- The graph

    /// @inheritdoc IModelRegistry
    function modelCount() external view returns (uint256) {
        return state.modelCount;
    }

    /// @inheritdoc IModelRegistry
    function ownerOf(uint256 modelId) external view returns (address owner, address offeredTo) {
        ModelState.Model storage model = state.model(modelId);
        return (model.owner, model.offeredTo);
    }

    /// @inheritdoc IModelRegistry
    function facts(uint256 modelId, uint32 version) external view returns (Facts memory) {
        ModelState.Version storage found = state.versionOf(modelId, version);
        return Facts(
            found.trainer,
            found.registeredAt,
            found.depth,
            found.royaltyBps,
            state.isStruck(state.models[modelId], found),
            found.bond,
            found.weightsHash,
            found.manifestHash,
            found.metricsHash,
            found.licence
        );
    }

    /// @inheritdoc IModelRegistry
    function parents(uint256 modelId, uint32 version) external view returns (Parent[] memory) {
        return state.versionOf(modelId, version).parents;
    }

    /// @inheritdoc IModelRegistry
    function children(uint256 modelId, uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory modelIds, uint32[] memory versions)
    {
        uint256[] storage all = state.model(modelId).children;
        uint256 left = from < all.length ? all.length - from : 0;
        if (left < most) most = left;
        (modelIds, versions) = (new uint256[](most), new uint32[](most));
        for (uint256 i = 0; i < most; ++i) {
            uint256 child = all[from + i];
            (modelIds[i], versions[i]) = (child >> 32, uint32(child));
        }
    }

    /// @inheritdoc IModelRegistry
    function effectiveTerms(uint256 modelId, uint32 version) external view returns (IDatanets.Licence memory) {
        ModelState.Version storage found = state.versionOf(modelId, version);
        ModelState.Rules memory rules = found.effective;
        return IDatanets.Licence(
            rules.mayTrain,
            rules.commercial,
            rules.shareAlike,
            rules.minContributorBps,
            rules.maxRoyaltyBps,
            found.licence.text
        );
    }

    /// @inheritdoc IModelRegistry
    function firstWith(bytes32 weightsHash) external view returns (uint256 modelId, uint32 version) {
        ModelState.Known storage known = state.known[weightsHash];
        return (known.modelId, known.version);
    }

    /// @inheritdoc IModelRegistry
    function bondOf(uint256 modelId, address trainer)
        external
        view
        returns (uint256 amount, uint32 disputes, uint64 releasable)
    {
        ModelState.Model storage model = state.model(modelId);
        ModelState.Bond storage bond = model.bonds[trainer];
        return (bond.amount, bond.disputes, state.serves(model, trainer) ? 0 : bond.releasable);
    }

    /// @dev Any function that is not here is `ModelDisputes`'.
    function _implementation() internal view override returns (address) {
        if (Predeploys.MODEL_DISPUTES.code.length == 0) revert NoCode(Predeploys.MODEL_DISPUTES);
        return Predeploys.MODEL_DISPUTES;
    }
}
