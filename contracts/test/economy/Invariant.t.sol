// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {EconomyTest} from "./Economy.sol";
import {People} from "./People.sol";

/// @notice What holds of all contracts together, whatever anybody does.
contract EconomyInvariantTest is EconomyTest {
    People private people;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public {
        people = new People();
        operator = vm.addr(OPERATOR_KEY);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(people);
    }

    /// @dev Cases go through many steps, so they are taken more often.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[28] memory chosen = [
            People.contribute.selector,
            People.handInReviewed.selector,
            People.appendAccepted.selector,
            People.appendAccepted.selector,
            People.advanceQueue.selector,
            People.withdrawRow.selector,
            People.disownRow.selector,
            People.challengeRow.selector,
            People.claimRow.selector,
            People.openSession.selector,
            People.settleSession.selector,
            People.postAnswers.selector,
            People.endSession.selector,
            People.disputeAnswer.selector,
            People.disputeModel.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.tryCase.selector,
            People.leaveOrJoin.selector,
            People.claimAll.selector,
            People.divideFees.selector,
            People.drawCommons.selector,
            People.changeParameter.selector,
            People.timePasses.selector
        ];
        bytes4[] memory selectors = new bytes4[](chosen.length);
        for (uint256 i = 0; i < chosen.length; ++i) {
            selectors[i] = chosen[i];
        }
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(people), selectors);
    }

    /// forge-config: default.invariant.runs = 24
    function invariant_OpenIsConservedAndEveryWeiIsSomebodys() public view {
        checkAll();
    }

    /// @dev A long run that is always the same, so that a step of which nobody hears any more is missed.
    function test_EveryKindOfStepHappensAndAllHolds() public {
        bytes4[] memory selectors = this.targetSelectors()[0].selectors;
        uint256 seed = 7;
        for (uint256 i = 0; i < 1_200; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            bytes memory arguments = abi.encode(seed >> 16, (seed >> 32) & 0xff & 1);
            bytes4 selector = selectors[seed % selectors.length];
            if (selector == People.openSession.selector || selector == People.claimAll.selector) {
                arguments = abi.encode((seed >> 16) & 0xff);
            } else if (selector != People.leaveOrJoin.selector && selector != People.drawCommons.selector) {
                arguments = abi.encode(seed >> 16, selector == People.disputeAnswer.selector ? seed & 0xff : seed >> 40);
            }
            (bool success, bytes memory problem) = address(people).call(bytes.concat(selector, arguments));
            vm.assertEq(problem, "", vm.toString(bytes32(selector)));
            vm.assertTrue(success, "no step fails");
            if (i % 50 == 0) checkAll();
        }
        for (uint256 kind = 0; kind < 24; ++kind) {
            if (kind == 19) continue;
            vm.assertTrue(people.reached(kind) != 0, vm.toString(bytes32(kind)));
        }
        checkAll();
    }

    function checkAll() private view {
        vm.assertEq(people.sum(), people.total(), "OPEN is conserved");
        checkBooks();
        checkDatanets();
        checkInference();
        checkJuries();
        checkStakes();
        checkRows(people.opened());
        checkRows(people.reviewed());
    }

    /// @dev Funds, bonds of commitments, bonds of matters.
    function checkDatanets() private view {
        uint256 all;
        for (uint256 id = 1; id <= datanets.datanetCount(); ++id) {
            all += datanets.datanetInfo(id).reviewFund;
        }
        for (uint256 id = 1; id <= review.commitmentCount(); ++id) {
            all += review.commitmentInfo(id).bond;
        }
        for (uint256 id = 1; id <= juries.caseCount(); ++id) {
            (bool told,,) = juries.progressOf(id);
            if (!told) all += people.bondOf(id);
        }
        vm.assertEq(payouts.escrowOf(Predeploys.DATANETS), all, "Datanets' escrow");
    }

    /// @dev What is left of sessions, and bonds.
    function checkInference() private view {
        uint256 all;
        uint256 open_;
        for (uint256 id = 1; id <= inference.sessionCount(); ++id) {
            IInference.Session memory session = inference.sessionInfo(id);
            all += session.left;
            if (session.status != IInference.Status.Closed) ++open_;
            IInference.Pending memory pending = inference.pendingOf(id);
            vm.assertTrue(pending.amount <= session.left, "what is posted is covered");
            if (session.status != IInference.Status.Open) {
                vm.assertEq(session.left, 0, "an ended session keeps nothing");
            }
        }
        for (uint256 id = 1; id <= juries.caseCount(); ++id) {
            all += inference.caseOf(id).bond;
        }
        vm.assertEq(payouts.escrowOf(Predeploys.INFERENCE), all, "Inference's escrow");
        vm.assertEq(inference.openSessions(operator), open_, "sessions that bind the operator");
    }

    function checkJuries() private view {
        uint256 all;
        for (uint256 id = 1; id <= juries.caseCount(); ++id) {
            (bool told, bool settled, uint256 held) = juries.progressOf(id);
            all += held;
            if (settled) vm.assertEq(held, 0, "a settled case holds nothing");
            bool final_ = juries.caseInfo(id).phase == IJuries.Phase.Final;
            vm.assertTrue(told == final_, "a client is told as soon as a case is final");
        }
        vm.assertEq(payouts.escrowOf(Predeploys.JURIES), all, "Juries' escrow");
    }

    function checkStakes() private view {
        uint256 all;
        for (uint256 i = 0; i < people.count(); ++i) {
            address account = people.person(i);
            (uint256 joined,,,) = juries.validatorInfo(account);
            all += checkStake(IStakes.Purpose.Validator, account, joined);
            (, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, account);
            if (inference.openSessions(account) == 0) vm.assertEq(locked, 0, "nothing binds the operator");
            all += checkStake(IStakes.Purpose.Operator, account, locked);
            all += checkStake(IStakes.Purpose.Trainer, account, bonded(account));
        }
        vm.assertEq(address(stakes).balance, all, "Stakes holds what is staked");
    }

    /// @dev Bonds of models, and of disputes by whoever is no trainer.
    function bonded(address account) private view returns (uint256 all) {
        (uint256 other,,) = models.bondOf(people.modelId(), account);
        (all,,) = models.bondOf(people.disputed(), account);
        all += other;
        (, uint32 disputes,) = models.bondOf(people.disputed(), trainer);
        if (account == bob) all += uint256(disputes) * 10 ether;
    }

    function checkStake(IStakes.Purpose purpose, address account, uint256 expected) private view returns (uint256) {
        (uint256 free, uint256 locked, uint256 leaving,) = stakes.stakeOf(purpose, account);
        vm.assertEq(locked, expected, "what is locked is what its module thinks");
        return free + locked + leaving;
    }

    /// @dev A document is one row at most, with the same author and status everywhere.
    function checkRows(uint256 id) private view {
        uint64 rows = datanets.datanetInfo(id).rows;
        uint256 setId = datanets.datanetInfo(id).setId;
        for (uint64 row = 0; row < rows; ++row) {
            RowInfo memory info = datanets.rowInfo(id, row);
            vm.assertEq(datanets.documentRow(id, info.documentHash), row, "a document is one row");
            (uint32 number, uint8 status,,) = store.row(setId, row);
            vm.assertEq(info.contributor, number, "the store's contributor");
            vm.assertEq(info.status, status, "the store's status");
        }
    }
}
