// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Parameters} from "../../src/l2/governance/Parameters.sol";
import {TributaryGovernor} from "../../src/l2/governance/TributaryGovernor.sol";
import {TributaryTimelock} from "../../src/l2/governance/TributaryTimelock.sol";
import {Commons} from "../../src/l2/money/Commons.sol";
import {FeeDistributor} from "../../src/l2/money/FeeDistributor.sol";
import {Payouts} from "../../src/l2/money/Payouts.sol";
import {Stakes} from "../../src/l2/money/Stakes.sol";
import {VotingOpen} from "../../src/l2/money/VotingOpen.sol";
import {WrappedOpen} from "../../src/l2/money/WrappedOpen.sol";
import {Test} from "../Vm.sol";

/// @notice The contracts of money and governance at their predeploys, placed as genesis does it: the code that a constructor
///         returned somewhere else, and the slots that it wrote there.
abstract contract MoneyTest is Test {
    Payouts internal constant payouts = Payouts(Predeploys.PAYOUTS);
    Stakes internal constant stakes = Stakes(Predeploys.STAKES);
    WrappedOpen internal constant wopen = WrappedOpen(payable(Predeploys.WRAPPED_OPEN));
    VotingOpen internal constant gopen = VotingOpen(payable(Predeploys.VOTING_OPEN));
    FeeDistributor internal constant distributor = FeeDistributor(payable(Predeploys.FEE_DISTRIBUTOR));
    Commons internal constant commons = Commons(Predeploys.COMMONS);
    Parameters internal constant parameters = Parameters(Predeploys.PARAMETERS);
    TributaryGovernor internal constant governor = TributaryGovernor(payable(Predeploys.GOVERNOR));
    TributaryTimelock internal constant timelock = TributaryTimelock(payable(Predeploys.TIMELOCK));

    uint256 internal constant START = 1_800_000_000;

    function deployMoney() internal {
        vm.warp(START);
        place(Predeploys.PAYOUTS, type(Payouts).creationCode);
        place(Predeploys.STAKES, type(Stakes).creationCode);
        place(Predeploys.WRAPPED_OPEN, type(WrappedOpen).creationCode);
        place(Predeploys.VOTING_OPEN, type(VotingOpen).creationCode);
        place(Predeploys.GOVERNOR, type(TributaryGovernor).creationCode);
        place(Predeploys.TIMELOCK, type(TributaryTimelock).creationCode);
        placeProxy(Predeploys.FEE_DISTRIBUTOR, type(FeeDistributor).creationCode);
        placeProxy(Predeploys.COMMONS, type(Commons).creationCode);
        placeProxy(Predeploys.PARAMETERS, type(Parameters).creationCode);
    }

    /// @return written The slots that the constructor wrote.
    function place(address at, bytes memory creation) internal returns (bytes32[] memory written) {
        vm.record();
        address made = make(creation);
        (, written) = vm.accesses(made);
        vm.etch(at, made.code);
        for (uint256 i = 0; i < written.length; ++i) {
            vm.store(at, written[i], vm.load(made, written[i]));
        }
    }

    function placeProxy(address at, bytes memory creation) internal {
        vm.etch(at, type(ERC1967Proxy).runtimeCode);
        vm.store(at, ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(make(creation)))));
    }

    function make(bytes memory creation) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(creation, 32), mload(creation))
        }
        vm.assertTrue(made != address(0), "the constructor returns code");
    }

    /// @dev `amount` becomes escrow of `module`.
    function holdAs(address module, uint256 amount) internal {
        vm.deal(module, module.balance + amount);
        vm.prank(module);
        payouts.hold{value: amount}();
    }

    /// @dev `account` is owed `amount`.
    function owe(address account, uint256 amount) internal {
        holdAs(MODULE, amount);
        vm.prank(MODULE);
        payouts.release(one(account, amount), "ref");
    }

    function one(address account, uint256 amount) internal pure returns (IPayouts.Credit[] memory credits) {
        credits = new IPayouts.Credit[](1);
        credits[0] = IPayouts.Credit(account, amount, IPayouts.Reason.Contributor);
    }

    function list(address first) internal pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = first;
    }

    function list(address first, address second) internal pure returns (address[] memory accounts) {
        accounts = new address[](2);
        (accounts[0], accounts[1]) = (first, second);
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The other signature that recovers to the same key.
    function twin(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = (bytes32(0), bytes32(0));
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
        }
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        uint8 v = uint8(signature[64]) == 27 ? 28 : 27;
        return abi.encodePacked(r, bytes32(order - uint256(s)), v);
    }

    function digestOf(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function domainOf(string memory name, uint256 chain, address at) internal pure returns (bytes32) {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(kind, keccak256(bytes(name)), keccak256("1"), chain, at));
    }

    address internal constant MODULE = address(0xED);
}

/// @notice Takes no money.
contract Rejecter {
    function claim(address payable to) external returns (uint256) {
        return Payouts(Predeploys.PAYOUTS).claim(to);
    }
}

/// @notice A contract wallet of one key (EIP-1271).
contract Wallet {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {}

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature[:32]), bytes32(signature[32:64]), uint8(signature[64]));
        return ecrecover(digest, v, r, s) == owner ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Does something to somebody, and the same again while it is being paid.
contract Reentrant {
    address private target;
    bytes private data;
    bool public again;

    receive() external payable {
        if (target == address(0)) return;
        (again,) = target.call(data);
    }

    function go(address target_, bytes calldata data_, uint256 value) external payable {
        (target, data) = (target_, data_);
        (bool success, bytes memory problem) = target_.call{value: value}(data_);
        target = address(0);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(problem, 32), mload(problem))
        }
    }
}

/// @notice Forces its money on somebody.
contract Forcer {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
