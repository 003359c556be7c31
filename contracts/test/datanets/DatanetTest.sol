// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../Vm.sol";
import {StoreDouble} from "../doubles/StoreDouble.sol";
import {JuryDouble} from "./JuryDouble.sol";
import {MoneyDouble} from "./MoneyDouble.sol";
import {ParametersDouble} from "./ParametersDouble.sol";
import {DatanetReview} from "../../src/l2/datanets/DatanetReview.sol";
import {Datanets} from "../../src/l2/datanets/Datanets.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {IDatanetRecords} from "../../src/interfaces/IDatanetRecords.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IDatanetReview} from "../../src/interfaces/IDatanetReview.sol";

/// @notice Datanets at its address, over doubles of what it calls, and what people do with it.
abstract contract DatanetTest is Test, IDatanetRecords {
    Datanets internal constant datanets = Datanets(payable(Predeploys.DATANETS));
    IDatanetReview internal constant review = IDatanetReview(Predeploys.DATANETS);
    StoreDouble internal constant store = StoreDouble(address(Predeploys.ATTRIBUTION_STORE));
    JuryDouble internal constant juries = JuryDouble(Predeploys.JURIES);
    MoneyDouble internal constant payouts = MoneyDouble(Predeploys.PAYOUTS);
    ParametersDouble internal constant parameters = ParametersDouble(Predeploys.PARAMETERS);

    address internal constant curator = address(0xC0);
    address internal constant alice = address(0xA1);
    address internal constant bob = address(0xB0);
    address internal constant mallory = address(0xE0);

    uint8 internal constant ACTIVE = 0;
    uint8 internal constant REFINEMENT = 1;
    uint8 internal constant WITHDRAWN = 2;
    uint64 internal constant NONE = type(uint64).max;
    bytes32 internal constant SALT = "salt";
    uint256 internal constant BOND = 5 ether;
    uint256 internal constant JURY = 0.3 ether;

    function deploy() internal {
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new StoreDouble()).code);
        vm.etch(Predeploys.JURIES, address(new JuryDouble()).code);
        vm.etch(Predeploys.PAYOUTS, address(new MoneyDouble()).code);
        vm.etch(Predeploys.PARAMETERS, address(new ParametersDouble()).code);
        vm.etch(Predeploys.DATANETS, address(new Datanets()).code);
        vm.etch(Predeploys.DATANET_REVIEW, address(new DatanetReview()).code);
        vm.warp(1_000_000);
        address[4] memory people = [curator, alice, bob, mallory];
        for (uint256 i = 0; i < people.length; ++i) {
            vm.deal(people[i], 1_000_000 ether);
        }
    }

    // ---- Founding

    function settings(Policy memory policy) internal pure returns (Settings memory made) {
        made.name = "poems";
        made.purpose = "to be read";
        made.licence = IDatanets.Licence(true, true, false, 2_000, 7_000, "licence");
        made.policy = policy;
        made.curatorBps = 500;
    }

    function create(Policy memory policy) internal returns (uint256) {
        vm.prank(curator);
        return datanets.create(settings(policy));
    }

    function createOpen() internal returns (uint256) {
        return create(Policy(0, false, 0, 0, 0));
    }

    function createCommitted() internal returns (uint256) {
        return create(Policy(0, true, 0, 0, 0));
    }

    function createReviewed() internal returns (uint256) {
        return create(Policy(3, false, 0, 0, 0));
    }

    // ---- Contributing

    function contribute(address author, uint256 id, bytes memory document) internal returns (uint64) {
        vm.prank(author);
        return datanets.contribute(id, document);
    }

    function one(bytes memory document) internal pure returns (bytes[] memory documents) {
        documents = new bytes[](1);
        documents[0] = document;
    }

    function folder(bytes memory first, bytes memory second) internal pure returns (bytes[] memory documents) {
        documents = new bytes[](2);
        (documents[0], documents[1]) = (first, second);
    }

    function commit(address author, uint256 id, bytes[] memory documents) internal returns (uint256) {
        bytes32 root = rootOf(leavesOf(author, id, documents));
        uint256 value = costOf(id, documents.length);
        vm.prank(author);
        return review.commit{value: value}(id, root, uint32(documents.length));
    }

    function costOf(uint256 id, uint256 count) internal view returns (uint256) {
        (, Policy memory policy,,,) = datanets.termsOf(id);
        return policy.fee * count + policy.bond;
    }

    /// @dev Reveals all of a folder, with one parent for all.
    function reveal(address author, uint256 commitmentId, bytes[] memory documents, uint64 parent) internal {
        uint256 id = review.commitmentInfo(commitmentId).datanetId;
        bytes32[] memory leaves = leavesOf(author, id, documents);
        Revelation[] memory shown = new Revelation[](documents.length);
        for (uint256 i = 0; i < documents.length; ++i) {
            shown[i] = Revelation(documents[i], parent, proofOf(leaves, i));
        }
        vm.prank(author);
        review.reveal(commitmentId, SALT, shown);
    }

    /// @dev Hands in, and returns the case, 0 if there is none.
    function submit(address author, uint256 commitmentId) internal returns (uint256) {
        uint256 value = review.reviewCost(commitmentId);
        vm.prank(author);
        review.submit{value: value}(commitmentId);
        return review.commitmentInfo(commitmentId).caseId;
    }

    /// @dev Commits to one document, reveals it and hands it in.
    function handIn(address author, uint256 id, bytes memory document)
        internal
        returns (uint256 commitmentId, uint256 caseId)
    {
        commitmentId = commit(author, id, one(document));
        reveal(author, commitmentId, one(document), NONE);
        caseId = submit(author, commitmentId);
    }

    /// @dev Its first document.
    function append(uint256 commitmentId, bytes memory document) internal {
        review.append(commitmentId, 0, one(document));
    }

    // ---- Disputes

    function challenge(address who, uint256 id, uint64 row) internal returns (uint256) {
        vm.prank(who);
        return review.challenge{value: BOND + JURY}(id, row, "stolen");
    }

    /// @dev All of the text is in the row, says the store.
    function claim(address who, uint256 id, uint64 row, bytes memory text) internal returns (uint256) {
        copy(text, row, 100);
        vm.prank(who);
        return review.claimAuthorship{value: BOND + JURY}(id, row, 0, text, "signed");
    }

    /// @dev The store finds `percent` of a document in a row.
    function copy(bytes memory document, uint64 row, uint256 percent) internal {
        uint64[] memory rows = new uint64[](1);
        uint256[] memory weights = new uint256[](1);
        (rows[0], weights[0]) = (row, percent);
        store.inherit(document, [percent, 0, 100], rows, weights);
    }

    // ---- Checks

    /// @dev The store and the datanet must agree about a row.
    function checkRow(uint256 id, uint64 row, address author, uint8 status) internal view {
        RowInfo memory info = datanets.rowInfo(id, row);
        (uint32 number, uint8 stored,,) = Predeploys.ATTRIBUTION_STORE.row(setOf(id), row);
        vm.assertEq(info.account, author, "author");
        vm.assertEq(info.status, status, "status");
        vm.assertEq(stored, status, "status in the store");
        vm.assertEq(info.contributor, number, "number in the store");
        vm.assertEq(accountAt(id, number, datanets.contributorCount(id)), author, "author by number");
    }

    function checkStage(uint256 commitmentId, Stage stage) internal view {
        vm.assertTrue(review.commitmentInfo(commitmentId).stage == stage, "stage");
    }

    function setOf(uint256 id) internal view returns (uint256) {
        return datanets.datanetInfo(id).setId;
    }

    function rowsOf(uint256 id) internal view returns (uint64) {
        return datanets.datanetInfo(id).rows;
    }

    function accountAt(uint256 id, uint32 number, uint32 count) internal view returns (address) {
        uint32[] memory numbers = new uint32[](1);
        numbers[0] = number;
        return datanets.accountsAt(id, numbers, count)[0];
    }

    // ---- Trees

    function leavesOf(address author, uint256 id, bytes[] memory documents)
        internal
        view
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](documents.length);
        for (uint256 i = 0; i < documents.length; ++i) {
            leaves[i] = review.leafOf(id, author, SALT, uint32(i), documents[i]);
        }
    }

    function rootOf(bytes32[] memory level) internal pure returns (bytes32) {
        while (level.length > 1) {
            level = above(level);
        }
        return level[0];
    }

    function proofOf(bytes32[] memory level, uint256 index) internal pure returns (bytes32[] memory proof) {
        bytes32[] memory found = new bytes32[](32);
        uint256 length;
        for (; level.length > 1; index /= 2) {
            uint256 other = index ^ 1;
            if (other < level.length) found[length++] = level[other];
            level = above(level);
        }
        proof = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) {
            proof[i] = found[i];
        }
    }

    /// @dev An odd one goes up as it is.
    function above(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            bytes32 left = level[2 * i];
            if (2 * i + 1 == level.length) {
                next[i] = left;
                continue;
            }
            bytes32 right = level[2 * i + 1];
            next[i] = left < right ? keccak256(bytes.concat(left, right)) : keccak256(bytes.concat(right, left));
        }
    }
}
