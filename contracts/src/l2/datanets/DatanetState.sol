// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Contributors} from "./Contributors.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";

/// @notice A row of a datanet; one slot.
struct Row {
    uint32 contributor;
    uint8 status;
    uint8 changes;
    /// How often a jury named another author; it stays at 255.
    uint8 verdicts;
    bool byParent;
    /// Withdrawn, and counts again once another is found to be its author.
    bool mendable;
    /// Since when its author is known to have had it, and the commitment that says so, 0 for none.
    uint40 authoredAt;
    uint48 commitmentId;
    /// One more than the row that it refines; 0 for none.
    uint64 parent;
}

/// @notice A datanet. The first two slots are all of it that a contribution to an open one reads.
struct Datanet {
    address curator;
    uint64 setId;
    uint16 curatorBps;
    bool committed;
    uint96 fee;
    uint96 bond;
    uint16 jurors;
    uint16 minNoveltyBps;
    uint16 fullAtBps;
    uint16 maxContributorBps;
    /// The queue of commitments (`Queue`).
    uint48 head;
    uint48 tail;
    uint40 headSince;
    uint40 openSince;
    address nextCurator;
    uint256 reviewFund;
    IDatanets.Licence licence;
    string name;
    string purpose;
    Contributors.Registry contributors;
    mapping(uint64 index => Row) rows;
    /// One more than the row of a document; 0 for none.
    mapping(bytes32 documentHash => uint64) rowOf;
    IDatanets.Release[] releases;
}

/// @notice A commitment to documents, and what became of it.
struct Commitment {
    address author;
    uint48 datanetId;
    uint48 next;
    bytes32 root;
    uint32 count;
    uint32 revealed;
    uint32 appended;
    uint40 committedAt;
    uint40 revealUntil;
    uint40 queueUntil;
    uint40 decidedAt;
    D.Stage stage;
    uint16 jurors;
    uint16 minNoveltyBps;
    uint32 appendSeconds;
    uint96 bond;
    uint96 reviewFee;
    uint64 caseId;
    bytes32 contents;
    mapping(uint32 index => bytes32) documents;
    /// One more than the row that the document refines; 0 for none.
    mapping(uint32 index => uint64) parents;
}

/// @notice What a case is about.
struct Case {
    D.Matter matter;
    address claimant;
    /// The datanet, or the commitment of a submission.
    uint64 id;
    uint64 row;
    uint96 bond;
    /// The row's verdicts when it was opened.
    uint8 verdicts;
}

/// @notice All that Datanets knows.
struct Books {
    uint48 datanetCount;
    /// Commitments of all datanets are counted together: the number is the order of commitment.
    uint48 commitmentCount;
    mapping(uint256 datanetId => Datanet) datanets;
    mapping(uint256 commitmentId => Commitment) commitments;
    /// The earliest commitment, to any datanet, that a document was revealed from.
    mapping(bytes32 documentHash => uint48) firstCommitment;
    mapping(uint256 caseId => Case) cases;
}

/// @dev No row: a document that refines none.
uint64 constant NO_ROW = type(uint64).max;

using DatanetState for Books global;

/// @title DatanetState
/// @notice Finds what was named, or says that there is none.
library DatanetState {
    function datanet(Books storage self, uint256 datanetId) internal view returns (Datanet storage found) {
        found = self.datanets[datanetId];
        if (found.curator == address(0)) revert D.UnknownDatanet(datanetId);
    }

    function row(Books storage self, uint256 datanetId, uint64 index) internal view returns (Row storage found) {
        found = datanet(self, datanetId).rows[index];
        if (found.contributor == 0) revert D.UnknownRow(datanetId, index);
    }

    function authorOf(Books storage self, uint256 datanetId, uint64 index) internal view returns (address) {
        return self.datanets[datanetId].contributors.contributors[row(self, datanetId, index).contributor].account;
    }

    function rowOf(Books storage self, uint256 datanetId, bytes32 documentHash) internal view returns (uint64) {
        uint64 found = datanet(self, datanetId).rowOf[documentHash];
        if (found == 0) revert D.UnknownDocument(datanetId, documentHash);
        return found - 1;
    }

    function commitment(Books storage self, uint256 commitmentId) internal view returns (Commitment storage found) {
        found = self.commitments[commitmentId];
        if (found.stage == D.Stage.None) revert D.UnknownCommitment(commitmentId);
    }
}

/// @title DatanetBooks
/// @notice The storage that both halves of Datanets' code share. Nothing may come before it.
abstract contract DatanetBooks {
    Books internal books;
}
