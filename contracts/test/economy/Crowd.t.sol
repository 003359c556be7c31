// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Attribution} from "../../src/l2/inference/Attribution.sol";
import {TraceDouble, Words} from "../doubles/TraceDouble.sol";
import {Vm} from "../Vm.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice As many contributors as one answer may have, each with an account of its own: what it costs to pay them, printed.
///         What the double that traces or scans costs is not counted.
contract CrowdTest is EconomyTest {
    event log_named_uint(string key, uint256 value);

    uint256 private constant TRANSACTION = 1e8;
    /// @dev Data of a transaction that nodes take.
    uint256 private constant TRANSACTION_BYTES = 128 * 1024;
    uint256 private constant CROWD = Attribution.MAX_TRACED;

    uint256 private datanetId;

    function setUp() public {
        deployEconomy();
        datanetId = foundOpen();
        for (uint256 i = 0; i < CROWD; ++i) {
            contribute(person(i), datanetId, abi.encode("row", i));
        }
        publish(datanetId);
    }

    function person(uint256 i) private pure returns (address) {
        return address(uint160(0xC0FFEE0000 + i));
    }

    function test_AnAnswerOfAsManyContributorsAsThereMayBeIsPaidInTransactions() public {
        Words[] memory words = new Words[](CROWD);
        for (uint256 i = 0; i < CROWD; ++i) {
            words[i] = Words(uint64(i), 3, false);
        }
        // Three of 20,480, of which six tenths are enough: a 4,096th each, to the wei.
        bytes memory output = abi.encode(words, 20_480 - 3 * CROWD);
        payAll(open(register(datanetId), 1), IInference.Answer("prompt", PRICE, output, ""), PRICE * 6 / 10 / 4_096);
    }

    function test_SoIsOneThatIsAttributedBySketches() public {
        uint256 modelId = registerSketches();
        (uint32[] memory numbers, int256[] memory scores) = (new uint32[](CROWD), new int256[](CROWD));
        for (uint256 i = 0; i < CROWD; ++i) {
            (numbers[i], scores[i]) = (uint32(i + 1), 1);
        }
        bytes memory query = abi.encode(numbers, scores);
        payAll(open(modelId, 1), IInference.Answer("prompt", PRICE, "an answer", query), PRICE * 6 / 10 / CROWD);
    }

    function registerSketches() private returns (uint256 modelId) {
        IModelRegistry.Registration memory made = registration(datanetId, 1);
        vm.startPrank(trainer);
        modelId = models.create("model", "");
        bytes32 commitment = keccak256(abi.encode(bytes32("seed"), bytes32("whitening"), made.manifestHash));
        (made.seed, made.whiteningHash) = ("seed", "whitening");
        made.sketchSetId = uint64(modelDisputes.createSketchSet(modelId, 32, 0, 63, commitment));
        made.sketchBps = 10_000;
        uint64[] memory rows = new uint64[](256);
        for (uint256 from = 0; from < CROWD; from += rows.length) {
            for (uint256 i = 0; i < rows.length; ++i) {
                rows[i] = uint64(from + i);
            }
            modelDisputes.appendSketches(made.sketchSetId, datanetId, 1, rows, new bytes(33 * rows.length));
        }
        models.registerVersion(modelId, made);
        vm.stopPrank();
        serve(modelId);
    }

    function payAll(uint256 sessionId, IInference.Answer memory answer, uint256 part) private {
        IInference.Answer[] memory all = new IInference.Answer[](1);
        all[0] = answer;
        bytes memory signature = voucher(sessionId, all);
        uint256 doubles = answer.query.length == 0 ? tracing(answer.output) : scanning(answer.query);
        vm.recordLogs();
        vm.prank(operator);
        uint256 gas = gasleft();
        uint256 settlementId = inference.settle(sessionId, all, signature);
        gas -= gasleft() + doubles;
        emit log_named_uint("gas of the settlement", gas);
        vm.assertTrue(gas < TRANSACTION, "a settlement fits");
        carryAll(settlementId, vm.getRecordedLogs());
        for (uint256 i = 0; i < CROWD; ++i) {
            vm.assertEq(owed(person(i)), part, "each has its part");
        }
        checkBooks();
    }

    function carryAll(uint256 settlementId, Vm.Log[] memory logs) private {
        bytes[] memory pages = new bytes[](CROWD / 128);
        uint256 count;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInference.Carried.selector) pages[count++] = logs[i].data;
        }
        vm.assertEq(count, CROWD / 128 - 1, "pages that wait");
        bytes32[] memory rests = new bytes32[](count);
        for (uint256 i = count - 1; i > 0; --i) {
            rests[i - 1] = keccak256(abi.encode(keccak256(pages[i]), rests[i]));
        }
        uint256 gas = gasleft();
        for (uint256 i = 0; i < count; ++i) {
            vm.assertTrue(pages[i].length < TRANSACTION_BYTES, "a page fits");
            inference.carry(settlementId, pages[i], rests[i]);
        }
        emit log_named_uint("gas of each page", (gas - gasleft()) / count);
        (uint256 amount, bytes32 hash) = inference.carriedOf(settlementId);
        vm.assertTrue(amount == 0 && hash == 0, "nobody waits");
    }

    function tracing(bytes memory output) private view returns (uint256 gas) {
        uint256 setId = datanets.release(datanetId, 1).setId;
        uint64 version = datanets.release(datanetId, 1).version;
        bytes memory asked = abi.encodeCall(TraceDouble.traceByContributor, (setId, version, output, uint16(CROWD)));
        return asking(address(Predeploys.TEXT_ATTRIBUTION), asked);
    }

    function scanning(bytes memory query) private view returns (uint256 gas) {
        bytes[] memory queries = new bytes[](1);
        queries[0] = query;
        return asking(
            address(Predeploys.SKETCH_ATTRIBUTION),
            abi.encodeCall(Predeploys.SKETCH_ATTRIBUTION.influenceByContributor, (1, 1, queries, uint16(CROWD)))
        );
    }

    function asking(address double, bytes memory asked) private view returns (uint256 gas) {
        bool done;
        gas = gasleft();
        assembly ("memory-safe") {
            done := staticcall(gas(), double, add(asked, 32), mload(asked), 0, 0)
        }
        gas -= gasleft();
        vm.assertTrue(done, "asked");
    }
}
