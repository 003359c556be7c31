// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Datanets} from "../src/l2/Datanets.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";
import {IAttributionErrors} from "../src/interfaces/IAttributionErrors.sol";

contract DatanetsTest is L2Test {
    address private constant curator = address(0xC0);
    address private constant alice = address(0xA1);
    address private constant bob = address(0xB0);
    uint8 private constant active = 0;
    uint8 private constant refinement = 1;
    uint8 private constant withdrawn = 2;

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

    function setStatus(uint256 datanetId, uint64 row, uint8 status) private returns (uint64 version) {
        vm.prank(curator);
        return datanets.setStatus(datanetId, row, status);
    }

    function reassign(uint256 datanetId, uint64 row, address author) private {
        vm.prank(curator);
        datanets.reassign(datanetId, row, author);
    }

    function versionOf(uint256 datanetId) private view returns (uint64 version) {
        (, version,,) = datanets.setOf(datanetId);
    }

    function rowsOf(uint256 datanetId) private view returns (uint64 rows) {
        (,, rows,) = datanets.setOf(datanetId);
    }

    /// @dev The store and the datanet must agree about a row.
    function checkRow(uint256 datanetId, uint64 row, address author, uint8 status) private view {
        (uint256 setId,,,) = datanets.setOf(datanetId);
        (uint32 number, uint8 stored,,) = Predeploys.ATTRIBUTION_STORE.row(setId, row);
        (address account, uint8 known) = datanets.contribution(datanetId, row);
        vm.assertEq(stored, status, "status in the store");
        vm.assertEq(known, status, "status in the datanet");
        vm.assertEq(datanets.contributorAccount(datanetId, number), author, "author in the store");
        vm.assertEq(account, author, "author in the datanet");
    }

    function test_ADatanetRemembersWhatItWasCreatedWith() public {
        uint256 id = create(true);
        (
            address owner,
            bool open,
            uint256 setId,
            uint64 version,
            uint64 rows,
            uint32 contributors,
            string memory name,
            string memory metadata
        ) = datanets.datanetInfo(id);
        vm.assertEq(owner, curator, "curator");
        vm.assertTrue(open, "open");
        vm.assertEq(version, 1, "version");
        vm.assertEq(rows, 0, "rows");
        vm.assertEq(contributors, 0, "contributors");
        vm.assertEq(name, "poems", "name");
        vm.assertEq(metadata, "ipfs://poems", "metadata");
        (address setOwner,,,,,,,,) = Predeploys.ATTRIBUTION_STORE.info(setId);
        vm.assertEq(setOwner, address(datanets), "owner of the set");
    }

    function accept(uint256 datanetId, uint64 submission) private returns (uint64) {
        vm.prank(curator);
        return datanets.acceptSubmission(datanetId, submission);
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
        setStatus(id, submission, refinement);

        vm.expectEmit(address(datanets));
        emit Datanets.Contributed(id, alice, 1, 0, 20);
        vm.expectEmit(address(datanets));
        emit Datanets.SubmissionAccepted(id, submission, 0);
        uint64 row = accept(id, submission);
        vm.assertEq(rowsOf(id), 1, "rows once accepted");
        checkSubmission(id, submission, Datanets.Status.Accepted, row);
        checkRow(id, row, alice, active);
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
        (uint256 setId,,,) = datanets.setOf(id);
        vm.assertTrue(waitingSet != setId, "sets");
        uint64 rows;
        for (uint64 i = 0; i < 4; ++i) {
            if (chosen & (1 << i) == 0) continue;
            // Not in the order in which they were handed in.
            vm.assertEq(accept(id, 3 - i), rows, "row");
            (uint32 contributor, uint8 status,, bytes memory data) = Predeploys.ATTRIBUTION_STORE.row(setId, rows);
            vm.assertEq(data, documents[3 - i], "document");
            vm.assertEq(contributor, 1, "number");
            vm.assertEq(status, active, "status");
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

    function test_AnAcceptedRowHasAStatusLikeAnyOther() public {
        uint256 id = create(false);
        uint64 submission = contribute(alice, id);
        uint64 row = accept(id, submission);
        setStatus(id, row, withdrawn);
        checkRow(id, row, alice, withdrawn);
        checkSubmission(id, submission, Datanets.Status.Accepted, row);
        setStatus(id, row, refinement);
        checkRow(id, row, alice, refinement);
    }

    function test_EveryAppendAndEveryStatusIsAVersion() public {
        uint256 id = create(true);
        vm.assertEq(versionOf(id), 1, "empty");
        contribute(alice, id);
        vm.assertEq(versionOf(id), 2, "appended");
        vm.expectEmit(address(datanets));
        emit Datanets.StatusChanged(id, 0, withdrawn, 3);
        vm.assertEq(setStatus(id, 0, withdrawn), 3, "withdrawn");
        vm.assertEq(versionOf(id), 3, "status");
        reassign(id, 0, bob);
        vm.assertEq(versionOf(id), 3, "another author is no version");
    }

    function test_AFifthStatusAndOneThatDoesNotExistAreRefusedInTheStoresWords() public {
        uint256 id = create(true);
        contribute(alice, id);
        (uint256 setId,,,) = datanets.setOf(id);
        vm.expectRevert(abi.encodeWithSelector(IAttributionErrors.UnknownStatus.selector, 3));
        setStatus(id, 0, 3);
        for (uint8 i = 1; i <= 4; ++i) {
            setStatus(id, 0, i % 3);
        }
        vm.expectRevert(abi.encodeWithSelector(IAttributionErrors.TooManyChanges.selector, setId, 0));
        setStatus(id, 0, withdrawn);
        checkRow(id, 0, alice, refinement);
    }

    function test_AReassignedRowHasANewAuthorAndTheRestOfTheOldOnesRowsStay() public {
        uint256 id = create(true);
        contribute(alice, id);
        contribute(alice, id);
        (,,, uint32 before) = datanets.setOf(id);
        vm.expectEmit(address(datanets));
        emit Datanets.Reassigned(id, 1, bob, 2);
        reassign(id, 1, bob);
        checkRow(id, 0, alice, active);
        checkRow(id, 1, bob, active);
        vm.assertEq(datanets.contributorAccountAt(id, 2, before), alice, "the row's author before");
        vm.assertEq(datanets.contributorAccountAt(id, 2, before + 1), bob, "and after");
        vm.assertEq(datanets.contributorNumber(id, bob), 0, "who handed in nothing has no number");
        contribute(bob, id);
        vm.assertEq(datanets.contributorNumber(id, bob), 3, "until then");
    }

    function testFuzz_TheAuthorsOfEveryMomentStayKnown(address[4] memory authors) public {
        uint256 id = create(true);
        contribute(alice, id);
        uint32[5] memory moments;
        for (uint256 i = 0; i < 4; ++i) {
            vm.assume(authors[i] != address(0));
            (,,, moments[i]) = datanets.setOf(id);
            reassign(id, 0, authors[i]);
            contribute(address(uint160(0xAA00 + i)), id);
        }
        (,,, moments[4]) = datanets.setOf(id);
        (uint256 setId,,,) = datanets.setOf(id);
        (uint32 number,,,) = Predeploys.ATTRIBUTION_STORE.row(setId, 0);
        vm.assertEq(datanets.contributorAccountAt(id, number, moments[0]), alice, "at first");
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertEq(datanets.contributorAccountAt(id, number, moments[i + 1]), authors[i], "author");
        }
    }

    function test_ARowIsReassignedFourTimesAndNotToNobody() public {
        uint256 id = create(true);
        contribute(alice, id);
        vm.expectRevert(Datanets.ZeroContributor.selector);
        reassign(id, 0, address(0));
        for (uint160 i = 1; i <= 4; ++i) {
            reassign(id, 0, address(i));
        }
        vm.expectRevert(abi.encodeWithSelector(Datanets.TooManyReassignments.selector, id, 0));
        reassign(id, 0, bob);
        checkRow(id, 0, address(4), active);
        // Other rows of the same account are not meant.
        contribute(alice, id);
        reassign(id, 1, bob);
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
        checkRow(id, row, alice, active);
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

    function testFuzz_OnlyTheCuratorDecides(address stranger) public {
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
        datanets.setStatus(id, row, withdrawn);
        vm.expectRevert(refusal);
        datanets.reassign(id, row, stranger);
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
        setStatus(id, row, withdrawn);
    }

    function test_UnknownDatanetsAndRowsAreRefused() public {
        uint256 id = create(true);
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownDatanet.selector, id + 1));
        datanets.contribute(id + 1, "text");
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownRow.selector, id, 0));
        setStatus(id, 0, refinement);
        vm.expectRevert(abi.encodeWithSelector(Datanets.UnknownRow.selector, id, 0));
        reassign(id, 0, bob);
        vm.expectRevert(Datanets.ZeroCurator.selector);
        vm.prank(curator);
        datanets.setCurator(id, address(0));
    }
}
