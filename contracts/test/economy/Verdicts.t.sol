// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice What the clients of juries do when they are told a verdict, with everything cold and everybody new: less than half of
///         the gas that Juries gives them. And juries at the greatest of all parameters.
contract VerdictsTest is EconomyTest {
    event log_named_uint(string key, uint256 value);

    /// @dev Half of what Juries gives a client (`TELL_GAS`).
    uint256 private constant ENOUGH = 1_000_000;
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    function setUp() public {
        deployEconomy();
    }

    /// @dev The verdict is told as by Juries, in a transaction of its own.
    function tell(address client, uint256 caseId, bool upheld, string memory what) private {
        uint160[9] memory called = [
            uint160(client),
            uint160(Predeploys.PAYOUTS),
            uint160(Predeploys.STAKES),
            uint160(Predeploys.JURIES),
            uint160(Predeploys.PARAMETERS),
            uint160(address(Predeploys.ATTRIBUTION_STORE)),
            uint160(Predeploys.DATANETS),
            uint160(Predeploys.DATANET_REVIEW),
            uint160(Predeploys.MODEL_DISPUTES)
        ];
        for (uint256 i = 0; i < called.length; ++i) {
            vm.cool(address(called[i]));
            vm.cool(genesis.implementationOf(address(called[i])));
        }
        vm.prank(Predeploys.JURIES);
        uint256 gas = gasleft();
        IJuryClient(client).ruled(caseId, upheld);
        gas -= gasleft();
        emit log_named_uint(what, gas);
        vm.assertTrue(gas < ENOUGH, what);
    }

    // ---- Datanets

    function test_AReviewsVerdictIsToldWithinHalfOfTheGas() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        vm.prank(curator);
        datanets.donate{value: 10 ether}(id);
        uint256 accepted = caseOf(handIn(alice, id, "alice wrote this"));
        uint256 rejected = caseOf(handIn(bob, id, "bob wrote that"));
        drawJury(accepted);
        // Its bond back, and a part of the jury's cost.
        tell(Predeploys.DATANETS, accepted, true, "submission accepted");
        vm.assertTrue(owed(alice) > 1 ether, "bond and more");
        tell(Predeploys.DATANETS, rejected, false, "submission rejected");
    }

    function test_AVerdictAboutARowIsToldWithinHalfOfTheGas() public {
        joinValidators(VALIDATORS);
        uint256 id = foundOpen();
        // As long as a document may be.
        bytes memory document = new bytes(128 * 1024);
        contribute(mallory, id, document);
        contribute(mallory, id, "another");
        uint64[] memory rows = new uint64[](1);
        uint256[] memory weights = new uint256[](1);
        weights[0] = 1_000;
        store.inherit("alice wrote it", [uint256(1_000), 0, 1_000], rows, weights);
        vm.prank(alice);
        uint256 authorship =
            review.claimAuthorship{value: DISPUTE_BOND + JURY}(id, 0, 0, "alice wrote it", "her signature");
        vm.prank(bob);
        uint256 withdrawal = review.challenge{value: DISPUTE_BOND + JURY}(id, 0, "stolen");
        vm.prank(bob);
        uint256 other = review.challenge{value: DISPUTE_BOND + JURY}(id, 1, "poor");
        tell(Predeploys.DATANETS, withdrawal, true, "withdrawal upheld");
        tell(Predeploys.DATANETS, authorship, true, "authorship upheld, which mends the withdrawal");
        vm.assertTrue(authorOf(id, 0) == alice && datanets.rowInfo(id, 0).status == 0, "hers, and counts again");
        tell(Predeploys.DATANETS, other, false, "withdrawal not upheld");
    }

    function test_AVerdictAboutARefinementIsToldWithinHalfOfTheGas() public {
        joinValidators(VALIDATORS);
        uint256 id = foundOpen();
        contribute(alice, id, "alice wrote this");
        vm.prank(bob);
        uint64 row = datanets.refine(id, 0, "alice wrote this, and bob more");
        vm.prank(bob);
        uint256 caseId = review.reviewRefinement{value: JURY}(id, row, "better");
        tell(Predeploys.DATANETS, caseId, true, "refinement accepted");
        vm.assertEq(datanets.rowInfo(id, row).status, 1, "a refinement");
    }

    // ---- Models

    function test_AVerdictAboutAModelIsToldWithinHalfOfTheGas() public {
        uint256 id = foundOpen();
        contribute(alice, id, "alice wrote this");
        publish(id);
        (uint256 modelId, bytes memory other) = registerSketches(id);
        address challenger = address(0xCA);
        vm.deal(challenger, 100 ether);
        vm.startPrank(challenger);
        uint256 claim = modelDisputes.challenge{value: 11 ether}(modelId, 1, "evidence");
        uint256 sketch = modelDisputes.challengeSketch{value: 11 ether}(modelId, 1, id, 0, other);
        uint256 again = modelDisputes.challenge{value: 11 ether}(modelId, 1, "more");
        vm.stopPrank();
        uint256 state = vm.snapshotState();
        tell(Predeploys.MODELS, claim, true, "claim upheld");
        vm.revertToState(state);
        tell(Predeploys.MODELS, again, false, "claim not upheld");
        tell(Predeploys.MODELS, sketch, true, "sketch upheld");
        (, bool active) = models.latest(modelId);
        vm.assertTrue(!active, "struck");
        tell(Predeploys.MODELS, claim, true, "claim upheld of a model without a bond");
    }

    function registerSketches(uint256 id) private returns (uint256 modelId, bytes memory other) {
        IModelRegistry.Registration memory made = registration(id, 1);
        (bytes memory sketch, bytes memory opposite) = (new bytes(33), new bytes(33));
        for (uint256 i = 1; i < 33; ++i) {
            (sketch[i], opposite[i]) = (bytes1(uint8(1)), bytes1(uint8(0xff)));
        }
        vm.startPrank(trainer);
        modelId = models.create("model", "");
        bytes32 commitment = keccak256(abi.encode(bytes32("seed"), bytes32("whitening"), made.manifestHash));
        (made.seed, made.whiteningHash, made.sketchBps) = ("seed", "whitening", 5_000);
        made.sketchSetId = uint64(modelDisputes.createSketchSet(modelId, 32, 0, 63, commitment));
        modelDisputes.appendSketches(made.sketchSetId, id, 1, new uint64[](1), sketch);
        models.registerVersion(modelId, made);
        vm.stopPrank();
        return (modelId, opposite);
    }

    // ---- Inference

    function test_AVerdictAboutAnAnswerIsToldWithinHalfOfTheGas() public {
        (, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 2);
        post(sessionId, answers(1, "an answer"));
        uint256 contested = contest(sessionId, 1);
        address finder = address(0xF1);
        vm.deal(finder, 10 ether);
        vm.prank(finder);
        uint256 wrong =
            inference.dispute{value: CONTEST_COST}(sessionId, 1, IInference.Dispute.WrongAnswer, "recomputed");
        uint256 state = vm.snapshotState();
        tell(Predeploys.INFERENCE, wrong, true, "posted answer wrong: refund, bond, three parts of the penalty");
        vm.assertTrue(owed(finder) > 1 ether && owed(payer) > 2 ether, "paid");
        tell(Predeploys.INFERENCE, contested, true, "contest upheld after that");
        vm.revertToState(state);
        tell(Predeploys.INFERENCE, contested, false, "contest not upheld");
    }

    // ---- The greatest parameters

    /// @dev Governance may set each parameter to its greatest value: whoever may ask a jury still can, to the last appeal.
    function test_JuriesOpenAtTheGreatestOfAllParameters() public {
        (uint256 id, uint256 modelId) = market();
        setAllToMost();
        vm.deal(operator, 1_000_000 ether);
        stakeAs(operator, IStakes.Purpose.Operator, 1_000_000 ether);
        stakeAs(bob, IStakes.Purpose.Trainer, 90_000 ether);
        uint256 reviewed = found(Policy(15, true, 0, 0.01 ether, 1 ether));
        uint256[4] memory cases;
        cases[0] = caseOf(handIn(alice, reviewed, "alice wrote this"));
        vm.prank(bob);
        cases[1] = review.challenge{value: 10_000 ether + 3 * 100 ether}(id, 0, "stolen");
        vm.prank(bob);
        cases[2] = modelDisputes.challenge{value: 21 * 100 ether}(modelId, 1, "evidence");
        uint256 sessionId = open(modelId, 1);
        post(sessionId, answers(1, "no answer"));
        vm.prank(payer);
        cases[3] = inference.dispute{value: 22 * 100 ether}(sessionId, 1, IInference.Dispute.NoAnswer, "the prompt");
        for (uint256 i = 0; i < cases.length; ++i) {
            appealToGovernance(cases[i]);
        }
        checkBooks();
    }

    function setAllToMost() private {
        bytes32[21] memory keys = [
            Keys.CONTEST_SECONDS,
            Keys.CONTEST_BOND,
            Keys.OPERATOR_STAKE,
            Keys.PENALTY_BPS,
            Keys.CONTEST_JURORS,
            Keys.TRAINER_BOND,
            Keys.TRAINER_SECONDS,
            Keys.CHALLENGE_BOND,
            Keys.CHALLENGE_JURORS,
            Keys.WINNER_BPS,
            Keys.COMMIT_SECONDS,
            Keys.REVEAL_SECONDS,
            Keys.APPEAL_SECONDS,
            Keys.DECIDE_SECONDS,
            Keys.GOVERN_SECONDS,
            Keys.JUROR_FEE,
            Keys.APPEAL_BOND,
            Keys.VALIDATOR_STAKE,
            Keys.REVERSED_BPS,
            Keys.MISSED_BPS,
            Keys.DISPUTE_BOND
        ];
        vm.startPrank(Predeploys.TIMELOCK);
        for (uint256 i = 0; i < keys.length; ++i) {
            (, uint256 most,) = PARAMETERS.bounds(keys[i]);
            PARAMETERS.set(keys[i], most);
        }
        vm.stopPrank();
    }

    /// @dev Nobody is a validator at a million OPEN: the curator's time passes, an appeal goes to governance at once.
    function appealToGovernance(uint256 caseId) private {
        drawJury(caseId);
        if (juries.caseInfo(caseId).phase == IJuries.Phase.Deciding) {
            wait_(14 days + 1);
            juries.advance(caseId);
        }
        uint256 bond = juries.caseInfo(caseId).bond;
        vm.assertTrue(bond >= 10_000 ether, "as much as governance may ask");
        vm.prank(mallory);
        juries.appeal{value: bond}(caseId, "wrong");
        drawJury(caseId);
        vm.assertTrue(juries.caseInfo(caseId).phase == IJuries.Phase.Governing, "governance decides");
        vm.prank(Predeploys.TIMELOCK);
        juries.rule(caseId, true, "right");
        settleCase(caseId);
    }
}
