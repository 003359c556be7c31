// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionErrors} from "./IAttributionErrors.sol";

/// @title IAttributionStore
/// @notice The precompile at 0x00000000000000000000000000000000000A7701: append-only sets of rows.
/// @dev A set belongs to whoever created it. Kind 1 holds sketches, kind 2 one UTF-8 document a row (1 B to 128 KiB).
///      A set's version is 1 at first and one higher after every append and every change of a status; what a trace says of a
///      version never changes. Version 0 in a call means the newest.
///      State-changing calls are refused under STATICCALL, DELEGATECALL and CALLCODE.
interface IAttributionStore is IAttributionErrors {
    event SetCreated(uint256 indexed setId, address indexed owner, uint8 kind, uint16 dim, bool labelled);
    event Appended(uint256 indexed setId, uint32 indexed contributor, uint64 shard, uint64 firstRow, uint32 rows, uint64 version);
    event StatusChanged(uint256 indexed setId, uint64 indexed row, uint8 status, uint64 version);
    event Reassigned(uint256 indexed setId, uint64 indexed row, uint32 contributor);

    /// @notice Creates a set of sketches. Set ids count from 1.
    /// @param dim Values of a row, a multiple of 32 in 32..4096.
    /// @param labelled Whether each row carries a 16-bit label.
    /// @param minExponent Least exponent of a row; its values are q * 2^-exponent.
    /// @param maxExponent Greatest exponent of a row, at most 63.
    function createSketchSet(uint16 dim, bool labelled, uint8 minExponent, uint8 maxExponent) external returns (uint256 setId);

    /// @notice Creates a set of texts.
    function createTextSet() external returns (uint256 setId);

    /// @notice Appends one shard, by the set's owner: one document, or whole sketch rows
    ///         (`exponent u8, label u16 if labelled, dim x i8`). The rows are active.
    function append(uint256 setId, uint32 contributor, bytes calldata payload) external returns (uint64 firstRow, uint32 rows, uint64 version);

    /// @notice Changes a row's status, by the set's owner: 0 active, 1 refinement (active, and its closed words are its own),
    ///         2 withdrawn (covers nothing, and what others inherited from it is withheld). At most four times in a row's life.
    function setStatus(uint256 setId, uint64 row, uint8 status) external returns (uint64 version);

    /// @notice Names another author of a row, by the set's owner, at every version. Rows, origins and credits by row stay.
    function reassign(uint256 setId, uint64 row, uint32 contributor) external;

    /// @param size Payload bytes of all shards, as they were appended.
    /// @param root `r = keccak256(r, codeHash)` over the shards' code hashes, from zero.
    function info(uint256 setId) external view returns (address owner, uint8 kind, uint16 dim, bool labelled, uint64 version, uint64 shards, uint64 rows, uint64 size, bytes32 root);

    /// @param status At the newest version.
    /// @param born The set's version since which the row is there.
    /// @param data The row's bytes in the form in which they were appended.
    function row(uint256 setId, uint64 index) external view returns (uint32 contributor, uint8 status, uint64 born, bytes memory data);

    /// @notice What `append` would find: how much of a document was somebody's before.
    /// @param inherited Weight in 1/256 bit of the words that keep an earlier origin.
    /// @param closed Weight of the words between them that earn nothing until the row is accepted as a refinement.
    /// @param total Weight of all words.
    /// @param rows The rows of the origins, ascending, each with its part of `inherited` in `weights`.
    function novelty(uint256 setId, uint64 version, bytes calldata document) external view returns (uint256 inherited, uint256 closed, uint256 total, uint64[] memory rows, uint256[] memory weights);

    /// @notice The row of a version, of any status, whose direction is closest to `sketch`.
    /// @param cosineSquaredQ32 cos² in units of 2^-32, at most 2^32 - 1; 0 when the closest points away.
    function nearest(uint256 setId, uint64 version, bytes calldata sketch) external view returns (uint64 row, uint32 cosineSquaredQ32);
}
