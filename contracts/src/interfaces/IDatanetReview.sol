// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanetRecords} from "./IDatanetRecords.sol";

/// @title IDatanetReview
/// @notice Datanets' functions for what is committed to, reviewed and disputed. At the same address as the others,
///         0x00000000000000000000000000000000000A7710.
interface IDatanetReview {
    /// @notice Commits to `count` documents by the root of the tree over their leaves (`leafOf`), in any datanet. The value is
    ///         the policy's fee for each and its bond.
    function commit(uint256 datanetId, bytes32 root, uint32 count) external payable returns (uint256 commitmentId);

    /// @notice Shows the next documents of the caller's commitment, in their order, in as many calls as it takes.
    function reveal(uint256 commitmentId, bytes32 salt, IDatanetRecords.Revelation[] calldata revelations) external;

    /// @notice Hands in what was revealed. In a reviewed datanet the value is `reviewCost`, or more.
    function submit(uint256 commitmentId) external payable;

    /// @notice Makes the next documents of an accepted commitment rows, from document `index` on, which
    ///         may be one that is appended already. Anyone may. What the datanet
    ///         has already, what is not novel enough and what is no text is left out.
    function append(uint256 commitmentId, uint32 index, bytes[] calldata documents) external;

    /// @notice Moves a datanet's queue past at most `most` commitments that nobody has to wait for.
    function advance(uint256 datanetId, uint256 most) external;

    /// @notice Asks a jury to accept the caller's refinement. The value is what the jury costs.
    function reviewRefinement(uint256 datanetId, uint64 row, bytes calldata reason)
        external
        payable
        returns (uint256 caseId);

    /// @notice Asks a jury to withdraw a row. The value is the bond (`Keys.DISPUTE_BOND`) and what the jury costs.
    function challenge(uint256 datanetId, uint64 row, bytes calldata reason) external payable returns (uint256 caseId);

    /// @notice Gives a row to the author of an earlier commitment from which its document was revealed. Anyone may call it.
    function disown(uint256 datanetId, uint64 row) external;

    /// @notice Gives a row to the author of the row of another datanet with the same document, had earlier. Anyone may call it.
    function disownByRow(uint256 datanetId, uint64 row, uint256 otherDatanetId) external;

    /// @notice Asks a jury whether a row is the caller's, whose earlier text is in it. The value as in `challenge`.
    /// @param version The set's version that the text is compared with; 0 the newest.
    /// @param reason What proves that the text is the earlier one, as a signature; for the jury.
    function claimAuthorship(uint256 datanetId, uint64 row, uint64 version, bytes calldata text, bytes calldata reason)
        external
        payable
        returns (uint256 caseId);

    // ---- Views

    /// @notice Commitments to all datanets are counted together, from 1: an earlier one has a smaller number.
    function commitmentCount() external view returns (uint256);

    /// @notice What a commitment is and how far it got; reverts for an unknown one.
    function commitmentInfo(uint256 commitmentId) external view returns (IDatanetRecords.CommitmentInfo memory info);

    /// @notice A revealed document of a commitment: its hash, zero if it was not revealed, and the row that it refines.
    function documentOf(uint256 commitmentId, uint32 index) external view returns (bytes32 documentHash, uint64 parent);

    /// @notice What a jury costs for what was revealed of a commitment until now: its fee for each 64 documents begun. Wei. A jury's
    ///         fee is that of the moment in which it is asked, when the documents are handed in, not of the commitment.
    function reviewCost(uint256 commitmentId) external view returns (uint256);

    /// @notice The leaf of a document in the root of a commitment. An inner node is the hash of its two halves, the smaller
    ///         first (OpenZeppelin's MerkleProof); the root of one document is its leaf.
    function leafOf(uint256 datanetId, address author, bytes32 salt, uint32 index, bytes calldata document)
        external
        view
        returns (bytes32);

    /// @notice The first commitment, to any datanet, that a document was revealed from; 0 for none.
    function firstCommitment(bytes32 documentHash) external view returns (uint256);
}
