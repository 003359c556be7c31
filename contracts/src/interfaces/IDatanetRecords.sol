// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "./IDatanets.sol";

/// @title IDatanetRecords
/// @notice What datanets record: their types, the events that an index rebuilds everything from, and why they refuse. The
///         documents' bytes are in the calls that revealed or appended them and, once they are rows, in the attribution store.
interface IDatanetRecords {
    /// @notice What a contribution must pass. A change never touches what was committed before it.
    struct Policy {
        /// Jurors of a submission's first round, odd; 0: nobody reviews.
        uint16 jurors;
        /// Whether a document is committed to first. Always so where there is a review.
        bool committed;
        /// Least part of a document's words that is its own, basis points; 0 for any.
        uint16 minNoveltyBps;
        /// Per document, kept: it goes to the protocol's distributor, so that nobody pays it to itself. Wei.
        uint96 fee;
        /// Per commitment: it comes back when that is accepted, and is the review fund's otherwise. Wei.
        uint96 bond;
    }

    /// @notice What a datanet is founded with.
    struct Settings {
        string name;
        string purpose;
        IDatanets.Licence licence;
        Policy policy;
        /// The curator's part of a payment, at most 1,000 basis points; it may be lowered later, never raised.
        uint16 curatorBps;
        /// Part of an answer's words that has to be explained for the whole pool to be paid; 0 for 6,000.
        uint16 fullAtBps;
        /// Most of one answer's pool for one contributor; 0 for 5,000.
        uint16 maxContributorBps;
    }

    /// @notice State of a commitment.
    enum Stage {
        None,
        /// Its documents are being revealed.
        Committed,
        /// A jury has it.
        Reviewed,
        /// Its documents may be appended when its turn comes.
        Accepted,
        Rejected,
        /// It was not handed in in time.
        Lapsed,
        /// All of it was appended or refused.
        Complete
    }

    /// @notice Why a document of an accepted commitment did not become a row.
    enum Refusal {
        Duplicate,
        NotNovel,
        NotText
    }

    /// @notice What a jury decides about: a case's kind.
    enum Matter {
        None,
        /// Upheld: the commitment is accepted.
        Submission,
        /// Upheld: the row is a refinement.
        Refinement,
        /// Upheld: the row is withdrawn.
        Withdrawal,
        /// Upheld: the row is the claimant's.
        Authorship
    }

    /// @notice One document that is revealed.
    struct Revelation {
        bytes document;
        /// The row that it refines; `type(uint64).max` for none.
        uint64 parent;
        /// Proof of its leaf in the commitment's root (OpenZeppelin's MerkleProof).
        bytes32[] proof;
    }

    struct DatanetInfo {
        address curator;
        /// Who becomes curator by accepting; zero for nobody.
        address nextCurator;
        uint256 setId;
        uint64 version;
        uint64 rows;
        uint32 contributors;
        uint32 releases;
        /// The first commitment that others wait for; 0 for none.
        uint64 head;
        /// Wei that pay back a part of what reviews cost the authors of what is accepted.
        uint256 reviewFund;
        string name;
        string purpose;
    }

    struct CommitmentInfo {
        address author;
        uint256 datanetId;
        bytes32 root;
        Stage stage;
        uint32 count;
        uint32 revealed;
        /// How many of them were appended or refused.
        uint32 appended;
        uint64 committedAt;
        uint64 revealUntil;
        /// Until when later commitments wait for the review's end.
        uint64 queueUntil;
        /// When it was accepted or rejected; 0 before.
        uint64 decidedAt;
        uint16 jurors;
        uint16 minNoveltyBps;
        uint256 bond;
        uint256 caseId;
        /// Running hash over what was revealed: `c' = keccak256(abi.encode(c, documentHash, parent))`, from zero.
        bytes32 contents;
    }

    struct RowInfo {
        address account;
        uint32 contributor;
        /// 0 active, 1 refinement, 2 withdrawn.
        uint8 status;
        /// How often its status changed. The fourth time is the Governor's.
        uint8 changes;
        /// How often a jury named another author; from then on only juries do.
        uint8 verdicts;
        /// Whether nearly all that it inherits is its parent's author's, who may then accept it.
        bool byParent;
        /// Whether it was withdrawn by its author, or by a jury as its first change: it counts again when another is found to
        /// be its author.
        bool mendable;
        /// When its author is known to have had it.
        uint64 authoredAt;
        /// The commitment that proves that; 0 for none.
        uint256 commitmentId;
        /// The row that it refines; `type(uint64).max` for none.
        uint64 parent;
        bytes32 documentHash;
    }

    event DatanetCreated(
        uint256 indexed datanetId, address indexed curator, uint256 indexed setId, string name, string purpose
    );
    event LicenceChanged(uint256 indexed datanetId, IDatanets.Licence licence);
    event PolicyChanged(uint256 indexed datanetId, Policy policy);
    event SharesChanged(uint256 indexed datanetId, uint16 curatorBps, uint16 fullAtBps, uint16 maxContributorBps);
    event CuratorProposed(uint256 indexed datanetId, address indexed curator, address indexed next);
    event CuratorChanged(uint256 indexed datanetId, address indexed previous, address indexed current);
    event Released(uint256 indexed datanetId, uint32 indexed releaseId, IDatanets.Release release, string note);

    event Committed(
        uint256 indexed commitmentId,
        uint256 indexed datanetId,
        address indexed author,
        bytes32 root,
        uint32 count,
        uint16 jurors,
        uint256 bond,
        uint64 revealUntil,
        uint64 queueUntil
    );
    event Revealed(
        uint256 indexed commitmentId, uint32 indexed index, bytes32 indexed documentHash, uint64 parent, uint256 size
    );
    /// @notice What was revealed is handed in, to a jury unless `caseId` is 0.
    event Submitted(uint256 indexed commitmentId, uint256 indexed caseId, bytes32 subject, uint32 revealed);
    event CommitmentAccepted(uint256 indexed commitmentId, uint256 indexed caseId);
    event CommitmentRejected(uint256 indexed commitmentId, uint256 indexed caseId);
    event CommitmentLapsed(uint256 indexed commitmentId);
    /// @notice Its review, or its appending, takes so long that later ones wait no more. It may still be appended.
    event CommitmentPassed(uint256 indexed commitmentId);

    /// @notice A document became a row. `account` is its earliest author that is known, whoever (`by`) appended it;
    ///         `commitmentId` is the commitment that proves it, 0 for none.
    event Contributed(
        uint256 indexed datanetId,
        uint64 indexed row,
        address indexed account,
        uint32 contributor,
        uint256 commitmentId,
        bytes32 documentHash,
        uint256 size,
        uint64 version,
        address by
    );
    /// @notice Document `index` of a commitment became a row.
    event Appended(uint256 indexed commitmentId, uint32 indexed index, uint64 indexed row);
    event DocumentRefused(
        uint256 indexed commitmentId, uint32 indexed index, bytes32 indexed documentHash, Refusal refusal
    );
    /// @notice What the store found, where the policy or a refinement asks. Of other rows its shard tells the same.
    event NoveltyRecorded(
        uint256 indexed datanetId, bytes32 indexed documentHash, uint256 inherited, uint256 closed, uint256 total
    );
    /// @notice `byParent`: nearly all that the row inherits is its parent's author's.
    event RefinementProposed(uint256 indexed datanetId, uint64 indexed row, uint64 indexed parent, bool byParent);
    /// @notice `caseId` is the jury's that decided it, 0 where an account did.
    event StatusChanged(
        uint256 indexed datanetId, uint64 indexed row, uint8 status, uint64 version, address indexed by, uint256 caseId
    );
    /// @notice From the next release on the row is `account`'s. It is proved by a commitment (or another datanet's row of an
    ///         earlier moment: both 0), or a jury decided it.
    event Reassigned(
        uint256 indexed datanetId,
        uint64 indexed row,
        address indexed account,
        uint32 contributor,
        uint32 previous,
        uint256 commitmentId,
        uint256 caseId
    );
    /// @notice `reason` is what the claimant says; `evidence` what it shows, the hash of the text of an authorship's claim.
    event MatterOpened(
        uint256 indexed caseId,
        uint256 indexed datanetId,
        uint64 indexed row,
        Matter matter,
        address claimant,
        uint256 bond,
        bytes32 subject,
        bytes32 evidence,
        bytes reason
    );
    /// @notice `applied`: whether it changed the row.
    event MatterClosed(
        uint256 indexed caseId, uint256 indexed datanetId, uint64 indexed row, bool upheld, bool applied
    );
    event ReviewFunded(uint256 indexed datanetId, address indexed by, uint256 amount);
    /// @notice A part of what its review cost is owed to the author of an accepted commitment.
    event ReviewRepaid(uint256 indexed datanetId, uint256 indexed commitmentId, uint256 amount);

    error UnknownDatanet(uint256 datanetId);
    error UnknownRow(uint256 datanetId, uint64 row);
    error UnknownRelease(uint256 datanetId, uint32 releaseId);
    error UnknownCommitment(uint256 commitmentId);
    error UnknownDocument(uint256 datanetId, bytes32 documentHash);
    /// @notice Juries ruled about a case that was not opened here, or twice.
    error UnknownMatter(uint256 caseId);
    error NotCurator(uint256 datanetId, address caller);
    /// @notice Only who was proposed becomes curator.
    error NotProposed(uint256 datanetId, address caller);
    error NotAuthor(address author, address caller);
    /// @notice Only Juries rules, only Inference adds what it moved to review funds, and nobody just sends money.
    error NotModule(address caller);
    /// @notice The second half of the code is not where it belongs.
    error NoCode(address expected);
    /// @notice A part is beyond all of it, or beyond what is allowed.
    error InvalidShare(uint256 bps, uint256 most);
    /// @notice A jury is odd, of at most `MAX_JURORS`.
    error InvalidJurors(uint16 jurors);
    /// @notice The curator's part is never raised.
    error ShareRaised(uint16 current, uint16 asked);
    error EmptyName();
    /// @notice There is nothing to release.
    error EmptyDatanet(uint256 datanetId);
    error WrongValue(uint256 expected, uint256 sent);
    /// @notice Here a document is committed to before it is shown.
    error CommitFirst(uint256 datanetId);
    /// @notice The datanet has the document already.
    error Duplicate(uint256 datanetId, bytes32 documentHash, uint64 row);
    error NotNovel(uint256 noveltyBps, uint256 least);
    error InvalidCount(uint32 count);
    error InvalidDocument(uint256 size);
    error WrongStage(uint256 commitmentId, Stage stage);
    error TooLate(uint64 deadline);
    /// @notice The document is not the next of the commitment.
    error WrongProof(uint256 commitmentId, uint32 index);
    error NothingRevealed(uint256 commitmentId);
    /// @notice Documents are appended in their order, none left out.
    error WrongIndex(uint256 commitmentId, uint32 expected, uint32 index);
    error WrongDocument(uint256 commitmentId, uint32 index);
    /// @notice An earlier commitment comes first.
    error NotItsTurn(uint256 commitmentId, uint256 head);
    error ParentWithdrawn(uint256 datanetId, uint64 row);
    /// @notice The row is no refinement that waits to be accepted.
    error NoRefinement(uint256 datanetId, uint64 row);
    /// @notice Neither the curator, nor the author of (nearly all) that the row inherits.
    error NotAcceptor(uint256 datanetId, uint64 row, address caller);
    error AlreadyWithdrawn(uint256 datanetId, uint64 row);
    /// @notice What is left of the row's changes is a jury's, or the Governor's alone.
    error ChangesSpent(uint256 datanetId, uint64 row);
    /// @notice Nothing shows that anybody had the document before the row's author.
    error NoEarlierAuthor(uint256 datanetId, uint64 row);
    /// @notice A jury decided whose the row is; only another may change that.
    error Judged(uint256 datanetId, uint64 row);
    error AlreadyAuthor(uint256 datanetId, uint64 row, address account);
    /// @notice Too little of the text that is shown is in the row.
    error CopiedTooLittle(uint256 copiedBps, uint256 least);
}
