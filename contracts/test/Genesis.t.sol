// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Genesis} from "../script/Genesis.s.sol";
import {Governed} from "../src/l2/governance/Governed.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";
import {Test} from "./Vm.sol";

/// @notice What governance might put in a contract's place.
contract Mended is Governed {
    function mended() external pure returns (bool) {
        return true;
    }
}

contract GenesisTest is Test {
    Genesis private genesis;

    function setUp() public {
        genesis = new Genesis();
        genesis.place();
    }

    function implementation(address proxy) private view returns (address) {
        return address(uint160(uint256(vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT))));
    }

    function proxies() private view returns (address[] memory found) {
        Genesis.Placed[] memory all = genesis.placed();
        found = new address[](all.length);
        uint256 count;
        for (uint256 i = 0; i < all.length; ++i) {
            if (implementation(all[i].at) != address(0)) found[count++] = all[i].at;
        }
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }

    function test_EachProxyIsMendedByTheTimelock() public {
        address[] memory all = proxies();
        vm.assertEq(all.length, 8 + 19, "proxies");
        address mended = address(new Mended());
        for (uint256 i = 0; i < all.length; ++i) {
            vm.prank(Predeploys.TIMELOCK);
            UUPSUpgradeable(all[i]).upgradeToAndCall(mended, "");
            vm.assertTrue(Mended(all[i]).mended(), vm.toString(all[i]));
        }
    }

    function testFuzz_NobodyElseMendsAProxy(address stranger) public {
        vm.assume(stranger != Predeploys.TIMELOCK);
        address[] memory all = proxies();
        address mended = address(new Mended());
        for (uint256 i = 0; i < all.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, stranger));
            vm.prank(stranger);
            UUPSUpgradeable(all[i]).upgradeToAndCall(mended, "");
        }
    }

    function test_AnImplementationItselfCannotBeMended() public {
        address[] memory all = proxies();
        address mended = address(new Mended());
        for (uint256 i = 0; i < all.length; ++i) {
            address behind = implementation(all[i]);
            vm.assertEq(
                UUPSUpgradeable(behind).proxiableUUID(), ERC1967Utils.IMPLEMENTATION_SLOT, "knows its own address"
            );
            vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
            vm.prank(Predeploys.TIMELOCK);
            UUPSUpgradeable(behind).upgradeToAndCall(mended, "");
        }
    }

    /// @dev What a contract caches of the chain on which its constructor ran would be another chain's.
    function testFuzz_DomainsAreOfTheChainAndOfThePredeploy(uint64 chain) public {
        vm.chainId(chain);
        Genesis.Placed[] memory all = genesis.placed();
        uint256 separators;
        for (uint256 i = 0; i < all.length; ++i) {
            bytes memory domain = ask(all[i].at, abi.encodeCall(IERC5267.eip712Domain, ()));
            if (domain.length == 0) continue;
            bytes32 separator = separatorOf(domain, all[i].at, chain);
            bytes memory told = ask(all[i].at, abi.encodeWithSignature("DOMAIN_SEPARATOR()"));
            if (told.length == 0) continue;
            vm.assertEq(abi.decode(told, (bytes32)), separator, all[i].name);
            ++separators;
        }
        vm.assertTrue(separators >= 2, "the tokens have a domain");
    }

    function separatorOf(bytes memory domain, address at, uint256 chain) private pure returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifying,,) =
            abi.decode(domain, (bytes1, string, string, uint256, address, bytes32, uint256[]));
        vm.assertTrue(bytes(name).length != 0 && bytes(version).length != 0, "named");
        vm.assertEq(chainId, chain, name);
        vm.assertEq(verifying, at, name);
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(kind, keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifying));
    }

    function ask(address at, bytes memory call) private view returns (bytes memory answer) {
        (bool success, bytes memory told) = at.staticcall(call);
        if (success) answer = told;
    }

    function test_EveryContractOfTheLibraryIsThere() public view {
        address[16] memory named = [
            Predeploys.WRAPPED_OPEN,
            Predeploys.DATANETS,
            Predeploys.INFERENCE,
            Predeploys.PAYOUTS,
            Predeploys.JURIES,
            Predeploys.MODELS,
            Predeploys.COMMONS,
            Predeploys.STAKES,
            Predeploys.PARAMETERS,
            Predeploys.FEE_DISTRIBUTOR,
            Predeploys.VOTING_OPEN,
            Predeploys.GOVERNOR,
            Predeploys.TIMELOCK,
            Predeploys.DIVISION,
            Predeploys.DATANET_REVIEW,
            Predeploys.MODEL_DISPUTES
        ];
        for (uint256 i = 0; i < named.length; ++i) {
            vm.assertTrue(named[i].code.length != 0, vm.toString(named[i]));
        }
        Genesis.Placed[] memory all = genesis.placed();
        for (uint256 i = 0; i < all.length; ++i) {
            vm.assertTrue(all[i].at.code.length <= 24_576, all[i].name);
        }
    }
}
