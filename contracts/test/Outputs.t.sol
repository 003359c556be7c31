// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AttestationVerifier, Claim} from "../src/l1/AttestationVerifier.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {OutputProposals} from "../src/l1/OutputProposals.sol";

contract OutputsTest is L1Test {
    bytes32 private constant root = keccak256("output");

    function setUp() public {
        deployL1();
    }

    function test_AnAttestedOutputIsAcceptedFromAnyone() public {
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, 10, root);
        vm.prank(address(0xABCD));
        AttestedOutput output = outputs.propose(10, root, number, hash, attestation);
        vm.assertEq(outputs.gameCount(), 1, "count");
        vm.assertEq(outputs.latestBlockNumber(), 10, "latest block");
        vm.assertEq(outputs.latestOutputRoot(), root, "latest root");
        vm.assertEq(output.gameCreator(), address(0xABCD), "creator");
    }

    function test_AnOutputAnswersAsAResolvedGame() public {
        (, bytes32 hash) = l1Head();
        AttestedOutput output = propose(10, root);
        vm.assertEq(output.rootClaim(), root, "rootClaim");
        vm.assertEq(output.l2BlockNumber(), 10, "l2BlockNumber");
        vm.assertEq(output.l2SequenceNumber(), 10, "l2SequenceNumber");
        vm.assertEq(output.l1Head(), hash, "l1Head");
        vm.assertEq(output.createdAt(), vm.getBlockTimestamp(), "createdAt");
        vm.assertEq(output.resolvedAt(), vm.getBlockTimestamp(), "resolvedAt");
        vm.assertEq(output.status(), 2, "status");
        vm.assertEq(output.extraData(), abi.encode(uint256(10)), "extraData");
        vm.assertEq(output.gameType(), outputs.GAME_TYPE(), "gameType");
    }

    function testFuzz_AnotherKeyAttestsNothing(uint256 key) public {
        key = bound(key, 1, type(uint128).max);
        vm.assume(key != proverKey);
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(key, hash, 10, root);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, root, number, hash, attestation);
    }

    function testFuzz_BytesThatAreNoSignatureAreRefused(bytes calldata noise) public {
        (uint256 number, bytes32 hash) = l1Head();
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, root, number, hash, noise);
    }

    function test_AnAttestationIsForItsBlockItsRootAndItsStart() public {
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, 10, root);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(11, root, number, hash, attestation);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, keccak256("another"), number, hash, attestation);
        propose(5, root);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, root, number, hash, attestation);
    }

    function test_AnAttestationOnAForkOfL1IsRefused() public {
        (uint256 number,) = l1Head();
        bytes32 fork = keccak256("a block of another fork");
        bytes memory attestation = attest(proverKey, fork, 10, root);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.UnknownL1Head.selector, number, fork));
        outputs.propose(10, root, number, fork, attestation);
    }

    function test_ABlockOfTheFutureHasNoHashAndIsRefused() public {
        uint256 future = vm.getBlockNumber() + 1;
        bytes memory attestation = attest(proverKey, 0, 10, root);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.UnknownL1Head.selector, future, bytes32(0)));
        outputs.propose(10, root, future, 0, attestation);
    }

    function testFuzz_OutputsOnlyGoForward(uint256 first, uint256 second) public {
        first = bound(first, 1, type(uint64).max);
        second = bound(second, 0, first);
        propose(first, root);
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, second, root);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.BlockNotNew.selector, first, second));
        outputs.propose(second, root, number, hash, attestation);
    }

    function test_ANewProverReplacesTheOld() public {
        uint256 newKey = 0x2222;
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        verifier.setProver(vm.addr(newKey));
        vm.prank(owner);
        verifier.setProver(vm.addr(newKey));
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory byOld = attest(proverKey, hash, 10, root);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, root, number, hash, byOld);
        outputs.propose(10, root, number, hash, attest(newKey, hash, 10, root));
    }

    function test_TheDigestIsTheHashOfItsFieldsInOrder() public view {
        Claim memory claim = Claim(bytes32(uint256(1)), 2, 3, bytes32(uint256(4)), bytes32(uint256(5)));
        bytes memory fields =
            abi.encode(keccak256("tributary/output-attestation/v1"), uint256(630_925), uint256(1), 2, 3, 4, 5);
        vm.assertEq(verifier.digest(claim), keccak256(fields), "digest");
    }

    function testFuzz_FindLatestGamesGoesDownFromItsStart(uint256 count, uint256 start, uint256 n) public {
        count = bound(count, 0, 6);
        start = bound(start, 0, 8);
        n = bound(n, 0, 8);
        for (uint256 i = 1; i <= count; ++i) {
            vm.warp(vm.getBlockTimestamp() + 2);
            propose(i * 10, keccak256(abi.encode(i)));
        }
        OutputProposals.GameSearchResult[] memory found = outputs.findLatestGames(outputs.GAME_TYPE(), start, n);
        uint256 expected = start >= count ? 0 : (n < start + 1 ? n : start + 1);
        vm.assertEq(found.length, expected, "length");
        for (uint256 i = 0; i < found.length; ++i) {
            uint256 index = start - i;
            (uint32 gameType, uint64 timestamp, AttestedOutput proxy) = outputs.gameAtIndex(index);
            vm.assertEq(found[i].index, index, "index");
            vm.assertEq(found[i].rootClaim, keccak256(abi.encode(index + 1)), "root");
            vm.assertEq(found[i].extraData, abi.encode((index + 1) * 10), "extraData");
            vm.assertEq(found[i].timestamp, timestamp, "timestamp");
            bytes32 metadata = bytes32(abi.encodePacked(gameType, timestamp, address(proxy)));
            vm.assertEq(found[i].metadata, metadata, "metadata");
        }
    }

    function test_AnotherGameTypeHasNoGames() public {
        propose(10, root);
        vm.assertEq(outputs.findLatestGames(0, 0, 10).length, 0, "games");
    }

    function test_OnlyOutputsOfThisContractAreProperGames() public {
        AttestedOutput output = propose(10, root);
        vm.assertTrue(outputs.isGameProper(address(output)), "proper");
        vm.assertTrue(!outputs.isGameFinalized(address(output)), "finalized too early");
        vm.warp(vm.getBlockTimestamp() + finality);
        vm.assertTrue(outputs.isGameClaimValid(address(output)), "valid");
        vm.assertTrue(!outputs.isGameProper(address(this)), "stranger");
        vm.assertTrue(!outputs.isGameClaimValid(address(this)), "stranger's claim");
    }
}
