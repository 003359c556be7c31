// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Books, Commitment, Datanet, NO_ROW, Row} from "./DatanetState.sol";
import {Contributors} from "./Contributors.sol";
import {DatanetMoney} from "./DatanetMoney.sol";
import {IAttributionErrors} from "../../interfaces/IAttributionErrors.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";
import {Predeploys} from "../Predeploys.sol";

/// @title Rows
/// @notice How documents become rows, and what rows count as.
library Rows {
    using Contributors for Contributors.Registry;

    uint8 internal constant ACTIVE = 0;
    uint8 internal constant REFINEMENT = 1;
    uint8 internal constant WITHDRAWN = 2;

    /// @notice Changes of a row's status that are not the Governor's.
    uint8 internal constant FREE_CHANGES = 3;

    /// @dev Part of what a refinement inherits that must be its parent's author's for that one's word to be enough. Its closed
    ///      words may be those between borrowed words of others.
    uint256 private constant PARENT_BPS = 9_500;
    uint256 private constant BPS = 10_000;

    /// @notice A document on its way into a set.
    struct Draft {
        uint256 datanetId;
        bytes32 documentHash;
        address account;
        uint48 commitmentId;
        uint40 authoredAt;
        /// One more than the row that it refines; 0 for none.
        uint64 parent;
        uint16 minNoveltyBps;
        /// Whether a review accepted it as a refinement.
        bool refined;
    }

    /// @dev What the store finds in a document.
    struct Found {
        uint256 inherited;
        uint256 closed;
        uint256 total;
        uint64[] rows;
        uint256[] weights;
    }

    /// @notice Hands a document in to an open datanet. It is a row at once.
    function contribute(Books storage self, uint256 datanetId, uint64 parent, bytes calldata document)
        internal
        returns (uint64 index)
    {
        Datanet storage datanet = self.datanet(datanetId);
        if (datanet.committed) revert D.CommitFirst(datanetId);
        if (msg.value != datanet.fee) revert D.WrongValue(datanet.fee, msg.value);
        DatanetMoney.toProtocol(msg.value, DatanetMoney.refOf(DatanetMoney.DATANET, datanetId));
        Draft memory draft;
        draft.datanetId = datanetId;
        draft.documentHash = keccak256(document);
        draft.account = msg.sender;
        draft.authoredAt = uint40(block.timestamp);
        draft.minNoveltyBps = datanet.minNoveltyBps;
        uint64 known = datanet.rowOf[draft.documentHash];
        if (known != 0) revert D.Duplicate(datanetId, draft.documentHash, known - 1);
        if (parent != NO_ROW) {
            if (self.row(datanetId, parent).status == WITHDRAWN) revert D.ParentWithdrawn(datanetId, parent);
            draft.parent = parent + 1;
        }
        bool isText;
        uint256 noveltyBps;
        (isText, noveltyBps, index) = add(self, draft, document);
        if (!isText) revert IAttributionErrors.NotUtf8();
        if (noveltyBps < draft.minNoveltyBps) revert D.NotNovel(noveltyBps, draft.minNoveltyBps);
    }

    /// @notice Appends a document that the datanet does not have yet, unless it is no text or less novel than it must be.
    function add(Books storage self, Draft memory draft, bytes calldata document)
        internal
        returns (bool isText, uint256 noveltyBps, uint64 index)
    {
        bool byParent;
        (isText, noveltyBps, byParent) = _measure(self, draft, document);
        if (!isText || noveltyBps < draft.minNoveltyBps) return (isText, noveltyBps, 0);
        _findAuthor(self, draft);
        (isText, index) = _append(self.datanets[draft.datanetId], draft, document);
        if (!isText) return (false, 0, 0);
        if (draft.parent == 0) return (true, noveltyBps, index);
        Row storage row = self.datanets[draft.datanetId].rows[index];
        (row.parent, row.byParent) = (draft.parent, byParent);
        emit D.RefinementProposed(draft.datanetId, index, draft.parent - 1, byParent);
        if (draft.refined) change(self, draft.datanetId, index, REFINEMENT, 0);
    }

    /// @notice Changes a row's status, here and in the store.
    function change(Books storage self, uint256 datanetId, uint64 index, uint8 status, uint256 caseId) internal {
        Datanet storage datanet = self.datanets[datanetId];
        Row storage row = datanet.rows[index];
        row.status = status;
        ++row.changes;
        uint64 version = Predeploys.ATTRIBUTION_STORE.setStatus(datanet.setId, index, status);
        emit D.StatusChanged(datanetId, index, status, version, msg.sender, caseId);
    }

    /// @notice Whether a row waits to be accepted as a refinement.
    function waits(Books storage self, uint256 datanetId, Row storage row) internal view returns (bool) {
        if (row.parent == 0 || row.status != ACTIVE || row.changes >= FREE_CHANGES) return false;
        return self.datanets[datanetId].rows[row.parent - 1].status != WITHDRAWN;
    }

    /// @notice The curator, or the author of what the row inherits, accepts it as a refinement.
    function acceptRefinement(Books storage self, uint256 datanetId, uint64 index) internal {
        Row storage row = self.row(datanetId, index);
        if (!waits(self, datanetId, row)) revert D.NoRefinement(datanetId, index);
        bool byAuthor = row.byParent && msg.sender == self.authorOf(datanetId, row.parent - 1);
        if (!byAuthor && msg.sender != self.datanets[datanetId].curator) {
            revert D.NotAcceptor(datanetId, index, msg.sender);
        }
        _checkUnchanged(datanetId, index, row);
        change(self, datanetId, index, REFINEMENT, 0);
    }

    /// @notice A row's author takes it back.
    function withdraw(Books storage self, uint256 datanetId, uint64 index) internal {
        Row storage row = self.row(datanetId, index);
        address author = self.authorOf(datanetId, index);
        if (msg.sender != author) revert D.NotAuthor(author, msg.sender);
        checkChangeable(datanetId, index, row);
        _checkUnchanged(datanetId, index, row);
        row.mendable = true;
        change(self, datanetId, index, WITHDRAWN, 0);
    }

    /// @dev That the row is not withdrawn, and may be by others than the Governor.
    function checkChangeable(uint256 datanetId, uint64 index, Row storage row) internal view {
        if (row.status == WITHDRAWN) revert D.AlreadyWithdrawn(datanetId, index);
        if (row.changes >= FREE_CHANGES) revert D.ChangesSpent(datanetId, index);
    }

    /// @dev Accounts have the first change and no other, with its undoing: else whoever has two of them could use a row's changes up,
    ///      and shield it from juries.
    function _checkUnchanged(uint256 datanetId, uint64 index, Row storage row) private view {
        if (row.changes != 0) revert D.ChangesSpent(datanetId, index);
    }

    /// @notice Governance sets a status; also the last that the store allows.
    function govern(Books storage self, uint256 datanetId, uint64 index, uint8 status) internal {
        self.row(datanetId, index).mendable = false;
        change(self, datanetId, index, status, 0);
    }

    /// @dev Whoever appends it, a document is that one's who first committed to it and revealed it in time, in any datanet.
    function _findAuthor(Books storage self, Draft memory draft) private view {
        uint48 first = self.firstCommitment[draft.documentHash];
        if (first == 0 || first == draft.commitmentId) return;
        Commitment storage earliest = self.commitments[first];
        (draft.account, draft.commitmentId, draft.authoredAt) = (earliest.author, first, earliest.committedAt);
    }

    function _append(Datanet storage datanet, Draft memory draft, bytes calldata document)
        private
        returns (bool, uint64 index)
    {
        uint32 contributor = datanet.contributors.numberFor(draft.account);
        uint64 version;
        try Predeploys.ATTRIBUTION_STORE.append(datanet.setId, contributor, document) returns (
            uint64 first, uint32, uint64 newest
        ) {
            (index, version) = (first, newest);
        } catch (bytes memory reason) {
            _onlyNotText(reason);
            return (false, 0);
        }
        Row storage row = datanet.rows[index];
        (row.contributor, row.authoredAt, row.commitmentId) = (contributor, draft.authoredAt, draft.commitmentId);
        datanet.rowOf[draft.documentHash] = index + 1;
        emit D.Contributed(
            draft.datanetId,
            index,
            draft.account,
            contributor,
            draft.commitmentId,
            draft.documentHash,
            document.length,
            version,
            msg.sender
        );
        return (true, index);
    }

    function _measure(Books storage self, Draft memory draft, bytes calldata document)
        private
        returns (bool isText, uint256 noveltyBps, bool byParent)
    {
        Datanet storage datanet = self.datanets[draft.datanetId];
        Found memory found;
        (isText, found) = _ask(datanet.setId, document);
        if (!isText) return (false, 0, false);
        emit D.NoveltyRecorded(draft.datanetId, draft.documentHash, found.inherited, found.closed, found.total);
        uint256 foreign = found.inherited + found.closed;
        // In an empty set no word weighs anything, and all of them are new.
        if (foreign == 0) noveltyBps = BPS;
        else if (found.total > foreign) noveltyBps = (found.total - foreign) * BPS / found.total;
        if (draft.parent != 0) {
            uint256 ofParent = _partOf(datanet, draft.parent - 1, found.rows, found.weights);
            byParent = ofParent != 0 && ofParent * BPS >= found.inherited * PARENT_BPS;
        }
    }

    function _ask(uint256 setId, bytes calldata document) private view returns (bool, Found memory found) {
        try Predeploys.ATTRIBUTION_STORE.novelty(setId, 0, document) returns (
            uint256 inherited, uint256 closed, uint256 total, uint64[] memory rows, uint256[] memory weights
        ) {
            (found.inherited, found.closed, found.total) = (inherited, closed, total);
            (found.rows, found.weights) = (rows, weights);
            return (true, found);
        } catch (bytes memory reason) {
            _onlyNotText(reason);
            return (false, found);
        }
    }

    /// @dev How much of what is inherited is the author's of row `parent`.
    function _partOf(Datanet storage datanet, uint64 parent, uint64[] memory rows, uint256[] memory weights)
        private
        view
        returns (uint256 sum)
    {
        uint32 author = datanet.rows[parent].contributor;
        for (uint256 i = 0; i < rows.length; ++i) {
            if (datanet.rows[rows[i]].contributor == author) sum += weights[i];
        }
    }

    /// @dev Bytes that are no text never will be. Any other failure, as too little gas, may be somebody's doing.
    function _onlyNotText(bytes memory reason) private pure {
        if (bytes4(reason) == IAttributionErrors.NotUtf8.selector) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
