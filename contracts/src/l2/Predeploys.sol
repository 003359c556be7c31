// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionStore} from "../interfaces/IAttributionStore.sol";
import {IRewardSplit} from "../interfaces/IRewardSplit.sol";
import {ITextAttribution} from "../interfaces/ITextAttribution.sol";

/// @title Predeploys
/// @notice Addresses that are fixed by L2 genesis.
library Predeploys {
    IAttributionStore internal constant ATTRIBUTION_STORE =
        IAttributionStore(0x00000000000000000000000000000000000a7701);
    ITextAttribution internal constant TEXT_ATTRIBUTION = ITextAttribution(0x00000000000000000000000000000000000a7704);
    IRewardSplit internal constant REWARD_SPLIT = IRewardSplit(0x00000000000000000000000000000000000a7705);
    address internal constant DATANETS = 0x00000000000000000000000000000000000A7710;
    address internal constant INFERENCE = 0x00000000000000000000000000000000000A7711;
    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
}
