// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @title Contributors
/// @notice Numbers the contributors of a datanet. Rows of the attribution store carry 32 bits for their contributor; this
///         is the map between those and addresses, in both directions. Numbers start at 1; 0 means none.
/// @dev Numbers only grow, so the greatest of a moment tells what was known then. The attribution store forgets who a row's
///      author was before it was reassigned; here a row that is reassigned gets a number of its own, which remembers the
///      one before it.
library FirstContributors {
    struct Contributor {
        address account;
        /// What the row's number was before; 0 for an account that handed in documents itself.
        uint32 previous;
        /// How many numbers the row had before.
        uint8 changes;
    }

    struct Registry {
        mapping(address account => uint32) numbers;
        mapping(uint32 number => Contributor) contributors;
        uint32 count;
    }

    /// @notice The number of `account`, a new one when it had none.
    function numberFor(Registry storage self, address account) internal returns (uint32 number) {
        number = self.numbers[account];
        if (number == 0) {
            number = ++self.count;
            self.numbers[account] = number;
            self.contributors[number].account = account;
        }
    }

    /// @notice A new number for a row of `previous`, whose author is `account` from now on.
    function succeed(Registry storage self, uint32 previous, address account) internal returns (uint32 number) {
        number = ++self.count;
        self.contributors[number] = Contributor(account, previous, self.contributors[previous].changes + 1);
    }

    /// @notice The account behind a number when `count` numbers were given; the zero address if there was none.
    function accountAt(Registry storage self, uint32 number, uint32 count) internal view returns (address) {
        while (number > count) {
            number = self.contributors[number].previous;
        }
        return self.contributors[number].account;
    }
}

/// @title FirstDatanets
/// @notice The first edition of Datanets, which the first Inference is tested with until it is replaced.
/// @notice Collections of texts to which anyone contributes and which a curator keeps clean. A datanet is one text set of
///         the attribution store, owned by this contract; documents live in the store, this contract knows who gave
///         them and whether they count. Predeploy 0x00000000000000000000000000000000000A7710.
///
///         An open datanet takes every document at once. What it has in common with earlier rows stays theirs: the store
///         decides once, when a document becomes a row, whose each of its words are. Words that come between borrowed ones
///         are closed, and earn only once the curator accepts the row as a refinement. A row that the curator withdraws
///         covers nothing any more, and what others inherited from it earns nobody anything; it stays in the set, and
///         still counts there for how rare words are.
///
///         Whoever is first in the set is the origin. Who can't live with what strangers put there first keeps the
///         datanet closed: there a document waits in a set of its own, which nothing is traced to, and is copied into
///         the datanet's set only when the curator accepts it. Until then it changes nothing for anybody.
///
///         A question names a version of the set (`setOf`), and what a version says never changes: the curator may do all
///         of this at any time, and moves no payment of a question that was asked before.
contract FirstDatanets {
    using FirstContributors for FirstContributors.Registry;

    /// @notice What became of a submission. None is ever erased.
    enum Status {
        Pending,
        Accepted,
        Rejected
    }

    /// @notice One row: its contributor's number, and its status in the attribution store.
    struct Contribution {
        uint32 contributor;
        uint8 status;
    }

    /// @notice One document that was handed in to a closed datanet; once accepted it is row `row`, which has a status of its own.
    struct Submission {
        address contributor;
        Status status;
        uint64 row;
    }

    struct Datanet {
        address curator;
        bool open;
        uint256 setId;
        string name;
        string metadata;
        FirstContributors.Registry contributors;
        mapping(uint64 row => Contribution) contributions;
        uint256 waitingSetId;
        mapping(uint64 submission => Submission) submissions;
    }

    /// @dev Contributor of documents that wait: numbers are given to those whose document was accepted.
    uint32 private constant NOBODY = 0;

    /// @notice How often the author of one row may be found to be another. It bounds the gas of `contributorAccountAt`.
    uint8 public constant MAX_REASSIGNMENTS = 4;

    /// @notice Ids run from 1 to this.
    uint256 public datanetCount;

    mapping(uint256 datanetId => Datanet) private datanets;

    event DatanetCreated(
        uint256 indexed datanetId, address indexed curator, uint256 setId, bool open, string name, string metadata
    );
    /// @notice A document became a row: contributed to an open datanet, or accepted into a closed one.
    event Contributed(
        uint256 indexed datanetId, address indexed account, uint32 indexed contributor, uint64 row, uint256 size
    );
    /// @notice A document waits for the curator of a closed datanet.
    event Submitted(uint256 indexed datanetId, address indexed account, uint64 indexed submission, uint256 size);
    event SubmissionAccepted(uint256 indexed datanetId, uint64 indexed submission, uint64 indexed row);
    event SubmissionRejected(uint256 indexed datanetId, uint64 indexed submission);
    /// @notice A row's status: 0 active, 1 refinement, 2 withdrawn. It counts from `version` of the set on.
    event StatusChanged(uint256 indexed datanetId, uint64 indexed row, uint8 status, uint64 version);
    /// @notice A row's author is `account` for all questions that are asked from now on.
    event Reassigned(uint256 indexed datanetId, uint64 indexed row, address indexed account, uint32 contributor);
    event CuratorChanged(uint256 indexed datanetId, address indexed previous, address indexed current);

    /// @notice There is no datanet of this id.
    error UnknownDatanet(uint256 datanetId);
    /// @notice The datanet has no row of this number.
    error UnknownRow(uint256 datanetId, uint64 row);
    /// @notice Nothing of this number was handed in; to an open datanet nothing ever is.
    error UnknownSubmission(uint256 datanetId, uint64 submission);
    /// @notice The submission is row `row` already; set that one's status.
    error AlreadyAccepted(uint256 datanetId, uint64 submission, uint64 row);
    /// @notice The row's author changed `MAX_REASSIGNMENTS` times.
    error TooManyReassignments(uint256 datanetId, uint64 row);
    /// @notice Only the datanet's curator may do this.
    error NotCurator(uint256 datanetId, address caller);
    /// @notice A datanet needs a curator that can act.
    error ZeroCurator();
    /// @notice A row needs an author that can be paid.
    error ZeroContributor();

    modifier onlyCurator(uint256 datanetId) {
        if (_datanet(datanetId).curator != msg.sender) revert NotCurator(datanetId, msg.sender);
        _;
    }

    /// @notice Creates a datanet whose curator is the caller.
    /// @param open Whether contributions are rows at once, and count until withdrawn, or wait until the curator accepts them.
    function createDatanet(string calldata name, string calldata metadata, bool open)
        external
        returns (uint256 datanetId)
    {
        datanetId = ++datanetCount;
        Datanet storage datanet = datanets[datanetId];
        datanet.curator = msg.sender;
        datanet.open = open;
        datanet.setId = Predeploys.ATTRIBUTION_STORE.createTextSet();
        if (!open) datanet.waitingSetId = Predeploys.ATTRIBUTION_STORE.createTextSet();
        datanet.name = name;
        datanet.metadata = metadata;
        emit DatanetCreated(datanetId, msg.sender, datanet.setId, open, name, metadata);
    }

    /// @notice Hands in one document, UTF-8 text of 1 B to 128 KiB; the store refuses others.
    /// @return number In an open datanet the document's row, in a closed one the number of its submission. Both count from 0.
    function contribute(uint256 datanetId, bytes calldata document) external returns (uint64 number) {
        Datanet storage datanet = _datanet(datanetId);
        if (datanet.open) return _append(datanetId, msg.sender, document);
        (number,,) = Predeploys.ATTRIBUTION_STORE.append(datanet.waitingSetId, NOBODY, document);
        datanet.submissions[number].contributor = msg.sender;
        emit Submitted(datanetId, msg.sender, number, document.length);
    }

    /// @notice Makes a document that waits a row of the datanet; it counts from now on. Of two equal texts, the one that was
    ///         accepted first is the origin. A rejected submission may still be accepted.
    /// @dev Costs what appending its bytes costs, and reading them.
    function acceptSubmission(uint256 datanetId, uint64 submission)
        external
        onlyCurator(datanetId)
        returns (uint64 row)
    {
        Submission storage waiting = _waiting(datanetId, submission);
        (,,, bytes memory document) = Predeploys.ATTRIBUTION_STORE.row(datanets[datanetId].waitingSetId, submission);
        row = _append(datanetId, waiting.contributor, document);
        (waiting.status, waiting.row) = (Status.Accepted, row);
        emit SubmissionAccepted(datanetId, submission, row);
    }

    /// @notice Says that a document that waits is not wanted. It stays readable, and may be accepted later.
    function rejectSubmission(uint256 datanetId, uint64 submission) external onlyCurator(datanetId) {
        _waiting(datanetId, submission).status = Status.Rejected;
        emit SubmissionRejected(datanetId, submission);
    }

    /// @notice Sets what a row counts as, for questions that are asked from now on: 0 active; 1 refinement, active and its
    ///         closed words are its own; 2 withdrawn, covers nothing, and what others inherited from it is withheld.
    ///         The store allows four changes in a row's life (`IAttributionErrors.TooManyChanges`), knows no other status
    ///         (`UnknownStatus`), and refuses with those errors.
    /// @return version The set's version that this made.
    function setStatus(uint256 datanetId, uint64 row, uint8 status)
        external
        onlyCurator(datanetId)
        returns (uint64 version)
    {
        Contribution storage changed = _contribution(datanetId, row);
        version = Predeploys.ATTRIBUTION_STORE.setStatus(datanets[datanetId].setId, row, status);
        changed.status = status;
        emit StatusChanged(datanetId, row, status, version);
    }

    /// @notice Names another author of a row, after a dispute. The curator decides over disputes, as over everything that
    ///         counts here: who contributes or asks trusts it that far, and sees here what it did. Questions that were
    ///         asked before pay whoever was the author when they were asked; settled payments stay.
    /// @dev In the store the new author is that of every version. The number that it gets is new, so that
    ///      `contributorAccountAt` still knows the author before. Under a number of its own the row is credited apart from its
    ///      author's other rows, which may move the last wei of a share, and who is the last of `Inference.MAX_PAYEES`.
    function reassign(uint256 datanetId, uint64 row, address account) external onlyCurator(datanetId) {
        if (account == address(0)) revert ZeroContributor();
        Contribution storage changed = _contribution(datanetId, row);
        Datanet storage datanet = datanets[datanetId];
        uint32 previous = changed.contributor;
        if (datanet.contributors.contributors[previous].changes == MAX_REASSIGNMENTS) {
            revert TooManyReassignments(datanetId, row);
        }
        uint32 contributor = datanet.contributors.succeed(previous, account);
        changed.contributor = contributor;
        Predeploys.ATTRIBUTION_STORE.reassign(datanet.setId, row, contributor);
        emit Reassigned(datanetId, row, account, contributor);
    }

    function setCurator(uint256 datanetId, address newCurator) external onlyCurator(datanetId) {
        if (newCurator == address(0)) revert ZeroCurator();
        datanets[datanetId].curator = newCurator;
        emit CuratorChanged(datanetId, msg.sender, newCurator);
    }

    // ---- Views

    /// @notice Facts of a datanet; reverts for an unknown one.
    function datanetInfo(uint256 datanetId)
        external
        view
        returns (
            address curator,
            bool open,
            uint256 setId,
            uint64 version,
            uint64 rows,
            uint32 contributors,
            string memory name,
            string memory metadata
        )
    {
        Datanet storage datanet = _datanet(datanetId);
        (curator, open, setId) = (datanet.curator, datanet.open, datanet.setId);
        (version, rows) = _size(setId);
        (contributors, name, metadata) = (datanet.contributors.count, datanet.name, datanet.metadata);
    }

    function curatorOf(uint256 datanetId) external view returns (address) {
        return _datanet(datanetId).curator;
    }

    /// @notice The datanet's set in the attribution store, and how far it is now.
    /// @return setId The set.
    /// @return version Its newest version. Each append and each change of a status makes one more.
    /// @return rows How many rows it has.
    /// @return contributors How many numbers of contributors were given. With `version`, it tells who is paid for an answer.
    function setOf(uint256 datanetId)
        external
        view
        returns (uint256 setId, uint64 version, uint64 rows, uint32 contributors)
    {
        Datanet storage datanet = _datanet(datanetId);
        setId = datanet.setId;
        contributors = datanet.contributors.count;
        (version, rows) = _size(setId);
    }

    /// @notice A row's author and status (0 active, 1 refinement, 2 withdrawn) at the newest version.
    function contribution(uint256 datanetId, uint64 row) external view returns (address contributor, uint8 status) {
        Contribution storage found = _contribution(datanetId, row);
        return (datanets[datanetId].contributors.contributors[found.contributor].account, found.status);
    }

    /// @notice The set in which the documents of a closed datanet wait, and how many were handed in. Their bytes are read with
    ///         `IAttributionStore.row(setId, submission)`. Zeros for an open datanet.
    function waitingSetOf(uint256 datanetId) external view returns (uint256 setId, uint64 submissions) {
        setId = _datanet(datanetId).waitingSetId;
        if (setId != 0) (, submissions) = _size(setId);
    }

    /// @notice Who handed a document in, and what the curator did with it.
    /// @return contributor Who handed it in.
    /// @return status What the curator did with it; a row's own status is that of `contribution`.
    /// @return row Row of an accepted submission, zero for others.
    function submissionInfo(uint256 datanetId, uint64 submission)
        external
        view
        returns (address contributor, Status status, uint64 row)
    {
        Submission storage found = _submission(datanetId, submission);
        return (found.contributor, found.status, found.row);
    }

    /// @notice Number of `account` for documents that it handed in; 0 if none of them is a row. A row that was reassigned
    ///         has a number of its own, which is not told here.
    function contributorNumber(uint256 datanetId, address account) external view returns (uint32) {
        return _datanet(datanetId).contributors.numbers[account];
    }

    /// @notice Account of contributor `number`; the zero address if there is none.
    function contributorAccount(uint256 datanetId, uint32 number) external view returns (address) {
        return _datanet(datanetId).contributors.contributors[number].account;
    }

    /// @notice Account of contributor `number` as it was when `contributors` numbers were given (`setOf`): of a row that was
    ///         reassigned since, the author at that time.
    function contributorAccountAt(uint256 datanetId, uint32 number, uint32 contributors)
        external
        view
        returns (address)
    {
        return _datanet(datanetId).contributors.accountAt(number, contributors);
    }

    function _append(uint256 datanetId, address account, bytes memory document) private returns (uint64 row) {
        Datanet storage datanet = datanets[datanetId];
        uint32 contributor = datanet.contributors.numberFor(account);
        (row,,) = Predeploys.ATTRIBUTION_STORE.append(datanet.setId, contributor, document);
        // The store appends rows as active ones.
        datanet.contributions[row] = Contribution(contributor, 0);
        emit Contributed(datanetId, account, contributor, row, document.length);
    }

    function _size(uint256 setId) private view returns (uint64 version, uint64 rows) {
        (,,,, version,, rows,,) = Predeploys.ATTRIBUTION_STORE.info(setId);
    }

    function _datanet(uint256 datanetId) private view returns (Datanet storage datanet) {
        datanet = datanets[datanetId];
        if (datanet.curator == address(0)) revert UnknownDatanet(datanetId);
    }

    function _contribution(uint256 datanetId, uint64 row) private view returns (Contribution storage found) {
        found = _datanet(datanetId).contributions[row];
        if (found.contributor == 0) revert UnknownRow(datanetId, row);
    }

    function _submission(uint256 datanetId, uint64 submission) private view returns (Submission storage found) {
        found = _datanet(datanetId).submissions[submission];
        if (found.contributor == address(0)) revert UnknownSubmission(datanetId, submission);
    }

    /// @dev A submission that is no row yet.
    function _waiting(uint256 datanetId, uint64 submission) private view returns (Submission storage found) {
        found = _submission(datanetId, submission);
        if (found.status == Status.Accepted) revert AlreadyAccepted(datanetId, submission, found.row);
    }
}
