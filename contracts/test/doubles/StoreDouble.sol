// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionStore} from "../../src/interfaces/IAttributionStore.sol";

/// @notice Stands in for the attribution store's precompile, which forge's EVM doesn't have. It keeps text sets as the real
///         one does, as far as our contracts look. The real one is under test in the node's own tests.
contract StoreDouble {
    struct Row {
        uint32 contributor;
        bool active;
        bytes data;
    }

    error NotOwner();
    error UnknownRow();

    uint256 private sets;
    mapping(uint256 setId => address) private owners;
    mapping(uint256 setId => Row[]) private rowsOf;

    function createTextSet() external returns (uint256 setId) {
        setId = ++sets;
        owners[setId] = msg.sender;
    }

    function append(uint256 setId, uint32 contributor, bytes calldata payload)
        external
        returns (uint64 firstRow, uint32)
    {
        if (owners[setId] != msg.sender) revert NotOwner();
        firstRow = uint64(rowsOf[setId].length);
        rowsOf[setId].push(Row(contributor, true, payload));
        return (firstRow, 1);
    }

    function setActive(uint256 setId, uint64 index, bool active) external {
        if (owners[setId] != msg.sender) revert NotOwner();
        if (index >= rowsOf[setId].length) revert UnknownRow();
        rowsOf[setId][index].active = active;
    }

    function info(uint256 setId)
        external
        view
        returns (address owner, uint8, uint16, bool, uint64, uint64 rows, uint64, bytes32)
    {
        rows = uint64(rowsOf[setId].length);
        return (owners[setId], 2, 0, false, rows, rows, 0, 0);
    }

    function row(uint256 setId, uint64 index) external view returns (uint32, bool, bytes memory) {
        Row storage found = rowsOf[setId][index];
        return (found.contributor, found.active, found.data);
    }
}
