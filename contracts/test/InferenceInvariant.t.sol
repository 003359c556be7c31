// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

/// @notice Does what users, operators and time do, in any order, and counts the money that goes in and out.
contract Economy is L2Test {
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 private immutable datanetId;
    uint256[] private open;
    /// @notice Activity of all rows when a request was made.
    mapping(uint256 requestId => bytes32) private activity;

    constructor() {
        datanetId = datanets.createDatanet("economy", "", true);
        for (uint256 i = 1; i <= 6; ++i) {
            vm.prank(account(i));
            datanets.contribute(datanetId, "a text");
        }
        inference.setModel(datanetId, account(7), 0, 6_000, 100);
    }

    function setTerms(uint256 operator, uint16 bps, uint64 time) external {
        inference.setModel(datanetId, account(operator), 0, uint16(bound(bps, 0, 10_000)), uint64(bound(time, 1, 200)));
    }

    function request(uint256 who, uint256 payment) external {
        payment = bound(payment, 0, 1e24);
        vm.deal(account(who), account(who).balance + payment);
        vm.prank(account(who));
        uint256 id = inference.request{value: payment}(datanetId, "?");
        open.push(id);
        activity[id] = activityNow();
        paidIn += payment;
    }

    /// @dev A review that is refused is part of the story; what it did is what the invariant looks at.
    function review(uint256 row, bool count) external {
        if (count) {
            try datanets.accept(datanetId, uint64(row % 6)) {} catch {}
        } else {
            try datanets.reject(datanetId, uint64(row % 6)) {} catch {}
        }
    }

    /// @notice Requests that can still be settled and whose rows do not count as when they were paid for.
    function changedUnderway() external view returns (uint256 changed) {
        for (uint256 i = 0; i < open.length; ++i) {
            Inference.Request memory req = inference.requestInfo(open[i]);
            if (req.status != Inference.Status.Open || block.timestamp > req.deadline) continue;
            if (activity[open[i]] != activityNow()) ++changed;
        }
    }

    /// @notice Whether rows are covered though nothing can be settled.
    function coveredInVain() external view returns (bool) {
        (uint64 rows, uint64 deadline) = inference.coverage(datanetId);
        if (rows == 0) return false;
        for (uint256 i = 0; i < open.length; ++i) {
            if (inference.requestInfo(open[i]).status == Inference.Status.Open) return block.timestamp > deadline;
        }
        return true;
    }

    function activityNow() private view returns (bytes32) {
        (uint256 setId,) = datanets.setOf(datanetId);
        bool[6] memory active;
        for (uint64 row = 0; row < 6; ++row) {
            (, active[row],) = Predeploys.ATTRIBUTION_STORE.row(setId, row);
        }
        return keccak256(abi.encode(active));
    }

    function settle(uint256 which, uint64[6] calldata seeds, uint256 count) external {
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        Inference.Request memory req = inference.requestInfo(id);
        if (req.status != Inference.Status.Open || block.timestamp > req.deadline) return;
        uint256[] memory credits = new uint256[](count % 7);
        for (uint256 i = 0; i < credits.length; ++i) {
            credits[i] = uint256(seeds[i]) + 1;
        }
        vm.prank(req.operator);
        inference.settle(id, answerOf(credits));
    }

    function refund(uint256 which) external {
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        Inference.Request memory req = inference.requestInfo(id);
        if (req.status != Inference.Status.Open || block.timestamp <= req.deadline) return;
        inference.refund(id);
    }

    function claim(uint256 who) external {
        if (inference.owed(account(who)) == 0) return;
        vm.prank(account(who));
        paidOut += inference.claim();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 120));
    }

    function openPayments() external view returns (uint256 sum) {
        for (uint256 id = 1; id <= inference.requestCount(); ++id) {
            Inference.Request memory req = inference.requestInfo(id);
            if (req.status == Inference.Status.Open) sum += req.payment;
        }
    }

    function account(uint256 seed) public pure returns (address) {
        return address(uint160(0xEC00 + bound(seed, 1, 8)));
    }
}

contract InferenceInvariant is L2Test {
    Economy private economy;

    function setUp() public {
        deployL2();
        economy = new Economy();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(economy);
    }

    function invariant_MoneyInIsMoneyOutPlusMoneyHeld() public view {
        vm.assertEq(economy.paidIn(), economy.paidOut() + address(inference).balance, "in = out + held");
    }

    function invariant_WhatCountsForAnOpenRequestIsWhatCountedWhenItWasPaidFor() public view {
        vm.assertEq(economy.changedUnderway(), 0, "requests whose rows changed");
        vm.assertTrue(!economy.coveredInVain(), "covered in vain");
    }

    function invariant_EveryWeiHeldIsOwedOrEscrowed() public view {
        (uint256 owedTotal, uint256 escrowed) = inference.totals();
        vm.assertEq(address(inference).balance, owedTotal + escrowed, "held = owed + escrowed");
        uint256 sum;
        for (uint256 i = 1; i <= 8; ++i) {
            sum += inference.owed(economy.account(i));
        }
        vm.assertEq(owedTotal, sum, "owed = sum of accounts");
        vm.assertEq(escrowed, economy.openPayments(), "escrowed = open requests");
    }
}
