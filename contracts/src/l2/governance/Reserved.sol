// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Governed} from "./Governed.sol";

/// @title Reserved
/// @notice Stands behind the predeploys 0x00000000000000000000000000000000000a771d to …0a772f until governance gives them a
///         contract: so a chain that exists gets new contracts at addresses that everybody knows.
contract Reserved is Governed {}
