// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title AttestedOutput
/// @notice One accepted output root, in the shape of an OP Stack dispute game. There is no game: OutputProposals
///         creates an AttestedOutput only after its attestation was verified, so it is born resolved in its favour. Whether it
///         still counts (the guardian may veto it in its finality delay) only OutputProposals knows.
/// @dev A clone whose facts stand behind its code (OpenZeppelin Clones with immutable arguments); it has no storage.
contract AttestedOutput {
    /// @notice What a clone carries, ABI-encoded in this order.
    struct Facts {
        bytes32 rootClaim;
        uint256 l2BlockNumber;
        bytes32 l1Head;
        uint64 createdAt;
        address gameCreator;
        uint32 pausedBefore;
    }

    /// @notice `GameType` of every output of this chain. Outside the range that the OP Stack has assigned.
    uint32 public constant gameType = 630_925;

    /// @notice `GameStatus.DEFENDER_WINS`.
    uint8 public constant status = 2;

    /// @notice The OP Stack's question whether the game type was respected at creation; there is only one type.
    bool public constant wasRespectedGameTypeWhenCreated = true;

    /// @notice All that is known of the output.
    function facts() public view returns (Facts memory) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (Facts));
    }

    /// @notice The output root.
    function rootClaim() external view returns (bytes32) {
        return facts().rootClaim;
    }

    /// @notice Number of the L2 block that the output root commits to.
    function l2BlockNumber() external view returns (uint256) {
        return facts().l2BlockNumber;
    }

    /// @notice The name that newer OP Stack tools use for `l2BlockNumber`.
    function l2SequenceNumber() external view returns (uint256) {
        return facts().l2BlockNumber;
    }

    /// @notice Hash of the L1 block up to which the attested blocks were derived.
    function l1Head() external view returns (bytes32) {
        return facts().l1Head;
    }

    /// @notice Time of the proposal, in seconds.
    function createdAt() external view returns (uint64) {
        return facts().createdAt;
    }

    /// @notice Equal to `createdAt`: nothing is left to resolve.
    function resolvedAt() external view returns (uint64) {
        return facts().createdAt;
    }

    /// @notice Who sent the proposal. Says nothing about who proved it.
    function gameCreator() external view returns (address) {
        return facts().gameCreator;
    }

    /// @notice `abi.encode(l2BlockNumber)`.
    function extraData() public view returns (bytes memory) {
        return abi.encode(facts().l2BlockNumber);
    }

    /// @notice Type, output root and extra data in one call, as tools of the OP Stack ask for them.
    function gameData() external view returns (uint32 gameType_, bytes32 rootClaim_, bytes memory extraData_) {
        return (gameType, facts().rootClaim, extraData());
    }
}
