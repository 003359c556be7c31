// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IModels
/// @notice What inference and the index ask of models. Predeploy 0x00000000000000000000000000000000000a7714.
interface IModels {
    /// @notice A datanet's release that answers for a model, with its part of what is attributed by text.
    struct Source {
        uint256 datanetId;
        uint32 releaseId;
        uint16 weightBps;
    }

    /// @notice What a request is made under. Parts are basis points of a payment; what no part names is the operator's.
    struct Terms {
        address operator;
        /// Least payment for one answer, wei.
        uint256 price;
        /// For contributors, together.
        uint16 contributorBps;
        /// For the owners of the model and of those that it was made from (`lineage`).
        uint16 lineageBps;
        /// The part of the contributors' that is attributed by sketches, basis points of it; the rest by text.
        uint16 sketchBps;
        /// The sketch set that answers for the model, 0 for none, and its version.
        uint256 sketchSetId;
        uint64 sketchVersion;
        /// Time to answer, at most 7 days.
        uint64 answerSeconds;
        /// Whether an answer can be computed again by anyone from what is published.
        bool deterministic;
    }

    /// @notice Versions of a model count from 1. Reverts for one that does not exist.
    function terms(uint256 modelId, uint32 version) external view returns (Terms memory, Source[] memory);

    /// @notice keccak256(abi.encode(modelId, version, terms, sources)): what a requester agrees to.
    function termsHash(uint256 modelId, uint32 version) external view returns (bytes32);

    /// @notice The newest version, and whether the model takes new requests.
    function latest(uint256 modelId) external view returns (uint32 version, bool active);

    /// @notice Who gets what of the lineage's part, in units of 10⁻⁹ of it; they sum to 10⁹.
    function lineage(uint256 modelId, uint32 version)
        external
        view
        returns (address[] memory accounts, uint256[] memory parts);

    /// @notice A sketch set's contributors: each number stands for a contributor of a datanet.
    function sketchContributors(uint256 modelId, uint32[] calldata numbers)
        external
        view
        returns (uint256[] memory datanetIds, address[] memory accounts);
}
