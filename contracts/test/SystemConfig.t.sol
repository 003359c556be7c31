// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {Vm} from "./Vm.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SystemConfig} from "../src/l1/SystemConfig.sol";

contract SystemConfigTest is L1Test {
    /// @dev First topic that derivation looks for, from the specification.
    bytes32 private constant CONFIG_UPDATE = 0x1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be;

    function setUp() public {
        deployL1();
    }

    function lastUpdate(uint8 kind) private returns (bytes memory data) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory log = logs[logs.length - 1];
        vm.assertEq(log.topics[0], CONFIG_UPDATE, "event");
        vm.assertEq(log.topics[1], bytes32(0), "version");
        vm.assertEq(log.topics[2], bytes32(uint256(kind)), "type");
        return abi.decode(log.data, (bytes));
    }

    function test_DeploymentAnnouncesEveryParameter() public {
        vm.recordLogs();
        new SystemConfig(configInit());
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 seen;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == CONFIG_UPDATE) seen |= 1 << uint256(logs[i].topics[2]);
        }
        vm.assertEq(seen, 63, "types 0 to 5");
    }

    function testFuzz_JovianParametersAreSetAndAnnounced(uint64 minBaseFee, uint16 scalar) public {
        SystemConfig.Init memory init = configInit();
        (init.minBaseFee, init.daFootprintGasScalar) = (minBaseFee, scalar);
        SystemConfig deployed = new SystemConfig(init);
        vm.assertEq(deployed.minBaseFee(), minBaseFee, "minBaseFee() after deployment");
        vm.assertEq(deployed.daFootprintGasScalar(), scalar, "daFootprintGasScalar() after deployment");

        vm.recordLogs();
        vm.startPrank(owner);
        config.setMinBaseFee(minBaseFee);
        vm.assertEq(lastUpdate(6), abi.encode(minBaseFee), "minimum base fee");
        config.setDAFootprintGasScalar(scalar);
        vm.assertEq(lastUpdate(7), abi.encode(scalar), "DA footprint");
        vm.assertEq(config.minBaseFee(), minBaseFee, "minBaseFee()");
        vm.assertEq(config.daFootprintGasScalar(), scalar, "daFootprintGasScalar()");
    }

    function testFuzz_UpdatesCarryTheirValuesAsSpecified(
        bytes32 batcher,
        uint32 basefee,
        uint32 blob,
        uint64 gasLimit,
        address signer,
        uint32 denominator,
        uint32 elasticity,
        uint64 constantFee
    ) public {
        gasLimit = uint64(bound(gasLimit, config.minimumGasLimit(), config.maximumGasLimit()));
        denominator = uint32(bound(denominator, 1, type(uint32).max));
        elasticity = uint32(bound(elasticity, 1, type(uint32).max));
        vm.recordLogs();
        vm.startPrank(owner);

        config.setBatcherHash(batcher);
        vm.assertEq(lastUpdate(0), abi.encode(batcher), "batcher");
        config.setGasConfigEcotone(basefee, blob);
        bytes memory scalar = abi.encodePacked(uint8(1), bytes23(0), blob, basefee);
        vm.assertEq(lastUpdate(1), abi.encodePacked(bytes32(0), scalar), "scalars");
        config.setGasLimit(gasLimit);
        vm.assertEq(lastUpdate(2), abi.encode(gasLimit), "gas limit");
        config.setUnsafeBlockSigner(signer);
        vm.assertEq(lastUpdate(3), abi.encode(signer), "signer");
        config.setEIP1559Params(denominator, elasticity);
        vm.assertEq(lastUpdate(4), abi.encodePacked(bytes24(0), denominator, elasticity), "EIP-1559");
        config.setOperatorFeeScalars(basefee, constantFee);
        vm.assertEq(lastUpdate(5), abi.encodePacked(bytes20(0), basefee, constantFee), "operator fee");

        vm.assertEq(config.batcherHash(), batcher, "batcherHash()");
        vm.assertEq(config.gasLimit(), gasLimit, "gasLimit()");
        vm.assertEq(config.unsafeBlockSigner(), signer, "unsafeBlockSigner()");
        vm.assertEq(config.scalar(), uint256(bytes32(scalar)), "scalar()");
        vm.assertEq(config.eip1559Denominator(), denominator, "eip1559Denominator()");
        vm.assertEq(config.eip1559Elasticity(), elasticity, "eip1559Elasticity()");
        vm.assertEq(config.operatorFeeScalar(), basefee, "operatorFeeScalar()");
        vm.assertEq(config.operatorFeeConstant(), constantFee, "operatorFeeConstant()");
    }

    function testFuzz_OnlyTheOwnerSetsAnything(address stranger) public {
        vm.assume(stranger != owner);
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        config.setBatcherHash(0);
        vm.expectRevert(refusal);
        config.setGasConfigEcotone(1, 1);
        vm.expectRevert(refusal);
        config.setGasLimit(30_000_000);
        vm.expectRevert(refusal);
        config.setUnsafeBlockSigner(stranger);
        vm.expectRevert(refusal);
        config.setEIP1559Params(1, 1);
        vm.expectRevert(refusal);
        config.setOperatorFeeScalars(1, 1);
        vm.expectRevert(refusal);
        config.setMinBaseFee(1);
        vm.expectRevert(refusal);
        config.setDAFootprintGasScalar(1);
    }

    function test_ParametersThatWouldStopTheChainAreRefused() public {
        uint64 least = config.minimumGasLimit();
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(SystemConfig.GasLimitOutOfRange.selector, least - 1));
        config.setGasLimit(least - 1);
        vm.expectRevert(abi.encodeWithSelector(SystemConfig.GasLimitOutOfRange.selector, type(uint64).max));
        config.setGasLimit(type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(SystemConfig.InvalidEip1559Params.selector, 0, 1));
        config.setEIP1559Params(0, 1);
        vm.expectRevert(abi.encodeWithSelector(SystemConfig.InvalidEip1559Params.selector, 1, 0));
        config.setEIP1559Params(1, 0);
    }

    function test_ItAnswersAsOneOfTheOpStack() public view {
        vm.assertEq(config.version(), "2.5.0", "version");
        vm.assertEq(config.overhead(), 0, "unused since Ecotone");
    }

    function test_AllDepositsOfAnL1BlockFitInTheSmallestL2Block() public view {
        // 1,000,000 is the attributes transaction's gas limit.
        vm.assertTrue(portal.MAX_DEPOSIT_GAS_PER_BLOCK() + 1_000_000 <= config.minimumGasLimit(), "fits");
    }
}
