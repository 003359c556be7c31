// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Does what authors, copiers, curators, juries and time do, in any order.
contract People is DatanetTest {
    struct Moment {
        uint256 datanetId;
        uint64 row;
        uint32 contributors;
        address account;
    }

    uint256[3] public ids;
    uint256 public paidIn;
    uint256 public openBonds;
    /// @notice How often a commitment was appended before one that still had time.
    uint256 public overtaken;
    uint256 public appended;
    uint256 public shrunk;
    uint256 public governed;
    mapping(uint256 id => uint32) private counts;
    mapping(uint256 caseId => uint256) private bonds;
    bytes[][] private folders;
    uint256[] private cases;
    Moment[] private moments;

    constructor() {
        deploy();
        ids = [createOpen(), createCommitted(), create(Policy(3, true, 2_000, 3, 1 ether))];
        // Of the six documents there are, some are made of others'.
        copy("document 3", 0, 90);
        copy("document 4", 1, 40);
    }

    modifier watched() {
        _;
        for (uint256 i = 0; i < 3; ++i) {
            uint32 count = datanets.contributorCount(ids[i]);
            if (count < counts[ids[i]]) ++shrunk;
            counts[ids[i]] = count;
        }
    }

    function person(uint256 who) private pure returns (address) {
        return [alice, bob, mallory, curator][who % 4];
    }

    function document(uint256 which) private pure returns (bytes memory) {
        return bytes.concat("document ", bytes1(uint8(48 + which % 6)));
    }

    function contribute(uint256 who, uint256 which) external watched {
        vm.prank(person(who));
        try datanets.contribute(ids[0], document(which)) {} catch {}
    }

    function refine(uint256 who, uint256 which, uint256 parent) external watched {
        vm.prank(person(who));
        try datanets.refine(ids[0], uint64(parent % 6), document(which)) {} catch {}
    }

    function commit(uint256 who, uint256 where, uint256 first, uint256 second) external watched {
        uint256 id = ids[where % 3];
        bytes[] memory documents =
            second % 2 == 0 ? one(document(first)) : folder(document(first), document(second / 2));
        paidIn += costOf(id, documents.length);
        commit(person(who), id, documents);
        folders.push(documents);
    }

    /// @dev All at once, so that much gets as far as a jury.
    function hurry(uint256 who, uint256 where, uint256 which) external watched {
        uint256 id = ids[1 + where % 2];
        paidIn += costOf(id, 1) + (where % 2 == 0 ? 0 : JURY);
        (, uint256 caseId) = handIn(person(who), id, document(which));
        folders.push(one(document(which)));
        if (caseId != 0) cases.push(caseId);
    }

    function reveal(uint256 which) external watched {
        (uint256 commitmentId, CommitmentInfo memory info) = chosen(which, Stage.Committed);
        if (commitmentId == 0 || info.revealed != 0 || block.timestamp > info.revealUntil) return;
        reveal(info.author, commitmentId, folders[commitmentId - 1], NONE);
    }

    function submit(uint256 which) external watched {
        (uint256 commitmentId, CommitmentInfo memory info) = chosen(which, Stage.Committed);
        if (commitmentId == 0 || info.revealed == 0 || block.timestamp > info.revealUntil) return;
        paidIn += review.reviewCost(commitmentId);
        uint256 caseId = submit(info.author, commitmentId);
        if (caseId != 0) cases.push(caseId);
    }

    /// @dev Upheld three times of four.
    function rule(uint256 which, uint8 verdict) external watched {
        if (cases.length == 0) return;
        which %= cases.length;
        uint256 caseId = cases[which];
        (cases[which], cases[cases.length - 1]) = (cases[cases.length - 1], cases[which]);
        cases.pop();
        openBonds -= bonds[caseId];
        juries.say(caseId, verdict % 4 != 0);
    }

    function append(uint256 which) external watched {
        (uint256 commitmentId, CommitmentInfo memory info) = chosen(which, Stage.Accepted);
        if (commitmentId == 0) return;
        bytes[] memory next = one(folders[commitmentId - 1][info.appended]);
        bool early = mustWait(commitmentId, info.datanetId);
        try review.append(commitmentId, info.appended, next) {
            if (early) ++overtaken;
            ++appended;
        } catch {}
    }

    /// @dev Written independently of the queue: whether an earlier commitment of the datanet still has time.
    function mustWait(uint256 commitmentId, uint256 id) private view returns (bool) {
        for (uint256 earlier = 1; earlier < commitmentId; ++earlier) {
            CommitmentInfo memory info = review.commitmentInfo(earlier);
            if (info.datanetId != id) continue;
            if (info.stage == Stage.Committed && block.timestamp <= info.revealUntil) return true;
            if (info.stage == Stage.Reviewed && block.timestamp <= info.queueUntil) return true;
            if (
                info.stage == Stage.Accepted && block.timestamp <= info.decidedAt + 1 days
                    && info.decidedAt <= info.queueUntil
            ) return true;
        }
        return false;
    }

    function advance(uint256 where, uint256 most) external watched {
        review.advance(ids[where % 3], most % 20);
    }

    function wait(uint32 time) external watched {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 2 days));
    }

    function withdraw(uint256 where, uint256 row) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found) return;
        vm.prank(datanets.rowInfo(id, index).account);
        try datanets.withdraw(id, index) {} catch {}
    }

    function acceptRefinement(uint256 who, uint256 row) external watched {
        vm.prank(person(who));
        try datanets.acceptRefinement(ids[0], uint64(row % 6)) {} catch {}
    }

    function challengeRow(uint256 who, uint256 where, uint256 row) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found) return;
        vm.prank(person(who));
        try review.challenge{value: BOND + JURY}(id, index, "") returns (uint256 caseId) {
            opened(caseId);
        } catch {}
    }

    function claimRow(uint256 who, uint256 where, uint256 row) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found) return;
        bytes memory text = abi.encode("text", row);
        copy(text, index, 100);
        vm.prank(person(who));
        try review.claimAuthorship{value: BOND + JURY}(id, index, 0, text, "") returns (uint256 caseId) {
            opened(caseId);
        } catch {}
    }

    function opened(uint256 caseId) private {
        paidIn += BOND + JURY;
        openBonds += BOND;
        bonds[caseId] = BOND;
        cases.push(caseId);
    }

    function disown(uint256 where, uint256 row, uint256 other) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found) return;
        if (other % 2 == 0) {
            try review.disown(id, index) {} catch {}
        } else {
            try review.disownByRow(id, index, ids[other % 3]) {} catch {}
        }
    }

    function govern(uint256 where, uint256 row, uint8 status) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found || ++governed > 3) return;
        vm.prank(Predeploys.TIMELOCK);
        try datanets.setStatus(id, index, status % 3) {} catch {}
    }

    function donate(uint256 where, uint64 amount) external watched {
        vm.prank(bob);
        datanets.donate{value: amount}(ids[where % 3]);
        paidIn += amount;
    }

    function remember(uint256 where, uint256 row) external watched {
        (bool found, uint256 id, uint64 index) = rowAt(where, row);
        if (!found) return;
        moments.push(Moment(id, index, datanets.contributorCount(id), datanets.rowInfo(id, index).account));
    }

    /// @dev The next commitment, from one on, that stands so; 0 for none.
    function chosen(uint256 which, Stage stage) private view returns (uint256, CommitmentInfo memory info) {
        for (uint256 i = 0; i < folders.length; ++i) {
            uint256 commitmentId = (which % folders.length + i) % folders.length + 1;
            info = review.commitmentInfo(commitmentId);
            if (info.stage == stage) return (commitmentId, info);
        }
        return (0, info);
    }

    function rowAt(uint256 where, uint256 row) private view returns (bool, uint256 id, uint64) {
        id = ids[where % 3];
        uint64 rows = rowsOf(id);
        return rows == 0 ? (false, id, uint64(0)) : (true, id, uint64(row % rows));
    }

    // ---- What is asked of it

    function bondsHeld() external view returns (uint256 sum) {
        for (uint256 i = 1; i <= folders.length; ++i) {
            sum += review.commitmentInfo(i).bond;
        }
    }

    /// @notice Remembered moments at which the row's author is another now.
    function forgotten() external view returns (uint256 count) {
        for (uint256 i = 0; i < moments.length; ++i) {
            Moment memory moment = moments[i];
            uint32 number = datanets.contributorOf(moment.datanetId, moment.row);
            if (accountAt(moment.datanetId, number, moment.contributors) != moment.account) ++count;
        }
    }
}

contract DatanetInvariant is DatanetTest {
    People private people;

    function setUp() public {
        people = new People();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(people);
    }

    function invariant_EveryRowIsOfOneDocumentAndEveryDocumentOneRow() public view {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 id = people.ids(i);
            for (uint64 row = 0; row < rowsOf(id); ++row) {
                RowInfo memory info = datanets.rowInfo(id, row);
                vm.assertEq(datanets.documentRow(id, info.documentHash), row, "row");
                checkRow(id, row, info.account, info.status);
                vm.assertTrue(info.changes <= 4, "changes");
                if (people.governed() == 0) vm.assertTrue(info.changes <= 3, "the fourth is the Governor's");
            }
        }
    }

    function invariant_NobodyIsOvertakenWhoStillHasTime() public view {
        vm.assertEq(people.overtaken(), 0, "overtaken");
    }

    function invariant_EveryWeiIsEscrowOrOwed() public view {
        uint256 escrow = payouts.escrowOf(address(datanets));
        uint256 sum = people.bondsHeld() + people.openBonds();
        for (uint256 i = 0; i < 3; ++i) {
            sum += datanets.datanetInfo(people.ids(i)).reviewFund;
        }
        vm.assertEq(escrow, sum, "what is held is what is recorded");
        uint256 all = escrow + payouts.owedTotal() + payouts.escrowOf(Predeploys.JURIES);
        vm.assertEq(all, people.paidIn(), "what came in");
        vm.assertEq(address(datanets).balance, 0, "no balance");
    }

    function invariant_ContributorsOnlyGrowAndTheirPastStays() public view {
        vm.assertEq(people.shrunk(), 0, "shrunk");
        vm.assertEq(people.forgotten(), 0, "forgotten");
    }
}
