// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IModelDisputes} from "../../interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";

/// @title ModelState
/// @notice What `Models` keeps. Models and versions are never erased, and of a version nothing ever changes: what may change
///         (owner, deprecation, disputes that were upheld) is the model's.
library ModelState {
    /// @notice A licence's terms without its text, in one slot.
    struct Rules {
        bool mayTrain;
        bool commercial;
        bool shareAlike;
        uint16 minContributorBps;
        uint16 maxRoyaltyBps;
    }

    /// @notice A release that answers for a version, in one slot.
    struct Source {
        uint128 datanetId;
        uint32 releaseId;
        uint16 weightBps;
        /// The release asks for a least part for contributors: it answers for everything that is made from the version.
        bool binding;
    }

    struct Version {
        address operator;
        uint16 contributorBps;
        uint16 lineageBps;
        uint16 sketchBps;
        uint32 answerSeconds;
        bool deterministic;
        uint8 depth;
        address trainer;
        uint64 registeredAt;
        uint16 royaltyBps;
        uint128 price;
        uint64 sketchSetId;
        uint64 sketchVersion;
        uint128 bond;
        /// Least part of each payment of a child that the edge from it must carry, units of 10⁻⁸.
        uint32 asked;
        Rules effective;
        bytes32 weightsHash;
        bytes32 manifestHash;
        bytes32 metricsHash;
        IDatanets.Licence licence;
        IModelRegistry.Parent[] parents;
        Source[] sources;
        /// Who is paid for the lineage: model (96 bits) and part (32 bits, units of 10⁻⁹).
        uint128[] flow;
    }

    /// @notice What a trainer has locked for all its versions of one model.
    struct Bond {
        uint128 amount;
        uint32 disputes;
        /// When it can be released, seconds; it doesn't count while a version takes requests.
        uint64 releasable;
        /// How long after its last version took requests: as governance had it when that was registered.
        uint32 retireSeconds;
    }

    /// @notice A contributor of sketches: a number of a datanet's.
    struct Contributor {
        uint128 datanetId;
        uint32 number;
    }

    struct Model {
        address owner;
        uint32 latest;
        bool deprecated;
        address offeredTo;
        mapping(uint32 version => Version) versions;
        /// Model (from bit 32 on) and version of each child.
        uint256[] children;
        mapping(address trainer => Bond) bonds;
        /// Number n stands for the entry n − 1.
        Contributor[] contributors;
        mapping(uint256 datanetId => mapping(uint32 number => uint32)) numbers;
        /// What disputes found untrue: `claimOf` of versions.
        mapping(bytes32 claim => bool) struck;
    }

    struct SketchSet {
        address trainer;
        uint16 dim;
        bool frozen;
        bool struck;
        uint128 modelId;
        uint128 bond;
        bytes32 commitment;
        /// Datanet (from bit 32 on) and release of each release whose rows have sketches here.
        uint256[] releases;
        /// One more than the set's row that stands for the datanet's.
        mapping(uint256 datanetId => mapping(uint64 row => uint64)) rows;
    }

    struct Known {
        uint128 modelId;
        uint32 version;
        /// Keccak-256 of what the weights were made from.
        bytes32 origins;
    }

    struct Challenge {
        uint128 modelId;
        uint32 version;
        IModelDisputes.Dispute dispute;
        bool open;
        uint16 winnerBps;
        address challenger;
        uint128 bond;
        address trainer;
    }

    struct State {
        uint256 modelCount;
        mapping(uint256 modelId => Model) models;
        mapping(uint256 setId => SketchSet) sets;
        mapping(bytes32 weightsHash => Known) known;
        mapping(uint256 caseId => Challenge) challenges;
        /// Of keccak256(claim, trainer): what disputes found untrue of whom, in whichever model.
        mapping(bytes32 said => bool) untrue;
    }

    function model(State storage self, uint256 modelId) internal view returns (Model storage found) {
        found = self.models[modelId];
        if (found.owner == address(0)) revert IModelRegistry.UnknownModel(modelId);
    }

    function owned(State storage self, uint256 modelId) internal view returns (Model storage found) {
        found = model(self, modelId);
        if (found.owner != msg.sender) revert IModelRegistry.NotOwner(modelId, msg.sender);
    }

    function versionOf(State storage self, uint256 modelId, uint32 version)
        internal
        view
        returns (Version storage found)
    {
        found = self.models[modelId].versions[version];
        if (found.registeredAt == 0) revert IModelRegistry.UnknownVersion(modelId, version);
    }

    /// @notice What a dispute about a version's claims is about. A price isn't part of it: the same claims under another price
    ///         are the same claims.
    function claimOf(bytes32 weightsHash, bytes32 manifestHash, bytes32 metricsHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(weightsHash, manifestHash, metricsHash));
    }

    /// @notice That `trainer` said this. Whoever registered another's weights as its own and lost does so in no other model.
    function saidBy(bytes32 claim, address trainer) internal pure returns (bytes32) {
        return keccak256(abi.encode(claim, trainer));
    }

    /// @notice Whether a dispute about the version, or about what it has in common with another, was upheld.
    function isStruck(State storage self, Model storage of_, Version storage version) internal view returns (bool) {
        return (version.sketchSetId != 0 && self.sets[version.sketchSetId].struck)
            || of_.struck[claimOf(version.weightsHash, version.manifestHash, version.metricsHash)];
    }

    /// @notice Whether `trainer` answers with its bond for a version that may take requests.
    function serves(State storage self, Model storage of_, address trainer) internal view returns (bool) {
        if (of_.deprecated || of_.latest == 0) return false;
        Version storage newest = of_.versions[of_.latest];
        return newest.trainer == trainer && !isStruck(self, of_, newest);
    }

    /// @notice Whether the model takes new requests: its newest version isn't struck, and is bonded.
    function isActive(State storage self, Model storage of_) internal view returns (bool) {
        Version storage newest = of_.versions[of_.latest];
        return serves(self, of_, newest.trainer) && of_.bonds[newest.trainer].amount >= newest.bond;
    }
}
