// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DatanetTest} from "./DatanetTest.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

contract FoundingTest is DatanetTest {
    function setUp() public {
        deploy();
    }

    function test_ADatanetIsWhatItWasFoundedWith() public {
        vm.expectEmit(address(datanets));
        emit DatanetCreated(1, curator, 1, "poems", "to be read");
        uint256 id = create(Policy(3, false, 100, 2, 3));
        DatanetInfo memory info = datanets.datanetInfo(id);
        vm.assertEq(info.curator, curator, "curator");
        vm.assertEq(info.setId, 1, "set");
        vm.assertEq(info.version, 1, "version");
        vm.assertEq(info.rows + info.contributors + info.releases + info.head + info.reviewFund, 0, "nothing yet");
        vm.assertEq(info.name, "poems", "name");
        vm.assertEq(info.purpose, "to be read", "purpose");
        vm.assertEq(datanets.curatorOf(id), curator, "curator");
        vm.assertEq(datanets.datanetCount(), 1, "count");
        (address owner,,,,,,,,) = Predeploys.ATTRIBUTION_STORE.info(1);
        vm.assertEq(owner, address(datanets), "owner of the set");
        checkTerms(id);
    }

    function checkTerms(uint256 id) private view {
        (IDatanets.Licence memory licence, Policy memory policy, uint16 curatorBps, uint16 fullAtBps, uint16 most) =
            datanets.termsOf(id);
        vm.assertTrue(licence.mayTrain && licence.commercial && !licence.shareAlike, "licence");
        vm.assertEq(licence.minContributorBps, 2_000, "least share");
        vm.assertEq(licence.maxRoyaltyBps, 7_000, "royalties");
        vm.assertEq(licence.text, "licence", "text");
        vm.assertEq(policy.jurors, 3, "jurors");
        vm.assertTrue(policy.committed, "what is reviewed is committed to");
        vm.assertEq(policy.minNoveltyBps, 100, "novelty");
        vm.assertEq(policy.fee, 2, "fee");
        vm.assertEq(policy.bond, 3, "bond");
        vm.assertEq(curatorBps, 500, "curator's share");
        vm.assertEq(fullAtBps, 6_000, "unless said");
        vm.assertEq(most, 5_000, "unless said");
    }

    function test_SharesBeyondTheirBoundsAreRefused() public {
        Settings memory made = settings(Policy(0, false, 0, 0, 0));
        made.curatorBps = 1_001;
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 1_001, 1_000));
        made.curatorBps = 1_000;
        made.fullAtBps = 10_001;
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 10_001, 10_000));
        (made.fullAtBps, made.maxContributorBps) = (10_000, 10_001);
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 10_001, 10_000));
        (made.maxContributorBps, made.licence.minContributorBps) = (10_000, 10_001);
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 10_001, 10_000));
        (made.licence.minContributorBps, made.licence.maxRoyaltyBps) = (10_000, 10_001);
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 10_001, 10_000));
        (made.licence.maxRoyaltyBps, made.policy.minNoveltyBps) = (10_000, 10_001);
        refuse(made, abi.encodeWithSelector(InvalidShare.selector, 10_001, 10_000));
        (made.policy.minNoveltyBps, made.policy.jurors) = (10_000, 2);
        refuse(made, abi.encodeWithSelector(InvalidJurors.selector, 2));
        made.policy.jurors = 17;
        refuse(made, abi.encodeWithSelector(InvalidJurors.selector, 17));
        (made.policy.jurors, made.name) = (15, "");
        refuse(made, abi.encodeWithSelector(EmptyName.selector));
        made.name = "n";
        datanets.create(made);
    }

    function refuse(Settings memory made, bytes memory reason) private {
        vm.expectRevert(reason);
        datanets.create(made);
    }

    function testFuzz_TheCuratorsShareOnlyFalls(uint16 next) public {
        uint256 id = createOpen();
        if (next > 500) vm.expectRevert(abi.encodeWithSelector(ShareRaised.selector, 500, next));
        vm.prank(curator);
        datanets.setShares(id, next, 7_000, 2_500);
        (,, uint16 curatorBps,,) = datanets.termsOf(id);
        vm.assertEq(curatorBps, next > 500 ? 500 : next, "share");
    }

    function test_NoShareOfAnAnswerIsNone() public {
        uint256 id = createOpen();
        vm.startPrank(curator);
        vm.expectRevert(abi.encodeWithSelector(InvalidShare.selector, 0, 10_000));
        datanets.setShares(id, 0, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(InvalidShare.selector, 0, 10_000));
        datanets.setShares(id, 0, 1, 0);
    }

    function test_AReleaseIsCitableForEver() public {
        uint256 id = createOpen();
        contribute(alice, id, "one");
        contribute(bob, id, "three");
        vm.prank(curator);
        vm.assertEq(datanets.publish(id, "first"), 1, "number");
        (,,,, uint64 version,, uint64 rows, uint64 size, bytes32 root) = Predeploys.ATTRIBUTION_STORE.info(setOf(id));

        changeAll(id);
        contribute(alice, id, "later");
        IDatanets.Release memory made = datanets.release(id, 1);
        vm.assertEq(made.setId, setOf(id), "set");
        vm.assertEq(made.version, version, "version");
        vm.assertEq(made.rows, rows, "rows");
        vm.assertEq(made.rows, 2, "rows");
        vm.assertEq(made.contributors, 2, "contributors");
        vm.assertEq(made.size, size, "size");
        vm.assertEq(made.size, 8, "size");
        vm.assertEq(made.root, root, "root");
        vm.assertEq(made.releasedAt, 1_000_000, "time");
        vm.assertTrue(made.licence.mayTrain, "licence of then");
        vm.assertEq(made.fullAtBps, 6_000, "explained");
        vm.assertEq(made.maxContributorBps, 5_000, "most");
        vm.assertEq(made.curatorBps, 500, "curator");

        vm.prank(curator);
        vm.assertEq(datanets.publish(id, "second"), 2, "number");
        vm.assertEq(datanets.releaseCount(id), 2, "count");
        made = datanets.release(id, 2);
        vm.assertTrue(!made.licence.mayTrain, "licence of now");
        vm.assertEq(made.curatorBps, 100, "curator of now");
        vm.assertEq(made.rows, 3, "rows of now");
    }

    function changeAll(uint256 id) private {
        vm.startPrank(curator);
        IDatanets.Licence memory licence;
        vm.expectEmit(address(datanets));
        emit LicenceChanged(id, licence);
        datanets.setLicence(id, licence);
        vm.expectEmit(address(datanets));
        emit SharesChanged(id, 100, 10_000, 10_000);
        datanets.setShares(id, 100, 10_000, 10_000);
        vm.stopPrank();
        vm.warp(2_000_000);
    }

    function test_NothingIsNoRelease() public {
        uint256 id = createOpen();
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(EmptyDatanet.selector, id));
        datanets.publish(id, "");
        vm.expectRevert(abi.encodeWithSelector(UnknownRelease.selector, id, 0));
        datanets.release(id, 0);
        vm.expectRevert(abi.encodeWithSelector(UnknownRelease.selector, id, 1));
        datanets.release(id, 1);
    }

    function test_ACuratorIsReplacedByWhomItProposedAndWhoAccepts() public {
        uint256 id = createOpen();
        vm.prank(curator);
        datanets.proposeCurator(id, bob);
        vm.assertEq(datanets.curatorOf(id), curator, "not yet");
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NotProposed.selector, id, mallory));
        datanets.acceptCurator(id);
        vm.expectEmit(address(datanets));
        emit CuratorChanged(id, curator, bob);
        vm.prank(bob);
        datanets.acceptCurator(id);
        vm.assertEq(datanets.curatorOf(id), bob, "curator");
        vm.assertEq(datanets.datanetInfo(id).nextCurator, address(0), "once");
    }

    function test_AProposalOfACuratorIsTakenBack() public {
        uint256 id = createOpen();
        vm.startPrank(curator);
        datanets.proposeCurator(id, bob);
        datanets.proposeCurator(id, address(0));
        vm.stopPrank();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(NotProposed.selector, id, bob));
        datanets.acceptCurator(id);
    }

    function testFuzz_OnlyTheCuratorSpeaksForItsDatanet(address stranger) public {
        vm.assume(stranger != curator);
        uint256 id = createOpen();
        bytes memory refusal = abi.encodeWithSelector(NotCurator.selector, id, stranger);
        IDatanets.Licence memory licence;
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        datanets.setLicence(id, licence);
        vm.expectRevert(refusal);
        datanets.setPolicy(id, Policy(0, false, 0, 0, 0));
        vm.expectRevert(refusal);
        datanets.setShares(id, 0, 1, 1);
        vm.expectRevert(refusal);
        datanets.proposeCurator(id, stranger);
        vm.expectRevert(refusal);
        datanets.publish(id, "");
    }

    function test_UnknownDatanetsAreRefused() public {
        bytes memory refusal = abi.encodeWithSelector(UnknownDatanet.selector, 7);
        vm.expectRevert(refusal);
        datanets.contribute(7, "text");
        vm.expectRevert(refusal);
        datanets.publish(7, "");
        vm.expectRevert(refusal);
        datanets.acceptCurator(7);
        vm.expectRevert(refusal);
        datanets.donate(7);
        vm.expectRevert(refusal);
        review.commit(7, 0, 1);
        vm.expectRevert(refusal);
        review.advance(7, 1);
        vm.expectRevert(refusal);
        review.disown(7, 0);
        vm.expectRevert(refusal);
        datanets.datanetInfo(7);
        vm.expectRevert(refusal);
        datanets.contributorCount(7);
    }

    function test_TheLimitsAreReadable() public pure {
        (uint32 documents, uint256 size, uint16 jurors, uint16 share) = datanets.limits();
        vm.assertEq(documents, 65_536, "documents");
        vm.assertEq(size, 131_072, "bytes");
        vm.assertEq(jurors, 15, "jurors");
        vm.assertEq(share, 1_000, "share");
    }

    function test_ReviewsAreFundedByAnybodyAndByInference() public {
        uint256 id = createReviewed();
        vm.prank(bob);
        datanets.donate{value: 2 ether}(id);
        vm.assertEq(payouts.escrowOf(address(datanets)), 2 ether, "escrow");
        vm.deal(Predeploys.INFERENCE, 1 ether);
        vm.startPrank(Predeploys.INFERENCE);
        payouts.hold{value: 1 ether}();
        payouts.move(address(datanets), 1 ether);
        datanets.fundReview(id, 1 ether);
        vm.stopPrank();
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 3 ether, "fund");
        vm.expectRevert(abi.encodeWithSelector(NotModule.selector, bob));
        vm.prank(bob);
        datanets.fundReview(id, 1 ether);
    }
}
