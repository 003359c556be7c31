// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L2Test} from "./L2Test.sol";
import {Inference} from "../src/l2/Inference.sol";
import {Words} from "./doubles/TraceDouble.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

/// @notice Does what users, operators and time do, in any order, and counts the money that goes in and out.
contract Economy is L2Test {
    uint256 public paidIn;
    uint256 public paidOut;
    uint256 private immutable datanetId;
    uint256[] private open;
    /// @notice Who would have been paid what for an answer of words of all rows, when a request was made.
    mapping(uint256 requestId => bytes32) private credits;

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
        credits[id] = creditsOf(id);
        paidIn += payment;
    }

    /// @dev The store refuses a fifth change of a row. What did happen is what the invariant looks at.
    function setStatus(uint256 row, uint8 status) external {
        try datanets.setStatus(datanetId, uint64(row % 6), status % 3) {} catch {}
    }

    function reassign(uint256 row, uint256 who) external {
        try datanets.reassign(datanetId, uint64(row % 6), account(who)) {} catch {}
    }

    function contribute(uint256 who) external {
        vm.prank(account(who));
        datanets.contribute(datanetId, "a copy of an answer");
    }

    /// @notice Requests whose answer would pay others than when they were paid for.
    function movedMeanwhile() external view returns (uint256 moved) {
        for (uint256 i = 0; i < open.length; ++i) {
            if (credits[open[i]] != creditsOf(open[i])) ++moved;
        }
    }

    /// @dev Half of the words of each row are closed; the seventh row comes later, or never.
    function creditsOf(uint256 id) private view returns (bytes32) {
        Inference.Request memory req = inference.requestInfo(id);
        Words[] memory words = new Words[](14);
        for (uint64 i = 0; i < 14; ++i) {
            words[i] = Words(i / 2, uint64(1) << i, i % 2 == 1);
        }
        (uint256 setId,,,) = datanets.setOf(datanetId);
        (uint32[] memory contributors, uint256[] memory found,, uint256 withheld,) =
            Predeploys.TEXT_ATTRIBUTION.traceByContributor(setId, req.version, abi.encode(words, 0), 256);
        uint256[9] memory sums;
        for (uint256 i = 0; i < contributors.length; ++i) {
            address payee = datanets.contributorAccountAt(datanetId, contributors[i], req.contributors);
            sums[uint160(payee) - 0xEC00] += found[i];
        }
        return keccak256(abi.encode(sums, withheld));
    }

    function settle(uint256 which, uint64[6] calldata seeds, uint256 count, uint64 unexplained) external {
        if (open.length == 0) return;
        uint256 id = open[which % open.length];
        Inference.Request memory req = inference.requestInfo(id);
        if (req.status != Inference.Status.Open || block.timestamp > req.deadline) return;
        uint256[] memory weights = new uint256[](count % 7);
        for (uint256 i = 0; i < weights.length; ++i) {
            weights[i] = uint256(seeds[i]) + 1;
        }
        vm.prank(req.operator);
        inference.settle(id, answerOf(weights, unexplained));
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

    function invariant_WhomAnAnswerPaysIsDecidedWhenItsQuestionIsAsked() public view {
        vm.assertEq(economy.movedMeanwhile(), 0, "requests whose payment moved");
    }

    function invariant_EveryWeiHeldIsOwedOrEscrowed() public view {
        (uint256 owedTotal, uint256 escrowed) = inference.totals();
        vm.assertEq(address(inference).balance, owedTotal + escrowed, "held = owed + escrowed");
        uint256 sum;
        for (uint256 i = 1; i <= 8; ++i) {
            sum += inference.owed(economy.account(i));
        }
        sum += inference.owed(address(inference));
        vm.assertEq(owedTotal, sum, "owed = sum of accounts and the commons");
        vm.assertEq(escrowed, economy.openPayments(), "escrowed = open requests");
    }
}
