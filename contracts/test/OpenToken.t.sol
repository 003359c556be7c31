// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Vm.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {OpenToken} from "../src/l1/OpenToken.sol";

contract OpenTokenTest is Test {
    uint256 private constant aliceKey = 0xA11CE;
    address private constant bob = address(0xB0B);
    uint256 private constant supply = 1e27;
    OpenToken private open;
    address private alice;

    function setUp() public {
        vm.warp(1_700_000_000);
        alice = vm.addr(aliceKey);
        open = new OpenToken(alice, supply);
    }

    function digestOf(OpenToken token, address spender, uint256 value, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(kind, alice, spender, value, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message));
    }

    function permit(bytes32 digest, uint256 value, uint256 deadline) private {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, digest);
        open.permit(alice, bob, value, deadline, v, r, s);
    }

    function testFuzz_APermitApprovesOnceWhoeverBringsIt(uint256 value, uint32 time, address carrier) public {
        uint256 deadline = vm.getBlockTimestamp() + time;
        bytes32 digest = digestOf(open, bob, value, 0, deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, digest);
        vm.prank(carrier);
        open.permit(alice, bob, value, deadline, v, r, s);
        vm.assertEq(open.allowance(alice, bob), value, "allowance");
        vm.assertEq(open.nonces(alice), 1, "nonce");
        // The replay recovers a stranger, because the nonce has moved on.
        vm.expectRevert();
        open.permit(alice, bob, value, deadline, v, r, s);
    }

    function test_APermitOfAnotherTokenIsNone() public {
        OpenToken other = new OpenToken(alice, supply);
        bytes32 digest = digestOf(other, bob, 5, 0, type(uint256).max);
        vm.expectRevert();
        permit(digest, 5, type(uint256).max);
    }

    function test_APermitOfAnotherChainIsNone() public {
        bytes32 digest = digestOf(open, bob, 5, 0, type(uint256).max);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        vm.expectRevert();
        permit(digest, 5, type(uint256).max);
        vm.chainId(here);
        permit(digest, 5, type(uint256).max);
        vm.assertEq(open.allowance(alice, bob), 5, "allowance");
    }

    function test_ALatePermitIsNone() public {
        uint256 deadline = vm.getBlockTimestamp() - 1;
        bytes32 digest = digestOf(open, bob, 5, 0, deadline);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        permit(digest, 5, deadline);
    }

    function testFuzz_VotesAreCountedByTimeAndFollowTheTokens(uint256 amount, uint32 elapsed) public {
        amount = bound(amount, 1, supply);
        elapsed = uint32(bound(elapsed, 1, type(uint32).max));
        uint256 start = vm.getBlockTimestamp();
        vm.assertEq(open.clock(), start, "clock");
        vm.assertEq(open.CLOCK_MODE(), "mode=timestamp", "mode");
        vm.assertEq(open.getVotes(alice), 0, "before delegating");
        vm.prank(alice);
        open.delegate(alice);
        vm.assertEq(open.getVotes(alice), supply, "delegated");
        vm.warp(start + elapsed);
        vm.prank(alice);
        open.transfer(bob, amount);
        vm.assertEq(open.getVotes(alice), supply - amount, "after a transfer");
        vm.assertEq(open.getVotes(bob), 0, "bob has delegated to nobody");
        vm.assertEq(open.getPastVotes(alice, start), supply, "past");
        vm.assertEq(open.getPastTotalSupply(start), supply, "past supply");
    }

    function test_ADelegationBySignatureCountsOnce() public {
        bytes32 kind = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        bytes32 message = keccak256(abi.encode(kind, bob, uint256(0), type(uint256).max));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(aliceKey, keccak256(abi.encodePacked(hex"1901", open.DOMAIN_SEPARATOR(), message)));
        open.delegateBySig(bob, 0, type(uint256).max, v, r, s);
        vm.assertEq(open.getVotes(bob), supply, "votes");
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, 1));
        open.delegateBySig(bob, 0, type(uint256).max, v, r, s);
    }
}
