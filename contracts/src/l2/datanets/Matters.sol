// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Books, Case, Commitment, Datanet, Row} from "./DatanetState.sol";
import {Contributors} from "./Contributors.sol";
import {DatanetMoney} from "./DatanetMoney.sol";
import {Rows} from "./Rows.sol";
import {Submissions} from "./Submissions.sol";
import {Keys} from "../governance/Keys.sol";
import {Predeploys} from "../Predeploys.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";
import {IJuries} from "../../interfaces/IJuries.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";

/// @title Matters
/// @notice Disputes about rows: what a contract can see is decided here at once, the rest by a jury.
library Matters {
    using Contributors for Contributors.Registry;

    uint256 private constant BPS = 10_000;

    /// @dev Least jury about a row, also of datanets that nobody reviews.
    uint16 private constant LEAST_JURORS = 3;

    IJuries private constant JURIES = IJuries(Predeploys.JURIES);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    /// @dev What a jury is asked.
    struct Question {
        D.Matter matter;
        uint256 datanetId;
        uint64 row;
        /// Hash of what the claimant shows; zero for nothing.
        bytes32 evidence;
        bool bonded;
    }

    // ---- Decided by recomputation

    /// @notice The row is the author's of the first commitment, to any datanet, from which its document was revealed, if
    ///         that is earlier than the row itself.
    function disown(Books storage self, uint256 datanetId, uint64 index) internal {
        Row storage row = _unjudged(self, datanetId, index);
        uint48 first = self.firstCommitment[hashOf(self, datanetId, index)];
        Commitment storage earliest = self.commitments[first];
        bool earlier = row.commitmentId == 0 ? earliest.committedAt < row.authoredAt : first < row.commitmentId;
        if (first == 0 || !earlier) revert D.NoEarlierAuthor(datanetId, index);
        (row.commitmentId, row.authoredAt) = (first, earliest.committedAt);
        _reassign(self, datanetId, index, earliest.author, 0);
    }

    /// @notice The row is the author's of the row of another datanet with the same document, if that one was had earlier.
    ///         What a jury said there is that datanet's matter.
    function disownByRow(Books storage self, uint256 datanetId, uint64 index, uint256 otherId) internal {
        Row storage row = _unjudged(self, datanetId, index);
        uint64 otherIndex = self.rowOf(otherId, hashOf(self, datanetId, index));
        Row storage other = _unjudged(self, otherId, otherIndex);
        if (other.authoredAt >= row.authoredAt) revert D.NoEarlierAuthor(datanetId, index);
        (row.commitmentId, row.authoredAt) = (other.commitmentId, other.authoredAt);
        _reassign(self, datanetId, index, self.authorOf(otherId, otherIndex), 0);
    }

    // ---- Decided by juries

    /// @notice Asks a jury whether the row is a refinement. By its author, who pays for it.
    function reviewRefinement(Books storage self, uint256 datanetId, uint64 index, bytes calldata reason)
        internal
        returns (uint256)
    {
        if (!Rows.waits(self, datanetId, self.row(datanetId, index))) revert D.NoRefinement(datanetId, index);
        address author = self.authorOf(datanetId, index);
        if (msg.sender != author) revert D.NotAuthor(author, msg.sender);
        return _ask(self, Question(D.Matter.Refinement, datanetId, index, 0, false), reason);
    }

    /// @notice Asks a jury to withdraw a row.
    function challenge(Books storage self, uint256 datanetId, uint64 index, bytes calldata reason)
        internal
        returns (uint256)
    {
        Rows.checkChangeable(datanetId, index, self.row(datanetId, index));
        return _ask(self, Question(D.Matter.Withdrawal, datanetId, index, 0, true), reason);
    }

    /// @notice Asks a jury whether the row is the caller's, who shows a text that it wrote earlier (`reason` holds the
    ///         signature and whatever proves it) and of which enough is in the row.
    /// @param version The set's version that the text is compared with; 0 the newest.
    function claimAuthorship(
        Books storage self,
        uint256 datanetId,
        uint64 index,
        uint64 version,
        bytes calldata text,
        bytes calldata reason
    ) internal returns (uint256) {
        if (msg.sender == self.authorOf(datanetId, index)) {
            revert D.AlreadyAuthor(datanetId, index, msg.sender);
        }
        uint256 copiedBps = _copied(self.datanets[datanetId].setId, version, index, text);
        uint256 least = PARAMETERS.get(Keys.COPIED_BPS);
        if (copiedBps < least) revert D.CopiedTooLittle(copiedBps, least);
        return _ask(self, Question(D.Matter.Authorship, datanetId, index, keccak256(text), true), reason);
    }

    /// @notice A jury's last word. What others did meanwhile may have made it void; it never fails because of that.
    function ruled(Books storage self, uint256 caseId, bool upheld) internal {
        Case memory asked = self.cases[caseId];
        if (asked.matter == D.Matter.None) revert D.UnknownMatter(caseId);
        delete self.cases[caseId];
        if (asked.matter == D.Matter.Submission) return Submissions.ruled(self, asked.id, upheld);
        // The bond of who was wrong is for the row's author, who had to bear it.
        address winner = upheld ? asked.claimant : self.authorOf(asked.id, asked.row);
        IPayouts.Reason why = upheld ? IPayouts.Reason.Bond : IPayouts.Reason.Slashing;
        DatanetMoney.pay(winner, asked.bond, why, DatanetMoney.refOf(DatanetMoney.CASE, caseId));
        bool applied = upheld && _apply(self, caseId, asked);
        emit D.MatterClosed(caseId, asked.id, asked.row, upheld, applied);
    }

    /// @notice Hash of a row's document.
    function hashOf(Books storage self, uint256 datanetId, uint64 index) internal view returns (bytes32) {
        (,,, bytes memory document) = Predeploys.ATTRIBUTION_STORE.row(self.datanets[datanetId].setId, index);
        return keccak256(document);
    }

    function _ask(Books storage self, Question memory question, bytes calldata reason)
        private
        returns (uint256 caseId)
    {
        uint256 bond = question.bonded ? PARAMETERS.get(Keys.DISPUTE_BOND) : 0;
        if (msg.value < bond) revert D.WrongValue(bond, msg.value);
        DatanetMoney.hold(bond);
        bytes32 subject = _subject(self, question, reason);
        caseId = _open(self, question, subject, msg.value - bond);
        self.cases[caseId] = Case(
            question.matter,
            msg.sender,
            uint64(question.datanetId),
            question.row,
            uint96(bond),
            self.datanets[question.datanetId].rows[question.row].verdicts
        );
        emit D.MatterOpened(
            caseId,
            question.datanetId,
            question.row,
            question.matter,
            msg.sender,
            bond,
            subject,
            question.evidence,
            reason
        );
    }

    function _subject(Books storage self, Question memory question, bytes calldata reason)
        private
        view
        returns (bytes32)
    {
        bytes32 documentHash = hashOf(self, question.datanetId, question.row);
        return keccak256(
            abi.encode(
                block.chainid,
                question.datanetId,
                question.row,
                documentHash,
                question.matter,
                msg.sender,
                question.evidence,
                keccak256(reason)
            )
        );
    }

    /// @dev Where there are too few validators the curator decides, unless the matter is its own.
    function _open(Books storage self, Question memory question, bytes32 subject, uint256 value)
        private
        returns (uint256)
    {
        Datanet storage datanet = self.datanets[question.datanetId];
        uint16 jurors = datanet.jurors < LEAST_JURORS ? LEAST_JURORS : datanet.jurors;
        // The author of what the claimant wants changed: of the row that is refined, or of the row.
        uint64 concerned = question.matter == D.Matter.Refinement ? datanet.rows[question.row].parent - 1 : question.row;
        address[] memory parties = new address[](1);
        parties[0] = self.authorOf(question.datanetId, concerned);
        return JURIES.openAmong{value: value}(
            IJuries.Opening(subject, uint8(question.matter), jurors, datanet.curator, msg.sender), parties
        );
    }

    function _apply(Books storage self, uint256 caseId, Case memory asked) private returns (bool) {
        Row storage row = self.datanets[asked.id].rows[asked.row];
        if (asked.matter == D.Matter.Authorship) return _applyAuthorship(self, caseId, asked, row);
        if (asked.matter == D.Matter.Refinement) {
            if (!Rows.waits(self, asked.id, row)) return false;
            Rows.change(self, asked.id, asked.row, Rows.REFINEMENT, caseId);
            return true;
        }
        if (row.status == Rows.WITHDRAWN || row.changes >= Rows.FREE_CHANGES) return false;
        // If the row was stolen, its author may have it back once; juries then have one change left, and that stays.
        row.mendable = row.changes == 0;
        Rows.change(self, asked.id, asked.row, Rows.WITHDRAWN, caseId);
        return true;
    }

    /// @dev Void if another jury named an author after this one was asked: it may be asked again, about that one.
    function _applyAuthorship(Books storage self, uint256 caseId, Case memory asked, Row storage row)
        private
        returns (bool)
    {
        if (row.verdicts != asked.verdicts) return false;
        if (row.verdicts != type(uint8).max) ++row.verdicts;
        if (self.authorOf(asked.id, asked.row) == asked.claimant) return false;
        _reassign(self, asked.id, asked.row, asked.claimant, caseId);
        return true;
    }

    /// @dev What was withdrawn while it was another's counts again, once: else who takes a text and is found out would leave its
    ///      author unpaid, by withdrawing it or by having a jury withdraw it.
    function _reassign(Books storage self, uint256 datanetId, uint64 index, address account, uint256 caseId) private {
        Datanet storage datanet = self.datanets[datanetId];
        Row storage row = datanet.rows[index];
        if (self.authorOf(datanetId, index) == account) revert D.AlreadyAuthor(datanetId, index, account);
        uint32 previous = row.contributor;
        uint32 contributor = datanet.contributors.succeed(index, previous, account);
        row.contributor = contributor;
        Predeploys.ATTRIBUTION_STORE.reassign(datanet.setId, index, contributor);
        emit D.Reassigned(datanetId, index, account, contributor, previous, caseId == 0 ? row.commitmentId : 0, caseId);
        // It was the row's only change.
        if (!row.mendable) return;
        row.mendable = false;
        Rows.change(self, datanetId, index, Rows.ACTIVE, caseId);
    }

    /// @dev How much of a text is from a row.
    function _copied(uint256 setId, uint64 version, uint64 index, bytes calldata text) private view returns (uint256) {
        (,, uint256 total, uint64[] memory rows, uint256[] memory weights) =
            Predeploys.ATTRIBUTION_STORE.novelty(setId, version, text);
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i] == index) return weights[i] * BPS / total;
        }
        return 0;
    }

    function _unjudged(Books storage self, uint256 datanetId, uint64 index) private view returns (Row storage row) {
        row = self.row(datanetId, index);
        if (row.verdicts != 0) revert D.Judged(datanetId, index);
    }
}
