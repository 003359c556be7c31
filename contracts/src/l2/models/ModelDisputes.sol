// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuryClient} from "../../interfaces/IJuries.sol";
import {IModelDisputes} from "../../interfaces/IModelDisputes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Challenges} from "./Challenges.sol";
import {ModelState} from "./ModelState.sol";
import {Sketches} from "./Sketches.sol";

/// @title ModelDisputes
/// @notice The part of `Models` that keeps sketches and disputes: code that Models runs on its own storage. Immutable, at
///         0xc0De00000000000000000000000000000D0A7714; called there it knows no model, and nothing can be done with it.
contract ModelDisputes is IModelDisputes, IJuryClient {
    using Challenges for ModelState.State;
    using Sketches for ModelState.State;

    /// @dev In the slot where Models has it.
    ModelState.State private state;

    // ---- Sketches

    /// @inheritdoc IModelDisputes
    function createSketchSet(uint256 modelId, uint16 dim, uint8 minExponent, uint8 maxExponent, bytes32 commitment)
        external
        returns (uint256 setId)
    {
        return Sketches.create(state, modelId, Sketches.Shape(dim, minExponent, maxExponent), commitment);
    }

    /// @inheritdoc IModelDisputes
    function appendSketches(
        uint256 setId,
        uint256 datanetId,
        uint32 releaseId,
        uint64[] calldata rows,
        bytes calldata payload
    ) external {
        state.append(setId, datanetId, releaseId, rows, payload);
    }

    /// @inheritdoc IModelDisputes
    function followAuthor(uint256 setId, uint256 datanetId, uint64 row) external {
        state.followAuthor(setId, datanetId, row);
    }

    // ---- Disputes

    /// @inheritdoc IModelDisputes
    function challengeSketch(uint256 modelId, uint32 version, uint256 datanetId, uint64 row, bytes calldata sketch)
        external
        payable
        returns (uint256 caseId)
    {
        return state.openSketch(modelId, version, datanetId, row, sketch);
    }

    /// @inheritdoc IModelDisputes
    function challenge(uint256 modelId, uint32 version, bytes32 evidence) external payable returns (uint256 caseId) {
        return state.openClaim(modelId, version, evidence);
    }

    /// @inheritdoc IJuryClient
    function ruled(uint256 caseId, bool upheld) external {
        if (msg.sender != Predeploys.JURIES) revert NotJuries(msg.sender);
        state.close(caseId, upheld);
    }

    // ---- Views

    /// @inheritdoc IModelDisputes
    function sketchOf(uint256 setId, uint256 datanetId, uint64 row) external view returns (bool found, uint64 setRow) {
        return state.rowOf(setId, datanetId, row);
    }
}
