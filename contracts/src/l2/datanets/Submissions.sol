// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Books, Case, Commitment, Datanet, NO_ROW} from "./DatanetState.sol";
import {DatanetMoney} from "./DatanetMoney.sol";
import {Queue} from "./Queue.sol";
import {Rows} from "./Rows.sol";
import {Keys} from "../governance/Keys.sol";
import {Predeploys} from "../Predeploys.sol";
import {IDatanetRecords as D} from "../../interfaces/IDatanetRecords.sol";
import {IJuries} from "../../interfaces/IJuries.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";

/// @title Submissions
/// @notice Commit, reveal, review, append. A commitment is the root of a tree over documents, each bound to the datanet, the
///         author and its place: a root that somebody copies proves nothing for whoever copied it.
library Submissions {
    uint32 internal constant MAX_DOCUMENTS = 65_536;
    uint256 internal constant MAX_BYTES = 128 * 1024;

    /// @dev Documents that a juror looks through for one fee: else a folder of thousands would be theirs to read for nothing.
    uint256 private constant DOCUMENTS_A_FEE = 64;

    /// @dev What of a review's cost comes back to the author of what is accepted. Half: who fills juries himself pays, too.
    uint256 private constant REPAID_PART = 2;

    IJuries private constant JURIES = IJuries(Predeploys.JURIES);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    function commit(Books storage self, uint256 datanetId, bytes32 root, uint32 count) internal returns (uint256) {
        Datanet storage datanet = self.datanet(datanetId);
        if (count == 0 || count > MAX_DOCUMENTS) revert D.InvalidCount(count);
        uint256 fee = uint256(datanet.fee) * count;
        if (msg.value != fee + datanet.bond) revert D.WrongValue(fee + datanet.bond, msg.value);
        uint48 id = ++self.commitmentCount;
        Commitment storage made = self.commitments[id];
        made.author = msg.sender;
        made.datanetId = uint48(datanetId);
        made.root = root;
        made.count = count;
        made.stage = D.Stage.Committed;
        made.committedAt = uint40(block.timestamp);
        made.revealUntil = uint40(block.timestamp + PARAMETERS.get(Keys.DOCUMENTS_SECONDS));
        made.queueUntil = uint40(block.timestamp + PARAMETERS.get(Keys.QUEUE_SECONDS));
        made.appendSeconds = uint32(PARAMETERS.get(Keys.APPEND_SECONDS));
        (made.jurors, made.minNoveltyBps, made.bond) = (datanet.jurors, datanet.minNoveltyBps, datanet.bond);
        Queue.join(self, datanet, id);
        DatanetMoney.hold(made.bond);
        DatanetMoney.toProtocol(fee, DatanetMoney.refOf(DatanetMoney.COMMITMENT, id));
        emit D.Committed(
            id, datanetId, msg.sender, root, count, made.jurors, made.bond, made.revealUntil, made.queueUntil
        );
        return id;
    }

    /// @notice Shows the next documents of a commitment. Their bytes are in the call; their hashes are kept.
    function reveal(Books storage self, uint256 id, bytes32 salt, D.Revelation[] calldata shown) internal {
        Commitment storage made = _mine(self, id);
        (uint32 index, bytes32 contents) = (made.revealed, made.contents);
        for (uint256 i = 0; i < shown.length; ++i) {
            contents = _revealOne(self, id, salt, index++, shown[i], contents);
        }
        (made.revealed, made.contents) = (index, contents);
    }

    /// @notice Hands in what was revealed: to a jury, if the datanet has reviews.
    function submit(Books storage self, uint256 id) internal {
        Commitment storage made = _mine(self, id);
        if (made.revealed == 0) revert D.NothingRevealed(id);
        bytes32 subject = keccak256(abi.encode(block.chainid, made.datanetId, id, made.root, made.contents));
        if (made.jurors == 0) {
            if (msg.value != 0) revert D.WrongValue(0, msg.value);
            emit D.Submitted(id, 0, subject, made.revealed);
            return _accept(self, id, made);
        }
        // What is sent beyond the cost is the jurors' and comes back to nobody.
        uint256 cost = costOf(made);
        if (msg.value < cost) revert D.WrongValue(cost, msg.value);
        made.reviewFee = uint96(cost);
        made.stage = D.Stage.Reviewed;
        address curator = self.datanets[made.datanetId].curator;
        uint256 caseId = JURIES.open{value: msg.value}(
            IJuries.Opening(subject, uint8(D.Matter.Submission), made.jurors, curator, msg.sender)
        );
        made.caseId = uint64(caseId);
        Case storage opened = self.cases[caseId];
        (opened.matter, opened.claimant, opened.id) = (D.Matter.Submission, msg.sender, uint64(id));
        emit D.Submitted(id, caseId, subject, made.revealed);
    }

    /// @notice What the review of what was revealed costs: a jury's fee for each `DOCUMENTS_A_FEE` documents begun.
    function costOf(Commitment storage made) internal view returns (uint256) {
        uint256 fees = (uint256(made.revealed) + DOCUMENTS_A_FEE - 1) / DOCUMENTS_A_FEE;
        return made.jurors == 0 ? 0 : JURIES.fee(made.jurors) * fees;
    }

    /// @notice The jury's last word.
    function ruled(Books storage self, uint256 id, bool upheld) internal {
        Commitment storage made = self.commitments[id];
        if (upheld) return _accept(self, id, made);
        made.stage = D.Stage.Rejected;
        made.decidedAt = uint40(block.timestamp);
        self.datanets[made.datanetId].reviewFund += made.bond;
        made.bond = 0;
        emit D.CommitmentRejected(id, made.caseId);
    }

    /// @notice Makes the next documents of an accepted commitment rows; anyone gives their bytes again.
    function append(Books storage self, uint256 id, uint32 index, bytes[] calldata documents) internal {
        Commitment storage made = self.commitment(id);
        if (made.stage != D.Stage.Accepted) revert D.WrongStage(id, made.stage);
        uint32 next = made.appended;
        if (index > next) revert D.WrongIndex(id, next, index);
        Queue.reach(self, self.datanets[made.datanetId], id);
        // What somebody else appended meanwhile is passed over, so that nobody's call is made to fail by a smaller one.
        for (uint256 i = next - index; i < documents.length; ++i) {
            bytes32 documentHash = keccak256(documents[i]);
            if (documentHash != made.documents[next]) revert D.WrongDocument(id, next);
            _appendOne(self, id, next++, documentHash, documents[i]);
        }
        made.appended = next;
        if (next == made.revealed) made.stage = D.Stage.Complete;
    }

    /// @notice A document's leaf in the root of a commitment. It takes the document itself: who knows but its hash can't
    ///         commit to it.
    function leafOf(uint256 datanetId, address author, bytes32 salt, uint32 index, bytes calldata document)
        internal
        view
        returns (bytes32)
    {
        bytes32 place = keccak256(abi.encode(block.chainid, address(this), datanetId, author, salt, index));
        // Hashed twice: no leaf is an inner node, whose two halves have 64 bytes.
        return keccak256(abi.encode(keccak256(bytes.concat(place, document))));
    }

    function _revealOne(
        Books storage self,
        uint256 id,
        bytes32 salt,
        uint32 index,
        D.Revelation calldata shown,
        bytes32 contents
    ) private returns (bytes32) {
        Commitment storage made = self.commitments[id];
        uint256 size = shown.document.length;
        if (size == 0 || size > MAX_BYTES) revert D.InvalidDocument(size);
        bytes32 leaf = leafOf(made.datanetId, made.author, salt, index, shown.document);
        if (index >= made.count || !MerkleProof.verifyCalldata(shown.proof, made.root, leaf)) {
            revert D.WrongProof(id, index);
        }
        bytes32 documentHash = keccak256(shown.document);
        made.documents[index] = documentHash;
        if (shown.parent != NO_ROW) {
            // Only of a row that exists: `row` refuses others.
            self.row(made.datanetId, shown.parent);
            made.parents[index] = shown.parent + 1;
        }
        uint48 first = self.firstCommitment[documentHash];
        if (first == 0 || id < first) self.firstCommitment[documentHash] = uint48(id);
        emit D.Revealed(id, index, documentHash, shown.parent, size);
        return keccak256(abi.encode(contents, documentHash, shown.parent));
    }

    function _appendOne(Books storage self, uint256 id, uint32 index, bytes32 documentHash, bytes calldata document)
        private
    {
        Commitment storage made = self.commitments[id];
        Datanet storage datanet = self.datanets[made.datanetId];
        if (datanet.rowOf[documentHash] != 0) {
            emit D.DocumentRefused(id, index, documentHash, D.Refusal.Duplicate);
            return;
        }
        Rows.Draft memory draft;
        draft.datanetId = made.datanetId;
        draft.documentHash = documentHash;
        (draft.account, draft.commitmentId, draft.authoredAt) = (made.author, uint48(id), made.committedAt);
        draft.minNoveltyBps = made.minNoveltyBps;
        draft.parent = made.parents[index];
        // What refines a row that was withdrawn meanwhile is a row like any other.
        if (draft.parent != 0 && datanet.rows[draft.parent - 1].status == Rows.WITHDRAWN) draft.parent = 0;
        draft.refined = draft.parent != 0 && made.jurors != 0;
        // What a jury accepted as a refinement may be little.
        if (draft.refined) draft.minNoveltyBps = 0;
        (bool isText, uint256 noveltyBps, uint64 row) = Rows.add(self, draft, document);
        if (!isText) emit D.DocumentRefused(id, index, documentHash, D.Refusal.NotText);
        else if (noveltyBps < draft.minNoveltyBps) emit D.DocumentRefused(id, index, documentHash, D.Refusal.NotNovel);
        else emit D.Appended(id, index, row);
    }

    function _accept(Books storage self, uint256 id, Commitment storage made) private {
        made.stage = D.Stage.Accepted;
        made.decidedAt = uint40(block.timestamp);
        bytes32 ref = DatanetMoney.refOf(DatanetMoney.COMMITMENT, id);
        DatanetMoney.pay(made.author, made.bond, IPayouts.Reason.Bond, ref);
        made.bond = 0;
        emit D.CommitmentAccepted(id, made.caseId);
        Datanet storage datanet = self.datanets[made.datanetId];
        uint256 repaid = made.reviewFee / REPAID_PART;
        if (repaid > datanet.reviewFund) repaid = datanet.reviewFund;
        if (repaid == 0 || !_isJudged(made.caseId)) return;
        datanet.reviewFund -= repaid;
        DatanetMoney.pay(made.author, repaid, IPayouts.Reason.Refund, ref);
        emit D.ReviewRepaid(made.datanetId, id, repaid);
    }

    /// @dev Whether the first jury sat. Where none did, its fee came back to the author, who would gain by whatever a curator
    ///      accepts.
    function _isJudged(uint256 caseId) private view returns (bool) {
        (address[] memory jurors,) = JURIES.juryOf(caseId, 0);
        return jurors.length != 0;
    }

    /// @dev A commitment that its author, the caller, still has time to reveal and hand in.
    function _mine(Books storage self, uint256 id) private view returns (Commitment storage made) {
        made = self.commitment(id);
        if (made.stage != D.Stage.Committed) revert D.WrongStage(id, made.stage);
        if (msg.sender != made.author) revert D.NotAuthor(made.author, msg.sender);
        if (block.timestamp > made.revealUntil) revert D.TooLate(made.revealUntil);
    }
}
