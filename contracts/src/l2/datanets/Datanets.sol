// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Datanet, DatanetBooks, NO_ROW, Row} from "./DatanetState.sol";
import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {Contributors} from "./Contributors.sol";
import {DatanetMoney} from "./DatanetMoney.sol";
import {Founding} from "./Founding.sol";
import {Matters} from "./Matters.sol";
import {Rows} from "./Rows.sol";
import {Submissions} from "./Submissions.sol";
import {Governed} from "../governance/Governed.sol";
import {Predeploys} from "../Predeploys.sol";
import {IDatanetRecords} from "../../interfaces/IDatanetRecords.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";

/// @title Datanets
/// @notice Collections of texts to which anyone contributes. A datanet is one text set of the attribution store, owned by this
///         contract; documents live in the store, this contract knows whose they are, how they came in, and what was
///         released. Predeploy 0x00000000000000000000000000000000000A7710, behind a proxy; all money is in Payouts.
///         Its code is in two contracts, of which this is the first (`DatanetReview`).
///
///         An open datanet takes every document at once. Elsewhere documents are committed to, shown, reviewed where the
///         policy says so, and appended in the order of commitment (`Queue`). Whoever appends a document, it is that
///         one's who first committed to it and then showed it; a document that came in before that is reassigned (`disown`).
///
///         What a curator says counts for later releases and later commitments only. A curator can't reject anything: where
///         too few validators are there for a jury it decides first, with a bond, and anybody may appeal.
contract Datanets is DatanetBooks, Governed, Proxy, IDatanets, IDatanetRecords {
    using Contributors for Contributors.Registry;

    modifier onlyCurator(uint256 datanetId) {
        if (books.datanet(datanetId).curator != msg.sender) revert NotCurator(datanetId, msg.sender);
        _;
    }

    /// @dev Money comes with calls that say what for.
    receive() external payable {
        revert NotModule(msg.sender);
    }

    // ---- Curators

    /// @notice Founds a datanet, whose curator is the caller.
    function create(Settings calldata settings) external returns (uint256 datanetId) {
        return Founding.create(books, settings);
    }

    /// @notice The licence of later releases.
    function setLicence(uint256 datanetId, Licence calldata licence) external onlyCurator(datanetId) {
        Founding.setLicence(books, datanetId, licence);
    }

    /// @notice What later contributions and commitments must pass.
    function setPolicy(uint256 datanetId, Policy calldata policy) external onlyCurator(datanetId) {
        Founding.setPolicy(books, datanetId, policy);
    }

    /// @notice The shares of later releases. The curator's own only falls.
    function setShares(uint256 datanetId, uint16 curatorBps, uint16 fullAtBps, uint16 maxContributorBps)
        external
        onlyCurator(datanetId)
    {
        Founding.setShares(books, datanetId, curatorBps, fullAtBps, maxContributorBps);
    }

    /// @notice `next` becomes curator when it accepts; the zero address for nobody.
    function proposeCurator(uint256 datanetId, address next) external onlyCurator(datanetId) {
        Founding.propose(books, datanetId, next);
    }

    /// @notice Takes the office that was offered to the caller.
    function acceptCurator(uint256 datanetId) external {
        Founding.accept(books, datanetId);
    }

    /// @notice Names the newest version, with a note, so that it can be cited for ever.
    function publish(uint256 datanetId, string calldata note)
        external
        onlyCurator(datanetId)
        returns (uint32 releaseId)
    {
        return Founding.publish(books, datanetId, note);
    }

    // ---- Contributing

    /// @notice Makes a document a row of an open datanet: UTF-8 text of 1 B to 128 KiB. The value is the policy's fee.
    function contribute(uint256 datanetId, bytes calldata document) external payable returns (uint64 row) {
        return Rows.contribute(books, datanetId, NO_ROW, document);
    }

    /// @notice The same, and proposes it as a refinement of `parent`, which its author, the curator or a jury accepts.
    function refine(uint256 datanetId, uint64 parent, bytes calldata document) external payable returns (uint64 row) {
        return Rows.contribute(books, datanetId, parent, document);
    }

    // ---- Rows

    /// @notice Accepts a row as a refinement: its closed words are its own. By the curator, or by its parent's author if nearly all
    ///         that it inherits is that one's (`RowInfo.byParent`).
    function acceptRefinement(uint256 datanetId, uint64 row) external {
        Rows.acceptRefinement(books, datanetId, row);
    }

    /// @notice Takes the caller's row back: it covers nothing any more, and what others inherited from it earns nobody anything.
    ///         Not of a row whose status changed before (a refinement that was accepted): of that one a jury (`challenge`).
    function withdraw(uint256 datanetId, uint64 row) external {
        Rows.withdraw(books, datanetId, row);
    }

    /// @notice Governance sets a row's status: alone the fourth time, which is the store's last.
    function setStatus(uint256 datanetId, uint64 row, uint8 status) external onlyGovernance {
        Rows.govern(books, datanetId, row, status);
    }

    // ---- Money for reviews

    /// @notice Adds the value to what pays a part of a datanet's reviews.
    function donate(uint256 datanetId) external payable {
        books.datanet(datanetId);
        DatanetMoney.hold(msg.value);
        _fund(datanetId, msg.value);
    }

    /// @inheritdoc IDatanets
    function fundReview(uint256 datanetId, uint256 amount) external {
        if (msg.sender != Predeploys.INFERENCE) revert NotModule(msg.sender);
        _fund(datanetId, amount);
    }

    // ---- Views

    /// @notice The most that a call may ask for.
    function limits() external pure returns (uint32 documents, uint256 bytesOfOne, uint16 jurors, uint16 curatorBps) {
        return (Submissions.MAX_DOCUMENTS, Submissions.MAX_BYTES, Founding.MAX_JURORS, Founding.MAX_CURATOR_BPS);
    }

    /// @inheritdoc IDatanets
    function datanetCount() external view returns (uint256) {
        return books.datanetCount;
    }

    /// @notice A datanet as it stands.
    function datanetInfo(uint256 datanetId) external view returns (DatanetInfo memory info) {
        Datanet storage datanet = books.datanet(datanetId);
        (info.curator, info.nextCurator, info.setId) = (datanet.curator, datanet.nextCurator, datanet.setId);
        (,,,, info.version,, info.rows,,) = Predeploys.ATTRIBUTION_STORE.info(info.setId);
        (info.contributors, info.releases) = (datanet.contributors.count, uint32(datanet.releases.length));
        (info.head, info.reviewFund) = (datanet.head, datanet.reviewFund);
        (info.name, info.purpose) = (datanet.name, datanet.purpose);
    }

    /// @notice What holds now, for what is contributed or released from now on.
    function termsOf(uint256 datanetId)
        external
        view
        returns (
            Licence memory licence,
            Policy memory policy,
            uint16 curatorBps,
            uint16 fullAtBps,
            uint16 maxContributorBps
        )
    {
        Datanet storage datanet = books.datanet(datanetId);
        return
            (
                datanet.licence,
                Founding.policyOf(datanet),
                datanet.curatorBps,
                datanet.fullAtBps,
                datanet.maxContributorBps
            );
    }

    /// @inheritdoc IDatanets
    function curatorOf(uint256 datanetId) external view returns (address) {
        return books.datanet(datanetId).curator;
    }

    /// @inheritdoc IDatanets
    function release(uint256 datanetId, uint32 releaseId) external view returns (Release memory) {
        Datanet storage datanet = books.datanet(datanetId);
        if (releaseId == 0 || releaseId > datanet.releases.length) revert UnknownRelease(datanetId, releaseId);
        return datanet.releases[releaseId - 1];
    }

    /// @inheritdoc IDatanets
    function releaseCount(uint256 datanetId) external view returns (uint32) {
        return uint32(books.datanet(datanetId).releases.length);
    }

    /// @notice A row as it stands.
    function rowInfo(uint256 datanetId, uint64 row) external view returns (RowInfo memory info) {
        Row storage found = books.row(datanetId, row);
        info.account = books.authorOf(datanetId, row);
        (info.contributor, info.status, info.changes) = (found.contributor, found.status, found.changes);
        (info.verdicts, info.byParent) = (found.verdicts, found.byParent);
        (info.mendable, info.authoredAt, info.commitmentId) = (found.mendable, found.authoredAt, found.commitmentId);
        unchecked {
            info.parent = found.parent - 1;
        }
        info.documentHash = Matters.hashOf(books, datanetId, row);
    }

    /// @notice The row of a document; reverts if the datanet has none.
    function documentRow(uint256 datanetId, bytes32 documentHash) external view returns (uint64) {
        return books.rowOf(datanetId, documentHash);
    }

    /// @inheritdoc IDatanets
    function contributorOf(uint256 datanetId, uint64 row) external view returns (uint32) {
        return books.row(datanetId, row).contributor;
    }

    /// @notice Number of `account` for documents that it handed in; 0 if none of them is a row. A row that was reassigned has a
    ///         number of its own, which is not told here.
    function contributorNumber(uint256 datanetId, address account) external view returns (uint32) {
        return books.datanet(datanetId).contributors.numbers[account];
    }

    /// @inheritdoc IDatanets
    function contributorCount(uint256 datanetId) external view returns (uint32) {
        return books.datanet(datanetId).contributors.count;
    }

    /// @inheritdoc IDatanets
    function accountsAt(uint256 datanetId, uint32[] calldata numbers, uint32 contributors)
        external
        view
        returns (address[] memory accounts)
    {
        Datanet storage datanet = books.datanet(datanetId);
        accounts = new address[](numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            accounts[i] = datanet.contributors.accountAt(numbers[i], contributors);
        }
    }

    /// @dev Any function that is not here is `DatanetReview`'s.
    function _implementation() internal view override returns (address) {
        if (Predeploys.DATANET_REVIEW.code.length == 0) revert NoCode(Predeploys.DATANET_REVIEW);
        return Predeploys.DATANET_REVIEW;
    }

    function _fund(uint256 datanetId, uint256 amount) private {
        books.datanets[datanetId].reviewFund += amount;
        emit ReviewFunded(datanetId, msg.sender, amount);
    }
}
