// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {OperatorFeeVault} from "../../src/l2/OperatorFeeVault.sol";
import {Governed} from "../../src/l2/governance/Governed.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Inference} from "../../src/l2/inference/Inference.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice Inference with one function more, as an upgrade would bring it.
contract NewerInference is Inference {
    function newer() external pure returns (bool) {
        return true;
    }
}

/// @notice A contract to come.
contract Newcomer is Governed {
    uint256 public count;

    function add() external {
        ++count;
    }
}

/// @notice The economy's loop with every contract real.
contract LoopTest is EconomyTest {
    function setUp() public {
        deployEconomy();
    }

    function test_TheWholeLoopPaysEverybodyToTheWei() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        uint256 first = handIn(alice, id, "alice wrote this");
        judge(caseOf(first), true);
        uint256 second = handIn(bob, id, "bob wrote that");
        judge(caseOf(second), true);
        append(first, "alice wrote this");
        append(second, "bob wrote that");
        publish(id);
        uint256 baseId = register(id);
        IModelRegistry.Registration memory child = registration(id, 1);
        child.parents = new IModelRegistry.Parent[](1);
        child.parents[0] = IModelRegistry.Parent(uint128(baseId), 1, 4_000, IModelRegistry.Relation.Base);
        uint256 modelId = registerAs(bob, child);
        (uint256 bobBefore, uint256 aliceBefore, uint256 curatorBefore) = (owed(bob), owed(alice), owed(curator));

        uint256 sessionId = open(modelId, 3);
        settle(sessionId, answers(3, output(300, 300, 400)));

        // 6,000 of 10,000 are explained: the whole pool of 1.8 is paid, 0.9 each; lineage .3: .12 to the base, .18 to bob.
        vm.assertEq(owed(alice) - aliceBefore, 0.9 ether, "alice");
        vm.assertEq(owed(bob) - bobBefore, 0.9 ether + 0.18 ether, "bob");
        vm.assertEq(owed(trainer), 0.12 ether, "the base's owner");
        vm.assertEq(owed(curator) - curatorBefore, 0.09 ether, "curator");
        vm.assertEq(owed(operator), 0.6 ether, "operator");
        vm.assertEq(uint256(inference.sessionInfo(sessionId).status), uint256(IInference.Status.Ended), "ended");
        checkBooks();
        closeSession(sessionId);
        closeTheBooks(id, 0.09 ether);
    }

    function closeSession(uint256 sessionId) private {
        wait_(3 days + 1);
        inference.close(sessionId);
        (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
        vm.assertEq(locked, 0, "the operator's stake is free");
    }

    /// @dev Fees are divided, an epoch passes, everybody takes everything: what is left is in the pots that nobody may draw.
    function closeTheBooks(uint256 id, uint256 cap) private {
        (uint64 epoch,,) = commons.epochNow();
        address vault = 0x420000000000000000000000000000000000001b;
        vm.deal(vault, 10 ether);
        OperatorFeeVault(payable(vault)).withdraw();
        (uint256 treasury, uint256 burnt, uint256 toCommons) = distributor.distribute();
        vm.assertTrue(treasury > 4 ether && burnt > 3 ether && toCommons > 3 ether, "fees are divided");
        vm.assertEq(distributor.burntTotal(), burnt, "burnt");
        wait_(8 days);
        uint256 drawn = commons.draw(0, epoch, alice) + commons.draw(0, epoch, bob);
        vm.assertTrue(drawn != 0 && drawn <= cap, "a credit draws what it paid");
        id;
        address[6] memory people = [alice, bob, curator, operator, trainer, payer];
        for (uint256 i = 0; i < people.length; ++i) {
            claimAs(people[i]);
        }
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            claimAs(validator(i));
        }
        (uint256 owedTotal,) = payouts.totals();
        vm.assertEq(owedTotal, owed(Predeploys.TIMELOCK), "only the treasury waits");
        checkBooks();
    }

    function test_AJuryOfRealValidatorsReviewsAndIsPaidAndMissedOnesPay() public {
        joinValidators(VALIDATORS);
        uint256 id = foundReviewed();
        uint256 commitmentId = handIn(alice, id, "alice wrote this");
        uint256 caseId = caseOf(commitmentId);
        drawJury(caseId);
        address[] memory jurors = juryOf(caseId);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 commitment = juries.commitmentOf(caseId, true, keccak256(""), "salt", jurors[i]);
            vm.prank(jurors[i]);
            juries.commit(caseId, commitment);
        }
        wait_(1 days + 1);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(jurors[i]);
            juries.reveal(caseId, true, "", "salt");
        }
        close(caseId);
        settleCase(caseId);
        (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Validator, jurors[2]);
        vm.assertEq(locked, VALIDATOR_STAKE - VALIDATOR_STAKE * 50 / 10_000, "who missed loses a little");
        // Its pay, and a bonus of at most another fee from what the third lost.
        vm.assertEq(owed(jurors[0]), 0.2 ether, "paid");
        (,, uint64 missed) = juries.reputation(jurors[2]);
        vm.assertEq(missed, 1, "reputation");
        append(commitmentId, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "row");
        checkBooks();
    }

    function test_AContestThatIsUpheldRefundsThePayerAndSlashesTheOperator() public {
        joinValidators(VALIDATORS);
        (, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 2);
        post(sessionId, answers(1, "x"));
        uint256 caseId = contest(sessionId, 1);
        judge(caseId, true);
        vm.assertEq(owed(payer), 2 ether + 1 ether + 10 ether, "escrow, bond, half of the penalty");
        (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
        vm.assertEq(locked, 80 ether, "slashed");
        vm.assertEq(owed(operator), 0, "no pay");
        closeSession(sessionId);
        checkBooks();
    }

    function test_AContestThatIsNotUpheldPaysTheOperatorAndTheCommons() public {
        joinValidators(VALIDATORS);
        (uint256 id, uint256 modelId) = market();
        uint256 sessionId = open(modelId, 1);
        post(sessionId, answers(1, output(1, 1, 1)));
        uint256 caseId = contest(sessionId, 1);
        vm.expectRevert(abi.encodeWithSelector(IInference.HasCases.selector, sessionId, 1));
        inference.finalize(sessionId);
        judge(caseId, false);
        inference.finalize(sessionId);
        vm.assertEq(owed(operator), 0.2 ether + 1 ether, "its part and the bond");
        vm.assertEq(owed(alice), 0, "without a signature nobody is attributed");
        (uint256 money,) = commons.potOf(id, 1);
        vm.assertEq(money, 0.6 ether, "the commons'");
        closeSession(sessionId);
        checkBooks();
    }

    function test_AModelDisputeThatIsUpheldTakesTheBondAndTheRequests() public {
        joinValidators(VALIDATORS);
        (, uint256 modelId) = market();
        vm.prank(bob);
        uint256 caseId = modelDisputes.challenge{value: 0.5 ether}(modelId, 1, "evidence");
        judge(caseId, true);
        vm.assertEq(owed(bob), 50 ether, "half of the bond");
        (, bool active) = models.latest(modelId);
        vm.assertTrue(!active, "no more requests");
        (uint256 free, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Trainer, bob);
        vm.assertEq(free, 1_000 ether, "the challenger's bond is free");
        vm.assertEq(locked, 0, "nothing of it is locked");
        checkBooks();
    }

    function test_GovernanceChangesAParameterAndOpenSessionsKeepTheirs() public {
        depositVotes();
        (, uint256 modelId) = market();
        uint256 before = openFor(modelId, 7 days);
        bytes memory call = abi.encodeCall(IParameters.set, (Keys.PROTOCOL_BPS, 1_000));
        Proposal memory made = proposal(Predeploys.PARAMETERS, call);
        decide(made);
        // The session of before is about to end: one is opened a day before the change takes effect.
        uint256 late = openFor(modelId, 7 days);
        execute(made);
        uint256 later = openFor(modelId, 7 days);
        vm.assertEq(inference.sessionInfo(before).rules.protocolBps, 500, "before");
        vm.assertEq(inference.sessionInfo(later).rules.protocolBps, 1_000, "after");
        uint256 paid = owed(Predeploys.FEE_DISTRIBUTOR);
        settle(late, answers(1, output(1, 1, 0)));
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR) - paid, 0.05 ether, "opened before: as it was");
        paid = owed(Predeploys.FEE_DISTRIBUTOR);
        settle(later, answers(1, output(1, 1, 0)));
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR) - paid, 0.1 ether, "opened after: as it is");
    }

    function openFor(uint256 modelId, uint64 time) private returns (uint256) {
        IInference.Opening memory asked =
            IInference.Opening(modelId, 1, termsOf(modelId), 0, 1, uint64(vm.getBlockTimestamp()) + time);
        vm.prank(payer);
        return inference.open{value: PRICE}(asked, "");
    }

    function test_GovernanceMendsAProxyAndOpenSessionsGoOn() public {
        depositVotes();
        (, uint256 modelId) = market();
        address mended = address(new NewerInference());
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (mended, ""));
        Proposal memory made = proposal(Predeploys.INFERENCE, call);
        decide(made);
        uint256 sessionId = open(modelId, 1);
        execute(made);
        vm.assertTrue(NewerInference(Predeploys.INFERENCE).newer(), "mended");
        settle(sessionId, answers(1, output(1, 1, 0)));
        vm.assertEq(owed(operator), 0.2 ether, "settled by the new code on the old state");
        checkBooks();
    }

    function test_GovernancePutsANewContractOnAReservedProxy() public {
        depositVotes();
        address at = address(genesis.LAST_RESERVED());
        govern(at, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new Newcomer()), "")));
        Newcomer(at).add();
        vm.assertEq(Newcomer(at).count(), 1, "it keeps state");
    }

    function test_GovernanceRulesAfterTheLastAppeal() public {
        joinValidators(30);
        depositVotes();
        uint256 id = foundReviewed();
        uint256 commitmentId = handIn(alice, id, "alice wrote this");
        uint256 caseId = caseOf(commitmentId);
        vote(caseId, false);
        appeal(caseId, alice);
        vote(caseId, false);
        appeal(caseId, alice);
        vote(caseId, false);
        appeal(caseId, alice);
        vm.assertEq(uint256(juries.caseInfo(caseId).phase), uint256(IJuries.Phase.Governing), "governing");
        govern(Predeploys.JURIES, abi.encodeCall(IJuries.rule, (caseId, true, "because")));
        settleCase(caseId);
        (, bool settled, uint256 held) = juries.progressOf(caseId);
        vm.assertTrue(settled && held == 0, "settled");
        append(commitmentId, "alice wrote this");
        vm.assertEq(authorOf(id, 0), alice, "row");
        checkBooks();
    }
}
