// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Vm.sol";
import {GasPriceOracle} from "../src/l2/GasPriceOracle.sol";
import {L1Block} from "../src/l2/L1Block.sol";
import {OperatorFeeVault} from "../src/l2/OperatorFeeVault.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";

contract L1BlockTest is Test {
    L1Block private constant l1Block = L1Block(Predeploys.L1_BLOCK);
    address private constant depositor = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    struct Values {
        uint32 baseFeeScalar;
        uint32 blobBaseFeeScalar;
        uint64 sequenceNumber;
        uint64 timestamp;
        uint64 number;
        uint256 basefee;
        uint256 blobBaseFee;
        bytes32 hash;
        bytes32 batcherHash;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint16 daFootprintGasScalar;
    }

    function setUp() public {
        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
    }

    function ecotone(Values memory v) private pure returns (bytes memory) {
        return abi.encodePacked(
            v.baseFeeScalar,
            v.blobBaseFeeScalar,
            v.sequenceNumber,
            v.timestamp,
            v.number,
            v.basefee,
            v.blobBaseFee,
            v.hash,
            v.batcherHash
        );
    }

    function isthmus(Values memory v) private pure returns (bytes memory) {
        return abi.encodePacked(ecotone(v), v.operatorFeeScalar, v.operatorFeeConstant);
    }

    function send(bytes memory data) private {
        vm.prank(depositor);
        (bool success,) = Predeploys.L1_BLOCK.call(data);
        vm.assertTrue(success, "set");
    }

    function set(Values memory v) private {
        bytes memory data = abi.encodePacked(bytes4(0x3db6be2b), isthmus(v), v.daFootprintGasScalar);
        vm.assertEq(data.length, 178, "calldata");
        send(data);
    }

    function testFuzz_JovianValuesAreReadBack(Values memory v) public {
        set(v);
        vm.assertEq(l1Block.baseFeeScalar(), v.baseFeeScalar, "baseFeeScalar");
        vm.assertEq(l1Block.blobBaseFeeScalar(), v.blobBaseFeeScalar, "blobBaseFeeScalar");
        vm.assertEq(l1Block.sequenceNumber(), v.sequenceNumber, "sequenceNumber");
        vm.assertEq(l1Block.timestamp(), v.timestamp, "timestamp");
        vm.assertEq(l1Block.number(), v.number, "number");
        vm.assertEq(l1Block.basefee(), v.basefee, "basefee");
        vm.assertEq(l1Block.blobBaseFee(), v.blobBaseFee, "blobBaseFee");
        vm.assertEq(l1Block.hash(), v.hash, "hash");
        vm.assertEq(l1Block.batcherHash(), v.batcherHash, "batcherHash");
        vm.assertEq(l1Block.operatorFeeScalar(), v.operatorFeeScalar, "operatorFeeScalar");
        vm.assertEq(l1Block.operatorFeeConstant(), v.operatorFeeConstant, "operatorFeeConstant");
        vm.assertEq(l1Block.daFootprintGasScalar(), v.daFootprintGasScalar, "daFootprintGasScalar");
    }

    function slot(uint256 index) private view returns (bytes32) {
        return vm.load(Predeploys.L1_BLOCK, bytes32(index));
    }

    function testFuzz_JovianValuesAreWhereTheExecutorReadsThem(Values memory v) public {
        set(v);
        vm.assertEq(slot(0), bytes32(abi.encodePacked(bytes16(0), v.timestamp, v.number)), "slot 0");
        vm.assertEq(slot(1), bytes32(v.basefee), "slot 1");
        vm.assertEq(slot(2), v.hash, "slot 2");
        bytes memory scalars = abi.encodePacked(bytes16(0), v.baseFeeScalar, v.blobBaseFeeScalar, v.sequenceNumber);
        vm.assertEq(slot(3), bytes32(scalars), "slot 3");
        vm.assertEq(slot(4), v.batcherHash, "slot 4");
        vm.assertEq(slot(5), 0, "slot 5");
        vm.assertEq(slot(6), 0, "slot 6");
        vm.assertEq(slot(7), bytes32(v.blobBaseFee), "slot 7");
        bytes memory operatorFee =
            abi.encodePacked(bytes18(0), v.daFootprintGasScalar, v.operatorFeeScalar, v.operatorFeeConstant);
        vm.assertEq(slot(8), bytes32(operatorFee), "slot 8");
    }

    function testFuzz_EcotoneValuesLeaveTheOperatorFee(Values memory v) public {
        set(v);
        send(abi.encodePacked(bytes4(0x440a5e20), ecotone(v)));
        vm.assertEq(l1Block.operatorFeeConstant(), v.operatorFeeConstant, "operatorFeeConstant");
    }

    function testFuzz_IsthmusValuesAreTheSameButForTheFootprint(Values memory v, Values memory before) public {
        set(before);
        bytes memory data = abi.encodePacked(bytes4(0x098999be), isthmus(v));
        vm.assertEq(data.length, 176, "calldata");
        send(data);
        bytes32[9] memory slots;
        for (uint256 i = 0; i < 9; ++i) {
            slots[i] = slot(i);
        }
        v.daFootprintGasScalar = 0;
        set(v);
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertEq(slots[i], slot(i), "slot");
        }
    }

    function testFuzz_OnlyTheDepositorSetsValues(address stranger) public {
        vm.assume(stranger != depositor);
        vm.expectRevert(L1Block.NotDepositor.selector);
        vm.prank(stranger);
        l1Block.setL1BlockValuesJovian();
        vm.expectRevert(L1Block.NotDepositor.selector);
        vm.prank(stranger);
        l1Block.setL1BlockValuesIsthmus();
        vm.expectRevert(L1Block.NotDepositor.selector);
        vm.prank(stranger);
        l1Block.setL1BlockValuesEcotone();
    }

    /// @dev The first block of L1's block `number`, or one that follows it with the same origin.
    function begin(uint64 number, bytes32 randao) private {
        vm.prevrandao(randao);
        Values memory v;
        v.number = number;
        set(v);
    }

    function assertNotHeld(uint64 number) private {
        vm.expectRevert(abi.encodeWithSelector(L1Block.RandaoNotHeld.selector, number));
        l1Block.randaoOf(number);
    }

    function testFuzz_TheRandomnessOfAnOriginIsThatOfItsFirstBlock(uint64 first, bytes32 one, bytes32 two) public {
        vm.assume(one != 0 && two != 0 && first < type(uint64).max && first > 0);
        begin(first, one);
        begin(first, keccak256("a later block of the same origin, which no chain has"));
        begin(first + 1, two);
        vm.assertEq(l1Block.randaoOf(first), one, "one");
        vm.assertEq(l1Block.randaoOf(first + 1), two, "two");
        vm.assertEq(l1Block.number(), first + 1, "number");
        assertNotHeld(first - 1);
    }

    function test_RandomnessToComeOrOfBeforeTheChainIsNotHeld() public {
        assertNotHeld(0);
        begin(100, keccak256("a"));
        assertNotHeld(99);
        assertNotHeld(101);
        assertNotHeld(100 + 8192);
        assertNotHeld(type(uint64).max);
    }

    function test_RandomnessIsHeldFor8192Origins() public {
        for (uint64 n = 5; n < 5 + 8192; ++n) {
            begin(n, bytes32(uint256(n)));
        }
        vm.assertEq(l1Block.randaoOf(5), bytes32(uint256(5)), "the oldest");
        begin(5 + 8192, bytes32(uint256(77)));
        assertNotHeld(5);
        vm.assertEq(l1Block.randaoOf(6), bytes32(uint256(6)), "the oldest of the next window");
        vm.assertEq(l1Block.randaoOf(5 + 8192), bytes32(uint256(77)), "the newest");
    }

    function test_TheRandomnessLiesBehindTheSlotsThatTheExecutorReads() public {
        begin(8191, keccak256("last"));
        vm.assertEq(slot(9 + 8191), keccak256("last"), "last");
        begin(8192, keccak256("first"));
        vm.assertEq(slot(9), keccak256("first"), "first");
        vm.assertEq(slot(9 + 8192), 0, "nothing behind");
    }

    function test_FeesFollowFjordIsthmusAndJovian() public {
        GasPriceOracle oracle = new GasPriceOracle();
        Values memory v;
        (v.baseFeeScalar, v.blobBaseFeeScalar) = (1_368, 810_949);
        (v.basefee, v.blobBaseFee) = (30 gwei, 2 gwei);
        (v.operatorFeeScalar, v.operatorFeeConstant) = (2_000_000, 7);
        set(v);
        uint256 perByte = uint256(1_368) * 16 * 30 gwei + uint256(810_949) * 2 gwei;
        // Below about 170 compressed bytes every transaction counts as 100 bytes.
        vm.assertEq(oracle.getL1Fee(hex"020304"), 100e6 * perByte / 1e12, "smallest");
        vm.assertEq(oracle.getL1GasUsed(hex"020304"), 1_600, "gas of the smallest");
        // 1,000 + 68 bytes, at worst 1,088 after FastLZ.
        uint256 estimated = 836_500 * uint256(1_088) - 42_585_600;
        vm.assertEq(oracle.getL1FeeUpperBound(1_000), estimated * perByte / 1e12, "upper bound");
        vm.assertEq(oracle.getOperatorFee(21_000), 42_007, "operator fee");
        vm.assertEq(oracle.getOperatorFee(type(uint256).max), type(uint256).max / 1e6 + 7, "saturated operator fee");
        // isJovian, the fourth byte of slot 0.
        vm.store(address(oracle), 0, bytes32(uint256(0x01_01_01_01)));
        vm.assertTrue(oracle.isJovian(), "isJovian");
        vm.assertEq(oracle.getOperatorFee(21_000), 21_000 * uint256(2_000_000) * 100 + 7, "operator fee of Jovian");
        vm.assertEq(oracle.getOperatorFee(type(uint256).max), type(uint256).max, "saturated operator fee of Jovian");
    }

    function test_TheOracleTellsWhatItReadsAndNothingOfBedrock() public {
        GasPriceOracle oracle = new GasPriceOracle();
        Values memory v;
        (v.baseFeeScalar, v.blobBaseFeeScalar, v.basefee, v.blobBaseFee) = (1_368, 810_949, 30 gwei, 2 gwei);
        set(v);
        vm.fee(7 gwei);
        vm.assertTrue(oracle.gasPrice() == 7 gwei && oracle.baseFee() == 7 gwei, "base fee of L2");
        vm.assertTrue(oracle.l1BaseFee() == 30 gwei && oracle.blobBaseFee() == 2 gwei, "base fees of L1");
        vm.assertTrue(oracle.baseFeeScalar() == 1_368 && oracle.blobBaseFeeScalar() == 810_949, "scalars");
        vm.assertEq(oracle.decimals(), 6, "decimals");
        vm.assertEq(oracle.version(), "1.6.0", "version");
        vm.expectRevert(GasPriceOracle.Deprecated.selector);
        oracle.overhead();
        vm.expectRevert(GasPriceOracle.Deprecated.selector);
        oracle.scalar();
    }

    function testFuzz_TheUpperBoundIsNotBelowTheFee(bytes memory data) public {
        GasPriceOracle oracle = new GasPriceOracle();
        Values memory v;
        (v.baseFeeScalar, v.basefee) = (1_000_000, 1 gwei);
        set(v);
        vm.assertTrue(oracle.getL1Fee(data) <= oracle.getL1FeeUpperBound(data.length), "bound");
    }

    function test_ItAnswersAsOneOfTheOpStackWithOpenAsItsCurrency() public view {
        vm.assertEq(l1Block.version(), "1.7.0", "version");
        (address token, uint8 decimals) = l1Block.gasPayingToken();
        vm.assertTrue(token == 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE && decimals == 18, "no token");
        vm.assertEq(l1Block.gasPayingTokenName(), "OPEN", "name");
        vm.assertEq(l1Block.gasPayingTokenSymbol(), "OPEN", "symbol");
        vm.assertTrue(!l1Block.isCustomGasToken(), "the protocol's own");
    }

    function test_AnOperatorFeeVaultWhoseRecipientRefusesKeepsItsMoney() public {
        OperatorFeeVault vault = new OperatorFeeVault(address(l1Block), 1 ether);
        vm.assertEq(vault.version(), "1.0.0", "version");
        vm.deal(address(vault), 1 ether);
        vm.expectRevert("FeeVault: failed to send ETH to L2 fee recipient");
        vault.withdraw();
        vm.assertEq(vault.totalProcessed(), 0, "nothing");
    }

    function testFuzz_TheOperatorFeeVaultPaysItsRecipient(uint256 balance) public {
        OperatorFeeVault vault = new OperatorFeeVault(address(0xFEE), 1 ether);
        vm.deal(address(vault), 1 ether - 1);
        vm.expectRevert("FeeVault: withdrawal amount must be greater than minimum withdrawal amount");
        vault.withdraw();
        balance = bound(balance, 1 ether, type(uint128).max);
        vm.deal(address(vault), balance);
        vault.withdraw();
        vm.assertEq(address(0xFEE).balance, balance, "paid");
        vm.assertEq(vault.totalProcessed(), balance, "total");
    }
}
