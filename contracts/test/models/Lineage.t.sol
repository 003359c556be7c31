// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {ModelsTest} from "./ModelsTest.sol";

/// @notice Royalties flow up by edges, exactly and within bounds.
contract LineageTest is ModelsTest {
    address private constant ROOT = address(0xA0);
    address private constant MIDDLE = address(0xA1);
    address private constant LEAF = address(0xA2);

    function setUp() public {
        deployModels();
        fund(ROOT, 1e9 ether);
        fund(MIDDLE, 1e9 ether);
        fund(LEAF, 1e9 ether);
    }

    function partOf(uint256 modelId, address account) private view returns (uint256) {
        (address[] memory accounts, uint256[] memory parts) = partsOf(modelId);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (accounts[i] == account) return parts[i];
        }
        return 0;
    }

    function test_EachEdgeCarriesItsPartUp() public {
        uint256 root = registerAs(ROOT, registration());
        uint256 middle = registerAs(MIDDLE, child(root, 5_000));
        uint256 leaf = registerAs(LEAF, child(middle, 4_000));
        vm.assertEq(partOf(leaf, LEAF), 600_000_000, "own");
        vm.assertEq(partOf(leaf, MIDDLE), 200_000_000, "half of four tenths");
        vm.assertEq(partOf(leaf, ROOT), 200_000_000, "the other half");
        vm.assertEq(abi.encode(models.parents(leaf, 1)), abi.encode(child(middle, 4_000).parents), "walked upwards");
        (uint256[] memory modelIds, uint32[] memory versions) = models.children(root, 0, 10);
        vm.assertTrue(modelIds.length == 1 && modelIds[0] == middle && versions[0] == 1, "and downwards");
        vm.assertEq(models.facts(leaf, 1).depth, 2, "depth");
    }

    function test_ChildrenComeInPages() public {
        uint256 root = register(registration());
        for (uint256 i = 0; i < 3; ++i) {
            register(child(root, 0));
        }
        (uint256[] memory modelIds,) = models.children(root, 1, 1);
        vm.assertTrue(modelIds.length == 1 && modelIds[0] == root + 2, "the second");
        (modelIds,) = models.children(root, 2, 9);
        vm.assertTrue(modelIds.length == 1 && modelIds[0] == root + 3, "what is left");
        (modelIds,) = models.children(root, 3, 9);
        vm.assertEq(modelIds.length, 0, "none");
    }

    /// @dev A root that is reached by two ways is paid what both carry, and no more than both.
    function test_ADiamondMultipliesNothing() public {
        uint256 root = registerAs(ROOT, registration());
        uint256 left = registerAs(MIDDLE, child(root, 10_000));
        uint256 right = registerAs(MIDDLE, child(root, 10_000));
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](2);
        (entry.parents[0], entry.parents[1]) = (edge(left, 3_000), edge(right, 2_000));
        uint256 leaf = registerAs(LEAF, entry);
        (address[] memory accounts, uint256[] memory parts) = partsOf(leaf);
        vm.assertEq(accounts.length, 2, "the root once, and the leaf");
        vm.assertEq(partOf(leaf, ROOT), 500_000_000, "both ways");
        vm.assertEq(sumOf(parts), 1e9, "sum");
    }

    function test_EdgesCarryNoMoreThanAll() public {
        uint256 one = register(registration());
        uint256 two = register(registration());
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](2);
        (entry.parents[0], entry.parents[1]) = (edge(one, 6_000), edge(two, 4_001));
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyShares.selector, 10_001));
        entry.parents[1].royaltyBps = 4_000;
        uint256 leaf = registerAs(LEAF, entry);
        vm.assertEq(partOf(leaf, LEAF), 0, "everything is passed on");
        vm.assertEq(partOf(leaf, TRAINER), 1e9, "to the owner of both, in one part");
    }

    function test_AParentCountsOnce() public {
        uint256 root = register(registration());
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](2);
        (entry.parents[0], entry.parents[1]) = (edge(root, 1), edge(root, 1));
        refused(entry, abi.encodeWithSelector(IModelRegistry.ParentsNotAscending.selector, 1));
        entry.parents = new IModelRegistry.Parent[](1);
        refused(entry, abi.encodeWithSelector(IModelRegistry.ParentsNotAscending.selector, 0));
        entry.parents = new IModelRegistry.Parent[](17);
        refused(entry, abi.encodeWithSelector(IModelRegistry.TooManyParents.selector, 17));
    }

    function test_AnEdgeCarriesWhatTheParentAsks() public {
        IModelRegistry.Registration memory entry = registration();
        entry.royaltyBps = 500;
        uint256 root = register(entry);
        refused(child(root, 499), abi.encodeWithSelector(IModelRegistry.RoyaltyTooSmall.selector, root, 1, 499, 500));
        register(child(root, 500));
    }

    /// @dev What a parent asks for is a part of payments: who gives lineage little gives the parent more of it.
    function test_AChildThatPaysItsLineageNothingIsRefused() public {
        IModelRegistry.Registration memory entry = registration();
        entry.royaltyBps = 500;
        uint256 root = register(entry);
        entry = child(root, 10_000);
        entry.lineageBps = 0;
        refused(entry, abi.encodeWithSelector(IModelRegistry.LineageTooSmall.selector, root, 1, 0, 500_000));
        (entry.lineageBps, entry.parents[0].royaltyBps) = (100, 4_999);
        refused(entry, abi.encodeWithSelector(IModelRegistry.LineageTooSmall.selector, root, 1, 499_900, 500_000));
        entry.parents[0].royaltyBps = 5_000;
        register(entry);
    }

    /// @dev A model between that asks nothing of its own children is asked for what it has to pass on.
    function test_NobodyLosesAParentByPuttingAModelBetween() public {
        IModelRegistry.Registration memory entry = registration();
        entry.royaltyBps = 500;
        uint256 root = registerAs(ROOT, entry);
        uint256 wrapper = registerAs(MIDDLE, child(root, 2_500));
        refused(
            child(wrapper, 1_999),
            abi.encodeWithSelector(IModelRegistry.LineageTooSmall.selector, wrapper, 1, 1_999_000, 2_000_000)
        );
        uint256 leaf = registerAs(LEAF, child(wrapper, 2_000));
        vm.assertEq(partOf(leaf, ROOT), 50_000_000, "as much as of a child of its own");
    }

    /// @dev Whatever the models between give on, an ancestor gets of each payment what it asks of its children.
    function testFuzz_AnAncestorGetsWhatItAsksThroughAnyChain(uint16[8] memory lineages, uint16[8] memory edges)
        public
    {
        IModelRegistry.Registration memory entry = registration();
        (entry.lineageBps, entry.royaltyBps) = (400, 500);
        uint256 last = registerAs(ROOT, entry);
        for (uint256 i = 0; i < 8; ++i) {
            entry = child(last, uint16(uint256(edges[i]) % 10_001));
            if (i != 0) entry.parents[0].royaltyBps = uint16(5_000 + uint256(edges[i]) % 5_001);
            entry.lineageBps = uint16(uint256(lineages[i]) % 10_001);
            vm.startPrank(MIDDLE);
            uint256 modelId = models.create("", "");
            try models.registerVersion(modelId, entry) {
                last = modelId;
                // Of 10⁹ units of lineage, dust stays below.
                vm.assertTrue(
                    (partOf(last, ROOT) + 8) * entry.lineageBps >= uint256(400) * 500 * 100_000, "as it asked"
                );
            } catch (bytes memory reason) {
                bytes4 why = bytes4(reason);
                bool asked = why == IModelRegistry.LineageTooSmall.selector;
                vm.assertTrue(asked || why == IModelRegistry.RoyaltyTooSmall.selector, "for no other reason");
            }
            vm.stopPrank();
        }
    }

    function test_NothingIsItsOwnAncestor() public {
        IModelRegistry.Registration memory entry = registration();
        // The next model would be the second one.
        register(entry);
        refused(child(2, 0), abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, 2, 1));
        refused(child(9, 0), abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, 9, 1));
    }

    function test_AModelOfAnEarlierVersionOfItselfIsOneEntry() public {
        uint256 root = registerAs(ROOT, registration());
        uint256 middle = registerAs(MIDDLE, child(root, 5_000));
        IModelRegistry.Registration memory entry = child(middle, 5_000);
        vm.prank(ROOT);
        models.registerVersion(root, entry);
        (address[] memory accounts, uint256[] memory parts) = partsOf(root);
        vm.assertTrue(accounts.length == 2 && sumOf(parts) == 1e9, "two models");
        vm.assertEq(partOf(root, ROOT), 750_000_000, "its own half, and half of what it passes on");
    }

    function test_RoyaltiesFollowTheOwner() public {
        uint256 root = registerAs(ROOT, registration());
        uint256 leaf = registerAs(LEAF, child(root, 2_000));
        vm.prank(ROOT);
        models.offerOwnership(root, MIDDLE);
        vm.prank(MIDDLE);
        models.acceptOwnership(root);
        vm.assertEq(partOf(leaf, ROOT), 0, "no more");
        vm.assertEq(partOf(leaf, MIDDLE), 200_000_000, "the new owner");
    }

    function test_ALineageIsAtMostEightDeepAndADeepParentHarmsOnlyItsChildren() public {
        uint256 modelId = register(registration());
        uint256 other = modelId;
        for (uint256 i = 0; i < 8; ++i) {
            modelId = register(child(modelId, 1_000));
        }
        vm.assertEq(models.facts(modelId, 1).depth, 8, "as deep as can be");
        refused(child(modelId, 1_000), abi.encodeWithSelector(IModelRegistry.TooDeep.selector, modelId, 1));
        register(child(other, 1_000));
    }

    /// @dev A parent that is later made from deeper things is named by version: its children are where they were.
    function test_AParentThatDeepensMovesNoChild() public {
        uint256 root = register(registration());
        uint256 deep = register(child(root, 0));
        uint256 leaf = register(child(root, 0));
        IModelRegistry.Registration memory entry = child(deep, 0);
        vm.prank(TRAINER);
        models.registerVersion(root, entry);
        vm.assertEq(models.facts(leaf, 1).depth, 1, "one below the first version");
    }

    /// @dev Edges of one basis point of one basis point …: what rounds to nothing stays with the model below.
    function test_DustStaysWithTheNearestParent() public {
        uint256 modelId = registerAs(ROOT, registration());
        for (uint256 i = 0; i < 3; ++i) {
            modelId = registerAs(MIDDLE, child(modelId, 1));
        }
        uint256 leaf = registerAs(LEAF, child(modelId, 1));
        vm.assertEq(partOf(leaf, LEAF), 999_900_000, "own");
        vm.assertEq(partOf(leaf, MIDDLE), 100_000, "all of the edge, however it is divided beyond");
        vm.assertEq(partOf(leaf, ROOT), 0, "a tenthousandth of a tenthousandth of it rounds to nothing");
    }

    function test_ALineageNamesAtMost64Models() public {
        uint256[] memory wide = new uint256[](16);
        for (uint256 i = 0; i < 16; ++i) {
            wide[i] = register(fan(register(registration()), 3));
        }
        // 16 parents, each with three ancestors of its own, and the model itself: one too many.
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](16);
        for (uint256 i = 0; i < 16; ++i) {
            entry.parents[i] = edge(wide[i], 600);
        }
        refused(entry, abi.encodeWithSelector(IModelRegistry.LineageTooWide.selector, 64));
        entry.parents[15].royaltyBps = 0;
        register(entry);
    }

    /// @dev A model over `first` and `count - 1` more that are new.
    function fan(uint256 first, uint256 count) private returns (IModelRegistry.Registration memory entry) {
        entry = registration();
        entry.parents = new IModelRegistry.Parent[](count);
        entry.parents[0] = edge(first, 1_000);
        for (uint256 i = 1; i < count; ++i) {
            entry.parents[i] = edge(register(registration()), 1_000);
        }
    }

    /// @dev Sixteen parents at depth 7 with 4 models each: as much as a registration can have to do, but for sources.
    function test_ALineageAtAllBoundsFitsABlock() public {
        uint256[] memory tips = new uint256[](16);
        for (uint256 i = 0; i < 16; ++i) {
            tips[i] = register(registration());
            for (uint256 depth = 0; depth < 7; ++depth) {
                tips[i] = register(child(tips[i], depth < 4 ? 0 : 5_000));
            }
        }
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](16);
        entry.sources = new IModels.Source[](16);
        for (uint256 i = 0; i < 16; ++i) {
            // Four models of each chain are paid: 60 of fifteen chains, and the leaf.
            entry.parents[i] = edge(tips[i], i == 15 ? 0 : 600);
            publish(i + 1, licence());
            entry.sources[i] = IModels.Source(i + 1, 1, 625);
        }
        vm.startPrank(LEAF);
        uint256 leaf = models.create("", "");
        uint256 before = gasleft();
        models.registerVersion(leaf, entry);
        uint256 used = before - gasleft();
        vm.stopPrank();
        vm.assertTrue(used < 8_000_000, "gas of a registration at the bounds");
        vm.assertEq(models.facts(leaf, 1).depth, 8, "depth");
        before = gasleft();
        (, uint256[] memory parts) = models.lineage(leaf, 1);
        vm.assertTrue(before - gasleft() < 1_000_000, "gas of reading it");
        vm.assertEq(sumOf(parts), 1e9, "sum");
    }

    /// @dev Eleven parents over the same 52 models: as much merging as 64 models allow.
    function test_ALineageThatMergesAllItsModelsFitsABlock() public {
        IModelRegistry.Registration memory entry = registration();
        entry.parents = new IModelRegistry.Parent[](3);
        for (uint256 i = 0; i < 3; ++i) {
            entry.parents[i] = edge(register(fanOfRoots()), 3_000);
        }
        uint256 hub = register(entry);
        entry = registration();
        entry.parents = new IModelRegistry.Parent[](11);
        for (uint256 i = 0; i < 11; ++i) {
            entry.parents[i] = edge(register(child(hub, 5_000)), 900);
        }
        vm.startPrank(LEAF);
        uint256 leaf = models.create("", "");
        uint256 before = gasleft();
        models.registerVersion(leaf, entry);
        vm.assertTrue(before - gasleft() < 8_000_000, "gas of merging");
        vm.stopPrank();
        (, uint256[] memory parts) = models.lineage(leaf, 1);
        vm.assertEq(sumOf(parts), 1e9, "sum");
        vm.assertEq(partOf(leaf, LEAF), 10_000_000, "own");
    }

    function fanOfRoots() private returns (IModelRegistry.Registration memory entry) {
        entry = registration();
        entry.parents = new IModelRegistry.Parent[](16);
        for (uint256 i = 0; i < 16; ++i) {
            entry.parents[i] = edge(register(registration()), 600);
        }
    }

    function testFuzz_PartsAlwaysSumToTheWhole(uint256 seed) public {
        uint256 count = 2 + seed % 24;
        for (uint256 i = 1; i <= count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address owner = [ROOT, MIDDLE, LEAF, OTHER][seed % 4];
            IModelRegistry.Registration memory entry = registration();
            entry.parents = drawn(i - 1, seed);
            vm.startPrank(owner);
            uint256 modelId = models.create("", "");
            try models.registerVersion(modelId, entry) {}
            catch (bytes memory reason) {
                bytes4 why = bytes4(reason);
                bool bounded = why == IModelRegistry.TooDeep.selector || why == IModelRegistry.LineageTooWide.selector;
                vm.assertTrue(bounded || why == IModelRegistry.UnknownVersion.selector, "only bounds refuse");
                vm.stopPrank();
                continue;
            }
            vm.stopPrank();
            exact(modelId, entry);
        }
    }

    function exact(uint256 modelId, IModelRegistry.Registration memory entry) private view {
        (address[] memory accounts, uint256[] memory parts) = models.lineage(modelId, 1);
        vm.assertEq(sumOf(parts), 1e9, "sum");
        vm.assertTrue(accounts.length <= 64 && models.facts(modelId, 1).depth <= 8, "bounds");
        for (uint256 i = 0; i < accounts.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                vm.assertTrue(accounts[i] != accounts[j], "each account once");
            }
        }
        uint256 own = 10_000;
        for (uint256 i = 0; i < entry.parents.length; ++i) {
            own -= entry.parents[i].royaltyBps;
            vm.assertTrue(entry.parents[i].modelId < modelId, "parents come first");
        }
        (address owner,) = models.ownerOf(modelId);
        vm.assertTrue(partOf(modelId, owner) >= own * 1e5, "what no edge carries is the owner's");
    }

    /// @dev Up to 16 of the models 1 … `known`, ascending, whose edges carry at most all.
    function drawn(uint256 known, uint256 seed) private pure returns (IModelRegistry.Parent[] memory list) {
        uint256 count = known == 0 ? 0 : (seed >> 8) % (known < 16 ? known + 1 : 17);
        list = new IModelRegistry.Parent[](count);
        uint256 left = 10_000;
        for (uint256 i = 0; i < count; ++i) {
            uint256 bps = uint16(seed >> (16 + i * 15)) % (left + 1);
            left -= bps;
            list[i] = edge(known - count + i + 1, uint16(bps));
        }
    }
}
