// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Vm} from "../Vm.sol";
import {MarketTest} from "./Market.sol";

/// @notice Does what payers, operators, jurors and time do, in any order, and counts the money that goes in and out.
contract Trade is MarketTest {
    uint256 public paidIn;
    uint256 public claimed;
    uint256 public staked;
    uint256[] private openCases;
    uint256[] private carried;
    mapping(uint256 settlementId => bytes) private waiting;
    mapping(uint256 settlementId => uint256) public times;
    uint256 public settledTwice;
    /// @notice How often what happened, so that a test can tell that all of it does.
    uint256[6] public reached;
    /// @notice Bonds of cases that are open.
    uint256 public bonds;

    constructor() {
        deployMarket();
        IModels.Terms memory made = terms();
        (made.deterministic, made.price) = (true, 0.01 ether);
        // More contributors than one settlement pays.
        datanetId = datanetOf(140, 6_000, 2_000, 300);
        modelId = models.register(made, sourcesOf(datanetId));
        lineageOf(modelId, trainer, address(0x7B));
        offer(modelId);
        staked = STAKE;
    }

    function open(uint8 maxAnswers, uint96 payment) external {
        uint32 most = uint32(bound(maxAnswers, 1, 4));
        uint256 value = bound(payment, most * 0.01 ether, 1e21);
        (uint256 free, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator);
        if (locked + free < STAKE) {
            stake(operator, STAKE - locked - free);
            staked += STAKE - locked - free;
        }
        vm.deal(payer, value);
        open(modelId, most, value);
        paidIn += value;
    }

    function made(uint256 id, uint256 seed, bool wide) private view returns (IInference.Answer[] memory all) {
        IInference.Session memory session = inference.sessionInfo(id);
        all = new IInference.Answer[](bound(seed, 1, session.maxAnswers - session.answers));
        uint256 each = session.left / all.length;
        for (uint256 i = 0; i < all.length; ++i) {
            uint256[] memory credits = new uint256[](wide ? 140 : 3);
            for (uint256 j = 0; j < credits.length; ++j) {
                credits[j] = uint256(keccak256(abi.encode(seed, i, j))) % 1_000;
            }
            all[i] = answer(answerOf(credits, seed % 1_000), bound(seed >> i, 0, each));
        }
    }

    function settleSigned(uint256 which, uint256 seed, bool wide) external {
        uint256 id = pick(which);
        if (!isOpen(id) || inference.pendingOf(id).until != 0) return;
        if (block.timestamp > inference.sessionInfo(id).deadline) return;
        vm.recordLogs();
        note(settle(id, made(id, seed, wide)));
        ++reached[5];
    }

    function postUnsigned(uint256 which, uint256 seed) external {
        uint256 id = pick(which);
        if (!isOpen(id) || inference.pendingOf(id).until != 0) return;
        IInference.Session memory session = inference.sessionInfo(id);
        if (block.timestamp > session.deadline) return;
        IInference.Answer[] memory all = made(id, seed, false);
        for (uint256 i = 0; i < all.length; ++i) {
            if (all[i].amount > session.price) all[i].amount = session.price;
        }
        post(id, all);
    }

    function finalize(uint256 which) external {
        uint256 id = pick(which);
        if (!isOpen(id)) return;
        IInference.Pending memory pending = inference.pendingOf(id);
        if (pending.until == 0 || pending.cases != 0 || block.timestamp <= pending.until) return;
        vm.recordLogs();
        note(inference.finalize(id));
        ++reached[2];
    }

    function dispute(uint256 which, uint32 index, bool whole) external {
        uint256 id = pick(which);
        if (id == 0) return;
        IInference.Dispute kind = whole ? IInference.Dispute.NoAnswer : IInference.Dispute.WrongAnswer;
        vm.deal(payer, CONTEST_COST);
        vm.prank(payer);
        try inference.dispute{value: CONTEST_COST}(id, uint32(bound(index, 1, 5)), kind, "") returns (uint256 caseId) {
            openCases.push(caseId);
            paidIn += CONTEST_COST - 0.5 ether;
            bonds += CONTEST_COST - 0.5 ether;
        } catch {}
    }

    function rule(uint256 which, bool upheld) external {
        if (openCases.length == 0) return;
        uint256 at = which % openCases.length;
        juries.ruleNow(openCases[at], upheld);
        ++reached[upheld ? 0 : 1];
        openCases[at] = openCases[openCases.length - 1];
        openCases.pop();
        bonds -= CONTEST_COST - 0.5 ether;
    }

    function refund(uint256 which, bool early) external {
        uint256 id = pick(which);
        if (!isOpen(id) || inference.pendingOf(id).until != 0) return;
        if (early) vm.prank(operator);
        else if (block.timestamp <= inference.sessionInfo(id).deadline) return;
        inference.refund(id);
    }

    function close(uint256 which) external {
        uint256 id = pick(which);
        if (id == 0) return;
        try inference.close(id) {
            ++reached[4];
        } catch {}
    }

    function carry(uint256 which) external {
        if (carried.length == 0) return;
        uint256 settlementId = carried[which % carried.length];
        (uint256 amount,) = inference.carriedOf(settlementId);
        if (amount == 0) return;
        // One page waits at most.
        inference.carry(settlementId, waiting[settlementId], 0);
        ++reached[3];
    }

    function claim(uint256 who) external {
        address account = who % 3 == 0 ? payer : who % 3 == 1 ? operator : contributor(who % 140 + 1);
        if (payouts.owed(account) == 0) return;
        vm.prank(account);
        claimed += payouts.claim(payable(account));
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 2 days));
    }

    /// @dev Whom a settlement still has to pay is in its logs; and none is made twice.
    function note(uint256 settlementId) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInference.Carried.selector) {
                waiting[settlementId] = logs[i].data;
                carried.push(settlementId);
            }
            if (logs[i].topics[0] == IInference.Settled.selector && ++times[settlementId] > 1) ++settledTwice;
        }
    }

    function pick(uint256 which) private view returns (uint256) {
        uint256 count = inference.sessionCount();
        return count == 0 ? 0 : which % count + 1;
    }

    function isOpen(uint256 id) private view returns (bool) {
        return id != 0 && inference.sessionInfo(id).status == IInference.Status.Open;
    }

    // ---- What must hold

    /// @notice What open sessions hold, bonds of open cases, and what waits to be carried.
    function expectedEscrow() external view returns (uint256 sum) {
        for (uint256 id = 1; id <= inference.sessionCount(); ++id) {
            sum += inference.sessionInfo(id).left;
        }
        for (uint256 i = 0; i < carried.length; ++i) {
            bool again;
            for (uint256 j = 0; j < i; ++j) {
                if (carried[j] == carried[i]) again = true;
            }
            (uint256 amount,) = inference.carriedOf(carried[i]);
            if (!again) sum += amount;
        }
        sum += bonds;
    }

    function unclosed() external view returns (uint256 count) {
        for (uint256 id = 1; id <= inference.sessionCount(); ++id) {
            if (inference.sessionInfo(id).status != IInference.Status.Closed) ++count;
        }
    }

    function operatorAccount() external view returns (address) {
        return operator;
    }
}

contract InferenceInvariant is MarketTest {
    Trade private trade;

    function setUp() public {
        trade = new Trade();
    }

    function targetContracts() external view returns (address[] memory) {
        return list(address(trade));
    }

    function test_AWalkReachesEverythingThatTheInvariantsAreAbout() public {
        for (uint256 i = 0; i < 700; ++i) {
            uint256 seed = uint256(keccak256(abi.encode("walk", i)));
            uint256 step = seed % 12;
            seed >>= 8;
            if (step == 0) trade.open(uint8(seed), uint96(seed >> 8));
            if (step == 1) trade.settleSigned(seed, seed >> 8, seed & 1 == 0);
            if (step == 2 || step == 3) trade.postUnsigned(seed, seed >> 8);
            if (step == 4) trade.finalize(seed);
            if (step == 5 || step == 6) trade.dispute(seed, uint32(seed >> 9), seed & 1 == 0);
            if (step == 7) trade.rule(seed, seed & 2 == 0);
            if (step == 8) trade.refund(seed, seed & 7 == 0);
            if (step == 9) trade.close(seed);
            if (step == 10) trade.carry(seed);
            if (step == 11) seed & 1 == 0 ? trade.claim(seed) : trade.pass(seed);
        }
        for (uint256 i = 0; i < 6; ++i) {
            vm.assertTrue(trade.reached(i) != 0, "reached");
        }
        invariant_EscrowIsWhatSessionsBondsAndCarriedPaymentsHold();
        invariant_WhatCameInWentOutOrIsHeld();
        invariant_NothingIsSettledTwice();
        invariant_AStakeIsLockedWhileAnySessionMayBeDisputed();
    }

    function invariant_EscrowIsWhatSessionsBondsAndCarriedPaymentsHold() public view {
        vm.assertEq(escrow(), trade.expectedEscrow(), "escrow");
        vm.assertEq(Predeploys.INFERENCE.balance, 0, "no money is here");
        vm.assertEq(Predeploys.DIVISION.balance, 0, "nor there");
    }

    function invariant_WhatCameInWentOutOrIsHeld() public view {
        uint256 held = Predeploys.PAYOUTS.balance + Predeploys.STAKES.balance;
        vm.assertEq(trade.paidIn() + trade.staked(), trade.claimed() + held, "in = out + held");
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(Predeploys.PAYOUTS.balance, owedTotal + escrowTotal, "held = owed + escrow");
    }

    function invariant_NothingIsSettledTwice() public view {
        vm.assertEq(trade.settledTwice(), 0, "settled twice");
    }

    function invariant_AStakeIsLockedWhileAnySessionMayBeDisputed() public view {
        address operator_ = trade.operatorAccount();
        vm.assertEq(inference.openSessions(operator_), trade.unclosed(), "sessions");
        (uint256 free, uint256 locked,,) = stakes.stakeOf(IStakes.Purpose.Operator, operator_);
        if (trade.unclosed() == 0) vm.assertEq(locked, 0, "locked by none");
        else vm.assertEq(free, 0, "all that there is, is locked");
        vm.assertTrue(locked <= STAKE, "locked");
    }
}
