// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Predeploys} from "../Predeploys.sol";
import {Keys} from "../governance/Keys.sol";
import {ModelState} from "./ModelState.sol";

/// @title Bonds
/// @notice What trainers have at risk for a model: locked stake of theirs, which never is here.
library Bonds {
    using ModelState for ModelState.State;

    IStakes private constant STAKES = IStakes(Predeploys.STAKES);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    /// @notice The trainer's version takes requests from now on: locks what the bond lacks, and fixes for how long it stays.
    function engage(ModelState.Model storage model, uint256 modelId, address trainer, uint256 need) internal {
        ensure(model, modelId, trainer, need);
        model.bonds[trainer].retireSeconds = uint32(PARAMETERS.get(Keys.TRAINER_SECONDS));
    }

    /// @notice Locks what the trainer's bond lacks.
    function ensure(ModelState.Model storage model, uint256 modelId, address trainer, uint256 need) internal {
        ModelState.Bond storage bond = model.bonds[trainer];
        if (bond.amount >= need) return;
        uint256 added = need - bond.amount;
        bond.amount = uint128(need);
        STAKES.lock(IStakes.Purpose.Trainer, trainer, added);
        emit IModelRegistry.BondLocked(modelId, trainer, added, need);
    }

    /// @notice Begins the time after which the bond can be released: a version of the trainer takes requests no more.
    function retire(ModelState.Model storage model, address trainer) internal {
        ModelState.Bond storage bond = model.bonds[trainer];
        bond.releasable = uint64(block.timestamp) + bond.retireSeconds;
    }

    function release(ModelState.State storage self, uint256 modelId) internal returns (uint256 amount) {
        ModelState.Model storage model = self.model(modelId);
        ModelState.Bond storage bond = model.bonds[msg.sender];
        amount = bond.amount;
        if (amount == 0) revert IModelRegistry.NothingBonded(modelId, msg.sender);
        if (bond.disputes != 0 || block.timestamp < bond.releasable || self.serves(model, msg.sender)) {
            revert IModelRegistry.BondInUse(modelId, msg.sender);
        }
        bond.amount = 0;
        STAKES.unlock(IStakes.Purpose.Trainer, msg.sender, amount);
        emit IModelRegistry.BondReleased(modelId, msg.sender, amount);
    }

    /// @notice Takes `amount` of locked stake from who was wrong: a part is the other side's, the rest the fee distributor's.
    function forfeit(address from, address to, uint256 amount, uint16 winnerBps, bytes32 ref) internal {
        uint256 won = amount * winnerBps / 10_000;
        if (won != 0) STAKES.slash(IStakes.Purpose.Trainer, from, won, to, ref);
        if (amount != won) {
            STAKES.slash(IStakes.Purpose.Trainer, from, amount - won, Predeploys.FEE_DISTRIBUTOR, ref);
        }
    }
}
