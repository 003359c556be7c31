// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {ModelDisputes} from "../../src/l2/models/ModelDisputes.sol";
import {ModelsTest} from "./ModelsTest.sol";

/// @notice A model with sketches.
abstract contract SketchedTest is ModelsTest {
    uint16 internal constant DIM = 32;
    bytes32 internal constant SEED = "seed";
    bytes32 internal constant WHITENING = "whitening";
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);

    uint256 internal modelId;
    uint256 internal setId;

    function setUp() public virtual {
        deployModels();
        publish(1, licence());
        publish(2, licence());
        // Rows 0 and 1 are Alice's, row 2 is Bob's, in both datanets.
        for (uint256 id = 1; id <= 2; ++id) {
            datanets.setContributor(id, 0, 1, ALICE);
            datanets.setContributor(id, 1, 1, ALICE);
            datanets.setContributor(id, 2, 2, BOB);
        }
        vm.prank(TRAINER);
        modelId = models.create("model", "");
        setId = createSet();
    }

    function createSet() internal returns (uint256) {
        vm.prank(TRAINER);
        return
            disputes.createSketchSet(modelId, DIM, 0, 20, keccak256(abi.encode(SEED, WHITENING, bytes32("manifest"))));
    }

    function sketched() internal returns (IModelRegistry.Registration memory entry) {
        entry = registration();
        entry.sources = new IModels.Source[](2);
        (entry.sources[0], entry.sources[1]) = (IModels.Source(1, 1, 5_000), IModels.Source(2, 1, 5_000));
        (entry.contributorBps, entry.sketchBps, entry.sketchSetId) = (6_000, 2_500, uint64(setId));
        (entry.seed, entry.whiteningHash) = (SEED, WHITENING);
    }

    function append(uint256 datanetId, uint64[] memory rows, bytes memory payload) internal {
        vm.prank(TRAINER);
        disputes.appendSketches(setId, datanetId, 1, rows, payload);
    }

    function rowsOf(uint64 first, uint64 count) internal pure returns (uint64[] memory rows) {
        rows = new uint64[](count);
        for (uint64 i = 0; i < count; ++i) {
            rows[i] = first + i;
        }
    }

    /// @dev `exponent`, then `even` and `odd` in turn.
    function sketch(uint8 exponent, int8 even, int8 odd) internal pure returns (bytes memory bytes_) {
        bytes_ = new bytes(1 + uint256(DIM));
        bytes_[0] = bytes1(exponent);
        for (uint256 i = 0; i < DIM; ++i) {
            bytes_[1 + i] = bytes1(uint8(i % 2 == 0 ? even : odd));
        }
    }

    function registerSketched() internal {
        append(1, rowsOf(0, 3), bytes.concat(sketch(7, 100, 20), sketch(7, 20, 100), sketch(7, -100, 20)));
        vm.prank(TRAINER);
        models.registerVersion(modelId, sketched());
    }
}

/// @notice Sketch sets: who appends what, and when.
contract SketchesTest is SketchedTest {
    function test_RowsStandForRowsOfADatanet() public {
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchContributor(modelId, 1, 1, 1);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchContributor(modelId, 2, 1, 2);
        uint32[] memory numbers = new uint32[](3);
        (numbers[0], numbers[1], numbers[2]) = (1, 1, 2);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchesAppended(modelId, setId, 1, 1, 0, rowsOf(0, 3), numbers);
        registerSketched();
        (IModels.Terms memory agreed,) = models.terms(modelId, 1);
        vm.assertTrue(agreed.sketchSetId == setId && agreed.sketchBps == 2_500, "the set answers");
        // Two runs of one contributor each were appended to a set of version 1.
        vm.assertEq(agreed.sketchVersion, 3, "at its version");
        (uint32 number,,, bytes memory stored) = sketches.row(setId, 2);
        vm.assertEq(number, 2, "the third row is Bob's");
        vm.assertEq(stored, sketch(7, -100, 20), "as it was given");
        (bool found, uint64 setRow) = disputes.sketchOf(setId, 1, 2);
        vm.assertTrue(found && setRow == 2, "found by the datanet's row");
        (found,) = disputes.sketchOf(setId, 2, 2);
        vm.assertTrue(!found, "of that datanet only");
    }

    function test_NumbersStandForContributorsOfDatanets() public {
        append(1, rowsOf(2, 1), sketch(7, 1, 1));
        append(2, rowsOf(0, 2), bytes.concat(sketch(7, 1, 1), sketch(7, 1, 1)));
        uint32[] memory numbers = new uint32[](2);
        (numbers[0], numbers[1]) = (2, 1);
        (uint256[] memory datanetIds, address[] memory accounts) = models.sketchContributors(modelId, numbers);
        vm.assertTrue(datanetIds[0] == 2 && datanetIds[1] == 1, "datanets");
        vm.assertTrue(accounts[0] == ALICE && accounts[1] == BOB, "accounts");
        numbers[0] = 3;
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.UnknownNumber.selector, modelId, 3));
        models.sketchContributors(modelId, numbers);
        numbers[0] = 0;
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.UnknownNumber.selector, modelId, 0));
        models.sketchContributors(modelId, numbers);
    }

    /// @dev Alice's second row was stolen; a dispute of the datanet's proved it.
    function test_ASketchOfADisownedRowBecomesItsAuthors() public {
        append(1, rowsOf(0, 2), bytes.concat(sketch(7, 1, 1), sketch(7, 1, 1)));
        address author = address(0xA07);
        datanets.reassign(1, 1, 6, author);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchContributor(modelId, 2, 1, 6);
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchReassigned(modelId, setId, 1, 1, 1, 2);
        disputes.followAuthor(setId, 1, 1);
        (uint32 number,,,) = sketches.row(setId, 1);
        uint32[] memory numbers = new uint32[](1);
        numbers[0] = number;
        (, address[] memory accounts) = models.sketchContributors(modelId, numbers);
        vm.assertTrue(accounts[0] == author, "the author is paid");
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.UnknownSketch.selector, setId, 1, 2));
        disputes.followAuthor(setId, 1, 2);
    }

    /// @dev Each reassignment that the store keeps is read by every scan from then on.
    function test_NobodyMakesScansDearerByReassigningASketchToItsAuthor() public {
        append(1, rowsOf(0, 2), bytes.concat(sketch(7, 1, 1), sketch(7, 1, 1)));
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NothingChanged.selector, setId, 1, 0));
        disputes.followAuthor(setId, 1, 0);
        datanets.reassign(1, 1, 6, address(0xA07));
        disputes.followAuthor(setId, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NothingChanged.selector, setId, 1, 1));
        disputes.followAuthor(setId, 1, 1);
    }

    function test_OnlyTheBondedTrainerAppends() public {
        bytes memory payload = sketch(7, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotTrainer.selector, modelId, OTHER));
        vm.prank(OTHER);
        disputes.appendSketches(setId, 1, 1, rowsOf(0, 1), payload);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotTrainer.selector, 0, TRAINER));
        vm.prank(TRAINER);
        disputes.appendSketches(99, 1, 1, rowsOf(0, 1), payload);
        vm.prank(TRAINER);
        models.releaseBond(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotTrainer.selector, modelId, TRAINER));
        append(1, rowsOf(0, 1), payload);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, modelId, OTHER));
        vm.prank(OTHER);
        disputes.createSketchSet(modelId, DIM, 0, 20, "commitment");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroHash.selector));
        vm.prank(TRAINER);
        disputes.createSketchSet(modelId, DIM, 0, 20, 0);
        vm.assertEq(lockedOf(TRAINER), 0, "nothing was locked meanwhile");
    }

    /// @dev ±v for one row would win from any answer.
    function test_ARowHasOneSketchSoNoPairOfOppositeOnesWins() public {
        uint64[] memory twice = new uint64[](2);
        bytes memory duplicate = abi.encodeWithSelector(IModelDisputes.DuplicateSketch.selector, setId, 1, 0);
        vm.expectRevert(duplicate);
        append(1, twice, bytes.concat(sketch(7, 9, 9), sketch(7, -9, -9)));
        append(1, rowsOf(0, 1), sketch(7, 9, 9));
        vm.expectRevert(duplicate);
        append(1, rowsOf(0, 1), sketch(7, -9, -9));
        append(2, rowsOf(0, 1), sketch(7, -9, -9));
    }

    function test_WhatIsAppendedIsWholeAndOfTheRelease() public {
        bytes memory invalid = abi.encodeWithSelector(IModelDisputes.InvalidSketch.selector);
        vm.expectRevert(invalid);
        append(1, rowsOf(0, 2), sketch(7, 1, 1));
        vm.expectRevert(invalid);
        append(1, new uint64[](0), "");
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.RowNotInRelease.selector, 1, 1, 10));
        append(1, rowsOf(10, 1), sketch(7, 1, 1));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownRelease.selector, 8, 1));
        append(8, rowsOf(0, 1), sketch(7, 1, 1));
    }

    function test_ASetIsOfAtMost16Releases() public {
        for (uint256 id = 3; id <= 18; ++id) {
            publish(id, licence());
            append(id, rowsOf(0, 1), sketch(7, 1, 1));
        }
        append(18, rowsOf(1, 1), sketch(7, 1, 1));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.TooManySources.selector, 17));
        append(1, rowsOf(0, 1), sketch(7, 1, 1));
    }

    function test_AVersionFreezesItsSet() public {
        registerSketched();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.SketchesFrozen.selector, setId));
        append(2, rowsOf(0, 1), sketch(7, 1, 1));
        vm.prank(TRAINER);
        models.registerVersion(modelId, sketched());
        (IModels.Terms memory first,) = models.terms(modelId, 1);
        (IModels.Terms memory second,) = models.terms(modelId, 2);
        vm.assertEq(first.sketchVersion, second.sketchVersion, "a later version of other terms uses the same rows");
    }

    function test_AVersionsSetIsItsTrainersAndFitsItsSources() public {
        IModelRegistry.Registration memory entry = sketched();
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelRegistry.EmptySketchSet.selector, setId));
        append(1, rowsOf(0, 1), sketch(7, 1, 1));
        entry.seed = "another";
        bytes memory wrong = abi.encodeWithSelector(IModelRegistry.WrongSketchCommitment.selector, setId);
        refusedVersion(modelId, entry, wrong);
        (entry.seed, entry.manifestHash) = (SEED, "another");
        refusedVersion(modelId, entry, wrong);
        entry = sketched();
        entry.sketchBps = 0;
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelRegistry.SketchesUnused.selector, setId, 0));
        (entry.sketchBps, entry.sketchSetId) = (1, 0);
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelRegistry.SketchesUnused.selector, 0, 1));
        entry = sketched();
        // A later release is not what the sketches are of.
        entry.sources[0].releaseId = datanets.publish(1, 20, 9, licence());
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelDisputes.SketchOfOtherRelease.selector, 1, 1));
        entry = sketched();
        vm.startPrank(OTHER);
        uint256 theirs = models.create("", "");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownSketchSet.selector, theirs, setId));
        models.registerVersion(theirs, entry);
        vm.stopPrank();
        vm.prank(TRAINER);
        models.offerOwnership(modelId, OTHER);
        vm.startPrank(OTHER);
        models.acceptOwnership(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotTrainer.selector, modelId, OTHER));
        models.registerVersion(modelId, entry);
        vm.stopPrank();
    }
}

/// @notice Disputes: who pays, and what takes no more requests.
contract DisputesTest is SketchedTest {
    address private constant CHALLENGER = address(0xC4);

    function setUp() public override {
        super.setUp();
        registerSketched();
        vm.deal(CHALLENGER, 1_000 ether);
    }

    function challengeRow(bytes memory other) private returns (uint256) {
        vm.prank(CHALLENGER);
        return disputes.challengeSketch{value: FEE + CHALLENGE}(modelId, 1, 1, 0, other);
    }

    function challengeClaim(uint32 version) private returns (uint256) {
        vm.prank(CHALLENGER);
        return disputes.challenge{value: FEE + CHALLENGE}(modelId, version, "evidence");
    }

    function test_AJuryIsAskedAndTheBondsStay() public {
        bytes memory other = sketch(7, 20, 100);
        bytes32 evidence = keccak256(abi.encode(setId, uint64(0), uint256(1), uint64(0), other));
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.Challenged(
            1, modelId, 1, IModelDisputes.Dispute.Sketch, CHALLENGER, TRAINER, CHALLENGE, evidence
        );
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.SketchChallenged(1, setId, 1, 0, 0, other);
        uint256 caseId = challengeRow(other);
        IJuries.Opening memory opened = juries.opened(caseId);
        vm.assertEq(
            opened.subject,
            keccak256(abi.encode(modelId, uint32(1), IModelDisputes.Dispute.Sketch, evidence)),
            "what is decided about"
        );
        vm.assertTrue(opened.jurors == 5 && opened.claimant == CHALLENGER && opened.decider == address(0), "by whom");
        vm.assertEq(juries.paid(), FEE, "the fee is the jury's");
        vm.assertEq(lockedOf(CHALLENGER), CHALLENGE, "the bond is locked");
        vm.assertTrue(active(modelId), "nothing is decided");
        vm.prank(TRAINER);
        models.deprecate(modelId);
        vm.warp(block.timestamp + 365 days);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.BondInUse.selector, modelId, TRAINER));
        vm.prank(TRAINER);
        models.releaseBond(modelId);
        (, uint32 open,) = models.bondOf(modelId, TRAINER);
        vm.assertEq(open, 1, "one dispute");
    }

    function test_UpheldTheTrainerPaysAndTheSetIsStruck() public {
        uint256 caseId = challengeRow(sketch(7, 20, 100));
        vm.expectEmit(Predeploys.MODELS);
        emit IModelDisputes.DisputeClosed(caseId, true, BOND);
        juries.rule(caseId, true);
        vm.assertEq(stakes.slashedTo(CHALLENGER), BOND / 2, "half is the challenger's");
        vm.assertEq(stakes.slashedTo(Predeploys.FEE_DISTRIBUTOR), BOND / 2, "half the distributor's");
        vm.assertTrue(lockedOf(TRAINER) == 0 && lockedOf(CHALLENGER) == 0, "no bond is left");
        vm.assertTrue(!active(modelId) && models.facts(modelId, 1).struck, "no new requests");
        // A new version with the same sketches would say the same again.
        refusedVersion(modelId, sketched(), abi.encodeWithSelector(IModelRegistry.Struck.selector, modelId, 2));
        refused(child(modelId, 0), abi.encodeWithSelector(IModelRegistry.Struck.selector, modelId, 1));
        vm.prank(TRAINER);
        models.deprecate(modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.Struck.selector, modelId, 1));
        vm.prank(TRAINER);
        models.reactivate(modelId);
        vm.prank(TRAINER);
        models.registerVersion(modelId, registration());
        vm.assertTrue(active(modelId) && lockedOf(TRAINER) == BOND, "something else, bonded anew");
    }

    function test_NotUpheldTheChallengerPays() public {
        uint256 caseId = challengeRow(sketch(7, 20, 100));
        juries.rule(caseId, false);
        vm.assertEq(stakes.slashedTo(TRAINER), CHALLENGE / 2, "half is the trainer's");
        vm.assertEq(stakes.slashedTo(Predeploys.FEE_DISTRIBUTOR), CHALLENGE / 2, "half the distributor's");
        vm.assertTrue(lockedOf(TRAINER) == BOND && lockedOf(CHALLENGER) == 0, "the trainer's bond stays");
        vm.assertTrue(active(modelId), "and the model serves");
    }

    /// @dev A version with another price is registered while the first is disputed.
    function test_AVersionThatSaysTheSameIsStruckWithIt() public {
        IModelRegistry.Registration memory entry = registration();
        vm.startPrank(TRAINER);
        models.registerVersion(modelId, entry);
        uint256 caseId = challengeAs(TRAINER, 2);
        entry.price = 7 ether;
        models.registerVersion(modelId, entry);
        vm.stopPrank();
        juries.rule(caseId, true);
        vm.assertTrue(!active(modelId) && models.facts(modelId, 3).struck, "the same claims");
        refusedVersion(modelId, entry, abi.encodeWithSelector(IModelRegistry.Struck.selector, modelId, 3));
        (,, uint64 releasable) = models.bondOf(modelId, TRAINER);
        vm.assertEq(releasable, block.timestamp + 30 days, "it serves no more");
    }

    function challengeAs(address who, uint32 version) private returns (uint256) {
        vm.deal(who, 1_000 ether);
        return disputes.challenge{value: FEE}(modelId, version, "evidence");
    }

    /// @dev Who took another's weights for its own once more, in a model that no jury has seen, is refused.
    function test_WhatWasFoundUntrueItsTrainerSaysInNoOtherModel() public {
        IModelRegistry.Registration memory stolen = registration();
        vm.prank(TRAINER);
        models.registerVersion(modelId, stolen);
        juries.rule(challengeClaim(2), true);
        vm.prank(TRAINER);
        uint256 other = models.create("another", "");
        refusedVersion(other, stolen, abi.encodeWithSelector(IModelRegistry.Struck.selector, other, 0));
        uint256 own = registerAs(OTHER, stolen);
        vm.assertTrue(active(own), "the others may, who made them");
    }

    /// @dev Whoever registers another's weights first is in its way until a jury says so.
    function test_WeightsOfAStruckClaimAreAnyonesToRegister() public {
        IModelRegistry.Registration memory stolen = registration();
        vm.prank(TRAINER);
        models.registerVersion(modelId, stolen);
        IModelRegistry.Registration memory own = registration();
        own.weightsHash = stolen.weightsHash;
        refused(own, abi.encodeWithSelector(IModelRegistry.WeightsKnown.selector, modelId, 2));
        uint256 caseId = challengeClaim(2);
        juries.rule(caseId, true);
        uint256 theirs = registerAs(OTHER, own);
        (uint256 first,) = models.firstWith(own.weightsHash);
        vm.assertEq(first, theirs, "its maker's");
    }

    function test_AnOldVersionsDisputeStrikesNoOther() public {
        IModelRegistry.Registration memory entry = registration();
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        juries.rule(challengeClaim(1), true);
        vm.assertTrue(models.facts(modelId, 1).struck && !models.facts(modelId, 2).struck, "only what it was about");
        vm.assertTrue(!active(modelId), "but the bond is gone");
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
        vm.assertTrue(active(modelId), "bonded anew");
    }

    // ---- Only what differs goes to a jury

    function agrees(bytes memory other) private {
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.SketchesAgree.selector));
        challengeRow(other);
    }

    function test_RoundingSlashesNobody() public {
        agrees(sketch(7, 100, 20));
        agrees(sketch(7, 99, 21));
        // Half the values at half the scale.
        agrees(sketch(6, 50, 10));
        // A hundred to twenty against a hundred to thirty: cosine² is .991; against thirty-one, .989.
        agrees(sketch(7, 98, 29));
        challengeRow(sketch(7, 100, 31));
    }

    function test_AnOppositeAScaledAndAnEmptySketchDiffer() public {
        challengeRow(sketch(7, -100, -20));
        // The right direction, twice as long: its row would earn twice as much.
        challengeRow(sketch(7, 50, 10));
        challengeRow(sketch(8, 100, 20));
        challengeRow(sketch(6, 100, 20));
        challengeRow(sketch(7, 0, 0));
    }

    function testFuzz_AScaleThatIsWrittenOtherwiseIsTheSame(uint8 exponent, int8 even, int8 odd) public {
        exponent = uint8(bound(exponent, 1, 63));
        (even, odd) = (even / 3, odd / 3);
        vm.assume(even != 0 || odd != 0);
        uint64[] memory rows = rowsOf(3, 1);
        setId = createSet();
        append(1, rows, sketch(exponent, even * 2, odd * 2));
        vm.prank(TRAINER);
        models.registerVersion(modelId, sketched());
        bytes memory same = sketch(exponent - 1, even, odd);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.SketchesAgree.selector));
        vm.prank(CHALLENGER);
        disputes.challengeSketch{value: FEE + CHALLENGE}(modelId, 2, 1, 3, same);
    }

    function test_TheLargestSketchesAreComparedWithinABlock() public {
        vm.startPrank(TRAINER);
        setId = disputes.createSketchSet(
            modelId, 4_096, 0, 20, keccak256(abi.encode(SEED, WHITENING, bytes32("manifest")))
        );
        bytes memory large = new bytes(4_097);
        for (uint256 i = 0; i < large.length; ++i) {
            large[i] = 0x7f;
        }
        large[0] = 0x07;
        disputes.appendSketches(setId, 1, 1, rowsOf(0, 1), large);
        models.registerVersion(modelId, sketched());
        vm.stopPrank();
        for (uint256 i = 1; i < large.length; i += 2) {
            large[i] = 0x81;
        }
        uint256 before = gasleft();
        vm.prank(CHALLENGER);
        disputes.challengeSketch{value: FEE + CHALLENGE}(modelId, 2, 1, 0, large);
        vm.assertTrue(before - gasleft() < 5_000_000, "gas of a dispute about 4,096 values");
    }

    function test_WhatIsNoSketchIsRefused() public {
        bytes memory invalid = abi.encodeWithSelector(IModelDisputes.InvalidSketch.selector);
        vm.expectRevert(invalid);
        challengeRow("");
        vm.expectRevert(invalid);
        challengeRow(sketch(64, 1, 1));
        vm.expectRevert(invalid);
        challengeRow(sketch(7, -128, 1));
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.UnknownSketch.selector, setId, 1, 3));
        vm.prank(CHALLENGER);
        disputes.challengeSketch{value: FEE + CHALLENGE}(modelId, 1, 1, 3, sketch(7, 1, 1));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 2));
        challengeClaim(2);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ZeroHash.selector));
        vm.prank(CHALLENGER);
        disputes.challenge{value: FEE + CHALLENGE}(modelId, 1, 0);
    }

    // ---- Spam

    function test_EachDisputePaysAJuryAndRisksABond() public {
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.FeeTooSmall.selector, FEE, FEE - 1));
        vm.prank(CHALLENGER);
        disputes.challenge{value: FEE - 1}(modelId, 1, "evidence");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakes.StakeTooSmall.selector, IStakes.Purpose.Trainer, CHALLENGER, CHALLENGE - 1, CHALLENGE
            )
        );
        vm.prank(CHALLENGER);
        disputes.challenge{value: FEE + CHALLENGE - 1}(modelId, 1, "evidence");
        uint256[] memory cases = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            cases[i] = challengeClaim(1);
        }
        vm.assertEq(lockedOf(CHALLENGER), 5 * CHALLENGE, "a bond for each");
        for (uint256 i = 0; i < 5; ++i) {
            juries.rule(cases[i], false);
        }
        (, uint32 open,) = models.bondOf(modelId, TRAINER);
        vm.assertTrue(open == 0 && active(modelId) && lockedOf(CHALLENGER) == 0, "all of them lost");
    }

    /// @dev The trainer disputes itself, to be first; whoever comes with a true dispute is heard all the same, and half of
    ///      the bond is lost whoever wins it.
    function test_ATrainerThatDisputesItselfKeepsNobodyAway() public {
        vm.startPrank(TRAINER);
        uint256 own = challengeAs(TRAINER, 1);
        vm.stopPrank();
        uint256 honest = challengeClaim(1);
        juries.rule(own, false);
        vm.assertEq(stakes.slashedTo(TRAINER), CHALLENGE / 2, "half of its own bond is lost");
        juries.rule(honest, true);
        vm.assertEq(stakes.slashedTo(CHALLENGER), BOND / 2, "the true dispute is paid");
    }

    function test_TheSecondToBeRightGetsItsBondBack() public {
        uint256 first = challengeClaim(1);
        uint256 second = challengeRow(sketch(7, 20, 100));
        juries.rule(first, true);
        juries.rule(second, true);
        vm.assertEq(stakes.slashedTo(CHALLENGER), BOND / 2, "a bond is taken once");
        vm.assertEq(lockedOf(CHALLENGER), 0, "both of the challenger's are free");
    }

    /// @dev Three disputes of one lie; the trainer was bonded anew, for something else, before the last was decided.
    function test_OneUntruthCostsOneBond() public {
        uint256[3] memory cases = [challengeClaim(1), challengeClaim(1), challengeClaim(1)];
        juries.rule(cases[0], true);
        vm.prank(TRAINER);
        models.registerVersion(modelId, registration());
        juries.rule(cases[1], true);
        juries.rule(cases[2], true);
        vm.assertTrue(active(modelId) && lockedOf(TRAINER) == BOND, "the new bond stays");
        vm.assertEq(stakes.slashedTo(CHALLENGER), BOND / 2, "the first is paid");
    }

    function test_AJuryOfAnEvenParameterIsOdd() public {
        parameters.set(Keys.CHALLENGE_JURORS, 4);
        vm.assertEq(juries.opened(challengeClaim(1)).jurors, 5, "one more");
    }

    function test_TermsOfADisputeAreThoseOfItsOpening() public {
        uint256 caseId = challengeClaim(1);
        parameters.set(Keys.WINNER_BPS, 1_000);
        parameters.set(Keys.CHALLENGE_BOND, 1 ether);
        juries.rule(caseId, false);
        vm.assertEq(stakes.slashedTo(TRAINER), CHALLENGE / 2, "as it was opened");
    }

    function test_OnlyJuriesRuleAndOnce() public {
        uint256 caseId = challengeClaim(1);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NotJuries.selector, address(this)));
        ModelDisputes(Predeploys.MODELS).ruled(caseId, true);
        juries.rule(caseId, false);
        bytes memory unknown = abi.encodeWithSelector(IModelDisputes.UnknownDispute.selector, caseId);
        vm.expectRevert(unknown);
        juries.rule(caseId, true);
    }

    function test_CalledAtItsOwnAddressThePartForDisputesKnowsNothing() public {
        ModelDisputes code = ModelDisputes(Predeploys.MODEL_DISPUTES);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 1));
        code.challenge(modelId, 1, "evidence");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, modelId));
        code.createSketchSet(modelId, DIM, 0, 20, "commitment");
    }

    function test_AModelWithoutABondCanStillBeStruck() public {
        parameters.set(Keys.TRAINER_BOND, 0);
        vm.startPrank(OTHER);
        uint256 free = models.create("", "");
        vm.stopPrank();
        IModelRegistry.Registration memory entry = registration();
        vm.prank(OTHER);
        models.registerVersion(free, entry);
        vm.prank(CHALLENGER);
        uint256 caseId = disputes.challenge{value: FEE + CHALLENGE}(free, 1, "evidence");
        juries.rule(caseId, true);
        vm.assertTrue(!active(free) && stakes.slashedTo(CHALLENGER) == 0, "struck, with nothing to take");
    }
}
