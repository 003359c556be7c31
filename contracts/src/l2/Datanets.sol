// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Contributors} from "./Contributors.sol";
import {Inference} from "./Inference.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title Datanets
/// @notice Collections of texts to which anyone contributes and which a curator keeps clean. A datanet is one text set of
///         the attribution store, owned by this contract; documents live in the store, this contract knows who gave
///         them and whether they count. Predeploy 0x00000000000000000000000000000000000A7710.
contract Datanets {
    using Contributors for Contributors.Registry;

    /// @notice What the curator thinks of a contribution. Only accepted ones are credited; none is ever erased.
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

    struct Datanet {
        address curator;
        bool open;
        uint256 setId;
        string name;
        string metadata;
        Contributors.Registry contributors;
        mapping(uint64 row => Contribution) contributions;
    }

    Inference private constant INFERENCE = Inference(Predeploys.INFERENCE);

    /// @notice Ids run from 1 to this.
    uint256 public datanetCount;

    mapping(uint256 datanetId => Datanet) private datanets;

    event DatanetCreated(
        uint256 indexed datanetId, address indexed curator, uint256 setId, bool open, string name, string metadata
    );
    event Contributed(
        uint256 indexed datanetId, address indexed account, uint32 indexed contributor, uint64 row, uint256 size
    );
    event Reviewed(uint256 indexed datanetId, uint64 indexed row, Status status);
    event CuratorChanged(uint256 indexed datanetId, address indexed previous, address indexed current);

    /// @notice There is no datanet of this id.
    error UnknownDatanet(uint256 datanetId);
    /// @notice The datanet has no row of this number.
    error UnknownRow(uint256 datanetId, uint64 row);
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
    /// @param open Whether contributions count at once, until rejected, or only when the curator has accepted them.
    function createDatanet(string calldata name, string calldata metadata, bool open)
        external
        returns (uint256 datanetId)
    {
        datanetId = ++datanetCount;
        Datanet storage datanet = datanets[datanetId];
        datanet.curator = msg.sender;
        datanet.open = open;
        datanet.setId = Predeploys.ATTRIBUTION_STORE.createTextSet();
        datanet.name = name;
        datanet.metadata = metadata;
        emit DatanetCreated(datanetId, msg.sender, datanet.setId, open, name, metadata);
    }

    /// @notice Adds one document, UTF-8 text of 1 B to 128 KiB; the store refuses others.
    function contribute(uint256 datanetId, bytes calldata document) external returns (uint64 row) {
        Datanet storage datanet = _datanet(datanetId);
        uint32 contributor = datanet.contributors.numberFor(msg.sender);
        (row,) = Predeploys.ATTRIBUTION_STORE.append(datanet.setId, contributor, document);
        datanet.contributions[row] = Contribution(msg.sender, datanet.open ? Status.Accepted : Status.Pending);
        // Rows are active when the store appends them.
        if (!datanet.open) Predeploys.ATTRIBUTION_STORE.setActive(datanet.setId, row, false);
        emit Contributed(datanetId, msg.sender, contributor, row, document.length);
    }

    /// @notice Makes a contribution count from now on. Refused for a row that open requests are traced to
    ///         (`Inference.coverage`): what counts for a question is what counted when it was paid for.
    function accept(uint256 datanetId, uint64 row) external onlyCurator(datanetId) {
        _review(datanetId, row, Status.Accepted);
    }

    /// @notice Makes a contribution stop counting. It stays readable, and may be accepted later. Refused as `accept` is.
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

    /// @notice Number of `account` as a contributor of the datanet; 0 if it isn't one.
    function contributorNumber(uint256 datanetId, address account) external view returns (uint32) {
        return _datanet(datanetId).contributors.numbers[account];
    }

    /// @notice Account of contributor `number`; the zero address if there is none.
    function contributorAccount(uint256 datanetId, uint32 number) external view returns (address) {
        return _datanet(datanetId).contributors.accounts[number];
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
}
