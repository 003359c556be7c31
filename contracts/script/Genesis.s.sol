// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Commons} from "../src/l2/money/Commons.sol";
import {DatanetReview} from "../src/l2/datanets/DatanetReview.sol";
import {Datanets} from "../src/l2/datanets/Datanets.sol";
import {Division} from "../src/l2/inference/Division.sol";
import {FeeDistributor} from "../src/l2/money/FeeDistributor.sol";
import {GasPriceOracle} from "../src/l2/GasPriceOracle.sol";
import {Inference} from "../src/l2/inference/Inference.sol";
import {Juries} from "../src/l2/juries/Juries.sol";
import {L1Block} from "../src/l2/L1Block.sol";
import {ModelDisputes} from "../src/l2/models/ModelDisputes.sol";
import {Models} from "../src/l2/models/Models.sol";
import {OperatorFeeVault} from "../src/l2/OperatorFeeVault.sol";
import {Parameters} from "../src/l2/governance/Parameters.sol";
import {Payouts} from "../src/l2/money/Payouts.sol";
import {Predeploys} from "../src/l2/Predeploys.sol";
import {Reserved} from "../src/l2/governance/Reserved.sol";
import {Stakes} from "../src/l2/money/Stakes.sol";
import {TributaryGovernor} from "../src/l2/governance/TributaryGovernor.sol";
import {TributaryTimelock} from "../src/l2/governance/TributaryTimelock.sol";
import {VotingOpen} from "../src/l2/money/VotingOpen.sol";
import {WrappedOpen} from "../src/l2/money/WrappedOpen.sol";
import {Vm} from "../test/Vm.sol";

/// @title Proxy
/// @notice OpenZeppelin's proxy, whose code it has. No contract here has an initializer, on whose call the original insists.
contract Proxy is ERC1967Proxy {
    constructor(address implementation) ERC1967Proxy(implementation, "") {}

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}

/// @title Genesis
/// @notice What the project's contracts are on a chain that begins. Each constructor runs at the address where its contract will stand, so that code and
///         storage are what a deployment there would have left. `cargo xtask contracts` writes what `run` returns into the artifacts.
contract Genesis {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice First and last of the proxies that wait for contracts to come.
    uint160 public constant FIRST_RESERVED = 0x0a771d;
    uint160 public constant LAST_RESERVED = 0x0a772f;

    /// @notice The implementation behind the proxy at `p` stands at `p` with these two bytes in front.
    uint160 private constant IMPLEMENTATION = 0xc0de << 144;

    address private constant GAS_PRICE_ORACLE = 0x420000000000000000000000000000000000000F;
    address private constant OPERATOR_FEE_VAULT = 0x420000000000000000000000000000000000001b;

    /// @notice 1 OPEN: below it a withdrawal from a vault isn't worth its events.
    uint256 private constant VAULT_MINIMUM = 1 ether;

    struct Placed {
        string name;
        address at;
    }

    Placed[] private _placed;

    /// @notice A constructor has reverted.
    error NotConstructed(string name, bytes reason);

    /// @notice The accounts, as JSON.
    function run() external returns (string memory) {
        place();
        return string.concat("[", _json(0, _placed.length), "]");
    }

    /// @notice Puts all contracts where they belong. A contract comes behind those that its constructor calls.
    function place() public {
        // Any, but always the same. Contracts that keep a domain of EIP-712 compute it anew on a chain of another id.
        vm.chainId(31_337);
        vm.warp(1);
        vm.roll(1);
        vm.record();

        _construct("L1Block", Predeploys.L1_BLOCK, type(L1Block).creationCode);
        _construct("GasPriceOracle", GAS_PRICE_ORACLE, type(GasPriceOracle).creationCode);
        bytes memory vault = abi.encode(Predeploys.FEE_DISTRIBUTOR, VAULT_MINIMUM);
        _construct("OperatorFeeVault", OPERATOR_FEE_VAULT, bytes.concat(type(OperatorFeeVault).creationCode, vault));
        _construct("WrappedOpen", Predeploys.WRAPPED_OPEN, type(WrappedOpen).creationCode);
        _construct("Payouts", Predeploys.PAYOUTS, type(Payouts).creationCode);
        _construct("Stakes", Predeploys.STAKES, type(Stakes).creationCode);
        _construct("VotingOpen", Predeploys.VOTING_OPEN, type(VotingOpen).creationCode);
        _construct("TributaryTimelock", Predeploys.TIMELOCK, type(TributaryTimelock).creationCode);
        _construct("TributaryGovernor", Predeploys.GOVERNOR, type(TributaryGovernor).creationCode);
        _proxied("Parameters", Predeploys.PARAMETERS, type(Parameters).creationCode);
        _construct("DatanetReview", Predeploys.DATANET_REVIEW, type(DatanetReview).creationCode);
        _proxied("Datanets", Predeploys.DATANETS, type(Datanets).creationCode);
        _proxied("Juries", Predeploys.JURIES, type(Juries).creationCode);
        _proxied("Models", Predeploys.MODELS, type(Models).creationCode);
        _construct("ModelDisputes", Predeploys.MODEL_DISPUTES, type(ModelDisputes).creationCode);
        _proxied("Division", Predeploys.DIVISION, type(Division).creationCode);
        _proxied("Inference", Predeploys.INFERENCE, type(Inference).creationCode);
        _proxied("Commons", Predeploys.COMMONS, type(Commons).creationCode);
        _proxied("FeeDistributor", Predeploys.FEE_DISTRIBUTOR, type(FeeDistributor).creationCode);
        _proxied("Reserved", address(FIRST_RESERVED), type(Reserved).creationCode);
        for (uint160 at = FIRST_RESERVED + 1; at <= LAST_RESERVED; ++at) {
            _proxy("Reserved", address(at), implementationOf(address(FIRST_RESERVED)));
        }
    }

    /// @notice All that was placed, in order.
    function placed() external view returns (Placed[] memory) {
        return _placed;
    }

    /// @notice Where the implementation behind a proxy stands at genesis.
    function implementationOf(address proxy) public pure returns (address) {
        return address(IMPLEMENTATION | uint160(proxy));
    }

    function _proxied(string memory name, address at, bytes memory creation) private {
        address implementation = implementationOf(at);
        _construct(string.concat(name, " (implementation)"), implementation, creation);
        _proxy(name, at, implementation);
    }

    function _proxy(string memory name, address at, address implementation) private {
        _construct(name, at, bytes.concat(type(Proxy).creationCode, abi.encode(implementation)));
    }

    function _construct(string memory name, address at, bytes memory creation) private {
        vm.etch(at, creation);
        (bool success, bytes memory runtime) = at.call("");
        if (!success) revert NotConstructed(name, runtime);
        vm.etch(at, runtime);
        _placed.push(Placed(name, at));
    }

    /// @dev In halves, because memory grows with each concatenation.
    function _json(uint256 from, uint256 to) private returns (string memory) {
        if (to - from == 1) return _json(_placed[from]);
        uint256 middle = (from + to) / 2;
        return string.concat(_json(from, middle), ",", _json(middle, to));
    }

    function _json(Placed memory account) private returns (string memory) {
        return string.concat(
            '{"name":"',
            account.name,
            '","address":"',
            vm.toString(account.at),
            '","code":"',
            vm.toString(account.at.code),
            '","storage":{',
            _storage(account.at),
            "}}"
        );
    }

    /// @dev A slot that was written twice is told twice, with the same value.
    function _storage(address at) private returns (string memory text) {
        (, bytes32[] memory slots) = vm.accesses(at);
        for (uint256 i = 0; i < slots.length; ++i) {
            text = string.concat(
                text, i == 0 ? '"' : ',"', vm.toString(slots[i]), '":"', vm.toString(vm.load(at, slots[i])), '"'
            );
        }
    }
}
