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

    function test_AContributionToAClosedDatanetCountsOnlyOnceAccepted() public {
        uint256 id = create(false);
        uint64 row = contribute(alice, id);
        vm.assertTrue(!active(id, row), "pending");
        vm.prank(curator);
        datanets.accept(id, row);
        vm.assertTrue(active(id, row), "accepted");
        vm.prank(curator);
        datanets.reject(id, row);
        vm.assertTrue(!active(id, row), "rejected");
        (address account, Datanets.Status status) = datanets.contribution(id, row);
        vm.assertEq(account, alice, "contributor");
        vm.assertTrue(status == Datanets.Status.Rejected, "status");
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
        uint64 row = contribute(alice, id);
        bytes memory refusal = abi.encodeWithSelector(Datanets.NotCurator.selector, id, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        datanets.accept(id, row);
        vm.expectRevert(refusal);
        datanets.reject(id, row);
        vm.expectRevert(refusal);
        datanets.setCurator(id, stranger);
    }

    function test_ANewCuratorTakesOver() public {
        uint256 id = create(false);
        uint64 row = contribute(alice, id);
        vm.prank(curator);
        datanets.setCurator(id, bob);
        vm.prank(bob);
        datanets.accept(id, row);
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
