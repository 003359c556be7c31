// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {AttestationVerifier} from "../src/l1/AttestationVerifier.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {Claim} from "../src/l1/IOutputVerifier.sol";
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
        (uint32 gameType, bytes32 claim, bytes memory extraData) = output.gameData();
        vm.assertTrue(gameType == outputs.GAME_TYPE() && claim == root, "gameData");
        vm.assertEq(extraData, abi.encode(uint256(10)), "gameData's extraData");
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
        wait(first);
        second = bound(second, 0, first);
        propose(first, root);
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, second, root);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.BlockNotNew.selector, first, second));
        outputs.propose(second, root, number, hash, attestation);
    }

    function test_AVerifierNeedsAKey() public {
        vm.expectRevert(AttestationVerifier.ZeroProver.selector);
        new AttestationVerifier(address(0), l2ChainId);
    }

    function testFuzz_ABlockThatL2CannotHaveReachedIsRefused(uint256 block_, uint32 elapsed) public {
        wait(elapsed);
        uint256 most = uint256(elapsed) + outputs.MAX_SEQUENCER_DRIFT();
        vm.assertEq(outputs.highestBlockNumber(), most, "most");
        block_ = bound(block_, most + 1, type(uint256).max);
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, block_, root);
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.BlockInFuture.selector, most, block_));
        outputs.propose(block_, root, number, hash, attestation);
        propose(most, root);
        vm.assertEq(outputs.latestBlockNumber(), most, "latest");
    }

    function test_OneSignatureOfTheLastBlockNumberThereIsDoesNotBlockTheBridge() public {
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, type(uint256).max, root);
        vm.expectRevert(
            abi.encodeWithSelector(
                OutputProposals.BlockInFuture.selector, outputs.MAX_SEQUENCER_DRIFT(), type(uint256).max
            )
        );
        outputs.propose(type(uint256).max, root, number, hash, attestation);
        propose(10, root);
    }

    function testFuzz_TheHighestBlockFollowsTheBlockTime(uint16 blockTime, uint32 genesisBlock, int32 later) public {
        later %= 1_000_000_000;
        blockTime = uint16(bound(blockTime, 1, type(uint16).max));
        OutputProposals.Init memory init = outputsInit();
        (init.blockTime, init.genesisBlockNumber) = (blockTime, genesisBlock);
        // Genesis may lie before or after the deployment.
        init.genesisTime = uint256(int256(genesisTime) + later);
        outputs = new OutputProposals(init);
        int256 elapsed = int256(outputs.MAX_SEQUENCER_DRIFT()) - later;
        uint256 most = genesisBlock + (elapsed > 0 ? uint256(elapsed) / blockTime : 0);
        vm.assertEq(outputs.highestBlockNumber(), most, "most");
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
        vm.assertTrue(outputs.isGameRespected(address(output)), "respected");
        vm.assertTrue(!outputs.isGameRespected(address(this)), "stranger is respected");
        vm.assertTrue(!outputs.isGameBlacklisted(address(this)), "stranger is vetoed");
        vm.assertTrue(!outputs.isGameRetired(address(output)), "retired");
    }

    function test_AnOutputThatIsNotThereHasNoGame() public {
        propose(10, root);
        bytes memory refusal = abi.encodeWithSelector(OutputProposals.NoSuchOutput.selector, 1);
        vm.expectRevert(refusal);
        outputs.gameAtIndex(1);
        vm.expectRevert(refusal);
        outputs.isFinal(1);
    }

    function test_TheAnchorIsTheNewestOutput() public {
        (bytes32 anchor, uint256 number) = outputs.getAnchorRoot();
        vm.assertEq(anchor, genesisRoot, "genesis");
        vm.assertEq(number, 0, "genesis block");
        propose(10, root);
        (anchor, number) = outputs.getAnchorRoot();
        vm.assertEq(anchor, root, "newest");
        vm.assertEq(number, 10, "newest block");
        vm.assertEq(outputs.version(), "1.0.0", "version");
    }
}
