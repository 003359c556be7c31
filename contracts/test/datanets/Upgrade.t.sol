// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {DatanetTest} from "./DatanetTest.sol";
import {FirstDatanets} from "../doubles/FirstDatanets.sol";
import {Datanets} from "../../src/l2/datanets/Datanets.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {IDatanetReview} from "../../src/interfaces/IDatanetReview.sol";

contract PlainProxy is ERC1967Proxy {
    constructor(address implementation) ERC1967Proxy(implementation, "") {}

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}

contract MendedDatanets is Datanets {
    function mended() external pure returns (bool) {
        return true;
    }
}

contract UpgradeTest is DatanetTest {
    event GasOfAContribution(uint256 first, uint256 current, uint256 ofAKnownAuthor, uint256 firstOfAKnownAuthor);

    function setUp() public {
        deploy();
    }

    function test_GovernanceAloneMendsTheCodeAndAllThatIsKnownStays() public {
        Datanets proxied = Datanets(payable(address(new PlainProxy(address(new Datanets())))));
        proxied.create(settings(Policy(0, false, 0, 0, 0)));
        proxied.contribute(1, "text");
        IDatanetReview(address(proxied)).commit(1, "root", 1);
        address next = address(new MendedDatanets());
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, mallory));
        proxied.upgradeToAndCall(next, "");
        vm.prank(Predeploys.TIMELOCK);
        proxied.upgradeToAndCall(next, "");
        vm.assertTrue(MendedDatanets(payable(address(proxied))).mended(), "mended");
        vm.assertEq(proxied.rowInfo(1, 0).documentHash, keccak256("text"), "row");
        vm.assertEq(IDatanetReview(address(proxied)).commitmentInfo(1).author, address(this), "commitment");
    }

    /// @dev What a contribution costs beside the first contract, in its event. The new one keeps the document's hash, so that
    ///      no document comes twice: two slots more, of which one is new.
    function test_AContributionCostsAboutWhatItDid() public {
        FirstDatanets old = new FirstDatanets();
        uint256 oldId = old.createDatanet("poems", "", true);
        uint256 id = createOpen();
        uint256 first = gasOf(address(old), abi.encodeCall(old.contribute, (oldId, document(1))));
        uint256 current = gasOf(address(datanets), abi.encodeCall(datanets.contribute, (id, document(1))));
        uint256 firstAgain = gasOf(address(old), abi.encodeCall(old.contribute, (oldId, document(2))));
        uint256 again = gasOf(address(datanets), abi.encodeCall(datanets.contribute, (id, document(2))));
        emit GasOfAContribution(first, current, again, firstAgain);
        vm.assertTrue(current < first + 40_000, "first document of an author");
        vm.assertTrue(again < firstAgain + 40_000, "another one");
    }

    function document(uint256 which) private pure returns (bytes memory) {
        return abi.encodePacked("a document of some length ", which);
    }

    function gasOf(address target, bytes memory call) private returns (uint256 used) {
        used = gasleft();
        (bool success,) = target.call(call);
        used -= gasleft();
        vm.assertTrue(success, "call");
    }
}
