// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Datanets} from "../src/l2/Datanets.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

contract DatanetsTest is L2Test {
    address private constant curator = address(0xC0);
    address private constant alice = address(0xA1);
    address private constant bob = address(0xB0);

    function setUp() public {
        deployL2();
    }

    function create(bool open) private returns (uint256 datanetId) {
        vm.prank(curator);
        return datanets.createDatanet("poems", "ipfs://poems", open);
    }

    function contribute(address account, uint256 datanetId) private returns (uint64) {
        vm.prank(account);
        return datanets.contribute(datanetId, "so much depends upon");
    }

    function active(uint256 datanetId, uint64 row) private view returns (bool isActive) {
        (uint256 setId,) = datanets.setOf(datanetId);
        (, isActive,) = Predeploys.ATTRIBUTION_STORE.row(setId, row);
    }

    function test_ADatanetRemembersWhatItWasCreatedWith() public {
        uint256 id = create(true);
        (
            address owner,
            bool open,
            uint256 setId,
            uint64 rows,
            uint32 contributors,
            string memory name,
            string memory metadata
        ) = datanets.datanetInfo(id);
        vm.assertEq(owner, curator, "curator");
        vm.assertTrue(open, "open");
        vm.assertEq(rows, 0, "rows");
        vm.assertEq(contributors, 0, "contributors");
        vm.assertEq(name, "poems", "name");
        vm.assertEq(metadata, "ipfs://poems", "metadata");
        (address setOwner,,,,,,,) = Predeploys.ATTRIBUTION_STORE.info(setId);
        vm.assertEq(setOwner, address(datanets), "owner of the set");
    }

    function accept(uint256 datanetId, uint64 submission) private returns (uint64) {
        vm.prank(curator);
        return datanets.acceptSubmission(datanetId, submission);
    }

    function rowsOf(uint256 datanetId) private view returns (uint64 rows) {
        (, rows) = datanets.setOf(datanetId);
    }

    function checkSubmission(uint256 id, uint64 submission, Datanets.Status status, uint64 row) private view {
        (address contributor, Datanets.Status found, uint64 foundRow) = datanets.submissionInfo(id, submission);
        vm.assertEq(contributor, alice, "contributor of the submission");
        vm.assertTrue(found == status, "status of the submission");
        vm.assertEq(foundRow, row, "row of the submission");
    }

    function test_ADocumentHandedInToAClosedDatanetIsNoRowUntilAccepted() public {
        uint256 id = create(false);
        vm.expectEmit(address(datanets));
        emit Datanets.Submitted(id, alice, 0, 20);
        contribute(alice, id);
        vm.expectEmit(address(datanets));
        emit Datanets.Submitted(id, alice, 1, 20);
        uint64 submission = contribute(alice, id);
        vm.assertEq(rowsOf(id), 0, "rows while it waits");
        vm.assertEq(datanets.contributorNumber(id, alice), 0, "number while it waits");
        checkSubmission(id, submission, Datanets.Status.Pending, 0);
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownRow.selector, id, submission));
        vm.prank(curator);
        datanets.accept(id, submission);

        vm.expectEmit(address(datanets));
        emit Datanets.Contributed(id, alice, 1, 0, 20);
        vm.expectEmit(address(datanets));
        emit Datanets.SubmissionAccepted(id, submission, 0);
        uint64 row = accept(id, submission);
        vm.assertEq(rowsOf(id), 1, "rows once accepted");
        vm.assertTrue(active(id, row), "active");
        checkSubmission(id, submission, Datanets.Status.Accepted, row);
        (address account, Datanets.Status status) = datanets.contribution(id, row);
        vm.assertEq(account, alice, "contributor");
        vm.assertTrue(status == Datanets.Status.Accepted, "status");
    }

    function testFuzz_AcceptedBytesAreTheOnesHandedInAndNothingElseIsAppended(bytes[4] memory documents, uint8 chosen)
        public
    {
        uint256 id = create(false);
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank(alice);
            vm.assertEq(datanets.contribute(id, documents[i]), i, "submission");
        }
        (uint256 waitingSet, uint64 submissions) = datanets.waitingSetOf(id);
        vm.assertEq(submissions, 4, "submissions");
        (uint256 setId,) = datanets.setOf(id);
        vm.assertTrue(waitingSet != setId, "sets");
        uint64 rows;
        for (uint64 i = 0; i < 4; ++i) {
            if (chosen & (1 << i) == 0) continue;
            // Not in the order in which they were handed in.
            vm.assertEq(accept(id, 3 - i), rows, "row");
            (uint32 contributor, bool isActive, bytes memory data) = Predeploys.ATTRIBUTION_STORE.row(setId, rows);
            vm.assertEq(data, documents[3 - i], "document");
            vm.assertEq(contributor, 1, "number");
            vm.assertTrue(isActive, "active");
            ++rows;
        }
        vm.assertEq(rowsOf(id), rows, "rows");
    }

    function test_ASubmissionIsAcceptedOnceAndARejectedOneMayStillBe() public {
        uint256 id = create(false);
        uint64 submission = contribute(alice, id);
        vm.expectEmit(address(datanets));
        emit Datanets.SubmissionRejected(id, submission);
        vm.prank(curator);
        datanets.rejectSubmission(id, submission);
        vm.assertEq(rowsOf(id), 0, "rows");
        checkSubmission(id, submission, Datanets.Status.Rejected, 0);

        uint64 row = accept(id, submission);
        bytes memory refusal = abi.encodeWithSelector(Datanets.AlreadyAccepted.selector, id, submission, row);
        vm.startPrank(curator);
        vm.expectRevert(refusal);
        datanets.acceptSubmission(id, submission);
        vm.expectRevert(refusal);
        datanets.rejectSubmission(id, submission);
        vm.stopPrank();
        vm.assertEq(rowsOf(id), 1, "rows");
    }

    function test_AnAcceptedRowIsReviewedLikeAnyOther() public {
        uint256 id = create(false);
        uint64 submission = contribute(alice, id);
        uint64 row = accept(id, submission);
        vm.startPrank(curator);
        datanets.reject(id, row);
        vm.assertTrue(!active(id, row), "rejected");
        (, Datanets.Status status) = datanets.contribution(id, row);
        vm.assertTrue(status == Datanets.Status.Rejected, "status");
        checkSubmission(id, submission, Datanets.Status.Accepted, row);
        datanets.accept(id, row);
        vm.stopPrank();
        vm.assertTrue(active(id, row), "accepted");
    }

    function test_AnOpenDatanetHasNoSubmissions() public {
        uint256 id = create(true);
        contribute(alice, id);
        (uint256 setId, uint64 submissions) = datanets.waitingSetOf(id);
        vm.assertEq(setId, 0, "set");
        vm.assertEq(submissions, 0, "submissions");
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownSubmission.selector, id, 0));
        accept(id, 0);
    }

    function test_AContributionToAnOpenDatanetCountsAtOnce() public {
        uint256 id = create(true);
        uint64 row = contribute(alice, id);
        vm.assertTrue(active(id, row), "active");
        (, Datanets.Status status) = datanets.contribution(id, row);
        vm.assertTrue(status == Datanets.Status.Accepted, "status");
    }

    function test_ContributorsAreNumberedFromOneInEachDatanet() public {
        (uint256 first, uint256 second) = (create(true), create(true));
        contribute(alice, first);
        contribute(bob, first);
        contribute(alice, first);
        contribute(bob, second);
        vm.assertEq(datanets.contributorNumber(first, alice), 1, "alice in the first");
        vm.assertEq(datanets.contributorNumber(first, bob), 2, "bob in the first");
        vm.assertEq(datanets.contributorNumber(second, bob), 1, "bob in the second");
        vm.assertEq(datanets.contributorNumber(second, alice), 0, "alice in the second");
        vm.assertEq(datanets.contributorAccount(first, 2), bob, "number 2");
        vm.assertEq(datanets.contributorAccount(first, 3), address(0), "number 3");
    }

    function testFuzz_OnlyTheCuratorReviews(address stranger) public {
        vm.assume(stranger != curator);
        uint256 id = create(false);
        uint64 submission = contribute(alice, id);
        uint64 row = accept(id, contribute(alice, id));
        bytes memory refusal = abi.encodeWithSelector(Datanets.NotCurator.selector, id, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        datanets.acceptSubmission(id, submission);
        vm.expectRevert(refusal);
        datanets.rejectSubmission(id, submission);
        vm.expectRevert(refusal);
        datanets.accept(id, row);
        vm.expectRevert(refusal);
        datanets.reject(id, row);
        vm.expectRevert(refusal);
        datanets.setCurator(id, stranger);
    }

    function test_ANewCuratorTakesOver() public {
        uint256 id = create(false);
        uint64 submission = contribute(alice, id);
        vm.prank(curator);
        datanets.setCurator(id, bob);
        vm.prank(bob);
        uint64 row = datanets.acceptSubmission(id, submission);
        vm.expectRevert(abi.encodeWithSelector(Datanets.NotCurator.selector, id, curator));
        vm.prank(curator);
        datanets.reject(id, row);
    }

    function test_UnknownDatanetsAndRowsAreRefused() public {
        uint256 id = create(true);
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownDatanet.selector, id + 1));
        datanets.contribute(id + 1, "text");
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownRow.selector, id, 0));
        vm.prank(curator);
        datanets.accept(id, 0);
        vm.expectRevert(Datanets.ZeroCurator.selector);
        vm.prank(curator);
        datanets.setCurator(id, address(0));
    }
}
