// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries} from "../../interfaces/IJuries.sol";
import {IModelDisputes} from "../../interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Keys} from "../governance/Keys.sol";
import {Bonds} from "./Bonds.sol";
import {ModelState} from "./ModelState.sol";
import {Sketches} from "./Sketches.sol";

/// @title Challenges
/// @notice Disputes about what a trainer says: jurors recompute. Who is wrong pays: the trainer with its whole bond for the
///         model, the challenger with its own, in part to the other side. The same thing may be disputed by many at
///         once, so that nobody keeps others away with a dispute that it means to lose; each pays a jury and risks
///         a bond.
library Challenges {
    using ModelState for ModelState.State;
    using Sketches for ModelState.State;

    IStakes private constant STAKES = IStakes(Predeploys.STAKES);
    IJuries private constant JURIES = IJuries(Predeploys.JURIES);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    function openSketch(
        ModelState.State storage self,
        uint256 modelId,
        uint32 version,
        uint256 datanetId,
        uint64 row,
        bytes calldata sketch
    ) internal returns (uint256 caseId) {
        uint256 setId = self.versionOf(modelId, version).sketchSetId;
        (bool found, uint64 setRow) = self.rowOf(setId, datanetId, row);
        if (!found) revert IModelDisputes.UnknownSketch(setId, datanetId, row);
        Sketches.requireDifference(self.sets[setId], setId, setRow, sketch);
        bytes32 evidence = keccak256(abi.encode(setId, setRow, datanetId, row, sketch));
        caseId = _open(self, modelId, version, IModelDisputes.Dispute.Sketch, evidence);
        emit IModelDisputes.SketchChallenged(caseId, setId, datanetId, row, setRow, sketch);
    }

    function openClaim(ModelState.State storage self, uint256 modelId, uint32 version, bytes32 evidence)
        internal
        returns (uint256 caseId)
    {
        if (evidence == 0) revert IModelRegistry.ZeroHash();
        return _open(self, modelId, version, IModelDisputes.Dispute.Claim, evidence);
    }

    /// @notice A jury's word is final: who was wrong loses its bond, and what was untrue takes no requests.
    function close(ModelState.State storage self, uint256 caseId, bool upheld) internal {
        ModelState.Challenge storage case_ = self.challenges[caseId];
        if (!case_.open) revert IModelDisputes.UnknownDispute(caseId);
        case_.open = false;
        ModelState.Model storage model = self.models[case_.modelId];
        ModelState.Bond storage bond = model.bonds[case_.trainer];
        --bond.disputes;
        uint256 taken;
        (address challenger, address trainer) = (case_.challenger, case_.trainer);
        if (upheld) {
            // The same untruth costs one bond, however many disputed it; also a bond that was locked since.
            if (_strike(self, model, case_)) {
                taken = bond.amount;
                bond.amount = 0;
            }
            Bonds.forfeit(trainer, challenger, taken, case_.winnerBps, bytes32(caseId));
            STAKES.unlock(IStakes.Purpose.Trainer, challenger, case_.bond);
        } else {
            taken = case_.bond;
            Bonds.forfeit(challenger, trainer, taken, case_.winnerBps, bytes32(caseId));
        }
        emit IModelDisputes.DisputeClosed(caseId, upheld, taken);
    }

    function _open(
        ModelState.State storage self,
        uint256 modelId,
        uint32 version,
        IModelDisputes.Dispute dispute,
        bytes32 evidence
    ) private returns (uint256 caseId) {
        address trainer = self.versionOf(modelId, version).trainer;
        uint128 bond = uint128(PARAMETERS.get(Keys.CHALLENGE_BOND));
        // Nobody judges what it registered, or is paid for.
        address[] memory parties = new address[](2);
        (parties[0], parties[1]) = (trainer, self.models[modelId].owner);
        caseId = _openCase(keccak256(abi.encode(modelId, version, dispute, evidence)), dispute, bond, parties);
        self.challenges[caseId] = ModelState.Challenge(
            uint128(modelId), version, dispute, true, uint16(PARAMETERS.get(Keys.WINNER_BPS)), msg.sender, bond, trainer
        );
        ++self.models[modelId].bonds[trainer].disputes;
        emit IModelDisputes.Challenged(caseId, modelId, version, dispute, msg.sender, trainer, bond, evidence);
    }

    /// @dev The value pays the jury; what is more is stake of the caller's, from which the bond is locked.
    function _openCase(bytes32 subject, IModelDisputes.Dispute dispute, uint256 bond, address[] memory parties)
        private
        returns (uint256)
    {
        // A jury is odd.
        uint16 jurors = uint16(PARAMETERS.get(Keys.CHALLENGE_JURORS)) | 1;
        uint256 fee = JURIES.fee(jurors);
        if (msg.value < fee) revert IModelDisputes.FeeTooSmall(fee, msg.value);
        if (msg.value > fee) STAKES.stakeFor{value: msg.value - fee}(IStakes.Purpose.Trainer, msg.sender);
        STAKES.lock(IStakes.Purpose.Trainer, msg.sender, bond);
        IJuries.Opening memory opening = IJuries.Opening(subject, uint8(dispute), jurors, address(0), msg.sender);
        return JURIES.openAmong{value: fee}(opening, parties);
    }

    /// @return news Whether what the dispute was about wasn't struck before.
    function _strike(ModelState.State storage self, ModelState.Model storage model, ModelState.Challenge storage case_)
        private
        returns (bool news)
    {
        address serving = model.versions[model.latest].trainer;
        bool served = self.serves(model, serving);
        ModelState.Version storage version = model.versions[case_.version];
        if (case_.dispute == IModelDisputes.Dispute.Sketch) {
            ModelState.SketchSet storage set = self.sets[version.sketchSetId];
            news = !set.struck;
            set.struck = true;
        } else {
            bytes32 claim = ModelState.claimOf(version.weightsHash, version.manifestHash, version.metricsHash);
            news = !model.struck[claim];
            model.struck[claim] = true;
            self.untrue[ModelState.saidBy(claim, version.trainer)] = true;
            // Who made the weights registers them: what was said of them is void.
            if (news && self.known[version.weightsHash].modelId == case_.modelId) {
                delete self.known[version.weightsHash];
            }
        }
        if (served && !self.serves(model, serving)) Bonds.retire(model, serving);
    }
}
