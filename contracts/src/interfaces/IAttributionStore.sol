// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title IAttributionStore
/// @notice The precompile at 0x00000000000000000000000000000000000A7701: append-only sets of rows.
/// @dev A set belongs to whoever created it. Kind 1 holds sketches, kind 2 one UTF-8 document a row (1 B to 128 KiB).
///      State-changing calls are refused under STATICCALL, DELEGATECALL and CALLCODE.
interface IAttributionStore is IAttributionErrors {
    event SetCreated(uint256 indexed setId, address indexed owner, uint8 kind, uint16 dim, bool labelled);
    event Appended(uint256 indexed setId, uint32 indexed contributor, uint64 shard, uint64 firstRow, uint32 rows);
    event ActivityChanged(uint256 indexed setId, uint64 indexed row, bool active);

    /// @notice Creates a set of sketches. Set ids count from 1.
    /// @param dim Values of a row, a multiple of 32 in 32..4096.
    /// @param labelled Whether each row carries a 16-bit label.
    function createSketchSet(uint16 dim, bool labelled) external returns (uint256 setId);

    /// @notice Creates a set of texts.
    function createTextSet() external returns (uint256 setId);

    /// @notice Appends one shard, by the set's owner: one document, or whole sketch rows
    ///         (`exponent u8, label u16 if labelled, dim x i8`). The rows are active.
    function append(uint256 setId, uint32 contributor, bytes calldata payload) external returns (uint64 firstRow, uint32 rows);

    /// @notice Says whether a row counts, by the set's owner. Nothing is ever erased.
    function setActive(uint256 setId, uint64 row, bool active) external;

    /// @param size Payload bytes of all shards.
    /// @param root `r = keccak256(r, codeHash)` over the shards' code hashes, from zero.
    function info(uint256 setId) external view returns (address owner, uint8 kind, uint16 dim, bool labelled, uint64 shards, uint64 rows, uint64 size, bytes32 root);

    /// @param data The row's bytes in the form in which they were appended.
    function row(uint256 setId, uint64 index) external view returns (uint32 contributor, bool active, bytes memory data);

    /// @notice Novelty check: the row among the first `upTo` (0: all), active or not, whose direction is closest to `sketch`.
    /// @param cosineSquaredQ32 cos² in units of 2^-32, at most 2^32 - 1; 0 when the closest points away.
    function nearest(uint256 setId, uint64 upTo, bytes calldata sketch) external view returns (uint64 row, uint32 cosineSquaredQ32);
}
