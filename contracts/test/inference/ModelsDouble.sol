// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModels} from "../../src/interfaces/IModels.sol";

/// @notice Stands in for Models: versions of terms that tests say, with the lineage and the sketch set's contributors.
contract ModelsDouble is IModels {
    struct Version {
        Terms terms;
        Source[] sources;
        address[] accounts;
        uint256[] parts;
    }

    error UnknownModel(uint256 modelId, uint32 version);

    mapping(uint256 modelId => Version[]) private versions;
    mapping(uint256 modelId => bool) private retired;
    mapping(uint32 number => uint256) private datanetIds;
    mapping(uint32 number => address) private sketchAccounts;
    uint256 private count;

    function register(Terms calldata terms_, Source[] calldata sources) external returns (uint256 modelId) {
        modelId = ++count;
        renew(modelId, terms_, sources);
    }

    function renew(uint256 modelId, Terms calldata terms_, Source[] calldata sources) public {
        Version storage version = versions[modelId].push();
        version.terms = terms_;
        for (uint256 i = 0; i < sources.length; ++i) {
            version.sources.push(sources[i]);
        }
    }

    /// @dev What the real one never does.
    function tamper(uint256 modelId, uint16 contributorBps) external {
        versions[modelId][0].terms.contributorBps = contributorBps;
    }

    function retire(uint256 modelId) external {
        retired[modelId] = true;
    }

    function setLineage(uint256 modelId, address[] calldata accounts, uint256[] calldata parts) external {
        Version storage version = versions[modelId][versions[modelId].length - 1];
        (version.accounts, version.parts) = (accounts, parts);
    }

    function setSketchContributor(uint32 number, uint256 datanetId, address account) external {
        (datanetIds[number], sketchAccounts[number]) = (datanetId, account);
    }

    function terms(uint256 modelId, uint32 version) public view returns (Terms memory, Source[] memory) {
        Version storage found = versionOf(modelId, version);
        return (found.terms, found.sources);
    }

    function termsHash(uint256 modelId, uint32 version) external view returns (bytes32) {
        (Terms memory found, Source[] memory sources) = terms(modelId, version);
        return keccak256(abi.encode(modelId, version, found, sources));
    }

    function latest(uint256 modelId) external view returns (uint32 version, bool active) {
        version = uint32(versions[modelId].length);
        active = version != 0 && !retired[modelId];
    }

    function lineage(uint256 modelId, uint32 version) external view returns (address[] memory, uint256[] memory) {
        Version storage found = versionOf(modelId, version);
        return (found.accounts, found.parts);
    }

    function sketchContributors(uint256, uint32[] calldata numbers)
        external
        view
        returns (uint256[] memory ids, address[] memory accounts)
    {
        (ids, accounts) = (new uint256[](numbers.length), new address[](numbers.length));
        for (uint256 i = 0; i < numbers.length; ++i) {
            (ids[i], accounts[i]) = (datanetIds[numbers[i]], sketchAccounts[numbers[i]]);
        }
    }

    function versionOf(uint256 modelId, uint32 version) private view returns (Version storage) {
        if (version == 0 || version > versions[modelId].length) revert UnknownModel(modelId, version);
        return versions[modelId][version - 1];
    }
}
