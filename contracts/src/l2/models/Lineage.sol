// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {Licences} from "./Licences.sol";
import {ModelState} from "./ModelState.sol";

/// @title Lineage
/// @notice Royalties flow up by edges: of what a version's lineage is paid, each edge carries its part to the parent, which
///         keeps what its own edges don't carry on. The flow is flattened once, when a version is registered, into at most 64
///         models whose parts sum to 10⁹ exactly; what is lost in rounding an edge is the parent's. A model counts once
///         however many ways lead to it, and no way leads back, since parents are there before their children. Models
///         are kept, not accounts: who owns a model when its share is paid is paid.
library Lineage {
    using ModelState for ModelState.State;

    /// @notice Units of a whole.
    uint256 internal constant UNITS = 1e9;
    uint256 internal constant MAX_PARENTS = 16;
    uint256 internal constant MAX_DEPTH = 8;
    /// @notice Most models that a lineage is divided among.
    uint256 internal constant MAX_MODELS = 64;

    struct Table {
        uint256 count;
        uint256[] models;
        uint256[] parts;
    }

    /// @notice Stores the edges, the depth and the flow of a version, and tightens `rules` by the parents' terms.
    /// @return hash Of the edges.
    function addParents(
        ModelState.State storage self,
        ModelState.Version storage version,
        IModelRegistry.Registration memory made,
        ModelState.Rules memory rules,
        uint256 modelId
    ) internal returns (bytes32 hash) {
        uint256 count = made.parents.length;
        if (count > MAX_PARENTS) revert IModelRegistry.TooManyParents(count);
        Table memory flow = Table(0, new uint256[](MAX_MODELS), new uint256[](MAX_MODELS));
        uint256 carried;
        uint256 previous;
        uint256 asked = uint256(made.lineageBps) * made.royaltyBps;
        for (uint256 i = 0; i < count; ++i) {
            IModelRegistry.Parent memory edge = made.parents[i];
            if (edge.modelId <= previous) revert IModelRegistry.ParentsNotAscending(i);
            previous = edge.modelId;
            carried += edge.royaltyBps;
            ModelState.Version storage parent = _parent(self, version, edge);
            asked = _passOn(asked, parent.asked, made.lineageBps, edge);
            Licences.addParent(edge, parent, made, rules);
            _addEdge(flow, parent.flow, edge.modelId, edge.royaltyBps);
            version.parents.push(edge);
            hash = keccak256(abi.encode(hash, edge.modelId, edge.version, edge.royaltyBps, edge.relation));
        }
        if (carried > Licences.BPS) revert IModelRegistry.TooManyShares(carried);
        version.asked = uint32(asked);
        _add(flow, modelId, UNITS - carried * (UNITS / Licences.BPS));
        _store(flow, version.flow);
    }

    /// @notice Tells the parents of their child.
    function link(ModelState.State storage self, uint256 modelId, uint32 version, IModelRegistry.Parent[] memory edges)
        internal
    {
        for (uint256 i = 0; i < edges.length; ++i) {
            IModelRegistry.Parent memory edge = edges[i];
            self.models[edge.modelId].children.push(modelId << 32 | version);
            emit IModelRegistry.Derived(edge.modelId, edge.version, modelId, version, edge.royaltyBps, edge.relation);
        }
    }

    /// @notice The models of a stored flow, with their parts.
    function table(uint128[] storage flow) internal view returns (uint256[] memory models, uint256[] memory parts) {
        uint256 count = flow.length;
        (models, parts) = (new uint256[](count), new uint256[](count));
        for (uint256 i = 0; i < count; ++i) {
            (models[i], parts[i]) = _unpack(flow[i]);
        }
    }

    /// @notice The owners of now of the models of a flow, each once, with their parts.
    function payees(ModelState.State storage self, uint128[] storage flow)
        internal
        view
        returns (address[] memory accounts, uint256[] memory parts)
    {
        uint256 count = flow.length;
        uint256 found;
        (accounts, parts) = (new address[](count), new uint256[](count));
        for (uint256 i = 0; i < count; ++i) {
            (uint256 modelId, uint256 part) = _unpack(flow[i]);
            address owner = self.models[modelId].owner;
            uint256 at = 0;
            while (at < found && accounts[at] != owner) {
                ++at;
            }
            if (at == found) accounts[found++] = owner;
            parts[at] += part;
        }
        assembly ("memory-safe") {
            // Both are only ever shortened.
            mstore(accounts, found)
            mstore(parts, found)
        }
    }

    function _parent(
        ModelState.State storage self,
        ModelState.Version storage version,
        IModelRegistry.Parent memory edge
    ) private returns (ModelState.Version storage parent) {
        parent = self.versionOf(edge.modelId, edge.version);
        if (self.isStruck(self.models[edge.modelId], parent)) revert IModelRegistry.Struck(edge.modelId, edge.version);
        if (edge.royaltyBps < parent.royaltyBps) {
            revert IModelRegistry.RoyaltyTooSmall(edge.modelId, edge.version, edge.royaltyBps, parent.royaltyBps);
        }
        uint8 depth = parent.depth + 1;
        if (depth > MAX_DEPTH) revert IModelRegistry.TooDeep(edge.modelId, edge.version);
        if (depth > version.depth) version.depth = depth;
    }

    /// @dev Refuses a child of whose payments less reaches the parent than it asks: a child that pays its lineage little has to
    ///      give the parent more of that. And a child asks of its own children so much that the parent gets as much of theirs,
    ///      so that nobody loses a parent by putting a model between.
    function _passOn(uint256 asked, uint256 byParent, uint256 lineageBps, IModelRegistry.Parent memory edge)
        private
        pure
        returns (uint256)
    {
        if (byParent == 0) return asked;
        if (lineageBps * edge.royaltyBps < byParent) {
            revert IModelRegistry.LineageTooSmall(edge.modelId, edge.version, lineageBps * edge.royaltyBps, byParent);
        }
        // At most what the child's whole lineage is paid.
        uint256 passed = (byParent * Licences.BPS + edge.royaltyBps - 1) / edge.royaltyBps;
        return passed > asked ? passed : asked;
    }

    /// @dev Exactly `royaltyBps` of the whole reach the parent's lineage.
    function _addEdge(Table memory to, uint128[] storage flow, uint256 parentId, uint256 royaltyBps) private view {
        if (royaltyBps == 0) return;
        uint256 left = royaltyBps * (UNITS / Licences.BPS);
        uint256 count = flow.length;
        for (uint256 i = 0; i < count; ++i) {
            (uint256 modelId, uint256 part) = _unpack(flow[i]);
            if (modelId == parentId) continue;
            part = part * royaltyBps / Licences.BPS;
            left -= part;
            _add(to, modelId, part);
        }
        _add(to, parentId, left);
    }

    function _add(Table memory to, uint256 modelId, uint256 part) private pure {
        if (part == 0) return;
        (uint256[] memory models, uint256 count) = (to.models, to.count);
        uint256 at = 0;
        while (at < count && models[at] != modelId) {
            ++at;
        }
        if (at == count) {
            if (count == MAX_MODELS) revert IModelRegistry.LineageTooWide(MAX_MODELS);
            models[at] = modelId;
            to.count = count + 1;
        }
        to.parts[at] += part;
    }

    function _store(Table memory from, uint128[] storage flow) private {
        for (uint256 i = 0; i < from.count; ++i) {
            flow.push(uint128(from.models[i] << 32 | from.parts[i]));
        }
    }

    function _unpack(uint128 entry) private pure returns (uint256 modelId, uint256 part) {
        return (entry >> 32, uint32(entry));
    }
}
