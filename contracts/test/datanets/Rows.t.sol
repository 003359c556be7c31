// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {IAttributionErrors} from "../../src/interfaces/IAttributionErrors.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

contract RowsTest is DatanetTest {
    function setUp() public {
        deploy();
    }

    // ---- Contributing

    function test_AContributionToAnOpenDatanetIsARowAtOnce() public {
        uint256 id = createOpen();
        vm.expectEmit(address(datanets));
        emit Contributed(id, 0, alice, 1, 0, keccak256("text"), 4, 2, alice);
        vm.assertEq(contribute(alice, id, "text"), 0, "row");
        checkRow(id, 0, alice, ACTIVE);
        RowInfo memory info = datanets.rowInfo(id, 0);
        vm.assertEq(info.documentHash, keccak256("text"), "hash");
        vm.assertEq(info.authoredAt, 1_000_000, "time");
        vm.assertEq(info.commitmentId, 0, "no commitment");
        vm.assertEq(info.parent, NONE, "no parent");
        vm.assertEq(datanets.documentRow(id, keccak256("text")), 0, "row of the document");
        vm.assertEq(datanets.contributorOf(id, 0), 1, "number");
        vm.assertEq(datanets.contributorNumber(id, alice), 1, "number");
    }

    function testFuzz_EveryDocumentIsARowOnce(bytes[4] memory documents, uint8 again) public {
        uint256 id = createOpen();
        for (uint256 i = 0; i < 4; ++i) {
            documents[i] = bytes.concat(bytes1(uint8(i)), documents[i]);
            vm.assertEq(contribute(alice, id, documents[i]), i, "row");
            (,,, bytes memory stored) = Predeploys.ATTRIBUTION_STORE.row(setOf(id), uint64(i));
            vm.assertEq(stored, documents[i], "bytes");
        }
        again %= 4;
        bytes memory copied = documents[again];
        vm.expectRevert(abi.encodeWithSelector(Duplicate.selector, id, keccak256(copied), again));
        contribute(bob, id, copied);
        // Another datanet is another set.
        contribute(bob, createOpen(), copied);
    }

    function test_ADocumentThatWasWithdrawnIsStillADuplicate() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        vm.prank(alice);
        datanets.withdraw(id, 0);
        vm.expectRevert(abi.encodeWithSelector(Duplicate.selector, id, keccak256("text"), 0));
        contribute(bob, id, "text");
    }

    function test_WhatIsNoTextIsRefusedInTheStoresWords() public {
        uint256 id = createOpen();
        vm.expectRevert(IAttributionErrors.NotUtf8.selector);
        contribute(alice, id, hex"ff");
        vm.expectRevert(IAttributionErrors.EmptyPayload.selector);
        contribute(alice, id, "");
        vm.prank(curator);
        datanets.setPolicy(id, Policy(0, false, 1, 0, 0));
        vm.expectRevert(IAttributionErrors.NotUtf8.selector);
        contribute(alice, id, hex"ff");
        vm.assertEq(datanets.contributorCount(id), 0, "nobody");
        vm.expectRevert(abi.encodeWithSelector(UnknownDocument.selector, id, keccak256(hex"ff")));
        datanets.documentRow(id, keccak256(hex"ff"));
    }

    function test_AFeeIsExactAndTheProtocols() public {
        uint256 id = create(Policy(0, false, 0, 7, 0));
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 7, 0));
        contribute(alice, id, "text");
        vm.prank(alice);
        datanets.contribute{value: 7}(id, "text");
        vm.assertEq(payouts.owedFor(Predeploys.FEE_DISTRIBUTOR, IPayouts.Reason.Protocol), 7, "fee");
        vm.assertEq(address(datanets).balance, 0, "no balance");
        vm.expectRevert(abi.encodeWithSelector(WrongValue.selector, 7, 8));
        vm.prank(alice);
        datanets.contribute{value: 8}(id, "more");
    }

    function testFuzz_ADocumentIsAsNovelAsThePolicyAsks(uint8 inherited, uint8 closed, uint16 total, uint16 least)
        public
    {
        least = uint16(bound(least, 1, 10_000));
        uint256 id = create(Policy(0, false, least, 0, 0));
        store.inherit("text", [uint256(inherited), closed, total], new uint64[](0), new uint256[](0));
        uint256 foreign = uint256(inherited) + closed;
        uint256 noveltyBps = foreign == 0 ? 10_000 : total > foreign ? (total - foreign) * 10_000 / total : 0;
        if (noveltyBps < least) {
            vm.expectRevert(abi.encodeWithSelector(NotNovel.selector, noveltyBps, least));
        } else {
            vm.expectEmit(address(datanets));
            emit NoveltyRecorded(id, keccak256("text"), inherited, closed, total);
        }
        contribute(alice, id, "text");
    }

    /// @dev Words of an empty set weigh nothing: the store says so of the whole document.
    function test_TheFirstDocumentIsNovelWhateverThePolicyAsks() public {
        uint256 id = create(Policy(0, false, 10_000, 0, 0));
        vm.expectEmit(address(datanets));
        emit NoveltyRecorded(id, keccak256("text"), 0, 0, 0);
        contribute(alice, id, "text");
        contribute(bob, id, "another");
        vm.assertEq(rowsOf(id), 2, "rows");
    }

    function test_WhereOneCommitsFirstNothingIsContributedOtherwise() public {
        uint256 committed = createCommitted();
        uint256 reviewed = createReviewed();
        vm.expectRevert(abi.encodeWithSelector(CommitFirst.selector, committed));
        contribute(alice, committed, "text");
        vm.expectRevert(abi.encodeWithSelector(CommitFirst.selector, reviewed));
        contribute(alice, reviewed, "text");
    }

    // ---- Refinement

    function refine(address who, uint256 id, bytes memory document) private returns (uint64) {
        vm.prank(who);
        return datanets.refine(id, 0, document);
    }

    function test_TheParentsAuthorAcceptsARefinementOfItsOwnWords() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        copy("better text", 0, 90);
        vm.expectEmit(address(datanets));
        emit RefinementProposed(id, 1, 0, true);
        refine(bob, id, "better text");
        checkRow(id, 1, bob, ACTIVE);
        vm.assertEq(datanets.rowInfo(id, 1).parent, 0, "parent");
        vm.expectRevert(abi.encodeWithSelector(NotAcceptor.selector, id, 1, bob));
        vm.prank(bob);
        datanets.acceptRefinement(id, 1);
        vm.prank(alice);
        datanets.acceptRefinement(id, 1);
        checkRow(id, 1, bob, REFINEMENT);
        vm.expectRevert(abi.encodeWithSelector(NoRefinement.selector, id, 1));
        vm.prank(alice);
        datanets.acceptRefinement(id, 1);
    }

    function test_TheCuratorAcceptsARefinement() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        refine(bob, id, "better text");
        vm.prank(curator);
        datanets.acceptRefinement(id, 1);
        checkRow(id, 1, bob, REFINEMENT);
    }

    /// @dev Whose words are another's can't be anybody else's to give: an edited copy of a victim's row, padded with words of
    ///      the copier's own row, which it names as the parent.
    function testFuzz_TheParentsAuthorAcceptsNothingThatIsMadeOfOthersWords(uint8 own, uint8 others) public {
        uint256 id = createOpen();
        contribute(mallory, id, "parent");
        contribute(alice, id, "victim");
        contribute(mallory, id, "another");
        uint64[] memory rows = new uint64[](3);
        uint256[] memory weights = new uint256[](3);
        (rows[1], rows[2]) = (1, 2);
        (weights[0], weights[1], weights[2]) = (own / 2, others, own - own / 2);
        store.inherit("edited copy", [uint256(own) + others, 10, 1_000], rows, weights);
        refine(bob, id, "edited copy");
        bool hers = own != 0 && uint256(own) * 10_000 >= (uint256(own) + others) * 9_500;
        if (!hers) vm.expectRevert(abi.encodeWithSelector(NotAcceptor.selector, id, 3, mallory));
        vm.prank(mallory);
        datanets.acceptRefinement(id, 3);
        checkRow(id, 3, bob, hers ? REFINEMENT : ACTIVE);
    }

    function test_OnlyAnOrdinaryRowWithAParentBecomesARefinement() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(NoRefinement.selector, id, 0));
        datanets.acceptRefinement(id, 0);
        vm.expectRevert(abi.encodeWithSelector(UnknownRow.selector, id, 9));
        datanets.refine(id, 9, "of nothing");
        refine(bob, id, "better text");
        vm.prank(alice);
        datanets.withdraw(id, 0);
        vm.expectRevert(abi.encodeWithSelector(ParentWithdrawn.selector, id, 0));
        refine(bob, id, "best text");
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(NoRefinement.selector, id, 1));
        datanets.acceptRefinement(id, 1);
    }

    // ---- Withdrawal

    function test_AnAuthorWithdrawsItsRowOnce() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(NotAuthor.selector, alice, curator));
        datanets.withdraw(id, 0);
        vm.expectEmit(address(datanets));
        emit StatusChanged(id, 0, WITHDRAWN, 3, alice, 0);
        vm.prank(alice);
        datanets.withdraw(id, 0);
        checkRow(id, 0, alice, WITHDRAWN);
        vm.assertTrue(datanets.rowInfo(id, 0).mendable, "by its author");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(AlreadyWithdrawn.selector, id, 0));
        datanets.withdraw(id, 0);
        vm.expectRevert(abi.encodeWithSelector(UnknownRow.selector, id, 1));
        datanets.withdraw(id, 1);
    }

    function test_TheFourthChangeOfARowIsTheGovernors() public {
        uint256 id = createOpen();
        contribute(alice, id, "text");
        uint8[3] memory statuses = [WITHDRAWN, REFINEMENT, ACTIVE];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(Predeploys.TIMELOCK);
            datanets.setStatus(id, 0, statuses[i]);
            checkRow(id, 0, alice, statuses[i]);
        }
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ChangesSpent.selector, id, 0));
        datanets.withdraw(id, 0);
        vm.prank(Predeploys.TIMELOCK);
        datanets.setStatus(id, 0, WITHDRAWN);
        checkRow(id, 0, alice, WITHDRAWN);
        uint256 setId = setOf(id);
        vm.prank(Predeploys.TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(IAttributionErrors.TooManyChanges.selector, setId, 0));
        datanets.setStatus(id, 0, ACTIVE);
    }

    function testFuzz_OnlyGovernanceSetsStatuses(address stranger) public {
        vm.assume(stranger != Predeploys.TIMELOCK);
        uint256 id = createOpen();
        contribute(alice, id, "text");
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, stranger));
        datanets.setStatus(id, 0, WITHDRAWN);
        vm.prank(Predeploys.TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(UnknownRow.selector, id, 1));
        datanets.setStatus(id, 1, WITHDRAWN);
    }
}
