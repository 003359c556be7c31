// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "../../src/interfaces/IAttributionErrors.sol";

/// @notice Stands in for the attribution store's precompile, which forge's EVM doesn't have. It keeps text sets as the real
///         one does, as far as our contracts look. The real one is under test in the node's own tests.
contract StoreDouble is IAttributionErrors {
    struct Change {
        uint64 version;
        uint8 status;
    }

    struct Row {
        uint32 contributor;
        uint64 born;
        bytes data;
        Change[] changes;
    }

    struct Set {
        address owner;
        uint64 version;
        Row[] rows;
        uint64 size;
        bytes32 root;
        /// Values of a sketch; 0 for a set of texts.
        uint16 dim;
    }

    /// @dev What is found in a document, as a test says; all of it is new unless said.
    struct Inheritance {
        bool said;
        uint256 inherited;
        uint256 closed;
        uint256 total;
        uint64[] rows;
        uint256[] weights;
    }

    Set[] private sets;
    mapping(bytes32 documentHash => Inheritance) private inheritances;

    function createTextSet() external returns (uint256 setId) {
        Set storage set = sets.push();
        (set.owner, set.version) = (msg.sender, 1);
        return sets.length;
    }

    function createSketchSet(uint16 dim, bool, uint8, uint8) external returns (uint256 setId) {
        Set storage set = sets.push();
        (set.owner, set.version, set.dim) = (msg.sender, 1, dim);
        return sets.length;
    }

    function append(uint256 setId, uint32 contributor, bytes calldata payload)
        external
        returns (uint64 firstRow, uint32, uint64 version)
    {
        Set storage set = owned(setId);
        if (set.dim != 0) return appendSketches(set, contributor, payload);
        checkText(payload);
        set.size += uint64(payload.length);
        set.root = keccak256(abi.encode(set.root, keccak256(payload)));
        firstRow = uint64(set.rows.length);
        version = ++set.version;
        Row storage appended = set.rows.push();
        (appended.contributor, appended.born, appended.data) = (contributor, version, payload);
        return (firstRow, 1, version);
    }

    function setStatus(uint256 setId, uint64 index, uint8 status) external returns (uint64 version) {
        Row storage changed = rowOf(owned(setId), setId, index);
        if (status > 2) revert UnknownStatus(status);
        if (changed.changes.length == 4) revert TooManyChanges(setId, index);
        version = ++sets[setId - 1].version;
        changed.changes.push(Change(version, status));
    }

    function reassign(uint256 setId, uint64 index, uint32 contributor) external {
        rowOf(owned(setId), setId, index).contributor = contributor;
    }

    function info(uint256 setId)
        external
        view
        returns (address owner, uint8, uint16, bool, uint64 version, uint64, uint64 rows, uint64, bytes32)
    {
        Set storage set = found(setId);
        rows = uint64(set.rows.length);
        uint8 kind = set.dim == 0 ? 2 : 1;
        return (set.owner, kind, set.dim, false, set.version, rows, rows, set.size, set.root);
    }

    function row(uint256 setId, uint64 index) external view returns (uint32, uint8, uint64, bytes memory) {
        Row storage asked = rowOf(found(setId), setId, index);
        return (asked.contributor, statusAt(asked, type(uint64).max), asked.born, asked.data);
    }

    /// @notice For tests: what `novelty` finds in a document from now on.
    function inherit(
        bytes calldata document,
        uint256[3] calldata inheritedClosedTotal,
        uint64[] calldata rows,
        uint256[] calldata weights
    ) external {
        (uint256 inherited, uint256 closed, uint256 total) =
            (inheritedClosedTotal[0], inheritedClosedTotal[1], inheritedClosedTotal[2]);
        inheritances[keccak256(document)] = Inheritance(true, inherited, closed, total, rows, weights);
    }

    function novelty(uint256 setId, uint64 version, bytes calldata document)
        external
        view
        returns (uint256, uint256, uint256, uint64[] memory rows, uint256[] memory weights)
    {
        checkText(document);
        Set storage set = found(setId);
        if (version > set.version) revert UnknownVersion(setId, version, set.version);
        Inheritance storage said = inheritances[keccak256(document)];
        // As in the real one, words weigh nothing where there are none to compare them with.
        if (!said.said) return (0, 0, set.rows.length == 0 ? 0 : document.length, rows, weights);
        return (said.inherited, said.closed, said.total, said.rows, said.weights);
    }

    /// @dev One row for each exponent and its values.
    function appendSketches(Set storage set, uint32 contributor, bytes calldata payload)
        private
        returns (uint64 firstRow, uint32 rows, uint64 version)
    {
        uint256 length = 1 + uint256(set.dim);
        (firstRow, rows, version) = (uint64(set.rows.length), uint32(payload.length / length), ++set.version);
        for (uint256 i = 0; i < rows; ++i) {
            Row storage appended = set.rows.push();
            (appended.contributor, appended.born) = (contributor, version);
            appended.data = payload[i * length:(i + 1) * length];
        }
    }

    /// @dev 0xff begins no character of UTF-8; no more of the real one's check is asked for.
    function checkText(bytes calldata payload) private pure {
        if (payload.length == 0) revert EmptyPayload();
        if (payload[0] == 0xff) revert NotUtf8();
    }

    /// @notice For the double of the trace: a row as a version knows it, and its author, who is the same at every version.
    function rowAt(uint256 setId, uint64 version, uint64 index)
        external
        view
        returns (bool exists, uint8 status, uint32 contributor)
    {
        Set storage set = found(setId);
        if (version > set.version) revert UnknownVersion(setId, version, set.version);
        if (index >= set.rows.length || set.rows[index].born > version) return (false, 0, 0);
        return (true, statusAt(set.rows[index], version), set.rows[index].contributor);
    }

    function statusAt(Row storage asked, uint64 version) private view returns (uint8 status) {
        for (uint256 i = 0; i < asked.changes.length; ++i) {
            if (asked.changes[i].version <= version) status = asked.changes[i].status;
        }
    }

    function found(uint256 setId) private view returns (Set storage) {
        if (setId == 0 || setId > sets.length) revert UnknownSet(setId);
        return sets[setId - 1];
    }

    function owned(uint256 setId) private view returns (Set storage set) {
        set = found(setId);
        if (set.owner != msg.sender) revert NotOwner(setId, msg.sender);
    }

    function rowOf(Set storage set, uint256 setId, uint64 index) private view returns (Row storage) {
        if (index >= set.rows.length) revert RowOutOfRange(setId, index, uint64(set.rows.length));
        return set.rows[index];
    }
}
