// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "./Vm.sol";
import {AttestationVerifier} from "../src/l1/AttestationVerifier.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {Claim} from "../src/l1/IOutputVerifier.sol";
import {OpenToken} from "../src/l1/OpenToken.sol";
import {OutputProposals} from "../src/l1/OutputProposals.sol";
import {SystemConfig} from "../src/l1/SystemConfig.sol";
import {TributaryPortal} from "../src/l1/TributaryPortal.sol";

/// @notice The L1 contracts, deployed in the order that the node deploys them in.
abstract contract L1Test is Test {
    uint256 internal constant proverKey = 0xA77E57;
    uint256 internal constant l2ChainId = 630_925;
    bytes32 internal constant genesisRoot = keccak256("genesis");
    uint256 internal constant maturity = 12;
    uint256 internal constant finality = 4;
    uint256 internal constant verifierDelay = 20;
    uint256 internal constant genesisTime = 1_700_000_000;
    address internal constant owner = address(0x0111);
    address internal constant guardian = address(0x6A4D);

    OpenToken internal open;
    AttestationVerifier internal verifier;
    OutputProposals internal outputs;
    SystemConfig internal config;
    TributaryPortal internal portal;

    function deployL1() internal {
        vm.roll(1_000);
        vm.warp(genesisTime);
        open = new OpenToken(address(this), 1e27);
        verifier = new AttestationVerifier(vm.addr(proverKey), l2ChainId);
        outputs = new OutputProposals(outputsInit());
        config = new SystemConfig(configInit());
        portal = new TributaryPortal(open, outputs, config);
    }

    function outputsInit() internal view returns (OutputProposals.Init memory) {
        return OutputProposals.Init({
            owner: owner,
            guardian: guardian,
            verifier: verifier,
            genesisOutputRoot: genesisRoot,
            genesisBlockNumber: 0,
            genesisTime: genesisTime,
            blockTime: 1,
            finalityDelaySeconds: finality,
            proofMaturityDelaySeconds: maturity,
            verifierDelaySeconds: verifierDelay
        });
    }

    function configInit() internal pure returns (SystemConfig.Init memory) {
        return SystemConfig.Init({
            owner: owner,
            batcher: address(0xBA),
            batchInbox: address(0x1B),
            unsafeBlockSigner: address(0x5E),
            gasLimit: 1_000_000_000,
            basefeeScalar: 1_368,
            blobbasefeeScalar: 810_949,
            eip1559Denominator: 250,
            eip1559Elasticity: 2,
            operatorFeeScalar: 7,
            operatorFeeConstant: 9,
            minBaseFee: 0,
            daFootprintGasScalar: 0
        });
    }

    function attest(uint256 key, bytes32 head, uint256 endBlock, bytes32 outputRoot)
        internal
        view
        returns (bytes memory)
    {
        Claim memory claim = Claim(head, outputs.latestBlockNumber(), endBlock, outputs.latestOutputRoot(), outputRoot);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, verifier.digest(claim));
        return abi.encodePacked(r, s, v);
    }

    /// @dev The last L1 block and its hash.
    function l1Head() internal view returns (uint256 number, bytes32 hash) {
        number = vm.getBlockNumber() - 1;
        hash = blockhash(number);
    }

    function wait(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function propose(uint256 l2Block, bytes32 outputRoot) internal returns (AttestedOutput) {
        (uint256 number, bytes32 hash) = l1Head();
        return outputs.propose(l2Block, outputRoot, number, hash, attest(proverKey, hash, l2Block, outputRoot));
    }
}
