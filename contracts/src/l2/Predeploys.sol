// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionStore} from "../interfaces/IAttributionStore.sol";
import {IRewardSplit} from "../interfaces/IRewardSplit.sol";
import {ISketchAttribution} from "../interfaces/ISketchAttribution.sol";
import {ITextAttribution} from "../interfaces/ITextAttribution.sol";

/// @title Predeploys
/// @notice Addresses that are fixed by L2 genesis.
library Predeploys {
    IAttributionStore internal constant ATTRIBUTION_STORE =
        IAttributionStore(0x00000000000000000000000000000000000a7701);
    ITextAttribution internal constant TEXT_ATTRIBUTION = ITextAttribution(0x00000000000000000000000000000000000a7704);
    IRewardSplit internal constant REWARD_SPLIT = IRewardSplit(0x00000000000000000000000000000000000a7705);
    ISketchAttribution internal constant SKETCH_ATTRIBUTION =
        ISketchAttribution(0x00000000000000000000000000000000000a7702);
    address internal constant WRAPPED_OPEN = 0x4200000000000000000000000000000000000006;
    address internal constant DATANETS = 0x00000000000000000000000000000000000A7710;
    /// @notice The second half of Datanets' code, beside its implementation.
    address internal constant DATANET_REVIEW = 0xC0de00000000000000000000000000000d0A7710;
    address internal constant INFERENCE = 0x00000000000000000000000000000000000A7711;
    address internal constant PAYOUTS = 0x00000000000000000000000000000000000a7712;
    address internal constant JURIES = 0x00000000000000000000000000000000000A7713;
    address internal constant MODELS = 0x00000000000000000000000000000000000A7714;
    address internal constant COMMONS = 0x00000000000000000000000000000000000A7715;
    address internal constant STAKES = 0x00000000000000000000000000000000000A7716;
    address internal constant PARAMETERS = 0x00000000000000000000000000000000000A7717;
    address internal constant FEE_DISTRIBUTOR = 0x00000000000000000000000000000000000A7718;
    address internal constant VOTING_OPEN = 0x00000000000000000000000000000000000a7719;
    address internal constant GOVERNOR = 0x00000000000000000000000000000000000a771A;
    address internal constant TIMELOCK = 0x00000000000000000000000000000000000A771b;
    address internal constant DIVISION = 0x00000000000000000000000000000000000a771c;
    /// @notice The part of Models that does not fit its own code, and runs on its storage.
    address internal constant MODEL_DISPUTES = 0xc0De00000000000000000000000000000D0A7714;
    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
}
