// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Commitment, DatanetBooks} from "./DatanetState.sol";
import {Matters} from "./Matters.sol";
import {Queue} from "./Queue.sol";
import {Submissions} from "./Submissions.sol";
import {Predeploys} from "../Predeploys.sol";
import {IDatanetRecords} from "../../interfaces/IDatanetRecords.sol";
import {IDatanetReview} from "../../interfaces/IDatanetReview.sol";
import {IJuryClient} from "../../interfaces/IJuries.sol";

/// @title DatanetReview
/// @notice The second half of Datanets' code, which is larger than one contract may be: it is only ever run by Datanets, over
///         that one's state and money, and keeps nothing of its own.
contract DatanetReview is DatanetBooks, IDatanetReview, IDatanetRecords, IJuryClient {
    /// @inheritdoc IDatanetReview
    function commit(uint256 datanetId, bytes32 root, uint32 count) external payable returns (uint256 commitmentId) {
        return Submissions.commit(books, datanetId, root, count);
    }

    /// @inheritdoc IDatanetReview
    function reveal(uint256 commitmentId, bytes32 salt, Revelation[] calldata revelations) external {
        Submissions.reveal(books, commitmentId, salt, revelations);
    }

    /// @inheritdoc IDatanetReview
    function submit(uint256 commitmentId) external payable {
        Submissions.submit(books, commitmentId);
    }

    /// @inheritdoc IDatanetReview
    function append(uint256 commitmentId, uint32 index, bytes[] calldata documents) external {
        Submissions.append(books, commitmentId, index, documents);
    }

    /// @inheritdoc IDatanetReview
    function advance(uint256 datanetId, uint256 most) external {
        Queue.advance(books, books.datanet(datanetId), most, type(uint256).max);
    }

    /// @inheritdoc IDatanetReview
    function reviewRefinement(uint256 datanetId, uint64 row, bytes calldata reason)
        external
        payable
        returns (uint256 caseId)
    {
        return Matters.reviewRefinement(books, datanetId, row, reason);
    }

    /// @inheritdoc IDatanetReview
    function challenge(uint256 datanetId, uint64 row, bytes calldata reason) external payable returns (uint256 caseId) {
        return Matters.challenge(books, datanetId, row, reason);
    }

    /// @inheritdoc IDatanetReview
    function disown(uint256 datanetId, uint64 row) external {
        Matters.disown(books, datanetId, row);
    }

    /// @inheritdoc IDatanetReview
    function disownByRow(uint256 datanetId, uint64 row, uint256 otherDatanetId) external {
        Matters.disownByRow(books, datanetId, row, otherDatanetId);
    }

    /// @inheritdoc IDatanetReview
    function claimAuthorship(uint256 datanetId, uint64 row, uint64 version, bytes calldata text, bytes calldata reason)
        external
        payable
        returns (uint256 caseId)
    {
        return Matters.claimAuthorship(books, datanetId, row, version, text, reason);
    }

    /// @inheritdoc IJuryClient
    function ruled(uint256 caseId, bool upheld) external {
        if (msg.sender != Predeploys.JURIES) revert NotModule(msg.sender);
        Matters.ruled(books, caseId, upheld);
    }

    // ---- Views

    /// @inheritdoc IDatanetReview
    function commitmentCount() external view returns (uint256) {
        return books.commitmentCount;
    }

    /// @inheritdoc IDatanetReview
    function commitmentInfo(uint256 commitmentId) external view returns (CommitmentInfo memory info) {
        Commitment storage made = books.commitment(commitmentId);
        (info.author, info.datanetId, info.root, info.stage) = (made.author, made.datanetId, made.root, made.stage);
        (info.count, info.revealed, info.appended) = (made.count, made.revealed, made.appended);
        (info.committedAt, info.revealUntil) = (made.committedAt, made.revealUntil);
        (info.queueUntil, info.decidedAt) = (made.queueUntil, made.decidedAt);
        (info.jurors, info.minNoveltyBps, info.bond) = (made.jurors, made.minNoveltyBps, made.bond);
        (info.caseId, info.contents) = (made.caseId, made.contents);
    }

    /// @inheritdoc IDatanetReview
    function documentOf(uint256 commitmentId, uint32 index)
        external
        view
        returns (bytes32 documentHash, uint64 parent)
    {
        Commitment storage made = books.commitment(commitmentId);
        // No row wraps around to NO_ROW.
        unchecked {
            return (made.documents[index], made.parents[index] - 1);
        }
    }

    /// @inheritdoc IDatanetReview
    function reviewCost(uint256 commitmentId) external view returns (uint256) {
        return Submissions.costOf(books.commitment(commitmentId));
    }

    /// @inheritdoc IDatanetReview
    function leafOf(uint256 datanetId, address author, bytes32 salt, uint32 index, bytes calldata document)
        external
        view
        returns (bytes32)
    {
        return Submissions.leafOf(datanetId, author, salt, index, document);
    }

    /// @inheritdoc IDatanetReview
    function firstCommitment(bytes32 documentHash) external view returns (uint256) {
        return books.firstCommitment[documentHash];
    }
}
