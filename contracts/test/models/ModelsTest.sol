// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {ModelDisputes} from "../../src/l2/models/ModelDisputes.sol";
import {Models} from "../../src/l2/models/Models.sol";
import {Test} from "../Vm.sol";
import {CasesDouble, KeysDouble, ReleasesDouble, SketchStoreDouble, TrainerStakesDouble} from "./ModelDoubles.sol";

/// @notice Models behind its proxy, over doubles of what it calls.
abstract contract ModelsTest is Test {
    Models internal constant models = Models(payable(Predeploys.MODELS));
    IModelDisputes internal constant disputes = IModelDisputes(Predeploys.MODELS);
    ReleasesDouble internal constant datanets = ReleasesDouble(Predeploys.DATANETS);
    TrainerStakesDouble internal constant stakes = TrainerStakesDouble(Predeploys.STAKES);
    CasesDouble internal constant juries = CasesDouble(Predeploys.JURIES);
    KeysDouble internal constant parameters = KeysDouble(Predeploys.PARAMETERS);
    SketchStoreDouble internal constant sketches = SketchStoreDouble(address(Predeploys.ATTRIBUTION_STORE));

    address internal constant TRAINER = address(0x7A);
    address internal constant OTHER = address(0x7B);
    address internal constant OPERATOR = address(0x0B);
    uint256 internal constant BOND = 100 ether;
    uint256 internal constant CHALLENGE = 10 ether;
    uint256 internal constant FEE = 0.5 ether;

    uint256 private made;

    function deployModels() internal {
        vm.etch(Predeploys.DATANETS, address(new ReleasesDouble()).code);
        vm.etch(Predeploys.STAKES, address(new TrainerStakesDouble()).code);
        vm.etch(Predeploys.JURIES, address(new CasesDouble()).code);
        vm.etch(Predeploys.PARAMETERS, address(new KeysDouble()).code);
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new SketchStoreDouble()).code);
        vm.etch(Predeploys.MODEL_DISPUTES, address(new ModelDisputes()).code);
        // A proxy's code at the predeploy, its implementation in the slot of ERC-1967.
        Models implementation = new Models();
        vm.etch(Predeploys.MODELS, type(ERC1967Proxy).runtimeCode);
        bytes32 slot = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
        vm.store(Predeploys.MODELS, slot, bytes32(uint256(uint160(address(implementation)))));
        vm.warp(1_000_000);
        fund(TRAINER, 1_000_000 ether);
        fund(OTHER, 1_000_000 ether);
    }

    function fund(address account, uint256 amount) internal {
        vm.deal(address(this), amount);
        stakes.stakeFor{value: amount}(IStakes.Purpose.Trainer, account);
        vm.deal(account, 1_000_000 ether);
    }

    function lockedOf(address account) internal view returns (uint256 locked) {
        (, locked,,) = stakes.stakeOf(IStakes.Purpose.Trainer, account);
    }

    // ---- Datanets

    function licence() internal pure returns (IDatanets.Licence memory) {
        return IDatanets.Licence(true, true, false, 0, 10_000, "licence");
    }

    function publish(uint256 datanetId, IDatanets.Licence memory terms) internal returns (IModels.Source[] memory) {
        return sources(datanetId, datanets.publish(datanetId, 10, 5, terms));
    }

    function sources(uint256 datanetId, uint32 releaseId) internal pure returns (IModels.Source[] memory list) {
        list = new IModels.Source[](1);
        list[0] = IModels.Source(datanetId, releaseId, 10_000);
    }

    // ---- Models

    /// @dev A version that nothing forbids, with weights of its own.
    function registration() internal returns (IModelRegistry.Registration memory entry) {
        entry.licence = licence();
        entry.weightsHash = keccak256(abi.encode("weights", ++made));
        (entry.manifestHash, entry.metricsHash, entry.uri) = ("manifest", "metrics", "ipfs://model");
        (entry.operator, entry.price) = (OPERATOR, 1 ether);
        (entry.lineageBps, entry.answerSeconds, entry.deterministic) = (1_000, 1 hours, true);
    }

    function child(uint256 parentId, uint16 royaltyBps) internal returns (IModelRegistry.Registration memory entry) {
        entry = registration();
        entry.parents = new IModelRegistry.Parent[](1);
        entry.parents[0] = edge(parentId, royaltyBps);
    }

    function edge(uint256 parentId, uint16 royaltyBps) internal pure returns (IModelRegistry.Parent memory) {
        return IModelRegistry.Parent(uint128(parentId), 1, royaltyBps, IModelRegistry.Relation.Base);
    }

    function register(IModelRegistry.Registration memory entry) internal returns (uint256) {
        return registerAs(TRAINER, entry);
    }

    function registerAs(address who, IModelRegistry.Registration memory entry) internal returns (uint256 modelId) {
        vm.startPrank(who);
        modelId = models.create("model", "");
        models.registerVersion(modelId, entry);
        vm.stopPrank();
    }

    function refused(IModelRegistry.Registration memory entry, bytes memory error) internal {
        vm.startPrank(TRAINER);
        uint256 modelId = models.create("model", "");
        vm.expectRevert(error);
        models.registerVersion(modelId, entry);
        vm.stopPrank();
    }

    function refusedVersion(uint256 modelId, IModelRegistry.Registration memory entry, bytes memory error) internal {
        vm.expectRevert(error);
        vm.prank(TRAINER);
        models.registerVersion(modelId, entry);
    }

    function active(uint256 modelId) internal view returns (bool isActive) {
        (, isActive) = models.latest(modelId);
    }

    function partsOf(uint256 modelId) internal view returns (address[] memory accounts, uint256[] memory parts) {
        (uint32 version,) = models.latest(modelId);
        return models.lineage(modelId, version);
    }

    function sumOf(uint256[] memory parts) internal pure returns (uint256 sum) {
        for (uint256 i = 0; i < parts.length; ++i) {
            sum += parts[i];
        }
    }
}
