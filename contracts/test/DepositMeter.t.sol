// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {Test} from "./Vm.sol";
import {DepositMeter} from "../src/l1/DepositMeter.sol";

/// @notice The market through the portal: what deposits cost those who make them.
contract DepositMarketTest is L1Test {
    address private constant alice = address(0xA11CE);

    function setUp() public {
        deployL1();
    }

    /// @dev L1 gas of a deposit call, without the intrinsic gas of a transaction.
    function costOf(uint64 gasLimit) private returns (uint256) {
        uint256 before = gasleft();
        portal.depositTransaction(alice, 0, gasLimit, false, "");
        return before - gasleft();
    }

    function price() private view returns (uint128 found) {
        (found,,) = portal.params();
    }

    function nextBlock() private {
        vm.roll(vm.getBlockNumber() + 1);
    }

    function test_AnOrdinaryDepositCostsItsL2GasAndNoMore() public {
        costOf(100_000);
        uint256 cost = costOf(100_000);
        vm.assertTrue(cost >= 100_000 && cost < 105_000, "at a base fee below 1 gwei");
        vm.fee(20 gwei);
        cost = costOf(100_000);
        vm.assertTrue(cost < 20_000, "at 20 gwei: what the call itself uses");
    }

    function test_AnOrdinaryErc20DepositCostsItsL2GasAndNoMore() public {
        open.transfer(alice, 10);
        vm.prank(alice);
        open.approve(address(portal), 10);
        uint256 before = gasleft();
        vm.prank(alice);
        portal.depositERC20Transaction(alice, 10, 10, 100_000, false, "");
        uint256 cost = before - gasleft();
        vm.assertTrue(cost >= 100_000 && cost < 110_000, "cost");
    }

    function test_WhoTakesTheWholeBlockPaysForItInL1Gas() public {
        vm.assertTrue(costOf(20_000_000) >= 20_000_000, "cost");
        vm.expectRevert(DepositMeter.OutOfGas.selector);
        portal.depositTransaction(alice, 0, 21_000, false, "");
        // In the next block another may deposit, at a price that more than doubled.
        nextBlock();
        uint256 cost = costOf(21_000);
        vm.assertEq(price(), 2.125 gwei, "price");
        vm.assertTrue(cost >= 44_625 && cost < 50_000, "cost of the least deposit");
    }

    function test_KeepingEverybodyOutMoreThanDoublesInPriceWithEachBlock() public {
        // An L1 gas dear enough that blocks could hold it.
        vm.fee(1_000 gwei);
        uint256 expected = 1 gwei;
        for (uint256 i = 0; i < 10; ++i) {
            uint256 cost = costOf(20_000_000);
            vm.assertEq(price(), expected, "price");
            vm.assertTrue(cost >= 20_000_000 * expected / 1_000 gwei, "cost");
            expected += expected * 9 / 8;
            nextBlock();
        }
        vm.assertTrue(expected > 1_800 gwei, "after ten blocks");
    }

    function test_AfterTheStormThePriceFallsToTheFloor() public {
        vm.fee(1_000 gwei);
        for (uint256 i = 0; i < 10; ++i) {
            costOf(20_000_000);
            nextBlock();
        }
        vm.roll(vm.getBlockNumber() + 100);
        costOf(21_000);
        vm.assertEq(price(), 1 gwei, "price");
    }

    function testFuzz_ADepositCostsAtLeastItsPrice(uint64 first, uint64 second, uint64 baseFee, uint8 blocks) public {
        vm.fee(bound(baseFee, 0, 200 gwei));
        costOf(uint64(bound(first, 21_000, 20_000_000)));
        vm.roll(vm.getBlockNumber() + bound(blocks, 1, 4));
        uint64 gas = uint64(bound(second, 21_000, 2_000_000));
        uint256 cost = costOf(gas);
        uint256 least = block.basefee < 1 gwei ? 1 gwei : block.basefee;
        vm.assertTrue(cost >= uint256(price()) * gas / least, "cost");
    }

    function test_TooLittleL1GasForThePriceDepositsNothing() public {
        vm.expectRevert();
        portal.depositTransaction{gas: 500_000}(alice, 0, 1_000_000, false, "");
        (,, uint64 blockNumber) = portal.params();
        vm.assertEq(blockNumber, 0, "block of the last deposit");
    }
}

/// @notice The market's rule, block by block, without what a call costs.
contract Market is Test {
    using DepositMeter for DepositMeter.Meter;

    DepositMeter.Meter private meter;
    uint256 private lastBlock;
    uint256 private lastPrice;
    uint256 private lastBought;
    /// @notice Whether the price ever left what the rule allows.
    bool public outOfBounds;

    function buy(uint64 gas, uint256 blocks) external {
        vm.roll(vm.getBlockNumber() + blocks % 3);
        DepositMeter.Meter memory now_ = meter.current();
        uint64 left = DepositMeter.CAP - now_.boughtGas;
        if (left == 0) return;
        // Often all that is left: prices must get somewhere.
        gas = gas % 3 == 0 ? left : uint64(bound(gas, 1, left));
        uint256 cost = meter.take(gas);
        if (cost != uint256(meter.price) * gas / 1 gwei) outOfBounds = true;
        check();
    }

    function askForTooMuch(uint64 gas) external {
        uint64 left = DepositMeter.CAP - meter.current().boughtGas;
        try this.take(uint64(bound(gas, uint256(left) + 1, type(uint64).max))) {
            outOfBounds = true;
        } catch {}
    }

    function wait(uint8 blocks) external {
        vm.roll(vm.getBlockNumber() + blocks);
    }

    function take(uint64 gas) external {
        meter.take(gas);
    }

    function state() external view returns (DepositMeter.Meter memory) {
        return meter;
    }

    /// @dev The price may change between blocks only, by what the specification says.
    function check() private {
        uint256 price = meter.price;
        uint256 passed = meter.blockNumber - lastBlock;
        if (passed == 0 && price != lastPrice) outOfBounds = true;
        if (passed != 0 && lastBlock != 0) {
            if (price > lastPrice + lastPrice * 9 / 8) outOfBounds = true;
            if (lastBought < DepositMeter.TARGET && price > lastPrice) outOfBounds = true;
            if (lastBought > DepositMeter.TARGET && passed == 1 && price < lastPrice) outOfBounds = true;
            if (passed > 200 && lastPrice < 1e18 && price != DepositMeter.MINIMUM_PRICE) outOfBounds = true;
        }
        (lastBlock, lastPrice, lastBought) = (meter.blockNumber, price, meter.boughtGas);
    }
}

contract MarketInvariant is Test {
    Market private market;

    function setUp() public {
        market = new Market();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(market);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(market);
        selectors[0].selectors = new bytes4[](3);
        selectors[0].selectors[0] = Market.buy.selector;
        selectors[0].selectors[1] = Market.askForTooMuch.selector;
        selectors[0].selectors[2] = Market.wait.selector;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function invariant_NoBlockSellsMoreThanTheCapAndPricesFollowTheRule() public view {
        DepositMeter.Meter memory meter = market.state();
        vm.assertTrue(meter.boughtGas <= DepositMeter.CAP, "cap");
        vm.assertTrue(meter.blockNumber == 0 || meter.price >= DepositMeter.MINIMUM_PRICE, "floor");
        vm.assertTrue(!market.outOfBounds(), "rule");
    }
}
