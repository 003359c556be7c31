// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDivision} from "../../src/interfaces/IDivision.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {MarketTest} from "./Market.sol";

/// @notice What answers cost to settle, printed. The precompiles, datanets and models are doubles, whose own gas is not that of
///         the real ones: what dividing costs, where they are, is printed beside.
contract GasTest is MarketTest {
    event log_named_uint(string key, uint256 value);

    function setUp() public {
        deployMarket();
    }

    function batch(uint256 count) private pure returns (IInference.Answer[] memory all) {
        all = new IInference.Answer[](count);
        uint256[] memory credits = new uint256[](8);
        for (uint256 i = 0; i < 8; ++i) {
            credits[i] = 100 + i;
        }
        for (uint256 i = 0; i < count; ++i) {
            all[i] = answer(answerOf(credits, i), PRICE);
        }
    }

    function measure(uint256 count, string memory label) private returns (uint256 each) {
        IInference.Answer[] memory all = batch(count);
        uint256 id = open(modelId, uint32(count), count * PRICE);
        bytes memory signature = voucher(id, all);
        uint256 doubles = dividing(id, all);
        vm.prank(operator);
        uint256 gas = gasleft();
        inference.settle(id, all, signature);
        gas -= gasleft();
        each = gas / count;
        emit log_named_uint(label, each);
        emit log_named_uint("    of it in Division, where the doubles are", doubles / count);
    }

    function dividing(uint256 id, IInference.Answer[] memory all) private view returns (uint256 gas) {
        IInference.Session memory session = inference.sessionInfo(id);
        IDivision.Payment memory payment;
        (payment.modelId, payment.version, payment.termsHash) = (session.modelId, session.version, session.termsHash);
        (payment.protocolBps, payment.validatorBps) = (session.rules.protocolBps, session.rules.validatorBps);
        (payment.amount, payment.contributors) = (all.length * PRICE, session.contributors);
        gas = gasleft();
        division.divide(payment, all);
        gas -= gasleft();
    }

    function test_ManyAnswersInOneSettlementCostLessEach() public {
        // Accounts are owed something already, as most are.
        measure(1, "warm-up");
        uint256 one = measure(1, "gas per answer, 1 in a settlement");
        uint256 ten = measure(10, "gas per answer, 10 in a settlement");
        uint256 hundred = measure(100, "gas per answer, 100 in a settlement");
        vm.assertTrue(hundred < ten && ten < one, "each costs less");
        vm.assertTrue(hundred * 3 < one, "a third at most");
    }

    function test_OneSettlementPaysAtMostItsBoundOfContributors() public {
        uint256 id = datanetOf(200, 6_000, 10_000, 300);
        uint256 model = models.register(terms(), sourcesOf(id));
        lineageOf(model, trainer, address(0x7B));
        offer(model);
        uint256[] memory credits = new uint256[](200);
        for (uint256 i = 0; i < 200; ++i) {
            credits[i] = 1;
        }
        IInference.Answer[] memory all = answers(answerOf(credits, 0), PRICE);
        uint256 sessionId = open(model, 1, PRICE);
        bytes memory signature = voucher(sessionId, all);
        emit log_named_uint("    gas of dividing it, where the doubles are", dividing(sessionId, all));
        vm.prank(operator);
        uint256 gas = gasleft();
        inference.settle(sessionId, all, signature);
        emit log_named_uint("gas of a settlement of 200 new contributors, of whom 128 are paid", gas - gasleft());
        vm.assertEq(owed(contributor(128)) != 0 ? 1 : 0, 1, "the last who is paid");
        vm.assertEq(owed(contributor(129)), 0, "the first who waits");
        vm.assertEq(owed(Predeploys.FEE_DISTRIBUTOR), 0.05 ether, "protocol");
    }
}
