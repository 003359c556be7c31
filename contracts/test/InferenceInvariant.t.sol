// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Inference} from "../src/l2/Inference.sol";

/// @notice Does what users, operators and time do, in any order, and counts the money that goes in and out.
contract Economy is L2Test {
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 private immutable datanetId;
    uint256[] private open;

    constructor() {
        datanetId = datanets.createDatanet("economy", "", true);
        for (uint256 i = 1; i <= 6; ++i) {
            vm.prank(account(i));
            datanets.contribute(datanetId, "a text");
        }
        inference.setModel(datanetId, account(7), 0, 6_000, 100);
    }

    function setTerms(uint256 operator, uint16 bps) external {
        inference.setModel(datanetId, account(operator), 0, uint16(bound(bps, 0, 10_000)), 100);
    }

    function request(uint256 who, uint256 payment) external {
        payment = bound(payment, 0, 1e24);
        vm.deal(account(who), account(who).balance + payment);
        vm.prank(account(who));
        open.push(inference.request{value: payment}(datanetId, "?"));
        paidIn += payment;
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
