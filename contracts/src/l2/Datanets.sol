// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Contributors} from "./Contributors.sol";
import {Inference} from "./Inference.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title Datanets
/// @notice Collections of texts to which anyone contributes and which a curator keeps clean. A datanet is one text set of
///         the attribution store, owned by this contract; documents live in the store, this contract knows who gave
///         them and whether they count. Predeploy 0x00000000000000000000000000000000000A7710.
///
///         An open datanet takes every document at once. One that its curator rejects afterwards earns nothing any more, but
///         stays in the set, and by the rules of the attribution store still counts there for how rare words and passages
///         are: whoever may append can make a passage too common to be traced. Who can't live with that keeps the
///         datanet closed: there a document waits in a set of its own, which nothing is traced to, and is copied into
///         the datanet's set only when the curator accepts it. Until then it changes nothing for anybody.
contract Datanets {
    using Contributors for Contributors.Registry;

    /// @notice What the curator thinks of a contribution. Only accepted ones are credited; none is ever erased. Pending are
    ///         only submissions: every row was accepted once.
    enum Status {
        Pending,
        Accepted,
        Rejected
    }

    /// @notice One document.
    struct Contribution {
        address contributor;
        Status status;
    }

    /// @notice One document that was handed in to a closed datanet; once accepted it is row `row`, whose status may change.
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
        Contributors.Registry contributors;
        mapping(uint64 row => Contribution) contributions;
        uint256 waitingSetId;
        mapping(uint64 submission => Submission) submissions;
    }

    /// @dev Contributor of documents that wait: numbers are given to those whose document was accepted.
    uint32 private constant NOBODY = 0;

    Inference private constant INFERENCE = Inference(Predeploys.INFERENCE);

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
    /// @notice A row's status.
    event Reviewed(uint256 indexed datanetId, uint64 indexed row, Status status);
    event CuratorChanged(uint256 indexed datanetId, address indexed previous, address indexed current);

    /// @notice There is no datanet of this id.
    error UnknownDatanet(uint256 datanetId);
    /// @notice The datanet has no row of this number.
    error UnknownRow(uint256 datanetId, uint64 row);
    /// @notice Nothing of this number was handed in; to an open datanet nothing ever is.
    error UnknownSubmission(uint256 datanetId, uint64 submission);
    /// @notice The submission is row `row` already; review that.
    error AlreadyAccepted(uint256 datanetId, uint64 submission, uint64 row);
    /// @notice Open requests are traced to this row, at the latest until `deadline`.
    error RowCovered(uint256 datanetId, uint64 row, uint64 deadline);
    /// @notice Only the datanet's curator may do this.
    error NotCurator(uint256 datanetId, address caller);
    /// @notice A datanet needs a curator that can act.
    error ZeroCurator();

    modifier onlyCurator(uint256 datanetId) {
        if (_datanet(datanetId).curator != msg.sender) revert NotCurator(datanetId, msg.sender);
        _;
    }

    /// @notice Creates a datanet whose curator is the caller.
    /// @param open Whether contributions are rows at once, and count until rejected, or wait until the curator accepts them.
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
        (number,) = Predeploys.ATTRIBUTION_STORE.append(datanet.waitingSetId, NOBODY, document);
        datanet.submissions[number].contributor = msg.sender;
        emit Submitted(datanetId, msg.sender, number, document.length);
    }

    /// @notice Makes a document that waits a row of the datanet; it counts from now on. Of two equal texts, the one that was
    ///         accepted first is credited. A rejected submission may still be accepted.
    /// @dev Costs what appending its bytes costs, and reading them.
    function acceptSubmission(uint256 datanetId, uint64 submission)
        external
        onlyCurator(datanetId)
        returns (uint64 row)
    {
        Submission storage waiting = _waiting(datanetId, submission);
        (,, bytes memory document) = Predeploys.ATTRIBUTION_STORE.row(datanets[datanetId].waitingSetId, submission);
        row = _append(datanetId, waiting.contributor, document);
        (waiting.status, waiting.row) = (Status.Accepted, row);
        emit SubmissionAccepted(datanetId, submission, row);
    }

    /// @notice Says that a document that waits is not wanted. It stays readable, and may be accepted later.
    function rejectSubmission(uint256 datanetId, uint64 submission) external onlyCurator(datanetId) {
        _waiting(datanetId, submission).status = Status.Rejected;
        emit SubmissionRejected(datanetId, submission);
    }

    /// @notice Makes a row count again. Refused for a row that open requests are traced to
    ///         (`Inference.coverage`): what counts for a question is what counted when it was paid for.
    function accept(uint256 datanetId, uint64 row) external onlyCurator(datanetId) {
        _review(datanetId, row, Status.Accepted);
    }

    /// @notice Makes a row stop counting. It stays readable, and may be accepted later. Refused as `accept` is.
    function reject(uint256 datanetId, uint64 row) external onlyCurator(datanetId) {
        _review(datanetId, row, Status.Rejected);
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
            uint64 rows,
            uint32 contributors,
            string memory name,
            string memory metadata
        )
    {
        Datanet storage datanet = _datanet(datanetId);
        return (
            datanet.curator,
            datanet.open,
            datanet.setId,
            _rows(datanet.setId),
            datanet.contributors.count,
            datanet.name,
            datanet.metadata
        );
    }

    function curatorOf(uint256 datanetId) external view returns (address) {
        return _datanet(datanetId).curator;
    }

    /// @notice The datanet's set in the attribution store, and how many rows it has now.
    function setOf(uint256 datanetId) external view returns (uint256 setId, uint64 rows) {
        setId = _datanet(datanetId).setId;
        rows = _rows(setId);
    }

    function contribution(uint256 datanetId, uint64 row) external view returns (address contributor, Status status) {
        Contribution storage found = _contribution(datanetId, row);
        return (found.contributor, found.status);
    }

    /// @notice The set in which the documents of a closed datanet wait, and how many were handed in. Their bytes are read with
    ///         `IAttributionStore.row(setId, submission)`. Zeros for an open datanet.
    function waitingSetOf(uint256 datanetId) external view returns (uint256 setId, uint64 submissions) {
        setId = _datanet(datanetId).waitingSetId;
        if (setId != 0) submissions = _rows(setId);
    }

    /// @notice Who handed a document in, and what the curator did with it.
    /// @return contributor Who handed it in.
    /// @return status What the curator thought of it; a row's own status is that of `contribution`.
    /// @return row Row of an accepted submission, zero for others.
    function submissionInfo(uint256 datanetId, uint64 submission)
        external
        view
        returns (address contributor, Status status, uint64 row)
    {
        Submission storage found = _submission(datanetId, submission);
        return (found.contributor, found.status, found.row);
    }

    /// @notice Number of `account` as a contributor of the datanet; 0 if it isn't one.
    function contributorNumber(uint256 datanetId, address account) external view returns (uint32) {
        return _datanet(datanetId).contributors.numbers[account];
    }

    /// @notice Account of contributor `number`; the zero address if there is none.
    function contributorAccount(uint256 datanetId, uint32 number) external view returns (address) {
        return _datanet(datanetId).contributors.accounts[number];
    }

    function _append(uint256 datanetId, address account, bytes memory document) private returns (uint64 row) {
        Datanet storage datanet = datanets[datanetId];
        uint32 contributor = datanet.contributors.numberFor(account);
        // The store appends rows as active ones.
        (row,) = Predeploys.ATTRIBUTION_STORE.append(datanet.setId, contributor, document);
        datanet.contributions[row] = Contribution(account, Status.Accepted);
        emit Contributed(datanetId, account, contributor, row, document.length);
    }

    function _review(uint256 datanetId, uint64 row, Status status) private {
        Contribution storage reviewed = _contribution(datanetId, row);
        (uint64 covered, uint64 deadline) = INFERENCE.coverage(datanetId);
        if (row < covered) revert RowCovered(datanetId, row, deadline);
        reviewed.status = status;
        Predeploys.ATTRIBUTION_STORE.setActive(datanets[datanetId].setId, row, status == Status.Accepted);
        emit Reviewed(datanetId, row, status);
    }

    function _rows(uint256 setId) private view returns (uint64 rows) {
        (,,,,, rows,,) = Predeploys.ATTRIBUTION_STORE.info(setId);
    }

    function _datanet(uint256 datanetId) private view returns (Datanet storage datanet) {
        datanet = datanets[datanetId];
        if (datanet.curator == address(0)) revert UnknownDatanet(datanetId);
    }

    function _contribution(uint256 datanetId, uint64 row) private view returns (Contribution storage found) {
        found = _datanet(datanetId).contributions[row];
        if (found.contributor == address(0)) revert UnknownRow(datanetId, row);
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
