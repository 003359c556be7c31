// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../src/interfaces/ICommons.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Datanets} from "../../src/l2/datanets/Datanets.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Words} from "../doubles/TraceDouble.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice A Datanets that takes no outcome, as a bad upgrade might be.
contract DeafDatanets is Governed {
    error Deaf();

    function ruled(uint256, bool) external pure {
        revert Deaf();
    }
}

/// @notice Where one contract ends and another begins: who may call what, what stays stuck, what a limit costs.
contract SeamsTest is EconomyTest {
    uint256 private constant TRANSACTION = 1e8;

    function setUp() public {
        deployEconomy();
    }

    // ---- Authority

    function test_NobodyButAModuleMovesWhatIsAModules() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(NotModule.selector, mallory));
        IJuryClient(Predeploys.DATANETS).ruled(1, true);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.NotJuries.selector, mallory));
        IJuryClient(Predeploys.MODELS).ruled(1, true);
        vm.expectRevert(abi.encodeWithSelector(IInference.NotJuries.selector, mallory));
        inference.ruled(1, true);
        vm.expectRevert(abi.encodeWithSelector(NotModule.selector, mallory));
        IDatanets(Predeploys.DATANETS).fundReview(1, 1);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NotModule.selector, mallory));
        commons.add(1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICommons.NotModule.selector, mallory));
        commons.credit(1, new ICommons.Credit[](0));
        IJuries.Opening memory opening;
        vm.expectRevert(abi.encodeWithSelector(IJuries.NotClient.selector, mallory));
        juries.open(opening);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, mallory));
        juries.rule(1, true, "");
        vm.expectRevert(abi.encodeWithSelector(Governed.NotGovernance.selector, mallory));
        parameters.set(Keys.PROTOCOL_BPS, 0);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.EscrowTooSmall.selector, mallory, 0, 1));
        payouts.move(mallory, 1);
        for (uint8 i = 0; i < 3; ++i) {
            IStakes.Purpose purpose = IStakes.Purpose(i);
            bytes memory refusal = abi.encodeWithSelector(IStakes.NotModule.selector, purpose, mallory);
            vm.expectRevert(refusal);
            stakes.lock(purpose, operator, 1);
            vm.expectRevert(refusal);
            stakes.unlock(purpose, operator, 1);
            vm.expectRevert(refusal);
            stakes.slash(purpose, operator, 1, mallory, "");
        }
        vm.stopPrank();
    }

    function test_AModuleHasNoPowerOverAnothersStakesOrCases() public {
        vm.expectRevert(abi.encodeWithSelector(IStakes.NotModule.selector, IStakes.Purpose.Operator, Predeploys.MODELS));
        vm.prank(Predeploys.MODELS);
        stakes.slash(IStakes.Purpose.Operator, operator, 1, mallory, "");
        vm.expectRevert(abi.encodeWithSelector(UnknownMatter.selector, 77));
        vm.prank(Predeploys.JURIES);
        IJuryClient(Predeploys.DATANETS).ruled(77, true);
        vm.expectRevert(abi.encodeWithSelector(IModelDisputes.UnknownDispute.selector, 77));
        vm.prank(Predeploys.JURIES);
        IJuryClient(Predeploys.MODELS).ruled(77, true);
    }

    function test_MoneyIsTakenOnlyByThoseThatDivideIt() public {
        address[8] memory refusing = [
            Predeploys.DATANETS,
            Predeploys.INFERENCE,
            Predeploys.PAYOUTS,
            Predeploys.JURIES,
            Predeploys.MODELS,
            Predeploys.COMMONS,
            Predeploys.STAKES,
            Predeploys.PARAMETERS
        ];
        vm.startPrank(mallory);
        for (uint256 i = 0; i < refusing.length; ++i) {
            (bool success,) = refusing[i].call{value: 1 ether}("");
            vm.assertTrue(!success, vm.toString(refusing[i]));
        }
        vm.stopPrank();
        vm.assertEq(mallory.balance, 1_000_000 ether, "nothing lost");
    }

    function test_CodeThatRunsOnAnothersStorageDoesNothingByItself() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(UnknownDatanet.selector, 1));
        IDatanetsCommit(Predeploys.DATANET_REVIEW).commit{value: 1 ether}(1, "root", 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModel.selector, 1));
        IModelDisputes(Predeploys.MODEL_DISPUTES).createSketchSet(1, 32, 0, 63, "commitment");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, 1, 1));
        IModelDisputes(Predeploys.MODEL_DISPUTES).challenge{value: 1 ether}(1, 1, "evidence");
        vm.stopPrank();
    }

    // ---- Juries and those concerned

    /// @dev Seven validators, of whom the trainer is one with nearly all of the stake: it would be drawn.
    function test_ATrainerDoesNotJudgeItsOwnModel() public {
        joinValidators(VALIDATORS);
        (, uint256 modelId) = market();
        joinAs(trainer, 500_000 ether);
        vm.prank(bob);
        uint256 caseId = modelDisputes.challenge{value: 0.5 ether}(modelId, 1, "evidence");
        drawJury(caseId);
        checkNotDrawn(caseId, trainer);
    }

    /// @dev It sold the model's weights, but not the model: what the lineage is paid is its own.
    function test_AModelsOwnerDoesNotJudgeIt() public {
        joinValidators(VALIDATORS);
        (, uint256 modelId) = market();
        vm.prank(trainer);
        models.offerOwnership(modelId, mallory);
        vm.prank(mallory);
        models.acceptOwnership(modelId);
        joinAs(mallory, 500_000 ether);
        vm.prank(bob);
        uint256 caseId = modelDisputes.challenge{value: 0.5 ether}(modelId, 1, "evidence");
        drawJury(caseId);
        checkNotDrawn(caseId, mallory);
    }

    function test_NeitherPayerNorOperatorJudgesItsAnswer() public {
        joinValidators(VALIDATORS);
        (, uint256 modelId) = market();
        joinAs(operator, 500_000 ether);
        uint256 sessionId = open(modelId, 1);
        post(sessionId, answers(1, "x"));
        uint256 caseId = contest(sessionId, 1);
        drawJury(caseId);
        checkNotDrawn(caseId, operator);
    }

    function joinAs(address account, uint256 amount) private {
        stakeAs(account, IStakes.Purpose.Validator, amount);
        vm.prank(account);
        juries.join(amount);
        pass(2);
    }

    function checkNotDrawn(uint256 caseId, address account) private view {
        address[] memory jurors = juryOf(caseId);
        vm.assertTrue(jurors.length != 0, "a jury sits");
        for (uint256 i = 0; i < jurors.length; ++i) {
            vm.assertTrue(jurors[i] != account, "judges its own matter");
        }
    }

    // ---- The review fund

    /// @dev Without validators the curator accepts what a friend hands in. The jury's fee comes back, for nobody sat, and a half
    ///      of it would come out of the fund on top.
    function test_ACuratorWithoutValidatorsDoesNotEmptyTheReviewFund() public {
        uint256 id = foundReviewed();
        vm.prank(alice);
        datanets.donate{value: 100 ether}(id);
        uint256 before = owed(mallory) + mallory.balance + owed(curator) + curator.balance;
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory document = abi.encode("spam", i);
            uint256 commitmentId = handIn(mallory, id, document);
            uint256 caseId = caseOf(commitmentId);
            drawJury(caseId);
            vm.prank(curator);
            juries.decide{value: 10 ether}(caseId, true, "");
            close(caseId);
            settleCase(caseId);
        }
        uint256 afterwards = owed(mallory) + mallory.balance + owed(curator) + curator.balance;
        vm.assertTrue(afterwards <= before, "they gain nothing");
        vm.assertEq(datanets.datanetInfo(id).reviewFund, 100 ether, "the fund pays for reviews");
    }

    // ---- What might stay stuck

    function test_ACaseWhoseClientFailsIsSettledAndToldLater() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        uint256 commitmentId = handIn(alice, id, "alice wrote this");
        uint256 caseId = caseOf(commitmentId);
        vote(caseId, true);
        vm.startPrank(Predeploys.TIMELOCK);
        datanets.upgradeToAndCall(address(new DeafDatanets()), "");
        vm.stopPrank();
        close(caseId);
        settleCase(caseId);
        (bool told,,) = juries.progressOf(caseId);
        vm.assertTrue(!told, "not told");
        address mended = genesis.implementationOf(Predeploys.DATANETS);
        vm.prank(Predeploys.TIMELOCK);
        datanets.upgradeToAndCall(mended, "");
        juries.advance(caseId);
        append(commitmentId, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "told later");
    }

    function test_TooLittleGasForTheClientOnlyDelaysIt() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        uint256 commitmentId = handIn(alice, id, "alice wrote this");
        uint256 caseId = caseOf(commitmentId);
        vote(caseId, true);
        wait_(3 days + 1);
        for (uint256 gasLimit = 60_000; gasLimit < 200_000; gasLimit += 10_000) {
            uint256 state = vm.snapshotState();
            (bool success,) = address(juries).call{gas: gasLimit}(abi.encodeCall(IJuries.advance, (caseId)));
            (bool told,,) = juries.progressOf(caseId);
            if (success && !told) juries.advance(caseId);
            else if (!success) juries.advance(caseId);
            vm.assertTrue(review.commitmentInfo(commitmentId).stage == Stage.Accepted, "told in the end");
            vm.revertToState(state);
        }
    }

    /// @dev A commitment that is never revealed, one that is never judged, one that nobody appends, before an honest one.
    function test_AQueueIsHeldUpForAWhileAndNotForEver() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        commit(mallory, id, "never shown");
        handIn(mallory, id, "never judged");
        uint256 unappended = handIn(mallory, id, "never appended");
        uint256 honest = handIn(alice, id, "alice wrote this");
        judge(caseOf(unappended), true);
        judge(caseOf(honest), true);
        wait_(21 days);
        review.advance(id, 10);
        wait_(1 hours + 1);
        review.advance(id, 10);
        append(honest, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "its turn came");
    }

    function test_ASessionThatNobodyServesIsClosedAndItsStakeFree() public {
        (, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 5);
        wait_(1 days + 1);
        inference.refund(sessionId);
        wait_(3 days + 1);
        inference.close(sessionId);
        (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
        vm.assertEq(locked, 0, "free");
        vm.assertEq(owed(payer), 5 ether, "refunded");
    }

    // ---- Limits

    /// @dev 300 contributors in one answer: each page fits into a transaction by far.
    function test_ASettlementOfManyContributorsFitsIntoTransactions() public {
        uint256 id = foundOpen();
        Words[] memory words = new Words[](300);
        for (uint160 i = 0; i < 300; ++i) {
            contribute(address(0xAAAA0000 + i), id, abi.encode("row", i));
            words[i] = Words(uint64(i), 1_000 + i, false);
        }
        publish(id);
        uint256 sessionId = open(register(id), 1);
        IInference.Answer[] memory all = answers(1, abi.encode(words, uint256(0)));
        bytes memory signature = voucher(sessionId, all);
        uint256 gasBefore = gasleft();
        vm.prank(operator);
        uint256 settlementId = inference.settle(sessionId, all, signature);
        vm.assertTrue(gasBefore - gasleft() < TRANSACTION, "settlement");
        (uint256 carried, bytes32 hash) = inference.carriedOf(settlementId);
        vm.assertTrue(carried != 0 && hash != 0, "172 wait");
        checkBooks();
    }

    function test_ALateJuryOfManyValidatorsIsDrawnInATransaction() public {
        joinValidators(200);
        uint256 id = found(Policy(15, true, 0, 0, 0));
        uint256 caseId = caseOf(handIn(alice, id, "alice wrote this"));
        for (uint256 i = 0; i < 2; ++i) {
            vote(caseId, false);
            appeal(caseId, alice);
        }
        while (l1.number() < juries.caseInfo(caseId).origin) {
            pass(1);
        }
        uint256 gasBefore = gasleft();
        juries.draw(caseId);
        vm.assertTrue(gasBefore - gasleft() < TRANSACTION, "63 jurors of 200");
        vm.assertEq(juryOf(caseId).length, 63, "drawn");
    }
}

interface IDatanetsCommit {
    function commit(uint256 datanetId, bytes32 root, uint32 count) external payable returns (uint256);
}
