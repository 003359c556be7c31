// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IJuryClient} from "../../interfaces/IJuries.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {Predeploys} from "../Predeploys.sol";
import {Governed} from "../governance/Governed.sol";
import {Bonds} from "./Bonds.sol";
import {Challenges} from "./Challenges.sol";
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
contract Models is Governed, IModels, IJuryClient {
    using Challenges for ModelState.State;
    using Lineage for ModelState.State;
    using ModelState for ModelState.State;
    using Registry for ModelState.State;
    using Sketches for ModelState.State;

    ModelState.State private state;

    // ---- Registering

    /// @inheritdoc IModels
    function create(string calldata name, string calldata metadata) external returns (uint256 modelId) {
        return state.create(name, metadata);
    }

    /// @inheritdoc IModels
    function registerVersion(uint256 modelId, Registration calldata registration) external returns (uint32 version) {
        return state.registerVersion(modelId, registration);
    }

    /// @inheritdoc IModels
    function register(string calldata name, string calldata metadata, Registration calldata registration)
        external
        returns (uint256 modelId)
    {
        modelId = state.create(name, metadata);
        state.registerVersion(modelId, registration);
    }

    /// @inheritdoc IModels
    function offerOwnership(uint256 modelId, address to) external {
        state.offer(modelId, to);
    }

    /// @inheritdoc IModels
    function acceptOwnership(uint256 modelId) external {
        state.accept(modelId);
    }

    /// @inheritdoc IModels
    function deprecate(uint256 modelId) external {
        state.deprecate(modelId);
    }

    /// @inheritdoc IModels
    function reactivate(uint256 modelId) external {
        state.reactivate(modelId);
    }

    /// @inheritdoc IModels
    function releaseBond(uint256 modelId) external returns (uint256 amount) {
        return Bonds.release(state, modelId);
    }

    // ---- Sketches

    /// @inheritdoc IModels
    function createSketchSet(uint256 modelId, uint16 dim, uint8 minExponent, uint8 maxExponent, bytes32 commitment)
        external
        returns (uint256 setId)
    {
        return Sketches.create(state, modelId, Sketches.Shape(dim, minExponent, maxExponent), commitment);
    }

    /// @inheritdoc IModels
    function appendSketches(
        uint256 setId,
        uint256 datanetId,
        uint32 releaseId,
        uint64[] calldata rows,
        bytes calldata payload
    ) external {
        state.append(setId, datanetId, releaseId, rows, payload);
    }

    // ---- Disputes

    /// @inheritdoc IModels
    function challengeSketch(uint256 modelId, uint32 version, uint256 datanetId, uint64 row, bytes calldata sketch)
        external
        payable
        returns (uint256 caseId)
    {
        return state.openSketch(modelId, version, datanetId, row, sketch);
    }

    /// @inheritdoc IModels
    function challenge(uint256 modelId, uint32 version, bytes32 evidence) external payable returns (uint256 caseId) {
        return state.openClaim(modelId, version, evidence);
    }

    /// @inheritdoc IJuryClient
    function ruled(uint256 caseId, bool upheld) external {
        if (msg.sender != Predeploys.JURIES) revert NotJuries(msg.sender);
        state.close(caseId, upheld);
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

    /// @inheritdoc IModels
    function modelCount() external view returns (uint256) {
        return state.modelCount;
    }

    /// @inheritdoc IModels
    function ownerOf(uint256 modelId) external view returns (address owner, address offeredTo) {
        ModelState.Model storage model = state.model(modelId);
        return (model.owner, model.offeredTo);
    }

    /// @inheritdoc IModels
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

    /// @inheritdoc IModels
    function parents(uint256 modelId, uint32 version) external view returns (Parent[] memory) {
        return state.versionOf(modelId, version).parents;
    }

    /// @inheritdoc IModels
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

    /// @inheritdoc IModels
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

    /// @inheritdoc IModels
    function firstWith(bytes32 weightsHash) external view returns (uint256 modelId, uint32 version) {
        ModelState.Known storage known = state.known[weightsHash];
        return (known.modelId, known.version);
    }

    /// @inheritdoc IModels
    function bondOf(uint256 modelId, address trainer)
        external
        view
        returns (uint256 amount, uint32 disputes, uint64 releasable)
    {
        ModelState.Model storage model = state.model(modelId);
        ModelState.Bond storage bond = model.bonds[trainer];
        return (bond.amount, bond.disputes, state.serves(model, trainer) ? 0 : bond.releasable);
    }

    /// @inheritdoc IModels
    function sketchOf(uint256 setId, uint256 datanetId, uint64 row) external view returns (bool found, uint64 setRow) {
        return state.rowOf(setId, datanetId, row);
    }
}
